"""How an MTA asks the DNS: its view, the instant, and the answers it still has.

``PointOfView.dns`` makes a ``Resolver`` for one line of thought: its clock goes on while answers are awaited, so ask all of one
decision at the same one and read ``now`` at the end. The cache belongs to the MTA and is kept by ``flow``; what it holds
depends on the order of the run only, which is the same for prediction and live run. Records age by their TTL (RFC 1035
section 3.2.1), answers that there are none by the SOA (RFC 2308 section 5). That an authority failed is not kept (RFC 9520 wants a
second at least, and no MTA tries again within one). One that validates takes what is bogus for a failure (RFC 4035 section 5.5).

Unmodelled: caches between the MTA and the authority, and further DNS servers to ask when the first fails.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

from mailsim.reason.assumption import Assumption
from mailsim.world.dns import Answer, Dnssec, DnsStatus, Lookup, Soa, follow
from mailsim.world.dns.name import normal
from mailsim.world.topology import Topology

NEGATIVE_TTL = Assumption(
    key="dns-negative-ttl",
    question="how long is it remembered that a record does not exist, where no SOA is written?",
    choices={
        "1h": "one hour, as if the zone's SOA had a minimum of 3600",
        "15m": "a quarter of an hour",
        "never": "not at all, as RFC 2308 wants it of answers without SOA",
    },
    evidence="every real zone has a SOA, and one that a scenario leaves out had some minimum; RFC 2308 recommends 1 to 3 hours",
)
PATIENCE = Assumption(
    key="dns-patience",
    question="how long does a host wait for an answer?",
    choices={"5s": "five seconds", "60s": "one minute"},
    evidence="Exchange gives a DNS server 5 s and a whole query one minute, and asks the next server meanwhile; the stub "
    "resolver of Postfix waits 5 s, twice. How many servers a host has is not part of a scenario",
)
_SPANS = {
    "1h": timedelta(hours=1),
    "15m": timedelta(minutes=15),
    "never": timedelta(),
    "5s": timedelta(seconds=5),
    "60s": timedelta(seconds=60),
}

EVERY_TYPE = ""
"""NXDOMAIN is about a name, whatever the type (RFC 2308 section 5)."""

_Key: TypeAlias = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer in a cache.

    Args:
        answer: as it came.
        came: when, UTC; later than now while it is awaited.
        lasts: how long it may be used.
        assumed: whether that is an assumption.
    """

    answer: Answer
    came: datetime
    lasts: timedelta
    assumed: bool = False

    def fresh(self, now: datetime) -> bool:
        """Tell whether it may be used; at the instant it came, even what may not be kept."""
        return now <= self.came or now < self.came + self.lasts


class DnsCache:
    """The answers that one MTA still has."""

    __slots__ = ("_kept",)

    def __init__(self) -> None:
        self._kept: dict[_Key, Kept] = {}

    def find(self, name: str, kind: str, now: datetime) -> Kept | None:
        """Return what answers a question: its records, an alias, or that the name does not exist."""
        for key in ((name, kind), (name, "CNAME"), (name, EVERY_TYPE)):
            kept = self._kept.get(key)
            if kept is not None and kept.fresh(now) and _answers(kept.answer, key[1], kind):
                return kept
        return None

    def keep(self, name: str, kind: str, kept: Kept) -> None:
        """Remember an answer."""
        if kept.answer.status is DnsStatus.NXDOMAIN:
            kind = EVERY_TYPE
        elif kept.answer.records is not None:
            kind = kept.answer.records.type
        self._kept[name, kind] = kept


def _answers(answer: Answer, held: str, kind: str) -> bool:
    """Tell whether what is held for a type answers for another: that there is no CNAME says nothing."""
    return held == kind or answer.records is not None or answer.status is DnsStatus.NXDOMAIN


@dataclass(frozen=True, slots=True)
class Asked:
    """A look-up together with how it was come by.

    Args:
        found: the answer.
        age: how old the oldest part of it is, zero when all of it was asked for now.
        lasts: how long that part may be used.
        assumed: whether that is an assumption.
        took: how long it was waited for.
    """

    found: Lookup
    age: timedelta = timedelta()
    lasts: timedelta = timedelta()
    assumed: bool = False
    took: timedelta = timedelta()

    @property
    def status(self) -> DnsStatus:
        """Return how it ended."""
        return self.found.status

    @property
    def aside(self) -> str:
        """Say where it comes from, empty where that is plain."""
        said = []
        if self.age:
            said.append(f"from the cache, {span(self.age)} old, TTL {self.lasts.total_seconds():.0f}")
        if self.took:
            said.append(f"after {span(self.took)}")
        return ", ".join(said)


class Resolver:
    """Asks for one MTA, from one instant on.

    Args:
        world: the topology.
        mta_id: who asks.
        now: when it begins, UTC.
        cache: what this MTA still has.
        negative_ttl: a choice of ``NEGATIVE_TTL``.
        patience: a choice of ``PATIENCE``.
        validates: whether DNSSEC is looked at.
    """

    def __init__(
        self,
        world: Topology,
        mta_id: str,
        now: datetime,
        cache: DnsCache,
        *,
        negative_ttl: str = NEGATIVE_TTL.default,
        patience: str = PATIENCE.default,
        validates: bool = False,
    ) -> None:
        self.now = now
        self._world = world
        self._mta_id = mta_id
        self._cache = cache
        self._negative_ttl = _SPANS[negative_ttl]
        self._patience = _SPANS[patience]
        self._validates = validates

    def mx(self, domain: str) -> Asked:
        """Ask for the MX records of a domain; ``found.exchanges`` has them in order."""
        return self.lookup(domain, "MX")

    def addresses(self, host: str) -> Asked:
        """Ask for the IPv4 addresses of a host; ``found.addresses`` has them."""
        return self.lookup(host, "A")

    def lookup(self, name: str, kind: str) -> Asked:
        """Ask for the records of a name, along its aliases.

        Args:
            name: in any case, with or without its last dot.
            kind: the type in capitals, such as ``TXT``.
        """
        begun, used = self.now, list[Kept]()
        found = follow(lambda name, kind: self._validated(self._ask(name, kind, used)), name, kind)
        took = self.now - begun
        if not used:
            return Asked(found, took=took)
        oldest = min(used, key=lambda kept: kept.came)
        return Asked(found, self.now - oldest.came, oldest.lasts, oldest.assumed, took)

    def _validated(self, answer: Answer) -> Answer:
        """Return what may be used of an answer: nothing that is proved to be wrong."""
        if self._validates and answer.dnssec is Dnssec.BOGUS:
            return Answer(DnsStatus.SERVFAIL, dnssec=Dnssec.BOGUS)
        return answer

    def _ask(self, name: str, kind: str, used: list[Kept]) -> Answer:
        """Answer one question from the cache, else from the authority; an answer of another instant is noted."""
        name = normal(name)
        kept = self._cache.find(name, kind, self.now)
        if kept is None:
            return self._ask_authority(name, kind)
        if kept.came < self.now:
            used.append(kept)
        self.now = max(self.now, kept.came)  # somebody else has asked and waits
        return kept.answer

    def _ask_authority(self, name: str, kind: str) -> Answer:
        answer = self._world.at(self.now).zones_of(self._mta_id).ask(name, kind, self.now)
        if answer.status is DnsStatus.TIMEOUT or answer.delay > self._patience:
            self.now += self._patience
            return Answer(DnsStatus.TIMEOUT)
        self.now += answer.delay
        bogus = self._validates and answer.dnssec is Dnssec.BOGUS
        if not answer.status.passes and not bogus:
            self._cache.keep(name, kind, self._kept(answer))
        return answer

    def _kept(self, answer: Answer) -> Kept:
        if answer.records is not None:
            return Kept(answer, self.now, timedelta(seconds=answer.records.ttl))
        soa = answer.soa.data[0] if answer.soa is not None else None
        if answer.soa is None or not isinstance(soa, Soa):
            return Kept(answer, self.now, self._negative_ttl, assumed=True)
        # rfc2308:5 the lesser of the SOA's own TTL and its last field
        return Kept(answer, self.now, timedelta(seconds=min(answer.soa.ttl, soa.minimum)))


def span(length: timedelta) -> str:
    """Return a length of time in words: ``40 min``, ``1 h 5 min``."""
    seconds = int(length.total_seconds())
    if seconds < 60:
        return f"{length.total_seconds():g} s"
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = ((days, "d"), (hours, "h"), (minutes, "min"), (seconds, "s"))
    return " ".join(f"{number} {unit}" for number, unit in parts if number)
