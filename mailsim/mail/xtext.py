"""How ORCPT and ENVID carry any character in an SMTP parameter: xtext (RFC 3461 section 4), RFC 6533 beyond ASCII."""

from __future__ import annotations

import re


def decode_xtext(text: str) -> str:
    """Decode RFC 3461 xtext: ``+HH`` stands for a character."""
    return re.sub(r"\+([0-9A-F]{2})", lambda match: chr(int(match.group(1), 16)), text)


def encode_xtext(text: str) -> str:
    """Encode ASCII text as RFC 3461 xtext."""
    return re.sub(r"[^\x21-\x2a\x2c-\x3c\x3e-\x7e]", lambda match: f"+{ord(match.group()):02X}", text)


def typed_address(address: str) -> str:
    """Write an address as ORCPT does: ``rfc822;xtext``, or ``utf-8;`` with escapes in hex (RFC 6533 section 3)."""
    if address.isascii():
        return f"rfc822;{encode_xtext(address)}"
    special = r"[^\x21-\x2a\x2c-\x3c\x3e-\x5b\x5d-\x7e]"
    return "utf-8;" + re.sub(special, lambda match: f"\\x{{{ord(match.group()):02X}}}", address)
