"""What commands print: tables, journeys, progress. The only place that knows the terminal."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from mailsim.report.style import ASCII, COLOURS, PLAIN, Style

if TYPE_CHECKING:
    from mailsim.cli.state import State
    from mailsim.trace.events import Event


def style() -> Style:
    """Return the style for standard output: colours on a terminal, unless NO_COLOR is set."""
    try:
        "✓✗…".encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return ASCII
    return COLOURS if sys.stdout.isatty() and not os.environ.get("NO_COLOR") else PLAIN


def show(lines: Iterable[str]) -> None:
    """Print lines."""
    for each in lines:
        print(each)


def warn(warnings: Iterable[object]) -> None:
    """Print what the reader of a scenario noticed, to standard error."""
    for each in warnings:
        print(each, file=sys.stderr)


def event_printer() -> Callable[[Event], None]:
    """Return a listener that prints each event worth seeing as it happens."""
    from mailsim.report.lines import line

    chosen = style()

    def show_event(event: Event) -> None:
        if text := line(event, chosen):
            print(text, flush=True)

    return show_event


def progress(label: str, total: int) -> Callable[[Event], None]:
    """Return a listener that shows on a terminal how many of the messages have ended.

    It writes to standard error, and only there where somebody watches.
    """
    from mailsim.trace.events import Delivered, Failed, Submitted

    counts = {"handed in": 0, "ended": 0}

    def count(event: Event) -> None:
        if isinstance(event.what, Submitted):
            counts["handed in"] += 1
        elif isinstance(event.what, Delivered | Failed):
            counts["ended"] += 1
        else:
            return
        if sys.stderr.isatty() and event.seq % 25 == 0:
            text = f"{label}: {counts['handed in']} of {total} messages handed in, {counts['ended']} copies ended"
            print(f"\r{text}", end="", file=sys.stderr, flush=True)

    return count


def end_progress() -> None:
    """Clear the line of progress."""
    if sys.stderr.isatty():
        print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def endpoint_table(state: State, path: Path) -> None:
    """Print where every listener can be reached."""
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, header_style="bold")
    for title in ("host", "modelled", "connect to"):
        table.add_column(title, no_wrap=True)
    for each in state.endpoints:
        table.add_row(each.host, f"{each.address}:{each.port}", f"{each.loopback}:{each.actual_port}")
    console = Console(highlight=False, soft_wrap=True)
    console.print(table)
    host, _, port = state.dns.rpartition(":")
    console.print(f"DNS server          {state.dns} (dig @{host} -p {port} NAME TYPE)")
    console.print(f"CA certificate      {state.ca}")
    console.print(f"host certificates   {state.certificates}")
    console.print(f"state file          {path}")
    if not state.endpoints:
        console.print("\nNobody listens.\n^C stops.\n", markup=False)
        return
    domain, receiver = next(iter(state.mx.items()), ("example.com", state.endpoints[0].host))
    first = next((each for each in state.endpoints if each.host == receiver), state.endpoints[0])
    console.print("\nTry, in another terminal:")
    console.print(
        f"  swaks --server {first.loopback} --port {first.actual_port} --tls --tls-verify --tls-ca-path {state.ca} "
        f"--from you@example.net --to postmaster@{domain}",
        markup=False,
    )
    console.print("^C stops.\n", markup=False)
