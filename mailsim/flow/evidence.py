"""Which decisions led to an outcome, and what they say.

Called by ``flow.judge`` to find the text an expectation asks for, and by reports to explain a failed one. A refusal
is explained by the host that gave it, not by the one that heard it. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from mailsim.flow.conversation import NO_LOGIN
from mailsim.mail.reply import Reply
from mailsim.reason.check import Check, Verdict
from mailsim.reason.choice import Candidate, Choice
from mailsim.reason.cite import Grade
from mailsim.reason.decision import Decision, Reason
from mailsim.trace.connection import EHLO, stage_of
from mailsim.trace.events import (
    Connected,
    Deferred,
    Event,
    Exchanged,
    Hindered,
    NotSecured,
    Routed,
    Secured,
    Sent,
    TlsVerdict,
)
from mailsim.trace.hop import Attempt, Disposition, Hop, Outcome

ASSUMED = "(assumed)"
NOT_JUDGED = "(not judged)"


def says(check: Check) -> str:
    """Return a check in words: rule, what it saw, what it wanted where that is not met."""
    if check.verdict is Verdict.NOT_REACHED:
        return f"{check.rule}: {check.saw}" if check.saw != "not reached" else f"{check.rule}: not reached"
    wanted = f", wanted {check.wanted}" if check.failed and check.wanted else ""
    aside = f" ({check.aside})" if check.aside else ""
    saw = f": {check.saw}{aside}" if check.saw else ""
    return f"{check.rule}{saw}{wanted}{_reservation(check)}"


def _reservation(check: Check) -> str:
    if check.verdict is Verdict.UNKNOWN:
        return f" {NOT_JUDGED}"
    return f" {ASSUMED}" if check.cite.grade is Grade.ASSUMED else ""


def reservations(reason: Reason) -> Iterator[Check]:
    """Yield the checks that an answer rests on without being sure: assumed, or not judged.

    Of a choice only the winner's count; what a loser would have been is of no consequence.
    """
    if isinstance(reason, Check):
        if reason.verdict is Verdict.UNKNOWN or (
            reason.cite.grade is Grade.ASSUMED and reason.verdict is not Verdict.NOT_REACHED
        ):
            yield reason
    elif isinstance(reason, Choice):
        for check in reason.winner.checks if reason.winner else ():
            yield from reservations(check)
    else:
        for part in reason.because:
            yield from reservations(part)


def doubt(check: Check) -> str:
    """Return a reservation in words, with the name by which a scenario can decide it otherwise."""
    if check.verdict is Verdict.UNKNOWN:
        return f"{says(check)}"
    return f"{check.cite.key}: {check.cite.at}"


def says_of(choice: Choice[Any], candidate: Candidate[Any]) -> str:
    """Return in words why a candidate won or lost; a winner by the ranks that decided, else by what it met."""
    if not candidate.chosen:
        return candidate.lost_by
    lost_by = [each.lost_by for each in choice.candidates]
    deciding = [
        n
        for n, rank in enumerate(candidate.ranks)
        if any(text.startswith(f"{rank.name}:") for text in lost_by)
    ]
    ranks = candidate.ranks[: max(deciding, default=0) + 1]
    met = [check.saw for check in candidate.checks if check.verdict is Verdict.YES and check.saw]
    return ", ".join([f"{rank.name}: {rank.saw or rank.value}" for rank in ranks] or dict.fromkeys(met))


def nearest_loser(choice: Choice[Any]) -> Candidate[Any] | None:
    """Return the candidate that met most before it failed; None where there was none."""

    def met(candidate: Candidate[Any]) -> int:
        return next((n for n, check in enumerate(candidate.checks) if check.failed), len(candidate.checks))

    return max(choice.candidates, key=met, default=None)


def statements(reason: Reason) -> Iterator[str]:
    """Yield every line of an explanation as plain words, without sources."""
    if isinstance(reason, Check):
        yield says(reason)
    elif isinstance(reason, Choice):
        winner = reason.winner
        yield f"{reason.question} -> {winner.name if winner else 'none'}"
        for candidate in reason.candidates:
            yield f"{candidate.name}: {says_of(reason, candidate)}"
            yield from (says(check) for check in candidate.checks)
    else:
        yield f"{reason.question} -> {reason.answer}"
        for part in reason.because:
            yield from statements(part)


def explains(event: Event) -> bool:
    """Tell whether an event carries a decision that looked at anything."""
    return event.because is not None and _looked(event.because)


def _looked(reason: Reason) -> bool:
    if isinstance(reason, Check):
        return True
    parts: tuple[Any, ...] = reason.candidates if isinstance(reason, Choice) else reason.because
    return bool(parts) if isinstance(reason, Choice) else any(_looked(part) for part in parts)


def behind(outcome: Outcome) -> tuple[Event, ...]:
    """Return the events whose decisions led to an outcome, the decisive one first.

    For a failure: the refusal, then how the refusing host took the session, then why mail went there; where STARTTLS
    or AUTH was wanted and not offered, why not stands before all. For a delivery: the delivery, then how the mail got to each MTA, backwards.
    """
    last = outcome.hops[-1]
    refusal = _refusal(last, outcome)
    offers = _offers(refusal, last) if refusal else []
    withheld = [each for each in offers if _is_without_starttls(each)]
    found = [*withheld, refusal, *offers] if refusal else _logins(last, outcome)
    found += _hindered(last, outcome)
    found += [outcome.event] if outcome.event else []
    found += _receiving(refusal, last) if refusal else []
    for hop in reversed(outcome.hops):
        found += _hindered(hop, outcome)
        found += _routing(hop, outcome)
        found += [hop.connection.opened, *hop.connection.attributed_to(hop.names)] if hop.connection else []
    return distinct(found)


def distinct(events: Iterable[Event]) -> tuple[Event, ...]:
    """Return the events that explain anything, without those whose reasons an earlier one contains."""
    found: list[Event] = []
    for event in events:
        told = (known.because for known in found if known.because is not None)
        if explains(event) and not any(_contains(reason, event.because) for reason in told):
            found.append(event)
    return tuple(found)


def _contains(reason: Reason, part: Reason | None) -> bool:
    if reason == part:
        return True
    return isinstance(reason, Decision) and any(_contains(each, part) for each in reason.because)


def _refusal(hop: Hop, outcome: Outcome) -> Event | None:
    """Return the event at which the other side, or our own policy, ended the last attempt."""
    reply = waited_for(outcome) or outcome.reply
    for attempt in reversed(hop.attempts):
        if attempt.message != outcome.copy:
            continue
        connection = attempt.connection
        told = [each for each in connection.concerning(attempt.message) if _is_refusal(each, reply)]
        named = [each for each in told if f"<{outcome.final}>" in getattr(each.what, "command", "")]
        if told:
            return (named or told)[0]
        broken = [connection.not_secured, connection.client_tls]
        policy = next((each for each in broken if each and each.because and _is_broken(each)), None)
        if policy:
            return policy
    waits = (each for each in reversed(hop.events) if each.message == outcome.copy)
    return next((each for each in waits if _found_no_host(each, reply)), None)


def _hindered(hop: Hop, outcome: Outcome) -> list[Event]:
    """Return the faults of the scenario that kept a recipient at a host, the last first."""
    names = {name for name in hop.names if outcome.copy == name or outcome.copy.startswith(f"{name}.")}
    tried = [event for each in hop.attempts if each.message in names for event in each.connection.hindered]
    put_off = [event for event in hop.events if event.message in names and isinstance(event.what, Hindered)]
    mine = [event for event in (*tried, *put_off) if event.message in ("", *names)]
    return sorted(mine, key=lambda event: -event.seq)


def _found_no_host(event: Event, reply: Reply | None) -> bool:
    """Tell whether an attempt ended before a connection: its decision is the look-up."""
    deferred = isinstance(event.what, Deferred) and event.what.last_error == reply
    return deferred and isinstance(event.because, Decision)


def waited_for(outcome: Outcome) -> Reply | None:
    """Return the error that a recipient waited for until it expired; None for every other outcome."""
    if outcome.disposition is not Disposition.EXPIRED:
        return None
    happened = (event.what for event in outcome.hops[-1].events if event.message == outcome.copy)
    errors = [what.last_error for what in happened if isinstance(what, Deferred)]
    return errors[-1] if errors else None


def _is_refusal(event: Event, reply: Reply | None) -> bool:
    return isinstance(event.what, Exchanged | Connected) and event.what.reply == reply


def _is_broken(event: Event) -> bool:
    return not isinstance(event.what, Secured) or event.what.verdict == TlsVerdict.REJECTED


def _receiving(refusal: Event, hop: Hop) -> list[Event]:
    """Return how the host that refused had taken the session."""
    attempt = _attempt_of(refusal, hop)
    if attempt is None:
        return []
    connection = attempt.connection
    return [connection.opened, *connection.attributed_to((attempt.message,))]


def _offers(refusal: Event, hop: Hop) -> list[Event]:
    """Return, where TLS was missed or the certificate refused, what was offered: the answers to EHLO.

    A host that demands STARTTLS and itself never offered it is asked for its offer too.
    """
    attempt = _attempt_of(refusal, hop)
    answers = [_as_to("STARTTLS", each) for each in _greeted(attempt)] if attempt else []
    own = isinstance(refusal.what, NotSecured | Secured)
    missed = _demands_starttls(refusal) and all(_is_without_starttls(each) for each in answers)
    return answers if own or missed else []


def _demands_starttls(refusal: Event) -> bool:
    return isinstance(refusal.what, Exchanged) and "STARTTLS" in refusal.what.reply.text.upper()


def _logins(hop: Hop, outcome: Outcome) -> list[Event]:
    """Return, where a client found nothing to sign in with, the last answer to EHLO."""
    attempts = [each for each in hop.attempts if each.message == outcome.copy]
    if outcome.reply != NO_LOGIN or not attempts:
        return []
    return [_as_to("AUTH", each) for each in _greeted(attempts[-1])[-1:]]


def _greeted(attempt: Attempt) -> list[Event]:
    """Return the answers to EHLO in a session."""
    asked = ((each, each.what) for each in attempt.connection.exchanges)
    return [each for each, what in asked if isinstance(what, Exchanged) and stage_of(what.command) == EHLO]


def _as_to(keyword: str, answer: Event) -> Event:
    """Return an answer to EHLO with the reasons for one keyword alone, where it has such."""
    parts = answer.because.because if isinstance(answer.because, Decision) else ()
    found = (part for part in parts if isinstance(part, Decision) and part.question == keyword)
    return replace(answer, because=next(found, answer.because))


def _is_without_starttls(answer: Event) -> bool:
    lines = answer.what.reply.lines[1:] if isinstance(answer.what, Exchanged) else ()
    return "STARTTLS" not in (line.upper() for line in lines)


def _attempt_of(refusal: Event, hop: Hop) -> Attempt | None:
    return next((each for each in hop.attempts if each.connection.session == refusal.session), None)


def _routing(hop: Hop, outcome: Outcome) -> list[Event]:
    """Return why mail for the recipient went where it went; the look-up too where its answer was not of that instant."""
    names = {outcome.copy, *(name for name in hop.names if outcome.copy.startswith(f"{name}."))}
    own = [each for each in hop.events if each.message in names]
    looked_up = [each for each in own if isinstance(each.what, Sent) and _is_remembered(each.because)]
    return [*looked_up, *(each for each in own if isinstance(each.what, Routed))]


def _is_remembered(reason: Reason | None) -> bool:
    """Tell whether a look-up says how it came by its answer, such as from a cache."""
    parts = reason.because if isinstance(reason, Decision) else ()
    return any(isinstance(part, Check) and part.aside for part in parts)
