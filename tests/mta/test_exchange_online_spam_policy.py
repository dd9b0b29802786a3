"""RecipientLimitPerDay and what an alert leaves of it."""

from __future__ import annotations

import pytest

from mailsim.mta.exchange_online.outbound_spam_policy import (
    HostedOutboundSpamFilterPolicy,
    ThresholdAction,
    few_recipients_today,
)


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
    assert few_recipients_today(policy, sent).failed is not met


@pytest.mark.parametrize("limit", [-1, 10_001])
def test_a_limit_above_that_of_the_service_is_refused(limit):
    """The cmdlet takes 0 to 10000."""
    with pytest.raises(ValueError, match="wanted 0 to 10000"):
        HostedOutboundSpamFilterPolicy(recipient_limit_per_day=limit)
