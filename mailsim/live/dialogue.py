"""What is said on one connection, at the server's end.

Called by ``live.server`` for each connection. Reads what the client sends, feeds it to ``flow.session`` and writes the
answers; it decides nothing and sees no socket.

Rules: (1) an event is written before the reply it is about; (2) replies to a group of commands leave together when the
server has to wait (RFC 2920 section 3.2); (3) a failure of mailsim itself is ``Crashed`` and 421 4.3.0, never a
verdict; (4) the end of an outside program's connection is written here, of our own by the client's end; (5) no wait is
without end, and an outside program gets no more of this machine than ``live.guard`` says.
"""

from __future__ import annotations

import asyncio
import ssl
from contextlib import suppress
from ipaddress import IPv4Address
from typing import Protocol

from mailsim.errors import Bug, LiveError
from mailsim.flow.session import Answer, ServerSession, Then
from mailsim.live.framing import Content, Gone, Inflow, Overlong, TooLarge
from mailsim.live.guard import Patience
from mailsim.live.link import Link, content_line, overlong_line, secret_line
from mailsim.live.run import Endpoint, Run
from mailsim.trace.events import Closed, NotSecured
from mailsim.world.facts import SessionFacts, TlsFacts

# replies to one group are kept back until they are that many octets, so that a flood of commands is answered in pieces
_UNSENT = 16 * 1024


class Connection(Protocol):
    """What carries a dialogue."""

    def peer(self) -> IPv4Address:
        """Return the modelled address of the client."""

    def cause(self) -> str:
        """Return why the connection ended without QUIT."""

    def reset(self) -> None:
        """Reset the connection."""

    async def receive(self, deadline: float) -> bytes:
        """Return the next octets; empty at the end of the connection.

        Raises:
            TimeoutError: the deadline has come, in seconds of the loop's clock.
        """

    async def send(self, data: bytes) -> None:
        """Write octets and wait while the client is slow.

        Raises:
            OSError: the connection is gone, or the client was too slow for it.
        """

    async def secure(self, context: ssl.SSLContext) -> TlsFacts:
        """Throw away what was sent ahead and enter TLS as a server.

        Raises:
            OSError: the handshake failed.
            ValueError: the client's certificate cannot be read.
        """


class Dialogue:
    """What is said on one connection.

    Args:
        run: the live run.
        endpoint: the listener that was connected to.
        connection: the connection.
        link: what the client's end has announced; None for an outside program.
        welcome: whether there is a place for it.
    """

    def __init__(
        self, run: Run, endpoint: Endpoint, connection: Connection, link: Link | None, *, welcome: bool
    ) -> None:
        guard = run.guard
        self._run = run
        self._connection = connection
        self._link = link
        self._welcome = welcome
        self._closing = self._over = False
        self._transcript = link.at_server if link else None
        self._inflow = Inflow(self._more, self._may_hold, guard.content_octets)
        self._patience = Patience(
            guard.idle_seconds, guard.octets_per_second, asyncio.get_running_loop().time
        )
        self._in_content = False
        self._holds = 0
        self._commands = 0
        self._unsent = bytearray()
        self._last = "the connection"
        self._session = self._open(endpoint)

    async def hold(self) -> None:
        """Greet, answer until the end, and write down how it ended."""
        try:
            await self._speak()
        except TimeoutError:
            await self._give_up("the client was silent for too long", self._session.silent())
        except (Gone, OSError):
            self._broke_off(self._connection.cause())
        except TooLarge:
            await self._give_up("the client sent more than anybody waits for", self._session.flooded())
        except Exception as error:
            await self._crash(error)
        finally:
            self._hold(0)

    @property
    def all_was_heard(self) -> bool:
        """Whether the client is known to have said no more: our own ends with QUIT."""
        return self._link is not None and self._last == "QUIT"

    def _open(self, endpoint: Endpoint) -> ServerSession:
        self._run.tick()
        facts = SessionFacts(
            peer_ip=self._connection.peer(), local_ip=endpoint.address, local_port=endpoint.port
        )
        server, link = self._run.server(endpoint), self._link
        if link is None:
            return self._run.pipeline.open_session(server, facts, "")
        link.server = self._run.pipeline.open_session(server, facts, link.session, link.incoming)
        return link.server

    async def _speak(self) -> None:
        self._run.tick()
        answer = self._session.greet() if self._welcome else self._session.turn_away()
        self._put(answer)
        while not answer.then.over:
            answer = await self._command()
        await self._flush()
        if answer.then is Then.RESET:
            self._connection.reset()

    async def _command(self) -> Answer:
        """Read one command and answer it, with all that belongs to it."""
        if len(self._unsent) > _UNSENT:
            await self._flush()
            await asyncio.sleep(0)  # others have their turn
        self._await(content=False)
        line = await self._inflow.line(self._session.longest_line)
        self._run.tick()
        self._commands += 1
        if self._link is None and self._commands > self._run.guard.commands:
            return self._exchange("<too many commands>", self._session.tired())
        if isinstance(line, Overlong):
            self._heard(overlong_line(line.octets))
            return self._exchange(overlong_line(line.octets), self._session.overlong())
        shown = self._session.shown(line)
        self._last = shown
        self._heard(line if shown == line else secret_line(line))
        answer = self._session.handle(line)
        if answer.then is Then.CHUNK:
            return await self._chunk(line, answer)
        self._exchange(line, answer)
        if answer.then is Then.CONTENT:
            return await self._content(answer)
        if answer.then is Then.HANDSHAKE:
            await self._secure()
        return answer

    async def _content(self, asked: Answer) -> Answer:
        self._await(content=True)
        came = await self._inflow.content(self._worth(asked))
        return self._taken(f"<{len(came.data) + came.cut} octets>", came, last=None)

    async def _chunk(self, line: str, asked: Answer) -> Answer:
        self._await(content=True)
        came = await self._inflow.chunk(asked.size, self._worth(asked))
        return self._taken(line, came, last=asked.last)

    def _taken(self, line: str, came: Content, *, last: bool | None) -> Answer:
        """Answer content, or a chunk where it matters whether it is the last."""
        session = self._session
        self._heard(content_line(came.data))
        self._run.tick()
        if came.starved:
            answer = session.starved()
        elif last is None:
            answer = session.content(came.data, cut=came.cut)
        else:
            answer = session.chunk(came.data, last=last, cut=came.cut)
        self._exchange(line, answer)
        self._hold(session.kept)
        if last is not False and answer.reply is not None and answer.reply.positive:
            self._commands = 0
        self._run.on_work()
        return answer

    def _worth(self, asked: Answer) -> int | None:
        """Return how many octets are worth keeping; of our own client's message, whose ends are compared, all are."""
        return asked.keep if self._link is None else None

    async def _secure(self) -> None:
        """Enter TLS; a client that does not get through it is gone."""
        tls = self._session.tls
        if tls is None:
            raise Bug("STARTTLS was accepted without a certificate")
        context = self._run.contexts.server(tls)
        await self._flush()
        self._inflow.clear()
        try:
            facts = await self._connection.secure(context)
        except OSError as error:
            mismatch = self._link.mismatch(tls.versions) if self._link else None
            self._not_secured(str(mismatch or f"the handshake failed: {error}"))
            raise
        except ValueError as error:
            self._not_secured(str(error))
            raise Gone from error
        self._heard(f"<{facts.version}>")
        self._session.secured(facts)

    def _exchange(self, line: str, answer: Answer) -> Answer:
        """Write down a command and its reply, and put the reply on its way."""
        self._run.pipeline.exchanged(self._session, line, answer)
        self._put(answer)
        return answer

    def _put(self, answer: Answer) -> None:
        if answer.then.over:
            self._closing = True
            self._broke_off(self._session.broken)
        if answer.reply is None:
            if not answer.then.over:
                raise Bug("there is no reply to send")
            return
        if self._transcript is not None:
            self._transcript.answered.append(answer.reply)
        self._unsent += answer.reply.to_wire()

    def _heard(self, line: str) -> None:
        if self._transcript is not None:
            self._transcript.said.append(line)

    async def _more(self) -> bytes:
        await self._flush()
        block = await self._connection.receive(self._patience.deadline)
        if self._in_content:
            self._patience.came(len(block))
        return block

    def _await(self, *, content: bool) -> None:
        """Begin to wait for a command, which must be complete in time, or for content, which may take longer."""
        self._in_content = content
        self._patience.begin()

    def _may_hold(self, octets: int) -> bool:
        """Tell whether so many octets of the content being read may be held beside the chunks before."""
        return self._link is not None or self._hold(self._session.kept + octets)

    def _hold(self, octets: int) -> bool:
        """Hold so many octets in all; refused where all connections together would hold too much."""
        if self._link is not None:
            return True
        allowed = self._run.store.change(self._holds, octets)
        self._holds = octets if allowed else self._holds
        return allowed

    async def _flush(self) -> None:
        if self._unsent:
            data = bytes(self._unsent)
            self._unsent.clear()
            await self._connection.send(data)

    # --- how it ends ---------------------------------------------------------------------------------------

    def _broke_off(self, cause: str) -> None:
        """Write down the end of an outside program's connection; of our own, the client's end does."""
        if self._link is None and not self._over:
            self._over = True
            self._run.tick()
            self._run.pipeline.record(self._session.mta_id, Closed(cause), session=self._session.name)

    def _not_secured(self, cause: str) -> None:
        """Write down that the handshake failed; of our own connections the client's end does, when both are over."""
        if self._link is not None:
            self._link.not_secured = cause
            return
        self._run.tick()
        what = NotSecured(str(self._connection.peer()), cause)
        self._run.pipeline.record(self._session.mta_id, what, session=self._session.name)

    async def _give_up(self, cause: str, answer: Answer) -> None:
        """Say a last word to a client that is waited for no longer; of our own clients none should be."""
        if self._link is not None:
            self._run.failures.append(LiveError(f"session {self._session.name}: {cause}"))
        if answer.reply is not None and not self._closing:
            self._unsent += answer.reply.to_wire()
        self._broke_off(cause)
        with suppress(OSError):
            await self._flush()

    async def _crash(self, error: Exception) -> None:
        """Say 421 and remember what went wrong."""
        session = self._session
        text = f"{type(error).__name__}: {error}, while answering {self._last!r}"
        self._run.crashed(session.mta_id, text, session=session.name, message=session.message, cause=error)
        with suppress(OSError):
            self._put(session.crashed())
            await self._flush()
