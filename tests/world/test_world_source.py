"""Where configured objects were written."""

from __future__ import annotations

import pickle
from dataclasses import dataclass, field

import pytest

from mailsim.world.source import Origin, Place


@dataclass(frozen=True, slots=True)
class Configured:
    """Anything that holds an origin the way it is meant to be held."""

    name: str
    origin: Origin | None = field(default=None, compare=False, repr=False)


def test_an_origin_prints_as_file_and_line() -> None:
    """An origin reads as an editor's jump target."""
    assert str(Origin("hybrid.yaml", 31, 3)) == "hybrid.yaml:31"


@pytest.mark.parametrize("name", ["RequireTLS", "requiretls", "require_tls"])
def test_a_property_is_found_under_any_of_its_spellings(name: str) -> None:
    """The product's name, any case of it and the field's name mean one property."""
    origin = Origin("hybrid.yaml", 31, properties={"Name": Place(31, 5), "RequireTLS": Place(34, 5)})
    assert origin.of(name) == "hybrid.yaml:34"


def test_an_unwritten_property_points_to_its_object() -> None:
    """A default was written nowhere, so the object's own line is shown."""
    assert Origin("hybrid.yaml", 31, properties={"Name": Place(32, 5)}).of("Enabled") == "hybrid.yaml:31"


def test_an_origin_is_no_part_of_its_holder() -> None:
    """Two objects that say the same thing in different places are equal, also as keys."""
    here, there = Configured("a", Origin("x", 1, properties={"Name": 1})), Configured("a", Origin("y", 2))
    assert here == there
    assert len({here, there}) == 1
    assert repr(here) == "Configured(name='a')"


def test_an_origin_is_hashable_and_picklable() -> None:
    """An origin with properties can stand in a set and travel to another process."""
    origin = Origin("x", 1, properties={"Name": 1})
    assert {origin} == {pickle.loads(pickle.dumps(origin))}
