"""A DNS made of tables, as a ``Lookup``: written by hand, or from the zone data of a test suite."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any

from mailsim.sender_authentication.lookup import DnsAnswer, DnsOutcome

LONGEST_CHAIN = 10


@dataclass
class Table:
    """Records by name and type, with names that never answer; keeps what it was asked."""

    records: Mapping[tuple[str, str], tuple[str, ...]]
    silent: frozenset[str] = frozenset()
    broken: frozenset[str] = frozenset()
    signed: bool = False
    asked: list[tuple[str, str]] = field(default_factory=list)

    def __call__(self, name: str, rdtype: str) -> DnsAnswer:
        self.asked.append((name, rdtype))
        return self._answer(name.lower(), rdtype, LONGEST_CHAIN)

    def _answer(self, name: str, rdtype: str, left: int) -> DnsAnswer:
        found = self.records.get((name, rdtype))
        if found:
            return DnsAnswer(status=DnsOutcome.FOUND, records=found, ttl=3600, authentic=self.signed)
        if name in self.silent:
            return DnsAnswer(status=DnsOutcome.TIMEOUT)
        if name in self.broken:
            return DnsAnswer(status=DnsOutcome.SERVFAIL)
        alias = self.records.get((name, "CNAME"))
        if alias and left:
            return self._answer(alias[0].lower(), rdtype, left - 1)
        exists = any(owner == name or owner.endswith(f".{name}") for owner, _ in self.records)
        status = DnsOutcome.NODATA if exists else DnsOutcome.NXDOMAIN
        return DnsAnswer(status=status, authentic=self.signed)


def txt(records: Mapping[str, str | Iterable[str]], **more: Any) -> Table:
    """Return a DNS that has TXT records only."""
    listed = {
        (name.lower(), "TXT"): (value,) if isinstance(value, str) else tuple(value)
        for name, value in records.items()
    }
    return Table(listed, **more)


def suite_zone(data: Mapping[str, list[Any]]) -> Table:
    """Read the zone data of the openspf suite.

    Its SPF records stand for TXT ones where a name has none; ``TIMEOUT`` answers whatever a name has no record of.
    """
    records: dict[tuple[str, str], tuple[str, ...]] = {}
    silent = set()
    for owner, entries in data.items():
        name = str(owner).lower()
        kinds = [(kind, value) for each in entries if each != "TIMEOUT" for kind, value in each.items()]
        silent |= {name} if "TIMEOUT" in entries else set()
        if not any(kind == "TXT" for kind, _ in kinds):
            kinds += [("TXT", value) for kind, value in kinds if kind == "SPF"]
        for kind, value in kinds:
            if value != "NONE":
                records[name, kind] = (*records.get((name, kind), ()), _text(kind, value))
    return Table(records, frozenset(silent))


def _text(kind: str, value: Any) -> str:
    """Return a record in presentation form."""
    if kind in ("TXT", "SPF"):
        parts = value if isinstance(value, list) else [value]
        return "".join(str(part) for part in parts).encode("latin-1").decode("utf-8", "surrogateescape")
    if kind == "MX":
        return f"{value[0]} {str(value[1]).rstrip('.')}"
    return str(ip_address(value)) if kind in ("A", "AAAA") else str(value).rstrip(".")
