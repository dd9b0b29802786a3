"""The authority against dnspython: drawn zones give the answers that ``dns.btreezone`` gives."""

from __future__ import annotations

from ipaddress import IPv4Address

import dns.btreezone
import dns.name
import dns.rdatatype
from hypothesis import given, settings
from hypothesis import strategies as st

from mailsim.world.dns import A, Cname, DnsStatus, Mx, RecordSet, Zones, follow

ORIGIN = "example"
LABELS = st.sampled_from(("a", "b", "c", "*"))
OWNERS = st.lists(LABELS, min_size=1, max_size=4).map(lambda labels: ".".join((*labels, ORIGIN)))
KINDS = ("A", "MX", "CNAME")
DATA = {
    "A": st.just(A(IPv4Address("192.0.2.1"))),
    "MX": OWNERS.map(lambda host: Mx(0, host)),
    "CNAME": OWNERS.map(Cname),
}


@st.composite
def zones(draw: st.DrawFn) -> Zones:
    """Draw a small zone; a name is an alias or has other data."""
    kinds = st.sampled_from((("A",), ("MX",), ("A", "MX"), ("CNAME",)))
    owners = draw(st.dictionaries(OWNERS, kinds, max_size=8))
    return Zones.of(RecordSet(owner, 60, (draw(DATA[kind]),)) for owner in owners for kind in owners[owner])


def btree_of(made: Zones) -> dns.btreezone.Zone:
    """Write the same records into a zone of dnspython."""
    lines = [f"{each.owner}. {each.ttl} {each.type} {each.data[0].zone_text}" for each in made.sets]
    head = f"{ORIGIN}. 60 SOA ns.{ORIGIN}. h.{ORIGIN}. 1 2 3 4 60\n{ORIGIN}. 60 NS ns.{ORIGIN}.\n"
    text = head + "\n".join(lines)
    return dns.zone.from_text(text, f"{ORIGIN}.", zone_factory=dns.btreezone.Zone, relativize=False)


def oracle(zone: dns.btreezone.Zone, name: str, kind: str) -> tuple[DnsStatus, str]:
    """Answer like an authority, with the bounds that the tree of dnspython knows."""
    wanted = dns.name.from_text(name)
    with zone.reader() as reader:
        encloser = reader.version.bounds(wanted).closest_encloser
        if encloser != wanted:
            wanted = dns.name.Name((b"*",)) + encloser
            if reader.version.bounds(wanted).closest_encloser != wanted:
                return DnsStatus.NXDOMAIN, ""
        node = zone.get_node(wanted)
    for each in (kind, "CNAME"):
        found = node.get_rdataset(1, dns.rdatatype.from_text(each)) if node is not None else None
        if found is not None:
            return DnsStatus.FOUND, f"{each} {found[0].to_text().rstrip('.')}"
    return DnsStatus.NODATA, ""


@settings(max_examples=400, deadline=None)
@given(made=zones(), name=OWNERS, kind=st.sampled_from(KINDS))
def test_answers_are_those_of_dnspython(made: Zones, name: str, kind: str) -> None:
    """Records, aliases, wildcards, NODATA and NXDOMAIN."""
    answer = made.ask(name, kind)
    shown = f"{answer.records.type} {answer.records.data[0]}" if answer.records else ""
    status, wanted = oracle(btree_of(made), name, kind)
    assert (answer.status, shown) == (status, wanted)


@settings(max_examples=200, deadline=None)
@given(made=zones(), name=OWNERS, kind=st.sampled_from(KINDS))
def test_every_look_up_ends(made: Zones, name: str, kind: str) -> None:
    """Whatever points where, a look-up ends, and what it found is of the type asked for."""
    found = follow(made.ask, name, kind)
    assert found.records is None or (found.records.type == kind and found.records.owner == found.name)
    assert (found.status is DnsStatus.FOUND) == (found.records is not None)
