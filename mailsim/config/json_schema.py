"""The JSON Schema (2020-12) of what ``bind`` reads, for editors and the reference.

Made from the same plans as ``bind`` uses. It asks for the canonical spelling of property names and words, where the
reader takes any case; otherwise it accepts what the reader accepts. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

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
)

Schema = dict[str, Any]


def json_schema(cls: type) -> Schema:
    """Return the schema of a dataclass, with every dataclass it may hold under ``$defs``.

    Raises:
        TypeError: for a field whose type no file can hold; a fault of the class.
    """
    definitions = _Definitions()
    top = definitions.of(ObjectOf(cls))
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **top, "$defs": definitions.schemas}


class _Definitions:
    """The ``$defs`` of one schema; classes may hold themselves and each other."""

    def __init__(self) -> None:
        self.schemas: dict[str, Schema] = {}
        self._names: dict[type, str] = {}

    def of(self, shape: Shape) -> Schema:
        match shape:
            case Leaf():
                return dict(shape.schema)
            case ListOf():
                return self._list(shape)
            case TableOf():
                return {"type": "object", "additionalProperties": self.of(shape.value)}
            case ObjectOf():
                return {"$ref": f"#/$defs/{self._name(shape.cls)}"}
            case Maybe():
                return _any_of(self.of(shape.inner), {"enum": [None, "$null"]})
            case Either():
                return _any_of(*(self.of(member) for member in shape.members))

    def _list(self, shape: ListOf) -> Schema:
        item = self.of(shape.item)
        printed = [{"type": "string", "pattern": ","}] if shape.printed else []
        return _any_of({"type": "array", "items": item}, item, *printed)

    def _name(self, cls: type) -> str:
        if cls not in self._names:
            taken = cls.__name__ in self.schemas
            name = f"{cls.__module__}.{cls.__qualname__}" if taken else cls.__name__
            self._names[cls] = name
            self.schemas[name] = {}  # holds the place, for classes that hold themselves
            self.schemas[name] = self._object(plan_of(cls))
        return self._names[cls]

    def _object(self, plan: ObjectPlan) -> Schema:
        properties = {field.name: self._property(field) for field in plan.fields}
        properties |= {name: {} for name in plan.ignored.values()}
        properties |= {name: {"description": "known, but not modelled"} for name in plan.unmodelled.values()}
        required = [field.name for field in plan.fields if field.required]
        return {
            "type": "object",
            **_described(_first_line(plan.cls)),
            "properties": properties,
            **({"required": required} if required else {}),
            "additionalProperties": False,
        }

    def _property(self, field: FieldPlan) -> Schema:
        if field.sets and isinstance(field.shape, ListOf) and isinstance(field.shape.item, ObjectOf):
            part = {**self._object(plan_of(field.shape.item.cls)), "required": ["Name"]}
            return {**_any_of({"type": "array", "items": part}, part), **_described(field.doc)}
        return {**self.of(field.shape), **_described(field.doc)}


def _any_of(*schemas: Mapping[str, Any]) -> Schema:
    """Return what any of them accepts, each named once and nested choices laid flat."""
    flat: list[Any] = []
    for schema in schemas:
        for each in schema["anyOf"] if set(schema) == {"anyOf"} else [schema]:
            if each not in flat:
                flat.append(each)
    return {"anyOf": flat} if len(flat) > 1 else flat[0]


def _described(text: str) -> Schema:
    return {"description": text} if text else {}


def _first_line(cls: type) -> str:
    """Return the first line of a class's own docstring; dataclasses without one carry their signature instead."""
    doc = (cls.__doc__ or "").strip()
    return "" if doc.startswith(f"{cls.__name__}(") else doc.split("\n")[0]
