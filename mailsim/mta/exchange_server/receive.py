"""How Exchange Server receives: connector, rights, and the gates of MAIL, RCPT and DATA.

The Front End and Transport services of a server are listeners of one MTA. Sources: "Receive connectors in Exchange
Server", "Receive connector permission groups", Set-ReceiveConnector.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from mailsim.mail.address import Mailbox
from mailsim.mail.command import Mail, Rcpt
from mailsim.mail.date import mail_date
from mailsim.mail.envelope import Envelope
from mailsim.mail.message import Message
from mailsim.mail.reply import Reply
from mailsim.mta.exchange_server import headers, replies
from mailsim.mta.exchange_server.config import config_of, organization_of
from mailsim.mta.exchange_server.receive_connector import (
    CONNECTOR,
    LIMITS,
    Capability,
    PermissionGroup,
    ReceiveConnector,
    choose_receive_connector,
    encrypted,
    few_hops,
    few_recipients,
    fits,
)
from mailsim.mta.kind import Acceptance, Greeting, Item, PointOfView, ServerTls, Session
from mailsim.mta.relaying.reports import internal_id, message_id
from mailsim.mta.relaying.tls_policy import name_matches
from mailsim.reason.check import Check, check
from mailsim.reason.cite import documented
from mailsim.reason.decision import Decision, Gate, Reason, admit
from mailsim.world.facts import SessionFacts

RIGHTS = documented("ms:receive-connector-permissions", "Receive connector permission groups")
CAPABILITIES = documented("ms:set-receiveconnector", "TlsDomainCapabilities")
RELAY_BY_CAPABILITY = documented("kb3156771", "relay of cloud users' mail by the matched capability")


class Right(Enum):
    """What a session may do, without Microsoft's prefix ``ms-Exch-SMTP-``."""

    SUBMIT = "Submit"
    ACCEPT_ANY_RECIPIENT = "Accept-Any-Recipient"
    CLOUD_SERVICES_MAIL = "AcceptCloudServicesMail"


@dataclass(frozen=True, slots=True)
class Trust:
    """What an item's session was trusted with.

    Args:
        internal: whether the message counts as authored inside the organization.
    """

    internal: bool


def greet(at: PointOfView, facts: SessionFacts) -> Greeting:
    """Choose the Receive connector and greet."""
    choice = choose_receive_connector(config_of(at).receive_connectors, facts)
    connector = choice.chosen
    if connector is None:
        return Greeting(
            Decision("connection", replies.NO_CONNECTOR, (choice,), "no Receive connector matches")
        )
    fqdn = connector.fqdn or at.mta.fqdn
    banner = replies.banner(fqdn, mail_date(at.now))
    return Greeting(Decision("connection", banner, (choice,), "welcome"), connector, connector.name)


def answer_ehlo(at: PointOfView, session: Session) -> Decision[Reply]:
    """List the extensions that mailsim really speaks, in Exchange's order."""
    connector, facts = _connector(session), session.facts
    lines = [f"{connector.fqdn or at.mta.fqdn} Hello [{facts.peer_ip}]"]
    if facts.extended:
        lines += [f"SIZE {connector.max_message_size}", "PIPELINING", "DSN", "ENHANCEDSTATUSCODES"]
        lines += ["STARTTLS"] if tls_for(at, session) else []
        lines += ["8BITMIME", "CHUNKING", "SMTPUTF8"]
    return Decision("EHLO", Reply(250, "", tuple(lines)), (), "welcome")


def tls_for(at: PointOfView, session: Session) -> ServerTls | None:
    """Offer STARTTLS while the server has a certificate; the client's is always asked for."""
    certificate = at.certificate
    if certificate is None or session.facts.tls is not None:
        return None
    return ServerTls(certificate, ask_client=True)


def judge_sender(at: PointOfView, session: Session, mail: Mail) -> Decision[Reply | None]:
    """Admit a sender: the right to submit, TLS where the connector wants it, the announced size."""
    connector, granted = _connector(session), rights(at, session)
    size = int(mail.parameters.get("SIZE") or 0)
    gates = (
        Gate(
            "right to submit", lambda: _has(Right.SUBMIT, granted, connector), replies.NO_SUBMIT_RIGHT, RIGHTS
        ),
        Gate("RequireTLS", lambda: encrypted(connector, session.facts), replies.TLS_REQUIRED, CONNECTOR),
        Gate("MaxMessageSize", lambda: fits(connector, size), replies.TOO_LARGE, LIMITS),
    )
    return admit("MAIL FROM", gates, (granted,))


def judge_recipient(
    at: PointOfView, session: Session, envelope: Envelope, rcpt: Rcpt
) -> Decision[Reply | None]:
    """Admit a recipient: the limit, and an accepted domain or the right to relay. The directory is not asked."""
    connector, granted = _connector(session), rights(at, session)
    count = len(envelope.recipients) + 1
    gates = (
        Gate(
            "MaxRecipientsPerMessage",
            lambda: few_recipients(connector, count),
            replies.TOO_MANY_RECIPIENTS,
            LIMITS,
        ),
        Gate("may relay", lambda: _may_relay(at, granted, rcpt.path), replies.UNABLE_TO_RELAY, RIGHTS),
    )
    return admit(f"RCPT TO {rcpt.path}", gates, (granted,))


def take(at: PointOfView, session: Session, envelope: Envelope, message: Message, name: str) -> Acceptance:
    """Take a message over: size and hop count, then the header firewall and the stamps."""
    connector, granted = _connector(session), rights(at, session)
    hops = len(message.values("Received"))
    decision = admit(
        "DATA",
        (
            Gate("MaxMessageSize", lambda: fits(connector, message.size), replies.TOO_LARGE, LIMITS),
            Gate("MaxHopCount", lambda: few_hops(connector, hops), replies.TOO_MANY_HOPS, LIMITS),
        ),
        (granted,),
    )
    if decision.value is not None:
        return Acceptance(Decision("DATA", decision.value, decision.because, "refused"), None)
    trusted = Right.CLOUD_SERVICES_MAIL in granted.value
    taken, internal = headers.arrive(at, session, message, trusted=trusted)
    item = Item(
        name=name,
        envelope=envelope,
        message=taken,
        arrived=at.now,
        facts=session.facts,
        context=Trust(internal),
    )
    shown_id = message.value("Message-ID") or message_id(name, at.mta.fqdn)
    accepted = replies.queued(shown_id, internal_id(at.mta.id, name), at.mta.fqdn)
    return Acceptance(Decision("DATA", accepted, decision.because, "accepted"), item)


def rights(at: PointOfView, session: Session) -> Decision[frozenset[Right]]:
    """Collect what a session may do, from its permission groups and its certificate."""
    connector = _connector(session)
    anonymous = PermissionGroup.ANONYMOUS_USERS in connector.permission_groups
    groups = ", ".join(group.value for group in connector.permission_groups) or "none"
    granted = {Right.SUBMIT} if anonymous else set()
    because: list[Reason] = [
        check(
            anonymous,
            f"PermissionGroups of {connector.name!r}",
            saw=groups,
            wanted=PermissionGroup.ANONYMOUS_USERS.value,
            cite=RIGHTS,
            source=connector.source("PermissionGroups"),
        )
    ]
    if connector.tls_domain_capabilities:
        matched = _capability(at, session)
        because.append(matched)
        if matched.value:
            granted |= {Right.SUBMIT, Right.CLOUD_SERVICES_MAIL, Right.ACCEPT_ANY_RECIPIENT}
    answer = ", ".join(sorted(right.value for right in granted)) or "nothing"
    return Decision("rights of the session", frozenset(granted), tuple(because), answer)


def _capability(at: PointOfView, session: Session) -> Decision[bool]:
    """Match the client's certificate with TlsDomainCapabilities: validated first, then by name."""
    connector, tls = _connector(session), session.facts.tls
    wanted = [
        each.domain
        for each in connector.tls_domain_capabilities
        if each.capability is Capability.ACCEPT_CLOUD_SERVICES_MAIL
    ]
    peer = tls.peer if tls else None
    verdict = at.pki.judge(peer, trusts=at.mta.trusts, at=at.now) if peer else None
    source = connector.source("TlsDomainCapabilities")
    trusted = check(
        verdict is not None and verdict.trusted,
        "client certificate is validated",
        saw=verdict.saw if verdict else "no client certificate",
        wanted="a chain to a trusted CA, valid now",
        cite=CAPABILITIES,
    )
    names = peer.all_names if peer else ()
    named = check(
        any(name_matches(domain, name) for domain in wanted for name in names),
        f"TlsDomainCapabilities of {connector.name!r}",
        saw=f"the certificate names {', '.join(names) or 'nothing'}",
        wanted=", ".join(f"{domain}:AcceptCloudServicesMail" for domain in wanted),
        cite=RELAY_BY_CAPABILITY,
        source=source,
    )
    met = not trusted.failed and not named.failed
    return Decision("cloud services mail", met, (trusted, named), "accepted" if met else "not accepted")


def _connector(session: Session) -> ReceiveConnector:
    connector: ReceiveConnector = session.receiving
    return connector


def _has(right: Right, granted: Decision[frozenset[Right]], connector: ReceiveConnector) -> Check:
    return check(
        right in granted.value,
        f"right {right.value}",
        saw=granted.answer,
        wanted=right.value,
        cite=RIGHTS,
        source=connector.source("PermissionGroups"),
    )


def _may_relay(at: PointOfView, granted: Decision[frozenset[Right]], address: Mailbox) -> Check:
    organization = organization_of(at)
    accepted = organization.accepted(address.domain) if address.domain else None
    domains = ", ".join(str(each.domain_name) for each in organization.accepted_domains)
    return check(
        not address.domain or accepted is not None or Right.ACCEPT_ANY_RECIPIENT in granted.value,
        f"accepted domain of {organization.name}, or right {Right.ACCEPT_ANY_RECIPIENT.value}",
        saw=f"domain {address.domain}, rights {granted.answer}",
        wanted=f"one of {domains}, or the right",
        cite=RIGHTS,
    )
