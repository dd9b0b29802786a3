"""The open points that a scenario decides: names and choices are held against what the MTA kinds declare."""

from __future__ import annotations

from collections.abc import Mapping

from mailsim.config.diagnostic import Diagnostics
from mailsim.config.format import ScenarioText
from mailsim.config.names import mark_of, require_known
from mailsim.mta.registry import Kinds
from mailsim.reason.assumption import Assumption


def every_assumption() -> dict[str, Assumption]:
    """Return all open points by name, over every kind of MTA."""
    return {each.key: each for kind in Kinds().values() for each in kind.assumptions}


def link_assumptions(text: ScenarioText, diagnostics: Diagnostics) -> Mapping[str, str]:
    """Return the choices of a scenario; unknown names and choices are reported."""
    if not text.assumptions:
        return {}
    known, at = every_assumption(), mark_of(text.origin, "assumptions")
    for key, choice in text.assumptions.items():
        if require_known(key, known, diagnostics, at, "assumption"):
            require_known(choice, known[key].choices, diagnostics, at, f"assumption {key!r}: choice")
    return text.assumptions
