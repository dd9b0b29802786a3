"""The pages of the project and what in them can be checked: fenced blocks, links, command lines.

Read by the tests of this folder. Pages are Markdown as written here: fences of three backticks that start at the margin,
links of the form ``[text](target)``, code between single backticks.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
HIDDEN = {"node_modules", "build", "dist"}

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_INLINE = re.compile(r"`([^`\n]+)`")
_INDENTED = re.compile(r"^ {4,}(\S.*)$", re.MULTILINE)
_CALL = re.compile(r"(?:^|[\s/])mailsim +(\S.*)")
_HEADING = re.compile(r"^#+ +(.*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block.

    Args:
        page: the file it stands in.
        line: the line of its first fence.
        language: the word behind the fence, may be empty.
        text: what is between the fences, with the last line end.
    """

    page: Path
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{name_of(self.page)}:{self.line}"


def pages() -> list[Path]:
    """Return every Markdown file of the project, outside hidden folders."""
    folders = [path for path in ROOT.iterdir() if path.is_dir() and not _hidden(path.name)]
    below = (path for folder in folders for path in folder.rglob("*.md"))
    seen = (path for path in below if not any(_hidden(part) for part in path.relative_to(ROOT).parts))
    return sorted([*ROOT.glob("*.md"), *seen])


def name_of(path: Path) -> str:
    """Return a file's path below the project's folder."""
    return str(path.relative_to(ROOT))


def blocks(*languages: str) -> list[Block]:
    """Return every fenced block in one of the languages, page by page."""
    return [block for page in pages() for block in blocks_of(page) if block.language in languages]


def blocks_of(page: Path) -> Iterator[Block]:
    """Yield the fenced blocks of a page."""
    text = page.read_text(encoding="utf-8")
    for found in _FENCE.finditer(text):
        yield Block(page, text.count("\n", 0, found.start()) + 1, found[1], found[2])


def links_of(page: Path) -> Iterator[str]:
    """Yield the targets of a page's links that lead to a file or a heading of the project."""
    for target in _LINK.findall(_FENCE.sub("", page.read_text(encoding="utf-8"))):
        if "://" not in target and not target.startswith("mailto:"):
            yield target


def anchors_of(page: Path) -> set[str]:
    """Return the fragments by which the headings of a page are reached."""
    headings = _HEADING.findall(_FENCE.sub("", page.read_text(encoding="utf-8")))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def calls_of(page: Path) -> Iterator[list[str]]:
    """Yield the words behind ``mailsim`` of every command line in a page's code; outputs are none."""
    text = page.read_text(encoding="utf-8")
    fenced = [line for block in blocks_of(page) for line in _commands(block)]
    rest = _FENCE.sub("", text)
    for code in (*fenced, *_INLINE.findall(rest), *_INDENTED.findall(rest)):
        for part in re.split(r"&&|\||;", code):
            if found := _CALL.search(part):
                yield _words(found[1])


def _commands(block: Block) -> list[str]:
    lines = block.text.splitlines()
    if block.language == "console":
        return [line for line in lines if line.startswith("$ ")]
    return lines if block.language in ("", "sh") else []


def _words(line: str) -> list[str]:
    try:
        return shlex.split(line, comments=True)
    except ValueError:
        return line.split()


def _hidden(part: str) -> bool:
    return part.startswith((".", "_")) or part in HIDDEN
