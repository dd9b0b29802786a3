"""What happened to a message as a tree of hops: the words of the answer that ``paths`` gives.

A hop is one stay of a message at one MTA; its branches say what became of each recipient there, and where a
branch leads on, the next hop. Immutable; order is the order of the trace.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from mailsim.mail.address import Mailbox, ReversePath
from mailsim.mail.reply import Reply
from mailsim.trace.connection import Connection
from mailsim.trace.events import Deferred, Event, Failed, Notified, Received, Sent, Submitted


class Disposition(StrEnum):
    """How a recipient ended; exactly one of these stands for each."""

    DELIVERED = "delivered"
    LEFT = "left"
    """A host outside the simulation took it."""
    REFUSED = "refused"
    BOUNCED = "bounced"
    EXPIRED = "expired"
    LOOPED = "looped"
    DROPPED = "dropped"
    QUEUED = "queued"
    """It still waited when the run ended."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One connection by which an MTA tried to hand a copy over.

    Args:
        connection: the connection; other messages may have used it too.
        message: the name of the copy.
        exchanges: the commands and replies about it; empty when it never came to that.
        outcomes: what the MTA made of it for this copy: Sent, Failed, Deferred.
    """

    connection: Connection
    message: str
    exchanges: tuple[Event, ...]
    outcomes: tuple[Event, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """What became of one recipient at one hop.

    Args:
        accepted: the address as the MTA took it.
        recipient: the address as it ended here, after it was resolved.
        message: the name of the copy it went on in.
        ended: the Sent, Delivered, Failed or Dropped it ended by; None while it waits.
        waiting: the latest Deferred, None when it was never deferred.
        next: the hop that took it over; None when it went no further or left the simulation.
    """

    accepted: Mailbox
    recipient: Mailbox
    message: str
    ended: Event | None
    waiting: Event | None
    next: Hop | None

    @property
    def disposition(self) -> Disposition | None:
        """Return how it ended here; None when another hop took it over."""
        if self.ended is None:
            return Disposition.QUEUED
        what = self.ended.what
        if isinstance(what, Failed):
            return Disposition(what.disposition)
        if isinstance(what, Sent):
            return None if self.next else Disposition.LEFT
        return Disposition(type(what).__name__.lower())


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """One stay of a message at one MTA.

    Args:
        mta: the MTA, by id.
        message: the name under which it arrived.
        arrived: the Submitted, Received or Notified it began with.
        connection: the connection it came by; None when it was handed in or made here.
        events: what happened to it here, in order, without what crossed the wire.
        attempts: the connections by which it was to go on.
        branches: one for each recipient, after it was resolved.
        unheard: hops that took it over although this MTA never heard so.
    """

    mta: str
    message: str
    arrived: Event
    connection: Connection | None
    events: tuple[Event, ...]
    attempts: tuple[Attempt, ...]
    branches: tuple[Branch, ...]
    unheard: tuple[Hop, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of the message and its copies here."""
        return tuple(dict.fromkeys((self.message, *(branch.message for branch in self.branches))))

    def walk(self) -> Iterator[Hop]:
        """Yield this hop and all that follow from it, each once."""
        ahead = [self]
        while ahead:
            hop = ahead.pop()
            yield hop
            following = {id(branch.next): branch.next for branch in hop.branches if branch.next}
            ahead += reversed((*following.values(), *hop.unheard))


@dataclass(frozen=True, slots=True, kw_only=True)
class PathTree:
    """Everything that happened to one message.

    Args:
        message: its name; its copies are called after it.
        root: where it entered; None when a stranger's message was never accepted.
        offered: a stranger's connections on which it was offered in vain.
    """

    message: str
    root: Hop | None
    offered: tuple[Attempt, ...] = ()

    @property
    def hops(self) -> tuple[Hop, ...]:
        """Return every hop, parents before children."""
        return tuple(self.root.walk()) if self.root else ()

    @property
    def reverse_path(self) -> ReversePath:
        """Return the sender as the message entered with."""
        envelope = self.root.arrived.what if self.root else None
        return envelope.envelope.reverse_path if isinstance(envelope, Submitted | Received) else None

    @property
    def recipients(self) -> tuple[Mailbox, ...]:
        """Return the recipients as the message entered with, each once."""
        return tuple(dict.fromkeys(branch.accepted for branch in self.root.branches)) if self.root else ()

    @property
    def subject(self) -> str:
        """Return the subject of a message that was handed in, else nothing."""
        what = self.root.arrived.what if self.root else None
        return what.subject if isinstance(what, Submitted) else ""

    @property
    def attempts(self) -> tuple[Attempt, ...]:
        """Return every attempt at every hop."""
        return (*self.offered, *(attempt for hop in self.hops for attempt in hop.attempts))

    @property
    def reports(self) -> tuple[str, ...]:
        """Return the names of the reports about it, which are messages of their own."""
        happened = (event.what for hop in self.hops for event in hop.events)
        return tuple(what.report for what in happened if isinstance(what, Notified))

    @property
    def events(self) -> tuple[Event, ...]:
        """Return every event about it, in order, with what concerned the connections it took."""
        found = {event.seq: event for hop in self.hops for event in (hop.arrived, *hop.events)}
        for attempt in self.attempts:
            found.update({event.seq: event for event in attempt.connection.concerning(attempt.message)})
        if self.root and self.root.connection:
            found.update({event.seq: event for event in self.root.connection.concerning(self.message)})
        return tuple(found[seq] for seq in sorted(found))

    def outcomes(self) -> tuple[Outcome, ...]:
        """Return how each recipient ended; a recipient that became several has several."""
        return tuple(_outcomes(self, self.root)) if self.root else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How one recipient of a message ended.

    Args:
        message: the name of the message.
        recipient: the address as the message entered with.
        final: the address as it ended.
        copy: the name of the copy it ended in.
        hops: the MTAs it passed, the one where it ended last.
        disposition: how it ended.
        event: what ended it; for a queued one the latest Deferred, None when it was never tried.
    """

    message: str
    recipient: Mailbox
    final: Mailbox
    copy: str
    hops: tuple[Hop, ...]
    disposition: Disposition
    event: Event | None

    @property
    def mta(self) -> str:
        """Return the MTA where it ended."""
        return self.hops[-1].mta

    @property
    def at(self) -> datetime:
        """Return when it ended, or was last looked at."""
        return self.event.at if self.event else self.hops[-1].arrived.at

    @property
    def reply(self) -> Reply | None:
        """Return the reply that stands for a failure or a wait."""
        what = self.event.what if self.event else None
        if isinstance(what, Deferred):
            return what.last_error
        return what.reply if isinstance(what, Failed) else None

    def concerns(self, address: Mailbox) -> bool:
        """Tell whether the outcome is about an address, by what it was or what it became."""
        return address.key in (self.recipient.key, self.final.key)


def _outcomes(tree: PathTree, root: Hop) -> Iterator[Outcome]:
    """Yield the outcomes of the branches, each called by the address it entered with; a loop may have hundreds of hops."""
    ahead: list[tuple[Branch, tuple[Hop, ...], Mailbox]] = [
        (branch, (root,), branch.accepted) for branch in reversed(root.branches)
    ]
    while ahead:
        branch, passed, first = ahead.pop()
        hop = branch.next
        if hop is not None:
            ahead += [
                (each, (*passed, hop), first)
                for each in reversed(hop.branches)
                if each.accepted.key == branch.recipient.key
            ]
            continue
        yield Outcome(
            message=tree.message,
            recipient=first,
            final=branch.recipient,
            copy=branch.message,
            hops=passed,
            disposition=branch.disposition or Disposition.LEFT,
            event=branch.ended or branch.waiting,
        )
