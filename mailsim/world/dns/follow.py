"""From one question to an answer, along aliases.

Called by the resolver of an MTA with its cache, by the DNS server and by whatever asks the authority directly: ``ask`` says
where answers come from. Sources: RFC 1034 sections 3.6.2 and 5.3.3, RFC 2308 section 2.1.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import TypeAlias

from mailsim.world.dns.dnssec import Dnssec, weakest
from mailsim.world.dns.name import normal
from mailsim.world.dns.rdata import A, Cname, Mx, Txt
from mailsim.world.dns.zones import Answer, DnsStatus, RecordSet, Zones

LONGEST_CHAIN = 16
"""Aliases followed for one question; BIND restarts a query as often, Unbound 11 times."""

Ask: TypeAlias = Callable[[str, str], Answer]


@dataclass(frozen=True, slots=True)
class Lookup:
    """The answer to a question, at the end of all aliases.

    Args:
        status: how it ended; a circle of aliases is SERVFAIL.
        name: the name at the end.
        records: what was found there; None for nothing.
        aliases: the CNAME records on the way.
        soa: with an answer that there is nothing, the zone's, where it has one.
        dnssec: of all answers on the way together.
    """

    status: DnsStatus
    name: str
    records: RecordSet | None = None
    aliases: tuple[RecordSet, ...] = ()
    soa: RecordSet | None = None
    dnssec: Dnssec = Dnssec.UNSIGNED

    @property
    def exchanges(self) -> tuple[Mx, ...]:
        """Return the MX records found, by preference, then by name."""
        found = (each for each in self._data if isinstance(each, Mx))
        return tuple(sorted(found, key=lambda mx: (mx.preference, mx.exchange)))

    @property
    def addresses(self) -> tuple[IPv4Address, ...]:
        """Return the addresses of the A records found, as written."""
        return tuple(each.address for each in self._data if isinstance(each, A))

    @property
    def texts(self) -> tuple[bytes, ...]:
        """Return the TXT records found, each put together."""
        return tuple(each.joined for each in self._data if isinstance(each, Txt))

    @property
    def _data(self) -> tuple[object, ...]:
        return self.records.data if self.records is not None else ()


def follow(ask: Ask, name: str, kind: str) -> Lookup:
    """Ask for the records of a name, and of what it is an alias of, until there are no more aliases.

    Args:
        ask: answers one question.
        name: whose records.
        kind: their type, in capitals.
    """
    name, aliases, states = normal(name), list[RecordSet](), list[Dnssec]()
    while True:
        answer = ask(name, kind)
        states.append(answer.dnssec)
        records = answer.records
        if records is None or records.type == kind:
            return Lookup(answer.status, name, records, tuple(aliases), answer.soa, weakest(states))
        aliases.append(records)
        target = records.data[0]
        # rfc1034:3.6.2 a circle is an error
        if not isinstance(target, Cname) or len(aliases) > LONGEST_CHAIN:
            return Lookup(DnsStatus.SERVFAIL, name, None, tuple(aliases))
        name = target.target


def mx_of(zones: Zones, domain: str) -> Lookup:
    """Return what the authority says about the MX of a domain now, faults left aside."""
    return follow(zones.ask, domain, "MX")


def addresses_of(zones: Zones, host: str) -> tuple[IPv4Address, ...]:
    """Return the addresses that the authority has for a host now, faults left aside."""
    return follow(zones.ask, host, "A").addresses
