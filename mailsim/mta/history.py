"""What an MTA remembers of the transactions it has seen, for limits that count over time.

Kept by ``flow``, asked by vendors. Order is the order of the run, the same for prediction and live run.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv4Address

from mailsim.mail.address import ReversePath


@dataclass(frozen=True, slots=True)
class Transaction:
    """One accepted MAIL command, or a message that a mailbox handed in.

    Args:
        at: when, UTC.
        peer_ip: the client's address; None for what was handed in without SMTP.
        user: the mailbox that signed in or handed it in, empty for none.
        reverse_path: as given.
        connector: by which connector it came, empty where there is none.
    """

    at: datetime
    peer_ip: IPv4Address | None
    user: str
    reverse_path: ReversePath
    connector: str = ""


@dataclass(frozen=True, slots=True)
class Handed:
    """A message that a mailbox handed in whole, by whatever way.

    Args:
        at: when, UTC.
        user: the mailbox, by its address.
        recipients: how many it was addressed to.
    """

    at: datetime
    user: str
    recipients: int


class History:
    """The transactions of one MTA and the messages that mailboxes handed to it, oldest first."""

    __slots__ = ("_handed", "_transactions")

    def __init__(self) -> None:
        self._transactions: list[Transaction] = []
        self._handed: list[Handed] = []

    def add(self, what: Transaction | Handed) -> None:
        """Remember one more."""
        if isinstance(what, Handed):
            self._handed.append(what)
        else:
            self._transactions.append(what)

    def since(self, instant: datetime) -> Iterator[Transaction]:
        """Yield the transactions at or after an instant, newest first."""
        for transaction in reversed(self._transactions):
            if transaction.at < instant:
                return
            yield transaction

    def handed_by(self, users: Container[str]) -> tuple[Handed, ...]:
        """Return all that mailboxes handed in, oldest first.

        Args:
            users: their addresses, lower case.
        """
        return tuple(each for each in self._handed if each.user.lower() in users)
