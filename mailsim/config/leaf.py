"""How one written value becomes one Python value, for every type a configuration field may have.

Called by ``shape``. The words of administrators are read by our own code, since the YAML core schema has already
told numbers, booleans and text apart; any further type (addresses, networks, dates, decimals) is pydantic's to
judge, in strict JSON mode. ``yes`` and ``1`` never become True. In vendor objects the words of PowerShell hold.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from functools import cache, partial
from typing import Any, Literal, get_args, get_origin

from pydantic import TypeAdapter, ValidationError
from pydantic.errors import PydanticSchemaGenerationError

from mailsim.config import words
from mailsim.config.document import ScalarNode

_WHOLE = re.compile(r"[+-]?\d+", re.ASCII)
_TEXT: Mapping[str, object] = {"type": ["string", "number", "boolean"]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """A type whose values are written as one scalar.

    Args:
        read: makes the value; its ValueError says what is wrong with the text.
        wanted: what would be right, for messages; empty when the ValueError says that too.
        schema: the JSON Schema of what may be written.
        candidates: the words that would do, when they can be listed.
    """

    read: Callable[[ScalarNode], object]
    wanted: str
    schema: Mapping[str, object]
    candidates: tuple[str, ...] = ()


@cache
def leaf_of(hint: Any, *, vendor: bool, unit: str | None) -> Leaf:
    """Return how values of a type are read.

    Args:
        hint: the type, without None.
        vendor: whether it belongs to a vendor's object, where PowerShell's words hold.
        unit: ``octets`` for an int that is a size.

    Raises:
        TypeError: for a type that no scalar can be.
    """
    if get_origin(hint) is Literal:
        return _choice({str(value): value for value in get_args(hint)})
    if not isinstance(hint, type):
        raise TypeError(f"no file can hold a {hint}")
    if hint is int and unit == "octets":
        return _OCTETS
    if hint in _PLAIN:
        return _PLAIN[hint][vendor]
    if issubclass(hint, Enum):
        return _choice({str(member.value): member for member in hint})
    if hasattr(hint, "parse"):
        return Leaf(read=lambda node: hint.parse(node.text), wanted="", schema=_TEXT)
    return _judged_by_pydantic(hint)


def _boolean(node: ScalarNode) -> bool:
    if isinstance(node.value, bool):
        return node.value
    raise ValueError(f"{node.text!r} is not a boolean")


def _vendor_boolean(node: ScalarNode) -> bool:
    return words.parse_boolean(node.text) if isinstance(node.value, str) else _boolean(node)


def _integer(node: ScalarNode) -> int:
    if type(node.value) is int:  # a bool is an int to Python
        return node.value
    raise ValueError(f"{node.text!r} is not a whole number")


def _vendor_integer(node: ScalarNode) -> int:
    if isinstance(node.value, str) and _WHOLE.fullmatch(node.text) and len(node.text) < 1000:
        return int(node.text)
    return _integer(node)


def _octets(node: ScalarNode) -> int:
    return words.parse_octets(node.text if isinstance(node.value, str | float) else str(_integer(node)))


def _number(node: ScalarNode) -> float:
    if isinstance(node.value, int | float) and not isinstance(node.value, bool) and math.isfinite(node.value):
        return float(node.value)
    raise ValueError(f"{node.text!r} is not a number")


def _vendor_number(node: ScalarNode) -> float:
    try:
        return _number(ScalarNode(node.text, float(node.text), node.mark))
    except (ValueError, OverflowError):
        return _number(node)


def _choice(members: Mapping[str, object]) -> Leaf:
    """Return the leaf of an Enum or Literal: one of some words, in any case."""
    by_lower = {word.lower(): member for word, member in members.items()}

    def read(node: ScalarNode) -> object:
        try:
            return by_lower[node.text.lower()]
        except KeyError:
            raise ValueError(f"unknown value {node.text!r}") from None

    names = tuple(members)
    return Leaf(read=read, wanted=" or ".join(names), schema={"enum": list(members)}, candidates=names)


def _judged_by_pydantic(hint: type) -> Leaf:
    try:
        adapter: TypeAdapter[object] = TypeAdapter(hint)
        schema = adapter.json_schema()
    except PydanticSchemaGenerationError:
        raise TypeError(f"no file can hold a {hint.__name__}") from None
    name = re.sub("(?<=[a-z0-9])[A-Z]", lambda capital: f" {capital[0].lower()}", hint.__name__)
    noun = f"{'an' if name[0] in 'AEIOUaeiou' else 'a'} {name}"  # an IPv4 address, a date
    return Leaf(read=partial(_judge, adapter, noun), wanted="", schema=schema)


def _judge(adapter: TypeAdapter[object], noun: str, node: ScalarNode) -> object:
    try:
        return adapter.validate_json(json.dumps(node.text), strict=True)
    except ValidationError as error:
        reason = error.errors()[0]["msg"].removeprefix("Value error, ")
        raise ValueError(f"{node.text!r} is not {noun}: {reason[:1].lower()}{reason[1:]}") from None


def _plain(read: Callable[[ScalarNode], object], wanted: str, schema: Mapping[str, object]) -> Leaf:
    return Leaf(read=read, wanted=wanted, schema=schema)


_BOOLEAN_WORD = {"type": ["boolean", "string"], "pattern": r"^\$?([Tt][Rr][Uu][Ee]|[Ff][Aa][Ll][Ss][Ee])$"}
_INTEGER_WORD = {"type": ["integer", "string"], "pattern": "^[+-]?[0-9]+$"}

_OCTETS = _plain(_octets, words.SIZE_WANTED, {"type": ["integer", "string"]})

_SAME_EVERYWHERE: dict[type, Leaf] = {
    str: _plain(lambda node: node.text, "text", _TEXT),
    timedelta: _plain(
        lambda node: words.parse_duration(node.text), words.DURATION_WANTED, {"type": "string"}
    ),
    datetime: _plain(lambda node: words.parse_time(node.text), words.TIME_WANTED, {"type": "string"}),
}

_PLAIN: dict[type, tuple[Leaf, Leaf]] = {  # in scenario objects, in vendor objects
    bool: (
        _plain(_boolean, "true or false", {"type": "boolean"}),
        _plain(_vendor_boolean, "$true or $false", _BOOLEAN_WORD),
    ),
    int: (
        _plain(_integer, "a whole number", {"type": "integer"}),
        _plain(_vendor_integer, "a whole number", _INTEGER_WORD),
    ),
    float: (
        _plain(_number, "a number", {"type": "number"}),
        _plain(_vendor_number, "a number", {"type": ["number", "string"]}),
    ),
    **{hint: (leaf, leaf) for hint, leaf in _SAME_EVERYWHERE.items()},
}
