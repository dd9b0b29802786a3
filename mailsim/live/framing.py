"""How octets become command lines, content and chunks, and content becomes octets.

Called by the server's end with a source of blocks, and by the client's end for dot-stuffing. No sockets here.

Rules: (1) content ends at CRLF.CRLF and at nothing else: a dot between bare LFs or CRs is content (RFC 5321 section
4.1.1.4; the forms that SMTP smuggling uses); (2) content is taken as it is, line ends included; (3) a command line
may end with a bare LF, because people type into ``nc``; that is harmless as no content ends by it; (4) what is
remembered of a line or a message that never ends is bounded, and the rest is read and counted.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from mailsim.flow.session import LONGEST_LINE

_CRLF = b"\r\n"
_END = b"\r\n.\r\n"
# what may be the beginning of the final dot
_TAIL = len(_END) - 1


class Gone(Exception):
    """The peer ended the connection before what was expected had come."""


class TooLarge(Exception):
    """The peer sent more content than anybody waits for."""


@dataclass(frozen=True, slots=True)
class Overlong:
    """A command line longer than it may be; it was read to its end and forgotten."""

    octets: int


@dataclass(frozen=True, slots=True)
class Content:
    """A message or a chunk as it was read.

    Args:
        data: what was kept.
        cut: how many octets behind it were not.
        starved: whether that was for want of memory.
    """

    data: bytes
    cut: int = 0
    starved: bool = False


class Inflow:
    """What a client sends, cut into what the server waits for.

    Args:
        more: returns the next octets; empty at the end of the connection.
        may_hold: tells whether so many octets of one message or chunk may be held.
        longest: the octets of one message or chunk after which nobody waits for its end.
    """

    def __init__(
        self,
        more: Callable[[], Awaitable[bytes]],
        may_hold: Callable[[int], bool] = lambda _octets: True,
        longest: int = 1024 * 1024 * 1024,
    ) -> None:
        self._more = more
        self._may_hold = may_hold
        self._longest = longest
        self._held = bytearray()

    @property
    def held(self) -> int:
        """How many octets have come that nobody has taken yet."""
        return len(self._held)

    async def line(self, longest: int = LONGEST_LINE) -> str | Overlong:
        """Read a command line, returned without its line end; what is no UTF-8 becomes surrogates.

        Args:
            longest: how long it may be, in octets with its line end.

        Raises:
            Gone: the connection ended; an unfinished line is no command.
        """
        skipped = 0
        while (end := self._held.find(b"\n")) < 0:
            if len(self._held) > longest:
                skipped += len(self._held)
                self._held.clear()
            await self._fill()
        line = self._take(end + 1)
        if skipped + len(line) > longest:
            return Overlong(skipped + len(line))
        return line.removesuffix(b"\n").removesuffix(b"\r").decode("utf-8", "surrogateescape")

    async def content(self, keep: int | None = None) -> Content:
        """Read what follows DATA, returned with dot-stuffing undone and its last CRLF.

        Args:
            keep: the octets worth keeping; None keeps all that may be held.

        Raises:
            Gone: the connection ended.
            TooLarge: it does not end.
        """
        # rfc5321:4.1.1.4 the CRLF that ended the DATA command may be the first of CRLF.CRLF
        self._held[:0] = _CRLF
        # a dot on each line of three octets makes four of them
        stuffed_keep = None if keep is None else keep * 4 // 3 + len(_CRLF) + _TAIL
        gathering = _Gathering(stuffed_keep, self._may_hold, self._longest)
        searched = 0
        while (end := self._held.find(_END, searched)) < 0:
            searched = max(0, len(self._held) - _TAIL)
            if gathering.is_full(len(self._held)):
                gathering.add(self._take(searched))
                searched = 0
            await self._fill()
        gathering.add(self._take(end + len(_CRLF)))
        del self._held[: len(_END) - len(_CRLF)]
        return gathering.result(_unstuffed)

    async def chunk(self, size: int, keep: int | None = None) -> Content:
        """Read the octets of a chunk (RFC 3030).

        Args:
            size: as announced.
            keep: the octets worth keeping; None keeps all that may be held.

        Raises:
            Gone: the connection ended.
            TooLarge: it is larger than anybody waits for.
        """
        if size > self._longest:
            raise TooLarge
        gathering, left = _Gathering(keep, self._may_hold, self._longest), size
        while left > len(self._held):
            if gathering.is_full(len(self._held)):
                left -= len(self._held)
                gathering.add(self._take(len(self._held)))
            await self._fill()
        gathering.add(self._take(left))
        return gathering.result(bytes)

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


class _Gathering:
    """One message or chunk, of which the beginning is kept."""

    def __init__(self, keep: int | None, may_hold: Callable[[int], bool], longest: int) -> None:
        self._keep = keep
        self._may_hold = may_hold
        self._longest = longest
        self._kept = b""
        self._came = 0
        self._starved = False

    def is_full(self, octets: int) -> bool:
        """Tell whether octets that have come should be taken away now, since not all of them are kept.

        Raises:
            TooLarge: nobody waits for the end of it any more.
        """
        if self._came + octets > self._longest:
            raise TooLarge
        if self._came:
            return True
        self._starved = not self._may_hold(octets)
        return self._starved or (self._keep is not None and octets > self._keep)

    def add(self, data: bytes) -> None:
        """Take octets."""
        if not self._came and not self._starved:
            self._kept = data if self._keep is None else data[: self._keep]
        self._came += len(data)

    def result(self, plain: Callable[[bytes], bytes]) -> Content:
        """Return what was kept in its plain form, and how much was not."""
        return Content(plain(self._kept), self._came - len(self._kept), self._starved)


def finished(content: bytes) -> bytes:
    """Return content with the CRLF at its end that DATA needs; nothing stays nothing."""
    return content if not content or content.endswith(_CRLF) else content + _CRLF


def stuffed(content: bytes) -> bytes:
    """Return finished content as it is sent: dots doubled, and the final dot (RFC 5321 section 4.5.2)."""
    return (_CRLF + content).replace(b"\r\n.", b"\r\n..")[len(_CRLF) :] + b".\r\n"


def _unstuffed(content: bytes) -> bytes:
    """Undo dot-stuffing of content that has a CRLF before its first line."""
    return content.replace(b"\r\n.", _CRLF)[len(_CRLF) :]
