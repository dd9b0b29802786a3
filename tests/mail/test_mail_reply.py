"""SMTP replies by RFC 5321 section 4.2 and RFC 2034: the reader puts them together however they arrive."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsim.mail.reply import Reply, ReplyReader, reply

OK = reply(250, "2.1.0", "Sender OK")
EHLO = Reply(250, "", ("mx.fabrikam.com Hello", "SIZE 100", "STARTTLS"))


@pytest.mark.parametrize(
    ("made", "wire"),
    [
        (OK, b"250 2.1.0 Sender OK\r\n"),
        (EHLO, b"250-mx.fabrikam.com Hello\r\n250-SIZE 100\r\n250 STARTTLS\r\n"),
        (Reply(550, "5.1.1", ("No", "such user")), b"550-5.1.1 No\r\n550 5.1.1 such user\r\n"),
        (reply(250, "2.0.0"), b"250 2.0.0\r\n"),
        (reply(354, "", "Go on"), b"354 Go on\r\n"),
        # KB 2989382: the class of Exchange's enhanced code is not that of its reply code
        (reply(451, "5.7.3", "STARTTLS is required"), b"451 5.7.3 STARTTLS is required\r\n"),
    ],
)
def test_replies_on_the_wire(made, wire):
    """Every line but the last has a hyphen, the enhanced code stands on each, and reading undoes writing."""
    assert made.to_wire() == wire
    assert ReplyReader().feed(wire) == [made]


@pytest.mark.parametrize(
    ("made", "positive", "transient", "permanent"),
    [
        (reply(250, ""), True, False, False),
        (reply(354, ""), True, False, False),
        (reply(421, ""), False, True, False),
        (reply(550, ""), False, False, True),
    ],
)
def test_the_first_digit_decides(made, positive, transient, permanent):
    """2 and 3 are success, 4 may pass, 5 is final (RFC 5321 section 4.2.1)."""
    assert (made.positive, made.transient, made.permanent) == (positive, transient, permanent)


def test_a_reply_as_text():
    """A log shows code, enhanced code and lines."""
    assert str(OK) == "250 2.1.0 Sender OK"
    assert str(EHLO) == "250 mx.fabrikam.com Hello / SIZE 100 / STARTTLS"
    assert OK.text == "2.1.0 Sender OK"


@pytest.mark.parametrize(
    ("wire", "read"),
    [
        (b"250\r\n", reply(250, "")),  # rfc5321:4.2.1 the text may be missing
        (b"250 \r\n", reply(250, "")),
        (b"250 OK\n", reply(250, "", "OK")),
        (b"250-2.1.0 a\r\n250 b\r\n", Reply(250, "", ("2.1.0 a", "b"))),
        (b"250-2.1.0 a\r\n250 2.1.5 b\r\n", Reply(250, "", ("2.1.0 a", "2.1.5 b"))),
        (b"550 5.1.12345 x\r\n", reply(550, "", "5.1.12345 x")),
        (b"550 caf\xe9\r\n", reply(550, "", "caf\udce9")),
    ],
)
def test_what_servers_send(wire, read):
    """Missing texts, bare LF, mixed enhanced codes and foreign bytes are taken as they come."""
    assert ReplyReader().feed(wire) == [read]


@pytest.mark.parametrize(
    "wire",
    [b"hello\r\n", b"150 x\r\n", b"650 x\r\n", b"25 x\r\n", b"250_x\r\n", b"250-a\r\n251 b\r\n", b"\r\n"],
)
def test_what_is_no_reply(wire):
    """A line outside the grammar, or a code that changes inside a reply, is an error."""
    with pytest.raises(ValueError):
        ReplyReader().feed(wire)


@pytest.mark.parametrize("step", [1, 100, 100_000])
def test_lines_that_never_end(step):
    """A line longer than the limit is an error, in one piece or many."""
    wire = b"250 " + b"x" * ReplyReader.longest_line + b"\r\n"
    reader = ReplyReader()
    chunks = (wire[start : start + step] for start in range(0, len(wire), step))
    with pytest.raises(ValueError, match="longer than"):
        list(map(reader.feed, chunks))


_TEXT = st.text(
    st.characters(min_codepoint=0x20, max_codepoint=0x2FF, exclude_characters="\x7f\x85"), max_size=30
)
# texts neither look like an enhanced code nor end in spaces, which writing trims
_LINE = _TEXT.map(lambda text: "t" + text.rstrip())
_REPLY = st.builds(
    Reply,
    st.integers(200, 599),
    st.one_of(st.just(""), st.from_regex(r"[245]\.[0-9]{1,3}\.[0-9]{1,3}", fullmatch=True)),
    st.lists(_LINE, min_size=1, max_size=4).map(tuple),
)


@given(st.lists(_REPLY, max_size=4), st.data())
def test_any_chunking_gives_the_same_replies(replies, data):
    """However the octets are cut, the same replies come out in the same order."""
    wire = b"".join(each.to_wire() for each in replies)
    reader, read, rest = ReplyReader(), [], wire
    while rest:
        size = data.draw(st.integers(1, len(rest)))
        read += reader.feed(rest[:size])
        rest = rest[size:]
    assert read == replies
