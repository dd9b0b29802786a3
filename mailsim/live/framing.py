"""How octets become command lines, content and chunks, and content becomes octets.

Called by the server's end with a source of blocks, and by the client's end for dot-stuffing. No sockets here.

Rules: (1) content ends at CRLF.CRLF and at nothing else: a dot between bare LFs or CRs is content (RFC 5321 section
4.1.1.4; the forms that SMTP smuggling uses); (2) content is taken as it is, line ends included; (3) a command line
may end with a bare LF, because people type into ``nc``; that is harmless as no content ends by it; (4) what is
remembered of a line or a message that never ends is bounded.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from mailsim.flow.session import LONGEST_LINE

# no product modelled takes that much: Exchange Online stops at 150 MB, Exchange Server and Postfix at 10 MB
LARGEST_CONTENT = 512 * 1024 * 1024

_CRLF = b"\r\n"
_END = b"\r\n.\r\n"


class Gone(Exception):
    """The peer ended the connection before what was expected had come."""


class TooLarge(Exception):
    """The peer sent more content than the machine is to hold."""


@dataclass(frozen=True, slots=True)
class Overlong:
    """A command line longer than any may be; it was read to its end and forgotten."""

    octets: int


class Inflow:
    """What a client sends, cut into what the server waits for.

    Args:
        more: returns the next octets; empty at the end of the connection.
    """

    def __init__(self, more: Callable[[], Awaitable[bytes]]) -> None:
        self._more = more
        self._held = bytearray()

    async def line(self) -> str | Overlong:
        """Read a command line, returned without its line end; what is no UTF-8 becomes surrogates.

        Raises:
            Gone: the connection ended; an unfinished line is no command.
        """
        skipped = 0
        while (end := self._held.find(b"\n")) < 0:
            if len(self._held) > LONGEST_LINE:
                skipped += len(self._held)
                self._held.clear()
            await self._fill()
        line = self._take(end + 1)
        if skipped + len(line) > LONGEST_LINE:
            return Overlong(skipped + len(line))
        return line.removesuffix(b"\n").removesuffix(b"\r").decode("utf-8", "surrogateescape")

    async def content(self) -> bytes:
        """Read what follows DATA, returned with dot-stuffing undone and its last CRLF.

        Raises:
            Gone: the connection ended.
            TooLarge: it is too large to be held.
        """
        # rfc5321:4.1.1.4 the CRLF that ended the DATA command may be the first of CRLF.CRLF
        self._held[:0] = _CRLF
        searched = 0
        while (end := self._held.find(_END, searched)) < 0:
            searched = max(0, len(self._held) - len(_END) + 1)
            if len(self._held) > LARGEST_CONTENT:
                raise TooLarge
            await self._fill()
        content = _unstuffed(self._take(end + len(_CRLF)))
        del self._held[: len(_END) - len(_CRLF)]
        return content

    async def chunk(self, size: int) -> bytes:
        """Read the octets of a chunk (RFC 3030).

        Raises:
            Gone: the connection ended.
            TooLarge: it is too large to be held.
        """
        if size > LARGEST_CONTENT:
            raise TooLarge
        while len(self._held) < size:
            await self._fill()
        return self._take(size)

    def clear(self) -> None:
        """Forget what has been sent ahead."""
        self._held.clear()

    async def _fill(self) -> None:
        block = await self._more()
        if not block:
            raise Gone
        self._held += block

    def _take(self, size: int) -> bytes:
        taken = bytes(self._held[:size])
        del self._held[:size]
        return taken


def finished(content: bytes) -> bytes:
    """Return content with the CRLF at its end that DATA needs; nothing stays nothing."""
    return content if not content or content.endswith(_CRLF) else content + _CRLF


def stuffed(content: bytes) -> bytes:
    """Return finished content as it is sent: dots doubled, and the final dot (RFC 5321 section 4.5.2)."""
    return (_CRLF + content).replace(b"\r\n.", b"\r\n..")[len(_CRLF) :] + b".\r\n"


def _unstuffed(content: bytes) -> bytes:
    """Undo dot-stuffing of content that has a CRLF before its first line."""
    return content.replace(b"\r\n.", _CRLF)[len(_CRLF) :]
