"""What outside programs meet at a live server, well-behaved and otherwise."""

from __future__ import annotations

import asyncio
import smtplib
import socket
import ssl
import struct
from contextlib import suppress

import pytest
from builders import two_mtas
from live_runs import Telnet, endpoint, kinds_of, lasting, live, of_type, telnet

from mailsim.errors import Bug
from mailsim.mta.generic.kind import GenericMta
from mailsim.trace.events import (
    Closed,
    Connected,
    Crashed,
    Delivered,
    Exchanged,
    NotSecured,
    Received,
    Secured,
)

TO_BOB = (b"EHLO c.example\r\n", b"MAIL FROM:<a@c.example>\r\n", b"RCPT TO:<bob@northwind.com>\r\n")


def talk(conversation, *, world=None, kinds=None, source="127.0.0.1", **limits):
    """Let an outside client talk to Northwind's MTA and return the log's events, everything done."""

    async def run():
        async with live(world, kinds, **limits) as (running, log):
            async with telnet(endpoint(running, "mx.northwind.com"), source=source) as client:
                await conversation(client)
            await seen(log, Closed)
            await running.run_until_quiet()
        return log.events

    return asyncio.run(run())


async def seen(log, what):
    """Wait until something of a type has happened."""
    happened = asyncio.Event()
    log.listen(lambda event: happened.set() if isinstance(event.what, what) else None)
    if not of_type(log.events, what):
        await happened.wait()


async def begin(client, *, data=True):
    """Say what comes before content."""
    for line in TO_BOB:
        await client.say(line)
    if data:
        assert await client.say(b"DATA\r\n") == ["354 End data with <CR><LF>.<CR><LF>"]


def test_stranger_delivers():
    """A client from an address outside the plan is a stranger, and its mail is named by the run."""

    async def conversation(client):
        await begin(client)
        assert await client.say(b"Subject: hi\r\n\r\nhello\r\n.\r\n") == ["250 2.0.0 Ok: queued as x1"]
        assert await client.say(b"QUIT\r\n") == ["221 2.0.0 Bye"]
        assert await client.rest() == b""

    events = talk(conversation)
    connected = of_type(events, Connected)[0]
    assert (connected.client, str(connected.peer_ip)) == ("", "203.0.113.250")
    assert [event.message for event in events if isinstance(event.what, Delivered)] == ["x1"]
    assert {event.session for event in events if isinstance(event.what, Exchanged)} == {"s1"}
    assert of_type(events, Closed) == [Closed("")]


def test_outside_program_plays_a_modelled_host():
    """A client that binds to a host's loopback address comes from its modelled one."""

    async def conversation(client):
        await client.say(b"QUIT\r\n")

    connected = of_type(talk(conversation, source="127.1.0.1"), Connected)[0]
    assert (connected.client, str(connected.peer_ip)) == ("mx.fabrikam.com", "192.0.2.20")


def test_smtplib_delivers_over_verified_tls():
    """Python's own client accepts our certificate by the exported CA and hands a message over."""
    world = lasting(two_mtas())

    def send(where, authorities):
        tls = ssl.create_default_context(cadata=authorities)
        with smtplib.SMTP(str(where.loopback), where.actual_port, timeout=20) as client:
            client._host = "mx.northwind.com"  # the name to verify
            client.starttls(context=tls)
            client.ehlo("c.example")
            client.sendmail("a@c.example", ["bob@northwind.com"], b"Subject: hi\r\n\r\n.dot\r\n")

    async def run():
        async with live(world) as (running, log):
            pki = running.pipeline.view("mx.northwind.com").pki
            authorities = pki.export()["ca.pem"].decode()
            await asyncio.to_thread(send, endpoint(running, "mx.northwind.com"), authorities)
            await running.run_until_quiet()
        return log.events

    events = asyncio.run(run())
    assert [what.version for what in of_type(events, Secured)] == ["TLS1_3"]
    assert of_type(events, Delivered)[0].message.body == b".dot\r\n"
    assert of_type(events, Received)[0].reply.text == "2.0.0 Ok: queued as x1"


async def enter_tls(client, first=b"STARTTLS\r\n"):
    """Send a group that begins with STARTTLS and go over to TLS."""
    assert await client.say(first) == ["220 2.0.0 Ready to start TLS"]
    tls = ssl.create_default_context()
    tls.check_hostname, tls.verify_mode = False, ssl.CERT_NONE
    await client.writer.start_tls(tls)


def test_clear_text_behind_starttls_is_thrown_away():
    """Commands that an attacker pipelines behind STARTTLS are never carried out (CVE-2024-34083)."""

    async def conversation(client):
        await client.say(b"EHLO c.example\r\n")
        await enter_tls(
            client, b"STARTTLS\r\nMAIL FROM:<attacker@c.example>\r\nRCPT TO:<bob@northwind.com>\r\n"
        )
        assert await client.say(b"NOOP\r\n") == ["250 2.0.0 Ok"]
        assert await client.say(b"DATA\r\n") == ["503 5.5.1 Error: send HELO/EHLO first"]
        await client.say(b"QUIT\r\n")

    lines = [what.command for what in of_type(talk(conversation), Exchanged)]
    assert lines == ["EHLO c.example", "STARTTLS", "NOOP", "DATA", "QUIT"]


def test_failed_handshake():
    """A client that says something else than TLS is told of in the log, and cut off."""

    async def conversation(client):
        await client.say(b"STARTTLS\r\n")
        client.writer.write(b"EHLO in clear text\r\n")
        await client.rest()

    events = talk(conversation)
    assert of_type(events, NotSecured)[0].cause.startswith("the handshake failed: ")
    assert kinds_of(events)[-1] == "Closed"


def test_client_that_leaves_in_the_handshake():
    """A client that goes away instead of shaking hands leaves nothing behind."""

    async def conversation(client):
        await client.say(b"STARTTLS\r\n")

    assert kinds_of(talk(conversation))[-2:] == ["NotSecured", "Closed"]


def test_client_that_leaves_with_the_end_of_the_handshake(caplog):
    """A client that says goodbye in one breath with the last of its handshake is no half-open connection to warn of."""

    async def conversation(client):
        await client.say(b"STARTTLS\r\n")
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = context.wrap_bio(incoming, outgoing)
        while True:
            try:
                tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                client.writer.write(outgoing.read())
                incoming.write(await client.reader.read(65536))
        with suppress(ssl.SSLWantReadError):
            tls.unwrap()
        client.writer.write(outgoing.read())
        client.writer.write_eof()
        await client.reader.read()

    assert kinds_of(talk(conversation))[-1] == "Closed"
    assert caplog.messages == []


@pytest.mark.parametrize("end", [b"\n.\n", b"\n.\r\n", b"\r.\r", b"\r.\r\n", b"\r\n.\n", b"\r\n.\r"])
def test_smuggling_stays_one_message(end):
    """What follows a dot between other line ends than CRLF is content, not commands (SMTP smuggling)."""
    smuggled = b"MAIL FROM:<eve@c.example>\r\nRCPT TO:<eve@northwind.com>\r\nDATA\r\nSubject: 2\r\n"

    async def conversation(client):
        await begin(client)
        await client.say(b"Subject: 1\r\n\r\nhello" + end + smuggled + b"\r\n.\r\n")
        await client.say(b"QUIT\r\n")

    delivered = of_type(talk(conversation), Delivered)
    assert [str(what.recipient) for what in delivered] == ["bob@northwind.com"]
    assert smuggled in delivered[0].message.to_bytes()


def test_everything_in_one_segment():
    """A client may send a whole session at once, content included (only its politeness forbids it)."""
    session = b"".join(TO_BOB) + b"DATA\r\n\r\nhello\r\n.\r\nNOOP\r\nQUIT\r\n"

    async def conversation(client):
        replies = await client.say(session, 7)
        assert [answer[:3] for answer in replies] == ["250", "250", "250", "354", "250", "250", "221"]

    assert len(of_type(talk(conversation), Delivered)) == 1


def test_client_that_closes_its_half_hears_all_replies():
    """``printf ... | nc`` gets an answer to every command."""

    async def conversation(client):
        client.writer.write(b"NOOP\nNOOP\nQUIT\n")
        client.writer.write_eof()
        assert await client.rest() == b"250 2.0.0 Ok\r\n250 2.0.0 Ok\r\n221 2.0.0 Bye\r\n"

    assert of_type(talk(conversation), Closed) == [Closed("")]


@pytest.mark.parametrize("size", [3000, 200_000])
def test_overlong_line(size):
    """A line that is too long gets its own reply, and the session goes on."""

    async def conversation(client):
        assert await client.say(b"NOOP " + b"x" * (size - 7) + b"\r\n") == ["500 5.5.2 Error: line too long"]
        assert await client.say(b"NOOP\r\n") == ["250 2.0.0 Ok"]

    assert of_type(talk(conversation), Exchanged)[0].command == f"<line of {size} octets>"


def test_chunks():
    """BDAT takes content by its size, dots and all (RFC 3030)."""

    async def conversation(client):
        await begin(client, data=False)
        assert await client.say(b"BDAT 9\r\n\r\na\r\n.\r\n.") == ["250 2.0.0 Ok"]
        assert await client.say(b"BDAT 3 LAST\r\nb\r\n") == ["250 2.0.0 Ok: queued as x1"]
        await client.say(b"QUIT\r\n")

    events = talk(conversation)
    assert of_type(events, Delivered)[0].message.body == b"a\r\n.\r\n.b\r\n"
    assert [what.command for what in of_type(events, Exchanged)][-3:] == ["BDAT 9", "BDAT 3 LAST", "QUIT"]


def test_client_vanishes_in_the_content():
    """What was not ended was not sent."""

    async def conversation(client):
        await begin(client)
        client.writer.write(b"Subject: half\r\n\r\nhel")

    events = talk(conversation)
    assert kinds_of(events)[-1] == "Closed"
    assert of_type(events, Closed) == [Closed("closed by the client without QUIT")]
    assert not of_type(events, Received)


def test_client_resets_the_connection():
    """So it is when the connection is broken by force."""

    async def run():
        async with live() as (running, log):
            where = endpoint(running, "mx.northwind.com")
            near = socket.create_connection((str(where.loopback), where.actual_port))
            near.setblocking(False)
            client = Telnet(*await asyncio.open_connection(sock=near))
            await client.hear()
            await begin(client)
            near.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            client.writer.transport.abort()
            await seen(log, Closed)
        return log.events

    assert kinds_of(asyncio.run(run()))[-2:] == ["Exchanged", "Closed"]


def test_endless_content_is_cut_off():
    """A message that does not end is answered and the connection closed."""

    async def conversation(client):
        await begin(client)
        client.writer.write(b"x" * 50_000)
        assert await client.rest() == b"552 5.3.4 Message size exceeds fixed maximum message size\r\n"

    events = talk(conversation, content_octets=10_000)
    assert of_type(events, Closed) == [Closed("the client sent more than anybody waits for")]


def test_silent_client_is_cut_off():
    """A client that says nothing does not keep its connection for ever."""

    async def conversation(client):
        assert await client.rest() == b"421 4.4.2 Error: timeout exceeded\r\n"

    events = talk(conversation, idle_seconds=0.05)
    assert of_type(events, Closed) == [Closed("the client was silent for too long")]


class Broken(GenericMta):
    """Has a bug."""

    def on_rcpt(self, at, session, envelope, rcpt):
        raise ZeroDivisionError("oops")


def test_crash_is_no_verdict():
    """A bug in mailsim is 421 4.3.0 to the client, ``Crashed`` in the log and ``Bug`` to the caller."""
    seen = []

    async def run():
        async with live(kinds={"generic": Broken()}) as (running, log):
            async with telnet(endpoint(running, "mx.northwind.com")) as client:
                for line in TO_BOB:
                    seen.extend(await client.say(line))
                await client.rest()
            seen.append(of_type(log.events, Crashed)[0].text)
            await running.run_until_quiet()

    with pytest.raises(Bug, match="ZeroDivisionError: oops") as raised:
        asyncio.run(run())
    assert isinstance(raised.value.__cause__, ZeroDivisionError)
    assert seen[2:] == [
        "421 4.3.0 Internal error of the simulator",
        "ZeroDivisionError: oops, while answering 'RCPT TO:<bob@northwind.com>'",
    ]


def test_open_connections_end_with_the_run():
    """Whoever is still connected when the run is left is cut off, and no task is left behind."""

    async def run():
        async with live() as (running, _log):
            where = endpoint(running, "mx.northwind.com")
            reader, writer = await asyncio.open_connection(str(where.loopback), where.actual_port)
            await reader.readline()
        assert await reader.read() == b""
        writer.close()
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(run())
