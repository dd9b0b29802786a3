"""One delivery attempt: a batch of copies for one next hop, over as many connections and hosts as it takes.

Hosts are tried in order; copies that the broken connection left unanswered go to the next host. A temporary reply to
a copy is an answer: that copy waits in the queue instead (Exchange's and Postfix's habit; RFC 5321 section 5.1
leaves it open).
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace

from mailsim.flow.conversation import Answered, Letter, Talk, converse
from mailsim.flow.faults import Occasion, hindered, reason_of
from mailsim.flow.session import Ground
from mailsim.flow.spool import Queued
from mailsim.flow.wire import TIMED_OUT, Broken, Heard, Meeting, Open, Operation, Result
from mailsim.mail.reply import Reply
from mailsim.mta.kind import MtaKind, Relay, Target, Targets
from mailsim.mta.relaying.tls_policy import TlsDemand
from mailsim.reason.decision import Decision, Reason
from mailsim.trace.events import NotConnected
from mailsim.world.fault import Before, Drop, Fault, Refuse


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an attempt came to for one copy.

    Args:
        queued: the copy.
        answered: what the next hop said about each recipient it was asked about.
        error: why the others could not be asked; None when all were.
        host: the host tried last, None when there was none.
        because: the decision behind ``error``.
        targets: how the hosts to try were found.
        passes_dsn: whether the next hop reports success itself, since it offers DSN (RFC 3461 section 5.2.1).
    """

    queued: Queued
    answered: tuple[Answered, ...]
    error: Reply | None
    host: Target | None
    because: Reason | None = None
    targets: Reason | None = None
    passes_dsn: bool = False


class SessionNames:
    """Gives connections their stable names, ``s1`` onwards."""

    def __init__(self) -> None:
        self._last = 0

    def __call__(self) -> str:
        self._last += 1
        return f"s{self._last}"


def attempt(
    ground: Ground,
    kind: MtaKind,
    relay: Relay,
    batch: list[Queued],
    *,
    targets: Decision[Targets],
    name_session: SessionNames,
) -> Generator[Operation, Result, tuple[Outcome, ...]]:
    """Try to hand a batch to its next hop.

    Args:
        ground: the run.
        kind: the sending MTA's kind.
        relay: the route.
        batch: copies of one MTA with that route.
        targets: where the route leads now.
        name_session: gives each new connection its stable name.
    """
    mta_id = batch[0].mta_id
    at = ground.view(mta_id)
    if targets.value.problem is not None:
        error = kind.on_no_route(at, relay, targets.value.problem)
        return tuple(Outcome(queued, (), error, None, targets) for queued in batch)
    letters = [_letter(queued) for queued in batch]
    talk: Talk | None = None
    answering: dict[str, Talk] = {}
    for target in targets.value.found:
        route = relay
        while waiting := [letter for letter in letters if not letter.done]:
            talk = Talk(ground, kind, mta_id, route, target, name_session())
            yield from _connect(talk, waiting[: relay.messages_per_connection])
            answered = [letter for letter in waiting if letter.done]
            answering.update((letter.name, talk) for letter in answered)
            if talk.again_in_clear:
                route = _in_clear(route)
            if talk.last_error is not None and not (talk.parted and answered and _refused(answered[-1])):
                break
    pairs = zip(batch, letters, strict=True)
    return tuple(
        replace(_outcome(queued, letter, answering.get(letter.name, talk)), targets=targets)
        for queued, letter in pairs
    )


def _refused(letter: Letter) -> bool:
    """Tell whether nobody got a message: a server may close after that, and is asked again for the others."""
    return not any(answer.reply.positive for answer in letter.answered)


def _in_clear(relay: Relay) -> Relay:
    """Return the route without TLS, which had failed and was not demanded."""
    return replace(relay, tls=replace(relay.tls, demand=TlsDemand.NEVER))


def _letter(queued: Queued) -> Letter:
    envelope = replace(queued.item.envelope, recipients=queued.recipients)
    return Letter(queued.name, envelope, queued.message)


def _connect(talk: Talk, letters: list[Letter]) -> Generator[Operation, Result, None]:
    """Open a connection and hold the conversation on it."""
    fault, target = _fault_of(talk), talk.target
    result: Result = Broken(TIMED_OUT)
    if fault is None or not isinstance(fault.effect, Drop):
        meets = _meets(fault)
        result = yield Open(session=talk.session, source=talk.relay.source, target=target, meets=meets)
    if isinstance(result, Heard):
        yield from converse(talk, result.replies[0], letters)
    elif isinstance(result, Broken):
        what = NotConnected(target.host, target.address, target.port, result.cause)
        talk.ground.record(talk.mta_id, what, session=talk.session)
        talk.broke(result.cause)


def _fault_of(talk: Talk) -> Fault | None:
    """Return the fault that hinders the connection, and write it down."""
    server = talk.ground.host_at(talk.target.address)
    fault = talk.ground.fault(Occasion(talk.mta_id, server, Before.OPEN, talk.session))
    if fault is not None:
        talk.ground.record(talk.mta_id, hindered(fault), session=talk.session, because=reason_of(fault))
    return fault


def _meets(fault: Fault | None) -> Meeting:
    if fault is None:
        return Meeting.AS_IT_IS
    return Meeting.NOBODY if isinstance(fault.effect, Refuse) else Meeting.RESET


def _outcome(queued: Queued, letter: Letter, talk: Talk | None) -> Outcome:
    error = None if letter.done or talk is None else talk.last_error
    host = talk.target if talk else None
    because = talk.because if talk and error else None
    passes_dsn = talk is not None and talk.capabilities.offers("DSN")
    return Outcome(queued, tuple(letter.answered), error, host, because, passes_dsn=passes_dsn)
