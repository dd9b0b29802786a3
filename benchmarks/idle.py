"""The process that ``scale`` measures: load a scenario, listen everywhere, leave.

python benchmarks/idle.py SCENARIO
"""

from __future__ import annotations

import asyncio
import sys

from mailsim import api
from mailsim.live.worker import LiveRun


async def _listen(path: str) -> None:
    async with LiveRun(api.pipeline_of(api.load(path))):
        pass


if __name__ == "__main__":
    asyncio.run(_listen(sys.argv[1]))
