"""What no source settles: a named assumption, with the ways a scenario may decide it.

A vendor declares its assumptions as constants and asks for the choice where a decision needs it; the check that rests on
it cites ``Assumption.cite``, so every answer shows what was assumed and by which name it is switched.
"""

from __future__ import annotations

from dataclasses import dataclass

from mailsim.reason.cite import Citation, assumed


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumption:
    """One open point.

    Args:
        key: its name under ``assumptions:`` in a scenario, such as ``exo-wildcard-apex``.
        question: what is open, in a few words.
        choices: each way to decide it, with what it means; the first is assumed unless a scenario says otherwise.
        evidence: why the first is the best guess, and which sources conflict.
    """

    key: str
    question: str
    choices: dict[str, str]
    evidence: str

    @property
    def default(self) -> str:
        """Return the choice that is made unless a scenario says otherwise."""
        return next(iter(self.choices))

    def cite(self, choice: str) -> Citation:
        """Cite a choice: what is assumed, and that it can be switched."""
        return assumed(f"assumptions: {{{self.key}: {choice}}}", self.choices[choice])
