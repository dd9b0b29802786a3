"""Messages as bytes: reading and writing them changes nothing, and the header is edited field by field."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsim.mail.message import HeaderField, Message, header_field

_PIECES = st.sampled_from(
    [b"\r\n", b"\n", b"\r", b" ", b"\t", b":", b"A: b", b"\x00", b"\xff", b"Received: x", b"."]
)
_BYTES = st.one_of(st.binary(max_size=80), st.lists(_PIECES, max_size=20).map(b"".join))
TOP = header_field("X-Top", "1")


@given(_BYTES)
def test_bytes_survive(data):
    """Any octets come back as they were."""
    message = Message.from_bytes(data)
    assert message.to_bytes() == data
    assert message.size == len(data)


@given(_BYTES)
def test_adding_fields_leaves_the_rest_alone(data):
    """New fields stand on top and every octet below them is the old one."""
    assert Message.from_bytes(data).with_top(TOP, TOP).to_bytes() == TOP.raw * 2 + data


@given(_BYTES)
def test_removing_fields_leaves_the_rest_alone(data):
    """What was put on top and is taken away again leaves the old octets."""
    without = Message.from_bytes(data).with_top(TOP).without(lambda name: name == "x-top")
    assert without.to_bytes() == data


@given(_BYTES)
def test_every_header_octet_belongs_to_one_field(data):
    """The fields are the header, cut at line ends that no white space follows."""
    message = Message.from_bytes(data)
    assert b"".join(field.raw for field in message.header) + message.separator + message.body == data
    assert all(field.raw.endswith(b"\n") for field in message.header[:-1])


@pytest.mark.parametrize(
    ("data", "names", "body"),
    [
        (b"", (), b""),
        (b"\r\nbody", (), b"body"),
        (b"A: 1\r\nB: 2\r\n\r\nbody\r\n", ("A", "B"), b"body\r\n"),
        (b"A: 1\nB: 2\n\nbody", ("A", "B"), b"body"),
        (b"A: 1\r\n folded\r\n\tagain\r\nB: 2", ("A", "B"), b""),
        (b"A: 1\r\n \r\nB: 2\r\n\r\n\r\nx", ("A", "B"), b"\r\nx"),
        (b"A: 1\rstill: A\r\n\r\nx", ("A",), b"x"),
        (b"no colon\r\nA : 1\r\n\r\n", ("", "A"), b""),
        (b" leading: 1\r\nA: 1\r\n\r\n", ("", "A"), b""),
    ],
)
def test_header_and_body(data, names, body):
    """The first empty line ends the header; folded lines belong to their field (RFC 5322 section 2.2.3)."""
    message = Message.from_bytes(data)
    assert tuple(field.name for field in message.header) == names
    assert message.body == body


def test_values_are_unfolded():
    """A folded body is one line, its white space kept (RFC 5322 section 2.2.3)."""
    assert HeaderField(b"Subject:  a\r\n b\n\tc \r\n").value == "a b\tc"


def test_values_by_name():
    """Names are compared in any case, the topmost field comes first, and a missing one is empty."""
    message = Message.from_bytes(b"A: 1\r\na: 2\r\nB: 3\r\n\r\n")
    assert message.values("A") == ("1", "2")
    assert message.value("b") == "3"
    assert message.value("C") == ""


def test_foreign_bytes_in_a_field_are_shown_not_raised():
    """A header that is not UTF-8 can be read and is sent on unchanged."""
    field = HeaderField(b"Subject: caf\xe9\r\n")
    assert (field.name, field.value) == ("Subject", "caf\ufffd")
