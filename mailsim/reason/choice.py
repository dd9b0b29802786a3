"""Choose one of several candidates and keep the others with the reason each lost.

``select`` is the only way anything is chosen in mailsim, so a choice that cannot explain itself cannot be
written. Every check of every candidate is evaluated; the eligible ones (no check says NO) compete by their
ranks; all are kept. Deleting a loser changes nothing. Pure; the order of subjects matters only where every rank
ties, and then the choice says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from mailsim.reason.check import Check, Verdict
from mailsim.reason.cite import Citation

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Rank:
    """One criterion by which eligible candidates compete; the smaller value wins.

    Args:
        name: the criterion in the source's words.
        value: anything that compares with its peers.
        saw: the value in words, for the explanation.
    """

    name: str
    value: Any
    saw: str = ""


@dataclass(frozen=True, slots=True)
class Candidate(Generic[T]):
    """One subject that was looked at, with everything that was held against it.

    Args:
        subject: the thing itself; not part of equality, its name is.
        name: how the configuration calls it.
        source: ``file:line`` where it is configured, empty where there is none.
        checks: every check, in the documented order.
        ranks: its ranks, in the order in which they decide.
        chosen: whether it won.
        lost_by: why it did not win; empty for the winner.
    """

    subject: T = field(compare=False, repr=False)
    name: str
    source: str
    checks: tuple[Check, ...]
    ranks: tuple[Rank, ...]
    chosen: bool
    lost_by: str

    @property
    def eligible(self) -> bool:
        """Whether no check says NO."""
        return not any(check.failed for check in self.checks)


@dataclass(frozen=True, slots=True)
class Choice(Generic[T]):
    """The outcome of a selection.

    Args:
        question: what was asked, such as ``send connector for ann@fabrikam.com``.
        chosen: the subject that won, None when nobody was eligible.
        candidates: all of them, in the order given.
        cite: where the procedure is known from.
    """

    question: str
    chosen: T | None = field(compare=False, repr=False)
    candidates: tuple[Candidate[T], ...]
    cite: Citation

    @property
    def winner(self) -> Candidate[T] | None:
        """Return the winning candidate, or None."""
        return next((candidate for candidate in self.candidates if candidate.chosen), None)

    @property
    def tied(self) -> bool:
        """Whether only the order of listing decided: an assumption."""
        return any(candidate.lost_by == _TIE for candidate in self.candidates)

    @property
    def unknowns(self) -> tuple[Check, ...]:
        """Return the unjudged checks that colour this choice: those at the winner.

        UNKNOWN does not make ineligible, so whoever would rank before the winner is the winner.
        """
        won = self.winner
        return tuple(check for check in won.checks if check.verdict is Verdict.UNKNOWN) if won else ()


_TIE = "equal in every rank; listed later (assumed)"


def select(
    question: str,
    subjects: Iterable[T],
    *,
    name: Callable[[T], str],
    checks: Callable[[T], tuple[Check, ...]],
    ranks: Callable[[T], tuple[Rank, ...]] = lambda _: (),
    source: Callable[[T], str] = lambda _: "",
    cite: Citation,
) -> Choice[T]:
    """Choose the eligible subject with the least ranks and keep all candidates.

    Args:
        question: what is asked.
        subjects: the candidates, in configured order.
        name: gives a subject's name.
        checks: evaluates every check of a subject; NO makes it ineligible, UNKNOWN does not.
        ranks: gives the ranks of a subject that is eligible, most significant first.
        source: gives ``file:line`` of a subject.
        cite: where the procedure is known from.

    Returns:
        The choice; ``chosen`` is None when no subject is eligible or there is none.
    """
    looked_at = [(subject, checks(subject)) for subject in subjects]
    ranked = [
        (subject, made, ranks(subject) if not any(check.failed for check in made) else ())
        for subject, made in looked_at
    ]
    eligible = [index for index, (_, made, _) in enumerate(ranked) if not any(check.failed for check in made)]
    best = min(eligible, key=lambda index: tuple(rank.value for rank in ranked[index][2]), default=None)
    candidates = tuple(
        Candidate(
            subject,
            name(subject),
            source(subject),
            made,
            ranking,
            index == best,
            _why_lost(ranked, index, best),
        )
        for index, (subject, made, ranking) in enumerate(ranked)
    )
    return Choice(question, None if best is None else ranked[best][0], candidates, cite)


def _why_lost(
    ranked: list[tuple[T, tuple[Check, ...], tuple[Rank, ...]]], index: int, best: int | None
) -> str:
    """Say why the candidate at ``index`` lost against the one at ``best``."""
    if index == best:
        return ""
    _, made, ranks = ranked[index]
    failed = next((check for check in made if check.failed), None)
    if failed is not None:
        return _shortfall(failed)
    if best is None:  # pragma: no cover - an eligible candidate always yields a winner
        return ""
    for mine, theirs in zip(ranks, ranked[best][2], strict=True):
        if mine.value != theirs.value:
            return f"{mine.name}: {mine.saw or mine.value} loses to {theirs.saw or theirs.value}"
    return _TIE


def _shortfall(failed: Check) -> str:
    """Say what a failed check saw and wanted."""
    wanted = f", wanted {failed.wanted}" if failed.wanted else ""
    return f"{failed.rule}: {failed.saw}{wanted}"
