"""Nodes and the questions a linker asks them."""

from __future__ import annotations

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

HERE, THERE = Mark("a.yaml", 1, 1), Mark("a.yaml", 2, 1)


def scalar(text: str, mark: Mark = HERE) -> ScalarNode:
    """Return a text node."""
    return ScalarNode(text, text, mark)


def mapping(**items: Node) -> MappingNode:
    """Return a mapping node."""
    return MappingNode(tuple((scalar(key), node) for key, node in items.items()), HERE)


NOTHING = ScalarNode("", None, HERE)


def test_a_mark_prints_as_file_and_line() -> None:
    """Columns are for diagnostics only."""
    assert str(Mark("hybrid.yaml", 31, 7)) == "hybrid.yaml:31"


def test_equality_ignores_marks() -> None:
    """Two texts that say the same thing are equal documents."""
    assert scalar("a", HERE) == scalar("a", THERE)
    assert SequenceNode((scalar("a"),), HERE) == SequenceNode((scalar("a"),), THERE)


def test_keys_are_found_exactly_or_in_any_case() -> None:
    """Scenario words are exact, Exchange's are not."""
    node = mapping(Name=scalar("x"))
    assert node.get("Name") == node.get_any_case("NAME") == scalar("x")
    assert node.get("name") is None
    assert "Name" in node
    assert "name" not in node


def test_the_text_of_a_key_is_none_unless_it_is_a_written_scalar() -> None:
    """Absent keys, empty values and lists have no text."""
    node = mapping(Name=scalar("x"), Empty=NOTHING, Many=SequenceNode((), HERE))
    texts = [node.text(key) for key in ("name", "empty", "many", "other")]
    assert texts == ["x", None, None, None]


def test_keys_can_be_left_out() -> None:
    """A reader that treats some keys itself hands on the rest in order."""
    node = mapping(a=scalar("1"), b=scalar("2"), c=scalar("3"))
    assert node.without("b").keys == ("a", "c")
    assert [key.text for key, _ in node] == ["a", "b", "c"]


def test_nothing_is_empty_null_or_dollar_null() -> None:
    """YAML's and PowerShell's ways of writing nothing are the same thing."""
    assert is_absent(NOTHING)
    assert is_absent(scalar("$NULL"))
    assert not is_absent(scalar(""))


def test_one_value_stands_for_a_list_of_one() -> None:
    """A single value has itself as its only element, an absent one has none."""
    assert elements(scalar("a")) == (scalar("a"),)
    assert elements(SequenceNode((scalar("a"), scalar("b")), HERE)) == (scalar("a"), scalar("b"))
    assert elements(NOTHING) == ()


def test_a_node_is_named_by_its_kind() -> None:
    """Messages call a list a list and show a scalar as written."""
    kinds = [kind(node) for node in (scalar("yes"), NOTHING, SequenceNode((), HERE), mapping())]
    assert kinds == ["'yes'", "nothing", "a list", "a mapping"]
