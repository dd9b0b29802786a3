"""Telling senders what became of their mail: the vendor makes the report, here it gets a name and enters the spool.

Called by ``flow.pipeline`` with what happened to recipients of one message at one MTA. A report is an item like any other;
recipients whose reports go to different senders, as those of a group may, are told of separately.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from mailsim.mail.address import ReversePath
from mailsim.mail.dsn import Action
from mailsim.mta.kind import Item, MtaKind, Notice, PointOfView
from mailsim.trace.events import Notified


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
        enter: records that a report was made about a message, and spools it.
    """

    def __init__(
        self,
        kinds: Mapping[str, MtaKind],
        enter: Callable[[PointOfView, str, Notified, Item], None],
    ) -> None:
        self._kinds = kinds
        self._enter = enter
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
            notices = tuple(notice for due in group for notice in due.notices)
            self._report(at, returning_to(item, to), about, notices, action)

    def _report(
        self, at: PointOfView, item: Item, about: str, notices: tuple[Notice, ...], action: Action
    ) -> None:
        number = self._made[about] + 1
        name = f"{about}.dsn{number if number > 1 else ''}"
        report = self._kinds[at.mta.kind].report(at, item, notices, name, action)
        if report is None:
            return
        self._made[about] = number
        paths = tuple(notice.recipient.path for notice in notices)
        to = report.envelope.recipients[0].path
        self._enter(at, about, Notified(name, to, paths, action.value, notices[0].reply), report)
