"""How a message goes over: by DATA or BDAT, with which BODY, or not at all."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mailsim.flow.carriage import Carriage, choose_carriage
from mailsim.mail.address import Mailbox
from mailsim.mail.capability import NONE_OFFERED, Capabilities
from mailsim.mail.envelope import Envelope, Recipient
from mailsim.mail.message import Message
from mailsim.mta.registry import Kinds

TO = Envelope(reverse_path=None, recipients=(Recipient(Mailbox.parse("bob@northwind.com")),))
ASCII = b"Subject: x\r\n\r\nhello\r\n"
EIGHT = b"Subject: x\r\n\r\n\xc3\xa9\r\n"
SIGNED = b"Content-Type: multipart/signed; boundary=x\r\n\r\n--x\r\n\r\n\xc3\xa9\r\n--x--\r\n"
BARE = b"Subject: x\r\n\r\none\ntwo\r\n"
BINARY = b"Content-Type: image/png\r\nContent-Transfer-Encoding: binary\r\n\r\n\0\n\xff"
EVERYTHING = ("8BITMIME", "BINARYMIME", "CHUNKING", "SMTPUTF8")


def chosen(kind: str, content: bytes, *offered: str, envelope: Envelope = TO) -> Carriage | str:
    """Choose, and return a refusal as text."""
    words = Kinds()[kind].words
    capabilities = Capabilities(tuple((each, "") for each in offered)) if offered else NONE_OFFERED
    found = choose_carriage(words, capabilities, envelope, Message.from_bytes(content))
    return found if isinstance(found, Carriage) else f"{found.code} {found.enhanced}"


@pytest.mark.shows("rfc5321", "2.3.8")
@pytest.mark.parametrize("kind", ["generic", "client", "exchange_server", "exchange_online"])
def test_ascii_goes_anywhere(kind):
    """Lines of ASCII need nothing."""
    assert chosen(kind, ASCII) == chosen(kind, ASCII, *EVERYTHING) == Carriage(ASCII)


def test_8bit_goes_where_it_is_offered():
    """BODY=8BITMIME where the host offers it; converted where not; what is signed fails with 5.6.3 (RFC 6152 section 3)."""
    assert chosen("generic", EIGHT, "8BITMIME") == Carriage(EIGHT, "8BITMIME")
    converted = chosen("generic", EIGHT)
    assert converted.body == ""
    assert converted.content.endswith(b"Content-Transfer-Encoding: quoted-printable\r\n\r\n=C3=A9\r\n")
    assert chosen("generic", SIGNED) == "554 5.6.3"
    assert chosen("generic", SIGNED, "8BITMIME") == Carriage(SIGNED, "8BITMIME")


@pytest.mark.parametrize("kind", ["generic", "client"])
@pytest.mark.parametrize("offered", [(), EVERYTHING])
def test_an_internet_mta_puts_line_ends_right(kind, offered):
    """A bare LF leaves as CRLF, whatever the host offers."""
    assert chosen(kind, BARE, *offered) == Carriage(BARE.replace(b"one\n", b"one\r\n"))


@pytest.mark.shows("kb2998901")
@pytest.mark.parametrize("kind", ["exchange_server", "exchange_online"])
def test_exchange_sends_bare_linefeeds_by_bdat_alone(kind):
    """As they are where CHUNKING is offered, else 550 5.6.11."""
    assert chosen(kind, BARE, "CHUNKING") == Carriage(BARE, "", chunked=True)
    assert chosen(kind, BARE, "8BITMIME") == "550 5.6.11"
    assert chosen(kind, b"\r\none\rtwo\r\n") == Carriage(b"\r\none two\r\n")


@pytest.mark.shows("rfc3030", "3")
def test_binary_goes_where_it_is_offered():
    """By BDAT with BODY=BINARYMIME; converted where either is missing; text that came as BINARYMIME is text."""
    binary = replace(TO, body="BINARYMIME")
    assert chosen("exchange_server", BINARY, *EVERYTHING, envelope=binary) == Carriage(
        BINARY, "BINARYMIME", chunked=True
    )
    for offered in (("CHUNKING",), ("BINARYMIME", "8BITMIME"), ()):
        assert b"base64" in chosen("exchange_server", BINARY, *offered, envelope=binary).content
    assert chosen("exchange_server", ASCII, envelope=binary) == Carriage(ASCII)
    assert chosen("exchange_server", b"\xe9: x\r\n\r\n\0", envelope=binary) == "554 5.6.3"


@pytest.mark.shows("rfc6531", "3.5")
def test_smtputf8_goes_where_it_is_offered():
    """An address beyond ASCII has no other form: 553 5.6.7."""
    utf8 = replace(TO, reverse_path=Mailbox.parse("jörg@fabrikam.com"))
    assert chosen("generic", ASCII, envelope=utf8) == "553 5.6.7"
    assert chosen("generic", ASCII, "SMTPUTF8", envelope=utf8) == Carriage(ASCII)
