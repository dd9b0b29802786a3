"""The log a run writes: events in order, with listeners that hear of each as it happens."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from mailsim.reason.decision import Reason
from mailsim.trace.events import Event, What


class EventLog:
    """Append events and number them.

    ``events`` is the log so far; listeners added with ``listen`` are called with every new event.
    """

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._listeners: list[Callable[[Event], None]] = []

    def listen(self, listener: Callable[[Event], None]) -> None:
        """Call ``listener`` with every event from now on."""
        self._listeners.append(listener)

    def record(
        self,
        at: datetime,
        mta: str,
        what: What,
        *,
        message: str = "",
        session: str = "",
        because: Reason | None = None,
    ) -> None:
        """Append one event."""
        event = Event(
            seq=len(self.events) + 1,
            at=at,
            mta=mta,
            message=message,
            session=session,
            what=what,
            because=because,
        )
        self.events.append(event)
        for listener in self._listeners:
            listener(event)
