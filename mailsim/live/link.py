"""What the two ends of one connection know of each other when both are in this process.

The client announces its socket before it connects, so the server finds, by the peer's address, the stable names of
the session and of the message in transfer. A peer that was not announced is an outside program. Each end writes
down what it put on the wire and what it took from it; once both have ended the two must agree.
"""

from __future__ import annotations

import asyncio
import zlib
from dataclasses import dataclass, field

from mailsim.flow.session import ServerSession
from mailsim.mail.reply import Reply
from mailsim.trace.connection import CREDENTIALS
from mailsim.world.tls_version import NoCommonVersion, TlsVersions

Peer = tuple[str, int]

USUAL = TlsVersions()


@dataclass(slots=True)
class Transcript:
    """One end's view of a connection.

    Args:
        said: what the client said, a line, or what ``content_line``, ``secret_line`` or ``overlong_line`` says of it.
        answered: what the server answered.
    """

    said: list[str] = field(default_factory=list)
    answered: list[Reply] = field(default_factory=list)


def content_line(content: bytes) -> str:
    """Describe content for a transcript."""
    return f"<{len(content)} octets, crc32 {zlib.crc32(content):08x}>"


def secret_line(line: str) -> str:
    """Describe what says who somebody is, for a transcript; ``difference`` shows nothing of it."""
    return f"<credentials {zlib.crc32(_octets(line)):08x}>"


def overlong_line(octets: int) -> str:
    """Describe a line that was too long to be read; its end counts."""
    return f"<line of {octets} octets>"


def _octets(line: str) -> bytes:
    return line.encode("utf-8", "surrogateescape")


def _agree(sent: str, heard: str) -> bool:
    return heard in (sent, overlong_line(len(_octets(sent)) + len("\r\n")))


def _shown(line: str) -> str:
    return CREDENTIALS if line.startswith(CREDENTIALS.removesuffix(">")) else line


def difference(client: Transcript, server: Transcript) -> str:
    """Say where two transcripts of one connection differ; empty when they agree.

    A server that closes early leaves the rest of a group unread, so what it read may be the shorter.
    """
    for number, heard in enumerate(server.said):
        if number >= len(client.said):
            return f"the server read {_shown(heard)!r}, which the client never sent"
        if not _agree(client.said[number], heard):
            return f"the client sent {_shown(client.said[number])!r}, the server read {_shown(heard)!r}"
    for sent, read in zip(server.answered, client.answered, strict=False):
        if sent != read:
            return f"the server answered {sent!r}, the client read {read!r}"
    if len(server.answered) != len(client.answered):
        return f"the server answered {len(server.answered)} times, the client read {len(client.answered)}"
    return ""


@dataclass(slots=True, eq=False)
class Link:
    """One connection inside the process.

    Args:
        session: the session's stable name.
        versions: the versions of TLS that the client speaks.
        ended: done when the server's end is over.
        message: the stable name of the message in transfer or transferred last.
        server: the server's session once it is connected.
        at_client: what the client wrote down.
        at_server: what the server wrote down.
        reset: whether a fault has the server reset the connection at once.
        not_secured: why the handshake failed, as the server says it; empty when it did not.
    """

    session: str
    versions: TlsVersions
    ended: asyncio.Future[None]
    message: str = ""
    server: ServerSession | None = None
    at_client: Transcript = field(default_factory=Transcript)
    at_server: Transcript = field(default_factory=Transcript)
    reset: bool = False
    not_secured: str = ""

    def mismatch(self, server: TlsVersions) -> NoCommonVersion | None:
        """Return why no handshake can succeed; of two ends that cannot agree, only one learns it from the wire."""
        return NoCommonVersion.between(self.versions, server)

    def incoming(self) -> str:
        """Return the name of the message that the client is about to send."""
        return self.message


class Links:
    """The connections announced and not yet met."""

    def __init__(self) -> None:
        self._announced: dict[Peer, Link] = {}

    def announce(self, peer: Peer, session: str, versions: TlsVersions = USUAL) -> Link:
        """Make the link of a client socket that is about to connect."""
        link = Link(session, versions, asyncio.get_running_loop().create_future())
        self._announced[peer] = link
        return link

    def meet(self, peer: Peer) -> Link | None:
        """Return the link of a new connection, None for an outside program; it can be met once."""
        return self._announced.pop(peer, None)
