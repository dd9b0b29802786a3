"""What there is to tell about a message at one MTA: its arrival, the attempts to pass it on, and what became of it.

Called by ``journey``, which lays the steps out. Only what an administrator would ask for is told: of a session its
peer, connector, TLS and refusals, of a queue its error and its next attempt.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from mailsim.flow.case import clock
from mailsim.mail.address import Mailbox
from mailsim.mail.dsn import Action
from mailsim.report.why import gists
from mailsim.trace.connection import AUTH, DATA, MAIL, RCPT, STARTTLS, Connection, stage_of
from mailsim.trace.events import (
    Attributed,
    Closed,
    Connected,
    Deferred,
    Delivered,
    Dropped,
    Event,
    Exchanged,
    Failed,
    Forked,
    Hindered,
    NotConnected,
    Notified,
    NotSecured,
    Received,
    Resolved,
    Routed,
    RuleRan,
    Sent,
    Submitted,
    TlsVerdict,
    Withheld,
)
from mailsim.trace.hop import Attempt, Disposition, Hop

_BARE_ROUTES = {"MX": "by MX", "smart host": "by smart host", "as told": "as told"}
"""Ways to a next hop that are no connector's name."""

_VERDICTS = {
    TlsVerdict.ENCRYPTED: "(not verified)",
    TlsVerdict.VERIFIED: "(verified)",
    TlsVerdict.REJECTED: "(rejected)",
}


_NEWS = {
    Action.FAILED: "the failure",
    Action.DELAYED: "the delay",
    Action.DELIVERED: "the delivery",
    Action.RELAYED: "the handing over",
}


class Told(NamedTuple):
    """One line before it is laid out: its tone, how deep it stands, and its words."""

    tone: str
    depth: int
    text: str


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened.

    Args:
        at: when.
        seq: its place in the trace.
        told: its lines.
        alike: what makes two steps the same thing again; empty for what happens once.
        until: when it will be tried again; None for what is over.
    """

    at: datetime
    seq: int
    told: tuple[Told, ...]
    alike: str = ""
    until: datetime | None = None


def steps_at(hop: Hop, *, entered: bool) -> list[Step]:
    """Return what happened at a hop, in order; an attempt stands together with what came of it.

    Args:
        hop: the hop.
        entered: whether the message entered here, so that its session is told here and not at the hop before.
    """
    with_attempts = {event.seq for attempt in hop.attempts for event in attempt.outcomes}
    found = [_arrival(hop, entered=entered)]
    found += [attempt_step(attempt, hop) for attempt in hop.attempts]
    found += [_event(event, hop) for event in hop.events if event.seq not in with_attempts]
    return sorted((step for step in found if step.told), key=lambda step: step.seq)


def attempt_step(attempt: Attempt, hop: Hop | None = None) -> Step:
    """Tell a connection and what came of it."""
    connection, opened = attempt.connection, attempt.connection.opened
    told = [Told("", 0, _where(connection)), *_session(connection, attempt.message)]
    told += [line for event in attempt.outcomes for line in _told(event, hop)]
    deferred = [event.what for event in attempt.outcomes if isinstance(event.what, Deferred)]
    if not deferred:
        return Step(opened.at, opened.seq, tuple(told))
    alike = f"{_where(connection)} {deferred[-1].last_error}"
    return Step(opened.at, opened.seq, tuple(told), alike, deferred[-1].until)


def _arrival(hop: Hop, *, entered: bool) -> Step:
    match hop.arrived.what:
        case Submitted() as what:
            text = f"handed in, {what.size} octets"
        case Received() as what:
            text = f"received, {what.size} octets"
        case _:
            text = "report made here"
    told = [Told("", 0, text)]
    if entered and hop.connection:
        told += _session(hop.connection, hop.message)
    return Step(hop.arrived.at, hop.arrived.seq, tuple(told))


def _event(event: Event, hop: Hop) -> Step:
    told = tuple(_told(event, hop))
    if isinstance(event.what, Deferred):  # without a connection, such as where the DNS gives no host
        return Step(event.at, event.seq, told, f"{event.message} {event.what.last_error}", event.what.until)
    return Step(event.at, event.seq, told)


def _where(connection: Connection) -> str:
    target = f"to {connection.server or connection.host} [{connection.address}]"
    what = connection.opened.what
    if isinstance(what, NotConnected):
        return f"{target}: {what.cause}"
    return f"{target}, which sees {connection.peer_ip}"


def _session(connection: Connection, message: str) -> list[Told]:
    """Tell connector, TLS, attribution, refusals and a bad end of a session."""
    if isinstance(connection.opened.what, NotConnected):
        return _faults(connection, message)
    told = [] if connection.client else [Told("", 1, f"from a stranger at {connection.peer_ip}")]
    told += [Told("", 1, f"Receive connector {connection.connector!r}")] if connection.connector else []
    told.append(_tls(connection))
    told += [
        line for event in connection.attributed if event.message in ("", message) for line in _told(event)
    ]
    told += [Told("bad", 1, text) for text in _refusals(connection, message)]
    told += _faults(connection, message)
    ended = connection.closed.what if connection.closed else None
    told += [Told("bad", 1, ended.cause)] if isinstance(ended, Closed) and ended.cause else []
    return told


def _faults(connection: Connection, message: str) -> list[Told]:
    """Tell the faults of the scenario that struck on a session."""
    about = (event.what for event in connection.hindered if event.message in ("", message))
    return [Told("bad", 1, _fault(what)) for what in about if isinstance(what, Hindered)]


def _fault(what: Hindered) -> str:
    place = f"  {what.place}" if what.place else ""
    return f"fault: {what.fault}{place}" + (f"; {what.consequence}" if what.consequence else "")


def _tls(connection: Connection) -> Told:
    """Tell what both ends saw of each other's certificates."""
    missed = connection.not_secured.what if connection.not_secured else None
    if not connection.tls_version:
        cause = f": {missed.cause}" if isinstance(missed, NotSecured) else ""
        return Told("unsure", 1, f"{'no TLS' if _shook_hands(connection) else 'clear text'}{cause}")
    server, client = connection.server_certificate, connection.client_certificate
    shown = f", certificate CN={server.common_name} {_VERDICTS[connection.verdict]}" if server else ""
    own = f", client certificate CN={client.common_name}" if client else ""
    tone = "bad" if connection.verdict == TlsVerdict.REJECTED else ""
    return Told(tone, 1, f"{connection.tls_version}{shown}{own}")


def _shook_hands(connection: Connection) -> bool:
    """Tell whether a handshake began, after which nothing goes in clear text."""
    exchanged = (each.what for each in connection.exchanges)
    return any(
        isinstance(what, Exchanged) and stage_of(what.command) == STARTTLS and what.reply.positive
        for what in exchanged
    )


def _refusals(connection: Connection, message: str) -> Iterator[str]:
    """Yield every refusal that is not the mere consequence of an earlier one in its transaction."""
    opened = connection.opened.what
    if isinstance(opened, Connected) and not opened.reply.positive:
        yield f"greeting: {opened.reply}"
    sender_refused, recipient_taken = False, False
    for what in (event.what for event in connection.exchanges if event.message in ("", message)):
        if not isinstance(what, Exchanged):
            continue
        stage, positive = stage_of(what.command), what.reply.positive
        if stage == MAIL:
            sender_refused, recipient_taken = not positive, False
        recipient_taken = recipient_taken or (stage == RCPT and positive)
        follows = (sender_refused and stage in (RCPT, DATA)) or (stage == DATA and not recipient_taken)
        if not positive and not follows:
            yield f"{_command(what.command)}: {what.reply}"


def _command(command: str) -> str:
    """Return a command as far as it says what was refused."""
    stage = stage_of(command)
    if command.startswith("<"):
        return "AUTH" if stage == AUTH else "content"
    return command if stage else command.split(" ", maxsplit=1)[0]


def _told(event: Event, hop: Hop | None = None) -> Iterator[Told]:
    """Yield the lines of one event; of the events of a session, only attribution has one."""
    match event.what:
        case Hindered() as what:
            yield Told("bad", 0, _fault(what))
        case Attributed(owner, connector, direction):
            by = f" by {connector!r}" if connector else ""
            yield Told("", 1, f"attributed to {owner or 'nobody'}{by}{direction and f', {direction}'}")
        case Resolved(before, after, kind) if before != after:
            yield Told("", 0, f"{before} became {after} ({kind})")
        case RuleRan(rule, action, recipients):
            yield Told("", 0, f"rule {rule!r} for {_list(recipients)}: {action}")
        case Forked(copies):
            yield Told("", 0, f"split into {', '.join(copies)}")
        case Routed(recipients, via, next_hop):
            who = "" if _is_everyone(recipients, hop) else f"{_list(recipients)} "
            yield Told("", 0, f"{who}routed to {next_hop} {_BARE_ROUTES.get(via) or f'by {via!r}'}")
        case Sent() as what:
            yield Told("good", 1, f"accepted for {_list(what.recipients)}: {what.reply}")
        case Deferred() as what:
            yield Told("unsure", 0, f"waits until {clock(what.until, event.at)}: {what.last_error}")
        case Failed() as what:
            yield Told("bad", 0, f"{_list(what.recipients)} {_end(what)}")
        case Delivered(recipient):
            yield Told("good", 0, f"delivered to {recipient}")
        case Dropped(recipients, reason):
            yield Told("bad", 0, f"{_list(recipients)} dropped: {reason}")
        case Notified() as what:
            yield Told("", 0, f"{what.to} is told of {_NEWS[Action(what.action)]}: {what.report}")
        case Withheld():
            yield Told("", 0, _withheld(event, event.what))
        case _:
            return


def _is_everyone(recipients: tuple[Mailbox, ...], hop: Hop | None) -> bool:
    return hop is not None and {branch.recipient for branch in hop.branches} == set(recipients)


def _withheld(event: Event, what: Withheld) -> str:
    news = _NEWS[Action(what.action)]
    reasons = gists(event.because) if event.because is not None else []
    return ": ".join(
        [f"{what.to} is not told of {news}" if what.to else f"nobody is told of {news}", *reasons[:1]]
    )


def _end(failed: Failed) -> str:
    """Return how recipients failed; the words of the next hop are told with its session."""
    if not failed.remote:
        return f"{failed.disposition}: {failed.reply}"
    refused = "content refused" if failed.stage == "message" else f"refused at {failed.stage}"
    return refused if failed.disposition == Disposition.REFUSED else f"{failed.disposition}: {refused}"


def _list(recipients: tuple[Mailbox, ...]) -> str:
    return ", ".join(map(str, recipients))
