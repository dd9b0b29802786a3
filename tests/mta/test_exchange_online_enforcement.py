"""How long pauses stop the count of days that an Exchange server is out of date."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from mailsim.mta.exchange_online.receive.enforcement import TenantExemptionInfo, _paused

START = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def pause(begins: int, days: int) -> TenantExemptionInfo:
    """Pause for some days, from a number of days after the start."""
    return TenantExemptionInfo(number_of_days=days, start_time=START + begins * DAY)


@pytest.mark.parametrize(
    ("pauses", "days"),
    [
        ((), 0),
        ((pause(10, 5),), 5),
        ((pause(95, 10),), 5),
        ((pause(-60, 30),), 0),
        ((pause(-10, 30),), 20),
        ((pause(10, 10), pause(15, 10)), 15),
        ((pause(10, 30), pause(15, 5)), 30),
        ((pause(200, 5),), 0),
    ],
    ids=["none", "past", "holds", "before it", "begun before it", "overlap", "one in another", "to come"],
)
def test_pauses_count_once_and_within_the_time_out_of_date(pauses, days):
    """Out of date since the start, a hundred days ago."""
    assert _paused(pauses, START, START + 100 * DAY, START) == days * DAY
