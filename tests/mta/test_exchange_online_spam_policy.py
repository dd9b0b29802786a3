"""RecipientLimitPerDay and what an alert leaves of it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from builders import START

from mailsim.mta.exchange_online.categorize.outbound_spam_policy import (
    HostedOutboundSpamFilterPolicy,
    ThresholdAction,
    few_recipients_today,
)
from mailsim.mta.history import Handed


@pytest.mark.parametrize(
    ("limit", "action", "sent", "met"),
    [
        (0, ThresholdAction.BLOCK_USER_FOR_TODAY, 10_000, True),
        (0, ThresholdAction.BLOCK_USER_FOR_TODAY, 10_001, False),
        (100, ThresholdAction.BLOCK_USER_FOR_TODAY, 101, False),
        (100, ThresholdAction.ALERT, 101, True),
        (100, ThresholdAction.ALERT, 10_001, False),
        (0, ThresholdAction.ALERT, 10_001, False),
    ],
)
def test_an_alert_leaves_the_limit_of_the_service(limit, action, sent, met):
    """Alert lets a mailbox pass the written limit, and nothing the service's own."""
    policy = HostedOutboundSpamFilterPolicy(
        recipient_limit_per_day=limit, action_when_threshold_reached=action
    )
    assert few_recipients_today(policy, (Handed(START, "a@contoso.com", sent),), START).failed is not met


@pytest.mark.parametrize(
    ("action", "later", "met"),
    [
        (ThresholdAction.BLOCK_USER_FOR_TODAY, timedelta(hours=14, minutes=59), False),
        (ThresholdAction.BLOCK_USER_FOR_TODAY, timedelta(hours=24), False),
        (ThresholdAction.BLOCK_USER_FOR_TODAY, timedelta(hours=25), True),
        (ThresholdAction.BLOCK_USER, timedelta(hours=25), False),
        (ThresholdAction.BLOCK_USER, timedelta(days=30), False),
        (ThresholdAction.ALERT, timedelta(hours=25), True),
    ],
)
def test_how_long_a_mailbox_stays_blocked(action, later, met):
    """Until the next day, UTC, or with BlockUser for good; what was sent counts for 24 hours besides."""
    policy = HostedOutboundSpamFilterPolicy(recipient_limit_per_day=100, action_when_threshold_reached=action)
    handed = (Handed(START, "a@contoso.com", 101), Handed(START + later, "a@contoso.com", 1))
    assert few_recipients_today(policy, handed, START + later).failed is not met


def test_a_block_outlasts_the_count():
    """The count may have sunk below the limit, and the day is not over."""
    policy = HostedOutboundSpamFilterPolicy(recipient_limit_per_day=100)
    sizes = ((START - timedelta(hours=20), 60), (START, 50), (START + timedelta(hours=5), 1))
    handed = tuple(Handed(at, "a@contoso.com", size) for at, size in sizes)
    assert few_recipients_today(policy, handed[:1], handed[0].at).failed is False
    assert few_recipients_today(policy, handed[:2], START).failed
    refused = few_recipients_today(policy, handed, handed[-1].at)
    assert refused.failed
    assert refused.saw == "51 recipients in 24 hours, blocked since 2026-01-05 09:00"


@pytest.mark.parametrize("limit", [-1, 10_001])
def test_a_limit_above_that_of_the_service_is_refused(limit):
    """The cmdlet takes 0 to 10000."""
    with pytest.raises(ValueError, match="wanted 0 to 10000"):
        HostedOutboundSpamFilterPolicy(recipient_limit_per_day=limit)
