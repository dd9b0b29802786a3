"""How Exchange Online receives: attribution at every recipient, relay permission, edge blocking.

Sources: "Office 365 message attribution", "Use Directory-Based Edge Blocking", "Updated requirements for SMTP relay
through Exchange Online" (in force since November 2023). That refusals come at RCPT is observed.
"""

from __future__ import annotations

from functools import partial

from mailsim.mail.address import Mailbox
from mailsim.mail.command import Mail, Rcpt
from mailsim.mail.date import mail_date
from mailsim.mail.envelope import Envelope
from mailsim.mail.message import Message
from mailsim.mail.reply import Reply
from mailsim.mta.exchange_online import defaults, headers, replies, srs
from mailsim.mta.exchange_online.accepted_domain import DomainType
from mailsim.mta.exchange_online.attribution import (
    INCOMING,
    ORIGINATING,
    Attributed,
    Owners,
    attribute,
    certificate_domain_accepted,
)
from mailsim.mta.exchange_online.config import Tenant
from mailsim.mta.kind import Acceptance, Attribution, Greeting, Item, PointOfView, ServerTls, Session
from mailsim.mta.relaying.reports import internal_id, message_id
from mailsim.reason.check import Check, check
from mailsim.reason.cite import documented
from mailsim.reason.decision import Decision, Gate, admit

RELAY = documented("ms:updated-smtp-relay-requirements", "conditions for relay since 1 November 2023")
EDGE_BLOCKING = documented("ms:directory-based-edge-blocking", "Use Directory-Based Edge Blocking")
LIMITS = documented("ms:exchange-online-limits", "Exchange Online limits")
LOOPS = documented("ms:ndr-5-4-6-5-4-20", "a message is stopped after 20 iterations")


def greet(at: PointOfView) -> Greeting:
    """Greet everyone; there is no Receive connector to choose."""
    return Greeting(Decision("connection", replies.banner(at.mta.fqdn, mail_date(at.now)), (), "welcome"))


def answer_ehlo(at: PointOfView, session: Session) -> Decision[Reply]:
    """List the extensions that mailsim really speaks, in the service's order."""
    lines = [f"{at.mta.fqdn} Hello [{session.facts.peer_ip}]"]
    if session.facts.extended:
        lines += [f"SIZE {defaults.MAX_MESSAGE_SIZE}", "PIPELINING", "DSN", "ENHANCEDSTATUSCODES"]
        lines += ["STARTTLS"] if tls_for(at, session) else []
        lines += ["8BITMIME", "CHUNKING", "SMTPUTF8"]
    return Decision("EHLO", Reply(250, "", tuple(lines)), (), "welcome")


def tls_for(at: PointOfView, session: Session) -> ServerTls | None:
    """Offer STARTTLS and ask for the client's certificate, which attribution needs."""
    certificate = at.certificate
    if certificate is None or session.facts.tls is not None:
        return None
    return ServerTls(certificate, ask_client=True)


def judge_sender(mail: Mail) -> Decision[Reply | None]:
    """Accept every sender whose message is not announced as too large."""
    size = int(mail.parameters.get("SIZE") or 0)
    return admit("MAIL FROM", (Gate("message size", lambda: _fits(size), replies.TOO_LARGE, LIMITS),))


def judge_recipient(
    at: PointOfView, session: Session, envelope: Envelope, rcpt: Rcpt
) -> Decision[Reply | None]:
    """Admit a recipient: somebody's mail, permission to relay, an address that exists."""
    found = attribute(at, session.facts, envelope.reverse_path, rcpt.path)
    attributed, server = found.value, at.mta.fqdn
    denied = replies.relay_denied(server)
    gates = (
        Gate("attributed to a tenant", lambda: _owned(attributed, rcpt.path), denied, RELAY),
        Gate("may relay", lambda: _may_relay(attributed, envelope, rcpt.path), denied, RELAY),
        Gate(
            "recipient exists",
            lambda: _exists(attributed, rcpt.path),
            replies.recipient_rejected(rcpt.path, server),
            EDGE_BLOCKING,
        ),
    )
    return admit(f"RCPT TO {rcpt.path}", gates, (found,))


def take(at: PointOfView, session: Session, envelope: Envelope, message: Message, name: str) -> Acceptance:
    """Take a message over: size and loop count, then header firewall, promotion and stamps."""
    loops = headers.own_hops(at, message)
    found = [attribute(at, session.facts, envelope.reverse_path, path) for path in envelope.paths]
    denied = replies.relay_denied(at.mta.fqdn)
    decision = admit(
        "DATA",
        (
            # a certificate may have expired since RCPT
            *(
                Gate("attributed to a tenant", partial(_owned, each.value, path), denied, RELAY)
                for path, each in zip(envelope.paths, found, strict=True)
                if each.value.tenant is None
            ),
            Gate("message size", lambda: _fits(message.size), replies.TOO_LARGE, LIMITS),
            Gate("loop count", lambda: _few_loops(loops), replies.too_many_hops(at.mta.fqdn), LOOPS),
        ),
    )
    if decision.value is not None:
        return Acceptance(Decision("DATA", decision.value, decision.because, "refused"), None)
    item = Item(
        name=name,
        envelope=envelope,
        message=headers.arrive(at, session, message, found[0].value, envelope.reverse_path),
        arrived=at.now,
        facts=session.facts,
        context=_owners(envelope, found),
    )
    shown_id = message.value("Message-ID") or message_id(name, at.mta.fqdn)
    reply = replies.queued(shown_id, internal_id(at.mta.id, name), at.mta.fqdn)
    return Acceptance(Decision("DATA", reply, decision.because, "accepted"), item, _shown(found))


def _owners(envelope: Envelope, found: list[Decision[Attributed]]) -> Owners:
    first = found[0].value.owner
    pairs = zip(envelope.paths, found, strict=True)
    return Owners(first, {path: each.value.owner for path, each in pairs if each.value.owner != first})


def _shown(found: list[Decision[Attributed]]) -> tuple[Decision[Attribution], ...]:
    """Keep one decision for each owner, in the words of the trace."""
    owners: dict[Attribution, Decision[Attribution]] = {}
    for each in found:
        shown = each.value.shown
        owners.setdefault(shown, Decision(each.question, shown, each.because, each.answer))
    return tuple(owners.values())


def _fits(size: int) -> Check:
    limit = defaults.MAX_MESSAGE_SIZE
    return check(size <= limit, "message size", saw=f"{size} octets", wanted=f"at most {limit}", cite=LIMITS)


def _few_loops(loops: int) -> Check:
    limit = defaults.LOOP_ITERATIONS
    saw = f"the message passed here {loops} times"
    return check(loops < limit, "loop count", saw=saw, wanted=f"fewer than {limit}", cite=LOOPS)


def _owned(attributed: Attributed, recipient: Mailbox) -> Check:
    owner = attributed.tenant
    return check(
        owner is not None,
        "attributed to a tenant",
        saw=f"{attributed.direction} mail of {owner.name}"
        if owner
        else f"no tenant has {recipient.domain}, and "
        "neither certificate nor address of the session belongs to an OnPremises connector",
        wanted="a matching OnPremises connector, or a recipient of a tenant",
        cite=RELAY,
    )


def _may_relay(attributed: Attributed, envelope: Envelope, recipient: Mailbox) -> Check:
    """Want an accepted recipient domain, or a connector with an accepted sender or certificate domain."""
    tenant, connector, sender = attributed.tenant, attributed.connector, envelope.reverse_path
    inside = tenant is not None and tenant.accepted(recipient.domain) is not None
    by_sender = tenant is not None and sender is not None and tenant.accepted(sender.domain) is not None
    by_certificate = (
        tenant is not None and connector is not None and certificate_domain_accepted(tenant, connector)
    )
    relays = connector is not None and (by_sender or by_certificate)
    saw = f"recipient domain {recipient.domain}, sender {sender or '<>'}"
    saw += f", connector {connector.name!r}" if connector else ", no connector"
    return check(
        inside or relays,
        "relay to a domain outside the tenant",
        saw=saw,
        wanted="an accepted recipient domain, or an OnPremises connector and an accepted sender or certificate domain",
        cite=RELAY,
        source=connector.source() if connector else "",
    )


def _exists(attributed: Attributed, recipient: Mailbox) -> Check:
    """Block unknown recipients of authoritative domains; only Incoming mail is judged at the edge."""
    tenant = attributed.tenant
    accepted = tenant.accepted(recipient.domain) if tenant else None
    known = tenant is not None and (recipient in tenant.directory or srs.is_known(tenant, recipient))
    judged = attributed.direction == INCOMING and accepted is not None
    blocked = (
        judged and accepted is not None and accepted.domain_type is DomainType.AUTHORITATIVE and not known
    )
    saw = f"{recipient} is {'known' if known else 'not in the directory'}"
    if attributed.direction == ORIGINATING:
        saw += ", but Originating mail is judged after acceptance"
    kind = accepted.domain_type.value if accepted else "no accepted domain"
    return check(
        not blocked,
        f"recipient of {_name(tenant)} ({recipient.domain}: {kind})",
        saw=saw,
        wanted="an address of the tenant's directory, or DomainType InternalRelay",
        cite=EDGE_BLOCKING,
        source=str(accepted.origin or "") if accepted else "",
    )


def _name(tenant: Tenant | None) -> str:
    return tenant.name if tenant else "nobody"
