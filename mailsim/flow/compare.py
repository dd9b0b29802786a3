"""Whether a live run did what was predicted, and where it did not.

Called by the standing test that holds both drivers equal, and by the command that compares them. On the simulated
clock the traces must be equal line by line. On wall time the order between messages, the sessions they share and
every time of day are the machine's; then each message is compared by itself, and sessions only by what was said on
them. Pure.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, TypeAlias

from mailsim.trace.codec import encode
from mailsim.trace.events import Event

Line: TypeAlias = dict[str, Any]

NOTHING = "nothing"
_TIMES = frozenset({"at", "until", "because"})
"""Reasons name times too; they follow from the same facts."""
_DATE = re.compile(r"[A-Z][a-z]{2}, \d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d \+0000")
_ABOUT_SESSION = re.compile(r"(EHLO|HELO|STARTTLS|NOOP|RSET|QUIT)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Difference:
    """One place where a run is not as predicted.

    Args:
        message: the message it is about, empty for a session as a whole.
        predicted: what was predicted there, ``nothing`` when nothing was.
        observed: what was observed there, ``nothing`` when nothing was.
    """

    message: str
    predicted: str
    observed: str

    def __str__(self) -> str:
        return f"{self.message or 'session'}: predicted {self.predicted} / observed {self.observed}"


def differences(
    predicted: Iterable[Event], observed: Iterable[Event], *, ordered: bool = True
) -> tuple[Difference, ...]:
    """Compare two traces.

    Args:
        predicted: what ought to happen.
        observed: what did.
        ordered: whether both were made on the simulated clock; False for a run on wall time.

    Returns:
        Every difference in the order of the trace; empty when they are equal.
    """
    if ordered:
        return tuple(_aligned(_lines(predicted), _lines(observed)))
    return tuple(_message_by_message(_timeless(predicted), _timeless(observed)))


def _lines(events: Iterable[Event]) -> list[Line]:
    return [{key: value for key, value in encode(event).items() if key != "seq"} for event in events]


def _aligned(predicted: list[Line], observed: list[Line]) -> Iterator[Difference]:
    """Yield differences between two lists of lines, after putting what is equal side by side."""
    start = 0
    while start < min(len(predicted), len(observed)) and predicted[start] == observed[start]:
        start += 1
    mine, theirs = predicted[start:], observed[start:]
    matcher = SequenceMatcher(None, list(map(_key, mine)), list(map(_key, theirs)), autojunk=False)
    for tag, i, j, k, m in matcher.get_opcodes() if mine or theirs else ():
        if tag != "equal":
            yield from _paired(mine[i:j], theirs[k:m])


def _key(line: Line) -> str:
    return json.dumps(line, sort_keys=True)


def _paired(predicted: list[Line], observed: list[Line]) -> Iterator[Difference]:
    """Yield one difference for each line of a stretch where the traces differ."""
    rest = list(observed)
    for line in predicted:
        other = next((each for each in rest if _same_thing(line, each)), None)
        if other is not None:
            rest.remove(other)
        yield _difference(line, other)
    for line in rest:
        yield _difference(None, line)


def _same_thing(line: Line, other: Line) -> bool:
    return all(line.get(key) == other.get(key) for key in ("event", "mta", "message", "command"))


def _difference(predicted: Line | None, observed: Line | None) -> Difference:
    message = (predicted or observed or {}).get("message", "")
    if predicted is None or observed is None:
        return Difference(message, _whole(predicted), _whole(observed))
    changes = list(_changes("", predicted, observed))
    name = _name(predicted)
    mine = ", ".join(f"{path} {_short(value)}" for path, value, _ in changes)
    theirs = ", ".join(f"{path} {_short(value)}" for path, _, value in changes)
    return Difference(message, f"{name} with {mine}", f"{name} with {theirs}")


def _changes(path: str, mine: Any, theirs: Any) -> Iterator[tuple[str, Any, Any]]:
    """Yield the smallest parts that differ, each with its path."""
    if mine == theirs:
        return
    if isinstance(mine, dict) and isinstance(theirs, dict):
        for key in dict.fromkeys((*mine, *theirs)):
            yield from _changes(f"{path}.{key}".strip("."), mine.get(key), theirs.get(key))
    elif isinstance(mine, list) and isinstance(theirs, list) and len(mine) == len(theirs):
        for index, (one, other) in enumerate(zip(mine, theirs, strict=True)):
            yield from _changes(f"{path}[{index}]", one, other)
    else:
        yield path, mine, theirs


def _name(line: Line) -> str:
    """Return what happened where, in a few words."""
    command = f" {line['command']!r}" if "command" in line else ""
    return f"{line['event']}{command} at {line['mta']}"


def _whole(line: Line | None) -> str:
    if line is None:
        return NOTHING
    hidden = {"event", "command", "mta", "message", "because"}
    shown = ", ".join(
        f"{key} {_short(value)}" for key, value in line.items() if key not in hidden and value != ""
    )
    return f"{_name(line)} with {shown}" if shown else _name(line)


def _short(value: Any) -> str:
    if isinstance(value, dict) and value.keys() == {"code", "enhanced", "text"}:
        return " ".join(str(part) for part in value.values() if part)
    return value if isinstance(value, str) else json.dumps(value)


def _timeless(events: Iterable[Event]) -> dict[tuple[str, str], list[Line]]:
    """Return the lines of each message at each MTA, without what depends on the time of day."""
    grouped: dict[tuple[str, str], list[Line]] = {}
    for line in _lines(events):
        kept = {key: _undated(value) for key, value in line.items() if key not in _TIMES and key != "session"}
        if _ABOUT_SESSION.match(kept.get("command", "")):
            kept["message"] = ""
        grouped.setdefault((kept["message"], kept["mta"]), []).append(kept)
    return grouped


def _undated(value: Any) -> Any:
    """Return a value with the dates in its texts made alike."""
    if isinstance(value, str):
        return _DATE.sub("<date>", value)
    if isinstance(value, list):
        return [_undated(item) for item in value]
    return {key: _undated(item) for key, item in value.items()} if isinstance(value, dict) else value


def _message_by_message(
    predicted: dict[tuple[str, str], list[Line]], observed: dict[tuple[str, str], list[Line]]
) -> Iterator[Difference]:
    for place in dict.fromkeys((*predicted, *observed)):
        mine, theirs = predicted.get(place, []), observed.get(place, [])
        if place[0]:
            yield from _aligned(mine, theirs)
        else:
            yield from _paired(_without(mine, theirs), _without(theirs, mine))


def _without(lines: list[Line], others: list[Line]) -> list[Line]:
    """Return the lines that the others lack, each once; how many sessions there were depends on the time."""
    known = set(map(_key, others))
    return list({key: line for line in lines if (key := _key(line)) not in known}.values())
