"""``--deliver DIR``: every delivered copy as an ``.eml`` file."""

from __future__ import annotations

import re
from pathlib import Path

from mailsim.trace.events import Delivered, Event


class DeliveredFiles:
    """Writes one file a delivered copy, named after message and mailbox.

    Args:
        folder: where; made when it is missing.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._written: set[str] = set()

    def __call__(self, event: Event) -> None:
        """Write the copy that an event tells of."""
        if not isinstance(event.what, Delivered):
            return
        base = re.sub(r"[^A-Za-z0-9@._-]", "_", f"{event.message}.{event.what.recipient}").lstrip(".")
        name, number = base, 1
        while name in self._written:
            number += 1
            name = f"{base}.{number}"
        self._written.add(name)
        (self._folder / f"{name}.eml").write_bytes(event.what.message.to_bytes())
