"""How an MTA asks the DNS: what it keeps and for how long, what it sees, how long it waits."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from ipaddress import IPv4Address

import pytest
from builders import START

from mailsim.mta.resolver import DnsCache, Resolver, span
from mailsim.world.dns import A, Cname, Dnssec, DnsStatus, Fault, Mx, RecordSet, Soa, View, Zones
from mailsim.world.dns.change import DnsChange
from mailsim.world.topology import Topology

HERE, THERE = A(IPv4Address("192.0.2.1")), A(IPv4Address("192.0.2.2"))
SOA = RecordSet("z.example", 300, (Soa("ns.example", "h.example", 1, 2, 3, 4, 900),))


class Asking:
    """One MTA that asks at several instants; its cache stays."""

    def __init__(self, *sets: RecordSet, faults=(), changes=(), **choices) -> None:
        self.world = Topology(start=START, mtas={}, zones=Zones.of(sets, faults), changes=tuple(changes))
        self.cache = DnsCache()
        self.choices = choices

    def resolver(self, seconds: float = 0) -> Resolver:
        """Ask from so many seconds after the start on."""
        now = START + timedelta(seconds=seconds)
        return Resolver(self.world.at(now), "mta", now, self.cache, **self.choices)

    def lookup(self, name: str, kind: str, seconds: float = 0):
        """Ask one question."""
        return self.resolver(seconds).lookup(name, kind)


def moved(owner: str, *data, at: float = 1, ttl: int = 60) -> DnsChange:
    """Replace records so many seconds after the start."""
    sets = (RecordSet(owner, ttl, data),) if data else ()
    return DnsChange(
        at=START + timedelta(seconds=at), owner=owner, sets=sets, removes=frozenset() if data else None
    )


@pytest.mark.shows("rfc1035", "3.2.1")
@pytest.mark.parametrize(
    ("ttl", "seconds", "address"),
    [(60, 0, HERE), (60, 59, HERE), (60, 60, THERE), (0, 0, HERE), (0, 1, THERE)],
)
def test_records_age(ttl, seconds, address):
    """A record is used while it is younger than its TTL; one that may not be kept serves the instant it came."""
    asking = Asking(RecordSet("a.example", ttl, (HERE,)), changes=[moved("a.example", THERE)])
    assert asking.lookup("a.example", "A").aside == ""
    asked = asking.lookup("A.example.", "A", seconds)
    assert asked.found.addresses == (address.address,)
    assert asked.age == timedelta(seconds=seconds if address is HERE else 0)


@pytest.mark.shows("rfc2308", "5")
@pytest.mark.parametrize(
    ("zone", "choice", "lasts"),
    [
        ((SOA,), "1h", 300),
        ((replace(SOA, ttl=3600),), "1h", 900),
        ((), "1h", 3600),
        ((), "15m", 900),
        ((), "never", 0),
    ],
)
@pytest.mark.parametrize("name", ["a.z.example", "b.z.example"])
def test_absence_ages(zone, choice, lasts, name):
    """That there is none is kept as the SOA says, else as assumed: NXDOMAIN and NODATA alike."""
    there = RecordSet("b.z.example", 60, (Mx(0, "x.example"),))
    changes = [moved(name, HERE, at=0.5)]
    asking = Asking(there, *zone, changes=changes, negative_ttl=choice)
    first = asking.lookup(name, "A")
    assert first.status is (DnsStatus.NODATA if name == "b.z.example" else DnsStatus.NXDOMAIN)
    if lasts:
        kept = asking.lookup(name, "A", lasts - 0.25)
        assert (kept.status, kept.assumed, kept.found.records) == (first.status, not zone, None)
    assert asking.lookup(name, "A", max(lasts, 1)).status is DnsStatus.FOUND


def test_that_a_name_is_missing_holds_for_every_type():
    """NXDOMAIN is about the name (RFC 2308 section 5), NODATA about one type."""
    asking = Asking(
        RecordSet("b.example", 60, (HERE,)), changes=[moved("a.example", HERE), moved("b.example", HERE)]
    )
    asking.lookup("a.example", "MX")
    asking.lookup("b.example", "MX")
    assert asking.lookup("a.example", "A", 2).status is DnsStatus.NXDOMAIN
    assert asking.lookup("b.example", "A", 2).status is DnsStatus.FOUND


def test_each_part_of_a_chain_ages_by_itself():
    """An alias that is over is asked for again, its old target is not."""
    asking = Asking(
        RecordSet("alias.example", 30, (Cname("a.example"),)),
        RecordSet("a.example", 300, (HERE,)),
        changes=[moved("a.example", THERE)],
    )
    asking.lookup("alias.example", "A")
    asked = asking.lookup("alias.example", "A", 40)
    assert (asked.found.addresses, asked.age, asked.lasts) == (
        (HERE.address,),
        timedelta(seconds=40),
        timedelta(seconds=300),
    )
    assert asked.aside == "from the cache, 40 s old, TTL 300"
    # an alias in the cache answers for every type, that there is none only for its own
    assert asking.lookup("alias.example", "MX", 41).found.aliases[0].owner == "alias.example"
    assert asking.lookup("a.example", "CNAME", 41).status is DnsStatus.NODATA
    assert asking.lookup("a.example", "A", 42).found.addresses == (HERE.address,)


@pytest.mark.parametrize("fail", [DnsStatus.SERVFAIL, DnsStatus.TIMEOUT])
def test_a_failure_is_not_kept(fail):
    """The next question is asked anew."""
    mended = DnsChange(at=START + timedelta(seconds=9), owner="a.example", mends=frozenset({""}))
    asking = Asking(
        RecordSet("a.example", 60, (HERE,)), faults=[Fault(owner="a.example", fail=fail)], changes=[mended]
    )
    asked = asking.lookup("a.example", "A")
    assert asked.status is fail
    assert asked.took == timedelta(seconds=5 if fail is DnsStatus.TIMEOUT else 0)
    assert asking.lookup("a.example", "A", 9).status is DnsStatus.FOUND


@pytest.mark.parametrize(
    ("delay", "patience", "status", "took"),
    [
        (3, "5s", DnsStatus.FOUND, 3),
        (5, "5s", DnsStatus.FOUND, 5),
        (6, "5s", DnsStatus.TIMEOUT, 5),
        (6, "60s", DnsStatus.FOUND, 6),
        (90, "60s", DnsStatus.TIMEOUT, 60),
    ],
)
def test_late_answers(delay, patience, status, took):
    """What comes in time is waited for, and its TTL counts from when it came."""
    late = Fault(owner="a.example", delay=timedelta(seconds=delay))
    asking = Asking(RecordSet("a.example", 60, (HERE,)), faults=[late], patience=patience)
    resolver = asking.resolver()
    asked = resolver.lookup("a.example", "A")
    assert (asked.status, asked.took) == (status, timedelta(seconds=took))
    assert resolver.now == START + timedelta(seconds=took)
    if status is DnsStatus.FOUND:
        assert asking.lookup("a.example", "A", took + 59).age == timedelta(seconds=59)


def test_who_asks_meanwhile_waits_for_the_same_answer():
    """A question that is under way is not asked again."""
    late = Fault(owner="a.example", delay=timedelta(seconds=4))
    asking = Asking(RecordSet("a.example", 0, (HERE,)), faults=[late])
    asking.lookup("a.example", "A")
    asked = asking.lookup("a.example", "A", 1)
    assert (asked.took, asked.age) == (timedelta(seconds=3), timedelta())


def test_what_changes_while_an_answer_is_awaited():
    """The next question of one decision is answered as things are by then."""
    late = Fault(owner="m.example", delay=timedelta(seconds=4))
    asking = Asking(
        RecordSet("m.example", 60, (Mx(0, "a.example"),)),
        RecordSet("a.example", 60, (HERE,)),
        faults=[late],
        changes=[moved("a.example", THERE, at=2)],
    )
    resolver = asking.resolver()
    assert resolver.mx("m.example").found.exchanges == (Mx(0, "a.example"),)
    assert resolver.addresses("a.example").found.addresses == (THERE.address,)


def test_a_host_asks_in_its_view():
    """Each host with the records of its view, and with a cache of its own."""
    public, own = (Zones.of([RecordSet("a.example", 60, (each,))]) for each in (HERE, THERE))
    view = View.of("inside", frozenset({"mta"}), own, public)
    asking = Asking()
    asking.world = replace(asking.world, zones=public, views=(view,))
    assert asking.lookup("a.example", "A").found.addresses == (THERE.address,)
    other = Resolver(asking.world, "other", START, DnsCache())
    assert other.addresses("a.example").found.addresses == (HERE.address,)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.5, "0.5 s"), (59, "59 s"), (2400, "40 min"), (3900, "1 h 5 min"), (90061, "1 d 1 h 1 min 1 s")],
)
def test_lengths_in_words(seconds, words):
    """As an explanation says them."""
    assert span(timedelta(seconds=seconds)) == words


def test_only_a_validating_resolver_minds_bogus_answers():
    """It takes them for a failure and keeps none; any other uses them (RFC 4035 section 5.5)."""
    for validates, status in ((False, DnsStatus.FOUND), (True, DnsStatus.SERVFAIL)):
        asking = Asking(RecordSet("a.example", 60, (HERE,)), validates=validates)
        zones = replace(asking.world.zones, dnssec=(("example", Dnssec.BOGUS),))
        asking.world = replace(asking.world, zones=zones)
        assert asking.lookup("a.example", "A").status is status
        assert bool(asking.lookup("a.example", "A", 5).age) is not validates
