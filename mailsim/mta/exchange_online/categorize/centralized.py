"""Centralized mail transport: what comes in goes on-premises first, and what came from there is not sent back.

Called by ``categorize`` before anybody looks for mailboxes, and by ``route``. How the service knows that a message has been
on-premises is not documented; here it is what attribution wrote into the header: Originating, by a session.

Sources: "Transport routing in Exchange hybrid deployments" (incoming mail with centralized mail transport), KB 3194415.
"""

from __future__ import annotations

from mailsim.mail.envelope import Recipient
from mailsim.mta.copies import single
from mailsim.mta.exchange_online import headers
from mailsim.mta.exchange_online.config import Tenant
from mailsim.mta.exchange_online.receive.attribution import INCOMING, ORIGINATING, Owners
from mailsim.mta.exchange_online.send.selection import choose_for_incoming
from mailsim.mta.exchange_online.send.sending import relay_by
from mailsim.mta.kind import Copy, Item, PointOfView
from mailsim.reason.check import Check, check
from mailsim.reason.cite import assumed
from mailsim.reason.decision import Decision

VISITED = assumed(
    "exo-visited-on-premises",
    "a message has been on-premises when an OnPremises inbound connector brought it",
)


def came_from_on_premises(item: Item, tenant: Tenant) -> bool:
    """Tell whether an OnPremises inbound connector of the tenant brought the message."""
    return _direction(item, tenant) == ORIGINATING


def is_incoming(item: Item, tenant: Tenant) -> Check:
    """The message is anonymous mail for the tenant that has not been on-premises."""
    direction = _direction(item, tenant)
    saw = {
        INCOMING: "Incoming: the session met no OnPremises inbound connector",
        ORIGINATING: "Originating: it came by an OnPremises inbound connector",
    }
    return check(
        direction == INCOMING,
        "has been on-premises",
        saw=saw.get(direction, "the tenant's own mailboxes sent it"),
        wanted="mail that did not",
        cite=VISITED,
    )


def by_way_of_on_premises(at: PointOfView, item: Item, tenant: Tenant, recipient: Recipient) -> Copy | None:
    """Send a recipient of incoming mail on-premises, mailboxes of the tenant included.

    Returns:
        None where the tenant has no centralized mail transport, or the message has been on-premises.
    """
    choice = choose_for_incoming(tenant)
    arrives = is_incoming(item, tenant)
    if choice is None or choice.chosen is None or arrives.failed:
        return None
    connector = choice.chosen
    return Copy(
        envelope=single(item.envelope, recipient, item.envelope.reverse_path),
        message=headers.leave(at, item.message, tenant, connector),
        fate=relay_by(at, connector, recipient.path.domain),
        because=Decision(
            f"route of {recipient.path}", None, (arrives, choice), f"connector {connector.name!r}"
        ),
    )


def not_sent_back(item: Item, tenant: Tenant) -> tuple[Check, ...]:
    """Say why a message stays here, where the tenant has centralized mail transport and it has been on-premises."""
    if choose_for_incoming(tenant) is None:
        return ()
    arrives = is_incoming(item, tenant)
    return (arrives,) if arrives.failed else ()


def _direction(item: Item, tenant: Tenant) -> str:
    """Return how the message came to the tenant; empty for what a mailbox or the service itself wrote."""
    if item.facts is None or item.facts.user:
        return ""
    owners: Owners = item.context
    return item.message.value(headers.DIRECTION) if owners.first == tenant.name else INCOMING
