"""What waits in the run: messages to categorize, and copies in delivery queues.

Everything due is done in one order: time, MTA, categorizing before delivering, name. Prediction and live run share
this order, so what messages share (a kept connection, a queue) does not depend on the driver.
"""

from __future__ import annotations

import heapq
import itertools
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from typing import TypeAlias

from mailsim.mail.envelope import Envelope, Recipient
from mailsim.mail.message import Message
from mailsim.mail.reply import Reply
from mailsim.mta.kind import Item, LastTry, Relay, Targets
from mailsim.reason.decision import Decision


class Stage(IntEnum):
    """What is done first among things due at one MTA at one instant."""

    SUBMIT = 0
    CATEGORIZE = 1
    DELIVER = 2
    WARN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """A message to hand in.

    Args:
        name: its stable name.
        mta_id: the MTA whose mailbox hands it in, or the client host that sends it.
        envelope: as given.
        message: the content.
        due: when, UTC.
    """

    name: str
    mta_id: str
    envelope: Envelope
    message: Message
    due: datetime


@dataclass(slots=True, eq=False, kw_only=True)
class Queued:
    """A copy in a delivery queue.

    Args:
        name: its stable name.
        mta_id: the MTA that holds it.
        item: the item it was made from, with the reverse-path of this copy.
        relay: its route; None where nothing fetches it until it expires.
        message: the content as it leaves.
        recipients: those still to be served.
        due: when it is looked at again.
        attempts: how many have failed.
        expired: the reply with which it is given up when due; None when it is tried again.
        last_error: why it waits; None before the first attempt.
        expires: when it is given up at the latest, UTC; None where that is not known.
        waiting: whether it lies in the spool now.
        warned: whether the sender was told that it waits.
        last_try: the last attempt; None before the first one.
        targets: where it goes, when that had to be waited for; None before each attempt is looked up.
        delayed: whether the next attempt was put off already, so that no fault delays it again.
    """

    name: str
    mta_id: str
    item: Item
    relay: Relay | None
    message: Message
    recipients: tuple[Recipient, ...]
    due: datetime
    attempts: int = 0
    expired: Reply | None = None
    last_error: Reply | None = None
    expires: datetime | None = None
    waiting: bool = False
    warned: bool = False
    last_try: LastTry | None = None
    targets: Decision[Targets] | None = None
    delayed: bool = False


@dataclass(slots=True, eq=False)
class Overdue:
    """A copy whose sender is to be told that it waits, if it still does by then."""

    queued: Queued

    @property
    def stale(self) -> bool:
        """Whether there is nothing to tell any more."""
        return self.queued.warned or not self.queued.waiting


@dataclass(slots=True, eq=False)
class Spooled:
    """An item that is to be categorized."""

    mta_id: str
    item: Item


Work: TypeAlias = Submission | Spooled | Queued | Overdue


@dataclass(order=True, slots=True)
class _Entry:
    due: datetime
    mta_id: str
    stage: Stage
    name: str
    ticket: int
    work: Work = field(compare=False)

    @property
    def turn(self) -> tuple[datetime, str, Stage]:
        """What is done in one go if it also shares a queue."""
        return (self.due, self.mta_id, self.stage)


def _share_queue(first: Queued, other: Queued) -> bool:
    """Tell whether two copies travel together: same route, looked up together, and both are sent or both given up."""
    same_route = first.relay == other.relay and first.targets is other.targets
    same_route = same_route and first.delayed == other.delayed
    return same_route and (first.expired is None) == (other.expired is None)


class Spool:
    """Everything that waits, in the order in which it is done."""

    def __init__(self) -> None:
        self._heap: list[_Entry] = []
        self._tickets = itertools.count()

    def submit(self, submission: Submission) -> None:
        """Keep a message to be handed in later."""
        self._push(submission.due, submission.mta_id, Stage.SUBMIT, submission.name, submission)

    def add(self, due: datetime, mta_id: str, item: Item) -> None:
        """Keep an item to be categorized."""
        self._push(due, mta_id, Stage.CATEGORIZE, item.name, Spooled(mta_id, item))

    def queue(self, queued: Queued) -> None:
        """Keep a copy to be delivered."""
        queued.waiting = True
        self._push(queued.due, queued.mta_id, Stage.DELIVER, queued.name, queued)

    def warn(self, due: datetime, queued: Queued) -> None:
        """Keep in mind to tell the sender of a copy that it waits."""
        self._push(due, queued.mta_id, Stage.WARN, queued.name, Overdue(queued))

    @property
    def next_due(self) -> datetime | None:
        """Return when the next thing is due; None when nothing waits."""
        while self._heap and isinstance(self._heap[0].work, Overdue) and self._heap[0].work.stale:
            heapq.heappop(self._heap)
        return self._heap[0].due if self._heap else None

    def take(self) -> Submission | Spooled | Overdue | list[Queued]:
        """Take what comes next: one thing, or all copies due now that share a queue with the next one."""
        entry = heapq.heappop(self._heap)
        first = entry.work
        if not isinstance(first, Queued):
            return first
        batch = self._share_of(entry, first)
        for queued in batch:
            queued.waiting = False
        return batch

    def _share_of(self, entry: _Entry, first: Queued) -> list[Queued]:
        batch, others = [first], []
        while self._heap and self._heap[0].turn == entry.turn:
            other = heapq.heappop(self._heap)
            if isinstance(other.work, Queued) and _share_queue(first, other.work):
                batch.append(other.work)
            else:
                others.append(other)
        for other in others:
            heapq.heappush(self._heap, other)
        return batch

    def waiting(self) -> list[Queued]:
        """Return the copies that wait in queues, in order."""
        return [entry.work for entry in sorted(self._heap) if isinstance(entry.work, Queued)]

    def _push(self, due: datetime, mta_id: str, stage: Stage, name: str, work: Work) -> None:
        heapq.heappush(self._heap, _Entry(due, mta_id, stage, name, next(self._tickets), work))
