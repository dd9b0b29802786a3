"""A DNS server over the simulated zones, on UDP and TCP of one loopback address and port.

Owned by the worker, started by ``mailsim up``, so that outside software such as Postfix can use it as its resolver. What is
answered is ``dns_wire``'s matter. Rules: (1) it listens on loopback only; (2) when it is closed, every socket, connection and answer
on its way is gone; (3) nothing that a client sends ends it.
Sources: RFC 1035 section 4.2, RFC 7766 (TCP).
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Any

from mailsim.errors import LiveError
from mailsim.live.dns_wire import Horizon, Response, respond
from mailsim.live.sockets import bound_datagram_socket, bound_socket

TRIES = 16
"""A port that is free for TCP may be taken for UDP; then another one is tried."""

LONGEST_IDLE = 30.0
"""Seconds that a TCP client may be silent (RFC 7766 section 6.2.3 wants a few)."""

WHOSE = "the DNS server"


@dataclass(frozen=True, slots=True)
class DnsEndpoint:
    """Where the server can be reached, with UDP and TCP alike."""

    address: IPv4Address
    port: int

    def __str__(self) -> str:
        return f"{self.address}:{self.port}"


class DnsServer:
    """Listens until it is closed.

    Args:
        horizon: gives what is answered from, at the time of each question.
    """

    def __init__(self, horizon: Callable[[], Horizon]) -> None:
        self._horizon = horizon
        self._transport: asyncio.DatagramTransport | None = None
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()
        self._late: set[asyncio.TimerHandle] = set()

    async def open(self, address: IPv4Address, port: int) -> DnsEndpoint:
        """Listen.

        Args:
            address: in 127.0.0.0/8.
            port: for UDP and TCP; 0 takes one that is free for both.

        Raises:
            LiveError: the machine refuses; nothing is left open.
        """
        stream, datagrams = _bound_pair(address, port)
        loop = asyncio.get_running_loop()
        try:
            self._server = await asyncio.start_server(self._connected, sock=stream)
            self._transport, _ = await loop.create_datagram_endpoint(
                lambda: _Datagrams(self._datagram), sock=datagrams
            )
        except OSError as error:  # pragma: no cover - a bound socket can listen
            stream.close()
            datagrams.close()
            raise LiveError(f"cannot listen on {address} for {WHOSE}: {error}") from error
        return DnsEndpoint(address, int(stream.getsockname()[1]))

    async def close(self) -> None:
        """Stop listening, and drop what is under way."""
        for late in self._late:
            late.cancel()
        if self._transport is not None:
            self._transport.abort()
        for connection in self._connections:
            connection.cancel()
        if self._connections:
            await asyncio.wait(self._connections)
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    # --- UDP ------------------------------------------------------------------------------------------------

    def _datagram(self, octets: bytes, peer: Any) -> None:
        response = respond(octets, self._horizon(), stream=False)
        if response is None:
            return
        if not response.delay:
            self._send(response, peer)
            return
        loop = asyncio.get_running_loop()

        def send_late() -> None:
            self._late.discard(late)
            self._send(response, peer)

        late = loop.call_later(response.delay.total_seconds(), send_late)
        self._late.add(late)

    def _send(self, response: Response, peer: Any) -> None:
        if self._transport is not None:
            self._transport.sendto(response.octets, peer)

    # --- TCP ------------------------------------------------------------------------------------------------

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # it runs in one
        self._connections.add(task)
        try:
            await self._converse(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, TimeoutError, asyncio.CancelledError):
            return
        finally:
            self._connections.discard(task)
            writer.transport.abort()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer questions one after the other until the client leaves, or asks what is met with silence."""
        while True:
            async with asyncio.timeout(LONGEST_IDLE):
                octets = await reader.readexactly(int.from_bytes(await reader.readexactly(2)))
            response = respond(octets, self._horizon(), stream=True)
            if response is None:
                return
            if response.delay:
                await asyncio.sleep(response.delay.total_seconds())
            writer.write(len(response.octets).to_bytes(2) + response.octets)
            await writer.drain()


class _Datagrams(asyncio.DatagramProtocol):
    """Hands datagrams on; that a client is gone is its own matter."""

    def __init__(self, on_datagram: Callable[[bytes, Any], None]) -> None:
        self._on_datagram = on_datagram

    def datagram_received(self, data: bytes, addr: Any) -> None:
        """Answer a datagram."""
        self._on_datagram(data, addr)


def _bound_pair(address: IPv4Address, port: int) -> tuple[socket.socket, socket.socket]:
    """Return a TCP and a UDP socket that are bound to one port."""
    for last in range(TRIES, 0, -1):
        stream = bound_socket(address, port, whose=WHOSE)
        try:
            number = int(stream.getsockname()[1])
            return stream, bound_datagram_socket(address, number, whose=WHOSE)
        except LiveError:
            stream.close()
            if port or last == 1:
                raise
    raise AssertionError("the last try returns or raises")  # pragma: no cover
