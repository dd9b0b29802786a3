"""One SMTP session as the server lives it.

A line goes in, an answer comes out. The object owns command order and envelope state and asks the MTA kind for
every decision; the driver owns the bytes. Prediction calls it in a loop, the live server feeds it from a socket:
it is the same object, so both give the same replies.

Rules: (1) commands out of order are answered in the product's words and change nothing; (2) EHLO, RSET and a
finished message clear the envelope (RFC 5321 section 4.1.4); (3) after STARTTLS everything the client said before
is forgotten (RFC 3207 section 4.2); (4) a message is in the spool before its 250 leaves; (5) only what the answer to
EHLO offered is spoken; (6) of a message only what the product takes is kept, however much comes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum
from ipaddress import IPv4Address
from typing import Any, Protocol

from mailsim.errors import Bug
from mailsim.flow.faults import Occasion, hindered, reason_of
from mailsim.flow.faults import stage_of as stage_of_line
from mailsim.flow.offered import takes_mail, takes_rcpt
from mailsim.flow.transfer import Transfer
from mailsim.flow.wire import CLOSED, RESET
from mailsim.mail.address import Mailbox, ReversePath
from mailsim.mail.capability import NONE_OFFERED, Capabilities
from mailsim.mail.command import (
    Auth,
    Bdat,
    Command,
    Data,
    Ehlo,
    Help,
    Http,
    Mail,
    Malformed,
    Noop,
    Quit,
    Rcpt,
    Rset,
    StartTls,
    Unknown,
    Vrfy,
    read_command,
)
from mailsim.mail.envelope import Envelope, Recipient
from mailsim.mail.reply import Reply
from mailsim.mail.sasl import SERVER, CancelledError, Claim, Dialogue
from mailsim.mta.kind import Item, MtaKind, PointOfView, ServerTls, Session
from mailsim.reason.decision import Reason
from mailsim.trace.connection import AUTH, CREDENTIALS, stage_of
from mailsim.trace.events import Attributed, Connected, Received, Secured, TlsVerdict, What
from mailsim.world.facts import SessionFacts, TlsFacts
from mailsim.world.fault import Answer as FaultAnswer
from mailsim.world.fault import Close, Fault, Stage, When

# postfix: line_length_limit = 2048; rfc5321:4.5.3.1.4 wants 512 and what extensions add, of which DSN adds the most
LONGEST_LINE = 2048
# rfc4954:4 what a client answers to a challenge may be that long
LONGEST_ANSWER = 12_288


# rfc1047 the client cannot know, tries again, and the recipients get the message twice
UNHEARD = "accepted, and the client does not hear so: what it sends again is a duplicate (RFC 1047)"


class Then(Enum):
    """What the driver does after it has written the reply."""

    NEXT_LINE = "read a command"
    CONTENT = "read a message up to the final dot"
    CHUNK = "read a chunk of known size before any reply"
    HANDSHAKE = "start TLS"
    CLOSE = "close the connection"
    RESET = "reset the connection"

    @property
    def over(self) -> bool:
        """Whether nothing more is read."""
        return self in (Then.CLOSE, Then.RESET)


@dataclass(frozen=True, slots=True)
class Answer:
    """The server's answer to one line.

    Args:
        reply: None where a chunk is to be read first, or where a fault keeps the reply back.
        then: what comes next.
        because: why, where something was decided.
        size: octets of the chunk to read.
        last: whether that chunk ends the message.
        shown: what stands for the line in the trace where it is secret.
        keep: of the content or chunk to read, the octets worth keeping; None for all.
    """

    reply: Reply | None
    then: Then = Then.NEXT_LINE
    because: Reason | None = None
    size: int = 0
    last: bool = False
    shown: str = ""
    keep: int | None = None


class Ground(Protocol):
    """What a session needs of the run around it."""

    def view(self, mta_id: str) -> PointOfView:
        """Return the point of view of an MTA now."""

    def record(
        self, mta: str, what: What, *, message: str = "", session: str = "", because: Reason | None = None
    ) -> None:
        """Write an event now."""

    def accept(self, mta_id: str, item: Item) -> None:
        """Put an item into the spool of an MTA."""

    def fault(self, occasion: Occasion) -> Fault | None:
        """Return the fault that strikes on an occasion."""

    def host_at(self, address: IPv4Address) -> str:
        """Return whose address it is; empty when nobody has it."""

    def began(self, mta_id: str, facts: SessionFacts, reverse_path: ReversePath, connector: str) -> None:
        """Remember that an MTA accepted a sender, and by which connector."""


class ServerSession:
    """The server's side of one connection.

    Args:
        ground: the run.
        kind: the MTA kind that decides.
        mta_id: the MTA.
        facts: the peer's and the local address.
        name: the session's stable name.
        client: who connects, by id; empty for a stranger.
        incoming: gives the stable name of the message that the client is about to send.

    Attributes:
        closed: whether this end has closed the connection.
        broken: in which words the client notices that a fault ended it; empty when none did.
    """

    def __init__(
        self,
        ground: Ground,
        kind: MtaKind,
        mta_id: str,
        facts: SessionFacts,
        *,
        name: str,
        client: str,
        incoming: Callable[[], str],
    ) -> None:
        self.name = name
        self.mta_id = mta_id
        self._ground = ground
        self._kind = kind
        self._client = client
        self._incoming = incoming
        self._facts = facts
        self._receiving: Any = None
        self._connector = ""
        self._envelope: Envelope | None = None
        self._transfer = Transfer(None)
        self._offered = NONE_OFFERED
        self._message = ""
        self._new_tls: TlsFacts | None = None
        self._signing_in: Dialogue | None = None
        self._auth_refused = False
        self._errors_left: int | None = None
        self.closed = False
        self.broken = ""

    def greet(self) -> Answer:
        """Answer the connection itself."""
        fault = self._fault(Stage.CONNECT, "")
        if fault is not None and isinstance(fault.effect, FaultAnswer):
            self._record(self._connected("", fault.effect.reply), reason_of(fault))
            self._record(hindered(fault), reason_of(fault))
            return self._answer(fault.effect.reply, Then.CLOSE, reason_of(fault))
        greeting = self._kind.on_connect(self._at, self._facts)
        self._receiving, self._connector = greeting.receiving, greeting.connector
        self._errors_left = greeting.protocol_errors
        reply = greeting.reply.value
        self._record(self._connected(greeting.connector, reply), greeting.reply)
        return self._answer(reply, Then.NEXT_LINE if reply.positive else Then.CLOSE, greeting.reply)

    def _connected(self, connector: str, reply: Reply) -> Connected:
        return Connected(
            client=self._client,
            peer_ip=self._facts.peer_ip,
            local_ip=self._facts.local_ip,
            port=self._facts.local_port,
            connector=connector,
            reply=reply,
        )

    def handle(self, line: str) -> Answer:
        """Answer one command line, given without its CRLF."""
        self._note_handshake()
        shown = self.shown(line)
        if self._signing_in is not None:
            answer = self._sign_in(self._signing_in, line)
        else:
            answer = self._hindered(line, shown) or self._dispatch(read_command(line))
        refused = answer.reply is not None and answer.reply.code >= 400
        self._auth_refused = refused and stage_of(shown) == AUTH
        return answer if shown == line else replace(answer, shown=shown)

    def shown(self, line: str) -> str:
        """Return what stands in a record for the next line, which may say who somebody is.

        A client that does not wait for the answer to AUTH says it although AUTH was refused.
        """
        if self._signing_in is not None or (
            self._auth_refused and isinstance(read_command(line), Malformed | Unknown)
        ):
            return CREDENTIALS
        words = line.split()
        return " ".join(words[:2]) if len(words) > 2 and words[0].upper() == "AUTH" else line

    def content(self, data: bytes, *, cut: int = 0) -> Answer:
        """Answer the end of a message.

        Args:
            data: its content with dot-stuffing undone.
            cut: how many octets more of it came and were not kept.
        """
        self._transfer.take(data, cut)
        return self._end_content()

    def chunk(self, data: bytes, *, last: bool, cut: int = 0) -> Answer:
        """Answer a chunk (RFC 3030), which was read whether it is wanted or not.

        Args:
            data: what was kept of it.
            last: whether it ends the message.
            cut: how many octets more of it came and were not kept.
        """
        refusal = self._chunk_refusal()
        if refusal is not None:
            return Answer(refusal)
        self._transfer.take(data, cut)
        if last or self._transfer.too_large:
            return self._end_content()
        return Answer(self._kind.words.chunk_taken)

    def overlong(self) -> Answer:
        """Answer a line longer than ``longest_line``."""
        if self._signing_in is not None:
            # rfc4954:4 it fails the AUTH command; the next line is a command again
            self._signing_in = None
            return self._wrong(self._kind.words.auth_overlong)
        return self._wrong(self._kind.words.overlong)

    def crashed(self) -> Answer:
        """Answer when mailsim itself failed: never a verdict of the product."""
        return self._answer(self._kind.words.bug, Then.CLOSE, None)

    # --- what no product says: the machine has its limits ---------------------------------------------------

    def turn_away(self) -> Answer:
        """Answer a connection for which this machine has no place."""
        reply = self._kind.words.busy
        self._record(self._connected("", reply))
        return self._answer(reply, Then.CLOSE, None)

    def starved(self) -> Answer:
        """Answer a message or a chunk that this machine has no memory for; it is dropped."""
        self._reset()
        return Answer(self._kind.words.starved)

    def flooded(self) -> Answer:
        """Answer content without end."""
        return self._answer(self._kind.words.too_large, Then.CLOSE, None)

    def silent(self) -> Answer:
        """Answer a client that has said nothing, or too little, for too long."""
        return self._answer(self._kind.words.silent, Then.CLOSE, None)

    def tired(self) -> Answer:
        """Answer a client that has said too much without getting a message through."""
        return self._answer(self._kind.words.too_many_errors, Then.CLOSE, None)

    @property
    def longest_line(self) -> int:
        """How long the next line may be, in octets with its line end."""
        return LONGEST_LINE if self._signing_in is None else LONGEST_ANSWER

    @property
    def kept(self) -> int:
        """How many octets of the message in transfer are held."""
        return self._transfer.kept

    @property
    def tls(self) -> ServerTls | None:
        """How this server enters TLS now."""
        return self._kind.on_starttls(self._at, self._session)

    @property
    def peer_ip(self) -> IPv4Address:
        """The modelled address of the client."""
        return self._facts.peer_ip

    @property
    def message(self) -> str:
        """The stable name of the message in transfer or transferred last."""
        return self._message

    def secured(self, tls: TlsFacts) -> None:
        """Take the facts of a finished handshake and forget what was said before it."""
        # rfc3207:4.2 the server must discard any knowledge obtained from the client
        self._facts = replace(self._facts, tls=tls, ehlo="", extended=False, user="")
        self._offered = NONE_OFFERED
        self._reset()
        self._new_tls = tls

    @property
    def _at(self) -> PointOfView:
        return self._ground.view(self.mta_id)

    @property
    def _session(self) -> Session:
        return Session(self._facts, self._receiving)

    def _note_handshake(self) -> None:
        """Write the server's view of the handshake with the first line after it.

        Only then have both ends finished: the order of events must not depend on which end was faster.
        """
        if self._new_tls is not None:
            tls, self._new_tls = self._new_tls, None
            self._record(Secured("server", tls.version, tls.peer, TlsVerdict.ENCRYPTED, self.mta_id))

    # --- faults --------------------------------------------------------------------------------------------

    def _fault(self, stage: Stage, said: str) -> Fault | None:
        name = f"{self.name} {self._message} {said}"
        return self._ground.fault(Occasion(self._client, self.mta_id, stage, name))

    def _hindered(self, line: str, shown: str) -> Answer | None:
        """Answer a command as a fault has it, and do nothing of it; None when no fault strikes."""
        stage = stage_of_line(line)
        fault = self._fault(stage, shown) if stage is not None else None
        if fault is None:
            return None
        if stage is Stage.MAIL:
            self._message = self._incoming()
        return self._answer_by(fault)

    def _end_content(self) -> Answer:
        """Answer the end of the content, as a fault has it where one strikes."""
        fault = self._fault(Stage.MESSAGE, "")
        if fault is None:
            return self._take()
        if isinstance(fault.effect, Close):
            return self._close_by(fault, fault.effect.when, self._take())
        self._reset()
        return self._answer_by(fault)

    def _answer_by(self, fault: Fault) -> Answer:
        because = reason_of(fault)
        self._record(hindered(fault), because)
        if isinstance(fault.effect, FaultAnswer):
            return self._answer(fault.effect.reply, Then.NEXT_LINE, because)
        self.closed, self.broken = True, RESET
        return Answer(None, Then.RESET, because)

    def _close_by(self, fault: Fault, when: When, answer: Answer) -> Answer:
        """Close after the content was taken, whether the client hears so or not."""
        unheard = when is When.BEFORE_REPLY
        taken = answer.reply is not None and answer.reply.positive
        self._record(hindered(fault, UNHEARD if unheard and taken else ""), reason_of(fault))
        self.closed, self.broken = True, CLOSED
        return Answer(None if unheard else answer.reply, Then.CLOSE, answer.because)

    def _dispatch(self, command: Command) -> Answer:
        words = self._kind.words
        match command:
            case Ehlo():
                return self._ehlo(command)
            case Mail():
                return self._mail(command)
            case Rcpt():
                return self._rcpt(command)
            case Data():
                return self._data()
            case Bdat():
                return self._bdat(command)
            case StartTls():
                return self._starttls()
            case Auth():
                return self._auth(command)
            case Rset():
                self._reset()
                return Answer(words.reset)
            case Noop():
                return Answer(words.noop)
            case Vrfy():
                return Answer(words.vrfy)
            case Help():
                return Answer(words.help)
            case Quit():
                return self._answer(words.quit, Then.CLOSE, None)
            case Malformed(verb="BDAT"):
                # what follows is a chunk of unknown size, and no command
                return self._answer(words.malformed, Then.CLOSE, None)
            case Malformed():
                return self._wrong(self._malformed(command))
            case Http():
                return self._answer(words.http, Then.CLOSE, None)
            case Unknown():
                return self._wrong(words.unknown)

    def _wrong(self, reply: Reply) -> Answer:
        """Answer a command out of order or grammar; one too many ends the session."""
        if self._errors_left is None:
            return Answer(reply)
        self._errors_left -= 1
        if self._errors_left >= 0:
            return Answer(reply)
        return self._answer(self._kind.words.too_many_errors, Then.CLOSE, None)

    def _malformed(self, command: Malformed) -> Reply:
        words = self._kind.words
        if command.in_path:
            return words.bad_path
        return words.bad_helo if command.verb in ("EHLO", "HELO") else words.malformed

    def _ehlo(self, command: Ehlo) -> Answer:
        before = self._facts
        self._facts = replace(before, ehlo=command.domain, extended=command.extended)
        decision = self._kind.on_ehlo(self._at, self._session)
        reply = decision.value
        if reply.positive:
            self._reset()
            self._offered = Capabilities.from_reply(reply) if command.extended else NONE_OFFERED
        else:
            # rfc5321:4.1.4 after a refusal the server is in the state it was in before
            self._facts = before
        return self._answer(reply, Then.NEXT_LINE, decision)

    def _starttls(self) -> Answer:
        if self.tls is None:
            return self._wrong(self._kind.words.unknown)
        return Answer(self._kind.words.ready_for_tls, Then.HANDSHAKE)

    def _auth(self, command: Auth) -> Answer:
        """Begin to sign somebody in (RFC 4954 section 4)."""
        words = self._kind.words
        if not self._facts.extended or self._facts.user or self._envelope is not None:
            return self._wrong(words.bad_sequence)
        if command.mechanism not in self._kind.mechanisms(self._at, self._session):
            return self._wrong(words.auth_unknown)
        self._signing_in = SERVER[command.mechanism](command.initial)
        return self._sign_in(self._signing_in, None)

    def _sign_in(self, dialogue: Dialogue, line: str | None) -> Answer:
        """Go on with a dialogue of challenges and answers."""
        words = self._kind.words
        try:
            challenge = next(dialogue) if line is None else dialogue.send(line)
        except StopIteration as end:
            return self._signed_in(end.value)
        except CancelledError:
            reply = words.auth_cancelled
        except ValueError:
            reply = words.auth_malformed
        else:
            return Answer(Reply(334, "", (challenge,)))
        self._signing_in = None
        return Answer(reply)

    def _signed_in(self, claim: Claim) -> Answer:
        self._signing_in = None
        decision = self._kind.on_auth(self._at, self._session, claim)
        if decision.value is not None:
            self._facts = replace(self._facts, logon_failures=self._facts.logon_failures + 1)
            return self._answer(decision.value, Then.NEXT_LINE, decision)
        self._facts = replace(self._facts, user=claim.user)
        return self._answer(self._kind.words.authenticated, Then.NEXT_LINE, decision)

    def _mail(self, command: Mail) -> Answer:
        words = self._kind.words
        if not self._facts.ehlo:
            return self._wrong(words.bad_sequence)
        if self._envelope is not None:
            return self._wrong(words.need_rcpt)
        if not takes_mail(self._offered, command.parameters, signed_in=bool(self._facts.user)):
            return self._wrong(words.parameter)
        if _beyond_ascii(command.path) and "SMTPUTF8" not in command.parameters:
            return self._wrong(words.needs_smtputf8)
        self._message = self._incoming()
        decision = self._kind.on_mail(self._at, self._session, command)
        if decision.value is not None:
            return self._answer(decision.value, Then.NEXT_LINE, decision)
        self._envelope = Envelope(
            reverse_path=command.path,
            smtputf8="SMTPUTF8" in command.parameters,
            ret=command.parameters.get("RET", "").upper(),
            envid=command.parameters.get("ENVID", ""),
            body=command.parameters.get("BODY", "").upper(),
        )
        self._transfer = Transfer(self._kind.size_limit(self._at, self._session))
        self._ground.began(self.mta_id, self._facts, command.path, self._connector)
        return self._answer(words.sender_ok, Then.NEXT_LINE, decision)

    def _rcpt(self, command: Rcpt) -> Answer:
        words = self._kind.words
        if self._envelope is None:
            return self._wrong(words.need_mail if self._facts.ehlo else words.bad_sequence)
        if self._transfer.begun:
            return self._wrong(words.in_chunks)
        if not takes_rcpt(self._offered, command.parameters):
            return self._wrong(words.parameter)
        if _beyond_ascii(command.path) and not self._envelope.smtputf8:
            return self._wrong(words.needs_smtputf8)
        decision = self._kind.on_rcpt(self._at, self._session, self._envelope, command)
        if decision.value is not None:
            return self._answer(decision.value, Then.NEXT_LINE, decision)
        notify = command.parameters.get("NOTIFY", "")
        recipient = Recipient(
            command.path,
            command.parameters.get("ORCPT", ""),
            frozenset(notify.upper().split(",")) if notify else frozenset(),
        )
        self._envelope = replace(self._envelope, recipients=(*self._envelope.recipients, recipient))
        return self._answer(words.recipient_ok, Then.NEXT_LINE, decision)

    def _data(self) -> Answer:
        words = self._kind.words
        if self._envelope is None:
            return Answer(words.need_mail if self._facts.ehlo else words.bad_sequence)
        if not self._envelope.recipients:
            return Answer(words.need_rcpt)
        if self._transfer.begun:
            return self._wrong(words.in_chunks)
        if self._envelope.body == "BINARYMIME":
            return self._wrong(words.binary)
        return Answer(words.start_content, Then.CONTENT, keep=self._transfer.room)

    def _bdat(self, command: Bdat) -> Answer:
        keep = self._transfer.room if self._chunk_refusal() is None else 0
        return Answer(None, Then.CHUNK, size=command.size, last=command.last, keep=keep)

    def _chunk_refusal(self) -> Reply | None:
        """Return why no chunk may come now."""
        words = self._kind.words
        if not self._facts.ehlo:
            return words.bad_sequence
        if not self._offered.offers("CHUNKING"):
            return words.unknown
        if self._envelope is None:
            return words.need_mail
        return None if self._envelope.recipients else words.need_rcpt

    def _take(self) -> Answer:
        if self._envelope is None:  # pragma: no cover - drivers read content only after 354
            raise AssertionError("content without an envelope")
        envelope, name, message = self._envelope, self._message, self._transfer.message()
        if message is None:
            self._reset()
            return self._answer(self._kind.words.header_too_large, Then.NEXT_LINE, None)
        acceptance = self._kind.on_data(self._at, self._session, envelope, message, name)
        if self._transfer.too_large and acceptance.item is not None:
            raise Bug(f"{self._kind.name} accepts {message.size} octets and keeps fewer")
        reply = acceptance.reply.value
        for attributed in acceptance.attributed:
            to = attributed.value
            self._record(Attributed(to.owner, to.connector, to.direction), attributed)
        if acceptance.item is not None:
            self._record(Received(envelope, reply, message.size), acceptance.reply)
            self._ground.accept(self.mta_id, acceptance.item)
        self._reset()
        return self._answer(reply, Then.NEXT_LINE, acceptance.reply)

    def _reset(self) -> None:
        self._envelope = None
        self._transfer = Transfer(None)

    def _answer(self, reply: Reply, then: Then, because: Reason | None) -> Answer:
        # rfc5321:3.8 after 421 the server closes
        then = Then.CLOSE if reply.code == 421 or reply.closes else then
        self.closed = self.closed or then is Then.CLOSE
        return Answer(reply, then, because)

    def _record(self, what: What, because: Reason | None = None) -> None:
        self._ground.record(self.mta_id, what, message=self._message, session=self.name, because=because)


def _beyond_ascii(path: Mailbox | None) -> bool:
    return path is not None and path.needs_smtputf8
