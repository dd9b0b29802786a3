"""How faults are worded, ordered and raised."""

from __future__ import annotations

import pytest

from mailsim.config.diagnostic import Diagnostic, Diagnostics, nearest
from mailsim.config.document import Mark, ScalarNode
from mailsim.errors import ScenarioError

HERE = Mark("hybrid.yaml", 31, 7)


def test_a_diagnostic_is_one_line_with_place_problem_wanted_and_hint() -> None:
    """Every part has its fixed place in the line."""
    full = Diagnostic(HERE, "unknown value 'x'", wanted="A or B", hint="did you mean 'A'?")
    assert str(full) == "hybrid.yaml:31:7: unknown value 'x'; wanted A or B; did you mean 'A'?"


def test_parts_that_are_not_there_leave_no_trace() -> None:
    """Without place, wish and hint only the problem is printed."""
    assert str(Diagnostic(None, "no messages")) == "no messages"


def test_the_nearest_candidate_becomes_the_hint() -> None:
    """A misspelt word is answered with the word that was probably meant, as it is spelled."""
    diagnostics = Diagnostics()
    diagnostics.error(HERE, "unknown", did_you_mean=("requiretsl", ["RequireTLS", "Fqdn"]))
    assert str(diagnostics.found[0]) == "hybrid.yaml:31:7: unknown; did you mean 'RequireTLS'?"


def test_nothing_similar_gives_no_hint() -> None:
    """A word unlike all candidates is not answered with a guess."""
    assert nearest("banana", ["RequireTLS", "Fqdn"]) is None


def test_an_explicit_hint_goes_before_a_guess() -> None:
    """Whoever knows the way out says so himself."""
    diagnostics = Diagnostics()
    diagnostics.error(HERE, "bad", hint="quote it", did_you_mean=("a", ["a"]))
    assert diagnostics.found[0].hint == "quote it"


def test_findings_are_sorted_by_position() -> None:
    """Findings come in the order of the text, whatever the order of the checks."""
    diagnostics = Diagnostics()
    for line, column in ((10, 1), (9, 2), (9, 1)):
        diagnostics.error(Mark("a.yaml", line, column), "x")
    diagnostics.error(None, "first")
    places = [each.mark and (each.mark.line, each.mark.column) for each in diagnostics.found]
    assert places == [None, (9, 1), (9, 2), (10, 1)]


def test_a_finding_repeated_by_an_alias_is_said_once() -> None:
    """The same words about the same place are one finding, but still count as an error."""
    diagnostics = Diagnostics()
    diagnostics.error(HERE, "x")
    diagnostics.error(ScalarNode("v", "v", HERE), "x")
    assert len(diagnostics.found) == 1
    assert diagnostics.error_count == 2


def test_all_errors_are_raised_together_and_warnings_are_not() -> None:
    """One exception carries every error in order."""
    diagnostics = Diagnostics()
    diagnostics.error(Mark("a.yaml", 2, 1), "second")
    diagnostics.warning(Mark("a.yaml", 1, 1), "mind this")
    diagnostics.error(Mark("a.yaml", 1, 5), "first")
    with pytest.raises(ScenarioError) as raised:
        diagnostics.raise_if_errors()
    assert str(raised.value) == "a.yaml:1:5: first\na.yaml:2:1: second"
    assert [str(each) for each in diagnostics.warnings] == ["a.yaml:1:1: warning: mind this"]


def test_warnings_alone_raise_nothing() -> None:
    """A text with warnings is usable."""
    diagnostics = Diagnostics()
    diagnostics.warning(HERE, "mind this")
    diagnostics.raise_if_errors()
    assert diagnostics.errors == ()
