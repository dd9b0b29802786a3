"""The documentation against the program: its examples, commands, options, links and outputs are under test.

A page goes wrong quietly; these tests make it go wrong loudly. What a failing test prints is what the page should say.
"""

from __future__ import annotations

import json
import re
from dataclasses import fields
from pathlib import Path
from typing import get_args

import pytest
from cli_tables import PAGE, names, options_of, parts_in, with_tables
from pages import ROOT, Block, anchors_of, blocks, calls_of, links_of, name_of, pages

from mailsim import compare, load, predict
from mailsim.cli import run_command
from mailsim.cli.group import COMMANDS
from mailsim.cli.state import Reachable, State
from mailsim.config import format as scenario_format
from mailsim.flow.expectation import Expectations
from mailsim.pytest_plugin import is_scenario
from mailsim.trace.events import What
from mailsim.trace.hop import Disposition

SCENARIO_PAGE = ROOT / "docs" / "reference" / "scenario-file.md"

SECTIONS = (
    "AuthorityText", "CertificateText", "CertificateUseText", "ServerCertificateText", "RecipientsText", "ServerText",
    "OrganizationText", "TenantText", "OnlineText", "HybridText", "InternetText", "ClientText", "MessageText", "ScenarioText",
    "DnsFaultText", "DnsViewText", "ChangeText", "FaultText",
)  # fmt: skip
"""The sections that the overview of a scenario describes key by key."""

LEFT_OUT = "..."
"""A line of a shown output that stands for any number of lines."""


def _is_scenario(block: Block) -> bool:
    return re.match(r"mailsim *:", block.text) is not None


def _is_lesson(block: Block) -> bool:
    """Tell whether a block stands in a page that has its files beside it."""
    return block.page.parent.name in ("tutorial", "howto")


SCENARIOS = [block for block in blocks("yaml") if _is_scenario(block)]
FRAGMENTS = [block for block in blocks("yaml") if _is_lesson(block)]
DIALOGUES = [block for block in blocks("console") if _is_lesson(block)]
PROGRAMS = [block for block in blocks("python") if _is_lesson(block)]
FILES = [path for path in sorted((ROOT / "docs").rglob("*.yaml")) if is_scenario(path)]


def test_there_are_examples() -> None:
    """The README and the pages have examples of every kind, so that the tests below test something."""
    assert SCENARIOS
    assert FRAGMENTS
    assert DIALOGUES
    assert PROGRAMS
    assert FILES
    assert any(block.page.name == "README.md" for block in SCENARIOS)


@pytest.mark.parametrize("block", SCENARIOS, ids=str)
def test_a_scenario_in_a_page_is_right(block: Block, tmp_path: Path) -> None:
    """A YAML block whose first key is ``mailsim`` loads without a word, and what it expects happens."""
    path = tmp_path / "scenario.yaml"
    path.write_text(block.text, encoding="utf-8")
    scenario = load(path)
    assert not scenario.warnings
    unmet = [finding for finding in predict(scenario).findings if not finding.met]
    assert not unmet


@pytest.mark.parametrize("block", FRAGMENTS, ids=str)
def test_a_fragment_stands_in_a_scenario_beside_its_page(block: Block) -> None:
    """A YAML block of a tutorial or how-to is a part, whole lines, of a scenario file in the page's folder."""
    beside = [path.read_text(encoding="utf-8") for path in sorted(block.page.parent.glob("*.yaml"))]
    assert any(f"\n{block.text}" in f"\n{text}" for text in beside)


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_a_scenario_of_the_docs_runs_as_predicted(path: Path) -> None:
    """Scenario files beside pages load without a word; the live run does what is predicted."""
    scenario = load(path)
    assert not scenario.warnings
    assert not compare(scenario).differences


@pytest.mark.parametrize("block", DIALOGUES, ids=str)
def test_shown_output_is_real(block: Block, monkeypatch, capsys) -> None:
    """Every command in a console block, run in the page's folder, prints what the page shows."""
    monkeypatch.chdir(block.page.parent)
    status = 0
    for command, shown in _steps(block.text):
        if command == "echo $?":
            assert shown == [str(status)]
            continue
        assert command.startswith("mailsim ")
        status = run_command(_arguments(command))
        printed = "".join(capsys.readouterr()).splitlines()
        assert _fits(shown, printed), "\n".join([f"$ {command}", *printed])


@pytest.mark.parametrize("block", PROGRAMS, ids=str)
def test_a_program_in_a_page_works(block: Block, monkeypatch) -> None:
    """A Python block runs in its page's folder, and so does every test in it."""
    monkeypatch.chdir(block.page.parent)
    scope: dict = {"__name__": "page"}
    exec(compile(block.text, str(block), "exec"), scope)
    for name, function in list(scope.items()):
        if name.startswith("test_"):
            function()


@pytest.mark.parametrize("page", pages(), ids=name_of)
def test_links_lead_somewhere(page: Path) -> None:
    """The file behind every relative link exists, and so does the heading behind its fragment."""
    for link in links_of(page):
        target, _, anchor = link.partition("#")
        path = (page.parent / target).resolve() if target else page
        assert path.exists(), link
        assert not anchor or anchor in anchors_of(path), link


@pytest.mark.parametrize("page", pages(), ids=name_of)
def test_commands_in_pages_exist(page: Path) -> None:
    """Whatever page names ``mailsim COMMAND --option`` names a command, and options that it has."""
    for first, *others in calls_of(page):
        if re.match(r"[^a-z-]", first):
            continue  # a placeholder, or a key
        name = "mailsim" if first.startswith("-") else f"mailsim {first}"
        assert name in names(), name
        wanted = {word.partition("=")[0] for word in (first, *others) if word.startswith("-")} - {"-"}
        assert wanted <= options_of(name), f"{name}: {wanted - options_of(name)}"


def test_the_reference_lists_exactly_the_options_there_are() -> None:
    """Usage, options, defaults and helps in cli.md are click's; ``python tests/meta/cli_tables.py`` writes them."""
    page = PAGE.read_text(encoding="utf-8")
    assert parts_in(page) == names()
    assert page == with_tables(page)


def test_the_reference_has_a_section_for_every_command() -> None:
    """Each command can be linked to."""
    assert {f"mailsim-{name}" for name in COMMANDS} <= anchors_of(PAGE)


def test_the_reference_names_every_key_of_the_documents(capsys) -> None:
    """No key of the JSON documents, of an event's head or of the state file is missing in cli.md."""
    run_command(["predict", str(FILES[0]), "--json"])
    document = json.loads(capsys.readouterr().out)
    (message, *_), (finding, *_) = document["messages"], document["expectations"]
    keys = {*document, *message, *message["outcomes"][0], *finding}
    keys |= {"seq", "at", "mta", "session", "event", "because", "differences"}
    keys |= {each.name for kind in (State, Reachable) for each in fields(kind)}
    assert _unnamed(keys, PAGE) == set()


def test_the_reference_names_every_event_and_disposition() -> None:
    """A new kind of event or disposition is a new line in cli.md."""
    words = {kind.__name__ for kind in get_args(What)} | {each.value for each in Disposition}
    assert _unnamed(words, PAGE) == set()


def test_every_word_of_expect_is_described() -> None:
    """The table of expectations in scenario-file.md has exactly the words that ``expect`` takes."""
    _, _, section = SCENARIO_PAGE.read_text(encoding="utf-8").partition("## Expectations")
    described = set(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE))
    assert described == {each.name for each in fields(Expectations)} - {"origin", "source"}


@pytest.mark.parametrize("section", [getattr(scenario_format, name) for name in SECTIONS], ids=SECTIONS)
def test_every_key_of_a_scenario_is_named(section: type) -> None:
    """The overview leaves out no key, in whatever case."""
    spans = re.findall(r"`([^`]+)`", SCENARIO_PAGE.read_text(encoding="utf-8"))
    described = {word.lower() for span in spans for word in re.findall(r"\w+", span)}
    bare = hasattr(section, "SPELLING")
    named = {each.name.replace("_", "") if bare else each.name: each.metadata for each in fields(section)}
    spelled = {str(metadata.get("name", name)).lower() for name, metadata in named.items()}
    assert spelled - described - {"origin", "unmodelled"} == set()


def test_the_index_names_every_page_of_the_docs() -> None:
    """Who opens docs/README.md finds every lesson, the references and the background."""
    index = ROOT / "docs" / "README.md"
    linked = {(index.parent / link.partition("#")[0]).resolve() for link in links_of(index)}
    folders = ("tutorial", "howto", "background")
    wanted = {SCENARIO_PAGE, PAGE}.union(*((ROOT / "docs" / folder).glob("*.md") for folder in folders))
    assert wanted - linked == set()


def _unnamed(words: set[str], page: Path) -> set[str]:
    text = page.read_text(encoding="utf-8")
    return {word for word in words if f"`{word}`" not in text}


def _steps(text: str) -> list[tuple[str, list[str]]]:
    """Return the commands of a console block, each with the lines shown under it."""
    steps: list[tuple[str, list[str]]] = []
    for line in text.splitlines():
        if line.startswith("$ "):
            steps.append((line.removeprefix("$ "), []))
        else:
            steps[-1][1].append(line)
    return steps


def _arguments(command: str) -> list[str]:
    import shlex

    return shlex.split(command)[1:]


def _fits(shown: list[str], printed: list[str]) -> bool:
    """Tell whether the printed lines are those shown, any number of lines standing where lines are left out."""
    parts = [r"(?:.*\n)*?" if line == LEFT_OUT else re.escape(line) + r"\n" for line in shown]
    return re.fullmatch("".join(parts), "".join(f"{line}\n" for line in printed)) is not None
