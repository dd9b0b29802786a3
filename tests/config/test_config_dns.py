"""The DNS of a scenario: records, zone files, views, faults and changes, and every fault at its place."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

import pytest

from mailsim.config.load import load, load_text
from mailsim.config.record import RecordText
from mailsim.errors import ScenarioError
from mailsim.world.dns import (
    A,
    Aaaa,
    Cname,
    DnsStatus,
    Mx,
    Ns,
    Other,
    Ptr,
    Soa,
    Tlsa,
    Txt,
    addresses_of,
    mx_of,
)

SCENARIO = Path(__file__).parents[2] / "scenarios" / "dns" / "mx-change.yaml"
HEAD = """\
mailsim: 1
internet:
  fabrikam.com: {ip: 192.0.2.20, mailboxes: [ann]}
"""


def zones(text: str):
    """Load a scenario with this DNS and return its public records."""
    return load_text(HEAD + text, "s.yaml").topology.zones


def faults(text: str) -> list[str]:
    """Return what is wrong with a scenario."""
    with pytest.raises(ScenarioError) as found:
        load_text(HEAD + text, "s.yaml")
    return [str(each) for each in found.value.diagnostics]


@pytest.mark.parametrize(
    ("text", "data", "ttl"),
    [
        ("MX 0 Mx.Example.", Mx(0, "mx.example"), 3600),
        ("mx 10 mx.example 60", Mx(10, "mx.example"), 60),
        ("60 MX 10 mx.example", Mx(10, "mx.example"), 60),
        ("1h IN MX 10 mx.example", Mx(10, "mx.example"), 3600),
        ("IN 1h30m MX 10 mx.example", Mx(10, "mx.example"), 5400),
        ("MX 0 .", Mx(0, "."), 3600),
        ("A 192.0.2.1 1d", A(IPv4Address("192.0.2.1")), 86400),
        ("AAAA 2001:db8::1", Aaaa(IPv6Address("2001:db8::1")), 3600),
        ("CNAME mx.example 0", Cname("mx.example"), 0),
        ("NS ns.example", Ns("ns.example"), 3600),
        ("PTR _x.example", Ptr("_x.example"), 3600),
        ('TXT "v=spf1 -all"', Txt((b"v=spf1 -all",)), 3600),
        ('TXT "a;b" "c" 60', Txt((b"a;b", b"c")), 60),
        (r'TXT "q\"\\ \255"', Txt((b'q"\\ \xff',)), 3600),
        ("TXT v=spf1", Txt((b"v=spf1",)), 3600),
        ("TXT 60", Txt((b"60",)), 3600),
        ('TXT ""', Txt((b"",)), 3600),
        (f'TXT "{"x" * 300}"', Txt((b"x" * 255, b"x" * 45)), 3600),
        ("SOA ns.x h.x 1 2h 3 4 5 60", Soa("ns.x", "h.x", 1, 7200, 3, 4, 5), 60),
        ("TLSA 3 1 1 abcd 60", Tlsa(3, 1, 1, b"\xab\xcd"), 60),
        ("TLSA 3 1 1 certificate:mx 60", Tlsa(3, 1, 1, b"", certificate="mx"), 60),
        ("TLSA 2 0 1 authority:issuing", Tlsa(2, 0, 1, b"", authority="issuing"), 3600),
        ("SRV 0 0 443 sip.example", Other("SRV", "0 0 443 sip.example."), 3600),
        ("60 IN SRV 0 0 443 sip.example", Other("SRV", "0 0 443 sip.example."), 60),
        ("MX $null", None, 3600),
    ],
)
def test_a_record(text, data, ttl):
    """A line of a zone file without its owner; the TTL at its end or before the type."""
    read = RecordText.parse(text)
    assert (read.data, read.ttl) == (data, ttl)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "it has no type"),
        ("60", "it has no type"),
        ("MX mx.example", "MX has 2 parts, here are 1"),
        ("MX x mx.example", "'x' is not a number up to 65535"),
        ("MX 70000 mx.example", "'70000' is not a number"),
        ("MX 0 a..b", "is not a domain name"),
        ("A 192.0.2.1 60 60", "A has 1 part, here are 2"),
        ("A 192.0.2.300", "192.0.2.300"),
        ("AAAA 192.0.2.1", "192.0.2.1"),
        ("TXT", "TXT has no text"),
        ('TXT "open', "cannot be read"),
        (r'TXT "\999"', "is no octet"),
        ("A 192.0.2.1 99999d", "too long"),
        ("TLSA 3 1 1 xyz", "not hexadecimal"),
        ("TLSA 4 1 1 certificate:mx", "'4' is not a number up to 3"),
        ("CNAME a b", "CNAME has 1 part"),
        ("QUUX 1", "'QUUX' is not a record type"),
        ("SRV 0 0 x", "SRV"),
    ],
)
def test_what_is_no_record(text, problem):
    """The text, what is wrong with it, and what was wanted."""
    with pytest.raises(ValueError, match="is not a record") as found:
        RecordText.parse(text)
    assert problem in str(found.value)


def test_what_goes_without_saying():
    """Addresses, reverse names and the MX of internet domains; what is written or denied counts instead."""
    plain = zones("")
    assert addresses_of(plain, "mx.fabrikam.com") == (IPv4Address("192.0.2.20"),)
    assert mx_of(plain, "fabrikam.com").exchanges == (Mx(0, "mx.fabrikam.com"),)
    assert plain.ask("20.2.0.192.in-addr.arpa", "PTR").records.data == (Ptr("mx.fabrikam.com"),)
    written = zones("dns: {fabrikam.com: [MX 5 x.example], mx.fabrikam.com: [CNAME y.example]}")
    assert mx_of(written, "fabrikam.com").exchanges == (Mx(5, "x.example"),)
    assert written.ask("mx.fabrikam.com", "A").records.type == "CNAME"
    assert mx_of(zones("dns: {fabrikam.com: [MX $null]}"), "fabrikam.com").status is DnsStatus.NODATA


def test_every_fault_is_named():
    """All of them at once, with what was wanted."""
    found = faults("""\
dns:
  a..b: [A 192.0.2.1]
  alias.example: [CNAME x.example, A 192.0.2.1]
  two.example: [CNAME x.example, CNAME y.example]
  fault.example: [{type: MX}, {fail: none}]
  wrong.example: [{fail: REFUSED}]
dns_views:
  one: {for: [fabrikam.com, nobody], dns: {x.example: [MX $null]}}
  two: {for: mx.fabrikam.com}
changes:
  - {at: +1h}
  - {at: -1h, dns: {x.example: [A 192.0.2.1]}}
  - {at: +1h, view: three, dns: {x.example: $null}}
zone_files: [missing.zone]
""")
    wanted = [
        "'a..b' is not a domain name",
        "alias.example has CNAME and A; wanted a CNAME alone, or none",
        "two.example has two CNAME records",
        "dns 'fault.example': nothing goes wrong here; wanted fail or delay",
        "fault.example: fail: none stands here",
        "unknown value 'REFUSED'",
        "host 'nobody' is not defined",
        "asks in view 'one' already",
        "x.example: MX $null stands here",
        "nothing is changed here; wanted dns",
        "at lies before the start",
        "view 'three' is not defined",
        "missing.zone: no such file",
    ]
    assert [each for each in wanted if not any(each in line for line in found)] == []
    assert len(found) == len(wanted)


def test_warnings():
    """One TTL for one set, and no alias behind an MX (RFC 2181 sections 5.2 and 10.3)."""
    loaded = load_text(
        HEAD
        + """\
dns:
  a.example: [A 192.0.2.1 60, A 192.0.2.2 30]
  b.example: [MX 0 c.example]
  c.example: [CNAME a.example]
""",
        "s.yaml",
    )
    said = [str(each) for each in loaded.warnings]
    assert any(
        "a.example has A records with TTL 60 and 30; wanted one TTL; 30 counts" in line for line in said
    )
    assert any("the MX of b.example names c.example, which is an alias" in line for line in said)
    assert loaded.topology.zones.ask("a.example", "A").records.ttl == 30


def test_changes_and_faults():
    """In order of time, whatever their order in the file; times count from the start."""
    world = load_text(
        HEAD
        + """\
dns:
  a.example: [A 192.0.2.1, {type: A, fail: timeout, from: +1h, until: +2h}]
changes:
  - at: +3h
    dns:
      a.example: [A 192.0.2.3, {type: MX, fail: SERVFAIL}]
      b.example: $null
  - at: +30m
    dns: {b.example: [A 192.0.2.4]}
  - at: +4h
    dns: {a.example: [{type: MX, fail: none}, A $null]}
""",
        "s.yaml",
    ).topology
    hours = [world.at(world.start + timedelta(hours=hour)).zones for hour in range(5)]
    assert [each.ask("b.example", "A").status.name for each in hours] == [
        "NXDOMAIN", "FOUND", "FOUND", "NXDOMAIN", "NXDOMAIN",
    ]  # fmt: skip
    assert addresses_of(hours[3], "a.example") == (IPv4Address("192.0.2.3"),)
    statuses = [
        each.ask("a.example", kind, world.start + timedelta(hours=hour)).status.name
        for hour, each in enumerate(hours)
        for kind in ("A", "MX")
    ]
    assert statuses == [
        "FOUND", "NODATA", "TIMEOUT", "NODATA", "FOUND", "NODATA", "FOUND", "SERVFAIL", "NXDOMAIN", "NXDOMAIN",
    ]  # fmt: skip
    assert len(list(world.every_state())) == 5


def test_dnspython_is_not_waited_for():
    """A scenario without zone files and rare types is predicted without it: importing it takes 160 ms."""
    program = (
        "import sys\nfrom mailsim import load, predict\n"
        f"predict(load({str(SCENARIO)!r}))\nsys.exit('dns' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False, timeout=60).returncode == 0


# --- zone files ---------------------------------------------------------------------------------------------

ZONE = """\
$ORIGIN contoso.com.
$TTL 1h
@    IN SOA ns1 hostmaster ( 2026010501 ; the serial
         7200 3600 1209600 600 )
     IN NS  ns1
     MX 10  mail
     TXT    "v=spf1; mx -all" "more"   ; of two strings
ns1  A      192.0.2.53
mail 300 IN A 192.0.2.10
     AAAA   2001:db8::10
www  CNAME  mail
_25._tcp.mail TLSA 3 0 0 abcd
_sip._tls SRV 0 0 443 sip
10.2.0.192.in-addr.arpa. PTR mail
$ORIGIN sub.contoso.com.
host A 192.0.2.54
$GENERATE 1-2 h$ A 192.0.2.$
"""


def test_a_zone_file(tmp_path):
    """Directives, brackets, comments, inherited owners, relative names, types that nothing looks at."""
    (tmp_path / "contoso.zone").write_text(ZONE)
    (tmp_path / "plain.dns").write_text("@ 600 IN SOA ns h 1 2 3 4 5\n@ MX 0 mx\n@ TXT x\n")
    scenario = tmp_path / "s.yaml"
    scenario.write_text(HEAD + "zone_files: [contoso.zone]\n")
    found = load(str(scenario)).topology.zones
    shown = {(each.owner, each.type): (each.ttl, *map(str, each.data)) for each in found.sets}
    assert shown["contoso.com", "SOA"][1].endswith("2026010501 7200 3600 1209600 600")
    assert shown["contoso.com", "NS"] == (3600, "ns1.contoso.com")
    assert shown["contoso.com", "MX"] == (3600, "10 mail.contoso.com")
    assert shown["contoso.com", "TXT"] == (3600, '"v=spf1; mx -all" "more"')
    assert shown["mail.contoso.com", "A"] == (300, "192.0.2.10")
    assert shown["mail.contoso.com", "AAAA"] == (3600, "2001:db8::10")
    assert shown["www.contoso.com", "CNAME"] == (3600, "mail.contoso.com")
    assert shown["_25._tcp.mail.contoso.com", "TLSA"] == (3600, "3 0 0 abcd")
    assert shown["_sip._tls.contoso.com", "SRV"] == (3600, "0 0 443 sip.contoso.com.")
    assert shown["10.2.0.192.in-addr.arpa", "PTR"] == (3600, "mail.contoso.com")
    assert shown["host.sub.contoso.com", "A"] == (3600, "192.0.2.54")
    assert shown["h2.sub.contoso.com", "A"] == (3600, "192.0.2.2")
    scenario.write_text(
        HEAD + "zone_files: {tailspin.example: plain.dns}\ndns: {tailspin.example: [TXT y]}\n"
    )
    found = load(str(scenario)).topology.zones
    assert mx_of(found, "tailspin.example").exchanges == (Mx(0, "mx.tailspin.example"),)
    assert found.ask("tailspin.example", "MX").records.ttl == 600
    assert [str(each) for each in found.ask("tailspin.example", "TXT").records.data] == ['"y"']


def test_every_fault_of_a_zone_file_is_named(tmp_path):
    """At its line, and those after it too."""
    (tmp_path / "bad.zone").write_text(
        """\
 A 192.0.2.1
@ A 192.0.2.1
rel A 192.0.2.1
full. MX 0 rel
$ORIGIN contoso.com.
@ MX x mail
mail A 192.0.2.300
www QUUX 1
$INCLUDE other.zone
alias 60 CNAME mail
alias 60 A 192.0.2.1
open 60 TXT ( "a"
"""
    )
    (tmp_path / "outside.zone").write_text("fabrikam.com. 60 A 192.0.2.1\n")
    scenario = tmp_path / "s.yaml"
    scenario.write_text(HEAD + "zone_files: [bad.zone]\n")
    with pytest.raises(ScenarioError) as raised:
        load(str(scenario))
    found = [str(each).rpartition("/")[2] for each in raised.value.diagnostics]
    assert [line.partition(": ")[0] for line in found] == [
        f"bad.zone:{line}:1" for line in (1, 2, 3, 4, 6, 7, 8, 9, 11, 12)
    ]
    assert "the first record has no owner" in found[0]
    assert "what 'rel' is relative to is not known; wanted $ORIGIN, or zone_files: {ORIGIN: FILE}" in found[2]
    assert "alias has" not in found[8]
    assert "alias.contoso.com has CNAME and A" in found[8]
    scenario.write_text(HEAD + "zone_files: {contoso.com: outside.zone}\n")
    with pytest.raises(ScenarioError, match=r"fabrikam\.com lies outside of the zone"):
        load(str(scenario))
