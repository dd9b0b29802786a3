"""The words of administrators: booleans, sizes, durations, times."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsim.config.words import parse_boolean, parse_duration, parse_octets, parse_time


@pytest.mark.parametrize("text", ["$true", "$TRUE", "True", "true"])
def test_powershell_true_in_any_case(text: str) -> None:
    """What is typed and what is printed both mean true."""
    assert parse_boolean(text) is True


@pytest.mark.parametrize("text", ["$false", "$False", "False"])
def test_powershell_false_in_any_case(text: str) -> None:
    """What is typed and what is printed both mean false."""
    assert parse_boolean(text) is False


@pytest.mark.parametrize("text", ["yes", "on", "1", "$yes", "", "$null"])
def test_other_words_are_no_booleans(text: str) -> None:
    """Nothing but true and false is guessed to be one."""
    with pytest.raises(ValueError, match="is not a boolean"):
        parse_boolean(text)


@pytest.mark.parametrize(
    ("text", "octets"),
    [
        ("37748736", 37748736),
        ("36MB", 37748736),
        ("36 mb", 37748736),
        ("25 KB", 25600),
        ("1.5MB", 1572864),
        ("10 B", 10),
        ("2GB", 2 * 1024**3),
        ("1TB", 1024**4),
        ("0", 0),
        ("35 MB (36,700,160 bytes)", 36700160),
        ("1.953 MB (2,048,000 bytes)", 2048000),
        ("35 MB (36.700.160 bytes)", 36700160),
        ("35 MB (36\u00a0700\u00a0160 bytes)", 36700160),
        ("0 B (0 bytes)", 0),
    ],
)
def test_sizes(text: str, octets: int) -> None:
    """Sizes count in 1,024s; the exact number that cmdlets print is taken."""
    assert parse_octets(text) == octets


@pytest.mark.parametrize("text", ["36XB", "big", "-1", "", "1.5", "0.3KB", "MB", "1,000", "Unlimited"])
def test_what_is_no_size(text: str) -> None:
    """Unknown units, signs, bare separators and fractions of an octet are refused."""
    with pytest.raises(ValueError, match=r"is not a (size|whole number of octets)"):
        parse_octets(text)


def test_a_size_edited_in_one_half_only_is_refused() -> None:
    """The rounded number and the exact one must agree."""
    with pytest.raises(ValueError, match="contradicts itself: 50 MB is not 36,700,160 bytes"):
        parse_octets("50 MB (36,700,160 bytes)")


@given(st.integers(0, 10**15))
def test_printed_sizes_are_read_back(octets: int) -> None:
    """What a cmdlet prints for a size is that size."""
    unit = min((octets.bit_length() - 1) // 10, 4) if octets else 0
    rounded = f"{octets / 1024**unit:.4g}" if octets / 1024**unit < 9999 else str(octets // 1024**unit)
    assert parse_octets(f"{rounded} {('B', 'KB', 'MB', 'GB', 'TB')[unit]} ({octets:,} bytes)") == octets


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("1h", timedelta(hours=1)),
        ("15m", timedelta(minutes=15)),
        ("+2h", timedelta(hours=2)),
        ("-2h", timedelta(hours=-2)),
        ("1d", timedelta(days=1)),
        ("2w", timedelta(weeks=2)),
        ("90s", timedelta(seconds=90)),
        ("250ms", timedelta(milliseconds=250)),
        ("1h30m", timedelta(hours=1, minutes=30)),
        ("00:10:00", timedelta(minutes=10)),
        ("00:10", timedelta(minutes=10)),
        ("1.00:00:00", timedelta(days=1)),
        ("1:02:03:04", timedelta(days=1, hours=2, minutes=3, seconds=4)),
        ("-00:00:05", timedelta(seconds=-5)),
        ("00:00:05.5", timedelta(seconds=5.5)),
        (
            "10675199.02:48:05.4775807",
            timedelta(days=10675199, hours=2, minutes=48, seconds=5, microseconds=477580),
        ),
    ],
)
def test_durations(text: str, span: timedelta) -> None:
    """Units and .NET's TimeSpan both say how long."""
    assert parse_duration(text) == span


@pytest.mark.parametrize(
    "text", ["5", "", "1x", "1h 5", "24:00:00", "00:60:00", "h", "1.00:00", "9999999999d", "1y"]
)
def test_what_is_no_duration(text: str) -> None:
    """A number without a unit says nothing, and a clock ends at 23:59:59."""
    with pytest.raises(ValueError, match=r"is not a duration|is too long a duration"):
        parse_duration(text)


@given(st.timedeltas(timedelta(), timedelta(days=1000)))
def test_timespans_are_read_back(span: timedelta) -> None:
    """What .NET prints for a span is that span."""
    hours, rest = divmod(span.seconds, 3600)
    text = f"{span.days}.{hours:02}:{rest // 60:02}:{rest % 60:02}.{span.microseconds:06}0"
    assert parse_duration(text) == span


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-01-31T09:00:00Z", datetime(2026, 1, 31, 9, tzinfo=UTC)),
        ("2026-01-31 09:00", datetime(2026, 1, 31, 9, tzinfo=UTC)),
        ("2026-01-31", datetime(2026, 1, 31, tzinfo=UTC)),
        ("2026-01-31T09:00:00+02:00", datetime(2026, 1, 31, 7, tzinfo=UTC)),
        ("2026-01-31t09:00:00.25z", datetime(2026, 1, 31, 9, 0, 0, 250000, tzinfo=UTC)),
    ],
)
def test_times_are_utc(text: str, moment: datetime) -> None:
    """Without an offset a time is UTC, with one it becomes UTC."""
    read = parse_time(text)
    assert read == moment
    assert read.tzinfo is UTC


@pytest.mark.parametrize(
    "text", ["20260131", "2026-02-30", "31.01.2026", "1700000000", "", "0001-01-01T00:00:00+01:00"]
)
def test_what_is_no_time(text: str) -> None:
    """Other notations and days that do not exist are refused."""
    with pytest.raises(ValueError, match="is not a time"):
        parse_time(text)
