"""Whole Python processes, measured from outside.

Called by the benchmarks of starting and of idling. Modules are compiled once, into a folder of the benchmark's own, as
they are on any installed system.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from time import perf_counter

from rounds import Figures


def cost(folder: Path, *arguments: str) -> Figures:
    """Start Python, wait for its end and return what it took.

    Args:
        folder: where compiled modules are kept.
        arguments: Python's.

    Raises:
        SystemExit: it failed.
    """
    started = perf_counter()
    with subprocess.Popen(
        [sys.executable, *arguments], env=_environment(folder), stdout=subprocess.DEVNULL
    ) as one:
        _, status, usage = os.wait4(one.pid, 0)
        wall = perf_counter() - started
        one.returncode = os.waitstatus_to_exitcode(status)
    if one.returncode:
        raise SystemExit(f"{' '.join(arguments)} ended with {one.returncode}")
    return {
        "ms": wall * 1000,
        "CPU ms": (usage.ru_utime + usage.ru_stime) * 1000,
        "MiB": usage.ru_maxrss / 1024,
    }


def _environment(folder: Path) -> dict[str, str]:
    own = {"PYTHONPYCACHEPREFIX": str(folder / "compiled")}
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"} | own
