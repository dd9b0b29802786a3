"""Lists of ``tag=value`` separated by semicolons, as DKIM, ARC, DMARC, MTA-STS and TLS-RPT write them.

Source: rfc6376 section 3.2. White space around tags and values does not count; folded lines are unfolded.
"""

from __future__ import annotations

import re

_TAG = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")


def read_tags(text: str) -> dict[str, str]:
    """Read a tag list, in its order.

    Args:
        text: the list; a semicolon at its end is allowed.

    Raises:
        ValueError: if a part has no ``=``, a tag is no name, or a tag stands twice.
    """
    tags: dict[str, str] = {}
    parts = text.strip().removesuffix(";").split(";")
    for part in parts:
        tag, equals, value = part.partition("=")
        tag = tag.strip()
        if not equals or not _TAG.fullmatch(tag):
            raise ValueError(f"{part.strip()!r} is not tag=value")
        if tag in tags:
            raise ValueError(f"the tag {tag}= stands twice")
        tags[tag] = value.strip()
    return tags


def without_space(value: str) -> str:
    """Return a value without any white space, as base64 and lists are read."""
    return re.sub(r"\s+", "", value)
