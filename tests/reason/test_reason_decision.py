"""Gates in order: the first NO gives the answer, and what came after it is kept as not reached."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mailsim.reason.check import Verdict, check, unknown
from mailsim.reason.choice import select
from mailsim.reason.cite import rfc
from mailsim.reason.decision import Decision, Gate, admit, unknowns

SECTION = rfc(5321, "3.3")
UNJUDGED = unknown("a property", saw="set, but not modelled", cite=SECTION)


def gate(verdict: Verdict, refusal: str = "no", asked: list[str] | None = None) -> Gate[str]:
    """Make a gate with a fixed verdict that notes when it is asked."""

    def test():
        if asked is not None:
            asked.append(refusal)
        if verdict is Verdict.UNKNOWN:
            return UNJUDGED
        return check(verdict is Verdict.YES, refusal, saw="", cite=SECTION)

    return Gate(refusal, test, refusal, SECTION)


def test_no_gate_admits():
    """Without conditions nothing speaks against a request."""
    decision = admit("MAIL", ())
    assert (decision.value, decision.because, decision.answer) == (None, (), "admitted")


@given(st.lists(st.sampled_from([Verdict.YES, Verdict.NO, Verdict.UNKNOWN]), max_size=6))
def test_the_first_no_answers(verdicts):
    """The refusal is that of the first gate that says NO; every gate is kept, later ones unasked."""
    asked: list[str] = []
    gates = [gate(verdict, str(number), asked) for number, verdict in enumerate(verdicts)]
    decision = admit("RCPT", gates)
    first = next((index for index, verdict in enumerate(verdicts) if verdict is Verdict.NO), None)
    assert decision.value == (None if first is None else str(first))
    reached = len(verdicts) if first is None else first + 1
    assert asked == [str(number) for number in range(reached)]
    assert [each.verdict for each in decision.because][:reached] == verdicts[:reached]
    assert {each.verdict for each in decision.because[reached:]} <= {Verdict.NOT_REACHED}
    assert len(decision.because) == len(verdicts)


def test_what_the_gates_rest_on_comes_first():
    """The reasons given along, such as a choice of connector, stand before the gates."""
    decision = admit("RCPT", [gate(Verdict.YES)], (UNJUDGED,))
    assert decision.because[0] is UNJUDGED


def test_unknowns_are_found_at_any_depth():
    """A decision about decisions knows what could not be judged below it; a loser's doubt does not count."""
    choice = select("one", ["a"], name=str, checks=lambda _: (UNJUDGED,), cite=SECTION)
    lost = select(
        "one",
        ["a", "b"],
        name=str,
        checks=lambda name: (UNJUDGED,) if name == "b" else (),
        cite=SECTION,
    )
    inner = Decision("inner", None, (choice, lost))
    assert list(unknowns(Decision("outer", None, (inner, UNJUDGED)))) == [UNJUDGED, UNJUDGED]
    assert list(unknowns(check(True, "x", saw="", cite=SECTION))) == []
