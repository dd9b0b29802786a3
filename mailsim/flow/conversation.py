"""One SMTP conversation as the client lives it, from greeting to QUIT, for all messages of one connection.

It reads like RFC 5321 section 3: greeting, EHLO, STARTTLS where the policy wants it, then MAIL, RCPT, DATA for each
message, then QUIT. It yields operations (``flow.wire``) and never touches a socket.

Rules: (1) the policy is judged before any mail is handed over; (2) with PIPELINING, MAIL, all RCPT and DATA go in
one group (RFC 2920); (3) a 421 or a broken connection ends the talk, and what was not answered stays with us.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from mailsim.flow.carriage import Carriage, choose_carriage
from mailsim.flow.session import Ground
from mailsim.flow.wire import (
    Broken,
    Close,
    Handshake,
    Heard,
    Operation,
    Result,
    Say,
    Secure,
    SendChunk,
    SendContent,
)
from mailsim.mail.address import show_path
from mailsim.mail.capability import NONE_OFFERED, Capabilities
from mailsim.mail.envelope import Envelope, Recipient
from mailsim.mail.message import Message
from mailsim.mail.reply import Reply, reply
from mailsim.mail.sasl import Claim, encoded
from mailsim.mta.kind import MtaKind, Offer, Relay, Target
from mailsim.mta.relaying.tls_policy import TlsDemand
from mailsim.reason.decision import Reason
from mailsim.trace.events import NotSecured, Secured, TlsVerdict
from mailsim.world.facts import TlsFacts

Steps: TypeAlias = Generator[Operation, Result, None]

NO_LOGIN = reply(454, "4.7.0", "The next hop offers no AUTH LOGIN, which is to be used")


@dataclass(frozen=True, slots=True)
class Answered:
    """What the next hop answered about one recipient.

    Args:
        recipient: as addressed.
        reply: the reply that decided.
        stage: ``MAIL``, ``RCPT``, ``DATA`` or ``message``; empty where we did not even ask.
    """

    recipient: Recipient
    reply: Reply
    stage: str


@dataclass(slots=True)
class Letter:
    """One message to hand over, and what became of it.

    Args:
        name: its stable name.
        envelope: with the recipients still to be served.
        message: the content.
        answered: one entry a recipient once the next hop has answered.
    """

    name: str
    envelope: Envelope
    message: Message
    answered: list[Answered] = field(default_factory=list)

    @property
    def done(self) -> bool:
        """Whether every recipient was answered."""
        return bool(self.answered)


@dataclass(slots=True)
class Talk:
    """The state of one conversation.

    Args:
        ground: the run.
        kind: the sending MTA's kind.
        mta_id: the sending MTA.
        relay: the route.
        target: the host talked to.
        session: the session's stable name.
        last_error: why the talk ended before its time; None after QUIT.
        because: the decision behind ``last_error``.
        connected: whether the other end can still be talked to.
        heard_why: whether the other end said that it closes.
        parted: whether it had closed without a word before anything was asked of it.
        again_in_clear: whether the handshake failed and the sending MTA tries once more without it.
    """

    ground: Ground
    kind: MtaKind
    mta_id: str
    relay: Relay
    target: Target
    session: str
    capabilities: Capabilities = NONE_OFFERED
    last_error: Reply | None = None
    because: Reason | None = None
    connected: bool = True
    heard_why: bool = False
    parted: bool = False
    again_in_clear: bool = False

    @property
    def over(self) -> bool:
        """Whether no more mail can be handed over."""
        return self.last_error is not None or not self.connected

    def ended_by(self, reply: Reply) -> None:
        """Note that the other end closes the connection with a reply (RFC 5321 section 3.8)."""
        self.connected, self.heard_why = False, True
        self.last_error = reply

    def broke(self, cause: str) -> None:
        """Note that the connection ended too early."""
        self.connected = False
        at = self.ground.view(self.mta_id)
        self.last_error = self.kind.on_unreachable(at, self.target, cause)


def converse(talk: Talk, greeting: Reply, letters: Iterable[Letter]) -> Steps:
    """Talk to a next hop that has greeted, and hand over letters in order.

    Args:
        talk: the conversation; its ``last_error`` tells how it went.
        greeting: the banner.
        letters: updated in place as they are answered.
    """
    yield from _introduce(talk, greeting)
    if talk.last_error is None:
        yield from _secure(talk)
    if not talk.over and talk.relay.login is not None:
        yield from _sign_in(talk, talk.relay.login)
    for letter in letters:
        if talk.over:
            break
        yield from _hand_over(talk, letter)
    if talk.connected:
        yield Say(("QUIT",))
    yield Close()


def _introduce(talk: Talk, greeting: Reply) -> Steps:
    """Check the greeting and say EHLO, or HELO where EHLO is not understood."""
    if not greeting.positive:
        talk.ended_by(greeting)
        return
    refused = None
    if not talk.relay.says_helo:
        refused = yield from _ask(talk, f"EHLO {talk.relay.helo}")
        if refused is None:
            return
        if refused.positive:
            talk.capabilities = Capabilities.from_reply(refused)
            return
    # rfc5321:3.2 a client falls back to HELO
    answer = yield from _ask(talk, f"HELO {talk.relay.helo}")
    if answer is None and refused is not None and not talk.heard_why:
        # the server closed with its refusal of EHLO
        talk.last_error = refused
    if answer is not None and not answer.positive:
        talk.last_error = answer


def _secure(talk: Talk) -> Steps:
    """Judge the offer, start TLS where the policy wants it and the host has it, judge the certificate."""
    _judge(talk, _offer(talk))
    wanted = talk.relay.tls.demand is not TlsDemand.NEVER and talk.capabilities.offers("STARTTLS")
    if talk.last_error is not None or not wanted:
        return
    answer = yield from _ask(talk, "STARTTLS")
    if answer is None:
        return
    if not answer.positive:
        _refused_starttls(talk, answer)
        return
    result = yield Secure(talk.target.host, talk.relay.certificate)
    if isinstance(result, Handshake):
        _judge(talk, _offer(talk, tls=result.tls))
        if talk.last_error is None:
            yield from _introduce(talk, answer)
    elif isinstance(result, Broken):
        talk.connected = False
        _judge(talk, replace(_offer(talk, tls_failed=result.cause), mismatch=result.mismatch))
        talk.again_in_clear = talk.last_error is None


def _sign_in(talk: Talk, claim: Claim) -> Steps:
    """Say who we are, by AUTH LOGIN (RFC 4954); without a way to say it, no mail is handed over."""
    if "LOGIN" not in talk.capabilities.parameters("AUTH"):
        talk.last_error = NO_LOGIN
        return
    for line in ("AUTH LOGIN", encoded(claim.user), encoded(claim.password)):
        answer = yield from _ask(talk, line, secret=line != "AUTH LOGIN")
        if answer is None:
            return
        if not answer.positive:
            talk.last_error = answer
            return


def _refused_starttls(talk: Talk, answer: Reply) -> None:
    """Go on in clear text where the policy allows it."""
    if talk.relay.tls.demand.mandatory or talk.target.published.demands_tls:
        _judge(talk, _offer(talk, tls_failed=f"STARTTLS was answered {answer}"))
    else:
        _note(talk, NotSecured(talk.target.host, f"STARTTLS was answered {answer}"), None)


def _offer(talk: Talk, *, tls: TlsFacts | None = None, tls_failed: str = "") -> Offer:
    target = talk.target
    return Offer(target.host, talk.capabilities, tls, tls_failed, target.address, published=target.published)


def _judge(talk: Talk, offer: Offer) -> None:
    """Ask the sending MTA about the session as it stands and write down what it made of it."""
    at = talk.ground.view(talk.mta_id)
    decision = talk.kind.on_offer(at, talk.relay, offer)
    talk.last_error = decision.value
    if decision.value is not None:
        talk.because = decision
    if offer.tls is not None:
        verified = talk.relay.tls.demand.verified or talk.target.published.verifies
        verdict = TlsVerdict.VERIFIED if verified else TlsVerdict.ENCRYPTED
        verdict = verdict if decision.value is None else TlsVerdict.REJECTED
        _note(talk, Secured("client", offer.tls.version, offer.tls.peer, verdict, offer.host), decision)
    elif decision.value is not None or offer.tls_failed:
        missed = "STARTTLS not used" if offer.capabilities.offers("STARTTLS") else "STARTTLS not offered"
        _note(talk, NotSecured(offer.host, offer.tls_failed or missed), decision)


def _note(talk: Talk, what: Secured | NotSecured, because: Reason | None) -> None:
    talk.ground.record(talk.mta_id, what, session=talk.session, because=because)


def _hand_over(talk: Talk, letter: Letter) -> Steps:
    """Send one letter; every recipient is answered unless the connection breaks."""
    recipients = letter.envelope.recipients
    carriage = choose_carriage(talk.kind.words, talk.capabilities, letter.envelope, letter.message)
    if isinstance(carriage, Reply):
        letter.answered = [Answered(recipient, carriage, "") for recipient in recipients]
        return
    lines = (_mail(talk, letter, carriage), *(_rcpt(talk, recipient) for recipient in recipients))
    replies = yield from _exchange(talk, lines if carriage.chunked else (*lines, "DATA"), letter.name)
    if replies is None:
        return
    mail, *rcpts = replies
    if not mail.positive:
        letter.answered = [Answered(recipient, mail, "MAIL") for recipient in recipients]
    elif carriage.chunked:
        yield from _chunk(talk, letter, rcpts, carriage)
    else:
        yield from _content(talk, letter, rcpts[:-1], rcpts[-1], carriage)
    yield from _clear(talk, letter)


def _chunk(talk: Talk, letter: Letter, rcpts: list[Reply], carriage: Carriage) -> Steps:
    """Send the content as one chunk where a recipient was accepted (RFC 3030)."""
    accepted = any(answer.positive for answer in rcpts)
    final = rcpts[0]
    if accepted:
        result = yield SendChunk(carriage.content)
        if isinstance(result, Broken):
            talk.broke(result.cause)
            return
        final = _only(result)
    _spread(talk, letter, rcpts, final, "message")


def _content(talk: Talk, letter: Letter, rcpts: list[Reply], data: Reply, carriage: Carriage) -> Steps:
    """Send the content where DATA was accepted."""
    accepted = any(answer.positive for answer in rcpts)
    final, stage = data, "DATA"
    if data.code == 354:
        # rfc2920:3.1 a 354 without any valid recipient wants an empty message
        result = yield SendContent(carriage.content if accepted else b"")
        if isinstance(result, Broken):
            talk.broke(result.cause)
            return
        final, stage = _only(result), "message"
    _spread(talk, letter, rcpts, final, stage)


def _spread(talk: Talk, letter: Letter, rcpts: list[Reply], final: Reply, stage: str) -> None:
    """Give every recipient its own reply, and those accepted the one to the content."""
    pairs = list(zip(letter.envelope.recipients, rcpts, strict=True))
    accepted = [recipient for recipient, answer in pairs if answer.positive]
    refused = [Answered(recipient, answer, "RCPT") for recipient, answer in pairs if not answer.positive]
    letter.answered = refused + [Answered(recipient, final, stage) for recipient in accepted]
    _end_after(talk, final)


def _clear(talk: Talk, letter: Letter) -> Steps:
    """Take a transaction back that did not end with content, so the next letter starts clean."""
    unfinished = not any(answer.stage == "message" for answer in letter.answered)
    if unfinished and talk.last_error is None:
        yield from _ask(talk, "RSET")


def _mail(talk: Talk, letter: Letter, carriage: Carriage) -> str:
    """Write MAIL with the parameters that the next hop understands."""
    envelope, offers = letter.envelope, talk.capabilities.offers
    words = [f"MAIL FROM:{show_path(envelope.reverse_path)}"]
    words += [f"SIZE={len(carriage.content)}"] if offers("SIZE") else []
    words += [f"BODY={carriage.body}"] if carriage.body else []
    words += ["SMTPUTF8"] if envelope.needs_smtputf8 else []
    if offers("DSN"):
        words += [f"RET={envelope.ret}"] if envelope.ret else []
        words += [f"ENVID={envelope.envid}"] if envelope.envid else []
    return " ".join(words)


def _rcpt(talk: Talk, recipient: Recipient) -> str:
    words = [f"RCPT TO:<{recipient.path}>"]
    if talk.capabilities.offers("DSN"):
        words += [f"NOTIFY={','.join(sorted(recipient.notify))}"] if recipient.notify else []
        words += [f"ORCPT={recipient.orcpt}"] if recipient.orcpt else []
    return " ".join(words)


def _exchange(
    talk: Talk, lines: tuple[str, ...], message: str
) -> Generator[Operation, Result, list[Reply] | None]:
    """Send a transaction's commands, in one group or one by one, and return the replies.

    Without PIPELINING a refused MAIL ends the transaction, and the rest counts as answered alike.
    """
    if talk.capabilities.offers("PIPELINING"):
        result = yield Say(lines, message)
        return _read(talk, result)
    replies: list[Reply] = []
    for line in lines:
        if line == "DATA" and not any(answer.positive for answer in replies[1:]):
            replies.append(replies[-1])
            break
        answer = yield from _ask(talk, line, message)
        if answer is None:
            return None
        replies.append(answer)
        if not replies[0].positive:
            return replies * len(lines)
    return replies


def _ask(
    talk: Talk, line: str, message: str = "", *, secret: bool = False
) -> Generator[Operation, Result, Reply | None]:
    """Send one command and return its reply; None when the talk is over."""
    replies = _read(talk, (yield Say((line,), message, secret=secret)))
    return replies[0] if replies else None


def _read(talk: Talk, result: Result) -> list[Reply] | None:
    """Return the replies heard; None when the talk is over."""
    replies = list(result.replies) if isinstance(result, Heard | Broken) else []
    closing = next((answer for answer in replies if answer.code == 421), None)
    if closing is not None:
        talk.ended_by(closing)
        return None
    if isinstance(result, Broken):
        talk.parted = not replies
        talk.broke(result.cause)
        return None
    return replies


def _only(result: Result) -> Reply:
    if not isinstance(result, Heard):
        raise TypeError(f"{result} is no answer to content")
    return result.replies[0]


def _end_after(talk: Talk, answer: Reply) -> None:
    if answer.code == 421:
        talk.ended_by(answer)
