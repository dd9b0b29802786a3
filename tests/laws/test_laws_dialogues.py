"""The law that a session in memory and a server over TCP are the same object."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from itertools import pairwise

import pytest
from cases import Case
from dialogues import SECRETS, dialogues, in_memory, over_tcp
from hypothesis import assume
from laws import law_of
from runs import pipeline_of
from topologies import worlds

from mailsim.live.worker import LiveRun
from mailsim.trace.events import Event, Exchanged, Received
from mailsim.trace.file import json_line
from mailsim.world.facts import SessionFacts
from mailsim.world.tls_version import TlsVersions
from mailsim.world.topology import Topology

PORT = 25
# where mailboxes sign in at Exchange Online
SUBMISSION = 587


def eats_auth(group: bytes, following: bytes) -> bool:
    """Tell whether a chunk of 9 octets, announced at the end of a group, takes some of the next one's AUTH."""
    return group.endswith(b"BDAT 9 LAST\r\n") and b"AUTH" in following[: 9 + 3].upper()


def everybody_listens(world: Topology) -> Case:
    """Open the port of every MTA, also of the hosts that only send: they refuse the connection in SMTP.

    All speak the versions of TLS that the outside client does: a failed handshake is no dialogue.
    """
    ports = {"exchange_online": (PORT, SUBMISSION)}
    mtas = {
        name: replace(mta, ports=ports.get(mta.kind, (PORT,)), tls=TlsVersions())
        for name, mta in world.mtas.items()
    }
    return Case(replace(world, mtas=mtas), (), None)


def remembered(case: Case, dialogue: tuple[bytes, ...]) -> tuple[list[list[list[bytes]]], list[Event]]:
    """Hold the dialogue with a session of each MTA in memory; return the replies and what was received."""
    pipeline, heard = pipeline_of(case), []
    listening = [(mta, port) for mta in case.world.mtas.values() for port in mta.ports]
    for mta, port in listening:
        facts = SessionFacts(peer_ip=case.world.stranger, local_ip=mta.addresses[0], local_port=port)
        heard.append(in_memory(pipeline.open_session(mta, facts, ""), dialogue))
    return heard, received(pipeline.log.events)


def lived(
    case: Case, dialogue: tuple[bytes, ...], counts: list[list[int]]
) -> tuple[list[list[list[bytes]]], list[Event]]:
    """Hold the dialogue with each MTA over TCP; return the replies and what was received."""
    pipeline = pipeline_of(case)

    async def run() -> list[list[list[bytes]]]:
        async with LiveRun(pipeline) as live:
            places = zip(live.endpoints, counts, strict=True)
            return [await over_tcp(where, dialogue, count) for where, count in places]

    return asyncio.run(run()), received(pipeline.log.events)


def received(events: list[Event]) -> list[tuple[str, Received]]:
    """Return what was accepted where."""
    return [(event.mta, event.what) for event in events if isinstance(event.what, Received)]


@pytest.mark.timeout(400)
@law_of(runs=1, case=worlds().map(everybody_listens), dialogue=dialogues())
def test_memory_and_tcp_answer_alike(case: Case, dialogue: tuple[bytes, ...]):
    """Whatever a client says, in whatever pieces, it hears over TCP what the session answers in memory."""
    replies, accepted = remembered(case, dialogue)
    counts = [[len(group) for group in each] for each in replies]
    assert lived(case, dialogue, counts) == (replies, accepted)


@law_of(runs=1, case=worlds().map(everybody_listens), dialogue=dialogues())
def test_no_exchange_tells_a_secret(case: Case, dialogue: tuple[bytes, ...]):
    """Whatever a client says, no command and no reason in the trace shows a password.

    A client that lets a chunk take its AUTH away never says to whom the password is.
    """
    assume(not any(eats_auth(*pair) for pair in pairwise(dialogue)))
    pipeline = pipeline_of(case)
    for mta in case.world.mtas.values():
        facts = SessionFacts(peer_ip=case.world.stranger, local_ip=mta.addresses[0], local_port=mta.ports[-1])
        in_memory(pipeline.open_session(mta, facts, ""), dialogue, pipeline.exchanged)
    text = "".join(json_line(event) for event in pipeline.log.events if isinstance(event.what, Exchanged))
    assert not [secret for secret in SECRETS if secret in text]
