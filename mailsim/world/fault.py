"""Faults as data: what goes wrong with connections to a host, when, how often, and how.

Part of the topology. ``flow.faults`` decides which strike; both drivers then do the same. Every effect is a small class that
says at which stage of a connection it is looked for. The names of the stages are the verbs of RFC 5321, beside three of our own.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import TypeAlias

from mailsim.mail.reply import Reply
from mailsim.world.source import Written


class Before(Enum):
    """Where a fault may strike while there is no session yet."""

    ATTEMPT = "attempt"
    """Before anybody connects."""
    OPEN = "open"
    """While the connection is made."""


class Stage(Enum):
    """Where in a session a fault may strike."""

    CONNECT = "CONNECT"
    """Instead of the greeting."""
    EHLO = "EHLO"
    """EHLO or HELO."""
    STARTTLS = "STARTTLS"
    AUTH = "AUTH"
    MAIL = "MAIL"
    RCPT = "RCPT"
    DATA = "DATA"
    MESSAGE = "message"
    """At the end of the content, or of its last chunk."""
    RSET = "RSET"
    NOOP = "NOOP"
    VRFY = "VRFY"
    HELP = "HELP"
    QUIT = "QUIT"


@dataclass(frozen=True, slots=True)
class Refuse:
    """The connection is refused."""

    stage = Before.OPEN

    def __str__(self) -> str:
        return "refuse"


@dataclass(frozen=True, slots=True)
class Drop:
    """Nothing answers, so the connection times out; that takes no simulated time."""

    stage = Before.OPEN

    def __str__(self) -> str:
        return "drop"


@dataclass(frozen=True, slots=True)
class Delay:
    """The attempt begins that much later, if the host is the first that it goes to."""

    by: timedelta
    stage = Before.ATTEMPT

    def __str__(self) -> str:
        return f"delay of {self.by.total_seconds():g} s"


@dataclass(frozen=True, slots=True)
class Reset:
    """The connection is reset: once it is made, or instead of the answer at a later stage."""

    stage: Stage | Before = Before.OPEN

    def __str__(self) -> str:
        return "reset" if self.stage is Before.OPEN else f"reset at {self.stage.value}"


@dataclass(frozen=True, slots=True)
class Answer:
    """The host gives this reply, and what was asked is not done."""

    stage: Stage
    reply: Reply

    def __str__(self) -> str:
        return f"reply {self.reply} at {self.stage.value}"


class When(Enum):
    """When the connection is closed, seen from the reply to the content."""

    BEFORE_REPLY = "before-reply"
    AFTER_REPLY = "after-reply"


@dataclass(frozen=True, slots=True)
class Close:
    """The content is taken, and then the connection is closed without another word."""

    when: When
    stage = Stage.MESSAGE

    def __str__(self) -> str:
        return f"close {self.when.value}"


Effect: TypeAlias = Refuse | Drop | Delay | Reset | Answer | Close


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault(Written):
    """One thing that goes wrong.

    Args:
        number: its place in the scenario, from 1, by which its luck is drawn.
        to: the host whose connections it is about, by id.
        client: who connects, by id; empty for everybody.
        since: the first instant, UTC.
        until: the first instant at which it is over; None when it stays.
        nth: which occasion alone, from 1; 0 for no single one.
        every: on each so manieth occasion.
        probability: how likely it is on an occasion.
        effect: what happens.
    """

    number: int
    to: str
    client: str = ""
    since: datetime
    until: datetime | None = None
    nth: int = 0
    every: int = 1
    probability: float = 1.0
    effect: Effect

    def is_about(self, client: str, to: str, now: datetime) -> bool:
        """Tell whether it is about connections of a client to a host at an instant."""
        between = self.to == to and self.client in ("", client)
        return between and self.since <= now and (self.until is None or now < self.until)

    def is_turn(self, occasion: int) -> bool:
        """Tell whether an occasion, counted from 1, is one of those it is for."""
        return occasion == self.nth if self.nth else occasion % self.every == 0

    def __str__(self) -> str:
        return f"{self.effect} of {self.to}" + (f" for {self.client}" if self.client else "")
