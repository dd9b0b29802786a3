"""The header fields Exchange Server adds, keeps and strips.

Sources: "Header firewall", Set-SendConnector (CloudServicesMailEnabled); forms of Received observed in published
headers. AuthMechanism is not written: what its numbers mean is not documented.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from mailsim.mail.date import mail_date
from mailsim.mail.message import HeaderField, Message, header_field
from mailsim.mta import cross_premises
from mailsim.mta.exchange_server import defaults
from mailsim.mta.exchange_server.receive.permissions import Permissions
from mailsim.mta.exchange_server.receive.receive_connector import ReceiveConnector
from mailsim.mta.exchange_server.receive.rights import Principal, Right
from mailsim.mta.exchange_server.receive.usage import TransportRole
from mailsim.mta.exchange_server.send.send_connector import SendConnector
from mailsim.mta.kind import PointOfView, Session
from mailsim.mta.relaying.reports import message_id
from mailsim.reason.check import Check, check
from mailsim.reason.cite import assumed, documented
from mailsim.reason.decision import Decision, Reason

FIREWALL = documented("ms:header-firewall", "Organization and Forest headers")
AUTHOR = assumed("ms:receive-connector-permissions", "Accept-Authentication-Flag makes AuthAs Internal")
CROSS_PREMISES = documented("ms:set-receiveconnector", "TlsDomainCapabilities")

_PREFIXES: Mapping[Right, str] = {
    Right.ACCEPT_HEADERS_ORGANIZATION: cross_premises.ORGANIZATION,
    Right.ACCEPT_HEADERS_FOREST: cross_premises.FOREST,
}

# the field by which a message counts as internal or not
_AUTHOR_FIELD = f"{cross_premises.CROSS_PREMISES}AuthAs".lower()

# rfc5321:4.4 the By-domain of a Received field
_BY = re.compile(r"(?:^|\s)by\s+([^\s;()]+)", re.IGNORECASE)

# the ciphers that published Received fields name for each version
_CIPHERS = {
    "TLS1_0": "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA_P384",
    "TLS1_1": "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA_P384",
    "TLS1_2": "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
    "TLS1_3": "TLS_AES_256_GCM_SHA384",
}


@dataclass(frozen=True, slots=True)
class Arrival:
    """A message as it came through the header firewall.

    Args:
        message: stripped, promoted and stamped.
        internal: whether it counts as authored inside the organization.
        because: what decided about its headers and its author.
    """

    message: Message
    internal: bool
    because: tuple[Reason, ...]


def arrive(at: PointOfView, session: Session, message: Message, granted: Permissions) -> Arrival:
    """Apply the header firewall to a message that came by SMTP, and stamp it."""
    promoted = header_field("X-CrossPremisesHeadersPromoted", at.mta.fqdn)
    trusted = granted.brings_cloud_mail
    passed = cross_premises.arrive(
        _routed(message, granted),
        trusted=trusted,
        server=at.mta.fqdn,
        promoted=promoted,
        kept=tuple(prefix for right, prefix in _PREFIXES.items() if right in granted),
    )
    author = _author(passed, granted)
    if not cross_premises.auth_as(passed):
        passed = cross_premises.stamp(passed, auth_as=author.value, source=at.mta.fqdn)
    because: tuple[Reason, ...] = (*_crossing(session, message, trusted=trusted), author)
    return Arrival(passed.with_top(*_received(at, session)), author.value == "Internal", because)


def _routed(message: Message, granted: Permissions) -> Message:
    """Strip Received and Resent fields unless the session may bring them."""
    if Right.ACCEPT_HEADERS_ROUTING in granted:
        return message
    return message.without(lambda name: name == "received" or name.startswith("resent-"))


def _author(message: Message, granted: Permissions) -> Decision[str]:
    """Decide AuthAs: what the header says after the firewall, else by who sent it.

    Source: the rights are documented; that they make AuthAs, and for whom, is inferred.
    """
    stamped = cross_premises.auth_as(message)
    flagged = Right.ACCEPT_AUTHENTICATION_FLAG in granted
    trusted = flagged or granted.principal is Principal.AUTHENTICATED_USERS
    partner = granted.principal is Principal.PARTNER_SERVERS
    because = (
        check(bool(stamped), "AuthAs in the header", saw=stamped or "none that may stay", cite=FIREWALL),
        check(
            trusted,
            f"right {Right.ACCEPT_AUTHENTICATION_FLAG.value}, or an authenticated user",
            saw=granted.principal.value,
            wanted="a session that counts as internal",
            cite=AUTHOR,
        ),
    )
    author = stamped or ("Internal" if trusted else "Partner" if partner else "Anonymous")
    return Decision("AuthAs", author, because, author)


def _crossing(session: Session, message: Message, *, trusted: bool) -> tuple[Check, ...]:
    """Say what becomes of cross-premises headers, naming the property that would let them in."""
    carried = cross_premises.brought(message)
    if not carried:
        return ()
    connector: ReceiveConnector = session.receiving
    author = (each for each in carried if each.name.lower() == _AUTHOR_FIELD)
    shown = next(author, carried[0])
    first = f"{shown.name}: {shown.value}"
    return (
        check(
            trusted,
            f"cross-premises headers, by TlsDomainCapabilities of {connector.name!r}",
            saw=f"{first} is {'promoted' if trusted else 'filtered: the session is not trusted with it'}",
            wanted="a validated client certificate for a domain with AcceptCloudServicesMail",
            cite=CROSS_PREMISES,
            source=connector.source("TlsDomainCapabilities"),
        ),
    )


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


def _received(at: PointOfView, session: Session) -> tuple[HeaderField, ...]:
    """Write the fields of the services a message passed, newest first: Transport, and Front End before it."""
    connector: ReceiveConnector = session.receiving
    facts, fqdn, own, date = session.facts, at.mta.fqdn, at.mta.addresses[0], mail_date(at.now)
    tls = f" (version={facts.tls.version}, cipher={_CIPHERS[facts.tls.version]})" if facts.tls else ""
    by = connector.fqdn or fqdn
    outside = (
        f"from {facts.ehlo} ({facts.peer_ip}) by {by} ({facts.local_ip}) with Microsoft SMTP Server{tls}"
    )
    outside += f" id {defaults.BUILD}"
    if connector.transport_role is TransportRole.HUB_TRANSPORT:
        return (header_field("Received", f"{outside}; {date}"),)
    inside = f"from {fqdn} ({own}) by {fqdn} ({own}) with Microsoft SMTP Server (version=TLS1_2, "
    inside += f"cipher={_CIPHERS['TLS1_2']}) id {defaults.BUILD}; {date}"
    front = f"{outside} via Frontend Transport; {date}"
    return header_field("Received", inside), header_field("Received", front)


def local_hops(at: PointOfView, session: Session, message: Message) -> int:
    """Count the Received fields that this server wrote."""
    connector: ReceiveConnector = session.receiving
    own = {at.mta.fqdn.lower(), (connector.fqdn or at.mta.fqdn).lower()}
    found = (_BY.search(value) for value in message.values("Received"))
    return sum(by is not None and by[1].lower() in own for by in found)
