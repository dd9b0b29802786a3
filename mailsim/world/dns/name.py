"""Domain names in the form in which they are compared: ASCII, lower case, without the last dot.

``.`` alone is the root, which only a null MX names (RFC 7505). Sources: RFC 1034 section 3.1, RFC 1035 section 2.3.4.
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address

ROOT = "."
WILDCARD = "*"
LONGEST_LABEL, LONGEST_NAME = 63, 253  # rfc1035:2.3.4, 255 octets on the wire


def normal(name: str) -> str:
    """Return a name in the form in which names are compared; nothing is checked.

    Letters beyond ASCII become what stands for them in the DNS (RFC 5890): ``xn--bcher-kva.example``.
    """
    lower = name.rstrip(".").lower() or ROOT
    if lower.isascii():
        return lower
    try:
        return lower.encode("idna").decode("ascii")
    except UnicodeError:
        return lower


def parse_name(text: str) -> str:
    """Read a domain name; underscores and ``*`` may stand in it.

    Raises:
        ValueError: if a label is empty or too long, the name is too long, or it holds blanks.
    """
    name = normal(text)
    labels = [] if name == ROOT else name.split(".")
    if (
        any(not label or len(label.encode()) > LONGEST_LABEL for label in labels)
        or len(name.encode()) > LONGEST_NAME
    ):
        raise ValueError(f"{text!r} is not a domain name: a label has 1 to {LONGEST_LABEL} octets")
    if not text or any(each.isspace() or each in '"();' for each in name):
        raise ValueError(f"{text!r} is not a domain name")
    return name


def parents(name: str) -> Iterator[str]:
    """Yield the names above a name, nearest first, the root last."""
    _, dot, above = name.partition(".")
    while dot and above:
        yield above
        _, dot, above = above.partition(".")
    if name != ROOT:
        yield ROOT


def wildcard_below(name: str) -> str:
    """Return the owner of the wildcard records directly below a name."""
    return WILDCARD if name == ROOT else f"{WILDCARD}.{name}"


def reverse_name(address: IPv4Address | IPv6Address) -> str:
    """Return the owner of the PTR records of an address (RFC 1035 section 3.5, RFC 3596 section 2.5)."""
    return address.reverse_pointer


def reversed_address(name: str) -> IPv4Address | None:
    """Return the IPv4 address that a name below in-addr.arpa stands for, None for any other name."""
    octets, suffix, rest = normal(name).partition(".in-addr.arpa")
    if not suffix or rest:
        return None
    try:
        return IPv4Address(".".join(reversed(octets.split("."))))
    except ValueError:
        return None
