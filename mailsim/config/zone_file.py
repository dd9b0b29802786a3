"""Zone files (RFC 1035 section 5) to record sets, by dnspython; every faulty entry is reported at its line.

Called by the linker of the DNS, and imported only when a scenario names a zone file: dnspython takes 160 ms. The file is cut into
entries here, so that a fault of one does not hide those of the next; dnspython reads each of them. ``$ORIGIN``, ``$TTL`` and
``$GENERATE`` are known, ``$INCLUDE`` is refused. Pure: the text is given.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

import dns.exception
import dns.name
import dns.rdata
import dns.rrset
import dns.ttl
import dns.zone
import dns.zonefile
from dns.rdtypes.ANY import CNAME, MX, NS, PTR, SOA, TLSA, TXT
from dns.rdtypes.IN import AAAA
from dns.rdtypes.IN import A as A_

from mailsim.config.diagnostic import Diagnostics
from mailsim.config.document import Mark
from mailsim.world.dns.name import normal
from mailsim.world.dns.rdata import A, Aaaa, Cname, Data, Mx, Ns, Other, Ptr, Soa, Tlsa, Txt

_WHERE = re.compile(r"^.*?:\d+: ")
_CAUGHT = re.compile(r"caught exception <class '[^']*'>: ")


@dataclass(frozen=True, slots=True)
class ZoneRecord:
    """One record of a zone file.

    Args:
        mark: where it begins.
        owner: as names are compared.
        ttl: seconds.
        data: what it says.
    """

    mark: Mark
    owner: str
    ttl: int
    data: Data


@dataclass(frozen=True, slots=True)
class _Entry:
    """One entry of a zone file: a record or a directive, over as many lines as its brackets span."""

    line: int
    text: str

    @property
    def inherits(self) -> bool:
        """Whether it has the owner of the entry before it."""
        return self.text[0].isspace()

    @property
    def words(self) -> list[str]:
        """Return its first words."""
        return self.text.split(None, 2)


def read_zone(text: str, file: str, origin: str, diagnostics: Diagnostics) -> list[ZoneRecord]:
    """Read a zone file.

    Args:
        text: its content.
        file: its name in messages.
        origin: what relative names are relative to until ``$ORIGIN`` says otherwise; empty where only that says it.
        diagnostics: gets every fault.

    Returns:
        The records that could be read, in the order of the file.
    """
    return list(_Reader(file, origin, diagnostics).read(text))


class _Reader:
    """Reads entry by entry, and keeps what one entry leaves to the next."""

    def __init__(self, file: str, origin: str, diagnostics: Diagnostics) -> None:
        self._file = file
        self._diagnostics = diagnostics
        self._zone = dns.name.from_text(origin) if origin else None
        self._origin = self._zone
        self._ttl: int | None = None
        self._ttl_is_default = False
        self._owner: dns.name.Name | None = None

    def read(self, text: str) -> Iterator[ZoneRecord]:
        for entry in _entries(text):
            mark = Mark(self._file, entry.line, 1)
            try:
                if entry.text.startswith("$") and not entry.text.upper().startswith("$GENERATE"):
                    self._direct(entry)
                else:
                    yield from self._records(entry, mark)
            except (dns.exception.DNSException, ValueError) as error:
                problem = _CAUGHT.sub("", _WHERE.sub("", str(error))) or type(error).__name__
                self._diagnostics.error(mark, problem[:1].lower() + problem[1:].rstrip("."))

    def _direct(self, entry: _Entry) -> None:
        directive, *words = entry.words
        match directive.upper():
            case "$ORIGIN" if words:
                self._origin = dns.name.from_text(words[0], self._origin or dns.name.root)
            case "$TTL" if words:
                self._ttl, self._ttl_is_default = dns.ttl.from_text(words[0]), True
            case _:
                raise ValueError(
                    f"directive {directive!r} is not known here; wanted $ORIGIN, $TTL or $GENERATE"
                )

    def _records(self, entry: _Entry, mark: Mark) -> Iterator[ZoneRecord]:
        for found in self._rrsets(entry):
            if not self._ttl_is_default:
                self._ttl = found.ttl  # rfc1035:5.1 an omitted TTL is the last stated one
            self._require_inside(found.name)
            for each in found:
                yield ZoneRecord(mark, normal(found.name.to_text()), found.ttl, _data(each))

    def _rrsets(self, entry: _Entry) -> list[dns.rrset.RRset]:
        origin = self._origin or dns.name.root
        if entry.text.startswith("$"):
            return _generated(entry.text, origin, self._ttl)
        owner, rest = self._owner, entry.text
        if not entry.inherits:
            word, *_ = entry.words
            rest = entry.text[len(word) :]
            owner = self._owner = self._name(word)
        if owner is None:
            raise ValueError("the first record has no owner")
        if self._origin is None and _has_relative_name(rest, owner):
            raise ValueError(f"what {rest.split()[-1]!r} is relative to is not known; {_ORIGIN_WANTED}")
        return _read(rest, owner, origin, self._ttl)

    def _name(self, word: str) -> dns.name.Name:
        if self._origin is None and not word.endswith("."):
            raise ValueError(f"what {word!r} is relative to is not known; {_ORIGIN_WANTED}")
        return dns.name.from_text(word, self._origin) if word != "@" else self._origin or dns.name.root

    def _require_inside(self, name: dns.name.Name) -> None:
        if self._zone is not None and not name.is_subdomain(self._zone):
            raise ValueError(f"{name.to_text(omit_final_dot=True)} lies outside of the zone")


_ORIGIN_WANTED = "wanted $ORIGIN, or zone_files: {ORIGIN: FILE}"


def _read(rest: str, owner: dns.name.Name, origin: dns.name.Name, ttl: int | None) -> list[dns.rrset.RRset]:
    """Read what stands behind an owner."""
    return dns.zonefile.read_rrsets(rest, name=owner, rdclass=None, origin=origin, default_ttl=ttl)


def _generated(entry: str, origin: dns.name.Name, ttl: int | None) -> list[dns.rrset.RRset]:
    """Write out ``$GENERATE``."""
    text = entry if ttl is None else f"$TTL {ttl}\n{entry}"
    zone = dns.zone.from_text(text, origin, relativize=False, check_origin=False)
    return [
        dns.rrset.from_rdata_list(name, found.ttl, list(found)) for name, found in zone.iterate_rdatasets()
    ]


def _has_relative_name(rest: str, owner: dns.name.Name) -> bool:
    """Tell whether reading a record under another origin gives other data: a name in it is relative."""
    read = [
        _read(rest, owner, origin, 0) for origin in (dns.name.root, dns.name.from_text("elsewhere.invalid."))
    ]
    return read[0] != read[1]


def _entries(text: str) -> Iterator[_Entry]:
    """Cut a zone file into entries: up to the end of a line that is not within brackets."""
    begun, open_brackets, lines = 0, 0, list[str]()
    for number, line in enumerate(text.splitlines(), 1):
        bare = _without_comment(line)
        if not lines and not bare.strip():
            continue
        begun = begun if lines else number
        lines.append(bare)
        outside = re.sub(r'"(?:[^"\\]|\\.)*"', "", bare)
        open_brackets += outside.count("(") - outside.count(")")
        if open_brackets <= 0:
            yield _Entry(begun, "\n".join(lines))
            open_brackets, lines = 0, []
    if lines:
        yield _Entry(begun, "\n".join(lines))


def _without_comment(line: str) -> str:
    match = re.match(r'(?:[^";\\]|\\.|"(?:[^"\\]|\\.)*"|"(?=[^"]*$))*', line)
    return line[: match.end()] if match else line


def _data(rdata: dns.rdata.Rdata) -> Data:
    """Return what a record says in the words of the simulated DNS."""
    match rdata:
        case A_.A():
            return A(IPv4Address(rdata.address))
        case AAAA.AAAA():
            return Aaaa(IPv6Address(rdata.address))
        case MX.MX():
            return Mx(rdata.preference, normal(rdata.exchange.to_text()))
        case TXT.TXT():
            return Txt(tuple(rdata.strings))
        case CNAME.CNAME():
            return Cname(normal(rdata.target.to_text()))
        case NS.NS():
            return Ns(normal(rdata.target.to_text()))
        case PTR.PTR():
            return Ptr(normal(rdata.target.to_text()))
        case TLSA.TLSA():
            return Tlsa(rdata.usage, rdata.selector, rdata.mtype, rdata.cert)
        case SOA.SOA():
            names = (normal(rdata.mname.to_text()), normal(rdata.rname.to_text()))
            return Soa(*names, rdata.serial, rdata.refresh, rdata.retry, rdata.expire, rdata.minimum)
        case _:
            return Other(rdata.rdtype.name, rdata.to_text())
