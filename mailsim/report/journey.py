"""The journey of one message, hop by hop, as lines: when, where, and what happened there.

Called by ``text``. The time stands where it changes, the MTA where it changes. What happens again in the same way,
attempts that fail alike and the rounds of a loop, is told once and counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from mailsim.flow.case import clock
from mailsim.report.steps import Step, Told, attempt_step, steps_at
from mailsim.report.style import Style, fold
from mailsim.trace.hop import Hop, PathTree

WIDEST_HOST = 28
"""MTAs are aligned up to this width."""

FEWEST_ROUNDS_COUNTED = 3
"""So many hops of a loop are left out before that makes the journey easier to read."""


@dataclass(slots=True)
class _Layout:
    """Puts steps under each other: indentation, time, MTA, words.

    Args:
        style: how lines look.
        indent: begins every line.
        width: of the column of MTAs.
        now: the time written last, or the day that needs no date.
        shown: whether a time was written.
    """

    style: Style
    indent: str
    width: int
    now: datetime | None = None
    shown: bool = False

    def day(self, at: datetime) -> list[str]:
        """Return a line for a new day, none for the same one."""
        if self.now is None or self.now.date() == at.date():
            return []
        return [self.style.paint("dim", f"{self.indent}{at:%Y-%m-%d}")]

    def lines(self, step: Step, host: str) -> list[str]:
        """Return a step; ``host`` is empty where it is that of the step before."""
        lines = self.day(step.at)
        time = "" if self.shown and self.now == step.at else f"{step.at:%H:%M:%S}"
        self.now, self.shown = step.at, True
        margin = f"{self.indent}{time:<8}  {host:<{self.width}}  "
        for line in step.told:
            lines += self._fold(line, margin)
            margin = " " * (len(self.indent) + 8 + 2 + self.width + 2)
        return lines

    def _fold(self, line: Told, margin: str) -> list[str]:
        deeper = "  " * line.depth
        rest = " " * (len(self.indent) + 8 + 2 + self.width + 2) + deeper + "  "
        return [
            self.style.paint(line.tone, each) for each in fold(line.text, first=margin + deeper, rest=rest)
        ]


def journey_lines(
    tree: PathTree, style: Style, *, indent: str = "    ", since: datetime | None = None
) -> list[str]:
    """Return the journey of a message; a stranger's message that was never accepted has only its sessions.

    Args:
        tree: the message.
        style: how lines look.
        indent: begins every line.
        since: an instant whose day needs no date; by default when the message entered.
    """
    parts = list(_parts(tree))
    widths = [len(host) for host, _ in parts if len(host) <= WIDEST_HOST]
    layout = _Layout(style, indent, max(widths, default=0), since)
    lines: list[str] = []
    for host, steps in parts:
        shown = host
        for step in _once(steps):
            lines += layout.lines(step, shown)
            shown = ""
    return lines


def _parts(tree: PathTree) -> Iterator[tuple[str, list[Step]]]:
    """Yield each MTA with its steps, the rounds of a loop counted."""
    if tree.root is None:
        yield "", [attempt_step(attempt) for attempt in tree.offered]
    hops = sorted(tree.hops, key=lambda hop: hop.arrived.seq)
    around = _rounds(hops)
    for hop in hops:
        if hop is (around[0] if around else None):
            yield "", [_round_step(around)]
        if not any(hop is each for each in around):
            yield hop.mta, steps_at(hop, entered=hop is tree.root)


def _rounds(hops: list[Hop]) -> list[Hop]:
    """Return the hops of a loop that say nothing new: all from its second round on, but the last."""
    seen: set[tuple[str, str]] = set()
    for index, hop in enumerate(hops):
        if (hop.mta, hop.message) in seen:
            again = hops[index:-1]
            known = all((each.mta, each.message) in seen for each in again)
            return again if known and len(again) >= FEWEST_ROUNDS_COUNTED else []
        seen.add((hop.mta, hop.message))
    return []


def _round_step(around: list[Hop]) -> Step:
    places = " > ".join(dict.fromkeys(hop.mta for hop in around))
    last = around[-1].arrived
    return Step(last.at, last.seq, (Told("unsure", 0, f"{len(around)} more hops round {places}"),))


def _once(steps: Iterable[Step]) -> Iterator[Step]:
    """Yield steps, those that are alike once and how often they came again."""
    for alike, group in groupby(steps, key=lambda step: step.alike or str(step.seq)):
        first, *others = group
        yield first
        if others:
            yield _again(others, alike)


def _again(others: list[Step], alike: str) -> Step:
    last = others[-1]
    times = "once more" if len(others) == 1 else f"{len(others)} times more"
    waits = f"; waits until {clock(last.until, last.at)}" if last.until else ""
    return Step(last.at, last.seq, (Told("unsure", 0, f"the same {times}{waits}"),), alike)
