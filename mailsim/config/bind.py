"""Document nodes to frozen dataclasses, with every fault reported where it stands.

Called by the linker, for scenario and vendor objects alike. Each object takes three steps: its keys are matched
(misspelt, repeated, ignored, unmodelled), its values are read (``leaf``), then the class judges the whole. Nothing
is dropped silently, nothing stops at the first fault, and no object is made from faulty values. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar, cast

from mailsim.config.diagnostic import Diagnostics
from mailsim.config.document import (
    MappingNode,
    Mark,
    Node,
    ScalarNode,
    SequenceNode,
    elements,
    is_absent,
    kind,
)
from mailsim.config.leaf import Leaf
from mailsim.config.shape import (
    Either,
    FieldPlan,
    ListOf,
    Maybe,
    ObjectOf,
    ObjectPlan,
    Shape,
    TableOf,
    plan_of,
    shape_of,
    wanted_of,
)
from mailsim.world.source import Origin, Place

MOST_NAMES_LISTED = 8
"""An unknown key is answered with all names only when they can be taken in at a glance."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Entry:
    """One key of an object, its node, and the field or the unmodelled property that it is."""

    key: ScalarNode
    value: Node
    means: FieldPlan | str


def bind(node: Node, cls: type[T], diagnostics: Diagnostics, *, where: str) -> T | None:
    """Make the object that a node describes.

    Args:
        node: usually a mapping.
        cls: a frozen dataclass, or any type that a field of one may have.
        diagnostics: gets every fault and a warning for each unmodelled property.
        where: what the node is, to begin each message with: ``send connector 'Partner Fabrikam'``.

    Returns:
        The object, or None when an error was added.

    Raises:
        TypeError: when a field has a type that no file can hold; a fault of the class.
    """
    before = diagnostics.error_count
    value = bind_what_is_right(node, cls, diagnostics, where=where)
    return value if diagnostics.error_count == before else None


def bind_what_is_right(node: Node, cls: type[T], diagnostics: Diagnostics, *, where: str) -> T | None:
    """Make of a node what can be made, so that the stages after this one find their faults too.

    A faulty property takes its default; a faulty item of a list or table, and an object without a property it must
    have, is left out, and ``diagnostics.lost`` remembers its name.

    Returns:
        The object, None when not even a part of it can be made. It is not to be used where errors were found.
    """
    value = _Binder(diagnostics).value(node, shape_of(cls), where)
    return None if value is _FAULTY else cast("T", value)


_FAULTY = object()


class _Binder:
    """Walks nodes and shapes together; a value that cannot be made is ``_FAULTY`` and an error."""

    def __init__(self, diagnostics: Diagnostics) -> None:
        self._diagnostics = diagnostics

    def value(self, node: Node, shape: Shape, where: str) -> object:
        if is_absent(node):
            return self._absent(node, shape, where)
        match shape:
            case Leaf():
                return self._leaf(node, (shape,), where)
            case ListOf():
                items = _items(node, shape)
                if isinstance(shape.item, ObjectOf) and plan_of(shape.item.cls).vendor:
                    self._report_namesakes(items, where)
                made = (self.value(item, shape.item, _named(where, item)) for item in items)
                return shape.make([value for value in made if value is not _FAULTY])
            case TableOf():
                return self._table(node, shape, where)
            case ObjectOf():
                return self._object(node, plan_of(shape.cls), where)
            case Maybe():
                return self.value(node, shape.inner, where)
            case Either():
                return self._either(node, shape, where)

    def _report_namesakes(self, items: tuple[Node, ...], where: str) -> None:
        """Report a product's objects of one list that bear the same name, in any case."""
        first: dict[str, Mark] = {}
        for item in items:
            name = _own_name(item)
            if name and first.setdefault(name.lower(), item.mark) is not item.mark:
                self._error(item, where, f"{name!r} is given twice, first on line {first[name.lower()].line}")

    def _absent(self, node: Node, shape: Shape, where: str) -> object:
        match shape:
            case Maybe():
                return None
            case ListOf():
                return shape.make(())
            case TableOf():
                return {}
            case ObjectOf():
                return self._object(MappingNode((), node.mark), plan_of(shape.cls), where)
            case Leaf() | Either():
                return self._mismatch(node, wanted_of(shape), where)

    def _leaf(self, node: Node, leaves: tuple[Leaf, ...], where: str) -> object:
        wanted = wanted_of(Either(leaves))
        if not isinstance(node, ScalarNode):
            return self._mismatch(node, wanted or "a single value", where)
        problems = []
        for leaf in leaves:
            try:
                return leaf.read(node)
            except ValueError as error:
                problems.append(str(error))
        candidates = [word for leaf in leaves for word in leaf.candidates]
        self._error(node, where, "; ".join(problems), wanted=wanted, did_you_mean=(node.text, candidates))
        return _FAULTY

    def _either(self, node: Node, shape: Either, where: str) -> object:
        leaves = tuple(member for member in shape.members if isinstance(member, Leaf))
        fitting = TableOf | ObjectOf if isinstance(node, MappingNode) else ListOf
        chosen = next((member for member in shape.members if isinstance(member, fitting)), None)
        if isinstance(node, ScalarNode) and leaves and (chosen is None or _reads(node, leaves)):
            return self._leaf(node, leaves, where)
        return self.value(node, chosen, where) if chosen else self._mismatch(node, wanted_of(shape), where)

    def _table(self, node: Node, shape: TableOf, where: str) -> object:
        if not isinstance(node, MappingNode):
            return self._mismatch(node, "a mapping", where)
        table: dict[object, object] = {}
        for key, value in node.items:
            name = self._leaf(key, (shape.key,), where)
            if name in table:
                self._error(key, where, f"{key.text!r} is given twice")
            made = self.value(value, shape.value, f"{where} {key.text!r}".strip())
            if name is not _FAULTY and made is not _FAULTY:
                table[name] = made
            else:
                self._diagnostics.lose(key.text)
        return table

    def _object(self, node: Node, plan: ObjectPlan, where: str) -> object:
        if not isinstance(node, MappingNode):
            return self._mismatch(node, "a mapping", where)
        before = self._diagnostics.error_count
        entries = self._entries(node, plan, where)
        values = self._fields(node, plan, entries, where)
        faulty = self._diagnostics.error_count > before
        if any(field.required and field.attribute not in values for field in plan.fields):
            return self._lost(node)
        if plan.takes_origin:
            values["origin"] = _origin(node, entries)
        if plan.takes_unmodelled:
            values["unmodelled"] = tuple(entry.means for entry in entries if isinstance(entry.means, str))
        try:
            return plan.cls(**values)
        except ValueError as error:
            if not faulty:  # else it may be the fault of a default that stands in
                self._error(node, where, str(error))
            return self._lost(node)

    def _lost(self, node: MappingNode) -> object:
        """Give an object up, and remember its name, so that nobody misses it too."""
        self._diagnostics.lose(_own_name(node))
        return _FAULTY

    def _entries(self, node: MappingNode, plan: ObjectPlan, where: str) -> list[_Entry]:
        """Return the entries whose keys are understood; report the others."""
        entries: list[_Entry] = []
        seen: dict[str, ScalarNode] = {}
        for key, value in node.items:
            name = plan.fold(key.text)
            first = seen.setdefault(name, key)
            if first is not key:
                problem = f"{key.text} is given twice, first as {first.text} on line {first.mark.line}"
                self._error(key, where, problem)
            elif name in plan.index:
                entries.append(_Entry(key, value, plan.index[name]))
            elif name in plan.unmodelled and not _changes_nothing(value, plan.defaults.get(name)):
                entries.append(_Entry(key, value, plan.unmodelled[name]))
                self._diagnostics.warning(key, _within(where, f"{plan.unmodelled[name]} is not modelled"))
            elif name not in plan.ignored and name not in plan.unmodelled:
                self._unknown(key, plan, where)
        return entries

    def _unknown(self, key: ScalarNode, plan: ObjectPlan, where: str) -> None:
        noun = "property" if plan.vendor else "key"
        wanted = _listed(plan) if len(plan.fields) <= MOST_NAMES_LISTED else ""
        self._error(key, where, f"unknown {noun} {key.text!r}", wanted, did_you_mean=(key.text, plan.names))

    def _fields(
        self, node: MappingNode, plan: ObjectPlan, entries: list[_Entry], where: str
    ) -> dict[str, object]:
        """Return the values of the fields that are written, by attribute; report required ones that are not."""
        values: dict[str, object] = {}
        written: set[str] = set()
        for entry in entries:
            field = entry.means
            if isinstance(field, FieldPlan) and not _is_unwritten(entry.value, field.shape):
                written.add(field.attribute)
                made = self.value(entry.value, field.shape, _within(where, field.name))
                if made is not _FAULTY:
                    values[field.attribute] = made
        for field in plan.fields:
            if field.required and field.attribute not in written:
                self._error(node, where, f"{field.name} is missing", wanted_of(field.shape))
        return values

    def _mismatch(self, node: Node, wanted: str, where: str) -> object:
        self._error(node, where, f"{kind(node)} stands here", wanted)
        return _FAULTY

    def _error(
        self,
        node: Node,
        where: str,
        problem: str,
        wanted: str = "",
        did_you_mean: tuple[str, Iterable[str]] | None = None,
    ) -> None:
        self._diagnostics.error(node, _within(where, problem), wanted=wanted, did_you_mean=did_you_mean)


def _items(node: Node, shape: ListOf) -> tuple[Node, ...]:
    """Return the nodes of a list, also of one written as PowerShell prints it."""
    if not shape.printed or isinstance(node, SequenceNode):
        return elements(node)
    if isinstance(node, MappingNode) and all(is_absent(value) for _, value in node.items):
        return tuple(key for key, _ in node.items)  # {a, b} is a mapping to YAML
    if isinstance(node, ScalarNode) and isinstance(node.value, str):
        words = node.text.strip().removeprefix("{").removesuffix("}").split(",")
        return tuple(ScalarNode(word.strip(), word.strip(), node.mark) for word in words if word.strip())
    return (node,)


def _origin(node: MappingNode, entries: list[_Entry]) -> Origin:
    places: dict[str, Place] = {}
    for entry in entries:
        field = entry.means
        place = Place(entry.key.mark.line, entry.key.mark.column)
        places[field.name if isinstance(field, FieldPlan) else field] = place
        if isinstance(field, FieldPlan) and field.renamed:
            places[field.attribute] = place
    return Origin(node.mark.file, node.mark.line, node.mark.column, properties=places)


def _is_unwritten(value: Node, shape: Shape) -> bool:
    """Tell whether a property is left to its default: written as nothing, where nothing is no value of it."""
    return is_absent(value) and not isinstance(shape, Maybe | ListOf | TableOf)


def _changes_nothing(value: Node, default: str | None) -> bool:
    """Tell whether an unmodelled property has no value or its default, as a Get cmdlet prints one that nobody has set."""
    if isinstance(value, ScalarNode):
        return is_absent(value) or value.text.lower().removeprefix("$") == default
    return not value.items


def _reads(node: ScalarNode, leaves: tuple[Leaf, ...]) -> bool:
    for leaf in leaves:
        with suppress(ValueError):
            leaf.read(node)
            return True
    return False


def _named(where: str, node: Node) -> str:
    """Return where an item of a list stands, by its own name if it has one."""
    name = _own_name(node)
    return f"{where} {name!r}".strip() if name else where


def _own_name(node: Node) -> str:
    """Return the name an object bears; empty when it bears none."""
    return (isinstance(node, MappingNode) and (node.text("name") or node.text("identity"))) or ""


def _listed(plan: ObjectPlan) -> str:
    return " or ".join(field.name for field in plan.fields)


def _within(where: str, text: str) -> str:
    return f"{where}: {text}" if where else text
