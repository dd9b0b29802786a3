"""The categorizer of Exchange Online: whose recipients, resolved to what, by which rule and connector.

A recipient is resolved in the directory of the tenant that the mail is attributed to; transport rules run on the
resolved recipient; then it is delivered, refused or routed. Sources: "Set up connectors to route mail", "Conditional
mail routing", "Manage accepted domains".
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from mailsim.mail.envelope import Recipient, orcpt_of
from mailsim.mta.exchange_online import defaults, headers, replies
from mailsim.mta.exchange_online.attribution import attribute
from mailsim.mta.exchange_online.config import DomainType, ExchangeOnlineConfig, OutboundConnector, Tenant
from mailsim.mta.exchange_online.send import choose_outbound_connector, connector_named, relay_by
from mailsim.mta.kind import (
    Categorized,
    Copy,
    Deliver,
    Fate,
    Item,
    PointOfView,
    Refuse,
    Resolved,
    RuleOutcome,
)
from mailsim.mta.rules.run import rules_for
from mailsim.reason.check import check
from mailsim.reason.cite import documented
from mailsim.reason.decision import Decision, Reason

RESOLUTION = documented("ms:accepted-domains-exo", "Manage accepted domains in Exchange Online")


@dataclass(frozen=True, slots=True)
class Handed:
    """The context of an item that did not come by SMTP: the tenant whose mailbox or service made it."""

    tenant: str


def categorize(at: PointOfView, item: Item) -> Categorized:
    """Give every recipient its fate; recipients with the same next hop share a copy."""
    copies: dict[Fate, Copy] = {}
    resolved: list[Resolved] = []
    ran: list[RuleOutcome] = []
    for recipient in item.envelope.recipients:
        copy = _one(at, item, recipient, resolved, ran)
        known = copies.get(copy.fate)
        together = (*known.recipients, *copy.recipients) if known else copy.recipients
        copies[copy.fate] = replace(copy, recipients=together)
    return Categorized(tuple(copies.values()), tuple(resolved), tuple(ran))


def _one(
    at: PointOfView, item: Item, recipient: Recipient, resolved: list[Resolved], ran: list[RuleOutcome]
) -> Copy:
    """Resolve one recipient, run the rules on it, and decide how it goes on."""
    tenant = owner(at, item, recipient)
    final, because, looped = _resolve(tenant, recipient, resolved)
    if looped:
        why = Decision("recipient", None, tuple(because), "a loop")
        return Copy(
            recipients=(final,), message=item.message, fate=Refuse(replies.FORWARDING_LOOP), because=why
        )
    forced = None if _is_report(item) else _rules(tenant, final, ran)
    if forced is not None:
        because.append(forced)
        return _route(at, item, tenant, final, forced.value, because)
    found = tenant.directory.find(final.path)
    if found is not None and found.target is None:
        why = Decision("recipient", None, tuple(because), "delivered here")
        return Copy(recipients=(final,), message=item.message, fate=Deliver(found.primary), because=why)
    if found is None and _authoritative(tenant, final, because):
        why = Decision("recipient", None, tuple(because), "unknown in an authoritative domain")
        return Copy(
            recipients=(final,), message=item.message, fate=Refuse(replies.UNKNOWN_RECIPIENT), because=why
        )
    choice = choose_outbound_connector(tenant, final.path)
    because.append(choice)
    return _route(at, item, tenant, final, choice.chosen, because)


def _is_report(item: Item) -> bool:
    """Tell whether transport rules leave the message alone: non-delivery reports, made here or elsewhere."""
    kind = item.message.value("Content-Type").lower()
    arrived = item.envelope.reverse_path is None and kind.startswith("multipart/report")
    return item.report or arrived


def owner(at: PointOfView, item: Item, recipient: Recipient) -> Tenant:
    """Return the tenant whose mail this is for one recipient."""
    config: ExchangeOnlineConfig = at.mta.config
    if isinstance(item.context, Handed):
        tenant = config.tenant(item.context.tenant)
    elif item.facts is not None:
        tenant = attribute(at, item.facts, item.envelope.reverse_path, recipient.path).value.tenant
    else:
        tenant = None
    if tenant is None:  # pragma: no cover - RCPT admits nobody's mail
        raise AssertionError(f"{item.name} belongs to no tenant")
    return tenant


def _resolve(
    tenant: Tenant, recipient: Recipient, resolved: list[Resolved]
) -> tuple[Recipient, list[Reason], bool]:
    """Follow mail users and contacts to where they point; True when they point in a circle."""
    because: list[Reason] = []
    current = recipient
    for _ in range(defaults.LONGEST_CHAIN):
        found = tenant.directory.find(current.path)
        saw = f"{current.path} is {found.kind.value if found else 'not in the directory'}"
        source = found.source if found else ""
        because.append(check(True, f"directory of {tenant.name}", saw=saw, cite=RESOLUTION, source=source))
        if found is None:
            return current, because, False
        if found.target is None:
            final = replace(current, path=found.primary, orcpt=orcpt_of(current, found.primary))
            if final.path != current.path:  # a proxy address becomes the primary one
                resolved.append(Resolved(current.path, final.path, found.kind.value))
            return final, because, False
        resolved.append(Resolved(current.path, found.target, found.kind.value))
        if found.target == current.path:
            return current, because, False
        current = replace(current, path=found.target, orcpt=orcpt_of(current, found.target))
    return current, because, True


def _rules(
    tenant: Tenant, recipient: Recipient, ran: list[RuleOutcome]
) -> Decision[OutboundConnector] | None:
    """Run the transport rules; return the connector that the last one that applies sends the recipient to."""
    forced: Decision[OutboundConnector] | None = None
    for rule in rules_for(tenant.transport_rules, tenant.directory.find(recipient.path)):
        if not rule.applies:
            continue
        name = rule.subject.route_message_outbound_connector
        connector = connector_named(tenant, name)
        ran.append(
            RuleOutcome(
                rule.subject.name, f"RouteMessageOutboundConnector {name}", (recipient.path,), rule.because
            )
        )
        if connector is not None:
            forced = Decision(
                f"route of {recipient.path}", connector, (rule.because,), f"rule sends it by {name!r}"
            )
    return forced


def _authoritative(tenant: Tenant, recipient: Recipient, because: list[Reason]) -> bool:
    """Tell whether the tenant should know this recipient, and write down why."""
    accepted = tenant.accepted(recipient.path.domain)
    mine = accepted is not None and accepted.domain_type is DomainType.AUTHORITATIVE
    because.append(
        check(
            not mine,
            f"DomainType of {recipient.path.domain}",
            saw=accepted.domain_type.value if accepted else "not an accepted domain",
            wanted="a known recipient, or a domain that is not Authoritative",
            cite=RESOLUTION,
            source=str(accepted.origin or "") if accepted else "",
        )
    )
    return mine


def _route(
    at: PointOfView,
    item: Item,
    tenant: Tenant,
    recipient: Recipient,
    connector: OutboundConnector | None,
    because: list[Reason],
) -> Copy:
    """Send a recipient out by a connector, or by the MX of its domain where there is none."""
    answer = f"connector {connector.name!r}" if connector else f"MX of {recipient.path.domain}"
    return Copy(
        recipients=(recipient,),
        message=headers.leave(at, item.message, tenant, connector),
        fate=relay_by(at, connector, recipient.path.domain),
        because=Decision(f"route of {recipient.path}", None, tuple(because), answer),
    )
