"""The dialogs of ``dialogs/``, each held with a session in memory and with a listener over TCP."""

from __future__ import annotations

import asyncio
import ssl
from functools import cache

import pytest
from memory import Memory
from smtp_script import FOLDER, PRODUCTS, Dialog, dialogs, octets

from mailsim import api
from mailsim.flow.pipeline import Pipeline
from mailsim.flow.scenario import Scenario
from mailsim.flow.session import Then
from mailsim.live.worker import LiveRun
from mailsim.mta.registry import Kinds
from mailsim.pki import Pki
from mailsim.trace.events import Received
from mailsim.trace.log import EventLog
from mailsim.world.facts import SessionFacts

SECONDS = 20.0


@cache
def world() -> tuple[Scenario, Pki]:
    """Load the topology once, with its keys."""
    scenario = api.load(FOLDER / "world.yaml")
    topology = scenario.topology
    return scenario, Pki(topology.authorities.values(), topology.certificates.values())


def pipeline_of() -> Pipeline:
    """Return a run in which nothing has happened."""
    scenario, keys = world()
    return Pipeline(scenario.topology, Kinds(), keys, EventLog())


class InMemory:
    """The client of a session without sockets."""

    def __init__(self, pipeline: Pipeline, mta_id: str, port: int) -> None:
        server = pipeline.world.mtas[mta_id]
        facts = SessionFacts(peer_ip=pipeline.world.stranger, local_ip=server.addresses[0], local_port=port)
        session = pipeline.open_session(server, facts, "")
        greeting = session.greet()
        self._memory = Memory(session, lambda *_: None, greeting.then)
        self._said = b""
        self._heard = [greeting.reply.to_wire()]

    async def say(self, data: bytes) -> None:
        self._heard += self._memory.hear(data)

    async def hear(self) -> bytes:
        return self._heard.pop(0) if self._heard else b""

    async def tls(self) -> None:
        """The session is over TLS by itself."""

    async def rest(self) -> bytes:
        assert self._memory.then is Then.CLOSE, "the server has not closed"
        return b"".join(self._heard)


class OverTcp:
    """The client of a listener."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def say(self, data: bytes) -> None:
        self._writer.write(data)

    async def hear(self) -> bytes:
        lines = [await self._reader.readline()]
        while lines[-1][3:4] == b"-":
            lines.append(await self._reader.readline())
        return b"".join(lines)

    async def tls(self) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        await self._writer.start_tls(context)

    async def rest(self) -> bytes:
        return await self._reader.read()

    async def close(self) -> None:
        self._writer.close()
        await self._writer.wait_closed()


async def hold(dialog: Dialog, client: InMemory | OverTcp, domain: str) -> int:
    """Hold a dialog; return how many messages should have been accepted."""
    unsaid, reply, accepted = b"", await client.hear(), 0
    assert reply.startswith(b"220 ")
    for step in dialog.steps:
        if step.verb in (">", ">>"):
            unsaid += octets(step.text, domain) + (b"\r\n" if step.verb == ">" else b"")
            continue
        if unsaid:
            await client.say(unsaid)
            unsaid = b""
        if step.verb == "<":
            reply = await client.hear()
            last = reply.splitlines()[-1].decode() if reply else ""
            assert last.startswith(step.text.replace("HERE", domain)), f"{step.place}: heard {reply!r}"
        elif step.verb in ("<+", "<-"):
            offered = [line[4:] for line in reply.decode().splitlines()]
            assert (step.text in offered) == (step.verb == "<+"), f"{step.place}: heard {offered}"
        elif step.verb == "tls":
            await client.tls()
        elif step.verb == "end":
            assert await client.rest() == b"", step.place
        else:
            assert step.verb == "=", step.place
            accepted = int(step.text)
    return accepted


async def live(dialog: Dialog, pipeline: Pipeline, product: str) -> int:
    """Hold a dialog over TCP."""
    mta_id, port, domain = PRODUCTS[product]
    async with LiveRun(pipeline) as run, asyncio.timeout(SECONDS):
        where = next(each for each in run.endpoints if (each.mta_id, each.port) == (mta_id, port))
        client = OverTcp(*await asyncio.open_connection(str(where.loopback), where.actual_port))
        expected = await hold(dialog, client, domain)
        await client.close()
    return expected


CASES = [
    pytest.param(dialog, product, id=f"{file}-{dialog.title}-{product}")
    for file, dialog in dialogs()
    for product in dialog.products
]


@pytest.mark.parametrize(("dialog", "product"), CASES)
@pytest.mark.parametrize("driver", ["memory", "tcp"])
def test_dialog(driver, dialog, product):
    """Every dialog goes as it is written, and leaves as many messages as it says."""
    pipeline = pipeline_of()
    mta_id, port, domain = PRODUCTS[product]
    if driver == "memory":
        expected = asyncio.run(hold(dialog, InMemory(pipeline, mta_id, port), domain))
    else:
        expected = asyncio.run(live(dialog, pipeline, product))
    received = [event for event in pipeline.log.events if isinstance(event.what, Received)]
    assert len(received) == expected
