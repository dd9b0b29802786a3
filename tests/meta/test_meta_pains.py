"""The pains that are shipped: each has its repair, fails without it, and names its culprit where a reader looks first."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from mailsim.api import Result, load, predict
from mailsim.flow.evidence import statements
from mailsim.flow.expectation import Because
from mailsim.flow.judge import Finding, judge
from mailsim.flow.scenario import Scenario
from mailsim.report.text import MOST_DECISIONS_SHOWN, MOST_REASONS_SHOWN
from mailsim.report.why import why
from mailsim.trace.paths import trees

PAINS = Path(__file__).parents[2] / "scenarios" / "pains"
REPAIRED = "-repaired"
FILES = sorted(path.stem for path in PAINS.glob("*.yaml"))
PAIRS = [stem for stem in FILES if not stem.endswith(REPAIRED)]
LONGEST_FILE = 130
"""Lines; a pain is to be read in one go."""


@cache
def scenario(stem: str) -> Scenario:
    """Load a pain."""
    return load(PAINS / f"{stem}.yaml")


@cache
def predicted(stem: str) -> Result:
    """Predict a pain."""
    return predict(scenario(stem))


def unmet(stem: str) -> dict[str, list[Finding]]:
    """Return, by message, what the repaired twin expects and the pain does not give."""
    wanted = scenario(stem + REPAIRED).expectations
    found: dict[str, list[Finding]] = {}
    for finding in judge(wanted, scenario(stem), predicted(stem).events):
        if not finding.met:
            found.setdefault(finding.message, []).append(finding)
    return found


def told(stem: str, message: str, findings: list[Finding]) -> list[str]:
    """Return what a report says first about a message: why it did not get through, or why it is not as it should be."""
    tree = next(each for each in trees(predicted(stem).events) if each.message == message)
    reasons = [text for outcome in tree.outcomes() for text in why(outcome)[:MOST_REASONS_SHOWN]]
    decided = [event.because for each in findings for event in each.because[:MOST_DECISIONS_SHOWN]]
    return reasons or [line for reason in decided if reason is not None for line in statements(reason)]


def test_every_pain_has_its_repair() -> None:
    """A file and its repaired twin stand side by side, named by number and a few words."""
    assert sorted(each for stem in PAIRS for each in (stem, stem + REPAIRED)) == FILES
    assert all(re.fullmatch(r"p\d\d-[a-z0-9-]+", stem) for stem in PAIRS)


@pytest.mark.parametrize("stem", PAIRS)
def test_the_repair_leaves_hosts_and_messages(stem: str) -> None:
    """The twin has the same hosts, and no message that the pain has not: it changes settings."""
    pain, repaired = scenario(stem), scenario(stem + REPAIRED)
    assert set(pain.topology.mtas) == set(repaired.topology.mtas)
    assert {each.name for each in repaired.submissions} <= {each.name for each in pain.submissions}


@pytest.mark.parametrize("stem", PAIRS)
def test_the_pain_hurts_and_names_its_culprit(stem: str) -> None:
    """What the twin does is not done here, and the first reasons of the report say what ``because`` says."""
    hurts = unmet(stem)
    assert hurts, "the pain does what its repair does"
    for message, findings in hurts.items():
        culprits = [each.text for each in scenario(stem).expectations[message] if isinstance(each, Because)]
        lines = told(stem, message, findings)
        assert any(text.lower() in line.lower() for text in culprits for line in lines), (message, lines)


@pytest.mark.parametrize("stem", FILES)
def test_a_pain_can_be_read(stem: str) -> None:
    """It says what people see, marks the line that matters, and every expectation says where it is known from."""
    text = (PAINS / f"{stem}.yaml").read_text(encoding="utf-8")
    assert f"# the {'repair' if stem.endswith(REPAIRED) else 'culprit'}" in text
    assert re.search(r"^description: >\n  \S", text, re.MULTILINE)
    assert len(text.splitlines()) <= LONGEST_FILE
    sources = [each.source for each in scenario(stem).expectations.values()]
    assert all(sources)
    assert not scenario(stem).warnings or "hybrid" in text


def test_the_table_lists_every_pain() -> None:
    """README.md links each file and its twin once."""
    text = (PAINS / "README.md").read_text(encoding="utf-8")
    assert sorted(re.findall(r"\]\((p\d\d[^)]*)\.yaml\)", text)) == FILES


def test_a_loop_is_not_blamed_on_who_brought_the_message_first() -> None:
    """What did not know the stranger who sent it is no connector to change; the way once round is."""
    tree = next(
        each for each in trees(predicted("p06-loops").events) if each.message == "relay-on-both-sides"
    )
    told = [text for outcome in tree.outcomes() for text in why(outcome)]
    assert any("DomainType of northwind.com: InternalRelay" in text for text in told)
    assert not any("partner connector" in text for text in told)
