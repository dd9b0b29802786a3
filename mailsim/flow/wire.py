"""What a client asks of the wire, and what it hears back.

The client's side of a connection is a generator that yields these operations and receives these results; a ``for``
loop (predict) or sockets (live) carry them out.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from ipaddress import IPv4Address
from typing import TypeAlias

from mailsim.mail.reply import Reply
from mailsim.mta.kind import Target
from mailsim.world.facts import TlsFacts
from mailsim.world.tls_version import NoCommonVersion

REFUSED = "connection refused"
TIMED_OUT = "connection timed out"
RESET = "connection reset by the server"
CLOSED = "connection closed by the server"


class Meeting(Enum):
    """What a connection meets."""

    AS_IT_IS = "whoever listens"
    NOBODY = "a port that is shut"
    RESET = "a server that resets it at once"


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """Connect, and read the greeting. Answered by ``Heard`` with one reply, or ``Broken``."""

    session: str
    source: IPv4Address
    target: Target
    meets: Meeting = Meeting.AS_IT_IS


@dataclass(frozen=True, slots=True)
class Say:
    """Send command lines in one go and read as many replies. Answered by ``Heard`` or ``Broken``.

    ``message`` is the stable name of the message the lines are about; empty for none. ``secret`` lines are written down nowhere.
    """

    lines: tuple[str, ...]
    message: str = ""
    secret: bool = False


@dataclass(frozen=True, slots=True)
class SendContent:
    """Send a message's content, ended by the final dot. Answered by ``Heard`` or ``Broken``."""

    data: bytes


@dataclass(frozen=True, slots=True)
class SendChunk:
    """Send a message's content as the one chunk of BDAT LAST (RFC 3030). Answered by ``Heard`` or ``Broken``."""

    data: bytes

    @property
    def line(self) -> str:
        """The command before it."""
        return f"BDAT {len(self.data)} LAST"


@dataclass(frozen=True, slots=True)
class Secure:
    """Start TLS as a client. Answered by ``Handshake``, or ``Broken`` when it fails."""

    host: str
    certificate: str | None


@dataclass(frozen=True, slots=True)
class Close:
    """End the connection. Answered by ``Heard`` without replies."""


@dataclass(frozen=True, slots=True)
class Heard:
    """The replies read; as many as lines were sent."""

    replies: tuple[Reply, ...]


@dataclass(frozen=True, slots=True)
class Handshake:
    """A finished handshake as the client saw it."""

    tls: TlsFacts


@dataclass(frozen=True, slots=True)
class Broken:
    """The connection could not be made, or ended too early.

    Args:
        cause: in words.
        replies: what was heard before it broke.
        mismatch: why, where it broke in a handshake because the two sides speak no common version of TLS.
    """

    cause: str
    replies: tuple[Reply, ...] = ()
    mismatch: NoCommonVersion | None = None


Operation: TypeAlias = Open | Say | SendContent | SendChunk | Secure | Close
Result: TypeAlias = Heard | Handshake | Broken
