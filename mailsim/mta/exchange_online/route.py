"""How a recipient leaves Exchange Online: by the connector that a rule names, by the one that serves it, or by MX.

Sources: "Set up connectors to route mail", "Conditional mail routing".
"""

from __future__ import annotations

from mailsim.mta.exchange_online import headers
from mailsim.mta.exchange_online.outbound_connector import (
    OutboundConnector,
    choose_outbound_connector,
    connector_named,
)
from mailsim.mta.exchange_online.recipients import Addressee
from mailsim.mta.exchange_online.send import relay_by
from mailsim.mta.kind import Copy, Item, PointOfView
from mailsim.reason.decision import Decision, Reason


def route(at: PointOfView, item: Item, addressee: Addressee, because: tuple[Reason, ...]) -> Copy:
    """Send a recipient out by the outbound connector that serves it, or by the MX of its domain."""
    tenant, to = addressee.tenant, addressee.recipient.path
    choice = choose_outbound_connector(tenant.outbound_connectors, tenant.accepted_domains, to)
    return _leave(at, item, addressee, Decision(choice.question, choice.chosen, (*because, choice)))


def route_by_rule(at: PointOfView, item: Item, addressee: Addressee) -> Copy | None:
    """Send a recipient out by the connector that the last rule for it names; None where no rule names one."""
    forced = _forced(addressee)
    return _leave(at, item, addressee, forced) if forced is not None else None


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


def _leave(at: PointOfView, item: Item, addressee: Addressee, by: Decision[OutboundConnector | None]) -> Copy:
    """Send a recipient out by a connector, or by the MX of its domain where there is none."""
    connector, path = by.value, addressee.recipient.path
    answer = f"connector {connector.name!r}" if connector else f"MX of {path.domain}"
    return Copy(
        envelope=addressee.envelope(item),
        message=headers.leave(at, item.message, addressee.tenant, connector),
        fate=relay_by(at, connector, path.domain),
        because=Decision(f"route of {path}", None, by.because, answer),
    )
