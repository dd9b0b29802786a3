"""The server's end of a live connection: aiosmtpd's protocol object, with ``live.dialogue`` in place of its commands.

Made by the listeners, one for each connection. What is left of aiosmtpd is the connection, its streams and its time-outs;
its command loop answers in its own words before any hook runs, and a simulator of Exchange must own them all.

Rules: (1) what was sent ahead of a handshake is thrown away (RFC 3207 section 4.2; CVE-2024-34083 and its kind); (2) the
dialogue reads to the end of what was sent, also when the client has closed its half; (3) when the task of a
connection is over, nothing is left of it.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from ipaddress import IPv4Address

from aiosmtpd.smtp import SMTP

from mailsim.errors import Bug
from mailsim.live.dialogue import Dialogue
from mailsim.live.link import Link
from mailsim.live.run import Endpoint, Run
from mailsim.live.tls import peer_chain, tls_version
from mailsim.pki import read_presented
from mailsim.world.facts import TlsFacts

# rfc5321:4.5.3.2.7 a server waits at least 5 minutes for the next command
IDLE_SECONDS = 300.0
# postfix: smtpd_starttls_timeout = 300 s; OpenSSL's and asyncio's own peers give up after 60
HANDSHAKE_SECONDS = 60.0
# how long a peer may take to see the end of a connection; a dead one never does
CLOSING_SECONDS = 5.0

# asyncio reads at most this at once, and a StreamReader pauses its transport at twice its limit
_BLOCK = 256 * 1024


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
        opened: called once connected.
        closed: called when nothing is left of it.
    """

    line_length_limit = _BLOCK

    def __init__(
        self,
        run: Run,
        endpoint: Endpoint,
        opened: Callable[[ServerConnection], None],
        closed: Callable[[ServerConnection], None],
    ) -> None:
        # aiosmtpd would ask the resolver for a name; ours never shows
        super().__init__(
            _NO_HANDLER, hostname="localhost", timeout=IDLE_SECONDS, loop=asyncio.get_running_loop()
        )
        self._run = run
        self._endpoint = endpoint
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
        self._opened(self)
        # not at the end of the task: one that is cancelled before its first step has no end of its own
        task.add_done_callback(self._over)

    def eof_received(self) -> bool | None:
        """Let the dialogue read to the end; aiosmtpd would cancel it with commands unanswered."""
        return asyncio.StreamReaderProtocol.eof_received(self)

    def connection_lost(self, error: Exception | None) -> None:
        """Let the dialogue notice by itself; aiosmtpd would cancel it."""
        self._stop_timer()
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
        try:
            await Dialogue(self._run, self._endpoint, self, self._link).hold()
        except asyncio.CancelledError:
            self._writer.transport.abort()
            raise
        except Exception as error:
            self._run.crashed(self._endpoint.mta_id, f"no session could be opened: {error!r}", cause=error)
        finally:
            await self._finish()

    def _over(self, _task: asyncio.Task[None]) -> None:
        if self._link is not None:
            self._link.ended.set_result(None)
        self._closed_for_good(self)

    def _meet(self) -> Link | None:
        peer = self._writer.get_extra_info("peername")
        return self._run.links.meet(peer[:2]) if peer else None

    async def _finish(self) -> None:
        """Send what is left and close; a peer that does not answer the end is cut off."""
        self._stop_timer()
        self._writer.close()
        try:
            async with asyncio.timeout(CLOSING_SECONDS):
                await self._lost.wait()
        except TimeoutError:
            self._writer.transport.abort()

    def _stop_timer(self) -> None:
        if self._timeout_handle is not None:
            self._timeout_handle.cancel()

    def _timeout_cb(self) -> None:
        self._cause = f"the client was silent for {IDLE_SECONDS:.0f} s"
        self._writer.transport.abort()

    # --- what the dialogue asks of the connection ----------------------------------------------------------

    def peer(self) -> IPv4Address:
        """Return the modelled address of the client."""
        found = self._writer.get_extra_info("peername")
        return self._run.plan.modelled(found[0]) if found else self._run.plan.stranger

    def cause(self) -> str:
        """Return why the connection ended without QUIT."""
        return self._cause or "closed by the client without QUIT"

    async def receive(self) -> bytes:
        """Return the next octets; empty at the end of the connection."""
        self._reset_timeout()
        return await self._reader.read(_BLOCK)

    async def send(self, data: bytes) -> None:
        """Write octets and wait while the client is slow."""
        self._writer.write(data)
        await self._writer.drain()

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
            await self._writer.start_tls(context, ssl_handshake_timeout=HANDSHAKE_SECONDS)
        except BaseException:
            # a transport that dies in a handshake does not tell the protocol above it
            self._writer.transport.abort()
            self._lost.set()
            raise
        self.transport = self._writer.transport
        return TlsFacts(tls_version(self.transport), read_presented(peer_chain(self.transport)))
