"""DNSSEC and MTA-STS of a scenario: what follows from a few words, and every fault at its place."""

import pytest

from mailsim.config.load import load_text
from mailsim.errors import ScenarioError
from mailsim.world.dns import Dnssec

HEAD = """\
mailsim: 1
internet:
  fabrikam.com: {ip: 192.0.2.20, mailboxes: [ann]}
"""


def test_a_policy_brings_its_record_along():
    """The TXT record goes without saying; the policy is written as its host answers it."""
    text = "mta_sts: {fabrikam.com: {mode: enforce, mx: [mx.fabrikam.com], max_age: 1d, id: x7}}\n"
    world = load_text(HEAD + text, "s.yaml").topology
    assert world.zones.ask("_mta-sts.fabrikam.com", "TXT").records.data[0].joined == b"v=STSv1; id=x7;"
    assert world.policy_hosts["fabrikam.com"].text == (
        "version: STSv1\r\nmode: enforce\r\nmx: mx.fabrikam.com\r\nmax_age: 86400\r\n"
    )


def test_a_written_record_counts_instead():
    """Also where it is denied."""
    text = "mta_sts: {fabrikam.com: {mode: none}}\ndns: {_mta-sts.fabrikam.com: [TXT $null]}\n"
    assert load_text(HEAD + text, "s.yaml").topology.zones.ask("_mta-sts.fabrikam.com", "TXT").records is None


def test_zones_are_stated():
    """Names below a zone are as it is."""
    zones = load_text(HEAD + "dnssec: {fabrikam.com: signed}\n", "s.yaml").topology.zones
    assert zones.ask("mx.fabrikam.com", "A").dnssec is Dnssec.SIGNED


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("mta_sts: {fabrikam.com: {mode: enforce}}", "mta_sts: fabrikam.com: mx is missing"),
        ("mta_sts: {fabrikam.com: {mode: none, id: a-b}}", "mta_sts: fabrikam.com: id is 'a-b'"),
        ("mta_sts: {fabrikam.com: {mode: none, certificate: x}}", "certificate 'x' is not defined"),
        ("mta_sts: {fabrikam.com: {mode: strict}}", "strict"),
        ("dnssec: {fabrikam.com: yes}", "yes"),
        ("dns: {_25._tcp.mx.fabrikam.com: ['TLSA 3 1 1 certificate:x']}", "certificate 'x' is not defined"),
        ("dns: {_25._tcp.mx.fabrikam.com: ['TLSA 2 0 1 authority:x']}", "authority 'x' is not defined"),
    ],
)
def test_faults(text, problem):
    """Each is named with its place."""
    with pytest.raises(ScenarioError) as found:
        load_text(f"{HEAD}{text}\n", "s.yaml")
    (fault,) = map(str, found.value.diagnostics)
    assert fault.startswith("s.yaml:4")
    assert problem in fault


@pytest.mark.parametrize(
    "text",
    [
        "dns: {_25._tcp.mx.example: ['TLSA 3 1 1 certificate:nosuch']}",
        "dns_views: {inside: {for: [fabrikam.com], dns: {_25._tcp.mx.example: ['TLSA 3 1 1 certificate:nosuch']}}}",
        "changes: [{at: +1h, dns: {_25._tcp.mx.example: ['TLSA 3 1 1 certificate:nosuch']}}]",
    ],
)
def test_a_record_of_a_certificate_that_there_is_not(text):
    """It is reported wherever it stands."""
    with pytest.raises(ScenarioError, match="certificate 'nosuch' is not defined"):
        load_text(f"{HEAD}{text}\n", "s.yaml")
