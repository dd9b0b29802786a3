"""One rule looked at one subject: what it saw, what it wanted, and where the rule is known from."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from mailsim.reason.cite import Citation


class Verdict(Enum):
    """The answer of one check."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"
    """The rule cannot be judged here; whatever rests on it is coloured."""
    NOT_REACHED = "not reached"
    """An earlier gate had already answered."""


@dataclass(frozen=True, slots=True)
class Check:
    """The result of holding one rule against one subject.

    Args:
        rule: the rule in a few words, naming the property that an administrator can change.
        verdict: whether the rule is met.
        saw: what was found.
        wanted: what would have met the rule; empty where that is plain.
        cite: where the rule is known from.
        source: ``file:line`` of the property, empty where there is none.
        aside: how it came to be seen, such as from a cache; checks that differ in this only are the same.
    """

    rule: str
    verdict: Verdict
    saw: str
    wanted: str
    cite: Citation
    source: str = ""
    aside: str = field(default="", compare=False)

    @property
    def failed(self) -> bool:
        """Whether the rule is known not to be met."""
        return self.verdict is Verdict.NO


def check(
    met: bool, rule: str, *, saw: str, wanted: str = "", cite: Citation, source: str = "", aside: str = ""
) -> Check:
    """Return a check that is YES or NO."""
    return Check(rule, Verdict.YES if met else Verdict.NO, saw, wanted, cite, source, aside)


def unknown(rule: str, *, saw: str, cite: Citation, source: str = "") -> Check:
    """Return a check that cannot be judged."""
    return Check(rule, Verdict.UNKNOWN, saw, "", cite, source)
