"""A chain of three verified-TLS hops, live, against aiosmtpd and aiosmtplib alone.

    python benchmarks/chain.py [rounds] [messages]

Both sides run in this process, one after the other. mailsim decides, explains and records everything, and holds both
ends of each connection against each other; in the last row it writes the trace to a file too.
"""

from __future__ import annotations

import asyncio
import sys
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from bare_chain import bare
from rounds import Figures, Stopwatch, compare
from texts import chain

from mailsim import api
from mailsim.flow.pipeline import Pipeline
from mailsim.live.worker import LiveRun
from mailsim.trace.events import Delivered
from mailsim.trace.file import write_json_lines

HOPS = 3


async def _run(pipeline: Pipeline, hops: int, trace: Path | None) -> Figures:
    async with LiveRun(pipeline) as live:
        watch = Stopwatch("hops")
        await live.run_until_quiet()
        if trace is not None:
            write_json_lines(str(trace), pipeline.log.events)
        return watch.rates(hops)


def mailsim(folder: Path, messages: int, per_connection: int, *, trace: bool = False) -> Figures:
    """Run a chain and return the rate of hops."""
    path = folder / "chain.yaml"
    path.write_text(chain(HOPS + 1, messages, per_connection))
    pipeline = api.pipeline_of(api.load(path))
    rates = asyncio.run(_run(pipeline, HOPS * messages, folder / "trace.jsonl" if trace else None))
    delivered = sum(isinstance(event.what, Delivered) for event in pipeline.log.events)
    if delivered != messages:
        raise SystemExit(f"{delivered} of {messages} messages were delivered")
    return rates


def main(rounds: int = 7, messages: int = 120) -> None:
    """Compare both policies."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        for title, each in (("a new connection for each message", 1), ("20 messages a connection", 20)):
            sides = {
                "aiosmtpd + aiosmtplib": partial(bare, HOPS, messages, each),
                "mailsim": partial(mailsim, folder, messages, each),
                "mailsim, trace to a file": partial(mailsim, folder, messages, each, trace=True),
            }
            compare(f"3 hops, {title}", rounds, sides)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
