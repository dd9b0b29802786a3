"""Rounds of several sides in turn, printed as ratios.

Called by every benchmark. The sides take turns inside each round, so a machine that speeds up or slows down does so for
all; a ratio is taken round by round. Each figure is the median, with the least and the most behind it. Where a side
works alone in its process, its rate is told twice: by the clock on the wall, which other programs disturb, and by the
processor's time, which they hardly do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from statistics import median
from time import perf_counter, process_time

Figures = dict[str, float]
Measure = Callable[[], Figures]


class Stopwatch:
    """Counts wall and processor seconds from when it is made.

    Args:
        what: what is counted, in the plural.
    """

    def __init__(self, what: str) -> None:
        self._what = what
        self._wall, self._cpu = perf_counter(), process_time()

    def rates(self, count: int) -> Figures:
        """Return how many were done in a second, of the clock and of the processor."""
        wall, cpu = perf_counter() - self._wall, process_time() - self._cpu
        return {f"{self._what}/s": count / wall, f"{self._what}/CPU s": count / cpu}


def compare(title: str, rounds: int, sides: Mapping[str, Measure]) -> None:
    """Measure every side once a round, after one round that does not count, and print ratios to the first side."""
    found: dict[str, list[Figures]] = {name: [] for name in sides}
    for number in range(rounds + 1):
        for name, measure in sides.items():
            figures = measure()
            if number:
                found[name].append(figures)
    _show(title, found)


def _show(title: str, found: Mapping[str, list[Figures]]) -> None:
    print(f"\n{title}")
    base, *_ = found
    for unit in found[base][0]:
        for name, figures in found.items():
            values = [each[unit] for each in figures]
            ratios = [value / each[unit] for value, each in zip(values, found[base], strict=True)]
            ratio = "" if name == base else f"  {_spread(ratios, '.2f')} x {base}"
            print(f"  {name:<26} {_spread(values, ',.0f'):>24} {unit}{ratio}")


def _spread(values: list[float], form: str) -> str:
    return f"{median(values):{form}} ({min(values):{form}} - {max(values):{form}})"
