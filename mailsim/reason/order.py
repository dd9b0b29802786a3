"""Run an ordered list of rules, keeping each one with the reason it did or did not apply."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from mailsim.reason.check import Check, Verdict
from mailsim.reason.cite import Citation
from mailsim.reason.decision import Decision

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Evaluated(Generic[T]):
    """One rule of an ordered list.

    Args:
        subject: the rule.
        applies: whether it does.
        because: every check, or the one that says it was not reached.
    """

    subject: T
    applies: bool
    because: Decision[bool]


def run_in_order(
    subjects: Iterable[T],
    *,
    name: Callable[[T], str],
    checks: Callable[[T], tuple[Check, ...]],
    stops: Callable[[T], bool],
    cite: Citation,
) -> tuple[Evaluated[T], ...]:
    """Evaluate rules from first to last.

    Args:
        subjects: in their order.
        name: gives a rule's name.
        checks: a rule applies when none of its checks says NO.
        stops: whether a rule that applies keeps later ones from being reached.
        cite: where the procedure is known from.

    Returns:
        One entry a rule, those not reached included.
    """
    done: list[Evaluated[T]] = []
    stopped_by = ""
    for subject in subjects:
        if stopped_by:
            missed = Check(name(subject), Verdict.NOT_REACHED, f"{stopped_by} stopped processing", "", cite)
            done.append(Evaluated(subject, applies=False, because=Decision(name(subject), False, (missed,))))
            continue
        made = checks(subject)
        applies = not any(check.failed for check in made)
        answer = "applies" if applies else "does not apply"
        done.append(Evaluated(subject, applies, Decision(f"rule {name(subject)}", applies, made, answer)))
        if applies and stops(subject):
            stopped_by = name(subject)
    return tuple(done)
