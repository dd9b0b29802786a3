"""What shows a rule: the cases of scenario files by their ``source``, and tests marked ``shows``.

Read from the text of the files, so nothing is collected or run. A case is one message of one file.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from mailsim.pytest_plugin import is_scenario

CONFORMANCE = PurePosixPath("tests/conformance")
FOLDERS = ("scenarios", "tests")

# the parser in C where PyYAML has it; both keep every scalar as text, so 5.10 stays 5.10
_LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_SECTION = re.compile(r"[0-9]+(?:\.[0-9]+)*|appendix [a-z](?:\.[0-9]+)*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Shown:
    """Something that shows a rule.

    Args:
        file: relative to the project, with slashes.
        name: the message, or the test; empty where a whole file is marked.
        key: the source; empty where a case gives none.
        at: the place in it.
        grade: as written; empty for a test, and for a case that gives none.
    """

    file: str
    name: str
    key: str
    at: str
    grade: str = ""

    @property
    def area(self) -> str:
        """Return the folder below ``tests/conformance``; empty for what lies elsewhere."""
        path = PurePosixPath(self.file)
        return path.relative_to(CONFORMANCE).parts[0] if path.is_relative_to(CONFORMANCE) else ""

    def shows(self, key: str, at: str) -> bool:
        """Tell whether it shows what is cited from a place: of an RFC the section counts, else the source."""
        if key != self.key:
            return False
        mine, cited = _SECTION.search(self.at), _SECTION.search(at)
        if not key.startswith("rfc") or mine is None or cited is None:
            return True
        return f"{mine[0]}.".lower().startswith(f"{cited[0]}.".lower())


@dataclass(frozen=True, slots=True)
class ScenarioText:
    """The text of a scenario as a tree in which every scalar is a string.

    Args:
        file: relative to the project, with slashes.
        tree: its sections.
    """

    file: str
    tree: dict[str, Any]


def scenarios(root: Path) -> tuple[ScenarioText, ...]:
    """Return all scenario files of the project that are YAML, by path; others fail where they are collected."""
    files = sorted(
        file for folder in FOLDERS for file in (root / folder).rglob("*.y*ml") if is_scenario(file)
    )
    return tuple(text for file in files for text in _read(file, file.relative_to(root).as_posix()))


def _read(file: Path, name: str) -> Iterator[ScenarioText]:
    try:
        yield ScenarioText(name, yaml.load(file.read_text(encoding="utf-8-sig"), Loader=_LOADER))
    except yaml.YAMLError:
        return


def cases(texts: Iterable[ScenarioText]) -> tuple[Shown, ...]:
    """Return every message with expectations, by file and in the order written."""
    return tuple(
        Shown(text.file, message, *_source(expected))
        for text in texts
        for message, expected in (text.tree.get("expect") or {}).items()
    )


def _source(expected: dict[str, Any]) -> tuple[str, str, str]:
    source = expected.get("source") or {}
    return source.get("key") or "", source.get("at") or "", source.get("grade") or ""


def switches(texts: Iterable[ScenarioText]) -> tuple[Shown, ...]:
    """Return every message of a file that decides an assumption, once for each: they show what it changes."""
    return tuple(
        Shown(text.file, message, key, choice)
        for text in texts
        for key, choice in (text.tree.get("assumptions") or {}).items()
        for message in text.tree.get("expect") or {}
    )


def marked(root: Path) -> tuple[Shown, ...]:
    """Return every test marked ``shows``, once for each mark, by file and name."""
    files = sorted((root / "tests").rglob("test_*.py"))
    found = [each for file in files for each in _marked(file, root)]
    return tuple(sorted(found, key=lambda each: (each.file, each.name, each.key, each.at)))


def _marked(file: Path, root: Path) -> Iterator[Shown]:
    text = file.read_text(encoding="utf-8")
    if ".shows(" not in text:
        return
    path = file.relative_to(root).as_posix()
    for node in ast.parse(text).body:
        for key, at in _marks(node):
            yield Shown(path, getattr(node, "name", ""), key, at)


def _marks(node: ast.AST) -> Iterator[tuple[str, str]]:
    """Yield the arguments of every ``pytest.mark.shows`` in a piece of code."""
    for each in ast.walk(node):
        match each:
            case ast.Call(
                func=ast.Attribute(value=ast.Attribute(attr="mark"), attr="shows"), args=[key, *place]
            ):
                yield ast.literal_eval(key), ast.literal_eval(place[0]) if place else ""
