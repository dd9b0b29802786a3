"""Out-of-date Exchange servers: how long mail of one over an OnPremises connector is still taken.

A server whose version falls below what the service wants is first reported, then throttled and then blocked for more and
more minutes of every hour, until nothing is taken from the ninetieth day on. A pause (New-TenantExemptionInfo) stops the
count; afterwards it goes on where it stood. Since when a version counts as out of date is a fact of the scenario
(``out_of_date_since`` of a server). Pure.

Sources: "Throttling and Blocking Email from Persistently Vulnerable Exchange Servers to Exchange Online", "How to pause
throttling and blocking of out-of-date on-premises Exchange Servers". At which stage of the session it is refused is assumed:
where the connector is known, at RCPT.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

from mailsim.mail.reply import Reply, reply
from mailsim.mta.exchange_online.receive.receive_assumptions import ENFORCED_MINUTES
from mailsim.mta.kind import PointOfView
from mailsim.reason.check import Check, check
from mailsim.reason.cite import Citation, documented
from mailsim.world.facts import SessionFacts
from mailsim.world.source import Written

ENFORCEMENT = documented("techcommunity:3815328", "stages of enforcement")
PAUSE = documented("techcommunity:4007169", "New-TenantExemptionInfo")
DAY = timedelta(days=1)
LONGEST_PAUSE = 90
"""Days of one pause; the 90 days of a calendar year altogether are not counted."""


@dataclass(frozen=True, slots=True)
class Stage:
    """What happens to an out-of-date server from some day on.

    Args:
        since: days out of date.
        throttled: minutes of an hour in which it is refused for now.
        blocked: minutes of an hour in which it is refused for good.
    """

    since: int
    throttled: int = 0
    blocked: int = 0


STAGES = (
    Stage(0),
    Stage(30, throttled=5),
    Stage(40, throttled=10),
    Stage(50, throttled=20),
    Stage(60, throttled=30, blocked=5),
    Stage(70, blocked=10),
    Stage(80, blocked=20),
    Stage(90, blocked=60),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantExemptionInfo(Written):
    """A pause of enforcement (New-TenantExemptionInfo).

    Args:
        number_of_days: how long it lasts.
        start_time: when it was created, UTC; None is the start of the scenario.
    """

    SPELLING: ClassVar[str] = "exchange"
    IGNORED: ClassVar[frozenset[str]] = frozenset({"BlockingScenario", "Identity"})

    number_of_days: int
    start_time: datetime | None = None

    def __post_init__(self) -> None:
        """Refuse what the cmdlet refuses.

        Raises:
            ValueError: for a number of days outside 1 to 90.
        """
        if not 1 <= self.number_of_days <= LONGEST_PAUSE:
            raise ValueError(f"NumberOfDays is {self.number_of_days}; wanted 1 to {LONGEST_PAUSE}")

    def span(self, start: datetime) -> tuple[datetime, datetime]:
        """Return when it begins and ends."""
        begins = self.start_time or start
        return begins, begins + self.number_of_days * DAY

    def holds(self, now: datetime, start: datetime) -> bool:
        """Tell whether the pause holds at an instant."""
        begins, ends = self.span(start)
        return begins <= now < ends


@dataclass(frozen=True, slots=True)
class Enforced:
    """How a session of an out-of-date server is treated now.

    Args:
        refusal: what it hears when it is refused.
        refused: whether it is.
        saw: how things stand, in words.
        cite: where that is known from.
    """

    refusal: Reply
    refused: bool
    saw: str
    cite: Citation


def enforced(
    at: PointOfView, facts: SessionFacts, pauses: tuple[TenantExemptionInfo, ...]
) -> Enforced | None:
    """Find out how the server at the other end is treated; None for one that is not out of date.

    Args:
        at: the service, now.
        facts: of the session; its peer address tells the server.
        pauses: of the tenant whose mail it is.
    """
    server = next((mta for mta in at.world.mtas.values() if facts.peer_ip in mta.addresses), None)
    if server is None or server.out_of_date_since is None or server.out_of_date_since > at.now:
        return None
    since = server.out_of_date_since
    days = (at.now - since - _paused(pauses, since, at.now, at.world.start)) // DAY
    stage = max((stage for stage in STAGES if stage.since <= days), key=lambda stage: stage.since)
    saw = f"{server.fqdn} is out of date for {days} days: throttled {stage.throttled}, blocked {stage.blocked} mins/hr"
    if any(pause.holds(at.now, at.world.start) for pause in pauses):
        return Enforced(_refusal(stage, blocked=True), refused=False, saw=f"{saw}; paused", cite=PAUSE)
    return _at_this_minute(at, stage, saw)


def _paused(
    pauses: tuple[TenantExemptionInfo, ...], since: datetime, now: datetime, start: datetime
) -> timedelta:
    """Return for how long since a time the count has stood still; pauses that overlap count once."""
    total, reached = timedelta(), since
    for begins, ends in sorted(pause.span(start) for pause in pauses):
        total += max(min(ends, now) - max(begins, reached), timedelta())
        reached = max(reached, ends)
    return total


def _at_this_minute(at: PointOfView, stage: Stage, saw: str) -> Enforced:
    choice = at.assumed(ENFORCED_MINUTES)
    minute = at.now.minute if choice == "first" else 59 - at.now.minute
    always = stage.blocked >= 60 or not (stage.throttled or stage.blocked)
    return Enforced(
        _refusal(stage, blocked=minute < stage.blocked),
        refused=minute < stage.blocked + stage.throttled,
        saw=saw if always else f"{saw}, now minute {at.now.minute}",
        cite=ENFORCEMENT if always else ENFORCED_MINUTES.cite(choice),
    )


def _refusal(stage: Stage, *, blocked: bool) -> Reply:
    code, enhanced, word = (550, "5.7.230", "blocked") if blocked else (450, "4.7.230", "throttled")
    return reply(
        code,
        enhanced,
        f"Connecting Exchange server version is out-of-date; connection to Exchange Online {word} for "
        f"{stage.blocked if blocked else stage.throttled} mins/hr. "
        "For more information see https://aka.ms/BlockUnsafeExchange.",
    )


def is_still_taken(found: Enforced, connector: str) -> Check:
    """Want a server whose version is still taken at this minute."""
    return check(
        not found.refused,
        f"version of the Exchange server behind inbound connector {connector!r}",
        saw=found.saw,
        wanted="an updated server, or New-TenantExemptionInfo -BlockingScenario UnpatchedOnPremServer",
        cite=found.cite,
    )
