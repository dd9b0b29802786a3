"""What makes mail from the tenant's own servers internal.

A connector with CloudServicesMailEnabled may bring cross-premises headers, and AuthAs is what they say; one with
TreatMessagesAsInternal makes mail of accepted domains internal without them. So is mail of a mailbox that signed in. Everything else is Anonymous, Partner
connectors included. The conditions are assembled from several pages, since the one article about them lists none.

Sources: Set-InboundConnector, "Header firewall", KB 3079142.
"""

from __future__ import annotations

from enum import Enum

from mailsim.mail.address import ReversePath
from mailsim.mail.author import author_of
from mailsim.mail.message import Message
from mailsim.mta.cross_premises import CROSS_PREMISES
from mailsim.mta.exchange_online.config import Tenant
from mailsim.mta.exchange_online.receive.attribution import Attributed
from mailsim.mta.exchange_online.receive.inbound_connector import InboundConnector
from mailsim.mta.exchange_online.receive.receive_assumptions import PROMOTION_SENDER
from mailsim.mta.kind import PointOfView
from mailsim.mta.setting import is_on
from mailsim.reason.check import Check, check
from mailsim.reason.cite import assumed, documented
from mailsim.reason.decision import Decision
from mailsim.world.facts import SessionFacts

PROMOTION = documented("ms:set-inboundconnector", "CloudServicesMailEnabled")
AS_INTERNAL = documented("ms:set-inboundconnector", "TreatMessagesAsInternal")

AUTH_AS = CROSS_PREMISES + "AuthAs"


class Trust(Enum):
    """What a session may say about who wrote its mail."""

    NONE = "Anonymous"
    HEADERS = "as its cross-premises headers say"
    INTERNAL = "Internal"


def judge_trust(
    at: PointOfView, facts: SessionFacts, attributed: Attributed, sender: ReversePath, message: Message
) -> Decision[Trust]:
    """Decide whether mail that arrives counts as written inside the tenant.

    Args:
        at: the service.
        facts: the session.
        attributed: whose mail it is.
        sender: MAIL FROM.
        message: as received.
    """
    tenant, connector = attributed.tenant, attributed.connector
    if attributed.user:
        return _decided(Trust.INTERNAL, _signed_in(attributed.user))
    if tenant is None or connector is None or not connector.on_premises:
        saw = f"{attributed.direction} mail"
        saw += f" by Partner connector {connector.name!r}" if connector else ", no connector"
        wanted = "Originating mail by an OnPremises connector"
        return _decided(Trust.NONE, check(False, "inbound connector", saw=saw, wanted=wanted, cite=PROMOTION))
    if connector.treat_messages_as_internal:
        own = _own_sender(tenant, connector, sender)
        return _decided(Trust.NONE if own.failed else Trust.INTERNAL, own)
    checks = (
        _preserves(connector),
        _secured(facts),
        _sender_accepted(at, tenant, sender, message),
        _brings_author(message),
    )
    promotes = not any(each.failed for each in checks[:3])
    return _decided(Trust.HEADERS if promotes else Trust.NONE, *checks)


def _decided(trust: Trust, *checks: Check) -> Decision[Trust]:
    return Decision("author (AuthAs)", trust, checks, trust.value)


def _signed_in(user: str) -> Check:
    cite = assumed("ms:multifunction-devices", "that mail of a mailbox is written inside is inferred")
    return check(True, "signed in", saw=user, cite=cite)


def _own_sender(tenant: Tenant, connector: InboundConnector, sender: ReversePath) -> Check:
    return check(
        sender is not None and tenant.accepted(sender.domain) is not None,
        "TreatMessagesAsInternal True",
        saw=f"sender {sender or '<>'}",
        wanted=f"one of {_domains(tenant)}",
        cite=AS_INTERNAL,
        source=connector.source("TreatMessagesAsInternal"),
    )


def _preserves(connector: InboundConnector) -> Check:
    value = connector.cloud_services_mail_enabled
    return is_on(connector, "CloudServicesMailEnabled", value, cite=PROMOTION, of=connector.name)


def _secured(facts: SessionFacts) -> Check:
    saw = facts.tls.version if facts.tls else "no TLS"
    return check(facts.tls is not None, "session", saw=saw, wanted="TLS", cite=PROMOTION)


def _sender_accepted(at: PointOfView, tenant: Tenant, sender: ReversePath, message: Message) -> Check:
    choice = at.assumed(PROMOTION_SENDER)
    domains = [sender.domain] if sender else []
    domains += [from_domain(message)] if choice == "either" else []
    own = sender is not None and tenant.accepted(sender.domain) is not None
    accepted = any(tenant.accepted(domain) is not None for domain in domains)
    return check(
        accepted or choice == "nobody" or sender is None,
        "sender domain",
        saw=", ".join(domains) or "<>",
        wanted=f"one of {_domains(tenant)}",
        cite=PROMOTION if own else PROMOTION_SENDER.cite(choice),
    )


def _brings_author(message: Message) -> Check:
    brought = message.value(AUTH_AS)
    return check(
        brought == "Internal",
        AUTH_AS,
        saw=brought or "absent",
        wanted="Internal, which a Send connector with CloudServicesMailEnabled True carries over",
        cite=PROMOTION,
    )


def from_domain(message: Message) -> str:
    """Return the domain of the first address in the From field, lower case; empty where there is none."""
    author = author_of(message)
    return author.domain if author else ""


def _domains(tenant: Tenant) -> str:
    return ", ".join(each.domain_name for each in tenant.accepted_domains)
