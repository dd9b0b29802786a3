"""The other side of ``chain``: three aiosmtpd servers that relay with aiosmtplib, and nothing else.

STARTTLS on every hop, each server's certificate verified by name; store and forward as in mailsim: a server takes the
message over, answers, and a task of its own sends it on. No policy, no envelope rules, no trace.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable

import aiosmtplib
import trustme
from aiosmtpd.smtp import SMTP, Envelope, Session
from rounds import Figures, Stopwatch

SENDER, RECIPIENT = "user@h0.example", "user@h3.example"
CONTENT = b"From: user@h0.example\r\nTo: user@h3.example\r\nSubject: m\r\n\r\nHello.\r\n"

# tasks that send, at each host: more in flight cost memory and win nothing
SENDERS = 10


class Sending:
    """Sends what lies in a queue to one next hop.

    Args:
        port: where the next hop listens.
        host: the name that its certificate must bear.
        trust: how it is verified.
        connections: how many are made in all.
        messages: sent on each of them.
    """

    def __init__(
        self, port: int, host: str, trust: ssl.SSLContext, *, connections: int, messages: int
    ) -> None:
        self.queue: asyncio.Queue[bytes] = asyncio.Queue()
        self._port, self._host, self._trust = port, host, trust
        self._connections, self._messages = connections, messages

    async def work(self) -> None:
        """Make connections until all are made; several tasks may do so at once."""
        while self._connections:
            self._connections -= 1
            await self._send(await self.queue.get())

    async def _send(self, first: bytes) -> None:
        client = aiosmtplib.SMTP(
            hostname="127.0.0.1", port=self._port, start_tls=False, local_hostname="client"
        )
        await client.connect()
        await client.starttls(tls_context=self._trust, server_hostname=self._host)
        await client.sendmail(SENDER, RECIPIENT, first)
        for _ in range(self._messages - 1):
            await client.sendmail(SENDER, RECIPIENT, await self.queue.get())
        await client.quit()


class Relaying:
    """Takes every message over and queues it for the next hop."""

    def __init__(self, take: Callable[[bytes], None]) -> None:
        self._take = take

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Accept a message."""
        self._take(envelope.content or b"")
        return "250 2.0.0 Ok"


def bare(hops: int, messages: int, per_connection: int) -> Figures:
    """Send messages down a new chain and return the rate of hops.

    Args:
        hops: connections that a message crosses.
        messages: a multiple of ``per_connection``.
        per_connection: messages sent on one connection.
    """
    return asyncio.run(_run(hops, messages, per_connection))


async def _run(hops: int, messages: int, per_connection: int) -> Figures:
    authority, trust = trustme.CA(), ssl.create_default_context()
    authority.configure_trust(trust)
    loop = asyncio.get_running_loop()
    arrived: list[bytes] = []
    take, servers, chain = arrived.append, [], []
    for number in range(hops, 0, -1):
        host = f"mx.h{number}.example"
        server = await loop.create_server(_server(take, authority, host), "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        connections = messages // per_connection
        chain.append(Sending(port, host, trust, connections=connections, messages=per_connection))
        servers.append(server)
        take = chain[-1].queue.put_nowait
    watch = Stopwatch("hops")
    for _ in range(messages):
        take(CONTENT)
    await asyncio.gather(*(each.work() for each in chain for _ in range(SENDERS)))
    rates = watch.rates(hops * messages)
    for server in servers:
        server.close()
    if len(arrived) != messages:
        raise SystemExit(f"{len(arrived)} of {messages} messages arrived")
    return rates


def _server(take: Callable[[bytes], None], authority: trustme.CA, host: str) -> Callable[[], SMTP]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(host).configure_cert(context)
    handler = Relaying(take)
    return lambda: SMTP(handler, hostname=host, tls_context=context, require_starttls=True)
