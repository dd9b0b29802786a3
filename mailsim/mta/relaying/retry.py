"""When a deferred copy is tried again, and when it is given up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from mailsim.mail.reply import Reply
from mailsim.mta.kind import Item, Next, Waiting
from mailsim.reason.check import check
from mailsim.reason.cite import Citation


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """A product's retry intervals.

    Args:
        steps: how often each interval is used, in order.
        then: the interval after those, repeated.
        message: the interval of a copy that the next hop itself refused for now; None makes no difference.
        expires_after: after so long in the queue a message fails, counted from its arrival.
        expired: the reply that stands for it.
        warns_after: the sender is told after so long that the message waits; None never.
        cite: where it is documented.
    """

    steps: tuple[tuple[int, timedelta], ...]
    then: timedelta
    expires_after: timedelta
    expired: Reply
    cite: Citation
    warns_after: timedelta | None = None
    message: timedelta | None = None

    def interval(self, attempts: int) -> timedelta:
        """Return the wait after the n-th failed attempt, counted from 1."""
        left = attempts
        for count, wait in self.steps:
            if left <= count:
                return wait
            left -= count
        return self.then

    def next(self, now: datetime, item: Item, waiting: Waiting) -> Next:
        """Decide about a copy that has just failed temporarily."""
        expires = item.arrived + self.expires_after
        refused = waiting.refused and self.message is not None
        due = now + (self.message if refused and self.message else self.interval(waiting.attempts))
        in_time = check(
            due < expires,
            f"message expires after {self.expires_after}",
            saw=f"attempt {waiting.attempts} failed, next due {due - item.arrived} after arrival",
            wanted=f"less than {self.expires_after}",
            cite=self.cite,
        )
        if due >= expires:
            return Next(max(expires, now), self.expired, in_time, expires, self.warn_at(item))
        return Next(due, None, in_time, expires, self.warn_at(item))

    def warn_at(self, item: Item) -> datetime | None:
        """Return when the sender is told that a message waits, UTC; None never."""
        return item.arrived + self.warns_after if self.warns_after else None
