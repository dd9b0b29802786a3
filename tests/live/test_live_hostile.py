"""Clients that stall, flood, vanish and lie: what they get, what it costs, and what is left behind."""

from __future__ import annotations

import asyncio
import gc
import socket
import ssl
import struct
from contextlib import asynccontextmanager, suppress

import pytest
from builders import submission, two_mtas
from live_runs import Telnet, endpoint, live, of_type, telnet

from mailsim.errors import Bug
from mailsim.live.guard import Guard, Patience, Store
from mailsim.mta.generic.kind import GenericMta
from mailsim.trace.events import Closed, Connected, Crashed, Delivered, NotSecured, Received

HERE = "mx.northwind.com"
ENVELOPE = b"EHLO c.example\r\nMAIL FROM:<a@c.example>\r\nRCPT TO:<bob@northwind.com>\r\n"
SECONDS = 20.0


@pytest.fixture(autouse=True)
def nothing_is_left(caplog):
    """Whatever a client did, asyncio has nothing to complain of, and no socket or transport is forgotten."""
    yield
    gc.collect()  # what was not closed warns now, and a warning is an error
    assert [record.getMessage() for record in caplog.records if record.name == "asyncio"] == []


async def until(condition):
    """Give others their turn until something is so."""
    async with asyncio.timeout(SECONDS):
        while not condition():  # noqa: ASYNC110 - a condition of many kinds
            await asyncio.sleep(0)


def run(conversation, *, world=None, kinds=None, **limits):
    """Hold a conversation, a function of the run and its log, with a live run; return the events."""

    async def all_of_it():
        async with live(world, kinds, **limits) as (running, log), asyncio.timeout(SECONDS):
            await conversation(running, log)
            await until(lambda: len(of_type(log.events, Closed)) >= len(of_type(log.events, Connected)))
            await running.run_until_quiet()
        assert asyncio.all_tasks() == {asyncio.current_task()}
        return log.events

    return asyncio.run(all_of_it())


def talk(client, **more):
    """Let one client talk."""

    async def conversation(running, _log):
        async with telnet(endpoint(running, HERE)) as each:
            await client(each)

    return run(conversation, **more)


# --- a client that vanishes --------------------------------------------------------------------------------------

BY_DATA = ENVELOPE + b"DATA\r\nSubject: hi\r\n\r\nhello\r\n.\r\nQUIT\r\n"
BY_BDAT = ENVELOPE + b"BDAT 15\r\nSubject: hi\r\n\r\nBDAT 7 LAST\r\nhello\r\nQUIT\r\n"


@pytest.mark.parametrize("reset", [False, True], ids=["closes", "resets"])
@pytest.mark.parametrize(
    ("said", "complete"),
    [(BY_DATA, BY_DATA.index(b"QUIT")), (BY_BDAT, BY_BDAT.index(b"QUIT"))],
    ids=["data", "bdat"],
)
def test_vanishes_anywhere(said, complete, reset):
    """Cut off after any octet: a whole message is kept once, half a message never, and all connections end."""
    cuts = range(len(said) + 1)

    async def conversation(running, log):
        where = endpoint(running, HERE)
        for number, cut in enumerate(cuts, 1):
            near = socket.create_connection((str(where.loopback), where.actual_port))
            near.setblocking(False)
            reader, writer = await asyncio.open_connection(sock=near)
            await reader.readline()
            writer.write(said[:cut])
            if reset:
                near.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                writer.transport.abort()
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()
            await until(lambda number=number: len(of_type(log.events, Closed)) == number)

    events = run(conversation)
    accepted = {event.session for event in events if isinstance(event.what, Received)}
    whole = {f"s{number}" for number, cut in enumerate(cuts, 1) if cut >= complete}
    # what a reset connection still held may be gone unread
    assert accepted <= whole if reset else accepted == whole
    assert len(of_type(events, Delivered)) == len(accepted)


def handshake(incoming, outgoing):
    """Make a TLS client on octets."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context.wrap_bio(incoming, outgoing)


async def through(client, tls, incoming, outgoing):
    """Go through a handshake by hand."""
    while True:
        try:
            tls.do_handshake()
        except ssl.SSLWantReadError:
            client.writer.write(outgoing.read())
            incoming.write(await client.reader.read(65536))
        else:
            client.writer.write(outgoing.read())
            return


def hello():
    """Return what a client sends first in TLS."""
    outgoing = ssl.MemoryBIO()
    with suppress(ssl.SSLWantReadError):
        handshake(ssl.MemoryBIO(), outgoing).do_handshake()
    return outgoing.read()


def test_vanishes_anywhere_in_the_handshake():
    """So it is in the first message of TLS, which ends the session in clear text too."""
    first = hello()
    cuts = range(0, len(first) + 1, 37)

    async def conversation(running, _log):
        for cut in cuts:
            async with telnet(endpoint(running, HERE)) as client:
                await client.say(b"EHLO c.example\r\n")
                assert (await client.say(b"STARTTLS\r\n"))[0].startswith("220 ")
                client.writer.write(first[:cut])

    assert len(of_type(run(conversation), NotSecured)) == len(cuts)


@pytest.mark.parametrize("behind", [b"", b"garbage that is no record", b"\x17\x03\x03\x00\x10" + b"x" * 16])
def test_ends_tls_without_a_word(behind):
    """A connection that ends, or turns to garbage, without close_notify loses what was not finished and nothing else."""

    async def conversation(running, log):
        async with telnet(endpoint(running, HERE)) as client:
            await client.say(b"STARTTLS\r\n")
            incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
            tls = handshake(incoming, outgoing)
            await through(client, tls, incoming, outgoing)
            tls.write(ENVELOPE + b"DATA\r\n\r\none\r\n.\r\n")
            client.writer.write(outgoing.read())
            await until(lambda: of_type(log.events, Received))
            tls.write(b"MAIL FROM:<>\r\nRCPT TO:<eve@northwind.com>\r\nDATA\r\n\r\ntw")
            client.writer.write(outgoing.read() + behind)

    delivered = of_type(run(conversation), Delivered)
    assert [str(each.recipient) for each in delivered] == ["bob@northwind.com"]


def test_closes_its_half_in_the_content():
    """A client that ends its half in the middle of a message has not sent it, and is hung up on."""

    async def client(each):
        each.writer.write(ENVELOPE + b"DATA\r\nhalf")
        each.writer.write_eof()
        assert (await each.rest()).endswith(b"354 End data with <CR><LF>.<CR><LF>\r\n")

    assert of_type(talk(client), Received) == []


# --- a client that is slow -----------------------------------------------------------------------------------------


def test_patience():
    """A command has its time whatever comes of it; content has more, as long as enough comes of it."""
    now = [100.0]
    patience = Patience(10.0, 100.0, lambda: now[0])
    assert patience.deadline == 110.0
    patience.came(50)
    assert patience.deadline == 110.0  # never longer than from now on
    now[0] = 109.0
    patience.came(50)
    assert patience.deadline == 110.5
    patience.came(100_000)
    assert patience.deadline == 119.0
    patience.begin()
    assert patience.deadline == 119.0


@pytest.mark.parametrize(
    "said", [b"", b"NOO", ENVELOPE, ENVELOPE + b"DATA\r\nhal", ENVELOPE + b"BDAT 10\r\nhal"]
)
def test_stalls(said):
    """A client that stalls anywhere is told so and hung up on; what it began is forgotten."""

    async def client(each):
        each.writer.write(said)
        assert (await each.rest()).endswith(b"421 4.4.2 Error: timeout exceeded\r\n")

    events = talk(client, idle_seconds=0.05)
    assert of_type(events, Closed) == [Closed("the client was silent for too long")]
    assert of_type(events, Received) == []


@pytest.mark.parametrize("before", [b"", ENVELOPE + b"DATA\r\n", ENVELOPE + b"BDAT 1000000000\r\n"])
def test_drips(before):
    """A client that sends an octet now and then is not borne for ever."""

    async def client(each):
        each.writer.write(before)
        rest = asyncio.create_task(each.rest())
        while not rest.done() and not each.writer.transport.is_closing():
            each.writer.write(b"x")
            await asyncio.sleep(0)
        assert (await rest).endswith(b"421 4.4.2 Error: timeout exceeded\r\n")

    events = talk(client, idle_seconds=0.05, octets_per_second=1e12)
    assert of_type(events, Closed) == [Closed("the client was silent for too long")]


@pytest.mark.parametrize("said", [b"", b"\x16\x03\x01", hello()])
def test_stalls_in_the_handshake(said):
    """A handshake that does not go on ends the connection."""

    async def client(each):
        await each.say(b"STARTTLS\r\n")
        each.writer.write(said)
        await each.rest()

    assert len(of_type(talk(client, handshake_seconds=0.05), NotSecured)) == 1


def test_does_not_read_its_replies():
    """A client that asks and does not listen is cut off, and what it makes us hold is bounded."""

    async def conversation(running, log):
        where = endpoint(running, HERE)
        near = socket.socket()
        near.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        near.setblocking(False)
        await asyncio.get_running_loop().sock_connect(near, (str(where.loopback), where.actual_port))
        with suppress(ConnectionError):
            for _ in range(60):
                await asyncio.get_running_loop().sock_sendall(near, b"EHLO c\r\n" * 1000)
        await until(lambda: of_type(log.events, Closed))
        near.close()

    events = run(conversation, idle_seconds=0.2, commands=10_000_000)
    # a machine that is busy may find it silent first
    assert of_type(events, Closed)[0].cause in (
        "the client did not read its replies",
        "the client was silent for too long",
    )


def test_does_not_see_the_end():
    """A client that neither reads on nor closes is left after a while."""

    async def conversation(running, log):
        async with telnet(endpoint(running, HERE)) as client:
            await client.say(b"QUIT\r\n")
            await until(lambda: not running._listeners._connections)
            assert of_type(log.events, Closed) == [Closed("")]

    run(conversation, closing_seconds=0.05)


# --- a client that floods ---------------------------------------------------------------------------------------------


def test_a_flood_of_commands():
    """A hundred thousand commands in one go end with the last reply that they get, which arrives."""

    async def client(each):
        each.writer.write(b"NOOP\r\n" * 100_000)
        heard = await each.rest()
        assert heard == b"250 2.0.0 Ok\r\n" * 2000 + b"421 4.7.0 Error: too many errors\r\n"

    talk(client, commands=2000)


def test_commands_are_counted_between_messages():
    """A client that gets messages through may go on."""

    async def client(each):
        for _ in range(5):
            replies = await each.say(ENVELOPE + b"DATA\r\n.\r\nNOOP\r\nNOOP\r\n", 7)
            assert [reply[:3] for reply in replies] == ["250", "250", "250", "354", "250", "250", "250"]

    assert len(of_type(talk(client, commands=8), Received)) == 5


def test_a_flood_of_recipients():
    """Of a hundred thousand recipients a thousand are taken, the others asked to come again, until it is enough."""

    async def client(each):
        each.writer.write(ENVELOPE + b"RCPT TO:<bob@northwind.com>\r\n" * 100_000)
        heard = (await each.rest()).splitlines()
        assert heard.count(b"250 2.1.5 Ok") == 1000
        assert heard.count(b"452 4.5.3 Error: too many recipients") == 500 - 2
        assert heard[-1] == b"421 4.7.0 Error: too many errors"

    assert of_type(talk(client, commands=1500), Received) == []


@pytest.mark.parametrize(
    "line",
    [b"a:\n" * 10_001, b"a: b\r\n" * 300_000, b"\t\r\n" * 10_001, b"x" * 1_048_577],
    ids=["lines", "octets", "folds", "one line"],
)
def test_a_flood_of_header(line):
    """A header that would fall apart into too many fields is refused before it does."""

    async def client(each):
        await each.say(ENVELOPE, 3)
        each.writer.write(b"DATA\r\n" + line + b"\r\n\r\n.\r\n")
        assert await each.hear() == "354 End data with <CR><LF>.<CR><LF>"
        assert await each.hear() == "552 5.3.4 Message header is too large"
        assert await each.say(b"NOOP\r\n") == ["250 2.0.0 Ok"]

    assert of_type(talk(client), Received) == []


def test_a_line_without_end():
    """Ten million octets without a line end get one reply, and the session goes on."""

    async def client(each):
        each.writer.write(b"x" * 10_000_000)
        assert await each.say(b"\r\n") == ["500 5.5.2 Error: line too long"]
        assert await each.say(b"NOOP\r\n") == ["250 2.0.0 Ok"]

    talk(client)


def test_a_message_beyond_the_limit_is_not_held():
    """Of a message larger than the product takes, no more than that is held."""
    held = []

    async def conversation(running, _log):
        async with telnet(endpoint(running, HERE)) as client:
            await client.say(ENVELOPE + b"DATA\r\n", 4)
            client.writer.write(b"\r\n")
            for _ in range(300):
                client.writer.write(b"x" * 99_998 + b"\r\n")
                await client.writer.drain()
                held.append(running._run.store.held)
            assert await client.say(b".\r\n") == ["552 5.3.4 Message size exceeds fixed limit"]
            assert running._run.store.held == 0

    run(conversation)
    assert 0 < max(held) <= 10_240_000 * 4 // 3 + 512 * 1024


def test_memory_is_shared():
    """What all messages in transfer may hold together is bounded; who comes too late is asked to come again."""

    async def conversation(running, log):
        store = running._run.store
        async with telnet(endpoint(running, HERE)) as first, telnet(endpoint(running, HERE)) as second:
            for client in (first, second):
                await client.say(ENVELOPE + b"DATA\r\n", 4)
            first.writer.write(b"\r\n" + b"x" * 900_000)
            await until(lambda: store.held >= 900_000)
            second.writer.write(b"\r\n" + b"x" * 900_000 + b"\r\n.\r\n")
            assert await second.hear() == "452 4.3.1 Insufficient system resources"
            assert await second.say(b"MAIL FROM:<>\r\n") == ["250 2.1.0 Ok"]
            assert (await first.say(b"\r\n.\r\n"))[0].startswith("250 2.0.0 Ok")
            assert store.held == 0
        assert len(of_type(log.events, Received)) == 1

    run(conversation, held_octets=1_200_000)


def test_store():
    """Less may always be held; more only where there is room."""
    store = Store(10)
    assert store.change(0, 8)
    assert not store.change(0, 3)
    assert store.change(8, 2)
    assert store.change(0, 8)
    assert not store.change(2, 3)
    assert store.held == 10


# --- many clients -------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def connected(running, count):
    """Give so many connections and what each hears first."""
    where, writers, heard = endpoint(running, HERE), [], []
    for _ in range(count):
        reader, writer = await asyncio.open_connection(str(where.loopback), where.actual_port)
        writers.append(writer)
        with suppress(ConnectionError):
            heard.append(await reader.readline())
    try:
        yield writers, heard
    finally:
        for writer in writers:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()


def test_too_many_connections():
    """The listener has so many places; others are told to come again, and a flood of them is not even told."""

    async def conversation(running, _log):
        async with connected(running, 7) as (writers, heard):
            assert [line[:9] for line in heard[:3]] == [b"220 mx.no"] * 3
            assert heard[3] == b"421 4.3.2 All server ports are busy\r\n"
            writers[0].close()
            await until(lambda: sum(running._listeners._strangers.values()) < 3)
            async with telnet(endpoint(running, HERE)) as late:
                assert await late.say(b"NOOP\r\n") == ["250 2.0.0 Ok"]

    run(conversation, connections=3)


def test_a_flood_of_connections():
    """Beyond twice the places nobody gets a word."""

    async def conversation(running, log):
        where = endpoint(running, HERE)
        near = [socket.create_connection((str(where.loopback), where.actual_port)) for _ in range(20)]
        await until(lambda: len(of_type(log.events, Connected)) >= 4)
        for each in near:
            each.close()
        await until(lambda: not running._listeners._connections)

    events = run(conversation, connections=2)
    assert {each.reply.code for each in of_type(events, Connected)} == {220, 421}


def test_our_own_clients_always_have_a_place():
    """Outside programs that take every place do not change what a scenario does."""
    world = two_mtas()

    async def conversation(running, log):
        async with connected(running, 3):
            running.submit(submission("m1", "mx.fabrikam.com", "ann@fabrikam.com", "bob@northwind.com"))
            await running.run_until_quiet()
            assert len(of_type(log.events, Delivered)) == 1

    run(conversation, world=world, connections=1)


def test_one_client_does_not_stop_another():
    """While one floods, another is served."""

    async def conversation(running, _log):
        async with telnet(endpoint(running, HERE)) as loud, telnet(endpoint(running, HERE)) as quiet:
            loud.writer.write(b"NOOP\r\n" * 100_000)
            assert await quiet.say(b"NOOP\r\n") == ["250 2.0.0 Ok"]
            assert loud.reader._buffer.count(b"\n") < 50_000

    run(conversation, commands=10_000_000)


# --- a fault of ours ------------------------------------------------------------------------------------------------------


class FailsToGreet(GenericMta):
    """Has a bug at the start."""

    def on_connect(self, at, facts):
        raise ZeroDivisionError("oops")


class FailsOnContent(GenericMta):
    """Has a bug at the end."""

    def on_data(self, at, session, envelope, message, name):
        raise MemoryError


@pytest.mark.parametrize("kind", [FailsToGreet(), FailsOnContent()], ids=["greeting", "content"])
def test_crash_anywhere(kind):
    """A fault of mailsim is 421 4.3.0 and a failed run wherever it comes, and the client is not left waiting."""
    log = []

    async def conversation(running, events):
        log.append(events)
        where = endpoint(running, HERE)
        reader, writer = await asyncio.open_connection(str(where.loopback), where.actual_port)
        client = Telnet(reader, writer)
        client.writer.write(BY_DATA)
        assert (await client.rest()).endswith(b"421 4.3.0 Internal error of the simulator\r\n")
        writer.close()
        await writer.wait_closed()

    with pytest.raises(Bug):
        run(conversation, kinds={"generic": kind})
    assert len(of_type(log[0].events, Crashed)) == 1


def test_no_session_could_be_opened(monkeypatch):
    """So it is where not even a session can be made."""

    async def conversation(running, _log):
        monkeypatch.setattr(running.pipeline, "open_session", lambda *_: 1 / 0)
        where = endpoint(running, HERE)
        reader, writer = await asyncio.open_connection(str(where.loopback), where.actual_port)
        assert await reader.read() == b"421 4.3.0 Internal error of the simulator\r\n"
        writer.close()
        await writer.wait_closed()

    with pytest.raises(Bug, match="no session could be opened"):
        run(conversation)


def test_the_limits_have_values_of_real_servers():
    """Five minutes for a command (RFC 5321 section 4.5.3.2.7), and no less than a hundred recipients' worth of commands."""
    guard = Guard()
    assert guard.idle_seconds >= 300
    assert guard.commands > 5000
