"""The count of the conformance cases: how many there are, of which grade, in which area."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.meta.fidelity import grades, share
from tests.meta.shown import Shown, cases, scenarios

ROOT = Path(__file__).parents[2]


def conformance_cases(root: Path = ROOT) -> tuple[Shown, ...]:
    """Return every message with expectations under ``tests/conformance``."""
    return tuple(case for case in cases(scenarios(root)) if case.area)


def lines(found: Iterable[Shown]) -> Iterator[str]:
    """Yield the count and share of each grade, then of each area with its grades."""
    by_area: dict[str, Counter[str]] = defaultdict(Counter)
    for case in found:
        by_area[case.area][case.grade or "none"] += 1
    all_areas = sum(by_area.values(), Counter[str]())
    yield f"{all_areas.total()} cases: {_parts(all_areas)}"
    for area, counted in sorted(by_area.items()):
        yield f"{area}: {counted.total()} ({share(counted.total(), all_areas.total())}): {_parts(counted)}"


def _parts(counted: Counter[str]) -> str:
    parts = (
        f"{grade} {counted[grade]} ({share(counted[grade], counted.total())})" for grade in grades(counted)
    )
    return ", ".join(parts)
