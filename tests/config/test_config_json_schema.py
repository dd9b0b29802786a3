"""The JSON Schema of what may be written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum
from ipaddress import IPv4Address
from typing import Any, ClassVar

from mailsim.config.json_schema import json_schema
from mailsim.config.shape import OF_THE_DIRECTORY
from mailsim.world.source import Origin


class Level(Enum):
    """Words of a vendor."""

    NONE = "None"
    VALID = "CertificateValidation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Connector:
    """A vendor's object.

    With more to say.
    """

    SPELLING: ClassVar[str] = "exchange"
    IGNORED: ClassVar[frozenset[str]] = frozenset({"WhenChanged"})
    UNMODELLED: ClassVar[frozenset[str]] = frozenset({"Mailbox"})

    name: str
    require_tls: bool = field(default=False, metadata={"name": "RequireTLS", "doc": "TLS or nothing."})
    level: Level | None = None
    smart_hosts: tuple[str, ...] = ()
    max_message_size: int = field(default=0, metadata={"unit": "octets"})
    origin: Origin | None = field(default=None, compare=False, repr=False)
    unmodelled: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Tree:  # noqa: D101  a class without a docstring is what is tested
    ip: IPv4Address
    flag: bool = False
    delay: timedelta = timedelta()
    children: tuple[Tree, ...] = ()
    connectors: Mapping[str, Connector] = field(default_factory=dict)
    target: str | Connector = ""


TEXT = {"type": ["string", "number", "boolean"]}


def definition(cls: type, name: str) -> dict[str, Any]:
    """Return one class's part of a schema."""
    return json_schema(cls)["$defs"][name]


def test_a_schema_names_its_dialect_and_its_top() -> None:
    """Editors find the dialect, the root and every class."""
    schema = json_schema(Tree)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["$ref"] == "#/$defs/Tree"
    assert sorted(schema["$defs"]) == ["Connector", "Tree"]
    assert json.loads(json.dumps(schema)) == schema


def test_a_vendor_object_in_full() -> None:
    """Names as the product spells them, its words beside YAML's, known properties accepted, others not."""
    assert definition(Connector, "Connector") == {
        "type": "object",
        "description": "A vendor's object.",
        "properties": {
            "Name": TEXT,
            "RequireTLS": {
                "type": ["boolean", "string"],
                "pattern": r"^\$?([Tt][Rr][Uu][Ee]|[Ff][Aa][Ll][Ss][Ee])$",
                "description": "TLS or nothing.",
            },
            "Level": {"anyOf": [{"enum": ["None", "CertificateValidation"]}, {"enum": [None, "$null"]}]},
            "SmartHosts": {
                "anyOf": [{"type": "array", "items": TEXT}, TEXT, {"type": "string", "pattern": ","}]
            },
            "MaxMessageSize": {"type": ["integer", "string"]},
            **{name: {} for name in OF_THE_DIRECTORY},
            "Mailbox": {"description": "known, but not modelled"},
        },
        "required": ["Name"],
        "additionalProperties": False,
    }


def test_a_scenario_object_in_full() -> None:
    """Snake case, strict booleans, tables, unions and a class that holds itself."""
    tree, connector = {"$ref": "#/$defs/Tree"}, {"$ref": "#/$defs/Connector"}
    assert definition(Tree, "Tree") == {
        "type": "object",
        "properties": {
            "ip": {"type": "string", "format": "ipv4"},
            "flag": {"type": "boolean"},
            "delay": {"type": "string"},
            "children": {"anyOf": [{"type": "array", "items": tree}, tree]},
            "connectors": {"type": "object", "additionalProperties": connector},
            "target": {"anyOf": [TEXT, connector]},
        },
        "required": ["ip"],
        "additionalProperties": False,
    }


def test_two_classes_of_one_name_keep_apart() -> None:
    """Both products have accepted domains."""
    other = dataclass(frozen=True)(
        type("Connector", (), {"__annotations__": {"name": "str"}, "__module__": __name__})
    )
    both = dataclass(frozen=True)(type("Both", (), {"__annotations__": {"a": Connector, "b": other}}))
    assert sorted(json_schema(both)["$defs"]) == ["Both", "Connector", f"{__name__}.Connector"]
