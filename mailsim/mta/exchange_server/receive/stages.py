"""How Exchange Server receives: the connector, and the gates of MAIL, RCPT and DATA.

The Front End and Transport services of a server are listeners of one MTA. What a session may do is decided in
``permissions``, what it is told at EHLO in ``ehlo``. Sources: "Receive connectors in Exchange Server", "Receive
connector permissions", New-ReceiveConnector.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from mailsim.mail.address import Mailbox, ReversePath, show_path
from mailsim.mail.author import author_of
from mailsim.mail.command import Mail, Rcpt
from mailsim.mail.date import mail_date
from mailsim.mail.envelope import Envelope
from mailsim.mail.message import Message
from mailsim.mail.reply import Reply
from mailsim.mta.exchange_server import headers, replies
from mailsim.mta.exchange_server.categorize.accepted_domain import DomainType
from mailsim.mta.exchange_server.config import Organization, config_of, organization_of
from mailsim.mta.exchange_server.organization_server import Role
from mailsim.mta.exchange_server.receive import submission
from mailsim.mta.exchange_server.receive.permissions import (
    GROUPS,
    Permissions,
    has,
    permissions,
)
from mailsim.mta.exchange_server.receive.receive_assumptions import ANY_SENDER
from mailsim.mta.exchange_server.receive.receive_connector import (
    CONNECTOR,
    LIMITS,
    PROPERTY,
    RESERVED,
    ReceiveConnector,
    choose_receive_connector,
    encrypted,
    few_hops,
    few_local_hops,
    few_recipients,
    fits,
    free_of_bare_linefeeds,
    in_its_service,
    more_than_one_label,
    outside_reserved_second_level,
    outside_reserved_top_level,
    small_header,
    tarpit,
)
from mailsim.mta.exchange_server.receive.rights import Principal, Right
from mailsim.mta.exchange_server.receive.usage import SizeMode, TransportRole
from mailsim.mta.exchange_server.servers import own_server_role
from mailsim.mta.kind import Acceptance, Greeting, Item, PointOfView, Session
from mailsim.mta.relaying.reports import internal_id, shown_message_id
from mailsim.reason.check import Check, check
from mailsim.reason.cite import assumed, documented
from mailsim.reason.decision import Decision, Gate, admit
from mailsim.world.facts import SessionFacts

SENDERS = documented(
    "ms:receive-connector-permissions", "Accept-Any-Sender, Accept-Authoritative-Domain-Sender"
)

UNSERVED = assumed("ms:ndr-codes", "4.3.2; that a client without a connector is answered so")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Trust:
    """What an item's session was trusted with.

    Args:
        internal: whether the message counts as authored inside the organization.
        resolved: whether a Mailbox server of the organization has resolved and judged the recipients.
    """

    internal: bool
    resolved: bool = False


def greet(at: PointOfView, facts: SessionFacts) -> Greeting:
    """Choose the Receive connector and greet."""
    choice = choose_receive_connector(config_of(at).receive_connectors, facts)
    connector = choice.chosen
    if connector is None:
        nobody = check(False, "a Receive connector that matches", saw="none", cite=UNSERVED)
        return Greeting(
            Decision("connection", replies.NO_CONNECTOR, (choice, nobody), "no Receive connector")
        )
    placed = in_its_service(connector, facts)
    if placed.failed:
        return Greeting(Decision("connection", replies.NOT_ACTIVE, (choice, placed), "the wrong service"))
    banner = replies.banner(connector.fqdn or at.mta.fqdn, mail_date(at.now), connector.banner)
    return Greeting(
        Decision("connection", banner, (choice,), "welcome"),
        connector,
        connector.name,
        connector.protocol_errors,
    )


# --- MAIL --------------------------------------------------------------------------------------------------------


def judge_sender(at: PointOfView, session: Session, mail: Mail) -> Decision[Reply | None]:
    """Admit a sender: the right to submit, TLS where the connector wants it, the sender itself, the rate, the size."""
    connector, granted = _connector(session), permissions(at, session)
    announced = "" if connector.size_enabled is SizeMode.DISABLED else mail.parameters.get("SIZE", "")
    gates = (
        Gate(
            "right to submit", lambda: has(connector, Right.SUBMIT, granted), replies.NO_SUBMIT_RIGHT, GROUPS
        ),
        Gate("RequireTLS", lambda: encrypted(connector, session.facts), replies.TLS_REQUIRED, CONNECTOR),
        *(
            _sender_gates(at, session, granted, mail.path)
            if submission.judged_at_mail(at, granted.value)
            else ()
        ),
        Gate(
            "MessageRateLimit",
            lambda: submission.is_within_rate(at, session, mail.path),
            replies.RATE_EXCEEDED,
            PROPERTY,
        ),
        Gate(
            "MaxMessageSize",
            lambda: _fits(connector, granted.value, int(announced or 0)),
            replies.TOO_LARGE,
            LIMITS,
        ),
    )
    return _late(connector, granted.value, admit("MAIL FROM", gates, (granted,)))


def _sender_gates(
    at: PointOfView, session: Session, granted: Decision[Permissions], sender: ReversePath
) -> tuple[Gate[Reply], ...]:
    return (
        Gate(
            "sender in an own domain",
            lambda: _may_use_domain(at, session, granted, sender),
            replies.SEND_AS_DENIED,
            SENDERS,
        ),
        Gate(
            "any sender",
            lambda: _may_use_any(at, session, granted, sender),
            replies.SEND_AS_DENIED,
            SENDERS,
        ),
    )


def _may_use_domain(
    at: PointOfView, session: Session, granted: Decision[Permissions], sender: ReversePath
) -> Check:
    """Whether the session may use a sender in an authoritative domain of the organization."""
    accepted = organization_of(at).accepted(sender.domain) if sender else None
    own = accepted is not None and accepted.domain_type is DomainType.AUTHORITATIVE
    right = Right.ACCEPT_AUTHORITATIVE_DOMAIN_SENDER
    held = has(_connector(session), right, granted)
    return check(
        not own or not held.failed or (sender is not None and submission.is_own(at, session, sender)),
        f"right {right.value}",
        saw=f"{show_path(sender)} {'in' if own else 'outside'} the authoritative domains; {held.saw}",
        wanted="a sender outside them, or the right",
        cite=SENDERS,
        source=held.source,
    )


def _may_use_any(
    at: PointOfView, session: Session, granted: Decision[Permissions], sender: ReversePath
) -> Check:
    """Whether the session may use a sender that is not proved to be its own."""
    held = has(_connector(session), Right.ACCEPT_ANY_SENDER, granted)
    if sender is None or not held.failed or submission.is_own(at, session, sender):
        return check(True, held.rule, saw=f"sender {show_path(sender)}", cite=SENDERS)
    anonymous = granted.value.principal is Principal.ANONYMOUS_LOGON
    front = _connector(session).transport_role is TransportRole.FRONTEND_TRANSPORT
    if not (anonymous and front):
        return held
    choice = at.assumed(ANY_SENDER)
    saw = f"{held.saw}; {ANY_SENDER.choices[choice]}"
    return check(
        choice == "ignored",
        held.rule,
        saw=saw,
        wanted=held.wanted,
        cite=ANY_SENDER.cite(choice),
        source=held.source,
    )


# --- RCPT --------------------------------------------------------------------------------------------------------


def judge_recipient(
    at: PointOfView, session: Session, envelope: Envelope, rcpt: Rcpt
) -> Decision[Reply | None]:
    """Admit a recipient: the limit, its domain, and an accepted domain or the right to relay.

    The directory is not asked: that is the recipient filter's business.
    """
    connector, granted = _connector(session), permissions(at, session)
    count = len(envelope.recipients) + 1
    gates = (
        Gate(
            "MaxRecipientsPerMessage",
            lambda: few_recipients(connector, count, granted.value.principal),
            replies.TOO_MANY_RECIPIENTS,
            LIMITS,
        ),
        *_domain_gates(connector, rcpt.path.domain),
        Gate(
            "may relay",
            lambda: _may_relay(at, session, granted, rcpt.path),
            replies.UNABLE_TO_RELAY,
            GROUPS,
        ),
    )
    return _late(connector, granted.value, admit(f"RCPT TO {rcpt.path}", gates, (granted,)))


def _domain_gates(connector: ReceiveConnector, domain: str) -> tuple[Gate[Reply], ...]:
    return (
        Gate(
            "RejectReservedTopLevelRecipientDomains",
            lambda: outside_reserved_top_level(connector, domain),
            replies.RESERVED_TOP_LEVEL,
            RESERVED,
        ),
        Gate(
            "RejectReservedSecondLevelRecipientDomains",
            lambda: outside_reserved_second_level(connector, domain),
            replies.RESERVED_SECOND_LEVEL,
            RESERVED,
        ),
        Gate(
            "RejectSingleLabelRecipientDomains",
            lambda: more_than_one_label(connector, domain),
            replies.SINGLE_LABEL,
            RESERVED,
        ),
    )


def _may_relay(at: PointOfView, session: Session, granted: Decision[Permissions], address: Mailbox) -> Check:
    organization = organization_of(at)
    accepted = organization.accepted(address.domain) if address.domain else None
    domains = ", ".join(str(each.domain_name) for each in organization.accepted_domains)
    held = has(_connector(session), Right.ACCEPT_ANY_RECIPIENT, granted)
    return check(
        not address.domain or accepted is not None or not held.failed,
        f"accepted domain of {organization.name}, or right {Right.ACCEPT_ANY_RECIPIENT.value}",
        saw=f"domain {address.domain}; {held.saw}",
        wanted=f"one of {domains}, or the right",
        cite=GROUPS,
        source=held.source or _place_of_domains(organization),
    )


def _place_of_domains(organization: Organization) -> str:
    """Return where the accepted domains begin, as this server knows them."""
    origins = (each.origin for each in organization.accepted_domains)
    return next((str(origin) for origin in origins if origin), "")


# --- DATA --------------------------------------------------------------------------------------------------------


def take(at: PointOfView, session: Session, envelope: Envelope, message: Message, name: str) -> Acceptance:
    """Take a message over: its size, hops and senders, then the header firewall and the stamps."""
    granted = permissions(at, session)
    senders = submission.sender_gates(at, session, granted, envelope.reverse_path, author_of(message))
    gates = (*_content_gates(at, session, granted.value, message), *senders)
    decision = admit("DATA", gates, (granted,))
    if decision.value is not None:
        return Acceptance(Decision("DATA", decision.value, decision.because, "refused"), None)
    arrival = headers.arrive(at, session, message, granted.value)
    item = Item(
        name=name,
        envelope=envelope,
        message=arrival.message,
        arrived=at.now,
        facts=session.facts,
        context=Trust(arrival.internal, resolved=_is_resolved(at, session, granted.value)),
    )
    shown_id = shown_message_id(message, name, at.mta.fqdn)
    accepted = replies.queued(shown_id, internal_id(at.mta.id, name), at.mta.fqdn)
    because = (*decision.because, *arrival.because)
    return Acceptance(Decision("DATA", accepted, because, "accepted"), item)


def _is_resolved(at: PointOfView, session: Session, granted: Permissions) -> bool:
    """Tell whether a Mailbox server of the organization brings a message, authenticated as such."""
    authenticated = granted.principal is Principal.EXCHANGE_SERVERS
    return authenticated and own_server_role(at, session.facts) is Role.MAILBOX


def _content_gates(
    at: PointOfView, session: Session, granted: Permissions, message: Message
) -> tuple[Gate[Reply], ...]:
    connector = _connector(session)
    hops, local = len(message.values("Received")), headers.local_hops(at, session, message)
    return (
        Gate(
            "MaxHeaderSize",
            lambda: small_header(connector, len(message.header_bytes)),
            replies.HEADER_TOO_LARGE,
            PROPERTY,
        ),
        Gate("MaxMessageSize", lambda: _fits(connector, granted, message.size), replies.TOO_LARGE, LIMITS),
        Gate(
            "BareLinefeedRejectionEnabled",
            lambda: free_of_bare_linefeeds(connector, message),
            replies.BARE_LINEFEED,
            PROPERTY,
        ),
        Gate("MaxHopCount", lambda: few_hops(at, connector, hops), replies.TOO_MANY_HOPS, PROPERTY),
        Gate(
            "MaxLocalHopCount", lambda: few_local_hops(at, connector, local), replies.TOO_MANY_HOPS, PROPERTY
        ),
    )


def _fits(connector: ReceiveConnector, granted: Permissions, size: int) -> Check:
    return fits(connector, size, bypassed=Right.BYPASS_MESSAGE_SIZE_LIMIT in granted)


def size_limit(at: PointOfView, session: Session) -> int | None:
    """Return what a message may have, in octets; None where the session may bypass MaxMessageSize."""
    bypassed = Right.BYPASS_MESSAGE_SIZE_LIMIT in permissions(at, session).value
    return None if bypassed else _connector(session).max_message_size


def _late(connector: ReceiveConnector, granted: Permissions, decision: Decision[T]) -> Decision[T]:
    """Note that an anonymous client hears a refusal only after TarpitInterval."""
    refused = isinstance(decision.value, Reply) and decision.value.permanent
    anonymous = granted.principal is Principal.ANONYMOUS_LOGON
    if not (refused and anonymous and connector.tarpit_interval):
        return decision
    because = (*decision.because, tarpit(connector))
    return Decision(decision.question, decision.value, because, decision.answer)


def _connector(session: Session) -> ReceiveConnector:
    connector: ReceiveConnector = session.receiving
    return connector
