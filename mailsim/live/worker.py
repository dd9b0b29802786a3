"""A simulation on real sockets: listeners, and a worker that does what is due.

``LiveRun`` is what ``mailsim.run``, ``mailsim up`` and the pytest plugin use. On virtual time it does one piece of work
after the other, in the order of the prediction, and the clock moves only between two pieces; on wall time attempts
overlap, and simulated time follows the clock on the wall.

Rules: (1) whatever listens, listens on loopback; (2) when the run is left, every listener, connection and task is
gone; (3) a failure of mailsim is raised as ``Bug`` after the piece of work in which it happened, on wall time when the
run is stopped.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from ipaddress import IPv4Address
from types import TracebackType
from typing import TYPE_CHECKING, Self

from mailsim.errors import MailsimError, UnsupportedError
from mailsim.flow.pipeline import Attempt, Pipeline
from mailsim.flow.spool import Submission
from mailsim.flow.wire import Operation, Result
from mailsim.live.client import LiveWire
from mailsim.live.guard import Guard
from mailsim.live.listeners import Listeners
from mailsim.live.run import Endpoint, Run, WallClock
from mailsim.live.tls import is_spoken
from mailsim.mta.asked_through import tlsa_text
from mailsim.world.tls_version import TlsVersion
from mailsim.world.topology import Topology

if TYPE_CHECKING:
    from mailsim.live.dns_server import DnsEndpoint, DnsServer
    from mailsim.live.dns_wire import Horizon

# postfix: default_destination_concurrency_limit = 20; more only costs memory and files, since one loop serves all
ATTEMPTS_AT_ONCE = 20

# attempts in flight may still end by themselves when a run on wall time is stopped
STOPPING_SECONDS = 5.0

_TAMING = 8 * 1024 * 1024


class LiveRun:
    """One simulation on loopback sockets; use it as an asynchronous context manager.

    Args:
        pipeline: the state of the simulation; submissions may be in it already.
        port_offset: added to each modelled port; None takes free ports.
        guard: what outside programs may cost this machine; None takes what is safe.
    """

    def __init__(
        self, pipeline: Pipeline, *, port_offset: int | None = None, guard: Guard | None = None
    ) -> None:
        self.pipeline = pipeline
        self._run = Run(pipeline, self.wake, guard or Guard())
        self._listeners = Listeners(self._run, port_offset)
        self._dns: list[DnsServer] = []
        self._attempts: set[asyncio.Task[None]] = set()
        self._places = asyncio.Semaphore(ATTEMPTS_AT_ONCE)
        self._news = asyncio.Event()
        self._idle = asyncio.Event()

    async def __aenter__(self) -> Self:
        """Listen everywhere.

        Raises:
            UnsupportedError: a host speaks versions of TLS that this machine's OpenSSL has no more.
            LiveError: the machine refuses; nothing is left open.
        """
        _require_versions(self.pipeline.world)
        _tame_allocator()
        await self._listeners.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close everything and wait until it is closed."""
        await self._end_attempts(grace=0)
        for server in self._dns:
            await server.close()
        await self._listeners.close()

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """Where every modelled listener can be reached, in the topology's order."""
        return self._listeners.endpoints

    async def serve_dns(self, address: IPv4Address, port: int = 0, *, view: str = "") -> DnsEndpoint:
        """Serve the simulated DNS until the run is left.

        Args:
            address: in 127.0.0.0/8.
            port: for UDP and TCP; 0 takes a free one.
            view: the name of the view that is served; empty for the public records.

        Raises:
            LiveError: the machine refuses.
        """
        from mailsim.live.dns_server import DnsServer  # noqa: PLC0415 - dnspython takes 160 ms, and `run` needs none

        server = DnsServer(lambda: self._horizon(view))
        endpoint = await server.open(address, port)
        self._dns.append(server)
        return endpoint

    def _horizon(self, view: str) -> Horizon:
        """Return what the DNS is answered from now."""
        from mailsim.live.dns_wire import Horizon  # noqa: PLC0415

        self._run.tick()
        world = self.pipeline.world
        seen = next((each.seen for each in world.views if each.name == view), world.zones)
        pki = self.pipeline.view(next(iter(world.mtas))).pki
        return Horizon(seen, self.pipeline.now, self._run.plan, lambda record: tlsa_text(record, pki))

    def submit(self, submission: Submission) -> None:
        """Hand a message in when it is due, while the run goes on."""
        self.pipeline.submit(submission)
        self.wake()

    def wake(self) -> None:
        """Look again for what is due; called when something may have come into the spool."""
        self._idle.clear()
        self._news.set()

    # --- virtual time --------------------------------------------------------------------------------------

    async def run_until_quiet(self, until: datetime | None = None) -> None:
        """Do everything that is due, in order, until nothing waits or ``until`` is reached.

        Raises:
            Bug: mailsim contradicted itself; the log holds what happened up to then.
            LiveError: the machine refused something on the way.
        """
        pipeline = self.pipeline
        while (due := pipeline.next_due) is not None and (until is None or due <= until):
            attempt = pipeline.step()
            if attempt is not None:
                await self._carry(attempt)
            self._run.raise_failure()
        self._run.raise_failure()

    # --- wall time -----------------------------------------------------------------------------------------

    async def serve(self, stop: asyncio.Event, *, scale: float = 1.0) -> None:
        """Let simulated time follow the wall clock and do what falls due, until ``stop`` is set.

        Args:
            stop: ends the run.
            scale: simulated seconds a second of wall time, more than 0.

        Raises:
            Bug, LiveError: at the end, what went wrong first.
        """
        watcher = asyncio.get_running_loop().create_task(self._wake_at(stop))
        try:
            await self._follow_the_clock(scale, stop.is_set)
        finally:
            watcher.cancel()

    async def run_on_wall_time(self, until: datetime | None = None, *, scale: float = 1.0) -> None:
        """Do everything when it falls due on the wall clock, until nothing waits or all left is due after ``until``.

        Raises:
            Bug, LiveError: at the end, what went wrong first.
        """

        def quiet() -> bool:
            due = self.pipeline.next_due
            return not self._attempts and (due is None or (until is not None and due > until))

        await self._follow_the_clock(scale, quiet)

    async def wait_idle(self) -> None:
        """Wait, while ``serve`` runs, until nothing is in flight or due; what waits for a later time may wait."""
        await self._idle.wait()

    async def _follow_the_clock(self, scale: float, over: Callable[[], bool]) -> None:
        loop = asyncio.get_running_loop()
        clock = self._run.clock = WallClock(self.pipeline.now, loop.time(), scale, loop.time)
        try:
            while not over():
                self._start_due()
                if not over():
                    await self._sleep(clock)
            await self._end_attempts(grace=STOPPING_SECONDS)
        finally:
            self._run.clock = None
        self._run.raise_failure()

    async def _wake_at(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self.wake()

    def _start_due(self) -> None:
        """Do what is due; attempts go on by themselves."""
        self._run.tick()
        self._news.clear()
        pipeline = self.pipeline
        while (due := pipeline.next_due) is not None and due <= pipeline.now:
            attempt = pipeline.step()
            if attempt is not None:
                task = asyncio.get_running_loop().create_task(self._attempt(attempt))
                self._attempts.add(task)
        if not self._attempts:
            self._idle.set()

    async def _attempt(self, attempt: Attempt) -> None:
        """Carry one attempt out beside others; what goes wrong is raised when the run ends."""
        try:
            async with self._places:
                await self._carry(attempt)
        except MailsimError as error:
            self._run.failures.append(error)
        finally:
            task = asyncio.current_task()
            self._attempts -= {task} if task else set()
            self.wake()

    async def _sleep(self, clock: WallClock) -> None:
        """Sleep until something is due, happens or changes."""
        ahead = (self.pipeline.next_due, self.pipeline.next_change)
        due = min((each for each in ahead if each is not None), default=None)
        try:
            async with asyncio.timeout(None if due is None else clock.until(due)):
                await self._news.wait()
        except TimeoutError:
            return

    async def _end_attempts(self, *, grace: float) -> None:
        """Let attempts end for a while, then break them off."""
        if self._attempts and grace:
            await asyncio.wait(self._attempts, timeout=grace)
        for task in self._attempts:
            task.cancel()
        if self._attempts:
            await asyncio.wait(self._attempts)

    # --- one attempt ---------------------------------------------------------------------------------------

    async def _carry(self, attempt: Attempt) -> None:
        """Run one attempt to its end and give its result back."""
        wire = LiveWire(self._run, self._listeners, attempt.mta_id)
        try:
            operation = self._advance(attempt, None)
            while operation is not None:
                operation = self._advance(attempt, await wire.do(operation))
        except (MailsimError, asyncio.CancelledError):
            wire.abort()
            raise
        except Exception as error:
            wire.abort()
            self._run.crashed(attempt.mta_id, f"{type(error).__name__}: {error}, while sending", cause=error)

    def _advance(self, attempt: Attempt, result: Result | None) -> Operation | None:
        """Go on to the next operation; None when the attempt is over and its outcome taken over."""
        self._run.tick()
        try:
            return next(attempt.steps) if result is None else attempt.steps.send(result)
        except StopIteration as end:
            outcomes = end.value
        self.pipeline.finish(outcomes)
        return None


def _require_versions(world: Topology) -> None:
    """Refuse a topology in which a host speaks versions of TLS that this machine does not."""
    hosts = {
        version: ", ".join(mta.id for mta in world.mtas.values() if version in mta.tls.spoken)
        for version in TlsVersion
        if not is_spoken(version)
    }
    missing = [f"TLS {version.value}, which {names} should" for version, names in hosts.items() if names]
    if missing:
        raise UnsupportedError(f"this machine's OpenSSL does not speak {'; nor '.join(missing)}")


def _tame_allocator() -> None:
    """Free one large block, which makes glibc keep the next ones.

    asyncio reads into 256 KiB at a time. Above malloc's threshold each such read maps and unmaps memory, which halves the
    throughput; freeing a mapped block raises the threshold to its size (mallopt(3), M_MMAP_THRESHOLD).
    """
    bytearray(_TAMING)
