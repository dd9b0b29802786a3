"""One scenario predicted and run live, and outside programs on loopback, for the tests of the live run."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime

from builders import two_mtas

from mailsim.flow.pipeline import Pipeline
from mailsim.flow.predict import run_until_quiet
from mailsim.live.guard import Guard
from mailsim.live.worker import LiveRun
from mailsim.mta.registry import Kinds
from mailsim.pki import Pki
from mailsim.trace.log import EventLog


def pipeline_of(world, submissions=(), kinds=None):
    """Make a run with messages in it."""
    pki = Pki(world.authorities.values(), world.certificates.values())
    line = Pipeline(world, kinds or Kinds(), pki, EventLog())
    for submission in submissions:
        line.submit(submission)
    return line


def predicted(world, *submissions, kinds=None):
    """Return the events without a wire."""
    line = pipeline_of(world, submissions, kinds)
    run_until_quiet(line, None)
    return line.log.events


def observed(world, *submissions, kinds=None):
    """Return the events over sockets."""
    line = pipeline_of(world, submissions, kinds)

    async def run():
        async with LiveRun(line) as live:
            await live.run_until_quiet()

    asyncio.run(run())
    return line.log.events


def kinds_of(events):
    """Return the names of what happened."""
    return [type(event.what).__name__ for event in events]


def of_type(events, what):
    """Return what happened of one type."""
    return [event.what for event in events if isinstance(event.what, what)]


def lasting(world):
    """Return a topology whose certificates hold at the real time too, for peers with a clock of their own."""
    long = {"not_before": datetime(2020, 1, 1, tzinfo=UTC), "not_after": datetime(2120, 1, 1, tzinfo=UTC)}
    return replace(
        world, certificates={name: replace(spec, **long) for name, spec in world.certificates.items()}
    )


@asynccontextmanager
async def live(world=None, kinds=None, **limits):
    """Give a live run with nothing in it, and its log."""
    line = pipeline_of(world or two_mtas(), (), kinds)
    async with LiveRun(line, guard=Guard(**limits)) as run:
        yield run, line.log


def endpoint(run, mta_id):
    """Return where an MTA listens."""
    return next(found for found in run.endpoints if found.mta_id == mta_id)


class Telnet:
    """A client that sends what it is told, octet by octet."""

    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer

    async def say(self, data, replies=1):
        """Send octets and return the last lines of so many replies."""
        self.writer.write(data)
        return [await self.hear() for _ in range(replies)]

    async def hear(self):
        """Return the last line of the next reply, empty when there is none."""
        while (line := await self.reader.readline())[3:4] == b"-":
            pass
        return line.decode().rstrip("\r\n")

    async def rest(self):
        """Read to the end of the connection."""
        return await self.reader.read()


@asynccontextmanager
async def telnet(where, *, source="127.0.0.1"):
    """Connect to a listener and read its banner."""
    reader, writer = await asyncio.open_connection(
        str(where.loopback), where.actual_port, local_addr=(source, 0)
    )
    client = Telnet(reader, writer)
    await client.hear()
    try:
        yield client
    finally:
        writer.close()
        await writer.wait_closed()
