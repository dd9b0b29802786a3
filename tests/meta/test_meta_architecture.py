"""What ARCHITECTURE.md says against what there is: kinds and their questions, layers, the files to read first."""

from __future__ import annotations

import inspect
import re
import tomllib
from importlib import import_module

import pytest
from pages import ROOT

from mailsim.mta.kind import MtaKind
from mailsim.mta.registry import BUILT_IN, Kinds

ARCHITECTURE = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
QUESTIONS = [name for name, _ in inspect.getmembers(MtaKind, inspect.isfunction) if not name.startswith("_")]


def _section(heading: str) -> str:
    _, _, rest = ARCHITECTURE.partition(f"## {heading}\n")
    assert rest, heading
    return rest.partition("\n## ")[0]


def _siblings(line: str) -> list[str]:
    return [name.strip() for name in line.split("|")]


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_kind_is_called_by_its_name(name: str) -> None:
    """Every built-in module exposes ``KIND``, and its ``name`` is the key under which the registry has it."""
    assert import_module(BUILT_IN[name]).KIND.name == name
    assert Kinds()[name] is import_module(BUILT_IN[name]).KIND


@pytest.mark.parametrize("name", BUILT_IN)
@pytest.mark.parametrize("question", QUESTIONS)
def test_a_kind_answers_every_question(name: str, question: str) -> None:
    """Every built-in kind has each method of ``MtaKind`` with the same parameters in the same order."""
    answer = getattr(Kinds()[name], question)
    wanted = list(inspect.signature(getattr(MtaKind, question)).parameters)[1:]
    seen = list(inspect.signature(answer).parameters)
    assert [each.lstrip("_") for each in seen] == wanted


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_kind_has_what_the_protocol_declares(name: str) -> None:
    """Beside its questions a kind has the attributes of ``MtaKind``: its name, its words, how failure is called."""
    kind = Kinds()[name]
    assert [each for each in MtaKind.__annotations__ if not hasattr(kind, each)] == []


def test_the_files_to_read_first_exist() -> None:
    """Each name under "Read first" is a file of the package."""
    files = re.findall(r"`([\w/]+\.py)`", _section("Read first"))
    assert files
    assert [file for file in files if not (ROOT / "mailsim" / file).is_file()] == []


def test_files_and_folders_named_anywhere_exist() -> None:
    """Every path in ARCHITECTURE.md that ends in .py is a file of the package; a star stands for some."""
    for file in re.findall(r"`([\w/*]+\.py)`", ARCHITECTURE):
        assert list((ROOT / "mailsim").glob(file)), file


def test_layers_are_those_of_the_contract() -> None:
    """The list of layers equals the contract that import-linter holds, siblings included."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    (layers,) = [each["layers"] for each in contracts["contracts"] if each["type"] == "layers"]
    shown = [line.strip() for line in _section("Layers").splitlines() if line.startswith("    ")]
    assert [_siblings(line) for line in shown] == [_siblings(line) for line in layers]


def test_every_part_of_the_package_is_in_a_layer() -> None:
    """No module or folder of the package stands outside the list."""
    shown = {
        name
        for line in _section("Layers").splitlines()
        if line.startswith("    ")
        for name in _siblings(line)
    }
    files = (
        path
        for path in (ROOT / "mailsim").iterdir()
        if path.suffix == ".py" or (path / "__init__.py").exists()
    )
    assert {path.stem for path in files} - shown <= {"__init__", "__main__"}
