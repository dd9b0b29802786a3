"""Which fault of the scenario strikes on an occasion.

Owned by the pipeline, asked by whoever is about to do what a fault may hinder: the attempt before it connects, the server's
session before it answers. Both drivers come by here, so both do the same.

Rules: (1) faults are looked at in the order of the scenario, and the first that strikes is the only one; those behind it neither
count nor draw; (2) a fault counts its own occasions: connections, attempts, or commands of its stage; (3) chance is a hash of the
scenario's seed, the fault's place and stable names, so neither order nor other faults change it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from mailsim.reason.check import Check, check
from mailsim.reason.cite import documented
from mailsim.trace.events import Hindered
from mailsim.world.fault import Before, Fault, Stage
from mailsim.world.topology import Topology

AS_WRITTEN = documented("mailsim:scenario-file", "Faults")

_WHOLE = 2**64

_NO_COMMANDS = (Stage.CONNECT, Stage.MESSAGE)
_STAGES = {stage.value: stage for stage in Stage if stage not in _NO_COMMANDS} | {"HELO": Stage.EHLO}


@dataclass(frozen=True, slots=True)
class Occasion:
    """Something that a fault may hinder.

    Args:
        client: who connects, by id; empty for a stranger.
        server: to whom, by id; empty where nobody has the address.
        stage: how far it has come.
        name: what tells it from others: names of session and message, and what is said.
    """

    client: str
    server: str
    stage: Stage | Before
    name: str


def stage_of(line: str) -> Stage | None:
    """Return the stage of a command line; None for one that no fault is about."""
    return _STAGES.get(line.split(" ", 1)[0].upper())


class Faults:
    """How often each fault had its occasion."""

    def __init__(self) -> None:
        self._occasions: Counter[int] = Counter()

    def strike(self, world: Topology, now: datetime, occasion: Occasion) -> Fault | None:
        """Return the fault that strikes; None when all goes well.

        Args:
            world: the topology with its faults.
            now: simulated, UTC.
            occasion: each is to be asked about once.
        """
        at_stage = (each for each in world.faults if each.effect.stage is occasion.stage)
        about = (each for each in at_stage if each.is_about(occasion.client, occasion.server, now))
        return next((each for each in about if self._strikes(each, world.seed, occasion.name)), None)

    def _strikes(self, fault: Fault, seed: str, name: str) -> bool:
        self._occasions[fault.number] += 1
        if not fault.is_turn(self._occasions[fault.number]):
            return False
        return _luck(f"{seed}\n{fault.number}\n{name}") < fault.probability


def _luck(text: str) -> float:
    """Return a number from 0 up to 1 that depends on nothing but the text."""
    drawn = sha256(text.encode("utf-8", "surrogateescape")).digest()
    return int.from_bytes(drawn[:8], "big") / _WHOLE


def hindered(fault: Fault, consequence: str = "") -> Hindered:
    """Return the event of a fault that strikes."""
    return Hindered(str(fault), fault.source(), consequence)


def reason_of(fault: Fault) -> Check:
    """Return why something did not go well, with the place in the scenario."""
    return check(False, "fault", saw=str(fault), cite=AS_WRITTEN, source=fault.source())
