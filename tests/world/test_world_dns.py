"""The authority: RFC 1034 section 4.3.2 with the wildcards of RFC 4592, faults, views, changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, IPv6Address

import pytest

from mailsim.world.dns import (
    A,
    Aaaa,
    Cname,
    Dnssec,
    DnsStatus,
    Fault,
    Mx,
    Ptr,
    RecordSet,
    Soa,
    Txt,
    View,
    Zones,
    addresses_of,
    follow,
    mx_of,
)
from mailsim.world.dns.change import DnsChange
from mailsim.world.dns.name import normal, parents, parse_name, reverse_name, reversed_address
from mailsim.world.topology import Topology

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
HERE = A(IPv4Address("192.0.2.1"))
THERE = A(IPv4Address("192.0.2.2"))
SOA = Soa("ns.example", "hostmaster.example", 1, 2, 3, 4, 600)

# the zone of RFC 4592 section 2.2.1, with an alias more
RFC4592 = Zones.of(
    [
        RecordSet("example", 3600, (SOA,)),
        RecordSet("*.example", 3600, (Txt((b"this is a wildcard",)),)),
        RecordSet("sub.*.example", 3600, (Txt((b"this is not a wildcard",)),)),
        RecordSet("host1.example", 3600, (HERE,)),
        RecordSet("_ssh._tcp.host1.example", 3600, (Txt((b"srv",)),)),
        RecordSet("_ssh._tcp.host2.example", 3600, (Txt((b"srv",)),)),
        RecordSet("alias.example", 300, (Cname("host1.example"),)),
        RecordSet("*.wild.example", 300, (Cname("host1.example"),)),
        RecordSet("below.*.star.example", 300, (HERE,)),
    ]
)


@pytest.mark.shows("rfc4592", "2.2.1")
@pytest.mark.parametrize(
    ("name", "kind", "status"),
    [
        ("host3.example", "TXT", DnsStatus.FOUND),  # synthesized from the wildcard
        ("host3.example", "MX", DnsStatus.NODATA),  # the wildcard has no MX
        ("foo.bar.example", "TXT", DnsStatus.FOUND),
        ("host1.example", "MX", DnsStatus.NODATA),  # the name exists
        ("sub.*.example", "MX", DnsStatus.NODATA),
        ("_telnet._tcp.host1.example", "TXT", DnsStatus.NXDOMAIN),  # the closest encloser has no wildcard
        ("host2.example", "TXT", DnsStatus.NODATA),  # an empty non-terminal exists
        ("ghost.*.example", "MX", DnsStatus.NXDOMAIN),
        ("x.wild.example", "A", DnsStatus.FOUND),
        ("wild.example", "A", DnsStatus.NODATA),
        ("a.star.example", "A", DnsStatus.NODATA),  # the wildcard is an empty non-terminal (section 4.8)
        ("nowhere", "A", DnsStatus.NXDOMAIN),
        (".", "A", DnsStatus.NODATA),
        ("HOST1.Example.", "A", DnsStatus.FOUND),
    ],
)
def test_wildcards_and_empty_names(name, kind, status):
    """The answers that RFC 4592 section 2.2.1 works out, and their like."""
    answer = RFC4592.ask(name, kind)
    assert answer.status is status
    if answer.records is not None:
        assert answer.records.owner == normal(name)
    assert (answer.soa is not None) == (status is not DnsStatus.FOUND and name.endswith("example"))


def test_aliases_are_followed():
    """The data is that of the name at the end, and the way there is kept (RFC 1034 section 3.6.2)."""
    found = follow(RFC4592.ask, "alias.example", "A")
    assert (found.name, found.addresses) == ("host1.example", (HERE.address,))
    assert [each.owner for each in found.aliases] == ["alias.example"]
    assert follow(RFC4592.ask, "alias.example", "CNAME").records.data == (Cname("host1.example"),)
    assert follow(RFC4592.ask, "alias.example", "MX").status is DnsStatus.NODATA


def test_a_circle_of_aliases_fails():
    """A circle is an error for now, and the look-up ends (RFC 1034 section 3.6.2)."""
    zones = Zones.of(
        [RecordSet("a.example", 60, (Cname("b.example"),)), RecordSet("b.example", 60, (Cname("a.example"),))]
    )
    assert follow(zones.ask, "a.example", "A").status is DnsStatus.SERVFAIL


def test_what_is_found_is_in_order():
    """MX records come by preference, then by name; texts are put together."""
    zones = Zones.of(
        [
            RecordSet("a.example", 60, (Mx(10, "y.example"), Mx(5, "z.example"), Mx(10, "x.example"))),
            RecordSet("x.example", 60, (HERE, THERE)),
            RecordSet("t.example", 60, (Txt((b"v=spf1 ", b"-all")),)),
        ]
    )
    assert [mx.exchange for mx in mx_of(zones, "a.example").exchanges] == [
        "z.example",
        "x.example",
        "y.example",
    ]
    assert addresses_of(zones, "X.example") == (HERE.address, THERE.address)
    assert follow(zones.ask, "t.example", "TXT").texts == (b"v=spf1 -all",)
    assert list(zones.owners_of("MX")) == ["a.example"]
    assert zones.addresses_in_use == {HERE.address, THERE.address}


def test_equal_records_are_equal_zones():
    """The order in which records were written does not matter, and zones can be hashed."""
    sets = [RecordSet("a.example", 60, (HERE,)), RecordSet("b.example", 60, (THERE,))]
    assert Zones.of(sets) == Zones.of(reversed(sets))
    assert hash(Zones.of(sets)) == hash(Zones.of(reversed(sets)))
    with pytest.raises(ValueError, match="two sets of A"):
        Zones.of([*sets, sets[0]])


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        ({"fail": DnsStatus.SERVFAIL}, DnsStatus.SERVFAIL),
        ({"fail": DnsStatus.SERVFAIL, "type": "A"}, DnsStatus.SERVFAIL),
        ({"fail": DnsStatus.SERVFAIL, "type": "MX"}, DnsStatus.FOUND),
        ({"fail": DnsStatus.TIMEOUT, "since": NOON + timedelta(hours=1)}, DnsStatus.FOUND),
        ({"fail": DnsStatus.NXDOMAIN, "until": NOON}, DnsStatus.FOUND),
        ({"fail": DnsStatus.NXDOMAIN, "until": NOON + timedelta(seconds=1)}, DnsStatus.NXDOMAIN),
        ({"delay": timedelta(seconds=3)}, DnsStatus.FOUND),
    ],
)
def test_faults(fault, status):
    """A fault concerns one name, a type or all, within its time."""
    zones = RFC4592.plus(faults=[Fault(owner="host1.example", **fault)])
    answer = zones.ask("host1.example", "A", NOON)
    assert answer.status is status
    assert answer.delay == fault.get("delay", timedelta())
    assert zones.ask("host1.example", "A").status is DnsStatus.FOUND
    assert zones.ask("alias.example", "CNAME", NOON).status is DnsStatus.FOUND


def test_a_view_hides_the_names_it_owns():
    """A name of the view hides all types of that name; other names are public."""
    public = Zones.of(
        [
            RecordSet("a.example", 60, (HERE,)),
            RecordSet("m.example", 60, (Mx(0, "a.example"),)),
            RecordSet("b.example", 60, (HERE,)),
        ]
    )
    own = Zones.of([RecordSet("m.example", 60, (THERE,)), RecordSet("a.example", 60, (THERE,))])
    view = View.of("inside", frozenset({"mbx1"}), own, public)
    assert addresses_of(view.seen, "a.example") == (THERE.address,)
    assert view.seen.ask("m.example", "MX").status is DnsStatus.NODATA
    assert addresses_of(view.seen, "b.example") == (HERE.address,)
    world = Topology(start=NOON, mtas={}, zones=public, views=(view,))
    assert world.zones_of("mbx1") == view.seen
    assert world.zones_of("mbx2") == public


def change(**what) -> DnsChange:
    """Make a change of a.example at noon and one second."""
    return DnsChange(at=NOON + timedelta(seconds=1), owner="a.example", **what)


def test_changes():
    """A change replaces sets of the same type, removes others, and mends faults; the world before is as it was."""
    broken = Fault(owner="a.example", type="A", fail=DnsStatus.SERVFAIL)
    sets = [RecordSet("a.example", 60, (HERE,)), RecordSet("a.example", 60, (Mx(0, "a.example"),))]
    world = Topology(start=NOON, mtas={}, zones=Zones.of(sets, [broken]))

    def after(made: DnsChange) -> Zones:
        later = replace(world, changes=(made,))
        assert later.at(NOON) is later
        assert next(state.zones for state in later.every_state()) == world.zones
        return later.at(NOON + timedelta(seconds=1)).zones

    replaced = after(change(sets=(RecordSet("a.example", 5, (THERE,)),)))
    assert addresses_of(replaced, "a.example") == (THERE.address,)
    assert mx_of(replaced, "a.example").exchanges == (Mx(0, "a.example"),)
    assert after(change(removes=frozenset({"MX"}))).ask("a.example", "MX").status is DnsStatus.NODATA
    assert after(change(removes=None)) == Zones()
    mended = after(change(mends=frozenset({"A"})))
    assert mended.faults == ()
    alias = after(change(sets=(RecordSet("a.example", 5, (Cname("b.example"),)),)))
    assert [each.type for each in alias.sets] == ["CNAME"]


def test_a_change_in_a_view_leaves_the_public_zones_alone():
    """And a public change shows in a view where the view does not hide it."""
    public = Zones.of([RecordSet("a.example", 60, (HERE,)), RecordSet("b.example", 60, (HERE,))])
    view = View.of("inside", frozenset({"mbx1"}), Zones(), public)
    world = Topology(start=NOON, mtas={}, zones=public, views=(view,))
    there = RecordSet("a.example", 60, (THERE,))
    inside = change(view="inside", sets=(there,)).made_in(world)
    assert (inside.zones, addresses_of(inside.zones_of("mbx1"), "a.example")) == (public, (THERE.address,))
    outside = change(sets=(there,)).made_in(world)
    assert addresses_of(outside.zones_of("mbx1"), "a.example") == (THERE.address,)


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (change(removes=None), "DNS: a.example no record any more"),
        (change(removes=frozenset({"MX"})), "DNS: a.example no MX any more"),
        (
            change(view="inside", sets=(RecordSet("a.example", 5, (Mx(0, "b.example"),)),)),
            "DNS in view inside: a.example MX 0 b.example (TTL 5)",
        ),
        (
            change(faults=(Fault(owner="a.example", type="MX", fail=DnsStatus.SERVFAIL),)),
            "DNS: a.example MX fails: SERVFAIL",
        ),
        (
            change(faults=(Fault(owner="a.example", delay=timedelta(seconds=2)),)),
            "DNS: a.example every type is answered 2 s late",
        ),
        (change(mends=frozenset({""})), "DNS: a.example every type is answered again"),
    ],
)
def test_a_change_in_words(made, words):
    """``up`` and traces say what changed."""
    assert str(made) == words


@pytest.mark.parametrize("text", ["", "a..b", "a" * 64, "a b", ".".join(["a" * 60] * 5), '"x"'])
def test_what_is_no_name(text):
    """Labels have 1 to 63 octets and names 253 characters at most (RFC 1035 section 2.3.4)."""
    with pytest.raises(ValueError, match="is not a domain name"):
        parse_name(text)


def test_names():
    """Names are compared in ASCII, in lower case and without the last dot."""
    assert parse_name("_25._tcp.MX.Example.") == "_25._tcp.mx.example"
    assert normal("Bücher.example") == "xn--bcher-kva.example"
    assert normal("ü" * 70 + ".example").endswith("ü.example")
    assert list(parents("a.b.c")) == ["b.c", "c", "."]
    assert list(parents("c")) == ["."]
    assert list(parents(".")) == []


def test_reverse_names():
    """The owner of PTR records of an address and back (RFC 1035 section 3.5, RFC 3596 section 2.5)."""
    assert reverse_name(IPv4Address("192.0.2.1")) == "1.2.0.192.in-addr.arpa"
    assert reverse_name(IPv6Address("2001:db8::1")).endswith(".8.b.d.0.1.0.0.2.ip6.arpa")
    assert reversed_address("1.2.0.192.IN-ADDR.arpa.") == IPv4Address("192.0.2.1")
    assert reversed_address("2.0.192.in-addr.arpa") is None
    assert reversed_address("mx.example") is None


@pytest.mark.parametrize(
    ("data", "shown", "zone_text"),
    [
        (Mx(0, "mx.example"), "0 mx.example", "0 mx.example."),
        (Mx(0, "."), "0 .", "0 ."),
        (Ptr("mx.example"), "mx.example", "mx.example."),
        (Aaaa(IPv6Address("2001:db8::1")), "2001:db8::1", "2001:db8::1"),
        (Txt((b'a"b', b"\xff\\")), '"a\\"b" "\\255\\\\"', '"a\\"b" "\\255\\\\"'),
        (
            SOA,
            "ns.example hostmaster.example 1 2 3 4 600",
            "ns.example. hostmaster.example. 1 2 3 4 600",
        ),
    ],
)
def test_records_in_words(data, shown, zone_text):
    """People see names without the last dot, zone files have it."""
    assert (str(data), data.zone_text) == (shown, zone_text)


def test_dnssec_is_inherited_and_weakest_along_aliases():
    """A name is as its nearest zone is stated to be; an answer is as its worst part (RFC 4035 section 4.3)."""
    states = (("a.example", Dnssec.SIGNED), ("b.a.example", Dnssec.UNSIGNED), ("c.example", Dnssec.BOGUS))
    sets = (
        RecordSet("x.a.example", 60, (Cname("y.b.a.example"),)),
        RecordSet("z.a.example", 60, (Cname("x.c.example"),)),
    )
    zones = Zones.of(sets, (), states)
    assert zones.ask("x.a.example", "A").dnssec is Dnssec.SIGNED
    assert zones.ask("none.b.a.example", "A").dnssec is Dnssec.UNSIGNED
    assert follow(zones.ask, "x.a.example", "A").dnssec is Dnssec.UNSIGNED
    assert follow(zones.ask, "z.a.example", "A").dnssec is Dnssec.BOGUS
