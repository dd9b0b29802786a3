"""Every conformance case says where it is known from and how well, and cases do not get fewer."""

from __future__ import annotations

from pathlib import Path

import pytest

from mailsim.reason.cite import Grade
from tests.conformance.register import ROOT, conformance_cases, lines
from tests.meta.shown import ScenarioText, Shown, cases, scenarios
from tests.meta.sources import Sources

FLOOR = 470
"""How many cases there are at least; raised with them, never lowered."""

GRADES = {grade.value for grade in Grade}


@pytest.fixture(scope="module")
def found():
    """All conformance cases."""
    return conformance_cases()


def named(wrong) -> list[str]:
    """Show cases by file and message."""
    return [f"{case.file}: {case.name}: {case.key or 'no key'}, {case.grade or 'no grade'}" for case in wrong]


def test_every_case_has_a_known_source(found):
    """``source.key`` has an entry in docs/sources, is an RFC or is an assumption."""
    sources = Sources(ROOT / "docs" / "sources")
    assert not named(case for case in found if sources.find(case.key) is None)


def test_every_case_is_graded(found):
    """``source.grade`` is written, normative where an RFC says it and nowhere else."""
    assert not named(case for case in found if case.grade not in GRADES)
    assert not named(
        case for case in found if case.grade == Grade.NORMATIVE.value and not case.key.startswith("rfc")
    )


def test_every_file_says_what_it_shows():
    """A file has a name and a description."""
    files = [text for text in scenarios(ROOT) if Path(text.file).is_relative_to("tests/conformance")]
    assert not [text.file for text in files if not (text.tree.get("name") and text.tree.get("description"))]


def test_there_are_no_fewer_cases(found):
    """The number of cases does not fall."""
    assert len(found) >= FLOOR, "cases were lost"


def test_the_register_counts():
    """Count and share of each grade, then the same for each area."""
    some = [
        Shown("tests/conformance/a/x.yaml", "m1", "rfc5321", "5.1", "normative"),
        Shown("tests/conformance/a/x.yaml", "m2", "k", "", "assumed"),
        Shown("tests/conformance/b/deep/y.yaml", "m1", "k", "", "assumed"),
        Shown("tests/conformance/b/deep/y.yaml", "m2", "", ""),
    ]
    assert list(lines(some)) == [
        "4 cases: normative 1 (25.0 %), documented 0 (0.0 %), observed 0 (0.0 %), assumed 2 (50.0 %), none 1 (25.0 %)",
        "a: 2 (50.0 %): normative 1 (50.0 %), documented 0 (0.0 %), observed 0 (0.0 %), assumed 1 (50.0 %)",
        "b: 2 (50.0 %): normative 0 (0.0 %), documented 0 (0.0 %), observed 0 (0.0 %), assumed 1 (50.0 %), none 1 (50.0 %)",
    ]


def test_a_case_is_a_message_with_its_source():
    """A message without source is a case too, one that lacks it."""
    tree = {
        "expect": {"m1": {"source": {"key": "k", "at": "5.10", "grade": "observed"}}, "m2": {"ndr": "none"}}
    }
    assert cases([ScenarioText("f.yaml", tree)]) == (
        Shown("f.yaml", "m1", "k", "5.10", "observed"),
        Shown("f.yaml", "m2", "", ""),
    )
