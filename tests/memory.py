"""A server without sockets: a session, and the octets cut by the letter of RFC 5321 and RFC 3030."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from mailsim.flow.session import Answer, ServerSession, Then
from mailsim.world.facts import TlsFacts

Note = Callable[[ServerSession, str, Answer], None]


@dataclass
class Memory:
    """A session and the octets that it has not taken yet.

    Args:
        session: the server's side.
        then: what the server waits for.
        held: octets that are no whole line, content or chunk yet.
        chunk: the announced chunk that is to come.
        note: called with every command line and its answer.
    """

    session: ServerSession
    note: Note
    then: Then = Then.NEXT_LINE
    held: bytes = b""
    chunk: Answer | None = None

    def hear(self, data: bytes) -> Iterator[bytes]:
        """Take octets and yield the replies they lead to."""
        self.held += data
        while self.then is not Then.CLOSE and (answer := self._next()) is not None:
            if answer.reply is not None:
                yield answer.reply.to_wire()

    def _next(self) -> Answer | None:
        """Take one line, content or chunk off the octets and answer it; None when there is no whole one."""
        if self.then is Then.CONTENT:
            # the CRLF that ended DATA may be the first of CRLF.CRLF
            content, end, rest = (b"\r\n" + self.held).partition(b"\r\n.\r\n")
            plain = (content + b"\r\n").replace(b"\r\n.", b"\r\n")[2:]
            return self._answered(self.session.content(plain), rest) if end else None
        if self.chunk is not None:
            data, rest, announced = self.held[: self.chunk.size], self.held[self.chunk.size :], self.chunk
            if len(data) < announced.size:
                return None
            self.chunk = None
            return self._answered(self.session.chunk(data, last=announced.last), rest)
        line, end, rest = self.held.partition(b"\n")
        return self._answered(self._line(line), rest) if end else None

    def _line(self, line: bytes) -> Answer:
        if len(line) + 1 > self.session.longest_line:
            return self.session.overlong()
        text = line.removesuffix(b"\r").decode("utf-8", "surrogateescape")
        answer = self.session.handle(text)
        self.note(self.session, text, answer)
        return answer

    def _answered(self, answer: Answer, rest: bytes) -> Answer:
        self.then, self.held = answer.then, rest
        if answer.then is Then.CHUNK:
            self.chunk = answer
        if answer.then is Then.HANDSHAKE:
            self.session.secured(TlsFacts("TLS1_3", None))
        return answer
