"""The result of a run as one JSON document, for programs that do not want to read text.

Called by the command line for ``--json``. Messages with the outcome of each recipient and the events of their journey,
and every expectation with the decisions that led there. Equal runs give equal documents; keys are only ever added.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from mailsim.flow.judge import Finding
from mailsim.flow.scenario import Scenario
from mailsim.mail.address import show_path
from mailsim.report.text import in_reading_order
from mailsim.trace.codec import encode, encode_reason, encode_reply, encode_time
from mailsim.trace.events import Event
from mailsim.trace.hop import Outcome, PathTree
from mailsim.trace.paths import trees


def document(scenario: Scenario, events: Iterable[Event], findings: Sequence[Finding]) -> dict[str, Any]:
    """Return the result of a run as JSON values.

    Args:
        scenario: what was run.
        events: the whole trace, predicted or observed.
        findings: what ``judge`` made of it.
    """
    order = [each.name for each in scenario.submissions]
    return {
        "scenario": scenario.name,
        "start": encode_time(scenario.topology.start),
        "until": encode_time(scenario.until) if scenario.until else None,
        "met": all(finding.met for finding in findings),
        "messages": [_message(tree, about) for tree, about in in_reading_order(trees(events), order)],
        "expectations": [_finding(finding) for finding in findings],
        "warnings": [str(warning) for warning in scenario.warnings],
    }


def _message(tree: PathTree, about: str) -> dict[str, Any]:
    return {
        "name": tree.message,
        "reports_about": about,
        "reverse_path": show_path(tree.reverse_path).strip("<>") or "<>",
        "recipients": [str(recipient) for recipient in tree.recipients],
        "subject": tree.subject,
        "reports": list(tree.reports),
        "outcomes": [_outcome(outcome) for outcome in tree.outcomes()],
        "journey": [encode(event) for event in tree.events],
    }


def _outcome(outcome: Outcome) -> dict[str, Any]:
    return {
        "recipient": str(outcome.recipient),
        "final": str(outcome.final),
        "disposition": outcome.disposition.value,
        "mta": outcome.mta,
        "at": encode_time(outcome.at),
        "hops": [hop.mta for hop in outcome.hops],
        "reply": encode_reply(outcome.reply) if outcome.reply else None,
    }


def _finding(finding: Finding) -> dict[str, Any]:
    decided = ((event.mta, event.because) for event in finding.because)
    return {
        "message": finding.message,
        "expectation": finding.expectation,
        "met": finding.met,
        "saw": finding.saw,
        "origin": finding.origin,
        "because": [{"mta": mta, **encode_reason(reason)} for mta, reason in decided if reason is not None],
    }
