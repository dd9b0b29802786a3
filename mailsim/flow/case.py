"""One message of a run as expectations look at it, and the words in which they say what they saw.

Called by the judges only. Built once a message from the events of a prediction or of a live run. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from mailsim.flow.scenario import Scenario
from mailsim.mail.address import Mailbox
from mailsim.mail.reply import Reply
from mailsim.trace.connection import CONNECT, Connection, stage_of
from mailsim.trace.events import Connected, Delivered, Event, Exchanged, Failed
from mailsim.trace.hop import Disposition, Hop, Outcome, PathTree


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a judge found.

    Args:
        met: whether the run is as expected.
        saw: what it was, in words.
        because: the events whose decisions led there.
    """

    met: bool
    saw: str
    because: tuple[Event, ...] = ()


@dataclass(frozen=True, slots=True)
class Refusal:
    """A negative reply a host gave about the message.

    Args:
        stage: one of the stages of ``trace.connection``.
        command: the command it answered; empty for the connection itself.
        reply: the reply.
        event: where it stands in the trace.
    """

    stage: str
    command: str
    reply: Reply
    event: Event

    def __str__(self) -> str:
        return f"{self.stage} {self.reply}"


@dataclass(frozen=True, slots=True)
class Case:
    """A message with everything that happened to it.

    Args:
        scenario: gives names their meaning.
        events: the whole run.
        tree: what happened to the message; without a root when it never entered.
        trees: every message of the run by name.
    """

    scenario: Scenario
    events: tuple[Event, ...]
    tree: PathTree
    trees: dict[str, PathTree]

    def mta(self, name: str) -> str:
        """Return the id of the MTA a scenario calls by a name; a name nobody bears stays as it is."""
        mta = self.scenario.topology.named(name)
        return mta.id if mta else name

    @property
    def names(self) -> frozenset[str]:
        """Return the names of the message and all its copies."""
        return frozenset({self.tree.message, *(name for hop in self.tree.hops for name in hop.names)})

    def outcomes(self, to: Mailbox | None) -> tuple[Outcome, ...]:
        """Return how a recipient ended, or all of them; a recipient that became several has several."""
        return tuple(each for each in self.tree.outcomes() if to is None or each.concerns(to))

    def describe(self, outcome: Outcome) -> str:
        """Return how a recipient ended in one line: who, how, where, when, with which reply."""
        became = f" (as {outcome.final})" if outcome.final.key != outcome.recipient.key else ""
        reply = f": {outcome.reply}" if outcome.reply else ""
        at = clock(outcome.at, self.scenario.topology.start)
        return f"{outcome.recipient}{became} {how(outcome)}, {at}{reply}"

    def hops_at(self, name: str) -> tuple[Hop, ...]:
        """Return the stays at an MTA."""
        mta = self.mta(name)
        return tuple(hop for hop in self.tree.hops if hop.mta == mta)

    def connections_to(self, name: str) -> tuple[Connection, ...]:
        """Return the connections that an MTA answered, by which the message came or was offered."""
        mta = self.mta(name)
        found = [hop.connection for hop in self.hops_at(name) if hop.connection]
        found += [attempt.connection for attempt in self.tree.attempts]
        return tuple({each.session: each for each in found if each.server == mta}.values())

    def delivered(self) -> tuple[Event, ...]:
        """Return every delivery of the message, duplicates included."""
        happened = {event.seq: event for hop in self.tree.hops for event in hop.events}
        return tuple(happened[seq] for seq in sorted(happened) if isinstance(happened[seq].what, Delivered))

    def refusals(self, name: str) -> tuple[Refusal, ...]:
        """Return every negative reply an MTA gave about the message or on its connections, in order."""
        mta, names = self.mta(name), self.names
        found = {}
        for attempt in self.tree.attempts:
            if attempt.connection.server == mta:
                found.update({each.event.seq: each for each in _negative(attempt.connection, names)})
        return tuple(found[seq] for seq in sorted(found))


def _negative(connection: Connection, names: Iterable[str]) -> Iterator[Refusal]:
    opened = connection.opened
    if isinstance(opened.what, Connected) and not opened.what.reply.positive:
        yield Refusal(CONNECT, "", opened.what.reply, opened)
    for event in connection.exchanges:
        what = event.what
        mine = not event.message or event.message in names
        if mine and isinstance(what, Exchanged) and not what.reply.positive:
            yield Refusal(stage_of(what.command), what.command, what.reply, event)


def how(outcome: Outcome) -> str:
    """Return a disposition with its place, such as ``bounced by mx.fabrikam.com``."""
    match outcome.disposition:
        case Disposition.DELIVERED | Disposition.QUEUED:
            return f"{outcome.disposition} at {outcome.mta}"
        case Disposition.LEFT:
            return f"left the simulation from {outcome.mta}"
        case Disposition.REFUSED if _remote(outcome):
            return f"refused by {_remote(outcome)}"
        case Disposition.REFUSED:
            return f"not sent by {outcome.mta}"
        case Disposition.EXPIRED:
            return f"expired at {outcome.mta}"
        case _:
            return f"{outcome.disposition} by {outcome.mta}"


def _remote(outcome: Outcome) -> str:
    what = outcome.event.what if outcome.event else None
    return what.remote if isinstance(what, Failed) else ""


def clock(at: datetime, since: datetime) -> str:
    """Return a time of day, with its date where that is not the date of ``since``."""
    return f"{at:%H:%M:%S}" if at.date() == since.date() else f"{at:%Y-%m-%d %H:%M:%S}"


def listed(texts: Iterable[str], otherwise: str) -> str:
    """Return several findings in one line, each once."""
    return "; ".join(dict.fromkeys(texts)) or otherwise
