"""From ``faults`` of a scenario to what goes wrong with connections; every mistake goes to the diagnostics."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta

from mailsim.config.format import FaultReplyText, FaultText
from mailsim.config.hosts import host_named
from mailsim.config.linking import Linking
from mailsim.config.names import mark_of
from mailsim.mail.reply import Reply, ReplyReader
from mailsim.world.fault import Answer, Close, Delay, Drop, Effect, Fault, Refuse, Reset, Stage
from mailsim.world.topology import Mta

WANTED = "one of refuse, drop, delay, reset, reply and close"


def link_faults(linking: Linking, mtas: Mapping[str, Mta]) -> tuple[Fault, ...]:
    """Return the faults of a scenario in its order.

    Args:
        linking: the scenario.
        mtas: its MTAs by id.
    """
    found = (_fault(linking, mtas, number, text) for number, text in enumerate(linking.text.faults, 1))
    return tuple(each for each in found if each is not None)


def _fault(linking: Linking, mtas: Mapping[str, Mta], number: int, text: FaultText) -> Fault | None:
    to = _host(linking, mtas, text, "to", text.to)
    client = _host(linking, mtas, text, "from", text.client) if text.client else None
    for name, problem, wanted in _impossible(text, to, client):
        linking.diagnostics.error(mark_of(text.origin, name), f"faults: {problem}", wanted=wanted)
    effects = list(_effects(linking, text))
    if len(effects) != 1:
        problem = f"faults: {'several things go' if effects else 'nothing goes'} wrong here"
        linking.diagnostics.error(mark_of(text.origin), problem, wanted=WANTED)
    if len(effects) != 1 or to is None:
        return None
    return Fault(
        number=number,
        to=to.id,
        client=client.id if client else "",
        since=linking.start + text.at,
        until=linking.start + text.until if text.until is not None else None,
        nth=text.nth or 0,
        every=text.every if text.every is not None and text.every > 0 else 1,
        probability=1.0 if text.probability is None else text.probability,
        effect=effects[0],
        origin=text.origin,
    )


def _host(linking: Linking, mtas: Mapping[str, Mta], text: FaultText, key: str, name: str) -> Mta | None:
    return host_named(linking, mtas, name, mark_of(text.origin, key), f"faults: {key}: host")


def _impossible(text: FaultText, to: Mta | None, client: Mta | None) -> Iterator[tuple[str, str, str]]:
    """Yield what cannot be, each with its property and what would do."""
    if to is not None and to.kind == "client":
        yield "to", f"to: nobody connects to {text.to!r}", "a host that listens"
    if to is not None and to is client:
        yield "from", f"from: {text.client!r} is the host of to", "another host"
    if text.at < timedelta():
        yield "at", "at lies before the start", "a time after it"
    if text.until is not None and text.until <= text.at:
        yield "until", "until lies before the beginning", "a time after at"
    chosen = [key for key in ("nth", "every", "probability") if getattr(text, key) is not None]
    if len(chosen) > 1:
        yield chosen[1], f"{' and '.join(chosen)} exclude each other", "one of them"
    for key, number in (("nth", text.nth), ("every", text.every)):
        if number is not None and number < 1:
            yield key, f"{key}: {number} is no occasion", "a number from 1"
    if text.probability is not None and not 0 < text.probability <= 1:
        yield "probability", f"probability: {text.probability:g} is none", "more than 0 and at most 1"
    if text.delay is not None and text.delay <= timedelta():
        yield "delay", "delay is none", "a duration such as 30s"


def _effects(linking: Linking, text: FaultText) -> Iterator[Effect]:
    """Yield everything that is to go wrong; more than one thing is a mistake."""
    yield from [Refuse()] if text.refuse else []
    yield from [Drop()] if text.drop else []
    yield from [Delay(text.delay)] if text.delay is not None else []
    yield from [_reset(text.reset)] if text.reset is not None else []
    yield from _replies(linking, text, text.reply) if text.reply is not None else ()
    yield from [Close(text.close)] if text.close is not None else []


def _reset(word: Stage) -> Reset:
    return Reset() if word is Stage.CONNECT else Reset(word)


def _replies(linking: Linking, text: FaultText, said: FaultReplyText) -> Iterator[Answer]:
    reply = _refusal(said.text)
    if reply is None:
        at, problem = mark_of(text.origin, "reply"), f"faults: reply: {said.text!r} refuses nothing"
        linking.diagnostics.error(
            at, problem, wanted="a reply from 400 to 599, such as 451 4.7.1 Try again later"
        )
        reply = Reply(451, "", ("",))
    yield Answer(said.at, reply)


def _refusal(text: str) -> Reply | None:
    """Read a reply of one line; None for one that is none, or that says yes: mail must not vanish unseen."""
    try:
        found = ReplyReader().feed(f"{text}\r\n".encode())
    except ValueError:
        return None
    return found[0] if len(found) == 1 and found[0].code >= 400 else None
