"""pyspf asked through a ``Lookup``, with a protocol of what it did.

Only ``spf.check_host`` imports this module, when SPF is first evaluated. pyspf asks the DNS in one method, which is
overridden: no socket is opened and no clock decides anything. Four more methods are overridden to write down what happens
in them; each calls pyspf's own.

Rules: a time-out or server failure ends in ``temperror`` (rfc7208:4.4, 5); no record and no name are void look-ups, of
which two are allowed (rfc7208:4.6.4).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import spf

from mailsim.reason.check import check
from mailsim.reason.cite import rfc
from mailsim.reason.decision import Decision, Reason
from mailsim.sender_authentication.lookup import DnsAnswer, Lookup, record_exists
from mailsim.sender_authentication.spf import ClientAddress, SpfIdentity, SpfResult, SpfVerdict
from mailsim.sender_authentication.spf_absence import (
    LOOKUPS,
    can_be_asked,
    has_record,
    starts_evaluation,
)

MATCHING = rfc(7208, "5")
DIRECTIVE = rfc(7208, "4.6.2")


class _Query(spf.query):  # type: ignore[misc]
    """One evaluation, and what it looked at.

    Args:
        client: the address judged.
        reverse_path: empty for the null reverse-path.
        helo: the client's name.
        lookup: the DNS.
        at: when.
        receiver: who checks.
    """

    def __init__(
        self,
        client: ClientAddress,
        reverse_path: str,
        helo: str,
        *,
        lookup: Lookup,
        at: datetime,
        receiver: str,
    ) -> None:
        super().__init__(i=str(client), s=reverse_path, h=helo, receiver=receiver)
        self.t = str(int(at.timestamp()))
        self._lookup = lookup
        self._answers: dict[tuple[str, str], DnsAnswer] = {}
        self._levels: list[list[Reason]] = [[]]

    @property
    def noted(self) -> tuple[Reason, ...]:
        """Return what was written down at the top."""
        return tuple(self._levels[0])

    def dns(self, name: str, qtype: str, cnames: Any = None, ignore_void: bool = False) -> list[Any]:
        """Ask the DNS and count void look-ups; pyspf's own method opens sockets."""
        del cnames  # the Lookup follows them
        name = str(name).rstrip(".").lower()
        if not can_be_asked(name):
            return []
        answer = self._ask(name, qtype)
        if answer.failed:
            raise spf.TempError(f"DNS {answer.status.value} for {qtype} {name}")
        if not answer.records and not ignore_void:
            self.void_lookups += 1
            if self.void_lookups > spf.MAX_VOID_LOOKUPS:
                raise spf.PermError(f"Void lookup limit of {spf.MAX_VOID_LOOKUPS} exceeded")
        return [_as_pyspf(qtype, record) for record in answer.records]

    def _ask(self, name: str, qtype: str) -> DnsAnswer:
        known = self._answers.get((name, qtype))
        if known is None:
            known = self._answers[name, qtype] = self._lookup(name, qtype)
            self._levels[-1].append(record_exists(name, qtype, known, LOOKUPS))
        return known

    def dns_spf(self, domain: str) -> str | None:
        """Select a domain's record, and write it down."""
        record: str | None = super().dns_spf(domain)
        self._levels[-1].append(has_record(domain, record))
        return record

    def check1(self, spf_record: str | None, domain: str, recursion: int) -> tuple[str, int, str]:
        """Evaluate a record; what happens in it stands below it."""
        self._levels.append([])
        answer = "not evaluated to the end"
        try:
            outcome: tuple[str, int, str] = super().check1(spf_record, domain, recursion)
            answer = outcome[0]
            return outcome
        finally:
            below = tuple(self._levels.pop())
            self._levels[-1].append(Decision(f"SPF of {domain}", answer, below, answer))

    def cidrmatch(self, ipaddrs: list[str], n: int) -> bool:
        """Compare the client's address, and write the comparison down."""
        matched: bool = super().cidrmatch(ipaddrs, n)
        full = n == self.cidrmax
        listed = ", ".join(str(each) if full else f"{each}/{n}" for each in ipaddrs)
        self._levels[-1].append(
            check(matched, "client address", saw=self.c, wanted=listed or "an address", cite=MATCHING)
        )
        return matched


def _as_pyspf(qtype: str, record: str) -> Any:
    """Return a record as pyspf wants it."""
    if qtype == "TXT":
        return (record.encode("utf-8", "surrogateescape"),)
    if qtype == "MX":
        preference, _, exchange = record.partition(" ")
        return int(preference), exchange
    return record


def evaluate(
    client: ClientAddress, reverse_path: str, helo: str, *, lookup: Lookup, at: datetime, receiver: str
) -> SpfVerdict:
    """Answer ``spf.check_host``."""
    query = _Query(client, reverse_path, helo, lookup=lookup, at=at, receiver=receiver)
    word, _, text = query.check()
    result = SpfResult(word)
    problem = getattr(query, "prob", "") if result in (SpfResult.PERMERROR, SpfResult.TEMPERROR) else ""
    mechanism = "" if problem or result is SpfResult.NONE else query.mechanism or ""
    return SpfVerdict(
        result=result,
        identity=SpfIdentity.MAIL_FROM if reverse_path else SpfIdentity.HELO,
        domain=query.o.lower(),
        sender=query.s,
        client=client,
        helo=helo,
        mechanism=mechanism,
        problem=problem,
        explanation=text if result is SpfResult.FAIL and text != spf.EXPLANATIONS["fail"] else "",
        because=_because(query, result, mechanism, problem),
    )


def _because(query: _Query, result: SpfResult, mechanism: str, problem: str) -> Decision[str]:
    """Put the whole evaluation under one question."""
    question = f"SPF of {query.o} for {query.c}"
    return Decision(question, result.value, (*query.noted, _last(result, mechanism, problem)), result.value)


def _last(result: SpfResult, mechanism: str, problem: str) -> Reason:
    """Say what the result follows from."""
    if problem:
        return check(False, "record can be evaluated", saw=problem, wanted="no error", cite=LOOKUPS)
    if result is SpfResult.NONE:
        return starts_evaluation(record=False)
    saw = mechanism or "no directive matched"
    return check(
        bool(mechanism), "matching directive", saw=saw, wanted=f"one; {result.value} else", cite=DIRECTIVE
    )
