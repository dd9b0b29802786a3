"""The words in which administrators write booleans, sizes, durations and times.

Called by ``bind`` and by whoever reads Exchange's own notation. Pure; each function takes the text as written
and raises ``ValueError`` with a line for the user. Sources: PowerShell language specification, 2.3.5.4 (``$true``,
``$null``); Microsoft, ``ByteQuantifiedSize`` as cmdlets print it; .NET, ``TimeSpan`` constant format.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

_UNITS = ("B", "KB", "MB", "GB", "TB")
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([KMGT]?B)?", re.ASCII | re.IGNORECASE)
_PRINTED_SIZE = re.compile(r"(.+?)\s*\((\d[\d.,'\s\u00a0\u202f]*)bytes\)", re.ASCII | re.IGNORECASE)
_SHORT = re.compile(r"([+-]?)((?:\d+(?:ms|[smhdw]))+)", re.ASCII | re.IGNORECASE)
_SHORT_PART = re.compile(r"(\d+)(ms|[smhdw])", re.ASCII | re.IGNORECASE)
_SHORT_UNITS = {
    "ms": "milliseconds", "s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"
}  # fmt: skip
_TIMESPAN = re.compile(
    r"([+-]?)(?:(\d+)[.:](?=\d+:\d+:))?(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.(\d{1,7}))?)?", re.ASCII
)
_ISO = re.compile(
    r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?", re.ASCII | re.IGNORECASE
)

SIZE_WANTED = "octets or a size such as 36MB, 25 KB or '35 MB (36,700,160 bytes)'"
DURATION_WANTED = "a duration such as 90s, 15m, 1h30m, 1d, 00:15:00 or 1.00:00:00"
TIME_WANTED = "a UTC time such as 2026-01-31T09:00:00Z"


def parse_boolean(text: str) -> bool:
    """Read PowerShell's ``$true`` and ``$false``, or True and False as it prints them, in any case.

    Raises:
        ValueError: for anything else; ``yes``, ``on`` and ``1`` are no booleans.
    """
    word = text.lower().removeprefix("$")
    if word not in ("true", "false"):
        raise ValueError(f"{text!r} is not a boolean")
    return word == "true"


def parse_octets(text: str) -> int:
    """Read a size in octets; KB, MB, GB and TB count 1,024.

    Args:
        text: ``37748736``, ``36MB``, ``25 KB``, ``1.5MB`` or ``35 MB (36,700,160 bytes)``, where the exact
            number in brackets is taken.

    Raises:
        ValueError: for any other form, a fraction of an octet, or a bracket that contradicts the rounded size.
    """
    printed = _PRINTED_SIZE.fullmatch(text.strip())
    if printed is None:
        return _whole(_quantity(text.strip(), text), text)
    exact = int(re.sub(r"\D", "", printed[2]))
    rounded = _quantity(printed[1], text)
    if abs(rounded - exact) > rounded / 100:  # four significant digits are printed
        raise ValueError(f"{text!r} contradicts itself: {printed[1]} is not {exact:,} bytes")
    return exact


def parse_duration(text: str) -> timedelta:
    """Read a span of time.

    Args:
        text: numbers with units ms, s, m, h, d, w (``15m``, ``+2h``, ``1h30m``), or .NET's TimeSpan
            ``[d.]hh:mm[:ss[.fffffff]]``. A bare number has no unit and is refused.

    Raises:
        ValueError: for any other form, for hours over 23, minutes or seconds over 59, or a span too long.
    """
    for pattern, read in ((_SHORT, _short), (_TIMESPAN, _timespan)):
        match = pattern.fullmatch(text.strip())
        if match:
            return _bounded(read, match, text)
    raise ValueError(f"{text!r} is not a duration")


def parse_time(text: str) -> datetime:
    """Read an ISO 8601 date or time; without an offset it is UTC.

    Returns:
        The moment in UTC, aware.

    Raises:
        ValueError: for any other form or for a date that does not exist.
    """
    if not _ISO.fullmatch(text.strip()):
        raise ValueError(f"{text!r} is not a time")
    try:
        moment = datetime.fromisoformat(text.strip().upper())
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{text!r} is not a time: {error}") from None


def _quantity(text: str, whole_text: str) -> Decimal:
    match = _SIZE.fullmatch(text)
    if match is None:
        raise ValueError(f"{whole_text!r} is not a size")
    return Decimal(match[1]) * Decimal(1024) ** _UNITS.index((match[2] or "B").upper())


def _whole(quantity: Decimal, text: str) -> int:
    if quantity != int(quantity):
        raise ValueError(f"{text!r} is not a whole number of octets")
    return int(quantity)


def _bounded(read: Callable[[re.Match[str]], timedelta], match: re.Match[str], text: str) -> timedelta:
    try:
        return read(match)
    except OverflowError:
        raise ValueError(f"{text!r} is too long a duration") from None
    except ValueError as error:
        raise ValueError(f"{text!r} is not a duration: {error}") from None


def _short(match: re.Match[str]) -> timedelta:
    parts = _SHORT_PART.findall(match[2])
    span = sum(
        (timedelta(**{_SHORT_UNITS[unit.lower()]: int(number)}) for number, unit in parts), timedelta()
    )
    return -span if match[1] == "-" else span


def _timespan(match: re.Match[str]) -> timedelta:
    sign, days, hours, minutes, seconds, fraction = match.groups(default="0")
    if int(hours) > 23 or int(minutes) > 59 or int(seconds) > 59:
        raise ValueError("hours end at 23, minutes and seconds at 59")
    span = timedelta(
        days=int(days), hours=int(hours), minutes=int(minutes), seconds=int(seconds),
        microseconds=int(fraction.ljust(6, "0")[:6]),
    )  # fmt: skip
    return -span if sign == "-" else span
