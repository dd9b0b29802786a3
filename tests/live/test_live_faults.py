"""What outside programs meet of the faults of a scenario, on real sockets."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace

import pytest
from builders import START, two_mtas
from live_runs import endpoint, live, of_type, telnet

from mailsim.trace.events import Closed, Delivered, Hindered
from mailsim.world.change import Listening
from mailsim.world.fault import Close, Fault, Reset, Stage, When

NORTHWIND = "mx.northwind.com"
UP_TO_DATA = (b"EHLO c.example\r\n", b"MAIL FROM:<a@c.example>\r\n", b"RCPT TO:<bob@northwind.com>\r\n")


def broken(effect):
    """Make a world in which something goes wrong with connections to Northwind's MTA."""
    return replace(two_mtas(), faults=(Fault(number=1, to=NORTHWIND, since=START, effect=effect),))


def talk(world, conversation):
    """Let an outside client talk to Northwind's MTA and return the events."""

    async def run():
        async with live(world) as (running, log):
            with suppress(ConnectionResetError):  # asyncio says so again when it closes
                async with telnet(endpoint(running, NORTHWIND)) as client:
                    await conversation(client)
            await running.run_until_quiet()
        return log.events

    return asyncio.run(run())


def test_a_reset_is_one():
    """The client's connection is reset, after it has heard what was answered before."""

    async def conversation(client):
        await client.say(UP_TO_DATA[0])
        with pytest.raises(ConnectionResetError):
            await client.say(UP_TO_DATA[1])

    events = talk(broken(Reset(Stage.MAIL)), conversation)
    assert [what.cause for what in of_type(events, Closed)] == ["connection reset by the server"]
    assert [what.fault for what in of_type(events, Hindered)] == [f"reset at MAIL of {NORTHWIND}"]


def test_closed_before_the_reply_to_the_content():
    """The client hears nothing, and the message is there."""

    async def conversation(client):
        for line in (*UP_TO_DATA, b"DATA\r\n"):
            await client.say(line)
        assert await client.say(b"hello\r\n.\r\n", replies=0) == []
        assert await client.rest() == b""

    events = talk(broken(Close(When.BEFORE_REPLY)), conversation)
    assert len(of_type(events, Delivered)) == 1
    assert "RFC 1047" in of_type(events, Hindered)[0].consequence


def test_a_host_that_is_down_says_nothing():
    """Its connections are closed without a word."""
    down = Listening(at=START, down=frozenset({NORTHWIND})).made_in(two_mtas())

    async def conversation(client):
        assert await client.rest() == b""

    assert talk(down, conversation) == []
