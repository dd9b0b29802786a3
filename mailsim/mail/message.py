"""A message as bytes: header fields in order and a body, never re-serialised.

Only the header is looked at; the body passes through as it came. Adding and removing fields leaves every other
byte alone, so signatures survive (RFC 5322 section 2.2 gives the field syntax).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

# a line ends with LF or CRLF; a CR anywhere else is an octet like any other
_FIELD = re.compile(rb"[^\n]*(?:\n[ \t][^\n]*)*\n?")
_END_OF_HEADER = re.compile(rb"(?:^|\n)(\r?\n)")


@dataclass(frozen=True, slots=True)
class HeaderField:
    """One header field as it stands, folded lines and line end included."""

    raw: bytes

    @property
    def name(self) -> str:
        """Return the field name; empty for a line without a colon, or one that begins with white space."""
        name, colon, _ = self.raw.partition(b":")
        return _read_name(name) if colon and not name[:1].isspace() else ""

    @property
    def value(self) -> str:
        """Return the field body, unfolded, without surrounding white space."""
        _, _, body = self.raw.partition(b":")
        return re.sub(r"\r?\n(?=[ \t])", "", body.decode("utf-8", "replace")).strip()


def header_size(data: bytes) -> int:
    """Return how many octets of a message are header, without looking at its fields."""
    end = _END_OF_HEADER.search(data)
    return end.start(1) if end else len(data)


@lru_cache(maxsize=1024)  # a header is searched many times, for few names
def _read_name(raw: bytes) -> str:
    return raw.decode("utf-8", "replace").rstrip()


def header_field(name: str, value: str) -> HeaderField:
    """Make a header field; a value that is folded already keeps its folds."""
    return HeaderField(f"{name}: {value}\r\n".encode())


@dataclass(frozen=True, slots=True)
class Message:
    """The content of a mail.

    Args:
        header: the fields, topmost first.
        separator: the empty line between header and body as it came; empty when there was none.
        body: everything after it.
        cut: how many octets came behind it and were not kept, since the message is too large anyway.
    """

    header: tuple[HeaderField, ...]
    separator: bytes
    body: bytes
    cut: int = 0

    @classmethod
    def from_bytes(cls, data: bytes, cut: int = 0) -> Message:
        """Split bytes into header and body; ``to_bytes`` gives the same bytes back."""
        end = _END_OF_HEADER.search(data)
        start, stop = (end.start(1), end.end(1)) if end else (len(data), len(data))
        fields = (HeaderField(raw) for raw in _FIELD.findall(data[:start]) if raw)
        return cls(tuple(fields), data[start:stop], data[stop:], cut)

    def to_bytes(self) -> bytes:
        """Return the message as it would be sent, before dot-stuffing."""
        return self.header_bytes + self.separator + self.body

    @property
    def header_bytes(self) -> bytes:
        """Return the header as it stands."""
        return b"".join(field.raw for field in self.header)

    @property
    def size(self) -> int:
        """Return the size in octets, header included, and what was not kept."""
        kept = sum(len(field.raw) for field in self.header) + len(self.separator) + len(self.body)
        return kept + self.cut

    def values(self, name: str) -> tuple[str, ...]:
        """Return the bodies of all fields of a name, topmost first."""
        wanted = name.lower()
        return tuple(field.value for field in self.header if field.name.lower() == wanted)

    def value(self, name: str) -> str:
        """Return the topmost field of a name, empty when there is none."""
        return next(iter(self.values(name)), "")

    def with_top(self, *fields: HeaderField) -> Message:
        """Return a copy with fields put on top, the first one topmost."""
        return Message((*fields, *self.header), self.separator, self.body)

    def without(self, unwanted: Callable[[str], bool]) -> Message:
        """Return a copy without the fields whose lower-case name is unwanted."""
        kept = tuple(field for field in self.header if not unwanted(field.name.lower()))
        return self if len(kept) == len(self.header) else Message(kept, self.separator, self.body)
