"""What a person reads after a run: what became of each message, how it got there, and what was not as expected.

Called by the command line, by the pytest plugin and by the interface. First the outcome of every recipient with the
reason it did not get through, then the journey; at the end every expectation, a failed one with the decisions that
led there. Lines are plain text of at most ``WIDTH`` columns, coloured by the style given.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from mailsim.flow.case import clock, how
from mailsim.flow.evidence import behind, distinct, doubt, reservations, waited_for
from mailsim.flow.judge import Finding
from mailsim.report.explain import explain_event
from mailsim.report.journey import journey_lines
from mailsim.report.style import PLAIN, Style, fold
from mailsim.report.why import why
from mailsim.trace.events import Crashed, Event, Failed, RuleRan
from mailsim.trace.hop import Disposition, Outcome, PathTree
from mailsim.trace.paths import trees

MOST_DECISIONS_SHOWN = 3
"""A failed expectation is explained by so many decisions, the decisive one first."""

MOST_REASONS_SHOWN = 3
"""A recipient that did not get through is explained in so many lines."""


def report_lines(
    events: Iterable[Event],
    findings: Sequence[Finding] = (),
    style: Style = PLAIN,
    *,
    order: Sequence[str] = (),
    since: datetime | None = None,
) -> list[str]:
    """Return the whole report: crashes, messages, expectations.

    Args:
        events: a whole trace, predicted or observed.
        findings: what ``judge`` made of it; empty when nothing was expected.
        style: how lines look.
        order: names of messages in the order in which they are told; others follow in the order of the trace.
        since: when the scenario begins, UTC; times of another day show their date.
    """
    happened = tuple(events)
    lines = _crashes(happened, style)
    for tree, about in in_reading_order(trees(happened), order):
        lines += [*message_lines(tree, style, about=about, since=since), ""]
    return lines + finding_lines(findings, style) if findings else lines[:-1]


def in_reading_order(found: tuple[PathTree, ...], order: Sequence[str] = ()) -> list[tuple[PathTree, str]]:
    """Return messages, each with its reports behind it; of a report, also the message it is about."""
    places = {name: place for place, name in enumerate(order)}
    found = tuple(sorted(found, key=lambda tree: places.get(tree.message, len(places))))
    by_name = {tree.message: tree for tree in found}
    about = {name: tree.message for tree in found for name in tree.reports}
    ordered: list[tuple[PathTree, str]] = []
    for tree in found:
        if tree.message not in about:
            reports = (by_name[name] for name in tree.reports if name in by_name)
            ordered += [(tree, ""), *((report, tree.message) for report in reports)]
    return ordered


def overview_lines(events: Iterable[Event], style: Style = PLAIN) -> list[str]:
    """Return one line for each recipient of each message: what became of it."""
    ordered = in_reading_order(trees(events))
    width = max((len(tree.message) for tree, _ in ordered), default=0)
    return [
        line
        for tree, _ in ordered
        for ends in _alike(tree.outcomes(), None)
        for line in _outcome(ends, style, None, first=f"{tree.message:<{width}}  ")
    ]


def message_lines(
    tree: PathTree, style: Style = PLAIN, *, about: str = "", since: datetime | None = None
) -> list[str]:
    """Return one message: who to whom, how each recipient ended and why, and the journey.

    Args:
        tree: the message.
        style: how lines look.
        about: the message it reports about, empty when it is no report.
        since: when the scenario begins, UTC; by default when the message entered.
    """
    lines = _heading(tree, style, about)
    for ends in _alike(tree.outcomes(), since):
        lines += [*_outcome(ends, style, since, first="  "), *_why(ends[0], style), *_doubts(ends[0], style)]
    return lines if _went_nowhere(tree) else lines + journey_lines(tree, style, since=since)


def decision_lines(tree: PathTree, style: Style = PLAIN) -> list[str]:
    """Return every decision made about a message, in order, with its reasons."""
    return [line for event in distinct(tree.events) for line in explain_event(event, style)]


def _heading(tree: PathTree, style: Style, about: str) -> list[str]:
    if tree.root is None:
        return [style.paint("strong", f"{tree.message}  never accepted")]
    sender = str(tree.reverse_path or "<>")
    note = f"  report about {about}" if about else f'  "{tree.subject}"' if tree.subject else ""
    text = f"{tree.message}  {sender} -> {', '.join(map(str, tree.recipients))}{note}"
    return [style.paint("strong", line) for line in fold(text, first="", rest="    ")]


def _went_nowhere(tree: PathTree) -> bool:
    """Tell whether the outcomes say it all: delivered where the message was made."""
    ends = tree.outcomes()
    at_once = bool(ends) and all(
        len(end.hops) == 1 and end.disposition is Disposition.DELIVERED for end in ends
    )
    return at_once and not any(isinstance(event.what, RuleRan) for event in tree.events)


def _alike(outcomes: tuple[Outcome, ...], since: datetime | None) -> list[list[Outcome]]:
    """Return outcomes with the same end together, in the order of the first of each."""
    grouped: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        grouped.setdefault(_end(outcome, since), []).append(outcome)
    return list(grouped.values())


def _end(outcome: Outcome, since: datetime | None) -> str:
    """Return how a recipient ended: how, where, when, and whose words stand for it."""
    what = outcome.event.what if outcome.event else None
    another = isinstance(what, Failed) and what.remote and outcome.disposition is not Disposition.REFUSED
    said = f" {what.remote} said" if isinstance(what, Failed) and another else ""
    reply = f":{said} {outcome.reply}" if outcome.reply else ""
    waited = f"; waited for {error}" if (error := waited_for(outcome)) else ""
    return f"{how(outcome)}, {clock(outcome.at, since or outcome.hops[0].arrived.at)}{reply}{waited}"


def _outcome(ends: list[Outcome], style: Style, since: datetime | None, *, first: str) -> list[str]:
    mark, tone = _mark(ends[0].disposition, style)
    text = f"{', '.join(_recipient(outcome) for outcome in ends)}  {_end(ends[0], since)}"
    return [
        style.paint(tone, line)
        for line in fold(text, first=f"{first}{mark} ", rest=" " * len(first) + "    ")
    ]


def _recipient(outcome: Outcome) -> str:
    became = f" (as {outcome.final})" if outcome.final.key != outcome.recipient.key else ""
    return f"{outcome.recipient}{became}"


def _mark(disposition: Disposition, style: Style) -> tuple[str, str]:
    match disposition:
        case Disposition.DELIVERED | Disposition.LEFT:
            return style.met, "good"
        case Disposition.QUEUED:
            return style.waits, "unsure"
        case _:
            return style.unmet, "bad"


def _why(outcome: Outcome, style: Style) -> list[str]:
    """Return why a recipient did not get through, the decisive reason first."""
    lines: list[str] = []
    for text in why(outcome)[:MOST_REASONS_SHOWN]:
        lines += fold(text, first="           " if lines else "      why: ", rest="             ")
    return [style.paint("unsure", line) for line in lines]


def _doubts(outcome: Outcome, style: Style) -> list[str]:
    """Return what the outcome rests on without being sure: what is assumed, and what is not judged."""
    found = (check for event in behind(outcome) if event.because for check in reservations(event.because))
    texts = list(dict.fromkeys(doubt(check) for check in found))[:MOST_REASONS_SHOWN]
    lines: list[str] = []
    for text in texts:
        lines += fold(text, first="             " if lines else "      rests on: ", rest="                ")
    return [style.paint("unsure", line) for line in lines]


def finding_lines(findings: Sequence[Finding], style: Style = PLAIN) -> list[str]:
    """Return every expectation, met or not; one that is not is explained."""
    met = sum(finding.met for finding in findings)
    tone = "good" if met == len(findings) else "bad"
    lines = [style.paint(tone, f"{met} of {len(findings)} expectations met")]
    for finding in findings:
        lines += _finding(finding, style)
    return lines


def _finding(finding: Finding, style: Style) -> list[str]:
    mark, tone = (style.met, "good") if finding.met else (style.unmet, "bad")
    place = f"  {finding.origin}" if finding.origin and not finding.met else ""
    text = f"{finding.message}  {finding.expectation}{place}"
    lines = [style.paint(tone, line) for line in fold(text, first=f"  {mark} ", rest="      ")]
    return lines if finding.met else [*lines, *explanation_lines(finding, style)]


def explanation_lines(finding: Finding, style: Style = PLAIN) -> list[str]:
    """Return what was seen instead of what was expected, and the decisions that led there."""
    lines = fold(f"saw: {finding.saw}", first="      ", rest="           ")
    for event in finding.because[:MOST_DECISIONS_SHOWN]:
        lines += explain_event(event, style, indent="      ")
    return lines


def _crashes(events: tuple[Event, ...], style: Style) -> list[str]:
    """Name bugs of mailsim first: what follows cannot be trusted."""
    texts = [
        f"mailsim failed at {event.mta}: {event.what.text}"
        for event in events
        if isinstance(event.what, Crashed)
    ]
    return [style.paint("bad", line) for text in texts for line in fold(text, first="", rest="  ")]
