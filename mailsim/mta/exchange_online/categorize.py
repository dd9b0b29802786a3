"""The categorizer of Exchange Online: whose recipients, resolved to what, by which rule and connector.

A recipient is resolved in the directory of the tenant that the mail is attributed to; transport rules run on the
resolved recipient; then it is delivered, refused or routed. Sources: "Set up connectors to route mail", "Conditional
mail routing", "Manage accepted domains".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from mailsim.errors import Bug
from mailsim.mail.envelope import Envelope, Recipient
from mailsim.mta.copies import gather, single
from mailsim.mta.exchange_online import headers, replies
from mailsim.mta.exchange_online.accepted_domain import DomainType
from mailsim.mta.exchange_online.attribution import Owners
from mailsim.mta.exchange_online.config import ExchangeOnlineConfig, Tenant
from mailsim.mta.exchange_online.outbound_connector import (
    OutboundConnector,
    choose_outbound_connector,
    connector_named,
)
from mailsim.mta.exchange_online.send import relay_by
from mailsim.mta.kind import (
    Categorized,
    Copy,
    Deliver,
    Drop,
    Fate,
    Item,
    Notice,
    PointOfView,
    Refuse,
    RuleOutcome,
)
from mailsim.mta.resolution import Resolution, Resolver
from mailsim.mta.rules.rule import TransportRule
from mailsim.mta.rules.run import rules_for
from mailsim.reason.check import Check, check
from mailsim.reason.cite import documented
from mailsim.reason.decision import Decision, Reason
from mailsim.reason.order import Evaluated

RESOLUTION = documented("ms:accepted-domains-exo", "Manage accepted domains in Exchange Online")


@dataclass(frozen=True, slots=True)
class Addressee:
    """One recipient of an item.

    Args:
        tenant: whose mail it is.
        resolution: what the recipient became in the tenant's directory.
        rules: the transport rules that apply to it.
    """

    tenant: Tenant
    resolution: Resolution
    rules: tuple[Evaluated[TransportRule], ...]

    @property
    def recipient(self) -> Recipient:
        """Return the recipient as it is now addressed."""
        return self.resolution.recipient


def categorize(at: PointOfView, item: Item) -> Categorized:
    """Give every recipient its fate; recipients with the same next hop share a copy."""
    addressees = [
        addressee for recipient in item.envelope.recipients for addressee in _addressees(at, item, recipient)
    ]
    return Categorized(
        gather(_copy(at, item, addressee) for addressee in addressees),
        tuple(step for addressee in addressees for step in addressee.resolution.steps),
        tuple(_outcome(addressee, rule) for addressee in addressees for rule in addressee.rules),
    )


def owner_of_notice(at: PointOfView, item: Item, notices: tuple[Notice, ...]) -> Tenant:
    """Return the tenant whose recipient is told of first, also where it was resolved to somebody outside."""
    told = notices[0].recipient.path
    became = (
        (each, recipient)
        for recipient in item.envelope.recipients
        for each in _addressees(at, item, recipient)
    )
    found = (each.tenant for each, recipient in became if told in (recipient.path, each.recipient.path))
    return next(found, None) or _owner(at, item, item.envelope.recipients[0])


def _owner(at: PointOfView, item: Item, recipient: Recipient) -> Tenant:
    """Return the tenant whose mail this is for one recipient as it arrived."""
    config: ExchangeOnlineConfig = at.mta.config
    owners: Owners = item.context
    tenant = config.tenant(owners.of(recipient.path))
    if tenant is None:
        raise Bug(f"{item.name} belongs to no tenant")
    return tenant


def _addressees(at: PointOfView, item: Item, recipient: Recipient) -> Iterator[Addressee]:
    """Resolve one recipient and run the rules on everybody it stands for."""
    tenant = _owner(at, item, recipient)
    resolver = Resolver(
        tenant.directory, owner=tenant.name, default_domain=tenant.default_domain, cite=RESOLUTION
    )
    for resolution in resolver.resolve(recipient, item.envelope.reverse_path):
        exempt = resolution.looped or _is_report(item)
        ran = () if exempt else rules_for(tenant.transport_rules, resolution.last_seen)
        yield Addressee(tenant, resolution, tuple(rule for rule in ran if rule.applies))


def _is_report(item: Item) -> bool:
    """Tell whether transport rules leave the message alone: non-delivery reports, made here or elsewhere."""
    kind = item.message.value("Content-Type").lower()
    arrived = item.envelope.reverse_path is None and kind.startswith("multipart/report")
    return item.report or arrived


def _outcome(addressee: Addressee, rule: Evaluated[TransportRule]) -> RuleOutcome:
    action = f"RouteMessageOutboundConnector {rule.subject.route_message_outbound_connector}"
    return RuleOutcome(rule.subject.name, action, (addressee.recipient.path,), rule.because)


def _copy(at: PointOfView, item: Item, addressee: Addressee) -> Copy:
    """Decide how one recipient goes on: by a rule's connector, into a mailbox, back to the sender, or out."""
    forced = _forced(addressee)
    if forced is not None:
        return _route(at, item, addressee, forced)
    unknown = _not_found(addressee)
    because = (*addressee.resolution.because, *unknown)
    fate = _fate_here(addressee.resolution, unknown)
    if fate is None:
        tenant, to = addressee.tenant, addressee.recipient.path
        choice = choose_outbound_connector(tenant.outbound_connectors, tenant.accepted_domains, to)
        return _route(at, item, addressee, Decision(choice.question, choice.chosen, (*because, choice)))
    why = Decision("recipient", None, because, _answer(fate))
    return Copy(envelope=_envelope(item, addressee), message=item.message, fate=fate, because=why)


def _fate_here(resolution: Resolution, unknown: tuple[Check, ...]) -> Fate | None:
    """Return the fate of a recipient that goes no further, None for one that is routed."""
    if resolution.refused is not None:
        return Refuse(resolution.refused)
    if resolution.looped:
        return Refuse(replies.FORWARDING_LOOP)
    if resolution.is_empty_group:
        return Drop("the group has no members")
    if resolution.mailbox is not None:
        return Deliver(resolution.mailbox)
    if any(each.failed for each in unknown):
        return Refuse(replies.UNKNOWN_RECIPIENT)
    return None


def _answer(fate: Fate) -> str:
    if isinstance(fate, Drop):
        return fate.reason
    return fate.reply.text if isinstance(fate, Refuse) else "delivered here"


def _envelope(item: Item, addressee: Addressee) -> Envelope:
    return single(item.envelope, addressee.recipient, addressee.resolution.reverse_path)


def _forced(addressee: Addressee) -> Decision[OutboundConnector | None] | None:
    """Return the connector to which the last rule that applies sends the recipient."""
    named = [
        (connector, rule)
        for rule in addressee.rules
        if (
            connector := connector_named(
                addressee.tenant.outbound_connectors, rule.subject.route_message_outbound_connector
            )
        )
    ]
    if not named:
        return None
    connector, rule = named[-1]
    because: tuple[Reason, ...] = (*addressee.resolution.because, rule.because)
    return Decision(f"route of {addressee.recipient.path}", connector, because)


def _not_found(addressee: Addressee) -> tuple[Check, ...]:
    """Hold against a recipient that is not in the directory that its domain is authoritative."""
    if addressee.resolution.ended_at is not None:
        return ()
    domain = addressee.recipient.path.domain
    accepted = addressee.tenant.accepted(domain)
    return (
        check(
            accepted is None or accepted.domain_type is not DomainType.AUTHORITATIVE,
            f"DomainType of {domain}",
            saw=accepted.domain_type.value if accepted else "not an accepted domain",
            wanted="a known recipient, or a domain that is not Authoritative",
            cite=RESOLUTION,
            source=str(accepted.origin or "") if accepted else "",
        ),
    )


def _route(at: PointOfView, item: Item, addressee: Addressee, by: Decision[OutboundConnector | None]) -> Copy:
    """Send a recipient out by a connector, or by the MX of its domain where there is none."""
    connector, path = by.value, addressee.recipient.path
    answer = f"connector {connector.name!r}" if connector else f"MX of {path.domain}"
    return Copy(
        envelope=_envelope(item, addressee),
        message=headers.leave(at, item.message, addressee.tenant, connector),
        fate=relay_by(at, connector, path.domain),
        because=Decision(f"route of {path}", None, by.because, answer),
    )
