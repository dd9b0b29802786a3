"""From a route to addresses: RFC 5321 section 5.1, RFC 7505, and smart hosts."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from ipaddress import IPv4Address

import pytest
from builders import START, internet_mta
from exchange_worlds import view

from mailsim.mta.kind import Relay, RouteProblem
from mailsim.mta.relaying.nexthop import EQUAL_MX, choose_targets
from mailsim.mta.relaying.tls_policy import TlsDemand, TlsPolicy
from mailsim.world.dns import DnsStatus, Fault

SELF = internet_mta("mx.fabrikam.com", "192.0.2.20")
MX = {
    "contoso.com": [(10, "b.contoso.com"), (5, "c.contoso.com"), (10, "a.contoso.com")],
    "null.example": [(0, ".")],
    "dangling.example": [(5, "nowhere.example"), (10, "a.contoso.com")],
    "dead.example": [(5, "nowhere.example")],
    "mine.example": [(5, "mx.fabrikam.com")],
    "backup.example": [
        (5, "a.contoso.com"),
        (10, "mx.fabrikam.com"),
        (10, "b.contoso.com"),
        (20, "c.contoso.com"),
    ],
}
A = {
    "a.contoso.com": "198.51.100.1",
    "b.contoso.com": "198.51.100.2",
    "c.contoso.com": "198.51.100.3",
    "bare.example": "198.51.100.9",
    "host.nodata.example": "198.51.100.8",
    "mx.fabrikam.com": "192.0.2.20",
}


def relay_to(domain: str = "", *hosts: str) -> Relay:
    """Make a route by MX or by smart hosts."""
    return Relay(
        via="x",
        domain=domain,
        smart_hosts=hosts,
        tls=TlsPolicy(TlsDemand.OPPORTUNISTIC),
        certificate=None,
        helo="mx.fabrikam.com",
        source=IPv4Address("192.0.2.20"),
    )


def find(domain: str = "", *hosts: str, avoid_self: bool = True):
    """Look for the targets of a route by MX or by smart hosts."""
    return choose_targets(view(SELF, mx=MX, a=A), relay_to(domain, *hosts), avoid_self=avoid_self)


@pytest.mark.shows("rfc5321", "5.1")
@pytest.mark.parametrize(
    ("domain", "hosts"),
    [
        (
            "contoso.com",
            ["c.contoso.com", "a.contoso.com", "b.contoso.com"],
        ),  # preference, then name (assumed)
        ("bare.example", ["bare.example"]),  # no MX: the address record counts
        ("dangling.example", ["a.contoso.com"]),  # an exchange without address is passed over
        ("backup.example", ["a.contoso.com"]),  # this host and all that is not better are left out
        ("[198.51.100.7]", ["[198.51.100.7]"]),  # an address literal needs no look-up
    ],
)
def test_by_mx(domain, hosts):
    """Hosts are tried in order of preference (RFC 5321 section 5.1)."""
    targets = find(domain).value
    assert [target.host for target in targets.found] == hosts
    assert targets.problem is None


@pytest.mark.shows("rfc5321", "5.1")
@pytest.mark.shows("rfc7505", "3")
@pytest.mark.parametrize(
    ("domain", "problem"),
    [
        ("nowhere.example", RouteProblem.NO_SUCH_DOMAIN),
        ("nodata.example", RouteProblem.NO_ADDRESS),
        ("dead.example", RouteProblem.NO_ADDRESS),
        ("null.example", RouteProblem.NULL_MX),  # rfc7505:3
        ("mine.example", RouteProblem.BACK_HERE),
        ("mx.fabrikam.com", RouteProblem.BACK_HERE),  # the implicit MX is an MX too
        ("[192.0.2.20]", RouteProblem.BACK_HERE),
        ("[ipv6:2001:db8::1]", RouteProblem.NO_ADDRESS),
        ("[tag:content]", RouteProblem.NO_ADDRESS),
        ("", RouteProblem.NO_SUCH_DOMAIN),
    ],
)
def test_domains_that_lead_nowhere(domain, problem):
    """NXDOMAIN, no address, null MX and a route back here are told apart, with the look-ups that showed it."""
    decision = find(domain)
    assert (decision.value.found, decision.value.problem) == ((), problem)
    assert any(check.failed for check in decision.because)
    assert decision.answer == problem.value


@pytest.mark.shows("rfc5321", "5.1")
def test_equal_preference_may_be_spread():
    """Each host comes first about as often, the same instant gives the same order, and preference still counts."""
    equal = {"even.example": [(10, "a.contoso.com"), (10, "b.contoso.com"), (5, "c.contoso.com")]}

    def order(minute: int) -> list[str]:
        at = view(SELF, mx=equal, a=A, now=START + timedelta(minutes=minute))
        at = replace(at, world=replace(at.world, assumptions={EQUAL_MX.key: "spread"}))
        return [
            target.host
            for target in choose_targets(at, relay_to("even.example"), avoid_self=True).value.found
        ]

    drawn = [order(minute) for minute in range(200)]
    assert drawn == [order(minute) for minute in range(200)]
    assert {hosts[0] for hosts in drawn} == {"c.contoso.com"}
    assert 70 < sum(hosts[1] == "a.contoso.com" for hosts in drawn) < 130


def test_a_host_is_asked_for_once():
    """That a host is looked at twice, as itself and as a target, takes no time twice."""
    at = view(SELF, mx={"slow.example": [(10, "a.contoso.com")]}, a=A)
    silent = Fault(owner="a.contoso.com", fail=DnsStatus.TIMEOUT)
    at = replace(at, world=replace(at.world, zones=at.world.zones.plus(faults=[silent])))
    targets = choose_targets(at, relay_to("slow.example"), avoid_self=True).value
    assert (targets.problem, targets.took) == (RouteProblem.DNS_FAILED, timedelta(seconds=5))


def test_a_service_may_send_to_itself():
    """Exchange Online goes round until the loop is counted (554 5.4.14 ATTR34), so its own MX is kept."""
    assert [target.host for target in find("mine.example", avoid_self=False).value.found] == [
        "mx.fabrikam.com"
    ]


@pytest.mark.parametrize(
    ("hosts", "found"),
    [
        (["198.51.100.7"], ["198.51.100.7"]),
        (["[198.51.100.7]"], ["198.51.100.7"]),
        (["a.contoso.com"], ["198.51.100.1"]),
        (["A.Contoso.COM"], ["198.51.100.1"]),
        (["dangling.example"], ["198.51.100.1"]),  # MX records first, then the address
        (["b.contoso.com", "a.contoso.com"], ["198.51.100.2", "198.51.100.1"]),  # configured order
        (["nowhere.example", "a.contoso.com"], ["198.51.100.1"]),
        (["198.51.100.300", "a.contoso.com"], ["198.51.100.1"]),
        (["12345", "²", "[IPv6:2001:db8::1]", "a.contoso.com"], ["198.51.100.1"]),
    ],
)
def test_by_smart_host(hosts, found):
    """A smart host is a literal, the owner of MX records, or a host (Use a smart host to route outbound mail)."""
    assert [str(target.address) for target in find("", *hosts).value.found] == found


def test_smart_hosts_without_address():
    """No smart host with an address is a DNS failure, not a missing domain."""
    assert find("", "nowhere.example").value.problem is RouteProblem.NO_ADDRESS
