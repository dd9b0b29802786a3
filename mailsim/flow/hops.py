"""How often a message was taken over: a run ends what goes round for ever.

Hosts count the Received fields of a message, and one that takes them away lets the next ones count from the start. The limit here
is above all of theirs, so it decides nothing that a host would have.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from mailsim.mail.reply import reply
from mailsim.reason.check import Check, check
from mailsim.reason.cite import assumed

MOST = 600
"""MaxHopCount of a Receive connector goes up to 500."""

UNCOUNTED = reply(554, "5.4.14", f"Stopped by mailsim after {MOST} hops, which no host counted")
ENDLESS = assumed("mailsim-endless-loop", "where hosts take Received fields away, mail goes round for ever")


class Hops:
    """The hops of every message of a run, those of the message that it is a copy of included."""

    def __init__(self) -> None:
        self._taken: Counter[str] = Counter()

    def took(self, name: str) -> None:
        """Count that an MTA took a message over by SMTP."""
        self._taken[name] += 1

    def forked(self, name: str, copies: Iterable[str]) -> None:
        """Let copies go on from where their message is."""
        self._taken.update(dict.fromkeys(copies, self._taken[name]))

    def are_few(self, name: str) -> Check:
        """Want a message to have come by no more hops than any host would bear."""
        return check(
            self._taken[name] <= MOST,
            "hops in this run",
            saw=f"{name} taken over {self._taken[name]} times",
            wanted=f"at most {MOST}",
            cite=ENDLESS,
        )
