"""A scenario ready to run: a topology, the messages to hand in, and what is expected of them.

Made by the linker, run by both drivers, judged by ``flow.judge``. Immutable, so a scenario can be predicted, run and
predicted again with other settings.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from mailsim.errors import Located
from mailsim.flow.expectation import Expectations
from mailsim.flow.spool import Submission
from mailsim.world.topology import Topology


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """Everything a run needs, and what its result is held against.

    Args:
        name: what the user calls it; the file's name without its ending where nothing else is given.
        topology: the world.
        until: when the run ends at the latest, UTC; None runs until nothing waits.
        submissions: the messages, in the scenario's order.
        expectations: what is expected, by message name, in the scenario's order.
        warnings: what the reader noticed in the text and what does not keep it from running.
    """

    name: str
    topology: Topology
    until: datetime | None = None
    submissions: tuple[Submission, ...] = ()
    expectations: Mapping[str, Expectations] = field(default_factory=dict, hash=False)
    warnings: tuple[Located, ...] = ()
