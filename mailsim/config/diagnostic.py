"""What is wrong with a user's text, where, what was wanted, and what was probably meant.

Every reader of configuration adds to one ``Diagnostics``; nobody stops at the first fault. The caller ends a
stage with ``raise_if_errors``. A line reads ``file:line:column: problem; wanted ...; did you mean 'X'?``, lower
case and without a full stop, so that editors can jump to it.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import KW_ONLY, dataclass
from enum import Enum

from mailsim.config.document import Mark, Node
from mailsim.errors import ScenarioError


class Severity(Enum):
    """Whether a finding makes the text unusable."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding.

    Args:
        mark: where; None for what belongs to no line.
        problem: what was seen, lower case, values by ``repr``.
        wanted: what would be right.
        hint: a way out, such as ``did you mean 'RequireTLS'?``.
        severity: an error makes the text unusable, a warning does not.
    """

    mark: Mark | None
    problem: str
    _: KW_ONLY
    wanted: str = ""
    hint: str = ""
    severity: Severity = Severity.ERROR

    def __str__(self) -> str:
        place = f"{self.mark}:{self.mark.column}: " if self.mark else ""
        grade = "warning: " if self.severity is Severity.WARNING else ""
        parts = (self.problem, self.wanted and f"wanted {self.wanted}", self.hint)
        return place + grade + "; ".join(part for part in parts if part)


class Diagnostics:
    """All findings about one scenario, kept in the order of the text."""

    def __init__(self) -> None:
        self._found: dict[Diagnostic, None] = {}  # what an alias repeats is said once
        self._errors = 0
        self._lost: set[str] = set()

    @property
    def found(self) -> tuple[Diagnostic, ...]:
        """Return every finding, by file, line and column; those without a place first."""
        return tuple(sorted(self._found, key=_position))

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        """Return the findings that make the text unusable."""
        return tuple(each for each in self.found if each.severity is Severity.ERROR)

    @property
    def warnings(self) -> tuple[Diagnostic, ...]:
        """Return the findings that do not."""
        return tuple(each for each in self.found if each.severity is Severity.WARNING)

    @property
    def error_count(self) -> int:
        """Return how often an error was added; grows even when an alias repeats one."""
        return self._errors

    def add(self, diagnostic: Diagnostic) -> None:
        """Keep a finding."""
        self._errors += diagnostic.severity is Severity.ERROR
        self._found[diagnostic] = None

    def error(
        self,
        at: Node | Mark | None,
        problem: str,
        *,
        wanted: str = "",
        hint: str = "",
        did_you_mean: tuple[str, Iterable[str]] | None = None,
    ) -> None:
        """Keep an error.

        Args:
            at: the node or place it is about.
            problem: what was seen.
            wanted: what would be right.
            hint: a way out; goes before ``did_you_mean``.
            did_you_mean: the word as written and the words that would do; the nearest becomes the hint.
        """
        hint = hint or _hint(did_you_mean)
        self.add(Diagnostic(_mark(at), problem, wanted=wanted, hint=hint))

    def warning(self, at: Node | Mark | None, problem: str, *, wanted: str = "", hint: str = "") -> None:
        """Keep a warning; the text stays usable."""
        self.add(Diagnostic(_mark(at), problem, wanted=wanted, hint=hint, severity=Severity.WARNING))

    def lose(self, name: str) -> None:
        """Remember the name of an object that was given up for its faults."""
        self._lost.add(name.lower())

    def lost(self, name: str) -> bool:
        """Tell whether something of this name was written and given up; that it is missing is no news."""
        return name.lower() in self._lost

    def raise_if_errors(self) -> None:
        """Return when there is no error.

        Raises:
            ScenarioError: with every error, in the order of the text; warnings stay here.
        """
        if self.errors:
            raise ScenarioError(self.errors)


def nearest(word: str, candidates: Iterable[str]) -> str | None:
    """Return the candidate that was probably meant, in any case, or None."""
    by_lower = {candidate.lower(): candidate for candidate in candidates}
    found = difflib.get_close_matches(word.lower(), by_lower, n=1)
    return by_lower[found[0]] if found else None


def _hint(did_you_mean: tuple[str, Iterable[str]] | None) -> str:
    meant = nearest(*did_you_mean) if did_you_mean else None
    return f"did you mean {meant!r}?" if meant else ""


def _mark(at: Node | Mark | None) -> Mark | None:
    return at if at is None or isinstance(at, Mark) else at.mark


def _position(diagnostic: Diagnostic) -> tuple[str, int, int]:
    mark = diagnostic.mark
    return (mark.file, mark.line, mark.column) if mark else ("", 0, 0)
