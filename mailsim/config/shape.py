"""What may be written for each field of a configuration dataclass, worked out once per class.

``plan_of`` turns a frozen dataclass into the names its properties bear in files and the shape of each value;
``bind`` and ``json_schema`` walk the result, so that they cannot disagree. Pure and memoised; nothing here knows
a vendor, only the two ways of spelling (snake_case, or Exchange's property names in any case).
"""

from __future__ import annotations

import collections.abc
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, NewType, Union, get_args, get_origin, get_type_hints

from mailsim.config.leaf import Leaf, leaf_of
from mailsim.world.source import Origin

_FOLDS: tuple[Callable[[str], str], ...] = (str, str.lower)
"""How names are compared in scenario and in vendor objects."""

OF_THE_DIRECTORY = frozenset(
    {
        "AdminDisplayName", "DistinguishedName", "ExchangeObjectId", "ExchangeVersion", "Guid", "Id", "Identity", "IsValid",
        "ObjectCategory", "ObjectClass", "ObjectState", "OrganizationId", "OrganizationalUnitRoot", "OriginatingServer",
        "PSComputerName", "PSShowComputerName", "RunspaceId", "WhenChanged", "WhenChangedUTC", "WhenCreated",
        "WhenCreatedUTC",
    }
)  # fmt: skip
"""What every Get cmdlet prints of an object beside its settings. Source: Get-ReceiveConnector of Exchange Server 2019."""


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list of values, or a single value for a list of one.

    Args:
        item: the shape of one.
        make: tuple or frozenset.
        printed: whether it may also be written as PowerShell prints it, ``a, b`` or ``{a, b}``.
    """

    item: Shape
    make: Callable[[Iterable[object]], object]
    printed: bool


@dataclass(frozen=True, slots=True)
class TableOf:
    """A mapping from names that the user chooses."""

    key: Leaf
    value: Shape


@dataclass(frozen=True, slots=True)
class ObjectOf:
    """A dataclass; its plan is looked up when needed, since classes may hold themselves."""

    cls: type


@dataclass(frozen=True, slots=True)
class Maybe:
    """A value or nothing."""

    inner: Shape


@dataclass(frozen=True, slots=True)
class Either:
    """One of several shapes; a node's kind chooses, among scalars the first that reads it."""

    members: tuple[Shape, ...]


Shape = Leaf | ListOf | TableOf | ObjectOf | Maybe | Either


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldPlan:
    """One property.

    Args:
        attribute: the dataclass field.
        name: its name in files.
        shape: what may be written.
        required: whether it must be written.
        doc: one line for the reader, from the field's metadata.
        sets: whether its objects are written with the properties alone that become others.
    """

    attribute: str
    name: str
    shape: Shape
    required: bool
    doc: str
    sets: bool = False

    @property
    def renamed(self) -> bool:
        """Tell whether the two names differ by more than spelling."""
        return self.attribute.replace("_", "") != self.name.replace("_", "").lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectPlan:
    """How one dataclass is written.

    Args:
        cls: the dataclass.
        vendor: whether it bears a product's property names, matched in any case.
        fields: its properties, in the order declared.
        ignored: properties of the product that cannot change an answer, those of every object among them.
        unmodelled: properties of the product that mailsim knows of but does not model.
        defaults: the documented defaults of unmodelled ones, as text in lower case; who writes them changes nothing.
        takes_origin: whether it has a field ``origin`` to be filled.
        takes_unmodelled: whether it has a field ``unmodelled`` to be filled.
        index: each field under its name as ``fold`` leaves it.
    """

    cls: type
    vendor: bool
    fields: tuple[FieldPlan, ...]
    ignored: Mapping[str, str]
    unmodelled: Mapping[str, str]
    defaults: Mapping[str, str]
    takes_origin: bool
    takes_unmodelled: bool
    index: Mapping[str, FieldPlan]

    def fold(self, name: str) -> str:
        """Return the form in which names are compared: without case for vendor objects, else as written."""
        return _FOLDS[self.vendor](name)

    @property
    def names(self) -> tuple[str, ...]:
        """Return every name the reader knows, fields first."""
        return (*(each.name for each in self.fields), *self.ignored.values(), *self.unmodelled.values())


def _without_effect(cls: type, *, vendor: bool) -> frozenset[str]:
    own: frozenset[str] = getattr(cls, "IGNORED", frozenset())
    return own | OF_THE_DIRECTORY if vendor else own


@cache
def plan_of(cls: type) -> ObjectPlan:
    """Return how a dataclass is written.

    Raises:
        TypeError: for a field whose type no file can hold; a fault of the class, not of a user.
    """
    vendor = getattr(cls, "SPELLING", None) == "exchange"
    fold = _FOLDS[vendor]
    hints = get_type_hints(cls)
    filled = {field.name for field in fields(cls) if _is_filled(field, hints[field.name])}
    plans = tuple(
        _field_plan(cls, field, hints[field.name], vendor=vendor)
        for field in fields(cls)
        if field.init and field.name not in filled
    )
    return ObjectPlan(
        cls=cls,
        vendor=vendor,
        fields=plans,
        ignored={fold(name): name for name in sorted(_without_effect(cls, vendor=vendor))},
        unmodelled={fold(name): name for name in sorted(getattr(cls, "UNMODELLED", ()))},
        defaults={
            fold(name): value.lower() for name, value in getattr(cls, "UNMODELLED_DEFAULTS", {}).items()
        },
        takes_origin="origin" in filled,
        takes_unmodelled="unmodelled" in filled,
        index={fold(plan.name): plan for plan in plans},
    )


def shape_of(hint: Any, *, vendor: bool = False, unit: str | None = None) -> Shape:
    """Return what may be written for a type.

    Args:
        hint: the type, resolved.
        vendor: whether it belongs to a vendor's object.
        unit: ``octets`` for sizes.

    Raises:
        TypeError: for a type that no file can hold.
    """
    if isinstance(hint, NewType):
        return shape_of(hint.__supertype__, vendor=vendor, unit=unit)
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return _union(arguments, vendor=vendor, unit=unit)
    if origin is frozenset or (origin is tuple and arguments[1:] == (...,)):
        item = shape_of(arguments[0], vendor=vendor, unit=unit)
        make = frozenset if origin is frozenset else tuple
        return ListOf(item, make, printed=isinstance(item, Leaf) and (vendor or _is_enum(arguments[0])))
    if origin in (dict, collections.abc.Mapping):
        key = leaf_of(arguments[0], vendor=vendor, unit=None)
        return TableOf(key, shape_of(arguments[1], vendor=vendor, unit=unit))
    if is_dataclass(hint) and isinstance(hint, type) and not hasattr(hint, "parse"):
        return ObjectOf(hint)
    if hint in (tuple, frozenset, list, set, dict, object, Any) or (origin and origin is not Literal):
        raise TypeError(f"no file can hold a {hint}; wanted tuple[X, ...], frozenset[X] or Mapping[str, X]")
    return leaf_of(hint, vendor=vendor, unit=unit)


def wanted_of(shape: Shape) -> str:
    """Return what would be right, in words for an error message; empty when there is nothing to say."""
    match shape:
        case Leaf():
            return shape.wanted
        case ListOf():
            return "a list"
        case TableOf() | ObjectOf():
            return "a mapping"
        case Maybe():
            return wanted_of(shape.inner)
        case Either():
            return " or ".join(dict.fromkeys(filter(None, map(wanted_of, shape.members))))


def _union(arguments: tuple[Any, ...], *, vendor: bool, unit: str | None) -> Shape:
    members = tuple(shape_of(each, vendor=vendor, unit=unit) for each in arguments if each is not NoneType)
    if sum(isinstance(each, TableOf | ObjectOf) for each in members) > 1:
        raise TypeError(f"a mapping could be any of {arguments}")
    if sum(isinstance(each, ListOf) for each in members) > 1:
        raise TypeError(f"a list could be any of {arguments}")
    shape = members[0] if len(members) == 1 else Either(members)
    return Maybe(shape) if NoneType in arguments else shape


def _field_plan(cls: type, field: Field[Any], hint: Any, *, vendor: bool) -> FieldPlan:
    try:
        shape = shape_of(hint, vendor=vendor, unit=field.metadata.get("unit"))
    except TypeError as error:
        raise TypeError(f"{cls.__qualname__}.{field.name}: {error}") from error
    return FieldPlan(
        attribute=field.name,
        name=field.metadata.get("name") or (_pascal(field.name) if vendor else field.name),
        shape=shape,
        required=field.default is MISSING and field.default_factory is MISSING,
        doc=field.metadata.get("doc", ""),
        sets=field.metadata.get("sets", False),
    )


def _is_filled(field: Field[Any], hint: Any) -> bool:
    """Tell whether the binder fills the field instead of reading it."""
    if field.name == "origin":
        return hint is Origin or Origin in get_args(hint)
    return field.name == "unmodelled" and hint == tuple[str, ...]


def _pascal(name: str) -> str:
    return "".join(word[:1].upper() + word[1:] for word in name.split("_"))


def _is_enum(hint: Any) -> bool:
    return isinstance(hint, type) and issubclass(hint, Enum)
