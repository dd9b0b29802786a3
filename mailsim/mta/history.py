"""What an MTA remembers of the transactions it has seen, for limits that count over time.

Kept by ``flow``, asked by vendors. Order is the order of the run, the same for prediction and live run.
"""

from __future__ import annotations

from collections.abc import Iterator
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
        recipients: how many it was addressed to; 0 where that was not known yet.
    """

    at: datetime
    peer_ip: IPv4Address | None
    user: str
    reverse_path: ReversePath
    recipients: int = 0


class History:
    """The transactions of one MTA, oldest first."""

    __slots__ = ("_transactions",)

    def __init__(self) -> None:
        self._transactions: list[Transaction] = []

    def add(self, transaction: Transaction) -> None:
        """Remember one more."""
        self._transactions.append(transaction)

    def since(self, instant: datetime) -> Iterator[Transaction]:
        """Yield those at or after an instant, newest first."""
        for transaction in reversed(self._transactions):
            if transaction.at < instant:
                return
            yield transaction
