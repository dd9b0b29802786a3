"""Properties that are known and not modelled: each set one makes the answers that rest on its object uncertain."""

from __future__ import annotations

from typing import Protocol

from mailsim.reason.check import Check, unknown
from mailsim.reason.cite import assumed

NOT_MODELLED = assumed("unmodelled", "the property is set but mailsim does not model it")


class Configured(Protocol):
    """A configured object that keeps the names of what is written in it and not modelled."""

    @property
    def unmodelled(self) -> tuple[str, ...]:
        """The names of the properties."""

    def source(self, name: str = "") -> str:
        """Return ``file:line`` of a property."""


def unmodelled(configured: Configured) -> tuple[Check, ...]:
    """Return one unjudged check for each property of an object that is set and not modelled."""
    return tuple(
        unknown(name, saw="set, but not modelled", cite=NOT_MODELLED, source=configured.source(name))
        for name in configured.unmodelled
    )
