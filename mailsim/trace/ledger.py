"""The books of a run: for every MTA, which recipients came in, what they became, and how they went out.

Read once from front to back, for ``paths`` only. Mutable while it reads, thrown away afterwards.

Rules: (1) Submitted, Received and Notified bring recipients to an MTA; (2) Delivered, Sent, Failed and Dropped take
them away, and what is deferred waits; (3) Resolved changes an address, and several for one address make several
recipients; a recipient that stays beside an added one is resolved to itself; (4) what an MTA does to a name it holds
more than once, as in a loop, it does to the oldest first; (5) a connection belongs to the outcomes that its client
writes before it connects again, if they took the same route.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TypeAlias

from mailsim.mail.address import Mailbox
from mailsim.trace.connection import Connection, connections
from mailsim.trace.events import (
    Connected,
    Deferred,
    Delivered,
    Dropped,
    Event,
    Failed,
    Forked,
    Hindered,
    NotConnected,
    Notified,
    Received,
    Resolved,
    Routed,
    RuleRan,
    Sent,
    Submitted,
    Withheld,
)
from mailsim.trace.hop import Attempt, Branch, Disposition, Hop

Settled: TypeAlias = Sent | Failed | Deferred

NO_ROUTE = ("", "")


@dataclass(frozen=True, slots=True)
class Orphan:
    """A recipient that does not end exactly once.

    Args:
        mta: where.
        message: the name of the copy.
        recipient: as addressed there; None where the trace speaks of a message that the MTA never had.
        problem: what is wrong, in words.
    """

    mta: str
    message: str
    recipient: Mailbox | None
    problem: str


@dataclass(slots=True, eq=False)
class Held:
    """One recipient in the hands of an MTA: the fields of ``Branch``, what it was before, whether it has a next hop or was put off."""

    accepted: Mailbox
    now: Mailbox
    copy: str
    routed: bool = False
    ended: Event | None = None
    waiting: Event | None = None
    put_off: bool = False
    next: Stay | None = None
    passed: frozenset[str] = frozenset()

    def move(self, after: Mailbox) -> None:
        """Change its address, and remember the one it had."""
        self.passed, self.now = self.passed | {self.now.key}, after


@dataclass(slots=True, eq=False)
class Stay:
    """A hop while the trace is read.

    Args:
        mta: where.
        name: the name under which the message arrived.
        arrived: what brought it.
        connection: how it came.
        parent: the stay it came from, None when it entered here.
        held: its recipients.
        events: what happened to it.
        attempts: the connections by which it was to go on, with their outcomes.
        children: the stays it led to.
        endings: how often each address ended.
    """

    mta: str
    name: str
    arrived: Event
    connection: Connection | None
    parent: Stay | None
    held: list[Held]
    events: list[Event] = field(default_factory=list)
    attempts: list[tuple[Connection, str, list[Event]]] = field(default_factory=list)
    children: list[Stay] = field(default_factory=list)
    endings: Counter[str] = field(default_factory=Counter)
    _frozen: Hop | None = None

    def has_open(self, recipients: tuple[Mailbox, ...]) -> bool:
        """Tell whether any of the recipients, or any at all where none is named, has not ended."""
        keys = {recipient.key for recipient in recipients}
        return any(held.ended is None and (not keys or held.now.key in keys) for held in self.held)

    def of(self, recipients: tuple[Mailbox, ...]) -> list[Held]:
        """Return what is held of the recipients, ended or not."""
        keys = {recipient.key for recipient in recipients}
        return [held for held in self.held if held.now.key in keys]

    def route(self, copy: str) -> tuple[str, str]:
        """Return connector and next hop of a copy."""
        routed = [each.what for each in self.events if each.message == copy and isinstance(each.what, Routed)]
        return (routed[-1].via, routed[-1].next_hop) if routed else NO_ROUTE

    def resolve(self, what: Resolved) -> bool:
        """Change an address; False when it was never held."""
        for held in self.held:
            if held.ended is None and held.now.key == what.before.key:
                held.move(what.after)
                return True
        earlier = next((held for held in self.held if what.before.key in held.passed), None)
        if earlier is not None:
            self.held.append(Held(earlier.accepted, what.after, earlier.copy, passed=earlier.passed))
        return earlier is not None

    def name_next(self, mailbox: Mailbox) -> None:
        """Let the first recipient without a fate bear the address of the mailbox it is delivered to.

        Copies get their fates in the order of their first recipients, so this is the one.
        """
        free = (held for held in self.held if not (held.ended or held.waiting or held.routed))
        held = next(free, None)
        if held is not None:
            held.now = mailbox

    def end(self, event: Event, recipients: tuple[Mailbox, ...]) -> None:
        """Let recipients end with an event."""
        self.endings.update({recipient.key for recipient in recipients})
        for held in self.of(recipients):
            if held.ended is None:
                held.ended, held.copy = event, event.message
                held.next = self._child(event.message, held.now) if isinstance(event.what, Sent) else None

    def freeze(self) -> Hop:
        """Return the hop, the same one each time."""
        if self._frozen is None:
            following = {id(held.next) for held in self.held}
            self._frozen = Hop(
                mta=self.mta,
                message=self.name,
                arrived=self.arrived,
                connection=self.connection,
                events=tuple(self.events),
                attempts=tuple(_attempt(*attempt) for attempt in self.attempts),
                branches=tuple(_branch(held) for held in {_fate(held): held for held in self.held}.values()),
                unheard=tuple(child.freeze() for child in self.children if id(child) not in following),
            )
        return self._frozen

    def _child(self, copy: str, recipient: Mailbox) -> Stay | None:
        """Return the stay that took a recipient over, the latest that did."""
        taken = [
            child
            for child in self.children
            if child.name == copy and any(held.accepted.key == recipient.key for held in child.held)
        ]
        return taken[-1] if taken else None


def _attempt(connection: Connection, copy: str, outcomes: list[Event]) -> Attempt:
    return Attempt(connection, copy, connection.about.get(copy, ()), tuple(outcomes))


def _fate(held: Held) -> tuple[object, ...]:
    """Return what makes two recipients one: the same address given twice with the same end."""
    return (held.accepted, held.now, held.copy, id(held.ended), id(held.next))


def _branch(held: Held) -> Branch:
    return Branch(
        accepted=held.accepted,
        recipient=held.now,
        message=held.copy,
        ended=held.ended,
        waiting=held.waiting,
        next=held.next.freeze() if held.next else None,
    )


class Ledger:
    """Reads a trace and keeps, for every MTA, whom it holds.

    ``stays`` are all hops, ``roots`` those where a message entered, ``strays`` what the trace says about recipients
    that nobody holds.
    """

    def __init__(self, events: Iterable[Event]) -> None:
        everything = tuple(events)
        self.stays: list[Stay] = []
        self.strays: list[Orphan] = []
        self.mtas = frozenset(event.mta for event in everything)
        self.connections = connections(everything)
        self._here: dict[tuple[str, str], list[Stay]] = {}
        self._last_connections: dict[str, list[Connection]] = {}
        self._route_taken: dict[str, tuple[str, str]] = {}
        for event in everything:
            self._read(event)

    @property
    def roots(self) -> list[Stay]:
        """Return the stays at which messages entered."""
        return [stay for stay in self.stays if stay.parent is None]

    @property
    def names(self) -> frozenset[str]:
        """Return every name under which an MTA held a message."""
        return frozenset(name for _, name in self._here)

    def _read(self, event: Event) -> None:
        what = event.what
        match what:
            case Submitted():
                self._arrive(event, event.message, what.envelope.paths)
            case Received():
                self._receive(event, what)
            case Connected():
                self._connect(what.client, event.session)
            case NotConnected():
                self._connect(event.mta, event.session)
            case Notified():
                self._notify(event, what)
            case Withheld():
                self._remark(event, what.about)
            case Resolved():
                self._with_stay(event, (what.before,), lambda stay: self._resolve(stay, event, what))
            case Forked():
                self._with_stay(event, (), lambda stay: self._fork(stay, what))
            case RuleRan():
                self._with_stay(event, (), lambda _: None)
            case Hindered() if not event.session:
                self._with_stay(event, (), lambda stay: _put_off(stay, event.message))
            case Routed():
                self._with_stay(
                    event, what.recipients, lambda stay: _name_copies(stay, event, what.recipients)
                )
            case Sent() | Failed():
                self._with_stay(event, what.recipients, lambda stay: self._settle(stay, event, what))
            case Deferred():
                self._with_stay(event, what.recipients, lambda stay: self._defer(stay, event, what))
            case Dropped():
                self._with_stay(event, what.recipients, lambda stay: self._end(stay, event, what.recipients))
            case Delivered():
                self._with_stay(event, (what.recipient,), lambda stay: self._deliver(stay, event, what))
            case _:
                pass

    # --- who holds what ----------------------------------------------------------------------------------

    def _arrive(
        self, event: Event, name: str, recipients: tuple[Mailbox, ...], parent: Stay | None = None
    ) -> None:
        held = [Held(recipient, recipient, name) for recipient in recipients]
        stay = Stay(event.mta, name, event, self.connections.get(event.session), parent, held)
        self.stays.append(stay)
        self._here.setdefault((event.mta, name), []).append(stay)
        if parent is not None:
            parent.children.append(stay)

    def _receive(self, event: Event, what: Received) -> None:
        connection = self.connections.get(event.session)
        client = connection.client if connection else ""
        senders = self._here.get((client, event.message), [])
        parent = next((stay for stay in senders if stay.has_open(what.envelope.paths)), None)
        if senders and parent is None:
            self._stray(event, None, f"received from {client}, which no longer held it")
        self._arrive(event, event.message, what.envelope.paths, parent)

    def _remark(self, event: Event, about: tuple[Mailbox, ...]) -> None:
        """Note what is said of recipients, who may have ended, with the message they had."""
        held = [stay for stay in self._here.get((event.mta, event.message), []) if stay.of(about)]
        if held:
            held[-1].events.append(event)
        else:
            self._stray(event, None, "reported about, but never held")

    def _notify(self, event: Event, what: Notified) -> None:
        """Let a report enter where it was made, and note it with the message it is about."""
        self._remark(event, what.about)
        self._arrive(event, what.report, (what.to,))

    def _with_stay(
        self, event: Event, recipients: tuple[Mailbox, ...], action: Callable[[Stay], None]
    ) -> None:
        """Find the stay an event is about, keep the event with it, and act on it."""
        here = self._here.get((event.mta, event.message), [])
        stay = next((stay for stay in here if stay.has_open(recipients)), here[-1] if here else None)
        if stay is None:
            self._stray(event, next(iter(recipients), None), f"{type(event.what).__name__}, but never held")
            return
        stay.events.append(event)
        action(stay)

    def _resolve(self, stay: Stay, event: Event, what: Resolved) -> None:
        if not stay.resolve(what):
            self._stray(event, what.before, "resolved, but never held")

    def _fork(self, stay: Stay, what: Forked) -> None:
        for copy in what.copies:
            self._here.setdefault((stay.mta, copy), []).append(stay)

    def _end(self, stay: Stay, event: Event, recipients: tuple[Mailbox, ...]) -> None:
        for recipient in recipients:
            if not stay.of((recipient,)):
                self._stray(event, recipient, f"{type(event.what).__name__}, but never held")
        stay.end(event, tuple(recipient for recipient in recipients if stay.of((recipient,))))

    def _deliver(self, stay: Stay, event: Event, what: Delivered) -> None:
        """Let a recipient end in a mailbox, also under another address of the mailbox."""
        if not stay.of((what.recipient,)):
            stay.name_next(what.recipient)
        self._end(stay, event, (what.recipient,))

    def _stray(self, event: Event, recipient: Mailbox | None, problem: str) -> None:
        self.strays.append(Orphan(event.mta, event.message, recipient, problem))

    # --- which connections led to what --------------------------------------------------------------------

    def _connect(self, client: str, session: str) -> None:
        """Begin a new group of connections once the last group has led to something."""
        if self._route_taken.pop(client, None) is not None:
            self._last_connections.pop(client, None)
        connection = self.connections[session]
        self._last_connections.setdefault(client, []).append(connection)
        for copy in connection.about:
            for stay in self._here.get((client, copy), []):
                _begin(stay, copy)

    def _settle(self, stay: Stay, event: Event, what: Sent | Failed) -> None:
        self._attach(stay, event, what)
        self._end(stay, event, what.recipients)

    def _defer(self, stay: Stay, event: Event, what: Deferred) -> None:
        self._attach(stay, event, what)
        _name_copies(stay, event, what.recipients)
        for held in stay.of(what.recipients):
            held.waiting = event

    def _attach(self, stay: Stay, event: Event, what: Settled) -> None:
        """Give a copy the connections of the attempt that an outcome ends."""
        copy, client = event.message, event.mta
        tried, route = self._last_connections.get(client, []), stay.route(copy)
        same_route = self._route_taken.setdefault(client, route) == route != NO_ROUTE
        bare = same_route and _tells_of_the_wire(what)
        mine = [each for each in tried if copy in each.about or (bare and not each.about)]
        attached = {connection.session for connection, name, _ in stay.attempts if name == copy}
        stay.attempts += [(each, copy, []) for each in mine if each.session not in attached]
        if mine and stay.attempts and stay.attempts[-1][1] == copy:
            stay.attempts[-1][2].append(event)


def _tells_of_the_wire(what: Settled) -> bool:
    """Tell whether an outcome follows from the attempt just made; a message that expires follows from none."""
    return not isinstance(what, Failed) or bool(what.remote) or what.disposition == Disposition.REFUSED


def _put_off(stay: Stay, copy: str) -> None:
    """Note that a copy waits for its first attempt, by a fault that delays it."""
    for held in stay.held:
        held.put_off = held.put_off or held.copy == copy


def _begin(stay: Stay, copy: str) -> None:
    """Note that the attempt of a copy has begun, so that it waits for none."""
    for held in stay.held:
        held.put_off = held.put_off and held.copy != copy


def _name_copies(stay: Stay, event: Event, recipients: tuple[Mailbox, ...]) -> None:
    for held in stay.of(recipients):
        if held.ended is None:
            held.copy, held.routed = event.message, True
