"""A value together with everything it was decided by.

``admit`` passes a request through gates in their documented order; the first that says NO gives the reply and
the later ones are kept as not reached.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeAlias, TypeVar, Union

from mailsim.reason.check import Check, Verdict
from mailsim.reason.choice import Choice
from mailsim.reason.cite import Citation

T = TypeVar("T")
R = TypeVar("R")

REFUSED = "refused"
"""The answer of a decision that let something not pass."""

Reason: TypeAlias = Union[Check, Choice[Any], "Decision[Any]"]


@dataclass(frozen=True, slots=True)
class Decision(Generic[T]):
    """What was decided, and why.

    Args:
        question: what was asked.
        value: the outcome; None often means "nothing speaks against it".
        because: the checks, choices and decisions it rests on, in order.
        answer: the outcome in words.
    """

    question: str
    value: T = field(compare=False)
    because: tuple[Reason, ...]
    answer: str = ""


@dataclass(frozen=True, slots=True)
class Gate(Generic[R]):
    """One condition that a request must pass.

    Args:
        rule: the condition in a few words.
        test: evaluates it; called only when every earlier gate was passed.
        refusal: what is answered when the test says NO.
        cite: where the gate is known from; used when it is not reached.
    """

    rule: str
    test: Callable[[], Check]
    refusal: R
    cite: Citation


def admit(question: str, gates: Sequence[Gate[R]], because: tuple[Reason, ...] = ()) -> Decision[R | None]:
    """Pass a request through gates in order.

    Args:
        question: what is asked for.
        gates: in the documented order.
        because: what the gates themselves rest on, such as the choice of a connector.

    Returns:
        A decision whose value is the refusal of the first gate that says NO, or None when all let it pass.
    """
    made: list[Check] = []
    refusal: R | None = None
    for gate in gates:
        if refusal is not None:
            made.append(Check(gate.rule, Verdict.NOT_REACHED, "not reached", "", gate.cite))
            continue
        result = gate.test()
        made.append(result)
        if result.failed:
            refusal = gate.refusal
    return Decision(question, refusal, (*because, *made), REFUSED if refusal is not None else "admitted")


def unknowns(reason: Reason) -> Iterator[Check]:
    """Yield every unjudged check that a reason's answer depends on."""
    if isinstance(reason, Check):
        if reason.verdict is Verdict.UNKNOWN:
            yield reason
    elif isinstance(reason, Choice):
        yield from reason.unknowns
    else:
        for part in reason.because:
            yield from unknowns(part)
