"""The categorizer of Exchange Online: whose recipients, within what limits, resolved to what, by which rule and connector.

Mail to a rewritten sender turns back first. A rule that names a connector sends even a mailbox's mail out by it;
centralized mail transport takes incoming mail on-premises; then it is delivered, refused or routed. What is refused while
it is resolved meets no rule.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from mailsim.mail.envelope import Recipient
from mailsim.mta.copies import gather
from mailsim.mta.exchange_online import replies
from mailsim.mta.exchange_online.categorize.bounces import turn_back
from mailsim.mta.exchange_online.categorize.centralized import by_way_of_on_premises, not_sent_back
from mailsim.mta.exchange_online.categorize.leaving import leaving
from mailsim.mta.exchange_online.categorize.limits import sender_limits
from mailsim.mta.exchange_online.categorize.quarantine import quarantined
from mailsim.mta.exchange_online.categorize.recipients import (
    Addressee,
    addressees,
    by_owner,
    not_found,
    sender_of,
)
from mailsim.mta.exchange_online.categorize.route import route, route_by_rule, rule_choice, unused
from mailsim.mta.exchange_online.config import Tenant
from mailsim.mta.kind import Categorized, Copy, Item, PointOfView, Resolved, RuleOutcome
from mailsim.mta.resolution import fate_in_directory, in_words
from mailsim.mta.rules.rule import TransportRule
from mailsim.mta.unmodelled import unmodelled
from mailsim.reason.decision import Decision, Reason
from mailsim.reason.order import Evaluated


def categorize(at: PointOfView, item: Item) -> Categorized:
    """Give every recipient its fate; recipients with the same next hop share a copy."""
    item, turned = turn_back(at, item)
    ways = [
        way
        for tenant, recipients in by_owner(at, item)
        for way in _within_limits(at, item, tenant, recipients)
    ]
    return Categorized(
        gather(copy for way in ways for copy in way.copies),
        (*turned, *(step for way in ways for step in way.steps)),
        tuple(outcome for way in ways for outcome in way.rules),
    )


@dataclass(frozen=True, slots=True)
class _Way:
    """What becomes of one recipient: its copies, how its address changed, and the rules that applied."""

    copies: tuple[Copy, ...]
    steps: tuple[Resolved, ...] = ()
    rules: tuple[RuleOutcome, ...] = ()


def _within_limits(
    at: PointOfView, item: Item, tenant: Tenant, recipients: tuple[Recipient, ...]
) -> Iterator[_Way]:
    """Send each recipient of a tenant's mail on its way, or refuse all where the sender is beyond a limit."""
    allowed = sender_limits(at, item, tenant, sender_of(at, item, tenant), len(recipients))
    if allowed.value is None:
        yield from (_way(at, item, recipient) for recipient in recipients)
        return
    envelope = replace(item.envelope, recipients=recipients)
    yield _Way((Copy(envelope=envelope, message=item.message, fate=allowed.value, because=allowed),))


def _way(at: PointOfView, item: Item, recipient: Recipient) -> _Way:
    """Quarantine for one recipient, send it on-premises as it is addressed, or everybody it stands for where they belong."""
    kept = quarantined(item, recipient)
    if kept is not None:
        return _Way((kept,))
    found = tuple(addressees(at, item, recipient))
    rules = tuple(_outcome(addressee, rule) for addressee in found for rule in addressee.rules)
    by_rule = any(rule_choice(addressee) for addressee in found)
    central = None if by_rule or not found else by_way_of_on_premises(at, item, found[0].tenant, recipient)
    if central is not None:
        return _Way((central,), (), rules)
    steps = tuple(step for addressee in found for step in addressee.resolution.steps)
    return _Way(tuple(_copy(at, item, addressee) for addressee in found), steps, rules)


def _outcome(addressee: Addressee, rule: Evaluated[TransportRule]) -> RuleOutcome:
    named = rule.subject.route_message_outbound_connector
    action = f"RouteMessageOutboundConnector {named}" if named else "applies, with what is not modelled"
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
    doubtful = (rule.because for rule in addressee.rules if rule.subject.unmodelled)
    noted: tuple[Reason, ...] = (
        *not_sent_back(item, tenant),
        *unmodelled(tenant.transport_config),
        *doubtful,
    )
    because = (*resolution.because, *unused(at, addressee), *unknown, *noted, *judged)
    fate = fate or stopped
    if fate is None:
        return route(at, item, addressee, because)
    why = Decision("recipient", None, because, in_words(fate))
    return Copy(envelope=addressee.envelope(item), message=item.message, fate=fate, because=why)
