"""Signing in over SMTP: AUTH LOGIN and AUTH PLAIN (RFC 4954, RFC 4616) as a dialogue of challenges and answers.

One generator for each side of a mechanism; it knows the octets and judges nothing. A server's generator yields challenges
as they stand behind ``334``, receives the client's lines, and returns what the client claims; a client's yields lines.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Claim:
    """Who somebody says he is."""

    user: str
    password: str = field(repr=False)


class CancelledError(ValueError):
    """The client took it back with ``*`` (RFC 4954 section 4)."""


Dialogue: TypeAlias = Generator[str, str, Claim]


def ask_login(initial: str) -> Dialogue:
    """Ask for user name and password in turn; an initial response is the user name."""
    user = _decoded(initial) if initial else _decoded((yield encoded("Username:")))
    return Claim(user, _decoded((yield encoded("Password:"))))


def ask_plain(initial: str) -> Dialogue:
    """Ask for everything at once (RFC 4616 section 2)."""
    parts = _decoded(initial or (yield "")).split("\0")
    if len(parts) != 3:
        raise ValueError("wanted authorization identity, user name and password")
    _, user, password = parts
    return Claim(user, password)


SERVER: Mapping[str, Callable[[str], Dialogue]] = {"LOGIN": ask_login, "PLAIN": ask_plain}
"""What a server can ask for, by the mechanism's name."""


def encoded(text: str) -> str:
    """Return text as it crosses the wire."""
    return base64.b64encode(text.encode()).decode("ascii")


def _decoded(line: str) -> str:
    if line == "*":
        raise CancelledError("cancelled")
    if line == "=":
        return ""
    try:
        return base64.b64decode(line, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as problem:
        raise ValueError(f"not base64: {problem}") from problem
