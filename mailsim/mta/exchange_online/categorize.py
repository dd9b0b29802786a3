"""The categorizer of Exchange Online: whose recipients, resolved to what, by which rule and connector.

A rule that names a connector sends even a mailbox's mail out by it; then it is delivered, refused or routed.
"""

from __future__ import annotations

from mailsim.mta.copies import gather
from mailsim.mta.exchange_online import replies
from mailsim.mta.exchange_online.recipients import Addressee, addressees, not_found
from mailsim.mta.exchange_online.route import route, route_by_rule
from mailsim.mta.kind import Categorized, Copy, Item, PointOfView, RuleOutcome
from mailsim.mta.resolution import fate_in_directory, in_words
from mailsim.mta.rules.rule import TransportRule
from mailsim.reason.decision import Decision
from mailsim.reason.order import Evaluated


def categorize(at: PointOfView, item: Item) -> Categorized:
    """Give every recipient its fate; recipients with the same next hop share a copy."""
    found = list(addressees(at, item))
    return Categorized(
        gather(_copy(at, item, addressee) for addressee in found),
        tuple(step for addressee in found for step in addressee.resolution.steps),
        tuple(_outcome(addressee, rule) for addressee in found for rule in addressee.rules),
    )


def _outcome(addressee: Addressee, rule: Evaluated[TransportRule]) -> RuleOutcome:
    action = f"RouteMessageOutboundConnector {rule.subject.route_message_outbound_connector}"
    return RuleOutcome(rule.subject.name, action, (addressee.recipient.path,), rule.because)


def _copy(at: PointOfView, item: Item, addressee: Addressee) -> Copy:
    """Decide how one recipient goes on: by a rule's connector, into a mailbox, back to the sender, or out."""
    by_rule = route_by_rule(at, item, addressee)
    if by_rule is not None:
        return by_rule
    unknown = not_found(addressee)
    because = (*addressee.resolution.because, *unknown)
    refused = replies.UNKNOWN_RECIPIENT if any(each.failed for each in unknown) else None
    fate = fate_in_directory(addressee.resolution, looped=replies.FORWARDING_LOOP, unknown=refused)
    if fate is None:
        return route(at, item, addressee, because)
    why = Decision("recipient", None, because, in_words(fate))
    return Copy(envelope=addressee.envelope(item), message=item.message, fate=fate, because=why)
