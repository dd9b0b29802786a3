"""Properties that are known and not modelled: each set one makes the answers that rest on its object uncertain."""

from __future__ import annotations

from dataclasses import dataclass

from mailsim.reason.check import Check, unknown
from mailsim.reason.cite import assumed
from mailsim.world.source import Written

NOT_MODELLED = assumed("unmodelled", "the property is set but mailsim does not model it")


@dataclass(frozen=True, slots=True, kw_only=True)
class Configured(Written):
    """A configured object of a vendor that keeps the names of what is written in it and not modelled.

    Args:
        unmodelled: the names of the properties.
    """

    unmodelled: tuple[str, ...] = ()


def unmodelled(configured: Configured) -> tuple[Check, ...]:
    """Return one unjudged check for each property of an object that is set and not modelled."""
    return tuple(
        unknown(name, saw="set, but not modelled", cite=NOT_MODELLED, source=configured.source(name))
        for name in configured.unmodelled
    )
