"""MIME in ASCII lines for hosts that take nothing else, held against Python's own reader of MIME."""

from __future__ import annotations

from email import message_from_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsim.mail.line_ends import has_bare, has_bare_linefeed, is_text, with_crlf
from mailsim.mail.seven_bit import to_seven_bit

TEXT = "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nété = grün\r\n.\r\n"
MIXED = (
    'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="a b"\r\nContent-Transfer-Encoding: 8bit\r\n\r\n'
    "preamble\r\n--a b\r\n" + TEXT + "\r\n--a b\r\n\r\nplain\r\n--a b\r\nContent-Type: message/rfc822\r\n\r\n"
    "Subject: inner\r\n" + TEXT + "\r\n--a b--\r\nepilogue\r\n"
)


def leaves(data: bytes) -> list[bytes]:
    """Return the decoded content of every part that has no parts."""
    return [
        part.get_payload(decode=True) for part in message_from_bytes(data).walk() if not part.is_multipart()
    ]


@pytest.mark.shows("rfc6152", "3")
@pytest.mark.parametrize("content", [TEXT, "\r\n" + "é" * 2000 + "\r\n", MIXED, "Subject: x\r\n\r\né"])
def test_what_is_read_is_the_same(content):
    """Every part says what it said, in ASCII and in lines that are short enough."""
    data = content.encode()
    converted = to_seven_bit(data)
    assert converted is not None
    assert converted.isascii()
    assert is_text(converted)
    assert leaves(converted) == leaves(data)


def test_binary_becomes_base64():
    """Octets that are no text are base64, whatever they are."""
    octets = bytes(range(256)) * 5 + b"\r\n.\r\n\n"
    data = b"Content-Type: image/png\r\nContent-Transfer-Encoding: binary\r\n\r\n" + octets
    converted = to_seven_bit(data)
    assert b"Content-Transfer-Encoding: base64\r\n" in converted
    assert leaves(converted) == [octets]


def test_ascii_stays_as_it_is():
    """What is fit already is not touched."""
    data = b"Subject: x\r\nContent-Type: multipart/mixed\r\n\r\nhello\r\n"
    assert to_seven_bit(data) is data


@pytest.mark.parametrize(
    "content",
    [
        "Subject: é\r\n\r\nhello\r\n",
        "Content-Type: multipart/signed; boundary=x\r\n\r\n--x\r\n\r\né\r\n--x--\r\n",
        "Content-Type: multipart/mixed; boundary=x\r\n\r\né\r\n--x\r\n\r\n--x--\r\n",
        "Content-Type: multipart/mixed\r\n\r\né\r\n",
        "Content-Transfer-Encoding: quoted-printable\r\n\r\né\r\n",
        "Content-Type: message/rfc822\r\n\r\n" * 102 + "\r\né",
    ],
    ids=["header", "signed", "preamble", "no boundary", "encoded", "deep"],
)
def test_what_has_no_form(content):
    """A signature would break, and 8-bit octets in a header have no place in ASCII."""
    assert to_seven_bit(content.encode()) is None


@given(st.binary(max_size=300))
def test_whatever_octets(data):
    """Octets that are no MIME at all do no harm, and the result is always fit."""
    converted = to_seven_bit(data)
    assert converted is None or (converted.isascii() and is_text(converted))


@pytest.mark.parametrize(
    ("content", "righted", "lf", "text"),
    [
        (b"a\r\nb\r\n", b"a\r\nb\r\n", False, True),
        (b"a\nb\r\n", b"a\r\nb\r\n", True, False),
        (b"a\rb\r\n", b"a b\r\n", False, False),
        (b"a\r\r\n", b"a \r\n", False, False),
        (b"\n.\n", b"\r\n.\r\n", True, False),
        (b"\0\r\n", b"\0\r\n", False, False),
        (b"x" * 998 + b"\r\n", b"x" * 998 + b"\r\n", False, True),
        (b"x" * 999 + b"\r\n", b"x" * 999 + b"\r\n", False, False),
    ],
)
def test_line_ends(content, righted, lf, text):
    """A bare LF is a line end that lacks its CR, a bare CR a space (Postfix)."""
    assert with_crlf(content) == righted
    assert has_bare_linefeed(content) == lf
    assert is_text(content) == text
    assert not has_bare(righted)
