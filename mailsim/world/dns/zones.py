"""The authority: all records of the simulation in one tree of names, and how it answers one question.

``Zones.ask`` answers like an authoritative server does (RFC 1034 section 4.3.2): the records, an alias, NODATA (the name
exists without such a record, also when it only has names below it) or NXDOMAIN; wildcards by RFC 4592. It takes one step;
``follow`` goes along aliases. A ``Fault`` makes a question fail or its answer late. Pure and immutable: equal records are equal
zones. Nothing is ever looked up outside.

Unmodelled: delegation. Name servers are data; a name belongs to whoever wrote it, and there is no lame delegation. Of DNSSEC the
outcome is stated (``dnssec``); there are no signatures.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum
from ipaddress import IPv4Address

from mailsim.world.dns.dnssec import Dnssec, SecuredZones, security_of
from mailsim.world.dns.name import ROOT, normal, parents, wildcard_below
from mailsim.world.dns.rdata import A, Data

AT_ONCE = timedelta()


class DnsStatus(Enum):
    """How a look-up ended."""

    FOUND = "found"
    NODATA = "no such record"
    NXDOMAIN = "no such name"
    SERVFAIL = "SERVFAIL"
    TIMEOUT = "time-out"

    @property
    def passes(self) -> bool:
        """Whether another try may end otherwise: nothing was learned about the name."""
        return self in (DnsStatus.SERVFAIL, DnsStatus.TIMEOUT)


@dataclass(frozen=True, slots=True)
class RecordSet:
    """All records of one owner and type; they share one TTL (RFC 2181 section 5.2).

    Args:
        owner: as names are compared.
        ttl: seconds.
        data: at least one, all of one type.
    """

    owner: str
    ttl: int
    data: tuple[Data, ...]

    @property
    def type(self) -> str:
        """Return the type, in capitals."""
        return self.data[0].type

    def __str__(self) -> str:
        return f"{self.owner} {self.type} {', '.join(map(str, self.data))} (TTL {self.ttl})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What goes wrong with questions about one name.

    Args:
        owner: the name asked for, to the letter.
        type: the type asked for; empty for every type.
        fail: how the question ends; None answers it.
        delay: how late the answer comes.
        since: from when on, UTC; None from the beginning.
        until: before when, UTC; None for ever.
    """

    owner: str
    type: str = ""
    fail: DnsStatus | None = None
    delay: timedelta = AT_ONCE
    since: datetime | None = None
    until: datetime | None = None

    def concerns(self, name: str, kind: str, at: datetime) -> bool:
        """Tell whether a question at an instant meets this fault."""
        begun = self.since is None or self.since <= at
        over = self.until is not None and self.until <= at
        return name == self.owner and self.type in ("", kind) and begun and not over


@dataclass(frozen=True, slots=True)
class Answer:
    """What an authority says to one question.

    Args:
        status: how it ended.
        records: of the type asked for, or the alias that stands in their place; None where there are none.
        soa: of the zone, with an answer that there are none; None where none is written.
        delay: how late it comes.
        dnssec: what a validating resolver finds; it hands on nothing bogus.
    """

    status: DnsStatus
    records: RecordSet | None = None
    soa: RecordSet | None = None
    delay: timedelta = AT_ONCE
    dnssec: Dnssec = Dnssec.UNSIGNED


@dataclass(frozen=True, slots=True)
class Zones:
    """The records of everybody.

    Args:
        sets: each owner and type once.
        faults: what goes wrong; of several that concern a question the last one counts.
        dnssec: which zones are signed, or have signatures that do not fit.
    """

    sets: tuple[RecordSet, ...] = ()
    faults: tuple[Fault, ...] = ()
    dnssec: SecuredZones = ()
    _tree: Mapping[str, Mapping[str, RecordSet]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        tree: dict[str, dict[str, RecordSet]] = {ROOT: {}}
        for each in self.sets:
            held = tree.setdefault(each.owner, {})
            if each.type in held:
                raise ValueError(f"{each.owner} has two sets of {each.type} records")
            held[each.type] = each
            for above in parents(each.owner):
                if above in tree:
                    break
                tree[above] = {}
        object.__setattr__(self, "_tree", tree)

    @classmethod
    def of(cls, sets: Iterable[RecordSet], faults: Iterable[Fault] = (), dnssec: SecuredZones = ()) -> Zones:
        """Make zones in an order of their own, so that equal records are equal zones."""
        return cls(tuple(sorted(sets, key=lambda each: (each.owner, each.type))), tuple(faults), dnssec)

    def ask(self, name: str, kind: str, at: datetime | None = None) -> Answer:
        """Answer one question, without going along aliases.

        Args:
            name: whose records.
            kind: their type, in capitals.
            at: when, for the faults; None sees none.
        """
        name = normal(name)
        fault = self._fault(name, kind, at) if at is not None else None
        if fault is None:
            return self._answer(name, kind)
        if fault.fail is None:
            return replace(self._answer(name, kind), delay=fault.delay)
        soa = self.soa_of(name) if fault.fail is DnsStatus.NXDOMAIN else None
        return Answer(fault.fail, None, soa, fault.delay)

    def _answer(self, name: str, kind: str) -> Answer:
        found, secured = self.at(name), security_of(name, self.dnssec)
        if found is None:
            return Answer(DnsStatus.NXDOMAIN, soa=self.soa_of(name), dnssec=secured)
        records = found.get(kind) or found.get("CNAME")  # rfc1034:3.6.2 an alias has no other data
        if records is None:
            return Answer(DnsStatus.NODATA, soa=self.soa_of(name), dnssec=secured)
        return Answer(DnsStatus.FOUND, records, dnssec=secured)

    def at(self, name: str) -> Mapping[str, RecordSet] | None:
        """Return the records of a name by type, those of a wildcard under the name itself; None where it does not exist.

        A name exists that has records or names below it (RFC 4592 section 2.2.2, RFC 8020).
        """
        name = normal(name)
        if name in self._tree:
            return self._tree[name]
        # rfc4592:3.3.1 only the wildcard of the closest encloser is looked at; 4.8 it may be empty
        encloser = next(above for above in parents(name) if above in self._tree)
        wild = self._tree.get(wildcard_below(encloser))
        if wild is None:
            return None
        return {kind: replace(records, owner=name) for kind, records in wild.items()}

    def soa_of(self, name: str) -> RecordSet | None:
        """Return the SOA of the zone that a name lies in, None where none is written."""
        for each in (name, *parents(name)):
            if "SOA" in self._tree.get(each, {}):
                return self._tree[each]["SOA"]
        return None

    def _fault(self, name: str, kind: str, at: datetime) -> Fault | None:
        return next((each for each in reversed(self.faults) if each.concerns(name, kind, at)), None)

    def owners_of(self, kind: str) -> Iterator[str]:
        """Yield the names that have records of a type."""
        yield from (each.owner for each in self.sets if each.type == kind)

    @property
    def addresses_in_use(self) -> frozenset[IPv4Address]:
        """Return every address that an A record names."""
        return frozenset(
            data.address
            for each in self.sets
            if each.type == "A"
            for data in each.data
            if isinstance(data, A)
        )

    def without(self, owner: str, kinds: frozenset[str] | None = None) -> Zones:
        """Return zones without the records of a name; ``kinds`` limits that to some types."""
        kept = (
            each
            for each in self.sets
            if each.owner != owner or (kinds is not None and each.type not in kinds)
        )
        return Zones.of(kept, self.faults, self.dnssec)

    def plus(self, sets: Iterable[RecordSet] = (), faults: Iterable[Fault] = ()) -> Zones:
        """Return zones with more in them.

        Raises:
            ValueError: when an owner has records of the type already.
        """
        return Zones.of((*self.sets, *sets), (*self.faults, *faults), self.dnssec)

    def over(self, public: Zones) -> Zones:
        """Return what is seen where these records hide the names of the public ones that they own; zones are signed alike."""
        own = {each.owner for each in self.sets}
        seen = (each for each in public.sets if each.owner not in own)
        hidden = own | {each.owner for each in self.faults}
        faults = (each for each in public.faults if each.owner not in hidden)
        return Zones.of((*seen, *self.sets), (*faults, *self.faults), public.dnssec)
