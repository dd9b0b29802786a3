"""Run a drawn case without and with sockets.

Keys are made once for all cases, since what a decision depends on is in the descriptions; ``OTHER_KEYS`` are different keys
for the same descriptions, to prove it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from cases import Case
from topologies import AUTHORITIES, CERTIFICATES

from mailsim.flow.pipeline import Pipeline
from mailsim.flow.predict import run_until_quiet
from mailsim.live.worker import LiveRun
from mailsim.mta.registry import Kinds
from mailsim.pki import Pki
from mailsim.reason.check import Check
from mailsim.reason.choice import Choice
from mailsim.reason.decision import Reason
from mailsim.trace.events import Event
from mailsim.trace.log import EventLog

KINDS = Kinds()
KEYS = Pki(AUTHORITIES.values(), CERTIFICATES.values())
OTHER_KEYS = Pki(AUTHORITIES.values(), CERTIFICATES.values())

# A recipient may wait for days at several MTAs one after the other: two days at Exchange's pace are 294 attempts of some
# 10 events each. What needs more than this will never end.
MOST_EVENTS_A_RECIPIENT = 20_000


def pipeline_of(case: Case, keys: Pki = KEYS) -> Pipeline:
    """Return a run that has not begun; one that does not become quiet fails."""
    pipeline = Pipeline(case.world, KINDS, keys, EventLog())
    most = MOST_EVENTS_A_RECIPIENT * (1 + sum(len(each.envelope.recipients) for each in case.submissions))

    def count(event: Event) -> None:
        assert event.seq <= most, f"still not quiet after {most} events"

    pipeline.log.listen(count)
    for submission in case.submissions:
        pipeline.submit(submission)
    return pipeline


def predict(case: Case, keys: Pki = KEYS) -> list[Event]:
    """Return what is predicted to happen."""
    pipeline = pipeline_of(case, keys)
    run_until_quiet(pipeline, case.until)
    return pipeline.log.events


def observe(case: Case) -> list[Event]:
    """Return what happens over sockets."""
    pipeline = pipeline_of(case)

    async def run() -> None:
        async with LiveRun(pipeline) as live:
            await live.run_until_quiet(case.until)

    asyncio.run(run())
    return pipeline.log.events


def without_reasons(events: list[Event]) -> list[Event]:
    """Return what happened without why."""
    return [replace(event, because=None) for event in events]


def choices(reason: Reason | None) -> Iterator[Choice[Any]]:
    """Yield every choice that a decision rests on."""
    if isinstance(reason, Choice):
        yield reason
    elif reason is not None and not isinstance(reason, Check):
        for part in reason.because:
            yield from choices(part)
