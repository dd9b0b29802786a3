"""How octets become lines, content and chunks."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsim.live.framing import LONGEST_LINE, Content, Gone, Inflow, Overlong, TooLarge, finished, stuffed


def inflow(*blocks, **limits):
    """Return what a client sends in blocks."""
    left = list(blocks)

    async def more():
        return left.pop(0) if left else b""

    return Inflow(more, **limits)


def read(what, *blocks):
    """Read one thing and what lies behind it."""

    async def both():
        flow = inflow(*blocks)
        first = await getattr(flow, what)()
        try:
            return first, await flow.line()
        except Gone:
            return first, None

    return asyncio.run(both())


@pytest.mark.parametrize(
    ("sent", "line"),
    [
        (b"NOOP\r\n", "NOOP"),
        (b"NOOP\n", "NOOP"),
        (b"NOOP\r\r\n", "NOOP\r"),
        (b"\r\n", ""),
        (b"MAIL FROM:<\xc3\xa9@x>\r\n", "MAIL FROM:<é@x>"),
        (b"NOOP \xff\r\n", "NOOP \udcff"),
    ],
)
def test_line(sent, line):
    """A command line loses one line end and nothing else."""
    assert read("line", sent + b"QUIT\r\n") == (line, "QUIT")


def test_line_in_pieces():
    """The size of what arrives at once does not matter."""
    assert read("line", *(bytes([octet]) for octet in b"NOOP\r\nQUIT\r\n")) == ("NOOP", "QUIT")


@pytest.mark.parametrize("size", [LONGEST_LINE + 1, 100_000])
def test_overlong_line_is_read_to_its_end(size):
    """A line that is too long is counted and forgotten, and the next one is a command again."""
    line = b"x" * (size - 2) + b"\r\n"
    assert read("line", line + b"QUIT\r\n") == (Overlong(size), "QUIT")
    pieces = [line[start : start + 999] for start in range(0, size, 999)]
    assert read("line", *pieces, b"QUIT\r\n") == (Overlong(size), "QUIT")


def test_longest_line():
    """A line of just the limit is a command."""
    assert read("line", b"x" * (LONGEST_LINE - 2) + b"\r\n")[0] == "x" * (LONGEST_LINE - 2)


def test_unfinished_line_is_no_command():
    """What the end of the connection cuts off is not carried out."""
    with pytest.raises(Gone):
        read("line", b"DATA")


@pytest.mark.parametrize(
    ("sent", "content"),
    [
        (b".\r\n", b""),
        (b"\r\n.\r\n", b"\r\n"),
        (b"a\r\n..b\r\n.\r\n", b"a\r\n.b\r\n"),
        (b"..\r\n.\r\n", b".\r\n"),
        (b".a\r\n.\r\n", b"a\r\n"),
    ],
)
def test_content(sent, content):
    """Content ends at the final dot and loses the dots added to it."""
    assert read("content", sent + b"QUIT\r\n") == (Content(content), "QUIT")


@pytest.mark.parametrize(
    "end", [b"\n.\n", b"\n.\r\n", b"\r.\r", b"\r.\r\n", b"\r\n.\n", b"\r\n.\r", b"\r\n\x00.\r\n"]
)
def test_smuggling_forms_end_nothing(end):
    """No dot but that between CRLFs ends content."""
    content, behind = read("content", b"a" + end + b"MAIL FROM:<b@c>\r\n.\r\nQUIT\r\n")
    assert b"MAIL FROM" in content.data
    assert behind == "QUIT"


def test_content_in_pieces():
    """The final dot is found wherever the pieces are cut."""
    sent = b"a\r\n.\r\nQUIT\r\n"
    for cut in range(len(sent)):
        assert read("content", sent[:cut] or b"a"[:0] + sent[:1], sent[cut:] if cut else sent[1:]) == (
            Content(b"a\r\n"),
            "QUIT",
        )


def test_content_cut_off():
    """Content without its final dot is no message."""
    with pytest.raises(Gone):
        read("content", b"a\r\n.")


def test_endless_content_is_bounded():
    """A message that never ends is waited for no longer."""
    flow = inflow(b"x" * 600, b"x" * 600, b"\r\n.\r\n", longest=1000)
    with pytest.raises(TooLarge):
        asyncio.run(flow.content())


class Flood:
    """A client that sends a number of blocks, and a count of the most that was ever held of them."""

    def __init__(self, *, block, blocks, end=b"", **limits):
        self.left = [block] * blocks + [end]
        self.most = 0
        self.flow = Inflow(self.more, **limits)

    async def more(self):
        self.most = max(self.most, self.flow.held)
        return self.left.pop(0) if self.left else b""


BLOCK = 1000


@pytest.mark.parametrize("keep", [0, 1, 999, 1000, 5000])
def test_content_beyond_what_is_kept_is_counted(keep):
    """A message larger than is worth keeping is read to its end and held no further than that."""
    flood = Flood(block=b"x" * BLOCK, blocks=500, end=b"\r\n.\r\nQUIT\r\n")

    async def both():
        return await flood.flow.content(keep), await flood.flow.line()

    content, behind = asyncio.run(both())
    assert behind == "QUIT"
    assert len(content.data) + content.cut == 500 * BLOCK + 2
    assert keep <= len(content.data) <= keep * 4 // 3 + 4
    assert flood.most <= keep * 4 // 3 + BLOCK + 10


def test_dots_do_not_count_against_a_message():
    """What dot-stuffing adds is not held against what is worth keeping."""
    plain = b".\r\n" * 1000
    flood = Flood(block=stuffed(plain)[:-3], blocks=1, end=b".\r\n")
    assert asyncio.run(flood.flow.content(len(plain))) == Content(plain)


@pytest.mark.parametrize("keep", [0, 1, 1500, 10_000])
def test_chunk_beyond_what_is_kept_is_counted(keep):
    """So is a chunk: it is swallowed whole, and what follows it is a command."""
    flood = Flood(block=b"x" * BLOCK, blocks=10, end=b"QUIT\r\n")

    async def both():
        return await flood.flow.chunk(10 * BLOCK, keep), await flood.flow.line()

    content, behind = asyncio.run(both())
    assert behind == "QUIT"
    assert len(content.data) + content.cut == 10 * BLOCK
    assert len(content.data) == keep
    assert flood.most <= keep + BLOCK


@pytest.mark.parametrize("what", ["content", "chunk"])
def test_content_that_may_not_be_held_is_swallowed(what):
    """Where the memory of all connections is used up, a message is read to its end and forgotten."""
    flood = Flood(
        block=b"x" * BLOCK, blocks=10, end=b"\r\n.\r\nQUIT\r\n", may_hold=lambda octets: octets <= 3 * BLOCK
    )

    async def both():
        wanted = flood.flow.content() if what == "content" else flood.flow.chunk(10 * BLOCK + 5)
        return await wanted, await flood.flow.line()

    content, behind = asyncio.run(both())
    assert (content.data, content.starved, behind) == (b"", True, "QUIT")
    assert flood.most <= 4 * BLOCK + 10


def test_a_line_without_end_is_not_held():
    """Ten million octets without a line end take no more memory than a block and a line."""
    flood = Flood(block=b"x" * 100_000, blocks=100, end=b"\r\nQUIT\r\n")

    async def both():
        return await flood.flow.line(), await flood.flow.line()

    assert asyncio.run(both()) == (Overlong(10_000_002), "QUIT")
    assert flood.most <= 100_000 + LONGEST_LINE


def test_chunk_is_taken_by_its_size():
    """A chunk ends where it was said to, whatever is in it."""

    async def chunk():
        flow = inflow(b"a\r\n.\r\n", b".\x00QUIT\r\n")
        return await flow.chunk(8), await flow.line()

    assert asyncio.run(chunk()) == (Content(b"a\r\n.\r\n.\x00"), "QUIT")


def test_huge_chunk_is_refused_unread():
    """A chunk that could not be held is not waited for."""
    with pytest.raises(TooLarge):
        asyncio.run(inflow(longest=1000).chunk(1001))


@given(st.lists(st.sampled_from([b"\r", b"\n", b".", b"\r\n", b"x"]), max_size=30).map(b"".join))
def test_content_survives_the_wire(content):
    """Whatever line ends and dots content has, the server reads what the client sent."""
    whole = finished(content)
    assert read("content", stuffed(whole) + b"QUIT\r\n") == (Content(whole), "QUIT")


def test_finished_adds_a_line_end_only():
    """Content gets the CRLF it lacks; nothing stays nothing."""
    assert finished(b"a") == b"a\r\n"
    assert finished(b"a\n") == b"a\n\r\n"
    assert finished(b"a\r\n") == b"a\r\n"
    assert finished(b"") == b""
