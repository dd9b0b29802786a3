"""DMARC: did SPF or DKIM pass for the author's domain, and if not, what does that domain ask for?

``evaluate`` takes what SPF and DKIM found as identifiers, so it can also judge what somebody else found, such as a sealer
of ARC. What a receiver does is not decided here: the verdict has what the domain asks for.

Rules: one aligned identifier that passed is enough (rfc7489:4.2); where none did and one failed for a while only, nothing
is asked for (rfc7489:6.6.2). A message whose From has several domains is not evaluated: ``permerror`` by rfc7489:6.6.1,
exempt and ``none`` by rfc9989:5.3.1. Of a share of messages (``pct=``) the caller draws the number.

Sources: rfc7489, rfc9989 (normative).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from mailsim.reason.check import Check, check
from mailsim.reason.cite import Citation, rfc
from mailsim.reason.decision import Decision, Reason
from mailsim.sender_authentication.dkim import DkimVerdict
from mailsim.sender_authentication.dmarc_discovery import Discovered, Organizations
from mailsim.sender_authentication.dmarc_record import DmarcPolicy, DmarcRecord, Edition
from mailsim.sender_authentication.lookup import DnsOutcome, Lookup
from mailsim.sender_authentication.spf import SpfVerdict

ALIGNMENT = rfc(7489, "3.1")
AUTHOR = rfc(7489, "6.6.1")
AUTHOR_9989 = rfc(9989, "5.3.1")
TEMPORARY = rfc(7489, "6.6.2")
POLICY = rfc(7489, "6.3")
SAMPLING = rfc(7489, "6.6.4")
POLICY_9989 = rfc(9989, "4.7")


class DmarcResult(Enum):
    """The results of rfc7489:11.2."""

    NONE = "none"
    PASS = "pass"  # noqa: S105 - a result
    FAIL = "fail"
    TEMPERROR = "temperror"
    PERMERROR = "permerror"


@dataclass(frozen=True, slots=True)
class Identifier:
    """A domain that SPF or DKIM looked at.

    Args:
        method: ``spf`` or ``dkim``.
        domain: lower case.
        result: the method's word.
    """

    method: str
    domain: str
    result: str

    @property
    def passed(self) -> bool:
        """Whether the domain is authenticated."""
        return self.result == "pass"


@dataclass(frozen=True, slots=True, kw_only=True)
class DmarcVerdict:
    """What DMARC says of a message.

    Args:
        result: the word.
        author: the domain in From, lower case; empty where there is none or more than one.
        requested: what the domain asks for this message; NONE unless it failed.
        published: the policy that its record has for the author's domain, None without a record that counts.
        found_at: the domain whose record counts, empty without.
        record: its text, empty without.
        aligned: the identifiers that passed and fit the author's domain, also where no record counts.
        because: the names asked, the alignment of each identifier, the policy.
    """

    result: DmarcResult
    author: str
    requested: DmarcPolicy = DmarcPolicy.NONE
    published: DmarcPolicy | None = None
    found_at: str = ""
    record: str = ""
    aligned: tuple[Identifier, ...] = ()
    because: Decision[str]


def identifiers(spf: SpfVerdict | None, dkim: Sequence[DkimVerdict]) -> tuple[Identifier, ...]:
    """Return the domains that SPF and DKIM looked at; SPF's is that of HELO for a null reverse-path."""
    checked = [Identifier("spf", spf.domain, spf.result.value)] if spf is not None else []
    signed = [Identifier("dkim", each.domain, each.result.value) for each in dkim if each.domain]
    return (*checked, *signed)


def evaluate(
    authors: Sequence[str],
    found: Sequence[Identifier],
    *,
    lookup: Lookup,
    edition: Edition = Edition.RFC7489,
    draw: int = 0,
) -> DmarcVerdict:
    """Evaluate DMARC for a message.

    Args:
        authors: the domains of all addresses in all From fields.
        found: what SPF and DKIM looked at.
        lookup: the DNS.
        edition: by which RFC.
        draw: a number from 0 to 99 by which ``pct=`` takes the message into the share (below it) or not.
    """
    domains = tuple(dict.fromkeys(each.lower().rstrip(".") for each in authors))
    single = _has_one_author(domains, edition)
    if single.failed:
        broken = edition is Edition.RFC7489
        result = DmarcResult.PERMERROR if broken else DmarcResult.NONE
        return DmarcVerdict(result=result, author="", because=_decision("", result, (single,)))
    return _Evaluation(domains[0], found, lookup, edition, draw).verdict()


def _has_one_author(domains: Sequence[str], edition: Edition) -> Check:
    return check(
        len(domains) == 1 and bool(domains[0]),
        "domain in From",
        saw=", ".join(domains) or "none",
        wanted="exactly one",
        cite=AUTHOR if edition is Edition.RFC7489 else AUTHOR_9989,
    )


def _decision(author: str, result: DmarcResult, because: tuple[Reason, ...]) -> Decision[str]:
    return Decision(f"DMARC of {author or 'a message'}", result.value, because, result.value)


class _Evaluation:
    """One message under evaluation; the arguments are those of ``evaluate``."""

    def __init__(
        self, author: str, found: Sequence[Identifier], lookup: Lookup, edition: Edition, draw: int
    ) -> None:
        self._author = author
        self._found = found
        self._lookup = lookup
        self._edition = edition
        self._draw = draw
        self._organizations = Organizations(lookup, edition)
        self._discovered = self._organizations.discover(author)

    def verdict(self) -> DmarcVerdict:
        """Judge the message."""
        record = self._discovered.place.record if self._discovered.place else None
        aligned = {each: self._is_aligned(each, record) for each in self._found}
        fit = tuple(each for each, made in aligned.items() if not made.failed and each.passed)
        why = (*self._discovered.because, self._organizations.why(self._author), *aligned.values())
        if record is None or self._discovered.failed:
            return self._without_record(self._discovered, fit, why)
        tag, policy = self._policy(record)
        if policy is None:
            return self._unusable(record, fit, why)
        stated = check(True, f"{tag}=", saw=f"{policy.value} in {record.text}", cite=self._policy_cite)
        return self._with_record(record, policy, fit, (*why, stated), aligned)

    @property
    def _policy_cite(self) -> Citation:
        return POLICY if self._edition is Edition.RFC7489 else POLICY_9989

    def _without_record(
        self, discovered: Discovered, fit: tuple[Identifier, ...], why: tuple[Reason, ...]
    ) -> DmarcVerdict:
        result = DmarcResult.TEMPERROR if discovered.failed else DmarcResult.NONE
        return DmarcVerdict(
            result=result, author=self._author, aligned=fit, because=_decision(self._author, result, why)
        )

    def _unusable(
        self, record: DmarcRecord, fit: tuple[Identifier, ...], why: tuple[Reason, ...]
    ) -> DmarcVerdict:
        made = check(False, "p=", saw=record.text, wanted="a policy, or rua=", cite=self._policy_cite)
        because = _decision(self._author, DmarcResult.NONE, (*why, made))
        return DmarcVerdict(
            result=DmarcResult.NONE, author=self._author, record=record.text, aligned=fit, because=because
        )

    def _with_record(
        self,
        record: DmarcRecord,
        policy: DmarcPolicy,
        fit: tuple[Identifier, ...],
        why: tuple[Reason, ...],
        aligned: dict[Identifier, Check],
    ) -> DmarcVerdict:
        assert self._discovered.place is not None
        unsure = [each for each, made in aligned.items() if not made.failed and each.result == "temperror"]
        result = DmarcResult.PASS if fit else DmarcResult.TEMPERROR if unsure else DmarcResult.FAIL
        asked, softened = self._asked(record, policy)
        if unsure and not fit:
            saw = f"{unsure[0].method} of {unsure[0].domain} may pass another time"
            softened = (check(False, "failure is final", saw=saw, cite=TEMPORARY),)
        why = why if fit else (*why, *softened)
        return DmarcVerdict(
            result=result,
            author=self._author,
            requested=asked if result is DmarcResult.FAIL else DmarcPolicy.NONE,
            published=policy,
            found_at=self._discovered.place.domain,
            record=record.text,
            aligned=fit,
            because=_decision(self._author, result, why),
        )

    def _is_aligned(self, identifier: Identifier, record: DmarcRecord | None) -> Check:
        """Want the author's domain, or one of its organization; the check fails also where the method did not pass."""
        spf = identifier.method == "spf"
        strict = record is not None and (record.strict_spf if spf else record.strict_dkim)
        own = identifier.domain == self._author
        related = own or (not strict and self._related(identifier.domain))
        counts = identifier.passed or identifier.result == "temperror"
        organization = self._author if strict else self._organizations.of(self._author)
        return check(
            related and counts,
            f"{identifier.method} aligned",
            saw=f"{identifier.domain or 'no domain'}, {identifier.result}",
            wanted=f"pass for {organization}" + ("" if strict else " or below"),
            cite=ALIGNMENT,
        )

    def _related(self, domain: str) -> bool:
        return bool(domain) and self._organizations.of(domain) == self._organizations.of(self._author)

    def _policy(self, record: DmarcRecord) -> tuple[str, DmarcPolicy | None]:
        """Return the tag that counts for the author's domain, and its policy."""
        assert self._discovered.place is not None
        if self._discovered.place.domain == self._author:
            return "p", record.policy
        return record.below(exists=self._exists(record))

    def _exists(self, record: DmarcRecord) -> bool:
        """Tell whether the author's domain exists, asked only where that matters."""
        if self._edition is Edition.RFC7489 or "np" not in record.tags:
            return True
        return self._lookup(self._author, "A").status is not DnsOutcome.NXDOMAIN

    def _asked(self, record: DmarcRecord, policy: DmarcPolicy) -> tuple[DmarcPolicy, tuple[Reason, ...]]:
        """Take a step back for tests and for messages outside the share."""
        if record.testing:
            return policy.milder, (check(False, "t=", saw="y, a test", wanted="n", cite=POLICY_9989),)
        if self._draw >= record.percent:
            saw = f"{record.percent}, drawn {self._draw}"
            return policy.milder, (check(False, "pct=", saw=saw, wanted="a lower draw", cite=SAMPLING),)
        return policy, ()
