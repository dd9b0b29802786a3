"""The server's end of a live connection: aiosmtpd's protocol object, with ``live.dialogue`` in place of its commands.

Made by the listeners, one for each connection. What is left of aiosmtpd is the connection, its streams and its time-outs;
its command loop answers in its own words before any hook runs, and a simulator of Exchange must own them all.

Rules: (1) what was sent ahead of a handshake is thrown away (RFC 3207 section 4.2; CVE-2024-34083 and its kind); (2) the
dialogue reads to the end of what was sent, also when the client has closed its half; (3) when the task of a
connection is over, nothing is left of it; (4) what a client sends behind the last reply is read and thrown away, since a
socket that is closed over unread octets resets the connection, and the reply is lost (RFC 1122 section 4.2.2.13).
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
from collections.abc import Callable
from contextlib import suppress
from enum import Enum
from ipaddress import IPv4Address

from aiosmtpd.smtp import SMTP

from mailsim.errors import Bug
from mailsim.live.dialogue import Dialogue
from mailsim.live.link import Link
from mailsim.live.run import Endpoint, Run
from mailsim.live.tls import peer_chain, tls_version
from mailsim.pki import read_presented
from mailsim.world.facts import TlsFacts

# asyncio reads at most this at once, and a StreamReader pauses its transport at twice its limit
_BLOCK = 256 * 1024
# what is read behind the last reply
_LINGERING = 16 * _BLOCK

# with SO_LINGER at zero seconds, close sends RST (socket(7), tcp(7))
_AT_ONCE = struct.pack("ii", 1, 0)

# what a client is told where not even a session could be opened
_BUG = b"421 4.3.0 Internal error of the simulator\r\n"


class Welcome(Enum):
    """How a connection is received."""

    COME_IN = "there is a place for it"
    GO_AWAY = "it is told that there is none"
    NOT_A_WORD = "it is closed without a word"


class _Bare:
    """Nothing in which aiosmtpd would find a command or a hook.

    It looks through all attributes of protocol and handler for each connection, which takes longer than the connection.
    """

    def __dir__(self) -> tuple[str, ...]:
        return ()


_NO_HANDLER = _Bare()


class ServerConnection(_Bare, SMTP):
    """The server's end of one connection.

    Args:
        run: the live run.
        endpoint: the listener that was connected to.
        opened: called once connected; says whether there is a place for it.
        closed: called when nothing is left of it.
    """

    line_length_limit = _BLOCK

    def __init__(
        self,
        run: Run,
        endpoint: Endpoint,
        opened: Callable[[ServerConnection], Welcome],
        closed: Callable[[ServerConnection], None],
    ) -> None:
        # aiosmtpd would ask the resolver for a name; ours never shows
        super().__init__(
            _NO_HANDLER,
            hostname="localhost",
            timeout=run.guard.idle_seconds,
            loop=asyncio.get_running_loop(),
        )
        self._run = run
        self.endpoint = endpoint
        self._welcome = Welcome.COME_IN
        self._opened = opened
        self._closed_for_good = closed
        self._lost = asyncio.Event()
        self._link: Link | None = None
        self._cause = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start the dialogue."""
        super().connection_made(transport)
        task, self._link = self._handler_coroutine, self._meet()
        if task is None:
            raise Bug("aiosmtpd started nothing")
        self._welcome = self._opened(self)
        # not at the end of the task: one that is cancelled before its first step has no end of its own
        task.add_done_callback(self._over)

    @property
    def is_ours(self) -> bool:
        """Whether the client is in this process."""
        return self._link is not None

    def eof_received(self) -> bool | None:
        """Let the dialogue read to the end; aiosmtpd would cancel it with commands unanswered."""
        return asyncio.StreamReaderProtocol.eof_received(self)

    def connection_lost(self, error: Exception | None) -> None:
        """Let the dialogue notice by itself; aiosmtpd would cancel it."""
        asyncio.StreamReaderProtocol.connection_lost(self, error)
        self._lost.set()

    async def end(self) -> None:
        """Break the connection off and wait until nothing is left of it."""
        task = self._handler_coroutine
        if task is not None:
            task.cancel()
            await asyncio.wait({task})
        self._writer.transport.abort()
        await self._lost.wait()

    async def _handle_client(self) -> None:
        """Hold the dialogue from the greeting to the end of the connection."""
        if self._link is not None and self._link.reset:
            self.reset()
            return
        if self._welcome is Welcome.NOT_A_WORD:
            self._writer.transport.abort()
            return
        lingering = welcome = self._welcome is Welcome.COME_IN
        try:
            dialogue = Dialogue(self._run, self.endpoint, self, self._link, welcome=welcome)
            await dialogue.hold()
            lingering = welcome and not dialogue.all_was_heard
        except asyncio.CancelledError:
            self._writer.transport.abort()
            raise
        except Exception as error:
            self._run.crashed(self.endpoint.mta_id, f"no session could be opened: {error!r}", cause=error)
            self._writer.write(_BUG)
        finally:
            await self._finish(lingering=lingering)

    def _over(self, _task: asyncio.Task[None]) -> None:
        if self._link is not None:
            self._link.ended.set_result(None)
        self._closed_for_good(self)

    def _meet(self) -> Link | None:
        peer = self._writer.get_extra_info("peername")
        return self._run.links.meet(peer[:2]) if peer else None

    async def _finish(self, *, lingering: bool) -> None:
        """Send what is left and close; a peer that does not answer the end is cut off."""
        try:
            async with asyncio.timeout(self._run.guard.closing_seconds):
                if lingering:
                    await self._linger()
                self._writer.close()
                await self._lost.wait()
        except TimeoutError:
            self._writer.transport.abort()

    async def _linger(self) -> None:
        """Close our half and read what the client still sends, to the end or for a while."""
        if self._writer.transport.is_closing() or not self._writer.can_write_eof():
            return  # TLS has no halves
        left = _LINGERING
        with suppress(OSError):
            self._writer.write_eof()
            while left > 0 and (block := await self._reader.read(_BLOCK)):
                left -= len(block)

    def _reset_timeout(self, duration: float | None = None) -> None:
        """Leave the time to the dialogue, which knows what it waits for."""

    # --- what the dialogue asks of the connection ----------------------------------------------------------

    def peer(self) -> IPv4Address:
        """Return the modelled address of the client."""
        found = self._writer.get_extra_info("peername")
        return self._run.plan.modelled(found[0]) if found else self._run.plan.stranger

    def cause(self) -> str:
        """Return why the connection ended without QUIT."""
        return self._cause or "closed by the client without QUIT"

    def reset(self) -> None:
        """Reset the connection; what was sent before still arrives."""
        found = self._writer.get_extra_info("socket")
        if found is not None and found.fileno() >= 0:
            found.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
        self._writer.transport.abort()

    async def receive(self, deadline: float) -> bytes:
        """Return the next octets; empty at the end of the connection.

        Raises:
            TimeoutError: the deadline has come, in seconds of the loop's clock.
        """
        async with asyncio.timeout_at(deadline):
            return await self._reader.read(_BLOCK)

    async def send(self, data: bytes) -> None:
        """Write octets and wait while the client is slow.

        Raises:
            OSError: the connection is gone, or the client was too slow for it.
        """
        self._writer.write(data)
        if not self._writer.transport.get_write_buffer_size():
            return  # the usual case: all of it is on its way
        try:
            async with asyncio.timeout(self._run.guard.idle_seconds):
                await self._writer.drain()
        except TimeoutError:
            self._cause = "the client did not read its replies"
            self._writer.transport.abort()
            raise ConnectionAbortedError(self._cause) from None

    async def secure(self, context: ssl.SSLContext) -> TlsFacts:
        """Enter TLS as a server.

        Raises:
            OSError: the handshake failed.
            ValueError: the client's certificate cannot be read.
        """
        # What came behind STARTTLS is forgotten unread; asyncio has no public way, and aiosmtpd does the same.
        self._reader._buffer.clear()  # type: ignore[attr-defined]  # noqa: SLF001
        # a client may be gone before the handshake is over, and asyncio warns of a protocol that would stay half open
        self._over_ssl = True
        try:
            await self._writer.start_tls(context, ssl_handshake_timeout=self._run.guard.handshake_seconds)
        except BaseException:
            # a transport that dies in a handshake does not tell the protocol above it
            self._writer.transport.abort()
            self._lost.set()
            raise
        self.transport = self._writer.transport
        return TlsFacts(tls_version(self.transport), read_presented(peer_chain(self.transport)))
