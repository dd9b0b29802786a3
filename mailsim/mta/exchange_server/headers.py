"""The header fields Exchange Server adds, keeps and strips.

Sources: "Header firewall", Set-SendConnector (CloudServicesMailEnabled); forms of Received observed in published
headers. AuthMechanism is not written: what its numbers mean is not documented.
"""

from __future__ import annotations

from mailsim.mail.date import mail_date
from mailsim.mail.message import HeaderField, Message, header_field
from mailsim.mta import cross_premises
from mailsim.mta.exchange_server import defaults
from mailsim.mta.exchange_server.send_connector import SendConnector
from mailsim.mta.kind import PointOfView, Session
from mailsim.mta.relaying.reports import message_id

# the ciphers that published Received fields name for each version
_CIPHERS = {"TLS1_2": "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "TLS1_3": "TLS_AES_256_GCM_SHA384"}


def arrive(at: PointOfView, session: Session, message: Message, *, trusted: bool) -> tuple[Message, bool]:
    """Apply the header firewall and stamp a message that came by SMTP.

    Returns:
        The message, and whether it counts as internal: only what a trusted session brought as Internal does.
    """
    promoted = header_field("X-CrossPremisesHeadersPromoted", at.mta.fqdn)
    passed = cross_premises.arrive(message, trusted=trusted, server=at.mta.fqdn, promoted=promoted)
    author = cross_premises.auth_as(passed) or "Anonymous"
    if not cross_premises.auth_as(passed):
        passed = cross_premises.stamp(passed, auth_as=author, source=at.mta.fqdn)
    return passed.with_top(*_received(at, session)), author == "Internal"


def submit(at: PointOfView, message: Message, name: str) -> Message:
    """Stamp a message that a mailbox of the organization hands in."""
    stamped = cross_premises.stamp(cross_premises.submitted(message), auth_as="Internal", source=at.mta.fqdn)
    by = f"from {at.mta.fqdn} ([{at.mta.addresses[0]}]) by {at.mta.fqdn} ([{at.mta.addresses[0]}])"
    trace = header_field("Received", f"{by} with mapi id {defaults.BUILD}; {mail_date(at.now)}")
    missing = (
        [] if message.value("Message-ID") else [header_field("Message-ID", message_id(name, at.mta.fqdn))]
    )
    missing += [] if message.value("Date") else [header_field("Date", mail_date(at.now))]
    return stamped.with_top(trace, *missing)


def leave(at: PointOfView, message: Message, connector: SendConnector) -> Message:
    """Prepare a message for the outside."""
    return cross_premises.leave(message, preserve=connector.cloud_services_mail_enabled, server=at.mta.fqdn)


def _received(at: PointOfView, session: Session) -> tuple[HeaderField, HeaderField]:
    """Write the two fields of the Transport and Front End services, newest first."""
    facts, fqdn, own = session.facts, at.mta.fqdn, at.mta.addresses[0]
    tls = f"version={facts.tls.version}, cipher={_CIPHERS[facts.tls.version]}" if facts.tls else ""
    inside = f"version=TLS1_2, cipher={_CIPHERS['TLS1_2']}"
    date = mail_date(at.now)
    front = f"from {facts.ehlo} ({facts.peer_ip}) by {fqdn} ({facts.local_ip}) with Microsoft SMTP Server"
    front += f"{f' ({tls})' if tls else ''} id {defaults.BUILD} via Frontend Transport; {date}"
    hub = f"from {fqdn} ({own}) by {fqdn} ({own}) with Microsoft SMTP Server ({inside}) id {defaults.BUILD}; {date}"
    return header_field("Received", hub), header_field("Received", front)
