"""Every name that expectations use and that must mean something.

Called by the linker, so that a misspelt host, message or certificate is an error of the text and not a failed
expectation. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any

from mailsim.flow.expectation import CERTIFICATE, Expectations
from mailsim.world.source import Origin

MESSAGE = "message"


@dataclass(frozen=True, slots=True, kw_only=True)
class NameUsed:
    """A name in an expectation that must mean something.

    Args:
        refers: ``message``, ``host``, ``recipient``, ``certificate`` or ``connector``.
        name: as written.
        message: the message whose expectations name it.
        key: the key it stands under.
        origin: where.
    """

    refers: str
    name: str
    message: str
    key: str
    origin: Origin | None


def names_used(expectations: Mapping[str, Expectations]) -> tuple[NameUsed, ...]:
    """Return every name in expectations that the linker can check, in order.

    A recipient may also be an address that the message takes on its way; the certificate ``none`` is left out.
    """
    return tuple(name for message, expected in expectations.items() for name in _names(message, expected))


def _names(message: str, expected: Expectations) -> Iterator[NameUsed]:
    yield NameUsed(refers=MESSAGE, name=message, message=message, key="expect", origin=expected.origin)
    for expectation in expected:
        for each in fields(expectation):
            refers = each.metadata.get("refers", "")
            key = each.metadata.get("name", each.name)
            for name in _written(refers, getattr(expectation, each.name)):
                yield NameUsed(refers=refers, name=name, message=message, key=key, origin=expectation.origin)


def _written(refers: str, value: Any) -> tuple[str, ...]:
    """Return the names in a field; none for a field that refers to nothing, and for a certificate ``none``."""
    values = value if isinstance(value, tuple) else (value,)
    unwritten = (None, "", "none") if refers == CERTIFICATE else (None, "")
    return tuple(str(each) for each in values if each not in unwritten) if refers else ()
