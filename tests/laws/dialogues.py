"""A client that says anything, held with a session in memory and with a server over TCP.

``dialogues()`` draws what the client says, octet by octet: groups that are sent at once. ``in_memory`` cuts the octets
into lines, content and chunks by the letter of RFC 5321 and RFC 3030 and asks a ``ServerSession``; ``over_tcp`` sends them
to a listener, group by group, once the replies to the last group have come.
"""

from __future__ import annotations

import asyncio
import ssl
from contextlib import suppress
from functools import cache

from hypothesis import strategies as st
from memory import Memory, Note
from runs import KINDS
from topologies import PASSWORD, USERS

from mailsim.flow.session import LONGEST_LINE, ServerSession, Then
from mailsim.live.run import Endpoint
from mailsim.mail.sasl import encoded
from mailsim.mta.registry import BUILT_IN

SECONDS = 10.0

# --- what is said ---------------------------------------------------------------------------------------------

PATHS = st.sampled_from((
    "<alice@contoso.com>", "<nobody@contoso.com>", "<alice@fabrikam.com>", "<a@gone.example>", "<>", "<Postmaster>",
    "<@x.example:bob@contoso.com>", '<"two words"@contoso.com>', "<jörg@fabrikam.com>", "alice@contoso.com", "<alice>",
    "<a@->", "<a@[192.0.2.20]>",
))  # fmt: skip
PARAMETERS = st.sampled_from((
    "", "", "", " SIZE=10", " SIZE=99999999999", " SIZE=x", " BODY=8BITMIME", " SMTPUTF8", " RET=HDRS ENVID=a+2B", " BODY=BINARYMIME", " AUTH=a+3D",
    " NOTIFY=NEVER", " NOTIFY=DELAY,FAILURE ORCPT=rfc822;a@b.c", " AUTH=<>", " =", " SIZE=1 SIZE=1",
))  # fmt: skip
USUAL = (
    "EHLO c.example",
    "MAIL FROM:<ann@fabrikam.com>",
    "RCPT TO:<alice@contoso.com>",
    "RCPT TO:<alice@fabrikam.com>",
)
ODD = (
    "HELO c.example", "EHLO", "EHLO two words", "ehlo [192.0.2.1]", "RSET", "rset now", "NOOP", "NOOP x", "VRFY bob",
    "EXPN x", "HELP", "HELP me", "AUTH LOGIN", "ETRN x", "DATA now", "BDAT", "BDAT x", "BDAT 3 FIRST", "BDAT -1", "GET / HTTP/1.1", "", " ", "\t",
    "  NOOP  ", "MAIL", "MAIL TO:<a@b.c>", "RCPT", "RCPT FROM:<a@b.c>", "MAIL FROM: <a@b.c>", "STARTTLS now", ".", "\x00",
    "é", "X" * (LONGEST_LINE - 2), "X" * (LONGEST_LINE - 1), "X" * 9000,
)  # fmt: skip
ENDS = st.sampled_from((b"\r\n", b"\r\n", b"\r\n", b"\n"))


def _line(texts: st.SearchStrategy[str]) -> st.SearchStrategy[bytes]:
    return st.builds(lambda text, end: text.encode() + end, texts, ENDS)


CONTENTS = st.sampled_from((
    b"Subject: x\r\n\r\nhello\r\n", b"", b"..\r\n", b".x\r\n", b"a\n.\nb\r\n", b"a\r.\rb\r\n", b"\xff\x00\r\n",
    b"x" * 5000 + b"\r\n",
))  # fmt: skip
MESSAGES = st.builds(lambda content: b"DATA\r\n" + content + b".\r\n", CONTENTS)
CHUNKS = st.builds(
    lambda data, last: f"BDAT {len(data)}{last}\r\n".encode() + data,
    st.sampled_from((b"", b"abc", b"\r\n.\r\n", b"x" * 3000)),
    st.sampled_from(("", " LAST", " last")),
)
PATHFUL = st.builds(
    "{}{}{}".format, st.sampled_from(("MAIL FROM:", "RCPT TO:", "rcpt to:")), PATHS, PARAMETERS
)
SECRETS = (PASSWORD, encoded(PASSWORD), *(encoded(f"\0{user}\0{PASSWORD}") for user in USERS))
"""What a client says that no record may show; passwords that are wrong are not kept secret by anybody."""

_ANSWERS = st.sampled_from((
    encoded(PASSWORD), encoded(PASSWORD), encoded("guess"), encoded("alice@contoso.com"), "*", "=", "", "no base64!", "/w==",
    "QUIT", encoded("\0"),
))  # fmt: skip
_NAMES = st.sampled_from(USERS).map(encoded)
SIGNING_IN = st.lists(
    st.builds("AUTH LOGIN\r\n{}\r\n{}\r\n".format, _NAMES | _ANSWERS, _ANSWERS)
    | st.builds("AUTH LOGIN {}\r\n{}\r\n".format, _NAMES, _ANSWERS)
    | st.builds("auth PLAIN {}\r\n".format, st.sampled_from(SECRETS[2:]))
    | st.builds("AUTH {} {} x\r\n".format, st.sampled_from(("LOGIN", "PLAIN", "NTLM", "<>")), _NAMES),
    min_size=1,
    max_size=3,
).map(lambda lines: "".join(lines).encode())
SAYING = (
    _line(st.sampled_from(USUAL))
    | _line(PATHFUL)
    | SIGNING_IN
    | MESSAGES
    | CHUNKS
    | _line(st.sampled_from(ODD))
    | st.binary(max_size=20).map(lambda data: data.replace(b"\n", b"") + b"\r\n")
)
TRANSACTION = st.tuples(
    st.just("".join(f"{line}\r\n" for line in USUAL[1:]).encode()), SAYING | st.just(b""), MESSAGES | CHUNKS
).map(b"".join)
GROUPS = st.lists(SAYING | TRANSACTION, min_size=1, max_size=5).map(b"".join)
# rfc2920:3.1 these end a group; what is sent behind STARTTLS before the handshake is another test's matter
LAST_IN_A_GROUP = st.sampled_from(
    (b"", b"", b"", b"STARTTLS\r\n", b"QUIT\r\n", b"DATA\r\n", b"BDAT 9 LAST\r\n")
)
GREETING = st.sampled_from(
    (b"EHLO c.example\r\n", b"EHLO c.example\r\n", b"EHLO c.example\r\nSTARTTLS\r\n", b"")
)
SIGNED_IN = st.builds(
    "EHLO c.example\r\nAUTH LOGIN\r\n{}\r\n{}\r\n".format,
    st.sampled_from(USERS).map(encoded),
    st.just(encoded(PASSWORD)),
).map(str.encode)


def dialogues() -> st.SearchStrategy[tuple[bytes, ...]]:
    """Draw what a client says, in groups that it sends at once."""
    groups = st.builds(bytes.__add__, GROUPS, LAST_IN_A_GROUP)
    begins = GREETING.map(lambda first: (first,)) | st.tuples(GREETING, SIGNED_IN)
    return st.builds(lambda first, rest: (*first, *rest), begins, st.lists(groups, min_size=1, max_size=4))


# --- in memory ------------------------------------------------------------------------------------------------


def in_memory(
    session: ServerSession, dialogue: tuple[bytes, ...], note: Note = lambda *_: None
) -> list[list[bytes]]:
    """Return the greeting and the replies to each group, up to the one with which the server closes."""
    greeting = session.greet()
    assert greeting.reply is not None
    memory, heard = Memory(session, note, greeting.then), [[greeting.reply.to_wire()]]
    for group in dialogue:
        if memory.then is Then.CLOSE:
            break
        heard.append(list(memory.hear(group)))
    return heard


# --- over TCP -------------------------------------------------------------------------------------------------

READY_FOR_TLS = [KINDS[kind].words.ready_for_tls.to_wire() for kind in BUILT_IN]


@cache
def trusting() -> ssl.SSLContext:
    """Return a client's context that takes every certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


async def over_tcp(where: Endpoint, dialogue: tuple[bytes, ...], counts: list[int]) -> list[list[bytes]]:
    """Return the greeting and the replies that a listener gives to each group.

    Args:
        where: the listener.
        dialogue: what to say.
        counts: how many replies to wait for, the greeting first; nothing is said beyond them.
    """
    reader, writer = await asyncio.open_connection(str(where.loopback), where.actual_port)
    try:
        async with asyncio.timeout(SECONDS):
            heard = [[await _reply(reader)]]
            for group, count in zip(dialogue, counts[1:], strict=False):
                writer.write(group)
                heard.append([await _reply(reader) for _ in range(count)])
                if heard[-1] and heard[-1][-1] in READY_FOR_TLS:
                    await writer.start_tls(trusting())
            if unasked := await _rest(reader, writer):
                heard.append([unasked])
    finally:
        writer.close()
        with suppress(ConnectionError):  # the server may have closed first
            await writer.wait_closed()
    return heard


async def _rest(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
    """Say no more, and return what the server still has to say; in TLS one end cannot close by itself."""
    if not writer.can_write_eof():
        return b""
    with suppress(OSError):  # the server may have closed first
        writer.write_eof()
    return await reader.read()


async def _reply(reader: asyncio.StreamReader) -> bytes:
    """Return one reply with all its lines; what came of it where the connection ends before."""
    lines = [await reader.readline()]
    while lines[-1][3:4] == b"-":
        lines.append(await reader.readline())
    return b"".join(lines)
