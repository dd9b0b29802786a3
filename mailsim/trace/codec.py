"""Events as JSON: what a trace file holds, what two runs are compared by, what other programs read.

``encode`` turns one event into a dict of plain values: the facts of ``what`` stand beside the event's own, and the
name of the fact is ``event``. Equal events give equal dicts in equal order. Certificates lose their bytes, messages
their bodies; nothing that differs from run to run is left. Generic over the dataclasses, so a new event needs no
line here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from functools import cache
from ipaddress import IPv4Address
from typing import Any, TypeAlias

from mailsim.mail.address import Mailbox, show_path
from mailsim.mail.message import Message
from mailsim.mail.reply import Reply
from mailsim.reason.check import Check
from mailsim.reason.choice import Candidate, Choice
from mailsim.reason.cite import Citation
from mailsim.reason.decision import Decision, Reason
from mailsim.trace.events import Event

Plain: TypeAlias = dict[str, Any]

# Delivered.message is the content; ``message`` is the name of the message in every line
RENAMED = {"message": "content"}


def encode(event: Event) -> Plain:
    """Return an event as a dict of JSON values.

    Times are ISO 8601 in UTC, addresses ``local@domain``, the null reverse-path ``<>``; a reply is its code,
    enhanced code and text; ``because`` is a tree of checks, choices and decisions, left out where nothing was decided.
    """
    line: Plain = {
        "seq": event.seq,
        "at": encode_time(event.at),
        "mta": event.mta,
        "message": event.message,
        "session": event.session,
        "event": type(event.what).__name__,
    }
    for name, value in _object(event.what).items():
        line[RENAMED.get(name, name)] = value
    if event.because is not None:
        line["because"] = encode_reason(event.because)
    return line


def encode_reason(reason: Reason) -> Plain:
    """Return a reason as a tree; ``kind`` is ``check``, ``choice`` or ``decision``."""
    if isinstance(reason, Check):
        return {"kind": "check", **_check(reason)}
    if isinstance(reason, Choice):
        return _choice(reason)
    return {
        "kind": "decision",
        "question": reason.question,
        "answer": reason.answer,
        "because": [encode_reason(part) for part in reason.because],
    }


def encode_time(at: datetime) -> str:
    """Return a UTC instant as ``2026-01-05T09:00:00Z``."""
    return at.isoformat().replace("+00:00", "Z")


def encode_reply(reply: Reply) -> Plain:
    """Return a reply; the lines of a long one are separated by newlines."""
    return {"code": reply.code, "enhanced": reply.enhanced, "text": "\n".join(reply.lines)}


def _check(check: Check) -> Plain:
    return {
        "rule": check.rule,
        "verdict": check.verdict.value,
        "saw": check.saw,
        **({"aside": check.aside} if check.aside else {}),
        "wanted": check.wanted,
        "source": check.source,
        "cite": _cite(check.cite),
    }


def _choice(choice: Choice[Any]) -> Plain:
    winner = choice.winner
    return {
        "kind": "choice",
        "question": choice.question,
        "chosen": winner.name if winner else None,
        "candidates": [_candidate(candidate) for candidate in choice.candidates],
        "cite": _cite(choice.cite),
    }


def _candidate(candidate: Candidate[Any]) -> Plain:
    return {
        "name": candidate.name,
        "source": candidate.source,
        "chosen": candidate.chosen,
        "lost_by": candidate.lost_by,
        "checks": [_check(check) for check in candidate.checks],
        "ranks": [{"name": rank.name, "saw": rank.saw or str(rank.value)} for rank in candidate.ranks],
    }


def _cite(cite: Citation) -> Plain:
    return {"key": cite.key, "at": cite.at, "grade": cite.grade.value}


def _message(message: Message) -> Plain:
    return {
        "header": [[field.name, field.value] for field in message.header],
        "body_size": len(message.body),
    }


def _same(value: Any) -> Any:
    return value


def _sequence(value: tuple[Any, ...]) -> list[Any]:
    return [_field("", item) for item in value]


def _set(value: frozenset[Any]) -> list[Any]:
    return sorted(_field("", item) for item in value)


def _field(name: str, value: Any) -> Any:
    """Return the value of one field; only a path may be None and still say something."""
    if value is None:
        return show_path(None) if name == "reverse_path" else None
    cls: type = type(value)
    return _encoder(cls)(value)


def _object(value: Any) -> Plain:
    cls: type = type(value)
    return {name: _field(name, getattr(value, name)) for name in _names(cls)}


@cache
def _names(cls: type) -> tuple[str, ...]:
    """Return the fields that equality looks at; the others, such as the bytes of a certificate, are not traced."""
    return tuple(field.name for field in fields(cls) if field.compare)


@cache
def _encoder(cls: type) -> Callable[[Any], Any]:
    """Return what encodes values of a type.

    Raises:
        TypeError: for a type that no trace may hold.
    """
    for known, encoder in _ENCODERS.items():
        if issubclass(cls, known):
            return encoder
    if is_dataclass(cls):
        return _object
    raise TypeError(f"no trace can hold a {cls.__name__}")


_ENCODERS: dict[type, Callable[[Any], Any]] = {
    Enum: lambda value: value.value,
    str: _same,
    int: _same,
    float: _same,
    datetime: encode_time,
    IPv4Address: str,
    tuple: _sequence,
    frozenset: _set,
    Mailbox: str,
    Reply: encode_reply,
    Message: _message,
    Check: encode_reason,
    Choice: encode_reason,
    Decision: encode_reason,
}
