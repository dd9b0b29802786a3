"""The categorizer of Exchange Online: whose recipients, within what limits, resolved to what, by which rule and connector.

A rule that names a connector sends even a mailbox's mail out by it; then it is delivered, refused or routed. What is
refused while it is resolved meets no rule.
"""

from __future__ import annotations

from dataclasses import replace

from mailsim.mta.copies import gather
from mailsim.mta.exchange_online import replies
from mailsim.mta.exchange_online.leaving import leaving
from mailsim.mta.exchange_online.limits import sender_limits
from mailsim.mta.exchange_online.recipients import Addressee, addressees, by_owner, not_found, sender_of
from mailsim.mta.exchange_online.route import route, route_by_rule
from mailsim.mta.kind import Categorized, Copy, Item, PointOfView, RuleOutcome
from mailsim.mta.resolution import fate_in_directory, in_words
from mailsim.mta.rules.rule import TransportRule
from mailsim.mta.unmodelled import unmodelled
from mailsim.reason.decision import Decision, Reason
from mailsim.reason.order import Evaluated


def categorize(at: PointOfView, item: Item) -> Categorized:
    """Give every recipient its fate; recipients with the same next hop share a copy."""
    refused, found = list[Copy](), list[Addressee]()
    for tenant, recipients in by_owner(at, item):
        sender = sender_of(at, item, tenant)
        allowed = sender_limits(at, item, tenant, sender, len(recipients))
        if allowed.value is None:
            found += addressees(at, item, recipients)
        else:
            envelope = replace(item.envelope, recipients=recipients)
            refused.append(Copy(envelope=envelope, message=item.message, fate=allowed.value, because=allowed))
    return Categorized(
        (*refused, *gather(_copy(at, item, addressee) for addressee in found)),
        tuple(step for addressee in found for step in addressee.resolution.steps),
        tuple(_outcome(addressee, rule) for addressee in found for rule in addressee.rules),
    )


def _outcome(addressee: Addressee, rule: Evaluated[TransportRule]) -> RuleOutcome:
    action = f"RouteMessageOutboundConnector {rule.subject.route_message_outbound_connector}"
    return RuleOutcome(rule.subject.name, action, (addressee.recipient.path,), rule.because)


def _copy(at: PointOfView, item: Item, addressee: Addressee) -> Copy:
    """Decide how one recipient goes on: by a rule's connector, into a mailbox, back to the sender, or out."""
    tenant, resolution, unknown = addressee.tenant, addressee.resolution, not_found(addressee)
    refused = replies.UNKNOWN_RECIPIENT if any(each.failed for each in unknown) else None
    fate = fate_in_directory(resolution, looped=replies.FORWARDING_LOOP, unknown=refused)
    out = leaving(at, item, tenant, resolution, addressee.sender) if fate is None else None
    stopped = out.value if out else None
    by_rule = route_by_rule(at, item, addressee) if stopped is None else None
    if by_rule is not None:
        return by_rule
    judged: tuple[Reason, ...] = (out,) if out else ()
    because = (*resolution.because, *unknown, *unmodelled(tenant.transport_config), *judged)
    fate = fate or stopped
    if fate is None:
        return route(at, item, addressee, because)
    why = Decision("recipient", None, because, in_words(fate))
    return Copy(envelope=addressee.envelope(item), message=item.message, fate=fate, because=why)
