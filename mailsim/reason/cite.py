"""Where a rule is known from.

A citation names a source that anyone can open and grades it. The grade travels with every check, so an answer
can say on what kind of evidence it rests.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Grade(Enum):
    """How good the evidence is, best first."""

    NORMATIVE = "normative"
    """An RFC says so."""
    DOCUMENTED = "documented"
    """The vendor's documentation says so."""
    OBSERVED = "observed"
    """A published capture, log or header shows it."""
    ASSUMED = "assumed"
    """Nobody says so; the best guess, made visible."""


@dataclass(frozen=True, slots=True)
class Citation:
    """A source of a rule.

    Args:
        key: short stable key, such as ``rfc5321`` or ``ms:connector-selection``.
        at: the place in it, such as ``4.1.4`` or a page title; may be empty.
        grade: how good the evidence is.
    """

    key: str
    at: str
    grade: Grade

    def __str__(self) -> str:
        place = f", {self.at}" if self.at else ""
        return f"{self.key}{place} ({self.grade.value})"


def rfc(number: int, section: str) -> Citation:
    """Cite a section of an RFC."""
    return Citation(f"rfc{number}", f"section {section}", Grade.NORMATIVE)


def documented(key: str, at: str = "") -> Citation:
    """Cite vendor documentation."""
    return Citation(key, at, Grade.DOCUMENTED)


def observed(key: str, at: str = "") -> Citation:
    """Cite a published capture."""
    return Citation(key, at, Grade.OBSERVED)


def assumed(key: str, at: str = "") -> Citation:
    """Name an assumption; ``at`` says what is assumed."""
    return Citation(key, at, Grade.ASSUMED)
