"""xtext: how ORCPT and ENVID carry any character in an SMTP parameter (RFC 3461 section 4)."""

from __future__ import annotations

import re


def decode_xtext(text: str) -> str:
    """Decode RFC 3461 xtext: ``+HH`` stands for a character."""
    return re.sub(r"\+([0-9A-F]{2})", lambda match: chr(int(match.group(1), 16)), text)


def encode_xtext(text: str) -> str:
    """Encode as RFC 3461 xtext."""
    return re.sub(r"[^\x21-\x2a\x2c-\x3c\x3e-\x7e]", lambda match: f"+{ord(match.group()):02X}", text)
