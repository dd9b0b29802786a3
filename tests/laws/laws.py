"""How a law is tried: on many drawn cases, in several short runs of hypothesis.

A run of hypothesis soon varies what it has more than it begins anew, five to one; on worlds of this size short runs with
seeds of their own see more of them. In the profile ``ci`` the seeds are 0, 1, 2 and so on, so a law sees the same cases
each time; otherwise they are new.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from cases import cases
from hypothesis import given, seed, settings
from hypothesis.strategies import SearchStrategy

RUNS = 5


def law_of(
    *, runs: int = RUNS, **drawn: SearchStrategy
) -> Callable[[Callable[..., None]], Callable[[], None]]:
    """Make a test of a law about something drawn."""

    def make(check: Callable[..., None]) -> Callable[[], None]:
        @wraps(check)
        def test() -> None:
            for number in range(runs):
                tried = given(**drawn)(check)
                (seed(number)(tried) if settings().derandomize else tried)()

        del test.__wrapped__  # pytest would take what is drawn for fixtures
        return test

    return make


law = law_of(case=cases())
