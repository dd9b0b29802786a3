"""The outbound spam filter policy of a tenant: external forwards, and how many recipients a mailbox may send to in a day.

Names are those of Set-HostedOutboundSpamFilterPolicy, snake_cased. Sources: Set-HostedOutboundSpamFilterPolicy, "Configuring
and controlling external email forwarding", "Exchange Online limits".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import ClassVar

from mailsim.mta.exchange_online import defaults
from mailsim.mta.exchange_online.categorize.recipient_assumptions import AUTOMATIC_FORWARDING
from mailsim.mta.history import Handed
from mailsim.mta.unmodelled import Configured
from mailsim.reason.check import Check, check
from mailsim.reason.cite import documented

POLICY = documented("ms:set-hostedoutboundspamfilterpolicy", "Set-HostedOutboundSpamFilterPolicy")
FORWARDING = documented("ms:external-email-forwarding", "AutoForwardingMode")

DAY = timedelta(days=1)


class AutoForwardingMode(Enum):
    """What a policy does about forwards to external recipients."""

    AUTOMATIC = "Automatic"
    OFF = "Off"
    ON = "On"


class ThresholdAction(Enum):
    """What happens to a sender who reached a limit."""

    ALERT = "Alert"
    BLOCK_USER = "BlockUser"
    BLOCK_USER_FOR_TODAY = "BlockUserForToday"


@dataclass(frozen=True, slots=True, kw_only=True)
class HostedOutboundSpamFilterPolicy(Configured):
    """The policy Default of a tenant (Set-HostedOutboundSpamFilterPolicy)."""

    SPELLING: ClassVar[str] = "exchange"
    IGNORED: ClassVar[frozenset[str]] = frozenset(
        {
            "AdminDisplayName", "BccSuspiciousOutboundAdditionalRecipients", "BccSuspiciousOutboundMail", "Guid",
            "Identity", "IsDefault", "Name", "NotifyOutboundSpam", "NotifyOutboundSpamRecipients",
        }
    )  # fmt: skip
    UNMODELLED: ClassVar[frozenset[str]] = frozenset(
        {"RecipientLimitExternalPerHour", "RecipientLimitInternalPerHour"}
    )

    auto_forwarding_mode: AutoForwardingMode = AutoForwardingMode.AUTOMATIC
    recipient_limit_per_day: int = 0
    action_when_threshold_reached: ThresholdAction = ThresholdAction.BLOCK_USER_FOR_TODAY

    def __post_init__(self) -> None:
        """Refuse what the cmdlet refuses.

        Raises:
            ValueError: for a RecipientLimitPerDay above the service's own.
        """
        limit, most = self.recipient_limit_per_day, defaults.MAX_RECIPIENTS_A_DAY
        if not 0 <= limit <= most:
            raise ValueError(f"RecipientLimitPerDay is {limit}; wanted 0 to {most}")


def lets_forward(policy: HostedOutboundSpamFilterPolicy, saw: str, *, automatic: str) -> Check:
    """AutoForwardingMode: whether mailboxes may forward to external recipients, by rules or by their settings.

    Args:
        policy: of the tenant.
        saw: what is forwarded by what.
        automatic: how the assumption ``exo-automatic-forwarding`` is decided.
    """
    mode = policy.auto_forwarding_mode
    open_point = mode is AutoForwardingMode.AUTOMATIC
    on = automatic == "on" if open_point else mode is AutoForwardingMode.ON
    return check(
        on,
        "AutoForwardingMode",
        saw=f"{mode.value}; {saw}",
        wanted="On",
        cite=AUTOMATIC_FORWARDING.cite(automatic) if open_point else FORWARDING,
        source=policy.source("AutoForwardingMode"),
    )


def few_recipients_today(
    policy: HostedOutboundSpamFilterPolicy, handed: tuple[Handed, ...], now: datetime
) -> Check:
    """RecipientLimitPerDay: the mailbox is not blocked for having passed it, now or before.

    0 stands for the service's own limit, which also holds where only an alert is wanted. Who passed it is blocked for the rest of
    the day, UTC, or with BlockUser until an administrator lifts it.

    Args:
        policy: of the tenant.
        handed: what the mailbox handed in so far, oldest first.
        now: when the message is judged, UTC; it was handed in.
    """
    alert = policy.action_when_threshold_reached is ThresholdAction.ALERT
    most = defaults.MAX_RECIPIENTS_A_DAY
    limit = most if alert else policy.recipient_limit_per_day or most
    sent = _in_a_day(handed, now)
    passed = [each.at for each in handed if _in_a_day(handed, each.at) > limit]
    stopped = [at for at in passed if _still_blocked(policy.action_when_threshold_reached, at, now)]
    saw = f"{sent} recipients in 24 hours"
    if alert and policy.recipient_limit_per_day and policy.recipient_limit_per_day < sent <= most:
        saw += ", and only an alert is wanted"
    if stopped and sent <= limit:
        saw += f", blocked since {stopped[0]:%Y-%m-%d %H:%M}"
    return check(
        not stopped,
        "RecipientLimitPerDay",
        saw=saw,
        wanted=f"at most {limit}",
        cite=POLICY,
        source=policy.source("RecipientLimitPerDay"),
    )


def _in_a_day(handed: tuple[Handed, ...], at: datetime) -> int:
    """Count the recipients of a mailbox in the 24 hours up to an instant."""
    return sum(each.recipients for each in handed if at - DAY <= each.at <= at)


def _still_blocked(action: ThresholdAction, since: datetime, now: datetime) -> bool:
    if action is ThresholdAction.BLOCK_USER:
        return True
    if action is ThresholdAction.BLOCK_USER_FOR_TODAY:
        return since.date() == now.date()
    return since == now
