"""The header fields Exchange Online adds, keeps and strips.

Sources: "Header firewall", New-InboundConnector (CloudServicesMailEnabled), KB 3079142; forms observed in published
headers. What a session may say about the author is decided in ``promotion``.
"""

from __future__ import annotations

from dataclasses import replace

from mailsim.mail.date import mail_date
from mailsim.mail.message import HeaderField, Message, header_field
from mailsim.mta import cross_premises
from mailsim.mta.exchange_online import defaults
from mailsim.mta.exchange_online.config import Tenant
from mailsim.mta.exchange_online.receive.attribution import Attributed
from mailsim.mta.exchange_online.receive.promotion import Trust
from mailsim.mta.exchange_online.send.outbound_connector import OutboundConnector
from mailsim.mta.kind import PointOfView, Session
from mailsim.mta.relaying.reports import message_id

DIRECTION = cross_premises.ORGANIZATION + "MessageDirectionality"
PROMOTED = cross_premises.ORGANIZATION + "Cross-Premises-Headers-Promoted"
RESULTS = "Authentication-Results"
_CIPHERS = {
    "TLS1_0": "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA_P384",
    "TLS1_1": "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA_P384",
    "TLS1_2": "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
    "TLS1_3": "TLS_AES_256_GCM_SHA384",
}


def arrive(
    at: PointOfView, session: Session, message: Message, attributed: Attributed, trust: Trust
) -> Message:
    """Apply the header firewall and stamp a message that came by SMTP."""
    promoted = header_field(PROMOTED, at.mta.fqdn)
    passed = cross_premises.arrive(
        message, trusted=trust is Trust.HEADERS, server=at.mta.fqdn, promoted=promoted
    )
    if not cross_premises.auth_as(passed):
        author = "Internal" if trust is Trust.INTERNAL else "Anonymous"
        passed = cross_premises.stamp(passed, auth_as=author, source=at.mta.fqdn)
    direction = header_field(DIRECTION, attributed.direction)
    return passed.with_top(_received(at, session), direction)


def rename_results(message: Message) -> Message:
    """Rename what other hosts wrote about authentication, so that only the service's own word stands (observed)."""
    if not message.values(RESULTS):
        return message
    header = tuple(
        HeaderField(b"Authentication-Results-Original" + each.raw[len(RESULTS) :])
        if each.name.lower() == RESULTS.lower()
        else each
        for each in message.header
    )
    return replace(message, header=header)


def submit(at: PointOfView, message: Message, name: str) -> Message:
    """Stamp a message that a mailbox of a tenant hands in."""
    stamped = cross_premises.stamp(cross_premises.submitted(message), auth_as="Internal", source=at.mta.fqdn)
    by = f"from {at.mta.fqdn} ([{at.mta.addresses[0]}]) by {at.mta.fqdn} ([{at.mta.addresses[0]}])"
    trace = header_field("Received", f"{by} with mapi id {defaults.BUILD}; {mail_date(at.now)}")
    missing = [header_field(DIRECTION, "Originating")]
    missing += (
        [] if message.value("Message-ID") else [header_field("Message-ID", message_id(name, at.mta.fqdn))]
    )
    missing += [] if message.value("Date") else [header_field("Date", mail_date(at.now))]
    return stamped.with_top(trace, *missing)


def leave(at: PointOfView, message: Message, tenant: Tenant, connector: OutboundConnector | None) -> Message:
    """Prepare a message for the outside; every one names the tenant it comes from."""
    preserve = connector is not None and connector.cloud_services_mail_enabled
    left = cross_premises.leave(message, preserve=preserve, server=at.mta.fqdn)
    originator = left.without(lambda name: name == "x-originatororg")
    return originator.with_top(header_field("X-OriginatorOrg", tenant.default_domain))


def own_hops(at: PointOfView, message: Message) -> int:
    """Count how often the message passed this service; the counting rule is inferred."""
    here = f" by {at.mta.fqdn.lower()} "
    return sum(
        "via frontend transport" in value.lower() and here in value.lower()
        for value in message.values("Received")
    )


def _received(at: PointOfView, session: Session) -> HeaderField:
    facts = session.facts
    tls = f" (version={facts.tls.version}, cipher={_CIPHERS[facts.tls.version]})" if facts.tls else ""
    value = f"from {facts.ehlo} ({facts.peer_ip}) by {at.mta.fqdn} ({facts.local_ip}) with Microsoft SMTP Server{tls}"
    return header_field(
        "Received", f"{value} id {defaults.BUILD} via Frontend Transport; {mail_date(at.now)}"
    )
