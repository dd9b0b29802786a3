"""How Exchange Online receives: what it says to a client, from the greeting to the end of the message.

Each recipient passes the ways into its tenant (``admission``), then edge blocking and the limits. That refusals come at
RCPT is observed.

Sources: "Office 365 message attribution", "NDRs in Exchange Online", "Exchange Online limits".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailsim.mail.address import Mailbox
from mailsim.mail.author import author_of
from mailsim.mail.command import Mail, Rcpt
from mailsim.mail.date import mail_date
from mailsim.mail.envelope import Envelope
from mailsim.mail.message import Message
from mailsim.mail.reply import Reply
from mailsim.mta.exchange_online import defaults, headers, replies
from mailsim.mta.exchange_online.authentication.arrival import Arrival
from mailsim.mta.exchange_online.receive import submission
from mailsim.mta.exchange_online.receive.admission import (
    RELAY,
    has_one_domain,
    missed_way,
    not_permitted,
    ways_in,
    words,
)
from mailsim.mta.exchange_online.receive.attribution import INCOMING, Attributed, Owners, attribute
from mailsim.mta.exchange_online.receive.edge_blocking import EDGE_BLOCKING, doubts, is_known_at_edge
from mailsim.mta.exchange_online.receive.enhanced_filtering import skip_relays
from mailsim.mta.exchange_online.receive.promotion import judge_trust
from mailsim.mta.kind import Acceptance, Attribution, Greeting, Item, PointOfView, ServerTls, Session
from mailsim.mta.relaying.reports import internal_id, shown_message_id
from mailsim.reason.check import Check, check
from mailsim.reason.cite import documented
from mailsim.reason.decision import Decision, Gate, Reason, admit
from mailsim.world.facts import SessionFacts

if TYPE_CHECKING:
    from mailsim.mta.exchange_online.authentication.judgement import Judgement

NDRS = documented("ms:ndrs-exchange-online", "5.7.506")
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
        lines += [f"AUTH {name}" for name in submission.mechanisms(at, session.facts)]
        lines += ["8BITMIME", "BINARYMIME", "CHUNKING", "SMTPUTF8"]
    return Decision("EHLO", Reply(250, "", tuple(lines)), (), "welcome")


def size_limit() -> int:
    """Return what a message may have, in octets."""
    return defaults.MAX_MESSAGE_SIZE


def tls_for(at: PointOfView, session: Session) -> ServerTls | None:
    """Offer STARTTLS and ask for the client's certificate, which attribution needs."""
    certificate = at.certificate
    if certificate is None or session.facts.tls is not None:
        return None
    return ServerTls(certificate, ask_client=True, versions=submission.versions(at, session.facts))


def judge_sender(at: PointOfView, session: Session, mail: Mail) -> Decision[Reply | None]:
    """Accept every sender whose host does not take our name and whose message is not announced as too large.

    Where mailboxes sign in, one must have.
    """
    size = int(mail.parameters.get("SIZE") or 0)
    gates = (
        Gate("HELO", lambda: _own_helo(at, session.facts), replies.BAD_HELO, NDRS),
        *submission.mail_gates(at, session.facts),
        Gate("message size", lambda: _fits(size), replies.TOO_LARGE, LIMITS),
    )
    return admit("MAIL FROM", gates)


def judge_recipient(
    at: PointOfView, session: Session, envelope: Envelope, rcpt: Rcpt
) -> Decision[Reply | None]:
    """Admit a recipient: somebody's mail, by a way that is open to it, and an address that exists."""
    to, facts = rcpt.path, session.facts
    found = attribute(at, facts, envelope.reverse_path, to)
    attributed = found.value
    gates = (
        *ways_in(at, facts, attributed, envelope.reverse_path, to),
        Gate("one domain", lambda: has_one_domain(at, attributed, envelope, to), not_permitted(at), RELAY),
        Gate(
            "recipient exists",
            lambda: is_known_at_edge(at, attributed, to),
            replies.recipient_rejected(to, at.mta.fqdn),
            EDGE_BLOCKING,
        ),
        Gate(
            "recipients of one domain",
            lambda: _few_recipients(envelope, to),
            replies.TOO_MANY_RECIPIENTS,
            LIMITS,
        ),
    )
    notes = (found, *missed_way(attributed), *doubts(attributed, to), *words(at, attributed))
    return admit(f"RCPT TO {to}", gates, notes)


def take(at: PointOfView, session: Session, envelope: Envelope, message: Message, name: str) -> Acceptance:
    """Take a message over: size, loop count, a user's senders and DMARC, then header firewall, promotion and stamps."""
    loops = headers.own_hops(at, message)
    found = [attribute(at, session.facts, envelope.reverse_path, path) for path in envelope.paths]
    by = found[0].value.connector
    arrival = Arrival(
        facts=session.facts,
        envelope=envelope,
        message=message,
        name=name,
        connector=by,
        skipped=skip_relays(by, session.facts, message, envelope.paths) if by else None,
    )
    judgement = _judgement(at, arrival, found[0].value)
    decision = admit(
        "DATA",
        (
            *_still_open(at, session, envelope, found),
            Gate("message size", lambda: _fits(message.size), replies.TOO_LARGE, LIMITS),
            Gate("loop count", lambda: _few_loops(loops), replies.too_many_hops(at.mta.fqdn), LOOPS),
            *submission.content_gates(at, session.facts, envelope.reverse_path, author_of(message)),
            *(judgement.gates if judgement else ()),
        ),
        judgement.because if judgement else (),
    )
    if decision.value is not None:
        return Acceptance(Decision("DATA", decision.value, decision.because, "refused"), None)
    stamped, because = _stamped(at, session, arrival, found[0].value)
    if judgement is not None:
        stamped = stamped.with_top(*judgement.fields)
    item = Item(
        name=name,
        envelope=envelope,
        message=stamped,
        arrived=at.now,
        facts=session.facts,
        context=_owners(envelope, found, judgement),
    )
    shown_id = shown_message_id(message, name, at.mta.fqdn)
    reply = replies.queued(shown_id, internal_id(at.mta.id, name), at.mta.fqdn)
    return Acceptance(Decision("DATA", reply, (*because, *decision.because), "accepted"), item, _shown(found))


def _still_open(
    at: PointOfView, session: Session, envelope: Envelope, found: list[Decision[Attributed]]
) -> tuple[Gate[Reply], ...]:
    """Return the gates that recipients no longer pass: a certificate may have expired since RCPT."""
    facts, sender = session.facts, envelope.reverse_path
    return tuple(
        gate
        for path, each in zip(envelope.paths, found, strict=True)
        for gate in ways_in(at, facts, each.value, sender, path)
        if gate.test().failed
    )


def _judgement(at: PointOfView, arrival: Arrival, attributed: Attributed) -> Judgement | None:
    """Judge the sender of mail from outside."""
    if attributed.tenant is None or attributed.direction != INCOMING:
        return None
    from mailsim.mta.exchange_online.authentication.judgement import judge

    return judge(at, attributed.tenant, arrival)


def _stamped(
    at: PointOfView, session: Session, arrival: Arrival, attributed: Attributed
) -> tuple[Message, tuple[Reason, ...]]:
    """Return the message as it goes into the spool, and why its header says so."""
    message, skipped = arrival.message, arrival.skipped
    trust = judge_trust(at, session.facts, attributed, arrival.envelope.reverse_path, message)
    received = headers.rename_results(message) if attributed.direction == INCOMING else message
    arrived = headers.arrive(at, session, received, attributed, trust.value)
    if skipped is None:
        return arrived, (trust,)
    fields = skipped.value.fields if skipped.value else ()
    return arrived.with_top(*fields), (trust, *((skipped,) if skipped.because else ()))


def _owners(envelope: Envelope, found: list[Decision[Attributed]], judgement: Judgement | None) -> Owners:
    first = found[0].value.owner
    pairs = zip(envelope.paths, found, strict=True)
    others = {path: each.value.owner for path, each in pairs if each.value.owner != first}
    return Owners(first, others, judgement.judged if judgement else None)


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


def _own_helo(at: PointOfView, facts: SessionFacts) -> Check:
    """Want a host that does not call itself by a name of this service, unless it is the service."""
    own = {at.mta.fqdn.lower(), *(name for name in at.mta.names if "." in name)}
    return check(
        facts.ehlo.lower() not in own or facts.peer_ip in at.mta.addresses,
        "HELO",
        saw=facts.ehlo,
        wanted="a name of the client's own",
        cite=NDRS,
    )


def _few_recipients(envelope: Envelope, recipient: Mailbox) -> Check:
    limit = defaults.MAX_RECIPIENTS_OF_A_DOMAIN
    before = sum(path.domain == recipient.domain for path in envelope.paths)
    return check(
        before < limit,
        "recipients of one domain",
        saw=f"{before + 1} of {recipient.domain}",
        wanted=f"at most {limit} in one transaction",
        cite=LIMITS,
    )
