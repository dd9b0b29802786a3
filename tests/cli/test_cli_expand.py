"""``mailsim expand``: the scenario that it prints means the same as the one it was given."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mailsim.cli import run_command
from mailsim.config.load import load, load_text

ROOT = Path(__file__).parents[2]
SCENARIOS = sorted(
    path
    for folder in ("scenarios/hybrid", "tests/conformance/hybrid")
    for path in (ROOT / folder).glob("*.yaml")
)


def printed(capsys, *arguments: str) -> str:
    """Return what ``mailsim expand`` prints."""
    assert run_command(["expand", *arguments]) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
@pytest.mark.parametrize("as_json", [False, True], ids=["yaml", "json"])
def test_the_expanded_scenario_means_the_same(path: Path, as_json: bool, capsys) -> None:
    """Equal topology, equal messages, equal expectations; with nothing left to expand."""
    text = printed(capsys, str(path), *(["--json"] if as_json else []))
    if as_json:
        text = json.dumps(json.loads(text)["scenario"])
    original, expanded = load(str(path)), load_text(text, str(path))
    assert "\nhybrid:" not in text
    assert expanded.topology == original.topology
    assert expanded.submissions == original.submissions
    assert expanded.expectations == original.expectations
    assert expanded.until == original.until


def test_generated_objects_name_their_line_and_source(tmp_path: Path, capsys) -> None:
    """In YAML by a comment, in JSON by a list of paths."""
    path = tmp_path / "s.yaml"
    wizard = next(each for each in SCENARIOS if each.stem == "wizard")
    path.write_text(wizard.read_text())
    line = 1 + path.read_text().splitlines().index("hybrid: {}")
    comment = f"# from hybrid: at {path}:{line}; observed:hcw-log, cmdlets run by the wizard (observed)"
    assert comment in printed(capsys, str(path))
    made = json.loads(printed(capsys, str(path), "--json"))["generated"]
    assert {
        "path": "/exchange_online/tenants/contoso/OutboundConnectors/0",
        "by": "hybrid:",
        "at": f"{path}:{line}",
        "source": "observed:hcw-log",
        "grade": "observed",
    } in made


def test_what_cannot_be_expanded_is_exit_2(tmp_path: Path, capsys) -> None:
    """The fault is printed with its line, and nothing else."""
    path = tmp_path / "s.yaml"
    path.write_text("mailsim: 1\nhybrid: {}\n")
    assert run_command(["expand", str(path)]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert f"{path}:2:1: hybrid: organization is not given, and there is no organization" in shown.err
    path.write_text("mailsim: 2\n")
    assert run_command(["expand", str(path)]) == 2
