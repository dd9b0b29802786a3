"""Where a configured object was written: a file, a line, and the place of each property.

Filled by ``config``, read by candidates and reports, so that an explanation can name the line to change. Two
frontends that say the same thing must give equal topologies, so an origin takes no part in equality. Pure values.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field
from functools import lru_cache
from typing import NamedTuple


class Place(NamedTuple):
    """A line and a column, both from 1."""

    line: int
    column: int = 1


@dataclass(frozen=True, slots=True)
class Origin:
    """The place of a configured object in the user's text.

    Args:
        file: the file as the user named it.
        line: the line the object begins at, from 1.
        column: the column the object begins at, from 1.
        properties: the place of each property written, by its name in the file; no part of the hash.
    """

    file: str
    line: int
    column: int = 1
    _: KW_ONLY
    properties: Mapping[str, Place] = field(default_factory=dict, hash=False)

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"

    def place(self, property_name: str) -> Place:
        """Return where one property stands, or the object when the property was not written.

        Args:
            property_name: ``RequireTLS``, ``requiretls`` or ``require_tls``; all mean the same property.
        """
        wanted = _bare(property_name)
        here = Place(self.line, self.column)
        return next((place for name, place in self.properties.items() if _bare(name) == wanted), here)

    def of(self, property_name: str) -> str:
        """Return ``file:line`` of one property, or of the object when the property was not written."""
        return f"{self.file}:{self.place(property_name).line}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A configured object that knows where it was written.

    Args:
        origin: the place; None for what nobody wrote, such as a default.
    """

    origin: Origin | None = field(default=None, compare=False, repr=False)

    def source(self, name: str = "") -> str:
        """Return ``file:line`` of a property, or of the object where none is named or it was not written."""
        return self.origin.of(name) if self.origin else ""


@lru_cache(maxsize=1024)
def _bare(name: str) -> str:
    return name.replace("_", "").lower()
