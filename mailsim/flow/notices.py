"""Telling senders what became of their mail: the vendor makes the report, here it gets a name and enters the spool.

Called by ``flow.pipeline`` with what happened to recipients of one message at one MTA. A report is an item like any other;
recipients whose reports go to different senders, as those of a group may, are told of separately.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from mailsim.mail.address import Mailbox, ReversePath
from mailsim.mail.dsn import Action
from mailsim.mta.kind import Item, MtaKind, Notice, PointOfView
from mailsim.mta.relaying.reports import has_sender, wants_report
from mailsim.reason.decision import Reason
from mailsim.trace.events import Notified, Withheld


@dataclass(frozen=True, slots=True)
class Due:
    """What a sender may be told about recipients of one copy.

    Args:
        action: what has become of them.
        to: the reverse-path of the copy, which is told.
        notices: one a recipient.
    """

    action: Action
    to: ReversePath
    notices: tuple[Notice, ...]


def returning_to(item: Item, to: ReversePath) -> Item:
    """Return a message with the reverse-path of one of its copies."""
    return replace(item, envelope=replace(item.envelope, reverse_path=to))


class Notices:
    """Makes reports and hands them to the spool.

    Args:
        kinds: MTA kinds by name.
        record: writes down what was done about the recipients of a message, and by which reason.
        spool: takes a report.
    """

    def __init__(
        self,
        kinds: Mapping[str, MtaKind],
        record: Callable[[PointOfView, str, Notified | Withheld, Reason | None], None],
        spool: Callable[[PointOfView, Item], None],
    ) -> None:
        self._kinds = kinds
        self._record = record
        self._spool = spool
        self._made: Counter[str] = Counter()

    def tell(self, at: PointOfView, item: Item, about: str, dues: Iterable[Due]) -> None:
        """Have the vendor report to the senders, where a report is due.

        Args:
            at: the MTA that tells.
            item: the message.
            about: the name of the message or copy.
            dues: what is to be told; what goes to the same sender is told together.
        """
        together: dict[tuple[Action, ReversePath], list[Due]] = {}
        for due in dues:
            if due.notices:
                together.setdefault((due.action, due.to), []).append(due)
        for (action, to), group in together.items():
            notices = [notice for due in group for notice in due.notices]
            wanted = self._wanted(at, about, to, action, notices)
            if wanted:
                self._report(at, returning_to(item, to), about, wanted, action)

    def _wanted(
        self, at: PointOfView, about: str, to: ReversePath, action: Action, notices: list[Notice]
    ) -> tuple[Notice, ...]:
        """Return what the sender is to hear of; a failure that nobody is to hear of is written down."""
        sender = has_sender(to)
        asked = [(each, sender if sender.failed else wants_report(each, action)) for each in notices]
        silent = [(each, why) for each, why in asked if why.failed]
        if silent and action is Action.FAILED:
            withheld = Withheld(to, _paths(each for each, _ in silent), action.value)
            self._record(at, about, withheld, silent[0][1])
        return tuple(each for each, why in asked if not why.failed)

    def _report(
        self, at: PointOfView, item: Item, about: str, notices: tuple[Notice, ...], action: Action
    ) -> None:
        number = self._made[about] + 1
        name = f"{about}.dsn{number if number > 1 else ''}"
        decision = self._kinds[at.mta.kind].report(at, item, notices, name, action)
        report = decision.value
        if report is None and not decision.because:
            return
        if report is None:
            withheld = Withheld(item.envelope.reverse_path, _paths(notices), action.value)
            self._record(at, about, withheld, decision)
            return
        self._made[about] = number
        to = report.envelope.recipients[0].path
        self._record(at, about, Notified(name, to, _paths(notices), action.value, notices[0].reply), None)
        self._spool(at, report)


def _paths(notices: Iterable[Notice]) -> tuple[Mailbox, ...]:
    return tuple(notice.recipient.path for notice in notices)
