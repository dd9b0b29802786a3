"""The client's end of a live connection: the operations of ``flow.wire`` carried out on sockets.

Called by the worker, one ``LiveWire`` for each delivery attempt; it gives the results, in the words, that the wire of
``flow.predict`` gives. ``ClientConnection`` is what is left of aiosmtplib: connection, flow control and ``write``. Reading
is ours, since aiosmtplib drops a reply that nobody waits for yet, and with it those to pipelined commands; so is
dot-stuffing, since aiosmtplib rewrites line ends.

Rules: (1) a client leaves from the loopback address that carries its modelled one, and nothing connects to an address
that the topology does not have; (2) a connection is over when both ends have seen it close, and then both
must have seen the same; (3) waits have a limit in wall time, and one that is reached is ``LiveError``, not a reply.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import cast

from aiosmtplib.errors import SMTPServerDisconnected
from aiosmtplib.protocol import SMTPProtocol

from mailsim.errors import Bug, LiveError
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
from mailsim.live import sockets
from mailsim.live.framing import finished, stuffed
from mailsim.live.link import Link, content_line, difference, secret_line
from mailsim.live.listeners import Listeners
from mailsim.live.run import Run
from mailsim.live.tls import peer_chain, tls_version
from mailsim.mail.reply import Reply, ReplyReader
from mailsim.mta.kind import Target
from mailsim.pki import read_presented
from mailsim.trace.connection import CREDENTIALS
from mailsim.trace.events import Closed, NotSecured
from mailsim.world.facts import TlsFacts
from mailsim.world.tls_version import TlsVersions

# rfc5321:4.5.3.2 lets clients wait 2 to 10 minutes for a reply; inside one process a minute means it hangs
OPERATION_SECONDS = 60.0

# written at a time, so that a large message is not copied into the transport as a whole
_BLOCK = 256 * 1024


class ClientConnection(SMTPProtocol):
    """The client's end of one connection."""

    def __init__(self) -> None:
        super().__init__(loop=asyncio.get_running_loop())
        self._reading = ReplyReader()
        self._replies: deque[Reply] = deque()
        self._problem = ""
        self._over = False
        self._news = asyncio.Event()
        self._lost = asyncio.Event()

    def data_received(self, data: bytes) -> None:
        """Put replies together, whether anybody waits for them or not."""
        try:
            self._replies.extend(self._reading.feed(data))
        except ValueError as error:
            self._problem = str(error)
        self._news.set()

    def eof_received(self) -> bool:
        """Note that no more replies come; the transport closes itself."""
        self._over = True
        self._news.set()
        return super().eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        """Note that the connection is gone."""
        super().connection_lost(exc)
        self._over = True
        self._news.set()
        self._lost.set()

    async def hear(self, count: int) -> tuple[Reply, ...]:
        """Return the next replies; fewer when the server closes before.

        Raises:
            Bug: what came is no reply.
        """
        while len(self._replies) < count and not self._over and not self._problem:
            self._news.clear()
            await self._news.wait()
        if self._problem:
            raise Bug(f"the server sent what is no reply: {self._problem}")
        return tuple(self._replies.popleft() for _ in range(min(count, len(self._replies))))

    async def send(self, data: bytes) -> None:
        """Write octets and wait while the server is slow; what the server does not take any more is dropped."""
        with suppress(SMTPServerDisconnected, ConnectionError):
            for start in range(0, len(data), _BLOCK):
                self.write(data[start : start + _BLOCK])
                await self._drain_helper()

    async def secure(self, context: ssl.SSLContext, host: str) -> TlsFacts:
        """Enter TLS as a client.

        Raises:
            OSError: the handshake failed.
        """
        # rfc3207:4.2 what the server said in clear text after its 220 is no reply to anything
        self._reading = ReplyReader()
        self._replies.clear()
        clear = cast("asyncio.WriteTransport", self.transport)
        try:
            secured = await self._loop.start_tls(clear, self, context, server_hostname=host)
        except OSError:
            # a transport that dies in a handshake does not tell the protocol above it
            self.connection_lost(None)
            raise
        if secured is None:
            raise ConnectionResetError("the connection was lost")
        self.transport = secured
        self._over_ssl = True
        return TlsFacts(tls_version(secured), read_presented(peer_chain(secured)))

    async def close(self) -> None:
        """Close and wait until it is."""
        if self.transport is not None:
            cast("asyncio.WriteTransport", self.transport).close()
        await self._lost.wait()

    def abort(self) -> None:
        """Break off at once."""
        if self.transport is not None:
            cast("asyncio.WriteTransport", self.transport).abort()


class LiveWire:
    """One client's connections on sockets.

    Args:
        run: the live run.
        listeners: whom it can reach.
        client_id: the MTA that connects.
    """

    def __init__(self, run: Run, listeners: Listeners, client_id: str) -> None:
        self._run = run
        self._listeners = listeners
        self._client_id = client_id
        self._connection: ClientConnection | None = None
        self._link: Link | None = None
        self._target: Target | None = None

    async def do(self, operation: Operation) -> Result:
        """Carry one operation out.

        Raises:
            LiveError: the machine refused, or something hangs.
            Bug: what came over the wire makes no sense.
        """
        match operation:
            case Open():
                return await self._open(operation)
            case Say():
                return await self._say(operation)
            case SendContent(data):
                return await self._content(data)
            case SendChunk():
                return await self._chunk(operation)
            case Secure():
                return await self._secure(operation)
            case Close():
                return await self._close()

    def abort(self) -> None:
        """Break off what is open."""
        if self._connection is not None:
            self._connection.abort()

    async def _open(self, operation: Open) -> Result:
        self._target = operation.target
        async with self._limit("the greeting"):
            if not await self._connect(operation):
                return Broken(REFUSED)
            heard = await self._hear(1)
            if isinstance(heard, Broken):
                await self._forget()
            return heard

    async def _forget(self) -> None:
        """Leave a connection on which nobody greeted."""
        await self._open_connection.close()
        await self._open_link.ended
        self._connection = self._link = None

    async def _connect(self, operation: Open) -> bool:
        """Connect as the modelled client; tell whether somebody answered."""
        run, target = self._run, operation.target
        far = run.plan.carrier(target.address)
        if far is None:
            return False
        near = run.plan.carrier(operation.source)
        if near is None:
            raise Bug(f"{self._client_id} sends from {operation.source}, which the topology does not have")
        shut = operation.meets is Meeting.NOBODY
        port = self._listeners.port_for(target.address, target.port, shut=shut)
        made = sockets.bound_socket(near, 0, whose=self._client_id)
        self._link = run.links.announce(made.getsockname(), operation.session, self._versions)
        self._link.reset = operation.meets is Meeting.RESET
        try:
            await sockets.connect(made, far, port)
        except BaseException as error:
            run.links.meet(made.getsockname())
            made.close()
            if isinstance(error, ConnectionRefusedError):
                return False
            raise
        loop = asyncio.get_running_loop()
        _, self._connection = await loop.create_connection(ClientConnection, sock=made)
        return True

    async def _say(self, operation: Say) -> Result:
        lines, link = operation.lines, self._open_link
        data = "".join(f"{line}\r\n" for line in lines).encode("utf-8", "surrogateescape")
        if data.count(b"\n") != len(lines) or data.count(b"\r") != len(lines):
            raise Bug(f"a command holds a line end: {CREDENTIALS if operation.secret else lines!r}")
        link.message = operation.message or link.message
        link.at_client.said += map(secret_line, lines) if operation.secret else lines
        async with self._limit(CREDENTIALS if operation.secret else lines[-1]):
            await self._open_connection.send(data)
            return await self._hear(len(lines))

    async def _content(self, data: bytes) -> Result:
        content = finished(data)
        self._open_link.at_client.said.append(content_line(content))
        async with self._limit("the message"):
            await self._open_connection.send(stuffed(content))
            return await self._hear(1)

    async def _chunk(self, operation: SendChunk) -> Result:
        self._open_link.at_client.said += (operation.line, content_line(operation.data))
        async with self._limit("the message"):
            await self._open_connection.send(f"{operation.line}\r\n".encode() + operation.data)
            return await self._hear(1)

    async def _hear(self, count: int) -> Result:
        replies = await self._open_connection.hear(count)
        self._open_link.at_client.answered += replies
        return Heard(replies) if len(replies) == count else Broken(self._broken, replies)

    @property
    def _broken(self) -> str:
        """In which words a connection that ended is noticed; a reset and an end look alike once it is gone."""
        link = self._open_link
        if link.reset:
            return RESET
        return (link.server.broken if link.server else "") or CLOSED

    async def _secure(self, operation: Secure) -> Result:
        context = self._run.contexts.client(operation.certificate, self._versions)
        async with self._limit("the handshake"):
            try:
                facts = await self._open_connection.secure(context, self._name(operation.host))
            except OSError as error:
                return self._broken_handshake(error)
        self._open_link.at_client.said.append(f"<{facts.version}>")
        return Handshake(facts)

    def _broken_handshake(self, error: OSError) -> Broken:
        """Say why a handshake failed: by the versions both sides speak, else as the wire told it."""
        server = self._open_link.server
        tls = server.tls if server else None
        mismatch = self._open_link.mismatch(tls.versions) if tls else None
        return Broken(str(mismatch or f"the handshake failed: {error}"), mismatch=mismatch)

    @property
    def _versions(self) -> TlsVersions:
        return self._run.pipeline.world.mtas[self._client_id].tls

    def _name(self, host: str) -> str:
        """Return the name to ask for; of an address literal, the address, which is never sent."""
        return str(self._target.address) if self._target and host.startswith("[") else host

    async def _close(self) -> Result:
        """Close, wait for the server's end, and hold both ends' words against each other."""
        connection, link = self._open_connection, self._open_link
        async with self._limit("the end of the connection"):
            await connection.close()
            await link.ended
        self._connection = self._link = None
        self._note_handshake(link)
        server = link.server
        cause = server.broken if server and server.closed else "closed by the client without QUIT"
        self._run.tick()
        self._run.pipeline.record(self._client_id, Closed(cause), session=link.session)
        differs = difference(link.at_client, link.at_server)
        if differs:
            self._run.crashed(self._client_id, f"the ends do not agree: {differs}", session=link.session)
        return Heard(())

    def _note_handshake(self, link: Link) -> None:
        """Write the server's view of a handshake that failed, now that both ends are over."""
        if link.server is not None and link.not_secured:
            what = NotSecured(str(link.server.peer_ip), link.not_secured)
            self._run.pipeline.record(link.server.mta_id, what, session=link.session)

    @asynccontextmanager
    async def _limit(self, what: str) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(OPERATION_SECONDS):
                yield
        except TimeoutError:
            session = self._link.session if self._link else "none"
            raise LiveError(
                f"{self._client_id} waited {OPERATION_SECONDS:.0f} s for {self._target} in session {session}: "
                f"no answer to {what!r}"
            ) from None

    @property
    def _open_connection(self) -> ClientConnection:
        if self._connection is None:
            raise Bug("no connection is open")
        return self._connection

    @property
    def _open_link(self) -> Link:
        if self._link is None:
            raise Bug("no connection is open")
        return self._link
