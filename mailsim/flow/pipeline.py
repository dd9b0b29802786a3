"""The life of a message in an MTA: spooled, categorized, queued, attempted, delivered or reported.

Both drivers own one ``Pipeline``. They ask it for the next thing to do; what needs no wire it does itself, and what
needs one it hands out as an ``Attempt`` to be carried out. It holds the simulated time as data: the driver decides
when it moves.

Rules: (1) a message is spooled before the reply that accepts it; (2) every accepted recipient ends in exactly one
disposition; (3) the MTA that gives a recipient up owes the sender a report, and never reports about a null
reverse-path.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from ipaddress import IPv4Address

from mailsim.errors import Bug
from mailsim.flow.attempt import Outcome, SessionNames, attempt
from mailsim.flow.conversation import Answered
from mailsim.flow.faults import Faults, Occasion, hindered, reason_of
from mailsim.flow.notices import Due, Notices, returning_to
from mailsim.flow.rounds import UNCOUNTED, Rounds
from mailsim.flow.session import Answer, ServerSession
from mailsim.flow.spool import Overdue, Queued, Spool, Spooled, Submission
from mailsim.flow.wire import Operation, Result
from mailsim.mail.address import Mailbox, ReversePath
from mailsim.mail.dsn import Action
from mailsim.mail.envelope import Recipient
from mailsim.mail.reply import Reply
from mailsim.mta.history import Handed, History, Transaction
from mailsim.mta.kind import (
    Copy,
    Deliver,
    Drop,
    Hold,
    Item,
    LastTry,
    MtaKind,
    Notice,
    PointOfView,
    Refuse,
    Relay,
    Target,
    Targets,
    Waiting,
)
from mailsim.mta.resolver import DnsCache
from mailsim.pki import Pki
from mailsim.reason.decision import Decision, Reason
from mailsim.sender_authentication.mta_sts import CachedPolicy
from mailsim.trace import events
from mailsim.trace.log import EventLog
from mailsim.world.facts import SessionFacts
from mailsim.world.fault import Before, Delay, Fault
from mailsim.world.topology import Mta, Topology

Steps = Generator[Operation, Result, tuple[Outcome, ...]]

DELIVERED = Reply(250, "2.1.5", ("Recipient OK",))
"""Stands for a delivery into a mailbox, which has no SMTP reply, in a report about it."""

# RFC 3463: routing loop detected; Exchange Online says 5.4.14
LOOP_CODES = frozenset({"5.4.6", "5.4.14"})


@dataclass(frozen=True, slots=True)
class Attempt:
    """A delivery attempt for a driver to carry out: run ``steps`` to its end, then ``finish`` with the result."""

    mta_id: str
    steps: Steps


class Pipeline:
    """The state of one run.

    Args:
        world: the topology.
        kinds: MTA kinds by name.
        pki: keys and certificates.
        log: where events go.
    """

    def __init__(self, world: Topology, kinds: Mapping[str, MtaKind], pki: Pki, log: EventLog) -> None:
        self.world = world
        self.log = log
        self._now = world.start
        self._kinds = kinds
        self._pki = pki
        self._spool = Spool()
        self._sessions = SessionNames()
        self._notices = Notices(kinds, self._record_notice, self._enter_report)
        self._strangers = 0
        self._rounds = Rounds()
        self._histories: defaultdict[str, History] = defaultdict(History)
        self._caches: defaultdict[str, DnsCache] = defaultdict(DnsCache)
        self._faults = Faults()
        self._policies: defaultdict[str, dict[str, CachedPolicy]] = defaultdict(dict)
        self._by_address = _by_address(world)

    # --- time -----------------------------------------------------------------------------------------------

    @property
    def now(self) -> datetime:
        """The simulated instant, UTC; setting it makes every change of the scenario that is due by then."""
        return self._now

    @now.setter
    def now(self, instant: datetime) -> None:
        while self.world.changes and (change := self.world.changes[0]).at <= instant:
            self._now = max(self._now, change.at)
            before, self.world = self.world, self.world.after_next_change()
            self._by_address = _by_address(self.world)
            self.record("", events.Changed(str(change)))
            self._read_settings_again(before)
        self._now = instant

    # --- what a session and an attempt need of the run ---------------------------------------------------

    def view(self, mta_id: str) -> PointOfView:
        """Return the point of view of an MTA now."""
        mta = self.world.mtas[mta_id]
        history, cache = self._histories[mta_id], self._caches[mta_id]
        policies = self._policies[mta_id]
        return PointOfView(self.world, self._pki, mta, self.now, history, cache, policies)

    def record(
        self,
        mta: str,
        what: events.What,
        *,
        message: str = "",
        session: str = "",
        because: Reason | None = None,
    ) -> None:
        """Write an event now."""
        self.log.record(self.now, mta, what, message=message, session=session, because=because)

    def accept(self, mta_id: str, item: Item) -> None:
        """Put an accepted item into the spool of an MTA."""
        self._rounds.came(item.name, mta_id, item.message)
        if item.facts is not None and item.facts.user:
            self._histories[mta_id].add(Handed(self.now, item.facts.user, len(item.envelope.recipients)))
        self._spool.add(self.now, mta_id, item)

    def began(self, mta_id: str, facts: SessionFacts, reverse_path: ReversePath, connector: str) -> None:
        """Remember that an MTA accepted a sender, and by which connector."""
        begun = Transaction(self.now, facts.peer_ip, facts.user, reverse_path, connector=connector)
        self._histories[mta_id].add(begun)

    def fault(self, occasion: Occasion) -> Fault | None:
        """Return the fault that strikes on an occasion; each is to be asked about once."""
        return self._faults.strike(self.world, self.now, occasion)

    def host_at(self, address: IPv4Address) -> str:
        """Return whose address it is, by id; empty when nobody has it."""
        mta = self._by_address.get(address)
        return mta.id if mta is not None else ""

    # --- what a driver asks -------------------------------------------------------------------------------

    @property
    def next_due(self) -> datetime | None:
        """When the next thing is due; None when nothing is in flight or waits."""
        return self._spool.next_due

    @property
    def next_change(self) -> datetime | None:
        """When the scenario changes next; None when it does not."""
        return self.world.changes[0].at if self.world.changes else None

    def submit(self, submission: Submission) -> None:
        """Keep a message to be handed in when it is due."""
        self._spool.submit(submission)

    def step(self) -> Attempt | None:
        """Do what comes next, moving the time to when it is due; hand out an attempt where it needs the wire."""
        due = self._spool.next_due
        if due is None:
            raise Bug("nothing is due")
        self.now = max(self.now, due)
        work = self._spool.take()
        if isinstance(work, Submission):
            self._hand_in(work)
            return None
        if isinstance(work, Spooled):
            self._categorize(work.mta_id, work.item)
            return None
        if isinstance(work, Overdue):
            self._warn(work.queued)
            return None
        return self._start(work)

    def finish(self, outcomes: tuple[Outcome, ...]) -> None:
        """Take over what an attempt came to."""
        for outcome in outcomes:
            self._settle(outcome)

    def waiting(self) -> list[Queued]:
        """Return the copies that wait in queues."""
        return self._spool.waiting()

    def owner_of(self, address: IPv4Address, port: int) -> Mta | None:
        """Return the MTA that has a listener for an address and port, None when nobody has."""
        mta = self._by_address.get(address)
        return mta if mta is not None and (address, port) in mta.listeners else None

    def server_at(self, address: IPv4Address, port: int) -> Mta | None:
        """Return the MTA that listens on an address and port now, None when nobody does."""
        mta = self.owner_of(address, port)
        return mta if mta is not None and mta.id not in self.world.down else None

    def open_session(
        self, server: Mta, facts: SessionFacts, name: str, incoming: Callable[[], str] | None = None
    ) -> ServerSession:
        """Open the server's side of a connection.

        Args:
            server: who is connected to.
            facts: the addresses.
            name: the session's stable name; empty gives it one of its own.
            incoming: gives the name of the message in transfer; None names strangers' messages ``x1`` onwards.
        """
        client = self._by_address.get(facts.peer_ip)
        return ServerSession(
            self,
            self._kinds[server.kind],
            server.id,
            facts,
            name=name or self._sessions(),
            client=client.id if client else "",
            incoming=incoming or self._name_stranger,
        )

    def exchanged(self, session: ServerSession, line: str, answer: Answer) -> None:
        """Write down one command and its reply, as seen at the server's end."""
        if answer.reply is not None:
            self.record(
                session.mta_id,
                events.Exchanged(answer.shown or line, answer.reply),
                message=session.message,
                session=session.name,
                because=answer.because,
            )

    # --- the life of a message ---------------------------------------------------------------------------

    def _name_stranger(self) -> str:
        self._strangers += 1
        return f"x{self._strangers}"

    def _hand_in(self, submission: Submission) -> None:
        at, message = self.view(submission.mta_id), submission.message
        what = events.Submitted(submission.envelope, message.size, message.value("Subject"))
        self.record(submission.mta_id, what, message=submission.name)
        kind, sender = self._kinds[at.mta.kind], submission.envelope.reverse_path
        user, addressed = str(sender or ""), len(submission.envelope.recipients)
        self._histories[at.mta.id].add(Transaction(self.now, None, user, sender))
        self._histories[at.mta.id].add(Handed(self.now, user, addressed))
        self._categorize(submission.mta_id, kind.submit(at, submission.envelope, message, submission.name))

    def _categorize(self, mta_id: str, item: Item) -> None:
        """Turn an item into copies and give each its fate."""
        at, counted = self.view(mta_id), self._rounds.are_counted(item.name, mta_id)
        if counted.failed:
            self._end_loop(at, item, counted)
            return
        result = self._kinds[at.mta.kind].categorize(at, item)
        for change in result.resolved:
            resolved = events.Resolved(change.before, change.after, change.kind)
            self.record(mta_id, resolved, message=item.name)
        for rule in result.rules:
            ran = events.RuleRan(rule.rule, rule.action, rule.recipients)
            self.record(mta_id, ran, message=item.name, because=rule.because)
        if not result.copies:
            raise Bug(f"{mta_id} made no copy of {item.name}")
        several = len(result.copies) > 1
        names = [f"{item.name}.{n}" if several else item.name for n in range(1, len(result.copies) + 1)]
        if several:
            self.record(mta_id, events.Forked(tuple(names)), message=item.name)
            self._rounds.forked(item.name, names)
        dues = [
            due
            for name, copy in zip(names, result.copies, strict=True)
            for due in self._give_fate(at, item, name, copy)
        ]
        self._notices.tell(at, item, item.name, dues)

    def _end_loop(self, at: PointOfView, item: Item, because: Reason) -> None:
        """End a message that goes round and that no host stops."""
        failures = tuple(Notice(each, UNCOUNTED, "", because=because) for each in item.envelope.recipients)
        self._fail(at, item.name, list(failures))
        self._notices.tell(at, item, item.name, [Due(Action.FAILED, item.envelope.reverse_path, failures)])

    def _give_fate(self, at: PointOfView, item: Item, name: str, copy: Copy) -> list[Due]:
        """Carry out the fate of one copy; return what its sender may be told at once."""
        match copy.fate:
            case Deliver(mailbox):
                return self._deliver(at, item, name, copy, mailbox)
            case Relay() as relay:
                paths = tuple(recipient.path for recipient in copy.recipients)
                routed = events.Routed(paths, relay.via, relay.next_hop)
                self.record(at.mta.id, routed, message=name, because=copy.because)
                self._spool.queue(self._queued(at, item, name, copy, relay))
            case Refuse(reply):
                failures = [Notice(each, reply, "", "", copy.because) for each in copy.recipients]
                self._fail(at, name, failures)
                return [Due(Action.FAILED, copy.envelope.reverse_path, tuple(failures))]
            case Hold() as hold:
                self._hold(at, self._queued(at, item, name, copy, None), hold, copy.because)
            case Drop(reason):
                paths = tuple(recipient.path for recipient in copy.recipients)
                self.record(at.mta.id, events.Dropped(paths, reason), message=name, because=copy.because)
        return []

    def _deliver(self, at: PointOfView, item: Item, name: str, copy: Copy, mailbox: Mailbox) -> list[Due]:
        """Put a copy into a mailbox."""
        kind, reverse_path = self._kinds[at.mta.kind], copy.envelope.reverse_path
        message = kind.deliver(at, returning_to(item, reverse_path), copy.message)
        delivered = events.Delivered(mailbox, reverse_path, message)
        self.record(at.mta.id, delivered, message=name, because=copy.because)
        notices = tuple(Notice(each, DELIVERED, "") for each in copy.recipients)
        return [Due(Action.DELIVERED, reverse_path, notices)]

    def _queued(self, at: PointOfView, item: Item, name: str, copy: Copy, relay: Relay | None) -> Queued:
        return Queued(
            name=name,
            mta_id=at.mta.id,
            item=returning_to(item, copy.envelope.reverse_path),
            relay=relay,
            message=copy.message,
            recipients=copy.recipients,
            due=self.now,
        )

    def _hold(self, at: PointOfView, queued: Queued, hold: Hold, because: Reason) -> None:
        """Keep a copy where nothing fetches it until it expires."""
        paths = tuple(recipient.path for recipient in queued.recipients)
        deferred = events.Deferred(paths, hold.queue, "", hold.last_error, hold.expires)
        self.record(at.mta.id, deferred, message=queued.name, because=because)
        queued.due = queued.expires = hold.expires
        queued.expired, queued.last_error = hold.expired, hold.last_error
        self._spool.queue(queued)
        if hold.warn_at is not None:
            self._spool.warn(hold.warn_at, queued)

    def _start(self, batch: list[Queued]) -> Attempt | None:
        """Begin the attempt of a batch, or give it up where its time is over."""
        mta_id, relay = batch[0].mta_id, batch[0].relay
        given_up = [(queued, queued.expired) for queued in batch if queued.expired is not None]
        for queued, reply in given_up:
            self._expire(queued, reply)
        if given_up or relay is None:
            return None
        kind = self._kinds[self.world.mtas[mta_id].kind]
        looked_up = batch[0].targets
        targets = looked_up or kind.targets(self.view(mta_id), relay)
        late = targets.value.took if looked_up is None else timedelta()
        late += timedelta() if batch[0].delayed else self._delay(batch, targets.value)
        if late:
            self._put_off(batch, targets, late)
            return None
        for queued in batch:
            queued.targets, queued.delayed = None, False
        steps = attempt(self, kind, relay, batch, targets=targets, name_session=self._sessions)
        return Attempt(mta_id, steps)

    def _read_settings_again(self, before: Topology) -> None:
        """Let what waits go by the settings that its connector has now.

        Unmodelled: that another connector is chosen for it, as by Retry-Queue -Resubmit.
        """
        for queued in self._spool.waiting():
            mta = self.world.mtas[queued.mta_id]
            if queued.relay is not None and mta is not before.mtas[queued.mta_id]:
                relay = self._relay_now(queued, queued.relay.via)
                queued.relay, queued.targets = relay or queued.relay, None if relay else queued.targets

    def _relay_now(self, queued: Queued, via: str) -> Relay | None:
        """Return the route of a copy by the settings of now; None where it would not go by the same connector."""
        envelope = replace(queued.item.envelope, recipients=queued.recipients)
        kind = self._kinds[self.world.mtas[queued.mta_id].kind]
        made = kind.categorize(self.view(queued.mta_id), replace(queued.item, envelope=envelope)).copies
        fates = [copy.fate for copy in made]
        same = [fate for fate in fates if isinstance(fate, Relay) and fate.via == via]
        return same[0] if len(fates) == len(same) == 1 else None

    def _delay(self, batch: list[Queued], targets: Targets) -> timedelta:
        """Return how much later an attempt begins by a fault of the host that it goes to first."""
        mta_id, name = batch[0].mta_id, f"{batch[0].name} {batch[0].attempts}"
        to = self.host_at(targets.found[0].address) if targets.found else ""
        fault = self.fault(Occasion(mta_id, to, Before.ATTEMPT, name)) if to else None
        if fault is None or not isinstance(fault.effect, Delay):
            return timedelta()
        for queued in batch:
            self.record(mta_id, hindered(fault), message=queued.name, because=reason_of(fault))
        return fault.effect.by

    def _put_off(self, batch: list[Queued], targets: Decision[Targets], late: timedelta) -> None:
        """Put an attempt off until the DNS has answered what was asked for it, or a delay is over."""
        for queued in batch:
            queued.targets, queued.delayed, queued.due = targets, True, self.now + late
            self._spool.queue(queued)

    def _settle(self, outcome: Outcome) -> None:
        """Give every recipient of an attempted copy its next state."""
        queued, at = outcome.queued, self.view(outcome.queued.mta_id)
        answered = outcome.answered
        sent = tuple(answer for answer in answered if answer.reply.positive)
        if sent and outcome.host:
            self._sent(at, outcome, outcome.host, sent)
        failures = [_failure(answer, outcome.host) for answer in answered if answer.reply.permanent]
        retry = tuple(answer.recipient for answer in answered if answer.reply.transient)
        error = next((answer.reply for answer in answered if answer.reply.transient), None)
        if outcome.error is not None:
            retry, error = queued.recipients, outcome.error
            if error.permanent and outcome.host is None:
                failures, retry = [_failed_here(each, outcome) for each in queued.recipients], ()
        if failures:
            self._fail(at, queued.name, failures)
            self._tell(at, queued, Action.FAILED, failures)
        if retry and error is not None:
            queued.last_try = self._last_try(queued, error, outcome.host)
            self._defer(
                at, queued, retry, Waiting(queued.attempts + 1, error, outcome.error is None), outcome.because
            )

    def _sent(self, at: PointOfView, outcome: Outcome, host: Target, sent: tuple[Answered, ...]) -> None:
        """Note what the next hop took over; it owes the sender a report of success where it offers DSN."""
        queued, to = outcome.queued, self._by_address.get(host.address)
        what = events.Sent(
            recipients=tuple(answer.recipient.path for answer in sent),
            to=to.id if to else host.host,
            via=queued.relay.via if queued.relay else "",
            reply=sent[0].reply,
        )
        self.record(queued.mta_id, what, message=queued.name, because=outcome.targets)
        if not outcome.passes_dsn:
            relayed = [Notice(each.recipient, each.reply, host.host, "", None, host.address) for each in sent]
            self._tell(at, queued, Action.RELAYED, relayed)

    def _last_try(self, queued: Queued, error: Reply, host: Target | None) -> LastTry:
        if host is None:
            return LastTry(self.now, error, queued.relay.next_hop if queued.relay else "")
        return LastTry(self.now, error, host.host, host.address)

    def _defer(
        self,
        at: PointOfView,
        queued: Queued,
        recipients: tuple[Recipient, ...],
        waiting: Waiting,
        because: Reason | None,
    ) -> None:
        """Keep recipients in the queue until the vendor wants to look at them again."""
        error = waiting.last_error
        following = self._kinds[at.mta.kind].after(at, queued.item, waiting)
        queued.recipients, queued.last_error = recipients, error
        queued.attempts, queued.due, queued.expired = waiting.attempts, following.due, following.expired
        queued.expires = following.expires
        if following.expired is not None and following.due <= self.now:
            self._expire(queued, following.expired, because or following.because)
            return
        paths = tuple(recipient.path for recipient in recipients)
        queue, via = (queued.relay.next_hop, queued.relay.via) if queued.relay else ("", "")
        deferred = events.Deferred(paths, queue, via, error, following.due)
        self.record(at.mta.id, deferred, message=queued.name, because=because or following.because)
        self._spool.queue(queued)
        if following.warn_at is not None and not queued.warned:
            self._spool.warn(max(following.warn_at, self.now), queued)

    def _warn(self, queued: Queued) -> None:
        """Tell the sender that a copy waits."""
        queued.warned = True
        at, error = self.view(queued.mta_id), queued.last_error
        if error is not None:
            notices = [Notice(each, error, "", until=queued.expires) for each in queued.recipients]
            self._tell(at, queued, Action.DELAYED, notices)

    def _expire(self, queued: Queued, reply: Reply, because: Reason | None = None) -> None:
        """Give up what has waited too long, or is not tried again at all."""
        at = self.view(queued.mta_id)
        failures = [
            Notice(each, reply, "", because=because, last_try=queued.last_try) for each in queued.recipients
        ]
        self._fail(at, queued.name, failures, expired=True)
        self._tell(at, queued, Action.FAILED, failures)

    def _fail(self, at: PointOfView, name: str, failures: list[Notice], *, expired: bool = False) -> None:
        """Write down the end of recipients, those with the same reply together."""
        usual = self._kinds[at.mta.kind].failure_is
        for key in dict.fromkeys((failure.reply, failure.remote, failure.stage) for failure in failures):
            reply, remote, stage = key
            group = [each for each in failures if (each.reply, each.remote, each.stage) == key]
            looped = reply.enhanced in LOOP_CODES
            disposition = "looped" if looped else "expired" if expired and usual == "bounced" else usual
            paths = tuple(failure.recipient.path for failure in group)
            what = events.Failed(paths, reply, remote, stage, disposition)
            self.record(at.mta.id, what, message=name, because=group[0].because)

    def _tell(self, at: PointOfView, queued: Queued, action: Action, notices: list[Notice]) -> None:
        due = Due(action, queued.item.envelope.reverse_path, tuple(notices))
        self._notices.tell(at, queued.item, queued.name, (due,))

    def _record_notice(
        self, at: PointOfView, about: str, what: events.Notified | events.Withheld, because: Reason | None
    ) -> None:
        self.record(at.mta.id, what, message=about, because=because)

    def _enter_report(self, at: PointOfView, report: Item) -> None:
        self._spool.add(self.now, at.mta.id, report)


def _by_address(world: Topology) -> dict[IPv4Address, Mta]:
    return {address: mta for mta in world.mtas.values() for address in mta.addresses}


def _failure(answer: Answered, host: Target | None) -> Notice:
    """Turn a refusal by the next hop into a failure."""
    if host is None or not answer.stage:
        return Notice(answer.recipient, answer.reply, "")
    return Notice(answer.recipient, answer.reply, host.host, answer.stage, None, host.address)


def _failed_here(recipient: Recipient, outcome: Outcome) -> Notice:
    """Turn a route that leads nowhere into a failure."""
    reply = outcome.error or Reply(550, "", ("",))
    return Notice(recipient, reply, "", "", outcome.because)
