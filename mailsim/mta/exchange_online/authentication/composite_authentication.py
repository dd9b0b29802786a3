"""Composite authentication: one word for all methods, with the reason code that Authentication-Results shows.

The codes are documented by groups; those that are said here are the documented ones, and those that published headers show.
What the service makes of a sender's history is not to be known, and an assumption.

Sources: "Anti-spam message headers in Microsoft 365", "Security Operations guide for email authentication"; published headers.
"""

from __future__ import annotations

from dataclasses import dataclass

from mailsim.mta.exchange_online.authentication.authentication_assumptions import IMPLICIT
from mailsim.mta.kind import PointOfView
from mailsim.reason.check import Check, check
from mailsim.reason.cite import Citation, documented, observed
from mailsim.reason.decision import Decision
from mailsim.reason.order import run_in_order
from mailsim.sender_authentication.dmarc import DmarcResult, DmarcVerdict
from mailsim.sender_authentication.dmarc_record import DmarcPolicy

CODES = documented("ms:message-headers-eop-mdo", "compauth, reason")
GUIDE = documented("ms:email-auth-sec-ops-guide", "composite authentication")
HEADERS = observed("observed:authentication-results", "compauth")


@dataclass(frozen=True, slots=True)
class Composite:
    """The outcome.

    Args:
        result: ``pass``, ``fail``, ``softpass`` or ``none``.
        reason: three digits.
    """

    result: str
    reason: str

    def __str__(self) -> str:
        return f"compauth={self.result} reason={self.reason}"


PASSED = Composite("pass", "100")
VOUCHED_BY_ARC = Composite("pass", "130")
BEST_GUESS = Composite("pass", "109")
FAILED = Composite("fail", "000")
FAILED_AS_OURSELVES = Composite("fail", "010")
UNAUTHENTICATED_AS_OURSELVES = Composite("fail", "601")
BYPASSED = Composite("none", "451")
_IMPLICIT = {"fail": Composite("fail", "001"), "softpass": Composite("softpass", "202")}


@dataclass(frozen=True, slots=True)
class _Rule:
    """One case, in the order in which they are looked at."""

    name: str
    checks: tuple[Check, ...]
    outcome: Composite


def judge_composite(
    at: PointOfView, verdict: DmarcVerdict, *, own_domain: bool, true_source: bool, overridden: bool
) -> Decision[Composite]:
    """Judge a message by everything together.

    Args:
        at: the point of view.
        verdict: of DMARC.
        own_domain: whether the domain in From is an accepted domain of the recipient's tenant.
        true_source: as for ``dmarc_handling.handle``.
        overridden: whether a trusted ARC sealer vouches for the message.
    """
    ran = run_in_order(
        _rules(at, verdict, own_domain=own_domain, true_source=true_source, overridden=overridden),
        name=lambda rule: rule.name,
        checks=lambda rule: rule.checks,
        stops=lambda _: True,
        cite=CODES,
    )
    value = next(each for each in ran if each.applies).subject.outcome
    because = tuple(each.because for each in ran)
    return Decision("composite authentication", value, because, str(value))


def _rules(
    at: PointOfView, verdict: DmarcVerdict, *, own_domain: bool, true_source: bool, overridden: bool
) -> tuple[_Rule, ...]:
    """Return the cases; the last one always applies."""
    word, failed = verdict.result.value, verdict.result is DmarcResult.FAIL
    explicit = failed and verdict.published in (DmarcPolicy.QUARANTINE, DmarcPolicy.REJECT)
    enforced = _is(explicit, "DMARC with quarantine or reject", "fails", "does not fail", CODES)
    ours = _is(own_domain, "domain in From", "an accepted domain", "not our own", CODES)
    behind = _is(not true_source, "source", "behind another service", "seen", HEADERS)
    passes = _is(verdict.result is DmarcResult.PASS, "DMARC", "pass", word, CODES)
    vouched = _is(overridden, "trusted ARC sealer", "vouches", "none", GUIDE)
    aligned = _is(bool(verdict.aligned), "aligned pass", "SPF or DKIM", "neither", HEADERS)
    choice = at.assumed(IMPLICIT)
    nothing = check(True, "implicit authentication", saw="nothing vouches", cite=IMPLICIT.cite(choice))
    return (
        _Rule("DMARC passes", (passes,), PASSED),
        _Rule("ARC overrides", (_is(failed, "DMARC", "fail", word, CODES), vouched), VOUCHED_BY_ARC),
        _Rule("our own domain fails DMARC", (enforced, ours), FAILED_AS_OURSELVES),
        _Rule("policy not carried out behind another service", (enforced, behind), BYPASSED),
        _Rule("DMARC fails", (enforced,), FAILED),
        _Rule("would pass with a record", (aligned,), BEST_GUESS),
        _Rule("our own domain without authentication", (ours,), UNAUTHENTICATED_AS_OURSELVES),
        _Rule("nothing vouches", (nothing,), _IMPLICIT[choice]),
    )


def _is(met: bool, rule: str, yes: str, no: str, cite: Citation) -> Check:
    return check(met, rule, saw=yes if met else no, wanted=yes, cite=cite)
