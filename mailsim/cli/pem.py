"""Folders with PEM files: read what lies there, write what a scenario needs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from mailsim.cli.new_file import PRIVATE, PUBLIC, write_new
from mailsim.errors import LiveError

if TYPE_CHECKING:
    from mailsim.flow.scenario import Scenario
    from mailsim.pki import Pki


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
        mode = PRIVATE if b"PRIVATE KEY" in content else PUBLIC
        write_new(folder / name, content, mode)
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
