"""Reads the dialogs: what a client says, what it hears, and with whom."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

FOLDER = Path(__file__).parent / "dialogs"
FROM = "a@c.example"
PRODUCTS = {
    "mx": ("mx.northwind.com", 25, "northwind.com"),
    "server": ("mail.contoso.com", 25, "contoso.com"),
    "submission": ("mail.contoso.com", 587, "contoso.com"),
    "bare": ("bare.fourthcoffee.com", 25, "fourthcoffee.com"),
    "strict": ("strict.tailspin.com", 25, "tailspin.com"),
    "online": ("Exchange Online", 25, "adatum.com"),
}
ALL = ("mx", "server", "bare", "strict", "online")

_REPEAT = re.compile(rb"\{(\d+)\*([^{}]*)\}")
_LINES = re.compile(r"\{(\d+)\*([<>=].*)\}")
_ESCAPE = re.compile(rb"\\(r|n|0|\\|x[0-9a-f]{2})")
_ESCAPED = {b"r": b"\r", b"n": b"\n", b"0": b"\0", b"\\": b"\\"}


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a dialog: what is done, with which text, and where it stands."""

    verb: str
    text: str
    place: str


@dataclass(frozen=True, slots=True)
class Dialog:
    """One dialog."""

    title: str
    place: str
    products: tuple[str, ...]
    steps: list[Step] = field(default_factory=list)


def octets(text: str, domain: str) -> bytes:
    """Return what is sent for a text."""
    plain = text.replace("HERE", domain).replace("FROM:<FROM>", f"FROM:<{FROM}>").encode()
    while _REPEAT.search(plain):
        plain = _REPEAT.sub(lambda found: int(found[1]) * found[2], plain)
    return _ESCAPE.sub(lambda found: _ESCAPED.get(found[1]) or bytes([int(found[1][1:], 16)]), plain)


def dialogs() -> Iterator[tuple[str, Dialog]]:
    """Yield every dialog with the name of its file."""
    for path in sorted(FOLDER.glob("*.dialog")):
        for dialog in read(path):
            yield path.stem, dialog


def read(path: Path) -> list[Dialog]:
    """Read one file."""
    found: list[Dialog] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        if repeated := _LINES.fullmatch(line):
            lines = repeated[2].split("\\n") * int(repeated[1])
        else:
            lines = [line]
        for each in lines:
            verb, _, text = each.partition(" ")
            if verb == "==":
                title, place, products = (part.strip() for part in text.split("|"))
                found.append(Dialog(title, place, ALL if products == "all" else tuple(products.split())))
            else:
                found[-1].steps.append(Step(verb, text, f"{path.name}:{number}"))
    return found
