"""What the servers and clients of one live run share: the pipeline, the plan, the clock, what went wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv4Address

from mailsim.errors import Bug, MailsimError
from mailsim.flow.pipeline import Pipeline
from mailsim.live.addressing import AddressPlan
from mailsim.live.contexts import Contexts
from mailsim.live.guard import Guard, Store
from mailsim.live.link import Links
from mailsim.pki import Credentials
from mailsim.trace.events import Crashed
from mailsim.world.topology import Mta


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where a modelled listener can be reached on this machine.

    Args:
        mta_id: whose it is.
        fqdn: the name it gives for itself.
        address: modelled.
        port: modelled.
        loopback: the address that carries it.
        actual_port: the port on that address.
    """

    mta_id: str
    fqdn: str
    address: IPv4Address
    port: int
    loopback: IPv4Address
    actual_port: int


@dataclass(frozen=True, slots=True)
class WallClock:
    """Simulated time that follows the wall clock.

    Args:
        start: the simulated instant at which it was started.
        started: the same instant on ``seconds``.
        scale: simulated seconds a second.
        seconds: the monotonic clock.
    """

    start: datetime
    started: float
    scale: float
    seconds: Callable[[], float]

    @property
    def now(self) -> datetime:
        """The simulated instant now."""
        return self.start + timedelta(seconds=(self.seconds() - self.started) * self.scale)

    def until(self, due: datetime) -> float:
        """Return the seconds of wall time left until a simulated instant."""
        return (due - self.now).total_seconds() / self.scale


class Run:
    """The shared state of one live run.

    Args:
        pipeline: the state of the simulation.
        on_work: called when something may have come into the spool.
        guard: what outside programs may cost.
    """

    def __init__(self, pipeline: Pipeline, on_work: Callable[[], None], guard: Guard) -> None:
        self.pipeline = pipeline
        self.plan = AddressPlan.of(pipeline.world)
        self.contexts = Contexts(self._credentials)
        self.links = Links()
        self.on_work = on_work
        self.guard = guard
        self.store = Store(guard.held_octets)
        self.clock: WallClock | None = None
        self.failures: list[MailsimError] = []

    def tick(self) -> None:
        """Let simulated time follow the wall clock; on virtual time only the pipeline moves it."""
        if self.clock is not None:
            self.pipeline.now = max(self.pipeline.now, self.clock.now)

    def server(self, endpoint: Endpoint) -> Mta:
        """Return the MTA behind an endpoint."""
        return self.pipeline.world.mtas[endpoint.mta_id]

    def crashed(
        self, mta_id: str, text: str, *, session: str = "", message: str = "", cause: Exception | None = None
    ) -> None:
        """Write down that mailsim failed; the run will raise it."""
        self.pipeline.record(mta_id, Crashed(text), session=session, message=message)
        bug = Bug(f"{text} (at {mta_id}, session {session or 'none'})")
        bug.__cause__ = cause
        self.failures.append(bug)

    def raise_failure(self) -> None:
        """Raise what went wrong first, if anything did."""
        if self.failures:
            raise self.failures[0]

    def _credentials(self, certificate: str) -> Credentials:
        some_mta = next(iter(self.pipeline.world.mtas))
        return self.pipeline.view(some_mta).pki.credentials(certificate)
