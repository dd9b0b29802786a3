"""How often a message came round without any host counting: a run ends what would go on for ever.

Hosts count the Received fields of a message. One that takes them away lets all others count from the start, so the message comes to
each of them again with no more fields than before. How often that is borne is above every other limit, so it decides nothing that a
host would have.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from mailsim.mail.message import Message
from mailsim.mail.reply import reply
from mailsim.reason.check import Check, check
from mailsim.reason.cite import assumed

MOST = 60

UNCOUNTED = reply(554, "5.4.14", f"Stopped by mailsim: came round {MOST} times, and no host counted")
ENDLESS = assumed("mailsim-endless-loop", "where hosts take Received fields away, mail goes round for ever")


@dataclass(frozen=True, slots=True)
class Round:
    """What an MTA saw of a message.

    Args:
        received: the most Received fields it came with.
        repeated: how often it came again with no more of them.
    """

    received: int = -1
    repeated: int = 0


class Rounds:
    """The rounds of every message of a run, those of the message that it is a copy of included."""

    def __init__(self) -> None:
        self._seen: defaultdict[str, dict[str, Round]] = defaultdict(dict)

    def came(self, name: str, mta: str, message: Message) -> None:
        """Note that an MTA took a message over by SMTP."""
        known, received = self._seen[name].get(mta, Round()), len(message.values("Received"))
        grown = received > known.received
        self._seen[name][mta] = Round(received) if grown else Round(known.received, known.repeated + 1)

    def forked(self, name: str, copies: Iterable[str]) -> None:
        """Let copies go on from where their message is."""
        for copy in copies:
            self._seen[copy] = dict(self._seen[name])

    def are_counted(self, name: str, mta: str) -> Check:
        """Want a message that comes to an MTA again and again to show it."""
        known = self._seen[name].get(mta, Round())
        return check(
            known.repeated <= MOST,
            "rounds without a further Received field",
            saw=str(known.repeated),
            wanted=f"at most {MOST}, since no host can count them",
            cite=ENDLESS,
        )
