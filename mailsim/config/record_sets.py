"""Records of a scenario or a zone file, collected by owner and type.

Called by the linker of the DNS. Rules: an alias has no other data (RFC 2181 section 10.1), a set of records has one TTL (RFC 2181
section 5.2); what does not go together is reported.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from mailsim.config.document import Mark
from mailsim.config.format import DnsFaultText, FailWord
from mailsim.config.linking import Linking
from mailsim.config.record import OwnerText, RecordText
from mailsim.world.dns import Data, DnsStatus, Fault, RecordSet

_FAILURES = {
    FailWord.SERVFAIL: DnsStatus.SERVFAIL,
    FailWord.NXDOMAIN: DnsStatus.NXDOMAIN,
    FailWord.TIMEOUT: DnsStatus.TIMEOUT,
}

Table = Mapping[OwnerText, tuple[RecordText | DnsFaultText, ...] | None]


class RecordSets:
    """Collects records by owner and type, and reports what does not go together.

    Args:
        linking: the scenario.
        at: where the records stand, unless said otherwise.
        where: what they are, to begin each message with.
        may_deny: whether ``MX $null`` may say that there is none, not even one that goes without saying.
    """

    def __init__(self, linking: Linking, at: Mark | None, where: str, *, may_deny: bool = False) -> None:
        self._linking = linking
        self._diagnostics = linking.diagnostics
        self._at = at
        self._where = where
        self._may_deny = may_deny
        self.denied: set[tuple[str, str]] = set()
        self.sets: dict[tuple[str, str], RecordSet] = {}
        self.faults: list[Fault] = []

    def add_table(self, table: Table) -> None:
        """Take over everything under owners."""
        for owner, entries in table.items():
            for each in entries or ():
                if isinstance(each, DnsFaultText):
                    self.faults += self.fault(owner, each)
                elif each.data is not None:
                    self.add(owner, each.ttl, each.data)
                elif self._may_deny:
                    self.denied.add((owner, each.type))
                else:
                    problem = f"{self._where}: {owner}: {each.type} $null stands here"
                    self._error(problem, wanted="a record; only public ones can be denied")

    def fault(self, name: str, text: DnsFaultText) -> Iterator[Fault]:
        """Yield what goes wrong with a name."""
        start = self._linking.start
        if text.fail is FailWord.NONE:
            self._error(
                f"{self._where}: {name}: fail: none stands here", wanted="a failure; none is for changes"
            )
        else:
            yield Fault(
                owner=name,
                type=text.type.upper(),
                fail=_FAILURES[text.fail] if text.fail is not None else None,
                delay=text.delay,
                since=None if text.since is None else start + text.since,
                until=None if text.until is None else start + text.until,
            )

    def add(self, name: str, ttl: int, data: Data, at: Mark | None = None) -> None:
        """Take over one record."""
        before = self.sets.get((name, data.type))
        if before is None:
            self._require_alone(name, data.type, at)
            self.sets[name, data.type] = RecordSet(name, ttl, (data,))
            return
        if data in before.data:
            return
        if ttl != before.ttl:
            problem = f"{self._where}: {name} has {data.type} records with TTL {before.ttl} and {ttl}"
            self._warn(problem, at, wanted=f"one TTL; {min(ttl, before.ttl)} counts")
        if data.type in ("CNAME", "SOA"):
            self._error(f"{self._where}: {name} has two {data.type} records", at, wanted="one")
            return
        self.sets[name, data.type] = RecordSet(name, min(ttl, before.ttl), (*before.data, data))

    def _require_alone(self, name: str, kind: str, at: Mark | None) -> None:
        others = sorted(held for owner, held in self.sets if owner == name)
        if others and "CNAME" in (kind, *others):
            listed = " and ".join(dict.fromkeys((*others, kind)))
            self._error(f"{self._where}: {name} has {listed}", at, wanted="a CNAME alone, or none")

    def _error(self, problem: str, at: Mark | None = None, *, wanted: str = "") -> None:
        self._diagnostics.error(at or self._at, problem, wanted=wanted)

    def _warn(self, problem: str, at: Mark | None, *, wanted: str) -> None:
        self._diagnostics.warning(at or self._at, problem, wanted=wanted)
