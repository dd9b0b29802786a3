"""How an internet MTA receives: own domains for everyone, other domains for its own networks."""

from __future__ import annotations

from mailsim.mail.address import Mailbox
from mailsim.mail.command import Mail, Rcpt
from mailsim.mail.date import mail_date
from mailsim.mail.envelope import Envelope
from mailsim.mail.line_ends import has_bare, with_crlf
from mailsim.mail.message import HeaderField, Message, header_field
from mailsim.mail.reply import Reply
from mailsim.mta.generic import replies
from mailsim.mta.generic.config import GenericConfig
from mailsim.mta.kind import Acceptance, Greeting, Item, PointOfView, ServerTls, Session
from mailsim.reason.check import Check, check
from mailsim.reason.cite import documented, rfc
from mailsim.reason.decision import Decision, Gate, admit

RELAYING = rfc(5321, "3.6.2")
UNKNOWN_USER = rfc(5321, "3.4")
SIZE = rfc(1870, "6.1")
HOPS = rfc(5321, "6.3")

LINE_ENDS = documented(
    "postfix:postconf", "smtpd_forbid_bare_newline = normalize, cleanup_replace_stray_cr_lf"
)
RECIPIENTS = documented("postfix:postconf", "smtpd_recipient_limit")

# rfc5321:6.3 wants at least 100
MAX_HOPS = 100
# postfix: smtpd_recipient_limit; rfc5321:4.5.3.1.8 wants at least 100
MAX_RECIPIENTS = 1000
# postfix: smtpd_hard_error_limit
MAX_PROTOCOL_ERRORS = 20


def config_of(at: PointOfView) -> GenericConfig:
    """Return the MTA's own configuration."""
    config: GenericConfig = at.mta.config
    return config


def greet(at: PointOfView) -> Greeting:
    """Greet everyone."""
    return Greeting(
        Decision("connection", replies.banner(at.mta.fqdn), (), "welcome"),
        protocol_errors=MAX_PROTOCOL_ERRORS,
    )


def answer_ehlo(at: PointOfView, session: Session) -> Decision[Reply]:
    """List the extensions; HELO gets one line."""
    lines = [at.mta.fqdn]
    if session.facts.extended:
        lines += ["PIPELINING", f"SIZE {config_of(at).size_limit}"]
        lines += ["STARTTLS"] if at.certificate and session.facts.tls is None else []
        lines += ["ENHANCEDSTATUSCODES", "8BITMIME", "DSN", "SMTPUTF8", "CHUNKING"]
    return Decision("EHLO", Reply(250, "", tuple(lines)), (), "welcome")


def tls_for(at: PointOfView, session: Session) -> ServerTls | None:
    """Show the host's certificate; without one, STARTTLS is not offered."""
    certificate = at.certificate
    if certificate is None or session.facts.tls is not None:
        return None
    return ServerTls(certificate, config_of(at).asks_client_certificate, at.mta.tls)


def size_limit(at: PointOfView) -> int:
    """Return what a message may have, in octets."""
    return config_of(at).size_limit


def judge_sender(at: PointOfView, mail: Mail) -> Decision[Reply | None]:
    """Accept every sender whose message is not announced as too large."""
    limit, announced = config_of(at).size_limit, int(mail.parameters.get("SIZE") or 0)
    gate = Gate("size limit", lambda: _fits(announced, limit), replies.TOO_LARGE, SIZE)
    return admit("MAIL FROM", (gate,))


def judge_recipient(
    at: PointOfView, session: Session, envelope: Envelope, rcpt: Rcpt
) -> Decision[Reply | None]:
    """Accept own mailboxes; relay only for own networks; a message with many recipients has so many at most."""
    count = len(envelope.recipients) + 1
    few = Gate("recipients", lambda: _few_recipients(count), replies.TOO_MANY_RECIPIENTS, RECIPIENTS)
    if count > MAX_RECIPIENTS:
        return admit(f"RCPT TO {rcpt.path}", (few,))
    local = not rcpt.path.domain or rcpt.path.domain in config_of(at).domains
    if local:
        exists = Gate(
            "mailbox exists", lambda: _exists(at, rcpt.path), replies.user_unknown(rcpt.path), UNKNOWN_USER
        )
        return admit(f"RCPT TO {rcpt.path}", (exists,))
    allowed = Gate(
        "may relay", lambda: _may_relay(at, session, rcpt.path), replies.relay_denied(rcpt.path), RELAYING
    )
    return admit(f"RCPT TO {rcpt.path}", (allowed,))


def take(at: PointOfView, session: Session, envelope: Envelope, message: Message, name: str) -> Acceptance:
    """Take a message over unless it is too large or has travelled too far."""
    limit, hops = config_of(at).size_limit, len(message.values("Received"))
    decision = admit(
        "DATA",
        (
            Gate("size limit", lambda: _fits(message.size, limit), replies.TOO_LARGE, SIZE),
            Gate("hop count", lambda: _few_hops(hops), replies.TOO_MANY_HOPS, HOPS),
        ),
    )
    if decision.value is not None:
        return Acceptance(Decision("DATA", decision.value, decision.because, "refused"), None)
    righted, because = _righted(message)
    item = Item(
        name=name,
        envelope=envelope,
        message=righted.with_top(received(at, session, name)),
        arrived=at.now,
        facts=session.facts,
    )
    return Acceptance(Decision("DATA", replies.queued(name), (*decision.because, *because), "accepted"), item)


def _righted(message: Message) -> tuple[Message, tuple[Check, ...]]:
    """Put line ends right, so that no next hop sees one where this host saw none (SMTP smuggling)."""
    content = message.to_bytes()
    if not has_bare(content):
        return message, ()
    saw = "a bare CR or LF, made a space or a CRLF"
    return Message.from_bytes(with_crlf(content)), (check(True, "line ends", saw=saw, cite=LINE_ENDS),)


def received(at: PointOfView, session: Session, name: str) -> HeaderField:
    """Write the Received field (RFC 5321 section 4.4, RFC 3848 for the protocol word)."""
    facts = session.facts
    protocol = "SMTP" if not facts.extended else "ESMTPS" if facts.tls else "ESMTP"
    value = (
        f"from {facts.ehlo} ({facts.ehlo} [{facts.peer_ip}])\r\n\tby {at.mta.fqdn} with {protocol} "
        f"id {name};\r\n\t{mail_date(at.now)}"
    )
    return header_field("Received", value)


def _fits(size: int, limit: int) -> Check:
    return check(size <= limit, "size_limit", saw=f"{size} octets", wanted=f"at most {limit}", cite=SIZE)


def _few_recipients(count: int) -> Check:
    wanted = f"at most {MAX_RECIPIENTS}"
    return check(
        count <= MAX_RECIPIENTS, "recipients", saw=f"recipient {count}", wanted=wanted, cite=RECIPIENTS
    )


def _few_hops(hops: int) -> Check:
    return check(hops <= MAX_HOPS, "hop count", saw=f"{hops} hops", wanted=f"at most {MAX_HOPS}", cite=HOPS)


def _exists(at: PointOfView, address: Mailbox) -> Check:
    known = config_of(at).has(address)
    saw = "known" if known else "no such mailbox"
    return check(
        known, f"mailboxes of {at.mta.id}", saw=f"{address}: {saw}", wanted="a mailbox", cite=UNKNOWN_USER
    )


def _may_relay(at: PointOfView, session: Session, address: Mailbox) -> Check:
    networks = config_of(at).relay_from
    peer = session.facts.peer_ip
    return check(
        any(peer in network for network in networks),
        f"relay_from of {at.mta.id}",
        saw=f"client {peer}, recipient domain {address.domain}",
        wanted=", ".join(map(str, networks)) or "one of its own domains",
        cite=RELAYING,
    )
