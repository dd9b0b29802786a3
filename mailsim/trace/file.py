"""A trace on disk: one event a line, as JSON.

Called by the command line and by live runs, which add a ``TraceFile`` to the listeners of their log. Lines are
collected and written in batches, since a run makes thousands of events a second. The only module of ``trace`` that
touches a file.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType

from mailsim.trace.codec import encode
from mailsim.trace.events import Event

BATCH = 500
"""Lines written in one go."""


def json_line(event: Event) -> str:
    """Return an event as one line of JSON, in ASCII and without the line end."""
    return json.dumps(encode(event), separators=(",", ":"))


def write_json_lines(path: str, events: Iterable[Event]) -> None:
    """Write a whole trace, replacing the file.

    Raises:
        OSError: if the file cannot be written.
    """
    with TraceFile(path) as file:
        for event in events:
            file(event)


class TraceFile:
    """A trace being written; call it with each event, close it at the end.

    Args:
        path: where it is written; an existing file is replaced.

    Raises:
        OSError: if the file cannot be written.
    """

    def __init__(self, path: str) -> None:
        self._file = Path(path).open("w", encoding="ascii", newline="\n")  # noqa: SIM115 - closed by close
        self._lines: list[str] = []

    def __call__(self, event: Event) -> None:
        """Add an event."""
        self._lines.append(json_line(event) + "\n")
        if len(self._lines) >= BATCH:
            self.flush()

    def flush(self) -> None:
        """Write what is still held back."""
        self._file.writelines(self._lines)
        self._lines.clear()
        self._file.flush()

    def close(self) -> None:
        """Write the rest and close the file; calling it again does nothing."""
        if not self._file.closed:
            self.flush()
            self._file.close()

    def __enter__(self) -> TraceFile:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _where: TracebackType | None
    ) -> None:
        self.close()
