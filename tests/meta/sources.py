"""The sources that rules and cases cite: ``docs/sources/*.yaml``, and the keys that speak for themselves.

``rfc<number>`` is that RFC by rule, and the key of an ``Assumption`` is explained where it is declared; every other key
needs an entry.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from mailsim.config.link_assumptions import every_assumption

FIELDS = ("title", "url", "publisher", "date")

_RFC = re.compile(r"rfc([1-9][0-9]*)")


@dataclass(frozen=True, slots=True)
class Source:
    """A source that anyone can open.

    Args:
        key: as it is cited.
        title: as it calls itself.
        url: where it is; empty where no stable address is known.
        publisher: whose word it is.
        date: of the version that was read.
    """

    key: str
    title: str
    url: str
    publisher: str
    date: str


def listed(folder: Path) -> Iterator[tuple[Path, Source]]:
    """Yield every entry with the file it stands in.

    Raises:
        ValueError: an entry lacks a field, has one too many or leaves one empty that may not be.
    """
    for file in sorted(folder.glob("*.yaml")):
        # everything is text: 2026-11 is no number and no date
        entries = yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.BaseLoader) or {}
        for key, entry in entries.items():
            if not isinstance(entry, dict) or sorted(entry) != sorted(FIELDS):
                raise ValueError(f"{file}: {key!r}: wanted {', '.join(FIELDS)}")
            if not all(entry[name] for name in FIELDS if name != "url"):
                raise ValueError(f"{file}: {key!r}: only the url may be empty")
            yield file, Source(key, *(entry[name] for name in FIELDS))


class Sources:
    """All sources by key.

    Args:
        folder: where the files are.
    """

    def __init__(self, folder: Path) -> None:
        self.entries = list(listed(folder))
        self._listed = {source.key: source for _, source in self.entries}
        self._assumed = every_assumption()

    def find(self, key: str) -> Source | None:
        """Return the source of a key: listed, an RFC by rule, or an assumption; else None."""
        if key in self._listed:
            return self._listed[key]
        number = _RFC.fullmatch(key)
        if number:
            url = f"https://www.rfc-editor.org/rfc/{key}"
            return Source(key, f"RFC {number[1]}", url, "RFC Editor", "")
        if key in self._assumed:
            return Source(key, self._assumed[key].question, "", "mailsim", "")
        return None
