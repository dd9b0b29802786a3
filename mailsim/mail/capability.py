"""What a server offers in its answer to EHLO (RFC 5321 section 4.1.1.1)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from mailsim.mail.reply import Reply

_SIZE = re.compile(r"[0-9]{1,20}")  # rfc1870:3


@dataclass(frozen=True, slots=True)
class Capabilities:
    """The keywords of an EHLO reply, upper case, with their parameters."""

    keywords: tuple[tuple[str, str], ...]

    @classmethod
    def from_reply(cls, reply: Reply) -> Capabilities:
        """Read the lines after the first."""
        pairs = (line.strip().partition(" ") for line in reply.lines[1:])
        return cls(tuple((keyword.upper(), rest.strip()) for keyword, _, rest in pairs if keyword))

    @property
    def names(self) -> frozenset[str]:
        """Return the keywords offered."""
        return frozenset(keyword for keyword, _ in self.keywords)

    def offers(self, keyword: str) -> bool:
        """Tell whether a keyword is offered."""
        return keyword in self.names

    def parameters(self, keyword: str) -> tuple[str, ...]:
        """Return the words behind a keyword, upper case; none when it is not offered."""
        return tuple(word for name, rest in self.keywords if name == keyword for word in rest.upper().split())

    @property
    def size_limit(self) -> int | None:
        """Return the fixed maximum message size in octets, None when there is none (RFC 1870)."""
        value = dict(self.keywords).get("SIZE", "")
        return int(value) or None if _SIZE.fullmatch(value) else None


NONE_OFFERED = Capabilities(())
"""What a HELO session offers."""
