"""The driver without a wire: the client's generator and the server's session, joined by a loop.

It carries operations out exactly as sockets would deliver them, one connection at a time, and writes the same events
in the same order as the live driver.
"""

from __future__ import annotations

from datetime import datetime

from mailsim.flow.pipeline import Attempt, Pipeline
from mailsim.flow.session import Answer, ServerSession, Then
from mailsim.flow.wire import (
    CLOSED,
    REFUSED,
    RESET,
    Broken,
    Close,
    Handshake,
    Heard,
    Meeting,
    Open,
    Operation,
    Result,
    Say,
    Secure,
    SendChunk,
    SendContent,
)
from mailsim.mail.reply import Reply
from mailsim.trace.events import Closed, NotSecured
from mailsim.world.facts import SessionFacts, TlsFacts
from mailsim.world.tls_version import NoCommonVersion


def run_until_quiet(pipeline: Pipeline, until: datetime | None) -> None:
    """Do everything that is due, in order, until nothing waits or ``until`` is reached."""
    while (due := pipeline.next_due) is not None and (until is None or due <= until):
        attempt = pipeline.step()
        if attempt is not None:
            carry(pipeline, attempt)


def carry(pipeline: Pipeline, attempt: Attempt) -> None:
    """Run one attempt to its end and give its result back."""
    wire = MemoryWire(pipeline, attempt.mta_id)
    try:
        operation = next(attempt.steps)
        while True:
            operation = attempt.steps.send(wire.do(operation))
    except StopIteration as end:
        pipeline.finish(end.value)


class MemoryWire:
    """One client's connections, in memory.

    Args:
        pipeline: the run.
        client_id: the MTA that connects.
    """

    def __init__(self, pipeline: Pipeline, client_id: str) -> None:
        self._pipeline = pipeline
        self._client_id = client_id
        self._session: ServerSession | None = None
        self._message = ""
        self._then = Then.NEXT_LINE
        self._not_secured: NotSecured | None = None

    def do(self, operation: Operation) -> Result:
        """Carry one operation out."""
        match operation:
            case Open():
                return self._open(operation)
            case Say():
                return self._say(operation)
            case SendContent(data):
                return self._content(data)
            case SendChunk():
                return self._chunk(operation)
            case Secure():
                return self._secure(operation)
            case Close():
                return self._close()

    def _open(self, operation: Open) -> Result:
        target = operation.target
        server = self._pipeline.server_at(target.address, target.port)
        if server is None or operation.meets is Meeting.NOBODY:
            return Broken(REFUSED)
        if operation.meets is Meeting.RESET:
            return Broken(RESET)
        facts = SessionFacts(peer_ip=operation.source, local_ip=target.address, local_port=target.port)
        self._message = ""
        self._session = self._pipeline.open_session(server, facts, operation.session, self._incoming)
        answer = self._session.greet()
        self._then = answer.then
        return self._heard(answer.reply)

    def _incoming(self) -> str:
        return self._message

    def _say(self, operation: Say) -> Result:
        self._message = operation.message or self._message
        replies: list[Reply] = []
        for line in operation.lines:
            reply = None if self._then.over else self._exchange(line)
            if reply is None:
                return self._broken(tuple(replies))
            replies.append(reply)
        return Heard(tuple(replies))

    def _exchange(self, line: str) -> Reply | None:
        octets = len(line.encode("utf-8", "surrogateescape")) + len("\r\n")
        if octets > self._open_session.longest_line:
            return self._note(f"<line of {octets} octets>", self._open_session.overlong())
        return self._note(line, self._open_session.handle(line))

    def _content(self, data: bytes) -> Result:
        ended = data if not data or data.endswith(b"\r\n") else data + b"\r\n"
        return self._heard(self._note(f"<{len(ended)} octets>", self._open_session.content(ended)))

    def _chunk(self, operation: SendChunk) -> Result:
        if self._then.over:
            return self._broken()
        answer = self._open_session.handle(operation.line)
        if answer.then is Then.CHUNK:
            answer = self._open_session.chunk(operation.data, last=True)
        return self._heard(self._note(operation.line, answer))

    def _heard(self, reply: Reply | None) -> Result:
        return self._broken() if reply is None else Heard((reply,))

    def _broken(self, replies: tuple[Reply, ...] = ()) -> Broken:
        return Broken(self._open_session.broken or CLOSED, replies)

    def _secure(self, operation: Secure) -> Result:
        session = self._open_session
        tls = session.tls
        if tls is None:
            return Broken("the server has no certificate")
        client = self._pipeline.view(self._client_id)
        agreed = client.mta.tls.agreed(tls.versions)
        if agreed is None:
            return self._refused(session, NoCommonVersion(client.mta.tls, tls.versions))
        shown = (
            client.pki.presented(operation.certificate) if operation.certificate and tls.ask_client else None
        )
        session.secured(TlsFacts(agreed.shown, shown))
        return Handshake(TlsFacts(agreed.shown, client.pki.presented(tls.certificate)))

    def _refused(self, session: ServerSession, mismatch: NoCommonVersion) -> Broken:
        """Fail a handshake; the server's view of it is written when the connection is over."""
        self._not_secured = NotSecured(str(session.peer_ip), str(mismatch))
        return Broken(str(mismatch), mismatch=mismatch)

    def _close(self) -> Result:
        session = self._open_session
        if self._not_secured is not None:
            self._pipeline.record(session.mta_id, self._not_secured, session=session.name)
            self._not_secured = None
        cause = session.broken if session.closed else "closed by the client without QUIT"
        self._pipeline.record(self._client_id, Closed(cause), session=session.name)
        self._session = None
        return Heard(())

    def _note(self, line: str, answer: Answer) -> Reply | None:
        """Write an exchange down, and return the reply; None when a fault keeps it back."""
        if answer.then is Then.CHUNK:
            raise AssertionError("a chunk was announced and not sent")
        self._pipeline.exchanged(self._open_session, line, answer)
        self._then = answer.then
        return answer.reply

    @property
    def _open_session(self) -> ServerSession:
        if self._session is None:
            raise AssertionError("no connection is open")
        return self._session
