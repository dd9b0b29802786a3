"""How report lines look: colours and marks, chosen by the caller.

Lines are plain text; a style wraps parts of them in ANSI codes or leaves them alone. Made by the command line, which
knows the terminal.
"""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass

WIDTH = 110
"""No line is longer, colours not counted, unless a single word is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """ANSI codes for each tone, empty for plain text, and the marks of outcomes.

    Args:
        good: what went as it should.
        bad: what did not.
        unsure: what waits, is assumed, or could not be judged.
        dim: what is there to be looked up.
        strong: names and headings.
        met: the mark of what went well.
        unmet: the mark of what did not.
        waits: the mark of what is not decided.
    """

    good: str = ""
    bad: str = ""
    unsure: str = ""
    dim: str = ""
    strong: str = ""
    met: str = "✓"
    unmet: str = "✗"
    waits: str = "…"

    def paint(self, tone: str, text: str) -> str:
        """Return a text in a tone of this style, all of it visible; the empty tone adds nothing."""
        code, text = str(getattr(self, tone)) if tone else "", visible(text)
        return f"{code}{text}\x1b[0m" if code and text else text


PLAIN = Style()
ASCII = Style(met="+", unmet="x", waits="~")
COLOURS = Style(good="\x1b[32m", bad="\x1b[31m", unsure="\x1b[33m", dim="\x1b[2m", strong="\x1b[1m")


# controls, which a terminal obeys; what turns the direction of writing; what is no UTF-8
_INVISIBLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def visible(text: str) -> str:
    """Return a text in which a client of ours can have written nothing that a terminal obeys, or that cannot be printed."""
    return _INVISIBLE.sub(lambda found: f"\\x{ord(found.group()):02x}", text)


def fold(text: str, *, first: str, rest: str) -> list[str]:
    """Return a text as lines of at most ``WIDTH``, the first begun with ``first`` and the others with ``rest``."""
    lines = textwrap.wrap(
        visible(text),
        WIDTH,
        initial_indent=first,
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return lines or [first.rstrip()]
