"""YAML text to a Document, with the scalars of YAML 1.2's core schema.

Called by the scenario reader. Pure: the text is an argument, faults are added to the diagnostics. ``on`` and
``12:30:45`` are text, ``0123`` is 123. The tree is built from PyYAML's events, not by ``compose()``: that one
recurses in C, so that a file of brackets ends the process, and it keeps duplicate keys to itself. Bounded: depth,
and what aliases expand to. Sources: YAML 1.2.2, 10.3.2 (core schema); YAML 1.1 merge type for ``<<``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import yaml

from mailsim.config.diagnostic import Diagnostics
from mailsim.config.document import MappingNode, Mark, Node, ScalarNode, SequenceNode, kind

DEEPEST = 64
"""Levels of nesting; a scenario needs about ten."""

_TOO_DEEP, _DEEP_ENOUGH = "nested too deeply", f"at most {DEEPEST} levels"

LARGEST_EXPANSION = 1_000_000
"""Nodes that all aliases together may stand for, against alias bombs."""

_LOADER: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_TAG = "tag:yaml.org,2002:"
_SCALAR_TAGS = {f"{_TAG}{name}": name for name in ("str", "int", "float", "bool", "null")}
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

_STAR_HINT = "a value that begins with * needs quotes"

_CONSTANTS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_NUMBER_START = frozenset("+-.0123456789")
_INTEGER = re.compile(r"[-+]?[0-9]+")
_OTHER_BASE = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")


def read_yaml(text: str, file: str, diagnostics: Diagnostics) -> MappingNode | None:
    """Read one YAML document whose top is a mapping.

    Args:
        text: the whole text; a byte order mark is ignored.
        file: the name that marks shall show.
        diagnostics: gets every fault found; a syntax error ends the reading, others do not.

    Returns:
        The top mapping, as far as it could be understood; None when there is none or the syntax is broken.
    """
    text = text.removeprefix("\ufeff")
    unprintable = _UNPRINTABLE.search(text)
    if unprintable:
        diagnostics.error(
            _mark_at(text, unprintable.start(), file), f"character {unprintable[0]!r} is not allowed"
        )
        return None
    try:
        top = _Reader(yaml.parse(text, Loader=_LOADER), file, diagnostics).document()
    except yaml.MarkedYAMLError as error:
        _report_syntax(error, text, file, diagnostics)
        return None
    except _GivenUpError:
        return None
    if isinstance(top, MappingNode):
        return top
    wanted = "a mapping of keys and values"
    diagnostics.error(
        top or Mark(file, 1, 1), f"the file holds {kind(top) if top else 'nothing'}", wanted=wanted
    )
    return None


def core_scalar(text: str) -> bool | float | str | None:
    """Return what an unquoted scalar means in YAML 1.2's core schema."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if text[0] not in _NUMBER_START:
        return text
    if _INTEGER.fullmatch(text) and len(text) < 1000:
        return int(text)
    if _OTHER_BASE.fullmatch(text):
        return int(text, 0)
    if _FLOAT.fullmatch(text) or _NOT_FINITE.fullmatch(text):
        return float(text.replace(".i", "i").replace(".I", "I").replace(".n", "n").replace(".N", "N"))
    return text


class _GivenUpError(Exception):
    """Reading on is pointless; the reason stands in the diagnostics."""


class _Reader:
    """Builds nodes from the event stream of one file."""

    def __init__(self, events: Iterator[Any], file: str, diagnostics: Diagnostics) -> None:
        self._events = events
        self._file = file
        self._diagnostics = diagnostics
        self._anchors: dict[str, tuple[Node, int] | None] = {}  # None while it is being read
        self._nodes = 0
        self._expanded = 0

    def document(self) -> Node | None:
        """Return the first document's node; report a second document."""
        top: Node | None = None
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                if top is not None:
                    self._diagnostics.error(
                        self._mark(event), "a second document begins here", wanted="one document in a file"
                    )
                    break
                top = self._node(next(self._events), depth=0)
        return top

    def _node(self, event: Any, depth: int) -> Node:
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event)
        if depth > DEEPEST:
            self._give_up(event, _TOO_DEEP, wanted=_DEEP_ENOUGH)
        before = self._nodes
        self._nodes += 1
        if event.anchor is not None:
            self._anchors[event.anchor] = None
        node = self._content(event, depth)
        if event.anchor is not None:
            self._anchors[event.anchor] = (node, self._nodes - before)
        return node

    def _content(self, event: Any, depth: int) -> Node:
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event)
        if isinstance(event, yaml.SequenceStartEvent):
            self._check_tag(event, "seq")
            return SequenceNode(
                tuple(self._node(item, depth + 1) for item in self._until_end()), self._mark(event)
            )
        self._check_tag(event, "map")
        return self._mapping(event, depth)

    def _until_end(self) -> Iterator[Any]:
        for event in self._events:
            if isinstance(event, yaml.CollectionEndEvent):
                return
            yield event

    def _alias(self, event: Any) -> Node:
        target = self._anchors.get(event.anchor)
        if target is None:
            return self._no_target(event)
        node, weight = target
        self._nodes += weight
        self._expanded += weight
        if self._expanded > LARGEST_EXPANSION:
            self._give_up(
                event, "the aliases stand for too many values", wanted=f"at most {LARGEST_EXPANSION:,}"
            )
        return node

    def _no_target(self, event: Any) -> Node:
        mark = self._mark(event)
        if event.anchor in self._anchors:
            self._diagnostics.error(mark, f"anchor {event.anchor!r} contains itself")
        else:
            self._diagnostics.error(mark, f"anchor {event.anchor!r} is not defined above", hint=_STAR_HINT)
        return ScalarNode("", None, mark)

    def _scalar(self, event: Any) -> ScalarNode:
        mark, text, tag = self._mark(event), event.value, event.tag
        if tag is None:
            return ScalarNode(text, core_scalar(text) if event.implicit[0] else text, mark)
        wanted = "str" if tag == "!" else _SCALAR_TAGS.get(tag)
        if wanted is None:
            self._unknown_tag(event)
            return ScalarNode(text, text, mark)
        value = text if wanted == "str" else core_scalar(text)
        if wanted == "float" and type(value) is int:
            value = float(value)
        if wanted != ("null" if value is None else type(value).__name__):
            self._diagnostics.error(mark, f"{text!r} is not a !!{wanted}")
        return ScalarNode(text, value, mark)

    def _mapping(self, event: Any, depth: int) -> MappingNode:
        items: dict[str, tuple[ScalarNode, Node]] = {}
        merged: list[tuple[ScalarNode, Node]] = []
        for key_event in self._until_end():
            key = self._node(key_event, depth + 1)
            value = self._node(next(self._events), depth + 1)
            if not isinstance(key, ScalarNode) or key.value is None:
                self._diagnostics.error(key, f"{kind(key)} stands for a key", wanted="a word")
            elif _is_merge(key_event):
                merged += self._merged(value)
            elif key.text in items:
                first = items[key.text][0].mark.line
                self._diagnostics.error(key, f"duplicate key {key.text!r}, first on line {first}")
            else:
                items[key.text] = (key, value)
        for key, value in merged:  # what is written here goes before what is merged in
            items.setdefault(key.text, (key, value))
        return MappingNode(tuple(items.values()), self._mark(event))

    def _merged(self, value: Node) -> Iterator[tuple[ScalarNode, Node]]:
        for source in value.items if isinstance(value, SequenceNode) else (value,):
            if isinstance(source, MappingNode):
                yield from source.items
            else:
                self._diagnostics.error(
                    source, f"{kind(source)} stands behind <<", wanted="a mapping or an alias of one"
                )

    def _check_tag(self, event: Any, name: str) -> None:
        if event.tag not in (None, "!", f"{_TAG}{name}"):
            self._unknown_tag(event)

    def _unknown_tag(self, event: Any) -> None:
        tag = event.tag.replace(_TAG, "!!")
        self._diagnostics.error(self._mark(event), f"unknown tag {tag!r}", wanted="plain YAML")

    def _give_up(self, event: Any, problem: str, wanted: str) -> None:
        self._diagnostics.error(self._mark(event), problem, wanted=wanted)
        raise _GivenUpError

    def _mark(self, event: Any) -> Mark:
        return Mark(self._file, event.start_mark.line + 1, event.start_mark.column + 1)


def _is_merge(event: Any) -> bool:
    return isinstance(event, yaml.ScalarEvent) and event.value == "<<" and event.implicit[0]


def _mark_at(text: str, position: int, file: str) -> Mark:
    before = text[:position]
    return Mark(file, before.count("\n") + 1, position - before.rfind("\n"))


def _report_syntax(error: yaml.MarkedYAMLError, text: str, file: str, diagnostics: Diagnostics) -> None:
    """Add a syntax error where its cause is: an unclosed quote is reported where it opens."""
    opened = error.context_mark if "quoted scalar" in (error.context or "") else None
    place = opened or error.problem_mark or error.context_mark
    line, column = (place.line, place.column) if place else (0, 0)
    if "nesting depth" in (error.problem or ""):
        # some builds of the parser read ahead of their events and give up at a limit of their own
        diagnostics.error(Mark(file, line + 1, column + 1), _TOO_DEEP, wanted=_DEEP_ENOUGH)
        return
    words = " ".join(part for part in (error.context, error.problem) if part)
    lines = text.splitlines()
    rest = lines[line][column:] if line < len(lines) else ""
    diagnostics.error(Mark(file, line + 1, column + 1), f"not YAML: {words}", hint=_syntax_hint(words, rest))


def _syntax_hint(words: str, rest: str) -> str:
    """Return the way out of the mistakes that scenarios invite: ``*`` as an address space, tabs, colons."""
    if "scanning an alias" in words:
        return _STAR_HINT
    if "quoted scalar" in words:
        return "the quote that opens here is not closed"
    if rest.startswith("\t"):
        return "indent with spaces, not tabs"
    if rest.startswith(("@", "`", "%")):
        return f"a value that begins with {rest[0]} needs quotes"
    if "mapping values are not allowed" in words:
        return "a value that contains ': ' needs quotes"
    return ""
