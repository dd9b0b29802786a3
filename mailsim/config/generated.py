"""Nodes that a macro writes, and how they meet what the user wrote.

A generated node's mark is the place of the macro's own line, so that every diagnostic and every explanation about it names
that line, and it keeps the source that says the real product writes this. What the user wrote wins, property by
property. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from mailsim.config.document import MappingNode, Mark, Node, ScalarNode, SequenceNode, elements
from mailsim.reason.cite import Citation


@dataclass(frozen=True, slots=True)
class GeneratedMark(Mark):
    """The place of the line that made a node be written.

    Args:
        macro: the key of the macro, such as ``hybrid``.
        cite: where it is known from that the product writes this.
    """

    macro: str
    cite: Citation


Value = str | bool | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Setting:
    """One property that a macro writes.

    Args:
        name: as the cmdlet spells it.
        value: text, a list of texts, or a boolean in PowerShell's words.
        by: the key of the macro that decides it; empty for the macro as a whole.
    """

    name: str
    value: Value
    by: str = ""


def scalar(value: str | bool, mark: Mark) -> ScalarNode:
    """Return one value as a node; booleans in PowerShell's words."""
    text = value if isinstance(value, str) else f"${str(value).lower()}"
    return ScalarNode(text, text, mark)


def node_of(value: Value, mark: Mark) -> Node:
    """Return a value as a node; a list of one is written as that one."""
    if isinstance(value, tuple) and len(value) != 1:
        return SequenceNode(tuple(scalar(each, mark) for each in value), mark)
    return scalar(value[0] if isinstance(value, tuple) else value, mark)


def object_of(settings: Iterable[Setting], mark_by: Callable[[str], Mark]) -> MappingNode:
    """Return an object of properties.

    Args:
        settings: its properties.
        mark_by: the mark of what one key of the macro decides; of the whole macro for the empty key.
    """
    items = (
        (scalar(each.name, mark_by(each.by)), node_of(each.value, mark_by(each.by))) for each in settings
    )
    return MappingNode(tuple(items), mark_by(""))


def merged(first: MappingNode, second: MappingNode) -> MappingNode:
    """Return the first mapping with what only the second has; names are compared in any case."""
    written = {key.text.lower() for key, _ in first}
    more = tuple(item for item in second if item[0].text.lower() not in written)
    return MappingNode(first.items + more, first.mark)


def overridden(generated: MappingNode, overrides: Node | None) -> MappingNode:
    """Return a generated object with the properties that the user set instead, each in its place."""
    if not isinstance(overrides, MappingNode):
        return generated
    instead = {key.text.lower(): (key, value) for key, value in overrides}
    kept = tuple(instead.pop(item[0].text.lower(), item) for item in generated)
    return MappingNode((*kept, *instead.values()), generated.mark)


def with_value(owner: MappingNode, key: str, value: Node, mark: Mark) -> MappingNode:
    """Return a mapping with one key set: in its place where it is written, else at the end."""
    wanted = key.lower()
    if owner.get_any_case(key) is None:
        return MappingNode((*owner.items, (scalar(key, mark), value)), owner.mark)
    return MappingNode(
        tuple((name, value if name.text.lower() == wanted else old) for name, old in owner), owner.mark
    )


def with_object(owner: MappingNode, key: str, generated: MappingNode, *, named: str = "Name") -> MappingNode:
    """Return a mapping with an object in one of its lists; properties that the user wrote for it stay.

    Args:
        owner: the organization, tenant or server.
        key: the list.
        generated: the object.
        named: the property that tells objects of the list apart.
    """
    listed = owner.get_any_case(key)
    items = elements(listed) if listed is not None else ()
    name = (generated.text(named) or "").lower()
    found = [item for item in items if isinstance(item, MappingNode) and _name_of(item, named) == name]
    new: tuple[Node, ...] = tuple(merged(item, generated) if item in found[:1] else item for item in items)
    mark = listed.mark if listed is not None else generated.mark
    return with_value(owner, key, SequenceNode(new if found else (*new, generated), mark), generated.mark)


def _name_of(item: MappingNode, named: str) -> str:
    """Return the name of an object; an Identity may have the server before it."""
    identity = (item.text("identity") or "").rpartition("\\")[2] if named == "Name" else ""
    return (item.text(named) or identity).lower()
