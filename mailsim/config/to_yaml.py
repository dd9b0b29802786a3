"""Nodes to YAML text or to JSON, so that a scenario with its macros written out can be read again.

Called by ``mailsim expand``. What is read back from the text is an equal document. Every object that a macro made has a
comment with the line that made it and the source; so has every property that a macro added to an object of the
user's. Comments of the user's own are not nodes, so they are lost. Pure.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from mailsim.config.document import MappingNode, Node, ScalarNode, SequenceNode
from mailsim.config.from_yaml import core_scalar
from mailsim.config.generated import GeneratedMark

WIDTH = 110
_PLAIN = re.compile(r"[\w$/.+](?:[\w$/.+@=<>*;: -]*[\w$/.+@=<>*;-])?", re.ASCII)
_TAGS = {float: "float", int: "int", bool: "bool", type(None): "null", str: "str"}


def to_yaml(document: MappingNode) -> str:
    """Return a document as YAML text, two spaces a level."""
    return "\n".join(_mapping(document, 0) if document.items else ["{}"]) + "\n"


def to_json(node: Node) -> object:
    """Return a node as values for ``json.dumps``; a word of PowerShell's stays text."""
    if isinstance(node, MappingNode):
        return {key.text: to_json(value) for key, value in node}
    return [to_json(item) for item in node.items] if isinstance(node, SequenceNode) else node.value


def generated_in(node: Node, path: str = "") -> Iterator[tuple[str, GeneratedMark]]:
    """Yield where in a document something was made by a macro, and the mark that says by which line."""
    if isinstance(node, MappingNode):
        for key, value in node:
            inner = f"{path}/{key.text.replace('~', '~0').replace('/', '~1')}"
            mark = _mark_of(key, value, node)
            yield from [(inner, mark)] if mark is not None else []
            yield from generated_in(value, inner)
    elif isinstance(node, SequenceNode) and not _of_words(node):
        for position, item in enumerate(node.items):
            inner = f"{path}/{position}"
            mark = _mark_of(None, item, node)
            yield from [(inner, mark)] if mark is not None else []
            yield from generated_in(item, inner)


# --- blocks -----------------------------------------------------------------------------------------------


def _mapping(node: MappingNode, level: int) -> Iterator[str]:
    for key, value in node:
        yield from _comment(_mark_of(key, value, node), level)
        yield from _item(f"{'  ' * level}{_scalar(key)}:", value, level + 1)


def _sequence(node: SequenceNode, level: int) -> Iterator[str]:
    indent = "  " * level
    for item in node.items:
        yield from _comment(_mark_of(None, item, node), level)
        if isinstance(item, MappingNode) and item.items and _flow(item, len(indent) + 2) is None:
            first, *rest = _mapping(item, level + 1)
            if first.lstrip().startswith("#"):  # a comment may not stand behind the dash
                yield f"{indent}-"
                yield from (first, *rest)
            else:
                yield f"{indent}- {first.lstrip()}"
                yield from rest
        else:
            yield from _item(f"{indent}-", item, level + 1)


def _item(head: str, value: Node, level: int) -> Iterator[str]:
    """Yield what stands behind a key or a dash: on the same line where it fits, else in a block below."""
    flow = _flow(value, len(head) + 1)
    if flow is not None:
        yield f"{head} {flow}".rstrip()
        return
    yield head
    yield from _mapping(value, level) if isinstance(value, MappingNode) else _sequence_of(value, level)


def _sequence_of(value: Node, level: int) -> Iterator[str]:
    assert isinstance(value, SequenceNode)  # a scalar always stands on its line
    return _sequence(value, level)


def _comment(mark: GeneratedMark | None, level: int) -> Iterator[str]:
    if mark is not None:
        yield f"{'  ' * level}# from {mark.macro}: at {mark}; {mark.cite}"


def _mark_of(key: ScalarNode | None, value: Node, owner: Node) -> GeneratedMark | None:
    """Return the mark to be shown for one item: of a made object, or of a made value in the user's own object."""
    if isinstance(value, MappingNode):
        return value.mark if isinstance(value.mark, GeneratedMark) else None
    if isinstance(owner.mark, GeneratedMark):
        return None
    if isinstance(value, SequenceNode):
        if not _of_words(value):
            return None
        return next((each.mark for each in value.items if isinstance(each.mark, GeneratedMark)), None)
    mark = key.mark if key is not None else value.mark
    return mark if isinstance(mark, GeneratedMark) else None


# --- on one line ------------------------------------------------------------------------------------------


def _flow(node: Node, column: int) -> str | None:
    """Return a node on one line; None where it does not fit, holds what a macro made, or is better read as a block."""
    if isinstance(node, ScalarNode):
        return _scalar(node)
    text = _flow_text(node)
    return text if text is not None and column + len(text) <= WIDTH else None


def _flow_text(node: MappingNode | SequenceNode) -> str | None:
    if isinstance(node, SequenceNode):
        if not _of_words(node):
            return None
        return f"[{', '.join(_in_flow(item) for item in node.items)}]"
    made = isinstance(node.mark, GeneratedMark) or next(generated_in(node), None) is not None
    shown = [(_scalar(key), _in_flow(value)) for key, value in node if _is_short(value)]
    if node.items and (made or len(shown) < len(node.items)):
        return None
    return f"{{{', '.join(f'{key}: {value}' for key, value in shown)}}}"


def _is_short(value: Node) -> bool:
    """Tell whether a value may stand in a mapping on one line: something written, or a list of such."""
    if isinstance(value, SequenceNode):
        return _of_words(value)
    return isinstance(value, ScalarNode) and bool(_scalar(value))


def _of_words(node: SequenceNode) -> bool:
    return all(isinstance(item, ScalarNode) for item in node.items)


def _in_flow(node: Node) -> str:
    if isinstance(node, SequenceNode):
        return _flow_text(node) or ""
    return (_scalar(node) if isinstance(node, ScalarNode) else "") or "null"


def _scalar(node: ScalarNode) -> str:
    """Return a scalar that is read back as the same text and value."""
    text, value = node.text, node.value
    meant = core_scalar(text)
    if type(meant) is type(value) and (meant == value or meant != meant):  # noqa: PLR0124 - not a number
        return text if not isinstance(value, str) or _is_plain(text) else _quoted(text)
    if isinstance(value, str):
        return _quoted(text)
    return f"!!{_TAGS[type(value)]} {_quoted(text)}"


def _is_plain(text: str) -> bool:
    return _PLAIN.fullmatch(text) is not None and ": " not in text and text != "..."


def _quoted(text: str) -> str:
    """Return a text in double quotes; whatever is not printable is escaped."""
    return "".join(_escaped(char) for char in json.dumps(text, ensure_ascii=False))


def _escaped(char: str) -> str:
    return char if char.isprintable() else f"\\U{ord(char):08x}"
