"""The only place where configuration meets the disk.

Called by the scenario loader. Texts are UTF-8, with or without a byte order mark. Whatever is wrong with a file is
a diagnostic at the line that named it, or at the file itself. Tables beside a scenario are CSV as spreadsheets and
PowerShell's ``Export-Csv`` write them.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mailsim.config.diagnostic import Diagnostic, Diagnostics
from mailsim.config.document import Mark
from mailsim.errors import ScenarioError


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table.

    Args:
        mark: where it begins.
        cells: as many as the header has.
    """

    mark: Mark
    cells: tuple[str, ...]


def beside(scenario: str, path: str) -> str:
    """Return a path that a scenario names, relative to the scenario's own file."""
    return str(Path(scenario).parent / path)


def read_text(path: str, *, named_at: Mark | None = None) -> str:
    """Return the text of a file, without a byte order mark.

    Args:
        path: as the user wrote it, or from ``beside``.
        named_at: the place that names the file; None when it came from the command line.

    Raises:
        ScenarioError: if it is missing, no regular file, unreadable or not UTF-8.
    """
    text = _load(path, named_at)
    if isinstance(text, Diagnostic):
        raise ScenarioError([text])
    return text


def read_octets(path: str, *, named_at: Mark | None = None) -> bytes:
    """Return the bytes of a file, such as a message; faults as for ``read_text``."""
    octets = _octets(path, named_at)
    if isinstance(octets, Diagnostic):
        raise ScenarioError([octets])
    return octets


def read_rows(
    path: str, diagnostics: Diagnostics, *, named_at: Mark | None = None
) -> tuple[tuple[str, ...], Iterator[Row]]:
    """Read a CSV file with a header line.

    Args:
        path: as for ``read_text``.
        diagnostics: gets an error for a file that cannot be read, and one for each faulty row when that row is
            reached; a faulty row is left out.
        named_at: the place that names the file.

    Returns:
        The column names and the rows, lazily; both empty when there is no table. Empty lines and the ``#TYPE`` line
        of ``Export-Csv`` are skipped.
    """
    text = _load(path, named_at)
    if isinstance(text, Diagnostic):
        diagnostics.add(text)
        return (), iter(())
    rows = _rows(text, path, diagnostics)
    header = next(rows, None)
    if header is None:
        diagnostics.error(Mark(path, 1, 1), "the table is empty", wanted="a line of column names")
        return (), iter(())
    names = tuple(cell.strip() for cell in header.cells)
    _check_header(header.mark, names, diagnostics)
    return names, _of_width(rows, len(names), diagnostics)


def _octets(path: str, named_at: Mark | None) -> bytes | Diagnostic:
    try:
        return Path(path).read_bytes()
    except (OSError, ValueError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        return Diagnostic(named_at, f"{path}: {reason.lower()}")


def _load(path: str, named_at: Mark | None) -> str | Diagnostic:
    octets = _octets(path, named_at)
    if isinstance(octets, Diagnostic):
        return octets
    try:
        return octets.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return _not_utf8(path, octets, error.start)


def _rows(text: str, path: str, diagnostics: Diagnostics) -> Iterator[Row]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    while True:
        mark = Mark(path, reader.line_num + 1, 1)
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            diagnostics.error(mark, f"not CSV: {error}")
            return
        is_type_line = mark.line == 1 and cells and cells[0].startswith("#TYPE ")
        if any(cells) and not is_type_line:
            yield Row(mark, tuple(cells))


def _of_width(rows: Iterator[Row], width: int, diagnostics: Diagnostics) -> Iterator[Row]:
    for row in rows:
        if len(row.cells) == width:
            yield row
        else:
            wanted = f"{width}, as in the header"
            diagnostics.error(row.mark, f"the row has {len(row.cells)} columns", wanted=wanted)


def _check_header(mark: Mark, names: tuple[str, ...], diagnostics: Diagnostics) -> None:
    seen: set[str] = set()
    for name in names:
        if name.lower() in seen:
            diagnostics.error(mark, f"the column {name!r} is given twice")
        seen.add(name.lower())


def _not_utf8(path: str, octets: bytes, position: int) -> Diagnostic:
    line_start = octets.rfind(b"\n", 0, position) + 1
    column = len(octets[line_start:position].decode("utf-8", "replace")) + 1
    mark = Mark(path, octets.count(b"\n", 0, position) + 1, column)
    utf16 = octets.startswith((b"\xff\xfe", b"\xfe\xff"))
    hint = "the file is UTF-16; save it as UTF-8" if utf16 else ""
    return Diagnostic(mark, f"byte 0x{octets[position]:02x} is not UTF-8", wanted="UTF-8 text", hint=hint)
