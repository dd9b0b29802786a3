"""Choices keep every candidate with the reason it lost."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsim.reason.check import Verdict, check, unknown
from mailsim.reason.choice import Choice, Rank, select
from mailsim.reason.cite import documented

PAGE = documented("ms:a-page", "how it is chosen")


@dataclass(frozen=True)
class Subject:
    """Something to choose: whether its checks say yes, no or nothing, and how it ranks."""

    name: str
    verdicts: tuple[Verdict, ...] = (Verdict.YES,)
    ranks: tuple[int, ...] = ()


def choose(*subjects: Subject) -> Choice[Subject]:
    """Choose one of the subjects."""
    return select(
        "which one",
        subjects,
        name=lambda subject: subject.name,
        checks=lambda subject: tuple(_check(verdict) for verdict in subject.verdicts),
        ranks=lambda subject: tuple(Rank(f"rank {n}", value) for n, value in enumerate(subject.ranks)),
        source=lambda subject: f"x.yaml:{len(subject.name)}",
        cite=PAGE,
    )


def _check(verdict: Verdict):
    if verdict is Verdict.UNKNOWN:
        return unknown("a rule", saw="a thing", cite=PAGE)
    return check(verdict is Verdict.YES, "a rule", saw="a thing", wanted="another", cite=PAGE)


def test_nothing_to_choose_from():
    """No candidate means no winner, and that is an answer."""
    choice = choose()
    assert (choice.chosen, choice.winner, choice.candidates, choice.tied) == (None, None, (), False)


def test_nobody_is_eligible():
    """Everyone who failed a check is kept with what it saw and wanted."""
    choice = choose(Subject("a", (Verdict.YES, Verdict.NO)), Subject("b", (Verdict.NO,)))
    assert choice.chosen is None
    assert [each.lost_by for each in choice.candidates] == ["a rule: a thing, wanted another"] * 2
    assert not any(each.eligible for each in choice.candidates)


@pytest.mark.parametrize(
    ("left", "right", "winner", "lost_by"),
    [
        ((1,), (2,), "left", "rank 0: 2 loses to 1"),
        ((2,), (1,), "right", "rank 0: 2 loses to 1"),
        ((1, 5), (1, 3), "right", "rank 1: 5 loses to 3"),
        ((1, 9), (2, 0), "left", "rank 0: 2 loses to 1"),
    ],
)
def test_the_first_rank_that_differs_decides(left, right, winner, lost_by):
    """Ranks are compared in order, the smaller value wins, and the loser says which rank it was."""
    choice = choose(Subject("left", ranks=left), Subject("right", ranks=right))
    assert choice.chosen is not None
    assert choice.chosen.name == winner
    assert [each.lost_by for each in choice.candidates if not each.chosen] == [lost_by]
    assert not choice.tied


def test_a_tie_is_shown_as_an_assumption():
    """Where every rank is equal the first listed wins, and the loser says that this is assumed."""
    choice = choose(Subject("a", ranks=(1,)), Subject("b", ranks=(1,)))
    assert choice.chosen is not None
    assert choice.chosen.name == "a"
    assert choice.tied
    assert "assumed" in choice.candidates[1].lost_by


def test_what_cannot_be_judged_does_not_exclude():
    """UNKNOWN leaves a candidate in the race, and colours the choice when it wins."""
    sure, unsure = Subject("sure", ranks=(2,)), Subject("unsure", (Verdict.UNKNOWN,), (1,))
    choice = choose(sure, unsure)
    assert choice.chosen is unsure
    assert [each.verdict for each in choice.unknowns] == [Verdict.UNKNOWN]
    assert choose(sure, Subject("unsure", (Verdict.UNKNOWN,), (3,))).unknowns == ()


def test_candidates_name_their_line():
    """Every candidate carries where it is configured."""
    assert choose(Subject("abc")).candidates[0].source == "x.yaml:3"


_SUBJECTS = st.lists(
    st.builds(
        Subject,
        st.text("abcdef", min_size=1, max_size=3),
        st.lists(st.sampled_from([Verdict.YES, Verdict.NO, Verdict.UNKNOWN]), max_size=3).map(tuple),
        st.tuples(st.integers(0, 2), st.integers(0, 2)),
    ),
    max_size=6,
)


@given(_SUBJECTS)
def test_every_candidate_is_kept(subjects):
    """All subjects come back in order with all their checks; one won or nobody could."""
    choice = choose(*subjects)
    assert [each.subject for each in choice.candidates] == subjects
    assert [len(each.checks) for each in choice.candidates] == [len(each.verdicts) for each in subjects]
    eligible = [each for each in choice.candidates if each.eligible]
    assert sum(each.chosen for each in choice.candidates) == bool(eligible)
    assert all(bool(each.lost_by) != each.chosen for each in choice.candidates)


@given(_SUBJECTS, st.data())
def test_deleting_a_loser_changes_nothing(subjects, data):
    """The winner wins among fewer, and the other losers lose for the same reasons."""
    choice = choose(*subjects)
    losers = [index for index, each in enumerate(choice.candidates) if not each.chosen]
    if not losers:
        return
    gone = data.draw(st.sampled_from(losers))
    fewer = choose(*subjects[:gone], *subjects[gone + 1 :])
    assert fewer.chosen is choice.chosen
    assert fewer.candidates == choice.candidates[:gone] + choice.candidates[gone + 1 :]


@given(_SUBJECTS, st.randoms(use_true_random=False))
def test_the_order_matters_only_in_a_tie(subjects, shuffler):
    """Shuffled candidates give a winner with the same ranks."""
    shuffled = list(subjects)
    shuffler.shuffle(shuffled)
    first, second = choose(*subjects), choose(*shuffled)
    ranks = [each.winner.ranks if each.winner else None for each in (first, second)]
    assert ranks[0] == ranks[1]
    if not first.tied:
        assert first.chosen == second.chosen
