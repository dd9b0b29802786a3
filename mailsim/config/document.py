"""A configuration text as a tree of nodes, each knowing where it was written.

Frontends (YAML, and importers to come) make it, ``bind`` and the linker read it. Nodes are immutable; equality
ignores marks, so two texts that say the same thing are equal documents. A mapping keeps the order and the
spelling of its keys.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, order=True)
class Mark:
    """A place in a text.

    Args:
        file: the file as the user named it.
        line: from 1.
        column: in characters, from 1.
    """

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class ScalarNode:
    """One value.

    Args:
        text: the value as written, without quotes.
        value: what the text means to its format; None is "nothing written".
        mark: where it begins.
    """

    text: str
    value: bool | float | str | None
    mark: Mark = field(compare=False)


@dataclass(frozen=True, slots=True)
class SequenceNode:
    """A list of nodes."""

    items: tuple[Node, ...]
    mark: Mark = field(compare=False)


@dataclass(frozen=True, slots=True)
class MappingNode:
    """Keys and their nodes, in the order written."""

    items: tuple[tuple[ScalarNode, Node], ...]
    mark: Mark = field(compare=False)

    def __iter__(self) -> Iterator[tuple[ScalarNode, Node]]:
        return iter(self.items)

    def __contains__(self, key: str) -> bool:
        return self.get(key) is not None

    @property
    def keys(self) -> tuple[str, ...]:
        """Return the keys as written."""
        return tuple(key.text for key, _ in self.items)

    def get(self, key: str) -> Node | None:
        """Return the node under a key spelled exactly so, or None."""
        return next((node for name, node in self.items if name.text == key), None)

    def get_any_case(self, key: str) -> Node | None:
        """Return the first node under a key spelled so in any case, or None."""
        wanted = key.lower()
        return next((node for name, node in self.items if name.text.lower() == wanted), None)

    def text(self, key: str) -> str | None:
        """Return the text of the scalar under a key in any case; None when absent, empty or no scalar."""
        node = self.get_any_case(key)
        return node.text if isinstance(node, ScalarNode) and not is_absent(node) else None

    def without(self, *keys: str) -> MappingNode:
        """Return the mapping less the keys spelled exactly so; for readers that treat some keys themselves."""
        return MappingNode(tuple(item for item in self.items if item[0].text not in keys), self.mark)


Node = ScalarNode | SequenceNode | MappingNode


def is_absent(node: Node) -> bool:
    """Tell whether the node says "nothing": an empty value, YAML's null or PowerShell's ``$null``."""
    return isinstance(node, ScalarNode) and (node.value is None or node.text.lower() == "$null")


def elements(node: Node) -> tuple[Node, ...]:
    """Return a list's items; a single value stands for a list of one, an absent one for an empty list."""
    if isinstance(node, SequenceNode):
        return node.items
    return () if is_absent(node) else (node,)


def kind(node: Node) -> str:
    """Return what the node is, in words for an error message: ``a list``, ``'yes'``, ``nothing``."""
    if isinstance(node, SequenceNode):
        return "a list"
    if isinstance(node, MappingNode):
        return "a mapping"
    return "nothing" if is_absent(node) else repr(node.text)
