"""The worker: listeners, virtual time, wall time, and the end of it all."""

from __future__ import annotations

import asyncio
import smtplib
import socket
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from ipaddress import IPv4Address

import pytest
from builders import START, submission, two_mtas
from live_runs import endpoint, kinds_of, live, observed, of_type, pipeline_of, telnet

from mailsim.errors import Bug, LiveError
from mailsim.live import client, sockets
from mailsim.live.link import Link, Transcript, content_line, difference, overlong_line, secret_line
from mailsim.live.worker import LiveRun
from mailsim.mail.reply import Reply, reply
from mailsim.mta.generic.kind import GenericMta
from mailsim.reason.decision import Decision
from mailsim.trace.events import Changed, Crashed, Deferred, Delivered
from mailsim.world.dns.change import DnsChange

LETTER = submission("m1", "mx.fabrikam.com", "ann@fabrikam.com", "bob@northwind.com")


@asynccontextmanager
async def serving(world=None, *, scale=1.0):
    """Give a live run on wall time, and its log."""
    async with live(world) as (running, log):
        stop = asyncio.Event()
        task = asyncio.create_task(running.serve(stop, scale=scale))
        yield running, log
        stop.set()
        await task


def deaf_world():
    """Return a topology in which Northwind does not listen."""
    made = two_mtas()
    deaf = replace(made.mtas["mx.northwind.com"], ports=())
    return replace(made, mtas={**made.mtas, deaf.id: deaf})


def test_endpoints_tell_where_everyone_listens():
    """Each modelled address and port has a line in the table."""

    async def run():
        async with live() as (running, _log):
            return running.endpoints

    first, second = asyncio.run(run())
    assert (first.mta_id, first.fqdn, str(first.address), first.port) == (
        "mx.fabrikam.com",
        "mx.fabrikam.com",
        "192.0.2.20",
        25,
    )
    assert (str(first.loopback), str(second.loopback)) == ("127.1.0.1", "127.1.0.2")
    assert first.actual_port > 1023


def test_until():
    """A run stops at an instant, and what is due later waits."""

    async def run():
        line = pipeline_of(deaf_world(), [LETTER])
        async with LiveRun(line) as running:
            await running.run_until_quiet(START + timedelta(hours=1))
        return line

    line = asyncio.run(run())
    assert [queued.name for queued in line.waiting()] == ["m1"]
    assert line.now <= START + timedelta(hours=1)


def test_port_in_use_stops_the_start():
    """When one listener cannot be had, those before it are closed again."""
    first, second = IPv4Address("127.1.0.1"), IPv4Address("127.1.0.2")
    with taken_where_free(second, first) as taken:

        async def run():
            with pytest.raises(LiveError, match=r"\(mx\.northwind\.com:25\) is in use"):
                async with LiveRun(pipeline_of(two_mtas()), port_offset=taken - 25):
                    pass
            sockets.bound_socket(first, taken, whose="test").close()

        asyncio.run(run())


@contextmanager
def taken_where_free(here: IPv4Address, there: IPv4Address):
    """Hold a port of one address that is free at another: which one the machine gives says nothing about the other."""
    held = []
    try:
        while True:
            held.append(sockets.bound_socket(here, 0, whose="test"))
            port = held[-1].getsockname()[1]
            with suppress(LiveError):
                sockets.bound_socket(there, port, whose="test").close()
                held[-1].listen()
                yield port
                return
    finally:
        for each in held:
            each.close()


def test_offset_beyond_the_last_port():
    """An offset that leads past 65535 is a clear error."""

    async def run():
        async with LiveRun(pipeline_of(two_mtas()), port_offset=65_535):
            pass

    with pytest.raises(LiveError, match=r"port 65560 for mx\.fabrikam\.com:25 does not exist"):
        asyncio.run(run())


def test_port_offset():
    """With an offset every port is where the reader of the scenario expects it."""

    async def run(port):
        async with LiveRun(pipeline_of(two_mtas()), port_offset=port - 25) as running:
            return [found.actual_port for found in running.endpoints]

    for _ in range(9):  # another process may take a port that was free a moment ago
        with sockets.bound_socket(IPv4Address("127.1.0.1"), 0, whose="test") as probe:
            free = probe.getsockname()[1]
        with suppress(LiveError):
            assert asyncio.run(run(free)) == [free, free]
            return
    pytest.fail("no free port was found")


def test_wall_time_delivers_what_an_outside_client_hands_in():
    """A message accepted from outside wakes the worker, which relays it at once."""

    def send(where):
        with smtplib.SMTP(str(where.loopback), where.actual_port, timeout=20) as client:
            client.sendmail("ann@fabrikam.com", ["bob@northwind.com"], "Subject: hi\r\n\r\nhello\r\n")

    async def run():
        async with serving() as (running, log):
            await asyncio.to_thread(send, endpoint(running, "mx.northwind.com"))
            await running.wait_idle()
            return list(log.events)

    assert [str(what.recipient) for what in of_type(asyncio.run(run()), Delivered)] == ["bob@northwind.com"]


def test_wall_time_carries_submissions():
    """A message handed in while the run goes on is sent over the wire."""

    async def run():
        async with serving() as (running, log):
            for number in range(30):
                running.submit(replace(LETTER, name=f"m{number}"))
            await running.wait_idle()
            return list(log.events)

    events = asyncio.run(run())
    assert kinds_of(events).count("Delivered") == 30
    assert all(event.at >= START for event in events)


def test_a_change_on_wall_time_comes_by_itself():
    """Nothing needs to be due for the world to change when its time comes."""
    change = DnsChange(at=START + timedelta(hours=1), owner="northwind.com", removes=None)

    async def run():
        stop = asyncio.Event()
        async with live(replace(two_mtas(), changes=(change,))) as (running, log):
            log.listen(lambda event: stop.set() if isinstance(event.what, Changed) else None)
            await running.serve(stop, scale=36_000)
            return log.events

    (event,) = asyncio.run(run())
    assert (event.at, event.what) == (change.at, Changed("DNS: northwind.com no record any more"))


def test_wall_time_can_be_scaled():
    """A retry that is five minutes away comes at once when an hour takes a tenth of a second."""

    async def run():
        deferred = asyncio.Event()
        async with serving(deaf_world(), scale=36_000) as (running, log):
            log.listen(lambda event: deferred.set() if len(of_type(log.events, Deferred)) > 1 else None)
            running.submit(LETTER)
            await deferred.wait()
            return of_type(log.events, Deferred)

    first, second = asyncio.run(run())[:2]
    assert second.until - first.until >= timedelta(minutes=5)


def test_wall_time_ends_when_nothing_waits():
    """A run on wall time is over when every message has arrived."""

    async def run():
        line = pipeline_of(two_mtas(), [LETTER])
        async with LiveRun(line) as running:
            await running.run_on_wall_time()
        return line.log.events

    assert {"Delivered", "Sent"} <= set(kinds_of(asyncio.run(run())))


def test_wall_time_ends_at_an_instant():
    """What is due after the end is not waited for."""

    async def run():
        line = pipeline_of(deaf_world(), [LETTER])
        async with LiveRun(line) as running:
            await running.run_on_wall_time(START + timedelta(minutes=6), scale=36_000)
        return line

    line = asyncio.run(run())
    # how many attempts fit in depends on the machine's speed
    assert kinds_of(line.log.events).count("Deferred") >= 1
    assert [queued.name for queued in line.waiting()] == ["m1"]


def test_idle_while_something_waits_for_later():
    """A copy in a queue does not keep the run from being idle."""

    async def run():
        async with serving(deaf_world()) as (running, log):
            running.submit(LETTER)
            await running.wait_idle()
            return kinds_of(log.events)

    assert asyncio.run(run())[-1] == "Deferred"


class BrokenSender(GenericMta):
    """Has a bug in its sending half."""

    def on_offer(self, at, relay, offer):
        raise ZeroDivisionError("oops")


def test_crash_of_the_sender():
    """A bug in the sending half is ``Crashed`` in the log and ``Bug`` to the caller."""
    line = pipeline_of(two_mtas(), [LETTER], {"generic": BrokenSender()})

    async def run():
        async with LiveRun(line) as running:
            await running.run_until_quiet()

    with pytest.raises(Bug, match="ZeroDivisionError: oops"):
        asyncio.run(run())
    assert kinds_of(line.log.events)[-1] == "Crashed"


def test_crash_on_wall_time_is_raised_at_the_end():
    """On wall time the run goes on after a bug, and raises it when it is stopped."""

    async def run():
        async with LiveRun(pipeline_of(two_mtas(), [LETTER], {"generic": BrokenSender()})) as running:
            stop = asyncio.Event()
            task = asyncio.create_task(running.serve(stop))
            await running.wait_idle()
            stop.set()
            await task

    with pytest.raises(Bug, match="ZeroDivisionError: oops"):
        asyncio.run(run())


class Unreadable(GenericMta):
    """Answers RCPT with a reply that reads differently once it has been on the wire."""

    def on_rcpt(self, at, session, envelope, rcpt):
        return Decision("RCPT", Reply(550, "", ("5.1.1 an enhanced code that is not where it belongs",)), ())


def test_ends_that_disagree_are_a_bug():
    """When the client read something else than the server said, the run fails."""
    line = pipeline_of(two_mtas(), [LETTER], {"generic": Unreadable()})

    async def run():
        async with LiveRun(line) as running:
            await running.run_until_quiet()

    with pytest.raises(Bug, match="the ends do not agree: the server answered Reply"):
        asyncio.run(run())
    assert of_type(line.log.events, Crashed)


OK, NO = reply(250, "2.0.0", "Ok"), reply(550, "5.0.0", "No")


@pytest.mark.parametrize(
    ("at_client", "at_server", "words"),
    [
        (Transcript(["A", "B"], [OK]), Transcript(["A", "B"], [OK]), ""),
        (Transcript(["A", "B"], [OK]), Transcript(["A"], [OK]), ""),
        (Transcript(["A"], [OK]), Transcript(["A", "B"], [OK]), "which the client never sent"),
        (Transcript(["A"], [OK]), Transcript(["B"], [OK]), "the client sent 'A', the server read 'B'"),
        (Transcript(["A"], [OK]), Transcript(["A"], [NO]), "the server answered Reply(code=550"),
        (Transcript(["A"], [OK]), Transcript(["A"], [OK, OK]), "the server answered 2 times"),
        (Transcript(["A"], [OK, OK]), Transcript(["A"], [OK]), "the client read 2"),
        (Transcript([content_line(b"ab")]), Transcript([content_line(b"ba")]), "<2 octets, crc32 "),
        (Transcript(["MAIL 1"], [OK]), Transcript([overlong_line(8)], [OK]), ""),
        (Transcript(["MAIL 1"], [OK]), Transcript([overlong_line(9)], [OK]), "the server read '<line of 9"),
        (
            Transcript([secret_line("a")]),
            Transcript([secret_line("b")]),
            "sent '<credentials>', the server read '<cr",
        ),
    ],
)
def test_difference_of_transcripts(at_client, at_server, words):
    """Every way in which two ends can have seen different things is noticed."""
    assert words in difference(at_client, at_server)
    assert bool(difference(at_client, at_server)) == bool(words)


def test_line_end_in_a_command_is_a_bug():
    """A command that would be two on the wire is not sent."""

    class Injecting(GenericMta):
        def categorize(self, at, item):
            made = super().categorize(at, item)
            copies = tuple(
                replace(copy, fate=replace(copy.fate, helo="x\r\nRSET"))
                if hasattr(copy.fate, "helo")
                else copy
                for copy in made.copies
            )
            return replace(made, copies=copies)

    with pytest.raises(Bug, match="a command holds a line end"):
        observed(two_mtas(), LETTER, kinds={"generic": Injecting()})


def test_a_server_that_hangs_is_the_machines_trouble(monkeypatch):
    """A wait that is too long in wall time is ``LiveError``, not a reply."""
    monkeypatch.setattr(client, "OPERATION_SECONDS", 0.05)
    line = pipeline_of(two_mtas(), [LETTER])

    async def run():
        async with LiveRun(line) as running:
            # a listener that never answers takes the place of Northwind's
            with socket.create_server(("127.1.0.2", 0)) as mute:
                where = endpoint(running, "mx.northwind.com")
                key = where.address, where.port
                running._listeners._endpoints[key] = replace(where, actual_port=mute.getsockname()[1])
                await running.run_until_quiet()

    with pytest.raises(LiveError, match="no answer to 'the greeting'"):
        asyncio.run(run())


def test_no_task_is_left_behind():
    """After a run nothing of it is left in the loop."""

    async def run():
        async with LiveRun(pipeline_of(two_mtas(), [LETTER])) as running:
            await running.run_until_quiet()
            async with telnet(endpoint(running, "mx.northwind.com")) as other:
                await other.say(b"NOOP\r\n")
        return asyncio.all_tasks() == {asyncio.current_task()}

    assert asyncio.run(run())


@pytest.mark.parametrize("moment", ["Connected", "Exchanged", "Secured", "Received"])
def test_a_run_can_be_broken_off(moment):
    """A run that is cancelled in the middle of a session leaves nothing behind either."""

    async def run():
        line = pipeline_of(two_mtas(), [LETTER])
        async with LiveRun(line) as running:
            task = asyncio.create_task(running.run_until_quiet())
            line.log.listen(lambda event: task.cancel() if kinds_of([event]) == [moment] else None)
            with pytest.raises(asyncio.CancelledError):
                await task
        return asyncio.all_tasks() == {asyncio.current_task()}

    assert asyncio.run(run())


def test_link_is_met_once():
    """A second connection from the same port is not taken for the announced one."""

    async def run():
        async with live() as (running, _log):
            links = running._run.links
            links.announce(("127.1.0.1", 1), "s1")
            return links.meet(("127.1.0.1", 1)), links.meet(("127.1.0.1", 1))

    first, second = asyncio.run(run())
    assert isinstance(first, Link)
    assert second is None
