"""Mailboxes and paths: only parsed addresses are compared.

``Mailbox.parse`` reads ``local@domain``; ``read_path`` reads the bracketed form of MAIL and RCPT. The grammar is
RFC 5321 section 4.1.2 with the UTF-8 additions of RFC 6531 section 3.3.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

# what ASCII leaves out: a class that names everything beyond ASCII as a range takes 60 ms to compile
_ATEXT = r"[^\x00-\x20\"(),.:;<>@\[\\\]\x7f]"
_DOT_STRING = rf"{_ATEXT}+(?:\.{_ATEXT}+)*"
_QUOTED_STRING = r'"(?:[^\x00-\x1f"\\\x7f]|\\[\x20-\x7e])*"'
_LET_DIG = r"[^\x00-/:-@\[-`{-\x7f]"
_LDH = r"[^\x00-,./:-@\[-`{-\x7f]"
_LABEL = rf"{_LET_DIG}(?:{_LDH}{{0,61}}{_LET_DIG})?"
_DOMAIN = rf"{_LABEL}(?:\.{_LABEL})*"
_LITERAL = r"\[[\x21-\x5a\x5e-\x7e]+\]"
_MAILBOX = re.compile(rf"({_DOT_STRING}|{_QUOTED_STRING})@({_DOMAIN}|{_LITERAL})")
_SOURCE_ROUTE = re.compile(rf"@{_DOMAIN}(?:,@{_DOMAIN})*:")
_TAG = re.compile(r"[A-Za-z0-9-]*[A-Za-z0-9]")
_DOMAIN_ONLY = re.compile(_DOMAIN)

# rfc5321:4.5.3.1.1, 4.5.3.1.2; Exchange's own limit of 315 octets for a local part concerns its directory
LONGEST_LOCAL_PART = 64
LONGEST_DOMAIN = 255


def parse_domain(text: str) -> str:
    """Return a domain in the form that is compared: lower case, without a trailing dot.

    Raises:
        ValueError: if the text is not a domain name.
    """
    name = text.strip().rstrip(".").lower()
    if not _DOMAIN_ONLY.fullmatch(name) or len(name.encode()) > LONGEST_DOMAIN:
        raise ValueError(f"{text!r} is not a domain name")
    return name


@dataclass(frozen=True, slots=True)
class Mailbox:
    """An address of a person or a process, ``local_part@domain``.

    Args:
        local_part: without quotes and backslashes, case kept (RFC 5321 section 2.4).
        domain: lower case; an address literal keeps its brackets; empty only for ``<Postmaster>``.
    """

    local_part: str
    domain: str

    @classmethod
    def parse(cls, text: str) -> Mailbox:
        """Read ``local@domain``.

        Raises:
            ValueError: if it is not an address by RFC 5321 section 4.1.2.
        """
        match = _MAILBOX.fullmatch(text.strip())
        if not match:
            raise ValueError(f"{text!r} is not an address; wanted local-part@domain")
        return _from_match(match)

    @property
    def key(self) -> str:
        """Return the form by which directories look up: lower case (Exchange ignores case)."""
        return str(self).lower()

    @property
    def needs_smtputf8(self) -> bool:
        """Whether only SMTPUTF8 sessions can carry it (RFC 6531)."""
        return not (self.local_part.isascii() and self.domain.isascii())

    def __str__(self) -> str:
        return _written(self.local_part, self.domain)


@lru_cache(maxsize=4096)  # the same few addresses are compared and shown at every step
def _written(local: str, domain: str) -> str:
    if not re.fullmatch(_DOT_STRING, local):
        local = '"' + re.sub(r'(["\\])', r"\\\1", local) + '"'
    return f"{local}@{domain}" if domain else local


ReversePath: TypeAlias = Mailbox | None
"""The return address of an envelope; None is the null reverse-path ``<>``."""


def show_path(path: ReversePath) -> str:
    """Return a path as it stands on the wire, without brackets only for reading: ``<>`` for null."""
    return f"<{path}>" if path is not None else "<>"


def read_path(text: str, *, postmaster: bool = False) -> tuple[ReversePath, str]:
    """Read a bracketed path at the start of ``text``.

    Args:
        text: what follows ``FROM:`` or ``TO:``.
        postmaster: whether ``<Postmaster>`` without a domain is allowed (RCPT only, RFC 5321 section 4.1.1.3).

    Returns:
        The mailbox, None for ``<>``, and the text after the closing bracket. A source route is read and dropped
        (RFC 5321 appendix C).

    Raises:
        ValueError: if no valid path stands there.
    """
    if text.startswith("<>"):
        return None, text[2:]
    if not text.startswith("<"):
        raise ValueError("a path stands in angle brackets")
    if postmaster and text[1:12].lower() == "postmaster>":
        return Mailbox(text[1:11], ""), text[12:]
    route = _SOURCE_ROUTE.match(text, 1)
    match = _MAILBOX.match(text, route.end() if route else 1)
    if not match or text[match.end() : match.end() + 1] != ">":
        raise ValueError(f"{text[:80]!r} is not a path")
    return _from_match(match), text[match.end() + 1 :]


def _from_match(match: re.Match[str]) -> Mailbox:
    local, domain = match.group(1), match.group(2)
    if len(local.encode()) > LONGEST_LOCAL_PART:
        raise ValueError(f"local part longer than {LONGEST_LOCAL_PART} octets")
    if len(domain.encode()) > LONGEST_DOMAIN:
        raise ValueError(f"domain longer than {LONGEST_DOMAIN} octets")
    if domain.startswith("["):
        _require_literal(domain[1:-1])
    if local.startswith('"'):
        local = re.sub(r"\\(.)", r"\1", local[1:-1])
    return Mailbox(local, domain.lower())


def _require_literal(content: str) -> None:
    """Accept an address literal by RFC 5321 section 4.1.3."""
    tag, colon, rest = content.partition(":")
    if not colon:
        ipaddress.IPv4Address(content)
    elif tag.lower() == "ipv6":
        if ipaddress.IPv6Address(rest).scope_id is not None:  # rfc5321:4.1.3 has no zones
            raise ValueError(f"[{content}] is not an address literal")
    elif not _TAG.fullmatch(tag) or not rest or re.fullmatch(r"[0-9A-Fa-f]*", tag):
        raise ValueError(f"[{content}] is not an address literal")
