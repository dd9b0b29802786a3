"""SMTP replies: a code, an enhanced status code where there is one, and text.

A reply is a value; vendors keep theirs as named constants with the exact text. Formatting and reading follow RFC
5321 section 4.2 and RFC 2034.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_ENHANCED = re.compile(r"([245]\.\d{1,3}\.\d{1,3})(?: |$)")


@dataclass(frozen=True, slots=True)
class Reply:
    """One SMTP reply.

    Args:
        code: three digits, 200 to 599.
        enhanced: the enhanced status code such as ``5.7.64``; empty where the product sends none.
        lines: the text lines without code and enhanced code; at least one, possibly empty.
        closes: whether the server closes the connection after it, although it is no 421; the wire does not show that.
    """

    code: int
    enhanced: str
    lines: tuple[str, ...]
    closes: bool = field(default=False, compare=False, repr=False)

    @property
    def positive(self) -> bool:
        """Whether the command was accepted or may continue (2xx, 3xx)."""
        return self.code < 400

    @property
    def transient(self) -> bool:
        """Whether the failure may pass (4xx)."""
        return 400 <= self.code < 500

    @property
    def permanent(self) -> bool:
        """Whether the failure is final (5xx)."""
        return self.code >= 500

    @property
    def text(self) -> str:
        """Return the first line's text with the enhanced code, as a log shows it."""
        return f"{self.enhanced} {self.lines[0]}".strip()

    def __str__(self) -> str:
        return f"{self.code} {' / '.join(self._texts())}".rstrip()

    def _texts(self) -> tuple[str, ...]:
        return tuple(f"{self.enhanced} {line}".rstrip() if self.enhanced else line for line in self.lines)

    def to_wire(self) -> bytes:
        """Return the reply as sent: ``250-`` for all lines but the last, each ended by CRLF."""
        *first, last = self._texts()
        parts = [f"{self.code}-{text}" for text in first] + [f"{self.code} {last}"]
        return "".join(part + "\r\n" for part in parts).encode("utf-8", "surrogateescape")


def reply(code: int, enhanced: str, text: str = "", *, closes: bool = False) -> Reply:
    """Return a one-line reply, after which the connection may be closed."""
    return Reply(code, enhanced, (text,), closes)


class ReplyReader:
    """Put the lines of replies together as they arrive (RFC 5321 section 4.2.1).

    Feed it bytes; take complete replies from ``feed``'s result. Bytes after the last complete reply stay for the
    next call.

    Raises:
        ValueError: from ``feed``, when a line is not part of a reply; what was complete before is lost, since
            the connection cannot be trusted any more.
    """

    # rfc5321:4.5.3.1.5 allows 512 octets a reply line; long explanations of real servers need more
    longest_line = 8192
    # no server has that many extensions
    most_lines = 1000

    def __init__(self) -> None:
        self._buffer = b""
        self._texts: list[str] = []
        self._code = ""

    def feed(self, data: bytes) -> list[Reply]:
        """Take more bytes and return the replies they complete."""
        self._buffer += data
        replies: list[Reply] = []
        while b"\n" in self._buffer:
            line, self._buffer = self._buffer.split(b"\n", 1)
            self._require_short(line)
            done = self._take(line.rstrip(b"\r").decode("utf-8", "surrogateescape"))
            if done is not None:
                replies.append(done)
        self._require_short(self._buffer)
        return replies

    def _require_short(self, line: bytes) -> None:
        if len(line) > self.longest_line:
            raise ValueError(f"reply line longer than {self.longest_line} octets")

    def _take(self, line: str) -> Reply | None:
        code, separator, text = line[:3], line[3:4], line[4:]
        if not (code.isascii() and code.isdigit() and code[0] in "2345") or separator not in ("", " ", "-"):
            raise ValueError(f"not an SMTP reply: {line[:80]!r}")
        if self._code and code != self._code:
            raise ValueError(f"reply changes its code from {self._code} to {code}")
        if len(self._texts) == self.most_lines:
            raise ValueError(f"reply of more than {self.most_lines} lines")
        self._code = code
        self._texts.append(text)
        if separator == "-":
            return None
        texts, self._texts, self._code = tuple(self._texts), [], ""
        return _from_texts(int(code), texts)


def _from_texts(code: int, texts: tuple[str, ...]) -> Reply:
    """Split the enhanced code off when every line carries the same one.

    Its class may differ from the code's: rfc2034:4 forbids that, Exchange sends ``451 5.7.3``.
    """
    found = [_ENHANCED.match(text) for text in texts]
    codes = {match.group(1) if match else "" for match in found}
    if len(codes) == 1 and (enhanced := codes.pop()):
        return Reply(code, enhanced, tuple(text[len(enhanced) + 1 :] for text in texts))
    return Reply(code, "", texts)
