"""What Exchange Online does with a message that fails DMARC, and which action its header shows.

By default a policy of reject is carried out at the end of the message with 550 5.7.509, and one of quarantine puts the message
into quarantine. That is so only where the service sees the true source of the message: behind another service, without
Enhanced Filtering, the policy is not carried out. A trusted ARC sealer overrides the failure.

Unmodelled: spoof intelligence and the Tenant Allow/Block List, which may let a message through. Sources:
Set-AntiPhishPolicy, "Anti-phishing policies", "Anti-spam message headers".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from mailsim.mail.reply import Reply
from mailsim.mta.exchange_online import replies
from mailsim.mta.exchange_online.authentication.anti_phish_policy import AntiPhishPolicy, Treatment
from mailsim.mta.exchange_online.authentication.authentication_assumptions import NOT_HONOURED
from mailsim.mta.kind import PointOfView
from mailsim.reason.check import Check, check
from mailsim.reason.cite import documented
from mailsim.reason.decision import Decision
from mailsim.reason.order import run_in_order
from mailsim.sender_authentication.dmarc import DmarcResult, DmarcVerdict
from mailsim.sender_authentication.dmarc_record import DmarcPolicy

POLICY = documented("ms:set-antiphishpolicy", "HonorDmarcPolicy, DmarcRejectAction, DmarcQuarantineAction")
SOURCE = documented("ms:anti-phishing-policies-about", "DMARC policies behind another service")
ACTIONS = documented("ms:message-headers-eop-mdo", "action")
OVERRIDE = documented("ms:email-authentication-arc-configure", "compauth=pass and reason=130")


@dataclass(frozen=True, slots=True, kw_only=True)
class Handling:
    """What is done.

    Args:
        action: the word in the header.
        treatment: what becomes of the message.
        reply: the refusal; None unless the treatment is REJECT.
    """

    action: str
    treatment: Treatment
    reply: Reply | None = None


@dataclass(frozen=True, slots=True)
class _Rule:
    """One case, in the order in which they are looked at."""

    name: str
    applies: Callable[[], Check]
    handling: Handling


def handle(
    at: PointOfView, policy: AntiPhishPolicy, verdict: DmarcVerdict, *, true_source: bool, overridden: bool
) -> Decision[Handling]:
    """Decide what DMARC's result does to a message.

    Args:
        at: the point of view.
        policy: of the tenant.
        verdict: of DMARC.
        true_source: whether the address judged is the one the message came into this chain from: the MX leads here, or
            Enhanced Filtering found the address behind the other service.
        overridden: whether a trusted ARC sealer vouches for the message.
    """
    ran = run_in_order(
        _rules(at, policy, verdict, true_source=true_source, overridden=overridden),
        name=lambda rule: rule.name,
        checks=lambda rule: (rule.applies(),),
        stops=lambda _: True,
        cite=POLICY,
    )
    chosen = next(each for each in ran if each.applies).subject.handling
    question = f"what becomes of mail from {verdict.author or 'nobody'}"
    answer = f"action={chosen.action}, {chosen.treatment.value}"
    return Decision(question, chosen, tuple(each.because for each in ran), answer)


def _rules(
    at: PointOfView, policy: AntiPhishPolicy, verdict: DmarcVerdict, *, true_source: bool, overridden: bool
) -> tuple[_Rule, ...]:
    published = verdict.published or DmarcPolicy.NONE
    spared = Handling(action="none", treatment=Treatment.DELIVER)
    sampled = Handling(action=f"pct.{published.value}", treatment=policy.authentication_fail_action)
    behind = Handling(action=_overridden(at, published), treatment=Treatment.DELIVER)
    ignored = Handling(action=_overridden(at, published), treatment=policy.authentication_fail_action)
    return (
        _Rule("DMARC does not fail", lambda: _does_not_fail(verdict), spared),
        _Rule("no policy is asked for", lambda: _asks_nothing(published), spared),
        _Rule("trusted ARC sealer", lambda: _is_overridden(overridden=overridden), spared),
        _Rule("outside the share", lambda: _is_outside(verdict, published), sampled),
        _Rule("behind another service", lambda: _is_behind(at, true_source=true_source), behind),
        _Rule("HonorDmarcPolicy is False", lambda: _is_ignored(at, policy), ignored),
        _Rule(
            "policy is carried out",
            lambda: _is_carried_out(policy, published),
            _carried_out(at, policy, verdict),
        ),
    )


def _overridden(at: PointOfView, published: DmarcPolicy) -> str:
    """Return the action of a policy that is not carried out."""
    if at.assumed(NOT_HONOURED) == "none":
        return "none"
    return "oreject" if published is DmarcPolicy.REJECT else published.value


def _carried_out(at: PointOfView, policy: AntiPhishPolicy, verdict: DmarcVerdict) -> Handling:
    if verdict.requested is not DmarcPolicy.REJECT:
        return Handling(action="quarantine", treatment=policy.dmarc_quarantine_action)
    if policy.dmarc_reject_action is not Treatment.REJECT:
        return Handling(action=_overridden(at, DmarcPolicy.REJECT), treatment=policy.dmarc_reject_action)
    refusal = replies.dmarc_rejected(verdict.author, at.mta.fqdn)
    return Handling(action="reject", treatment=Treatment.REJECT, reply=refusal)


def _does_not_fail(verdict: DmarcVerdict) -> Check:
    saw = verdict.result.value
    met = verdict.result is not DmarcResult.FAIL
    return check(met, "DMARC", saw=saw, wanted="another result than fail", cite=ACTIONS)


def _asks_nothing(published: DmarcPolicy) -> Check:
    met = published is DmarcPolicy.NONE
    return check(met, "policy of the domain", saw=published.value, wanted="none", cite=ACTIONS)


def _is_overridden(*, overridden: bool) -> Check:
    saw = "vouches for the message" if overridden else "none"
    return check(overridden, "trusted ARC sealer", saw=saw, wanted="one", cite=OVERRIDE)


def _is_outside(verdict: DmarcVerdict, published: DmarcPolicy) -> Check:
    met = verdict.requested is not published
    return check(
        met,
        "pct=",
        saw=f"{verdict.requested.value} is asked for",
        wanted=f"less than {published.value}",
        cite=ACTIONS,
    )


def _is_behind(at: PointOfView, *, true_source: bool) -> Check:
    choice = at.assumed(NOT_HONOURED)
    saw = (
        "the address judged is the source"
        if true_source
        else "the MX leads elsewhere, and no relay is skipped"
    )
    cite = SOURCE if true_source else NOT_HONOURED.cite(choice)
    return check(
        not true_source, "Enhanced Filtering", saw=saw, wanted="another service in between", cite=cite
    )


def _is_ignored(at: PointOfView, policy: AntiPhishPolicy) -> Check:
    honoured = policy.honor_dmarc_policy
    return check(
        not honoured,
        "HonorDmarcPolicy",
        saw=str(honoured),
        wanted="False",
        cite=POLICY if honoured else NOT_HONOURED.cite(at.assumed(NOT_HONOURED)),
        source=policy.source("HonorDmarcPolicy"),
    )


def _is_carried_out(policy: AntiPhishPolicy, published: DmarcPolicy) -> Check:
    rejects = published is DmarcPolicy.REJECT
    name = "DmarcRejectAction" if rejects else "DmarcQuarantineAction"
    action = policy.dmarc_reject_action if rejects else policy.dmarc_quarantine_action
    return check(True, name, saw=action.value, cite=POLICY, source=policy.source(name))
