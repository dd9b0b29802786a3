"""Files: what is wrong with them is a diagnostic."""

from __future__ import annotations

from pathlib import Path

import pytest

from mailsim.config.diagnostic import Diagnostics
from mailsim.config.document import Mark
from mailsim.config.files import beside, read_rows, read_text
from mailsim.errors import ScenarioError

NAMED = Mark("hybrid.yaml", 4, 9)


def written(folder: Path, octets: bytes) -> str:
    """Write a file and return its path."""
    path = folder / "people.csv"
    path.write_bytes(octets)
    return str(path)


def rows(folder: Path, octets: bytes) -> tuple[tuple[str, ...], list[tuple[int, tuple[str, ...]]], list[str]]:
    """Return the header, the rows with their lines, and the findings without the folder."""
    diagnostics = Diagnostics()
    header, found = read_rows(written(folder, octets), diagnostics)
    lines = [(row.mark.line, row.cells) for row in found]
    return header, lines, [str(each).replace(f"{folder}/", "") for each in diagnostics.found]


def test_text_is_utf8_with_or_without_a_byte_order_mark(tmp_path: Path) -> None:
    """A byte order mark is no content."""
    assert read_text(written(tmp_path, "ä".encode())) == "ä"
    assert read_text(written(tmp_path, "ä".encode("utf-8-sig"))) == "ä"


def test_a_missing_file_is_reported_where_it_is_named(tmp_path: Path) -> None:
    """The line to mend is the one that names the file."""
    with pytest.raises(ScenarioError) as raised:
        read_text(f"{tmp_path}/no.yaml", named_at=NAMED)
    assert str(raised.value) == f"hybrid.yaml:4:9: {tmp_path}/no.yaml: no such file or directory"


def test_a_directory_is_no_file(tmp_path: Path) -> None:
    """A folder is said to be one."""
    with pytest.raises(ScenarioError, match=r": is a directory$"):
        read_text(str(tmp_path))


def test_a_path_that_no_file_can_have_is_reported() -> None:
    """A null character in a path raises nothing else."""
    with pytest.raises(ScenarioError, match="null"):
        read_text("a\0b")


def test_a_faulty_byte_is_reported_with_its_place(tmp_path: Path) -> None:
    """Line and column of the first byte that is not UTF-8."""
    with pytest.raises(ScenarioError) as raised:
        read_text(written(tmp_path, b"a: 1\n\xc3\xa4b: \xfc\n"))
    assert str(raised.value) == f"{tmp_path}/people.csv:2:5: byte 0xfc is not UTF-8; wanted UTF-8 text"


def test_utf16_is_recognized(tmp_path: Path) -> None:
    """What PowerShell 5 redirects is UTF-16, and the message says so."""
    with pytest.raises(ScenarioError, match=r"the file is UTF-16; save it as UTF-8$"):
        read_text(written(tmp_path, "a: 1".encode("utf-16")))


def test_paths_are_relative_to_the_scenario() -> None:
    """A file beside the scenario is found from anywhere."""
    assert beside("scenarios/hybrid/a.yaml", "people.csv") == "scenarios/hybrid/people.csv"
    assert beside("a.yaml", "../people.csv") == "../people.csv"
    assert beside("scenarios/a.yaml", "/srv/people.csv") == "/srv/people.csv"


def test_rows_come_with_their_lines(tmp_path: Path) -> None:
    """Quoted line ends and empty lines do not disturb the count."""
    octets = b'Name, Address\r\nann,"a,b"\r\n\r\n"two\nlines",c\r\nbob,d'
    assert rows(tmp_path, octets) == (
        ("Name", "Address"),
        [(2, ("ann", "a,b")), (4, ("two\nlines", "c")), (6, ("bob", "d"))],
        [],
    )


def test_the_type_line_of_export_csv_is_skipped(tmp_path: Path) -> None:
    """Windows PowerShell writes the object's type above the header."""
    octets = b'#TYPE Selected.Mailbox\r\n"Name","Address"\r\n"ann","a"\r\n'
    assert rows(tmp_path, octets) == (("Name", "Address"), [(3, ("ann", "a"))], [])


def test_a_row_of_another_width_is_reported_and_left_out(tmp_path: Path) -> None:
    """A torn line is no row."""
    _, found, faults = rows(tmp_path, b"a,b\n1,2\n3\n4,5\n")
    assert found == [(2, ("1", "2")), (4, ("4", "5"))]
    assert faults == ["people.csv:3:1: the row has 1 columns; wanted 2, as in the header"]


def test_broken_quoting_is_reported_with_its_line(tmp_path: Path) -> None:
    """A quote that is not closed ends the table."""
    _, found, faults = rows(tmp_path, b'a,b\n1,2\n"3,4\n')
    assert found == [(2, ("1", "2"))]
    assert faults == ["people.csv:3:1: not CSV: unexpected end of data"]


def test_an_empty_table_is_reported(tmp_path: Path) -> None:
    """A table has at least a header."""
    assert rows(tmp_path, b"\n") == (
        (), [], ["people.csv:1:1: the table is empty; wanted a line of column names"]
    )  # fmt: skip


def test_a_column_given_twice_is_reported(tmp_path: Path) -> None:
    """Names of columns are told apart without regard to case."""
    assert rows(tmp_path, b"a,A\n")[2] == ["people.csv:1:1: the column 'A' is given twice"]


def test_a_missing_table_is_a_finding(tmp_path: Path) -> None:
    """Reading on is possible without the table."""
    diagnostics = Diagnostics()
    header, found = read_rows(f"{tmp_path}/no.csv", diagnostics, named_at=NAMED)
    assert (header, list(found)) == ((), [])
    assert diagnostics.errors[0].mark == NAMED
