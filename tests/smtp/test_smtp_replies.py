"""What replies look like: enhanced codes (RFC 2034), length and characters (RFC 5321), and what EHLO offers."""

from __future__ import annotations

import asyncio
from dataclasses import fields

import pytest
from smtp_script import PRODUCTS, dialogs
from test_smtp_dialogs import InMemory, hold, pipeline_of

from mailsim.flow.pipeline import Pipeline
from mailsim.mail.capability import Capabilities
from mailsim.mail.reply import Reply, ReplyReader
from mailsim.mta.client import ClientHost
from mailsim.mta.registry import BUILT_IN, Kinds

# what a product is known to send against RFC 2034 section 4: Exchange's help has no enhanced code ("Test SMTP with
# telnet"), and its want of STARTTLS and a user too busy have codes of other classes (observed)
AS_OBSERVED = {(214, ""), (451, "5.7.3"), (432, "4.3.2")}
WITHOUT = {220, 250, 334, 354}


def wrong_with(reply: Reply) -> str:
    """Say what is wrong with a reply; empty when nothing is."""
    if (reply.code, reply.enhanced) in AS_OBSERVED:
        return ""
    if 300 <= reply.code < 400:
        return "3xx has an enhanced code" if reply.enhanced else ""
    if reply.enhanced[:1] != str(reply.code)[:1]:
        return "the class of the enhanced code is another"
    lines = reply.to_wire().split(b"\r\n")[:-1]
    if any(len(line) + 2 > 512 for line in lines):
        return "a line is longer than 512 octets"
    return "" if all(32 <= octet < 127 for line in lines for octet in line) else "a line is not printable"


@pytest.mark.shows("rfc2034", "4")
@pytest.mark.parametrize("name", sorted(BUILT_IN))
def test_words_have_enhanced_codes(name):
    """Every reply that a session gives by itself has an enhanced code of its class, where one may stand."""
    words = Kinds()[name].words
    replies = {each.name: getattr(words, each.name) for each in fields(words)}
    wrong = {
        name: f"{reply}: {wrong_with(reply)}"
        for name, reply in replies.items()
        if reply and wrong_with(reply)
    }
    assert wrong == {}


def heard_in(dialog, product, pipeline: Pipeline) -> list[tuple[bool, Reply]]:
    """Return every reply of a dialog, and whether it is one to EHLO, HELO or the connection."""
    mta_id, port, domain = PRODUCTS[product]
    heard: list[tuple[bool, Reply]] = []

    class Noting(InMemory):
        async def hear(self) -> bytes:
            data = await super().hear()
            greeting = data.startswith(b"220 ") and b"2.0.0" not in data
            hello = data[:3] == b"250" and (
                b"Hello" in data or b"PIPELINING" in data or data == b"250 mx.northwind.com\r\n"
            )
            heard.extend((greeting or hello, each) for each in ReplyReader().feed(data))
            return data

    asyncio.run(hold(dialog, Noting(pipeline, mta_id, port), domain))
    return heard


@pytest.mark.shows("rfc2034", "4")
def test_every_reply_has_an_enhanced_code():
    """So has every other reply, in all dialogs with all products; those to the connection and to EHLO have none."""
    wrong = set()
    for _, dialog in dialogs():
        for product in dialog.products:
            for without, reply in heard_in(dialog, product, pipeline_of()):
                if without and reply.enhanced:
                    wrong.add(f"{reply} has one")
                elif not without and wrong_with(reply):
                    wrong.add(f"{reply}: {wrong_with(reply)}")
    assert wrong == set()


# --- no more offered than done -------------------------------------------------------------------------------------

# by keyword, what a client says in a transaction of its own and hears where the extension is offered
DONE_BY = {
    "SIZE": [("MAIL FROM:<a@c.example> SIZE=1", "250")],
    "PIPELINING": [("RSET\r\nRSET", "250")],
    "DSN": [("MAIL FROM:<a@c.example> RET=HDRS ENVID=x", "250"), ("RCPT TO:<bob@HERE> NOTIFY=NEVER", "250")],
    "ENHANCEDSTATUSCODES": [("RSET", "250 2.")],
    "8BITMIME": [("MAIL FROM:<a@c.example> BODY=8BITMIME", "250")],
    "BINARYMIME": [
        ("MAIL FROM:<a@c.example> BODY=BINARYMIME", "250"),
        ("RCPT TO:<bob@HERE>", "250"),
        ("BDAT 3 LAST\r\n\0", "250 2."),
    ],
    "CHUNKING": [
        ("MAIL FROM:<a@c.example>", "250"),
        ("RCPT TO:<bob@HERE>", "250"),
        ("BDAT 0 LAST", "250 2."),
    ],
    "SMTPUTF8": [("MAIL FROM:<jörg@c.example> SMTPUTF8", "250")],
    "STARTTLS": [("STARTTLS", "220 2.0.0")],
    "AUTH": [("AUTH LOGIN", "334")],
}
ALWAYS_DONE = {"PIPELINING", "ENHANCEDSTATUSCODES"}
"""What cannot be seen to be missing: a client that was not offered it may not count on it."""


async def last_line(client: InMemory, line: str, domain: str) -> str:
    """Say a line and return the last line of the answer."""
    await client.say(line.replace("HERE", domain).encode() + b"\r\n")
    return (await client.hear()).decode().splitlines()[-1]


async def tried(product: str, keyword: str) -> tuple[bool, bool]:
    """Return whether an extension is offered by a product, and whether it does what it stands for."""
    mta_id, port, domain = PRODUCTS[product]
    client = InMemory(pipeline_of(), mta_id, port)
    await client.hear()
    if product == "submission" and keyword == "AUTH":
        await last_line(client, "STARTTLS", domain)
    await client.say(b"EHLO c.example\r\n")
    (reply,) = ReplyReader().feed(await client.hear())
    offered = Capabilities.from_reply(reply)
    unknown = offered.names - DONE_BY.keys()
    assert not unknown, f"{product} offers {unknown}, for which nothing is tried"
    done = True
    for line, wanted in DONE_BY[keyword]:
        done = done and (await last_line(client, line, domain)).startswith(wanted)
    return offered.offers(keyword), done


# MAIL wants a user at the port of submission
TRIED = [(product, keyword) for product in sorted(PRODUCTS) for keyword in sorted(DONE_BY)]
TRIED = [
    each for each in TRIED if each[0] != "submission" or each[1] in ("AUTH", "STARTTLS", *sorted(ALWAYS_DONE))
]


@pytest.mark.parametrize(("product", "keyword"), TRIED)
def test_what_is_offered_is_done_and_nothing_else(product, keyword):
    """Every keyword of EHLO stands for something that works, and what is not offered does not."""
    offered, done = asyncio.run(tried(product, keyword))
    assert offered == done or (keyword in ALWAYS_DONE and done)


def test_a_client_host_receives_nothing():
    """It refuses the connection itself, with a code of its class."""
    reply = ClientHost().on_connect(None, None).reply.value
    assert not reply.positive
    assert wrong_with(reply) == ""


@pytest.mark.parametrize(
    ("field", "shown"),
    [
        ("Message-ID: <m1@c.example>", "<m1@c.example>"),
        ("Message-ID: <" + "x" * 2000 + ">", None),
        ("Message-ID: <a\r250 2.0.0 b>", None),
        ("Message-ID: <\u00e9@c.example>", None),
        ("Subject: none", None),
    ],
)
@pytest.mark.parametrize("product", ["server", "online"])
def test_an_id_in_a_reply_is_one_that_fits(product, field, shown):
    """Exchange repeats the Message-ID; one that would break or overflow the line is not repeated."""
    mta_id, port, domain = PRODUCTS[product]

    async def answer():
        client = InMemory(pipeline_of(), mta_id, port)
        lines = f"EHLO c\r\nMAIL FROM:<a@c.example>\r\nRCPT TO:<bob@{domain}>\r\nDATA\r\n"
        await client.say(f"{lines}{field}\r\n\r\n.\r\n".encode())
        heard = [await client.hear() for _ in range(6)]
        (reply,) = ReplyReader().feed(heard[-1])
        return reply

    reply = asyncio.run(answer())
    assert reply.code == 250
    assert wrong_with(reply) == ""
    assert shown is None or reply.lines[0].startswith(shown)
