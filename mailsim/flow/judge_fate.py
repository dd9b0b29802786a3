"""Judge expectations about how recipients ended: delivered, queued, reported, disposed of."""

from __future__ import annotations

from collections.abc import Iterable

from mailsim.flow.case import Case, Verdict, clock, listed
from mailsim.flow.evidence import behind, distinct
from mailsim.flow.expectation import (
    DeliveredTo,
    DispositionOf,
    NotDeliveredTo,
    NotifiedOf,
    NotReported,
    QueuedAt,
    ReportedTo,
)
from mailsim.mail.address import Mailbox
from mailsim.mail.dsn import Action
from mailsim.mail.reply import Reply
from mailsim.trace.events import Deferred, Delivered, Event, Failed, Notified
from mailsim.trace.hop import Disposition, Outcome
from mailsim.trace.paths import trees

NOBODY = "the message has no such recipient"


def judge_delivered(case: Case, expected: DeliveredTo) -> Verdict:
    """Every outcome of the recipient is a delivery, at that MTA, by that path, so many times."""
    outcomes = case.outcomes(expected.to)
    wrong = [outcome for outcome in outcomes if not _as_expected(case, outcome, expected)]
    copies = _copies(case, outcomes)
    enough = expected.copies is None or copies == expected.copies
    met = bool(outcomes) and not wrong and enough
    saw = listed((_delivery(case, each) for each in wrong or outcomes), NOBODY)
    if expected.copies is not None and not wrong and outcomes:
        saw += f" ({copies} {'copy' if copies == 1 else 'copies'})"
    return Verdict(met, saw, _because(wrong or outcomes))


def _as_expected(case: Case, outcome: Outcome, expected: DeliveredTo) -> bool:
    path = [hop.mta for hop in outcome.hops]
    return (
        outcome.disposition is Disposition.DELIVERED
        and (not expected.at or outcome.mta == case.mta(expected.at))
        and (not expected.hops or path == [case.mta(name) for name in expected.hops])
    )


def _delivery(case: Case, outcome: Outcome) -> str:
    """Describe an outcome; of a delivery its path matters."""
    if outcome.disposition is not Disposition.DELIVERED or len(outcome.hops) == 1:
        return case.describe(outcome)
    return f"{case.describe(outcome)}, by way of {' > '.join(hop.mta for hop in outcome.hops)}"


def _copies(case: Case, outcomes: tuple[Outcome, ...]) -> int:
    """Count the copies in the mailboxes that the outcomes are about."""
    mailboxes = {outcome.final.key for outcome in outcomes}
    delivered = (event.what for event in case.delivered())
    return sum(isinstance(what, Delivered) and what.recipient.key in mailboxes for what in delivered)


def judge_not_delivered(case: Case, expected: NotDeliveredTo) -> Verdict:
    """No outcome of the recipient is a delivery."""
    outcomes = case.outcomes(expected.to)
    wrong = [outcome for outcome in outcomes if outcome.disposition is Disposition.DELIVERED]
    return Verdict(
        not wrong,
        listed((_delivery(case, each) for each in wrong or outcomes), NOBODY),
        _because(wrong or outcomes),
    )


def judge_disposition(case: Case, expected: DispositionOf) -> Verdict:
    """Every outcome of the recipient is the one expected."""
    outcomes = case.outcomes(expected.to)
    wrong = [outcome for outcome in outcomes if outcome.disposition is not expected.disposition]
    met = bool(outcomes) and not wrong
    return Verdict(met, listed(map(case.describe, wrong or outcomes), NOBODY), _because(wrong or outcomes))


def _because(outcomes: Iterable[Outcome]) -> tuple[Event, ...]:
    return distinct(event for outcome in outcomes for event in behind(outcome))


def judge_queued(case: Case, expected: QueuedAt) -> Verdict:
    """At that time, some recipient waits in a queue there, for that error."""
    start, until = case.scenario.topology.start, case.scenario.until
    when = None if expected.at is None else start + expected.at
    if when is not None and until is not None and when > until:
        return Verdict(met=False, saw=f"the run ended before, {clock(until, start)}")
    outcomes = _outcomes_then(case, expected)
    met = any(_waits(case, outcome, expected) for outcome in outcomes)
    then = f"{clock(when, start)}: " if when else ""
    return Verdict(met, then + listed(map(case.describe, outcomes), "no recipient of it"), _because(outcomes))


def _outcomes_then(case: Case, expected: QueuedAt) -> tuple[Outcome, ...]:
    """Return the outcomes as they stood at the time asked for."""
    if expected.at is None:
        return case.outcomes(expected.to)
    when = case.scenario.topology.start + expected.at
    then = trees(event for event in case.events if event.at <= when)
    found = (outcome for tree in then if tree.message == case.tree.message for outcome in tree.outcomes())
    return tuple(outcome for outcome in found if expected.to is None or outcome.concerns(expected.to))


def _waits(case: Case, outcome: Outcome, expected: QueuedAt) -> bool:
    deferred = outcome.event.what if outcome.event else None
    return (
        isinstance(deferred, Deferred)
        and outcome.disposition is Disposition.QUEUED
        and (not expected.host or outcome.mta == case.mta(expected.host))
        and expected.last_error.lower() in str(deferred.last_error).lower()
    )


def judge_reported(case: Case, expected: ReportedTo) -> Verdict:
    """Some report about the message is the one expected."""
    reports = [event for event in _reports(case) if _addressed(case, event, expected)]
    matching = [
        event for event in reports if _tells(case, event, expected) and _arrived(case, event, expected)
    ]
    saw = listed((_report(case, event) for event in reports or _reports(case)), "no report; " + _ends(case))
    return Verdict(bool(matching), saw, _because(case.outcomes(None)))


def judge_notified(case: Case, expected: NotifiedOf) -> Verdict:
    """Some notification about the message is the one expected."""
    told = _reports(case, expected.action)
    matching = [
        event
        for event in told
        if _addressed(case, event, expected)
        and any(expected.text.lower() in body.lower() for body in (*_bodies(case, event), str(event.what)))
        and _arrived(case, event, expected)
    ]
    saw = listed((_report(case, event) for event in told), f"nobody was told of {expected.action.value}")
    return Verdict(bool(matching), saw, _because(case.outcomes(None)))


def judge_not_reported(case: Case, _expected: NotReported) -> Verdict:
    """There is no report about the message."""
    reports = _reports(case)
    return Verdict(
        not reports,
        listed((_report(case, event) for event in reports), "no report"),
        _because(case.outcomes(None)),
    )


def _reports(case: Case, action: Action = Action.FAILED) -> list[Event]:
    happened = (event for hop in case.tree.hops for event in hop.events)
    return [event for event in happened if isinstance(event.what, Notified) and event.what.action == action]


def _addressed(case: Case, event: Event, expected: ReportedTo | NotifiedOf) -> bool:
    by = not expected.by or event.mta == case.mta(expected.by)
    return by and isinstance(event.what, Notified) and expected.to in (None, event.what.to)


def _tells(case: Case, event: Event, expected: ReportedTo) -> bool:
    replies = _replies(case, event)
    bodies = _bodies(case, event)
    coded = not expected.code or any(expected.code in (reply.enhanced, str(reply.code)) for reply in replies)
    # a vendor may report another code than the remote gave
    coded = coded or any(f"\nStatus: {expected.code}\r\n" in body for body in bodies)
    texts = [*(str(reply) for reply in replies), *bodies]
    return coded and any(expected.text.lower() in text.lower() for text in texts)


def _replies(case: Case, event: Event) -> list[Reply]:
    """Return the replies that the failures behind a report stand for."""
    if not isinstance(event.what, Notified):
        return []
    about: set[Mailbox] = set(event.what.about)
    failed = (
        each.what for each in case.tree.events if each.mta == event.mta and isinstance(each.what, Failed)
    )
    return [event.what.reply, *(what.reply for what in failed if about & set(what.recipients))]


def _bodies(case: Case, event: Event) -> list[str]:
    """Return the text of a report where it was delivered."""
    tree = case.trees.get(event.what.report) if isinstance(event.what, Notified) else None
    happened = (each.what for hop in (tree.hops if tree else ()) for each in hop.events)
    return [what.message.body.decode("utf-8", "replace") for what in happened if isinstance(what, Delivered)]


def _arrived(case: Case, event: Event, expected: ReportedTo | NotifiedOf) -> bool:
    return expected.delivered is None or expected.delivered == _is_delivered(case, event)


def _is_delivered(case: Case, event: Event) -> bool:
    tree = case.trees.get(event.what.report) if isinstance(event.what, Notified) else None
    return tree is not None and all(each.disposition is Disposition.DELIVERED for each in tree.outcomes())


def _report(case: Case, event: Event) -> str:
    what = event.what
    if not isinstance(what, Notified):
        return ""
    arrived = "delivered" if _is_delivered(case, event) else "not delivered"
    about = ", ".join(map(str, what.about))
    return f"{event.mta} told {what.to} about {about} ({what.report}, {arrived}): {what.reply}"


def _ends(case: Case) -> str:
    return listed(map(case.describe, case.outcomes(None)), "the message never entered")
