"""What a program does with mailsim: load a scenario, predict it, run it, hold the two against each other.

``predict`` needs no sockets; ``run`` starts real servers on loopback and returns when nothing is in flight. Both return
a ``Result`` whose events and findings mean the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from os import PathLike, fspath

from mailsim.config.load import load as load_file
from mailsim.flow.compare import Difference, differences
from mailsim.flow.judge import Finding, judge
from mailsim.flow.pipeline import Pipeline
from mailsim.flow.predict import run_until_quiet
from mailsim.flow.scenario import Scenario
from mailsim.mta.registry import Kinds
from mailsim.pki import Pki
from mailsim.trace.events import Event
from mailsim.trace.log import EventLog


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a scenario.

    Args:
        scenario: what was run.
        events: everything that happened, in order.
        findings: every expectation with whether it was met.
    """

    scenario: Scenario
    events: tuple[Event, ...]
    findings: tuple[Finding, ...]

    @property
    def met(self) -> bool:
        """Whether every expectation was met."""
        return all(finding.met for finding in self.findings)


@dataclass(frozen=True, slots=True)
class Comparison:
    """A prediction beside a live run."""

    predicted: Result
    observed: Result
    differences: tuple[Difference, ...]

    @property
    def met(self) -> bool:
        """Whether both met every expectation and do not differ."""
        return self.predicted.met and self.observed.met and not self.differences


def load(path: str | PathLike[str]) -> Scenario:
    """Load a scenario from a file.

    Raises:
        ScenarioError: with every fault of the text.
    """
    return load_file(fspath(path))


def pki_of(scenario: Scenario, stored: Mapping[str, bytes] | None = None) -> Pki:
    """Return the keys and certificates of a scenario.

    Args:
        scenario: the scenario.
        stored: PEM files by name, as ``Pki.export`` gives them; what lies there is used again.
    """
    world = scenario.topology
    return Pki(world.authorities.values(), world.certificates.values(), stored or {})


def pipeline_of(scenario: Scenario, pki: Pki | None = None) -> Pipeline:
    """Return a run that has not begun, with every message of the scenario to be handed in."""
    pipeline = Pipeline(scenario.topology, Kinds(), pki or pki_of(scenario), EventLog())
    for submission in scenario.submissions:
        pipeline.submit(submission)
    return pipeline


def predict(
    scenario: Scenario, *, pki: Pki | None = None, on_event: Callable[[Event], None] | None = None
) -> Result:
    """Predict a scenario: every decision and every reply, without a socket.

    Args:
        scenario: what to predict.
        pki: keys and certificates to use; by default new ones.
        on_event: called with every event as it happens.
    """
    pipeline = _listening(pipeline_of(scenario, pki), on_event)
    run_until_quiet(pipeline, scenario.until)
    return _result(scenario, pipeline)


def run(
    scenario: Scenario,
    *,
    pki: Pki | None = None,
    real_time: bool = False,
    on_event: Callable[[Event], None] | None = None,
) -> Result:
    """Run a scenario on loopback: real servers, real TLS, real connections.

    Args:
        scenario: what to run.
        pki: keys and certificates to use; by default new ones.
        real_time: let time pass instead of jumping to what is due next.
        on_event: called with every event as it happens.

    Raises:
        LiveError: the machine refuses something the run needs.
        Bug: mailsim contradicted itself.
    """
    pipeline = _listening(pipeline_of(scenario, pki), on_event)
    asyncio.run(_run(pipeline, scenario, real_time=real_time))
    return _result(scenario, pipeline)


def compare(scenario: Scenario, *, pki: Pki | None = None) -> Comparison:
    """Predict and run a scenario with the same certificates and list every difference."""
    shared = pki or pki_of(scenario)
    predicted, observed = predict(scenario, pki=shared), run(scenario, pki=shared)
    return Comparison(predicted, observed, differences(predicted.events, observed.events))


async def _run(pipeline: Pipeline, scenario: Scenario, *, real_time: bool) -> None:
    from mailsim.live.worker import LiveRun  # noqa: PLC0415 - predicting needs no sockets

    async with LiveRun(pipeline) as live:
        if real_time:
            await live.run_on_wall_time(scenario.until)
        else:
            await live.run_until_quiet(scenario.until)


def _listening(pipeline: Pipeline, on_event: Callable[[Event], None] | None) -> Pipeline:
    if on_event is not None:
        pipeline.log.listen(on_event)
    return pipeline


def _result(scenario: Scenario, pipeline: Pipeline) -> Result:
    events = tuple(pipeline.log.events)
    return Result(scenario, events, judge(scenario.expectations, scenario, events))
