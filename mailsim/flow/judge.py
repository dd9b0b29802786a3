"""Hold what happened against what a scenario expects.

Called after a prediction and after a live run, with the events of either; pure, so both are judged alike. Every
expectation becomes a finding that says what was seen and names the decisions that led there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mailsim.flow.case import Case, Verdict
from mailsim.flow.expectation import (
    Because,
    ConnectorAt,
    DeliveredTo,
    DispositionOf,
    EhloOf,
    EnvelopeAt,
    Expectation,
    Expectations,
    HeaderOf,
    HeaderOrder,
    NotDeliveredTo,
    NotifiedOf,
    NotReported,
    PeerAt,
    QueuedAt,
    RejectedBy,
    ReportedTo,
    TlsBetween,
    show,
)
from mailsim.flow.judge_content import judge_because, judge_header, judge_header_order
from mailsim.flow.judge_fate import (
    judge_delivered,
    judge_disposition,
    judge_not_delivered,
    judge_not_reported,
    judge_notified,
    judge_queued,
    judge_reported,
)
from mailsim.flow.judge_session import (
    judge_connector,
    judge_ehlo,
    judge_envelope,
    judge_peer,
    judge_rejected,
    judge_tls,
)
from mailsim.flow.scenario import Scenario
from mailsim.reason.decision import Reason
from mailsim.trace.events import Event
from mailsim.trace.hop import PathTree
from mailsim.trace.paths import trees


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One expectation and how it came out.

    Args:
        message: the message it is about.
        expectation: it, in the scenario's words.
        met: whether the run is as expected.
        saw: what the run was, in one line.
        origin: ``file:line`` of the expectation, empty where there is none.
        because: the events whose decisions led there, the decisive one first.
    """

    message: str
    expectation: str
    met: bool
    saw: str
    origin: str
    because: tuple[Event, ...] = ()

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Return the decisions that led there, the decisive one first."""
        return tuple(event.because for event in self.because if event.because is not None)


def judge(
    expectations: Mapping[str, Expectations], scenario: Scenario, events: Iterable[Event]
) -> tuple[Finding, ...]:
    """Judge expectations.

    Args:
        expectations: by message; usually the scenario's own.
        scenario: says what names mean, and when the run began and ended.
        events: the whole trace of a prediction or of a live run.

    Returns:
        One finding for each expectation, in the order written.
    """
    happened = tuple(events)
    known = {tree.message: tree for tree in trees(happened)}
    return tuple(
        finding
        for message, expected in expectations.items()
        for finding in _judge_message(Case(scenario, happened, _tree(known, message), known), expected)
    )


def _tree(known: Mapping[str, PathTree], message: str) -> PathTree:
    """Return what happened to a message; nothing, when the run ended before it was handed in."""
    return known.get(message) or PathTree(message=message, root=None)


def _judge_message(case: Case, expected: Expectations) -> Iterator[Finding]:
    for expectation in expected:
        verdict = _judge_one(case, expectation)
        yield Finding(
            message=case.tree.message,
            expectation=show(expectation),
            met=verdict.met,
            saw=verdict.saw,
            origin=str(expectation.origin or ""),
            because=verdict.because,
        )


def _judge_one(case: Case, expectation: Expectation) -> Verdict:
    return _JUDGES[type(expectation)](case, expectation)


_JUDGES: Mapping[type, Callable[[Case, Any], Verdict]] = {
    DeliveredTo: judge_delivered,
    NotDeliveredTo: judge_not_delivered,
    RejectedBy: judge_rejected,
    QueuedAt: judge_queued,
    ReportedTo: judge_reported,
    NotifiedOf: judge_notified,
    NotReported: judge_not_reported,
    HeaderOf: judge_header,
    HeaderOrder: judge_header_order,
    EnvelopeAt: judge_envelope,
    TlsBetween: judge_tls,
    EhloOf: judge_ehlo,
    ConnectorAt: judge_connector,
    PeerAt: judge_peer,
    Because: judge_because,
    DispositionOf: judge_disposition,
}
