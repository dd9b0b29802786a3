"""Folders with PEM files: read what lies there, write what a scenario needs."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from mailsim.errors import LiveError

if TYPE_CHECKING:
    from mailsim.flow.scenario import Scenario
    from mailsim.pki import Pki

_PRIVATE = 0o600
_PUBLIC = 0o644


def read_pems(folder: Path) -> dict[str, bytes]:
    """Return the PEM files of a folder by name; none when there is no folder."""
    if not folder.is_dir():
        return {}
    kinds = (".pem", ".key", ".crt")
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.suffix in kinds}


def write_pems(folder: Path, files: Mapping[str, bytes]) -> list[str]:
    """Write PEM files; those that hold a key are for the owner only. Returns their names."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        mode = _PRIVATE if b"PRIVATE KEY" in content else _PUBLIC
        path = folder / name
        path.unlink(missing_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            file.write(content)
    return sorted(files)


def stored_pki(scenario: Scenario, stored: Mapping[str, bytes]) -> Pki:
    """Return a scenario's keys and certificates, taking what is stored.

    Raises:
        LiveError: a stored file does not fit the scenario any more; nothing was changed.
    """
    from mailsim.api import pki_of
    from mailsim.pki import StaleCertificate

    pki = pki_of(scenario, stored)
    try:
        pki.export()
    except StaleCertificate as error:
        raise LiveError(str(error)) from error
    return pki
