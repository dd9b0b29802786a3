"""Why a recipient did not get through, in a few lines that an administrator can act on.

Called by ``text`` for every recipient that was not delivered. Rules:

1. What decided against the mail comes first, then what might have gone another way, then what else was in want of something.
2. Of the reasons of one decision those that name a property come first, since it can be changed; then those that name an object;
   a statement about the mail alone, such as that nobody has its domain, mostly follows from these and comes last.
3. In a loop no single decision is against the mail, but one of them is to be changed: the way once round comes first, then what
   kept a connector from knowing the host that brought the mail back.
4. What is refused because nobody inside wrote it is explained by the decision that said so.

Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import IntEnum
from typing import Any, NamedTuple

from mailsim.flow.evidence import behind, nearest_loser, says
from mailsim.reason.check import Check, Verdict
from mailsim.reason.choice import Choice
from mailsim.reason.decision import REFUSED, Decision, Reason
from mailsim.trace.events import Attributed, Connected, Event, Routed
from mailsim.trace.hop import Disposition, Hop, Outcome

AUTHOR = "AuthAs"
"""The word of both products for who wrote a message; what is refused for it is explained by who decided about it."""


def why(outcome: Outcome) -> list[str]:
    """Return the reasons, each with the MTA that decided and the place of what it names; empty for a delivery."""
    if outcome.disposition in (Disposition.DELIVERED, Disposition.LEFT):
        return []
    events = behind(outcome)
    if outcome.disposition is Disposition.LOOPED:
        turns = _last_round(outcome)
        missed = [text for event in _brought_back(turns) for text in _missed(event)]
        against = sorted((each for event in events for each in _held(event)), key=lambda gist: gist.place)
        return _each_once((*map(_turn, turns), *missed, *(gist.text for gist in against)))
    first, *others = [gist.text for event in events for gist in _held(event)] or [""]
    chosen = [each for each in events if isinstance(each.what, Connected | Attributed | Routed)]
    otherwise = [f"{event.mta}: {text}" for event in chosen for text in _otherwise(event)]
    author = _author(outcome) if AUTHOR in first else []
    return _each_once((first, *author, *otherwise, *others))


def _held(event: Event) -> list[_Gist]:
    """Return what an event's decision held against the mail, with the MTA that decided."""
    found = sorted(_gists(event.because), key=lambda gist: gist.place) if event.because is not None else ()
    return [_Gist(f"{event.mta}: {text}", place) for text, place in found]


def _otherwise(event: Event) -> list[str]:
    """Return the alternatives of an event; connectors of other tenants, which know other hosts, are none."""
    return alternatives(event.because, near=not isinstance(event.what, Attributed))


def _author(outcome: Outcome) -> list[str]:
    """Return why the message does not count as written inside, as the MTA decided that took it and now refuses it."""
    hop = outcome.hops[-1]
    taken = hop.connection.about.get(hop.message, ()) if hop.connection else ()
    parts = [part for event in taken if isinstance(event.because, Decision) for part in event.because.because]
    asked = [part for part in parts if isinstance(part, Decision) and AUTHOR in part.question]
    wanting = [check for part in asked for check in part.because if isinstance(check, Check) and check.failed]
    return [f"{hop.mta}: {_located(says(check), check.source)}" for check in wanting]


def _each_once(texts: Iterable[str]) -> list[str]:
    return [text for text in dict.fromkeys(texts) if text]


# --- what decided against something -----------------------------------------------------------------------


class _Place(IntEnum):
    """What a reason points to, the most useful first."""

    PROPERTY = 0
    OBJECT = 1
    NOTHING = 2


class _Gist(NamedTuple):
    text: str
    place: _Place


def gists(reason: Reason) -> list[str]:
    """Return what decided against something, one line each, the decisive one first; empty when nothing did.

    A decision decided against something when it refused, or when the last that it looked at did; what failed on the way to a
    yes is no reason. Of a choice without a winner, the candidate that came nearest is named. Among reasons that point to the same kind of
    thing the last that was looked at comes first.
    """
    return [gist.text for gist in sorted(_gists(reason), key=lambda gist: gist.place)]


def _gists(reason: Reason) -> Iterator[_Gist]:
    if isinstance(reason, Check):
        if _against(reason):
            place = _Place.PROPERTY if reason.source else _Place.NOTHING
            yield _Gist(_located(says(reason), reason.source), place)
    elif isinstance(reason, Choice):
        if _against(reason):
            yield _nearest(reason)
        yield from (_Gist(says(check), _Place.NOTHING) for check in reason.unknowns)
    elif (decisive := _decisive(reason)) is not None:
        yield from _gists(decisive)
        for part in _reached(reason):
            if part is not decisive:
                yield from _gists(part)


def _against(reason: Reason) -> bool:
    if isinstance(reason, Check):
        return reason.verdict in (Verdict.NO, Verdict.UNKNOWN)
    if isinstance(reason, Choice):
        return reason.winner is None
    return _decisive(reason) is not None


def _decisive(decision: Decision[Any]) -> Reason | None:
    """Return the part by which a decision was against something; behind a refusal there may stand what follows from it."""
    parts = _reached(decision)
    if decision.answer != REFUSED:
        parts = parts[-1:]
    return next((part for part in reversed(parts) if _against(part)), None)


def _reached(decision: Decision[Any]) -> list[Reason]:
    def missed(part: Reason) -> bool:
        return isinstance(part, Check) and part.verdict is Verdict.NOT_REACHED

    return [part for part in decision.because if not missed(part)]


def _nearest(choice: Choice[Any]) -> _Gist:
    nearest = nearest_loser(choice)
    if nearest is None:
        return _Gist(f"no {choice.question}: there is no candidate", _Place.NOTHING)
    failed = next((check for check in nearest.checks if check.failed), None)
    place = failed.source if failed else ""
    text = f"no {choice.question}; nearest is {nearest.name}: {nearest.lost_by}"
    return _Gist(_located(text, place or nearest.source), _Place.PROPERTY if place else _Place.OBJECT)


def _located(text: str, source: str) -> str:
    return f"{text}  {source}" if source else text


# --- what might have gone another way ---------------------------------------------------------------------


def alternatives(reason: Reason | None, *, near: bool = True) -> list[str]:
    """Return what a choice could have come to instead of its winner, each with the place that made the difference.

    Of the candidates that were eligible the first that lost by a rank; then those that serve the mail and lack one thing: all
    checks are met but one, and that one is not the scope by which the winner was found.

    Args:
        reason: a choice, or a decision that rests on choices.
        near: whether candidates that lack one thing are told.
    """
    if isinstance(reason, Decision):
        return [text for part in reason.because for text in alternatives(part, near=near)]
    if not isinstance(reason, Choice) or reason.winner is None:
        return []
    decided = deciding_check(reason)
    place, scope = (decided.source, decided.rule) if decided else (reason.winner.source, "")
    eligible = [each for each in reason.candidates if each.eligible and not each.chosen]
    told = [(each, place) for each in eligible[:1]]
    for each in reason.candidates if near else ():
        failed = [check for check in each.checks if check.failed]
        if len(failed) == 1 and failed[0].rule != scope and failed[0].source:
            told.append((each, failed[0].source))
    subject = f"{reason.question} is {reason.winner.name}"
    return [_located(f"{subject}, not {each.name}: {each.lost_by}", at) for each, at in told]


def deciding_check(reason: Reason | None) -> Check | None:
    """Return the property by which the winner of a decision's first choice was found: the last of its checks with a place."""
    if isinstance(reason, Choice):
        checks = reason.winner.checks if reason.winner else ()
        met = (check for check in reversed(checks) if check.verdict is Verdict.YES)
        return next((check for check in met if check.source), None)
    if isinstance(reason, Decision):
        found = (deciding_check(part) for part in reason.because if not isinstance(part, Check))
        return next((check for check in found if check is not None), None)
    return None


# --- the way once round -------------------------------------------------------------------------------------


def _last_round(outcome: Outcome) -> tuple[Hop, ...]:
    """Return the hops of the last way round a loop, in order; empty where the message was nowhere twice."""
    passed = [hop.mta for hop in outcome.hops[:-1]]
    last = outcome.hops[-1].mta
    if last not in passed:
        return ()
    again = len(passed) - passed[::-1].index(last)
    if any(isinstance(event.what, Routed) for event in outcome.hops[-1].events):
        return outcome.hops[again:]
    return outcome.hops[again - 1 : -1]  # it ended before it was sent on once more


def _brought_back(turns: tuple[Hop, ...]) -> list[Event]:
    """Return whose mail the message was taken for on the way round, the last first; nothing where a host sends to itself."""
    if len({hop.mta for hop in turns}) == 1:
        return []
    arrivals = ((hop, hop.connection) for hop in reversed(turns))
    return [event for hop, by in arrivals if by for event in by.attributed_to(hop.names)]


def _missed(event: Event) -> Iterator[str]:
    """Yield the connectors that lacked one property to know the host that brought the mail."""
    parts = event.because.because if isinstance(event.because, Decision) else ()
    for choice in parts:
        if not isinstance(choice, Choice) or choice.winner is not None:
            continue
        nearest, gist = nearest_loser(choice), _nearest(choice)
        alone = nearest is not None and sum(check.failed for check in nearest.checks) == 1
        if alone and gist.place is _Place.PROPERTY:
            yield f"{event.mta}: {gist.text}"


def _turn(hop: Hop) -> str:
    """Return how an MTA took a message and passed it on, with the place of the last property that it looked at."""
    taken = hop.connection.attributed_to(hop.names) if hop.connection else ()
    routed = [event for event in hop.events if isinstance(event.what, Routed)]
    parts = [f"{event.because.answer}{_by(event)}" for event in taken if isinstance(event.because, Decision)]
    parts += [
        f"passes it on to {what.next_hop} by {what.via}{_by(event)}"
        for event, what in ((each, each.what) for each in routed)
        if isinstance(what, Routed)
    ]
    places = [each.source for event in (*routed, *taken) for each in reversed(_configured(event))]
    return _located(f"{hop.mta}: {'; '.join(parts)}", next(iter(places), "")) if parts else ""


def _by(event: Event) -> str:
    found = [f"{each.rule}: {each.saw}" for each in _configured(event)]
    return f" ({', '.join(found)})" if found else ""


def _configured(event: Event) -> list[Check]:
    """Return the properties that a decision for the mail rests on: the one that its choice was won by, then its own."""
    if not isinstance(event.because, Decision):
        return []
    own = [each for each in event.because.because if isinstance(each, Check) and each.source]
    decided = deciding_check(event.because)
    return ([decided] if decided else []) + own
