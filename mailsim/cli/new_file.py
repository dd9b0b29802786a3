"""A file whose mode is that of its making: an older one of the name, which others may be able to read, goes first."""

from __future__ import annotations

import os
from pathlib import Path

PRIVATE, PUBLIC = 0o600, 0o644


def write_new(path: Path, content: bytes, mode: int) -> None:
    """Write a file anew with a mode."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(content)
