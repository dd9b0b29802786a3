"""What ``run`` and ``predict`` have in common: their options, and how they give their answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from mailsim.cli.output import end_progress, progress, show, style, warn

if TYPE_CHECKING:
    from mailsim.api import Result
    from mailsim.flow.compare import Difference
    from mailsim.flow.scenario import Scenario
    from mailsim.trace.events import Event

F = TypeVar("F", bound=Callable[..., Any])

MOST_DIFFERENCES_SHOWN = 20


def answer_options(command: F) -> F:
    """Add the options that every answering command has."""
    options = (
        click.option("--trace", type=click.Path(dir_okay=False), help="Write every event as JSON lines."),
        click.option(
            "--deliver", type=click.Path(file_okay=False, path_type=Path), help="Write delivered copies here."
        ),
        click.option("--json", "as_json", is_flag=True, help="Print one JSON document."),
    )
    for option in reversed(options):
        command = option(command)
    return command


class Answers:
    """Gives the answer of one scenario.

    Args:
        scenario: what was asked about.
        trace: file for the events.
        deliver: folder for delivered copies.
        as_json: whether one JSON document is printed.
    """

    def __init__(self, scenario: Scenario, *, trace: str | None, deliver: Path | None, as_json: bool) -> None:
        self._scenario = scenario
        self._trace = trace
        self._deliver = deliver
        self._as_json = as_json
        warn(scenario.warnings)

    @contextmanager
    def listening(self, label: str) -> Iterator[Callable[[Event], None]]:
        """Show progress, and write delivered copies as they come."""
        listeners = [progress(label, len(self._scenario.submissions))]
        if self._deliver is not None:
            from mailsim.cli.deliver import DeliveredFiles

            listeners.append(DeliveredFiles(self._deliver))

        def listen(event: Event) -> None:
            for listener in listeners:
                listener(event)

        try:
            yield listen
        finally:
            end_progress()

    def give(self, result: Result, *, compared_with: Result | None = None, ordered: bool = True) -> int:
        """Print the answer and return the exit status.

        Args:
            result: what happened.
            compared_with: a prediction of the same.
            ordered: whether the order of events counts in the comparison.
        """
        from mailsim.flow.compare import differences

        if self._trace is not None:
            from mailsim.trace.file import write_json_lines

            write_json_lines(self._trace, result.events)
        found = differences(compared_with.events, result.events, ordered=ordered) if compared_with else None
        if self._as_json:
            self._print_document(result, found)
        else:
            self._print_text(result, found)
        return 0 if result.met and not found else 1

    def _print_document(self, result: Result, found: tuple[Difference, ...] | None) -> None:
        from mailsim.report.document import document

        shown = document(self._scenario, result.events, result.findings)
        if found is not None:
            shown["differences"] = [str(difference) for difference in found]
        click.echo(json.dumps(shown, indent=2))

    def _print_text(self, result: Result, found: tuple[Difference, ...] | None) -> None:
        from mailsim.report.text import report_lines

        chosen = style()
        world, order = self._scenario.topology, [each.name for each in self._scenario.submissions]
        show(report_lines(result.events, result.findings, chosen, order=order, since=world.start))
        if found is None:
            return
        if not found:
            print(chosen.paint("good", f"predicted = observed: {len(result.events)} events, no difference"))
            return
        print(chosen.paint("bad", f"predicted and observed differ in {len(found)} places"))
        show(f"  {difference}" for difference in found[:MOST_DIFFERENCES_SHOWN])
