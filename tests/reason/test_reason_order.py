"""Ordered rules: all are kept, and one that stops processing keeps the rest from being reached."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mailsim.reason.check import Verdict, check
from mailsim.reason.cite import documented
from mailsim.reason.order import run_in_order

PAGE = documented("ms:mail-flow-rules", "StopRuleProcessing")
# name, whether it applies, whether it stops
_RULES = st.lists(st.tuples(st.text("abc", min_size=1, max_size=3), st.booleans(), st.booleans()), max_size=6)


def run(rules):
    """Run rules given as (name, applies, stops)."""
    return run_in_order(
        rules,
        name=lambda rule: rule[0],
        checks=lambda rule: (check(rule[1], "condition", saw="", cite=PAGE),),
        stops=lambda rule: rule[2],
        cite=PAGE,
    )


@given(_RULES)
def test_every_rule_is_kept(rules):
    """There is one entry a rule, in order; those behind a stop are not reached and do not apply."""
    done = run(rules)
    assert [each.subject for each in done] == rules
    stop = next((index for index, rule in enumerate(rules) if rule[1] and rule[2]), len(rules))
    for index, (rule, each) in enumerate(zip(rules, done, strict=True)):
        assert each.applies == (index <= stop and rule[1])
        reached = each.because.because[0].verdict is not Verdict.NOT_REACHED
        assert reached == (index <= stop)


def test_a_missed_rule_says_who_stopped():
    """A rule that is not reached names the one that stopped processing."""
    done = run([("first", True, True), ("second", True, False)])
    assert done[1].because.because[0].saw == "first stopped processing"


def test_a_rule_that_does_not_apply_stops_nothing():
    """StopRuleProcessing counts only for a rule whose conditions are met."""
    assert [each.applies for each in run([("first", False, True), ("second", True, False)])] == [False, True]
