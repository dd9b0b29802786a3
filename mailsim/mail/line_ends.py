"""Line ends of content: CRLF and nothing else (RFC 5321 section 2.3.8), and what is done about the rest.

Called by servers that put line ends right, by servers that refuse wrong ones, and by the client before DATA. Pure.
"""

from __future__ import annotations

import re

_CRLF = b"\r\n"
_BARE = re.compile(rb"(?<!\r)\n|\r(?!\n)")

# rfc5322:2.1.1 without the CRLF
LONGEST_TEXT = 998


def has_bare_linefeed(content: bytes) -> bool:
    """Tell whether an LF stands without a CR before it."""
    return content.count(b"\n") != content.count(_CRLF)


def has_bare(content: bytes) -> bool:
    """Tell whether an LF or a CR stands alone."""
    return has_bare_linefeed(content) or content.count(b"\r") != content.count(_CRLF)


def with_crlf(content: bytes) -> bytes:
    """Return content with a CRLF for each bare LF and a space for each bare CR."""
    if not has_bare(content):
        return content
    return _BARE.sub(lambda found: b"\r\n" if found.group() == b"\n" else b" ", content)


def is_text(content: bytes) -> bool:
    """Tell whether content can go as lines: no NUL, no bare CR or LF, no line over 998 octets (RFC 2045 section 2.8)."""
    short = all(len(line) <= LONGEST_TEXT for line in content.split(b"\r\n"))
    return short and b"\0" not in content and not has_bare(content)
