"""Nodes to YAML: what is read back is the same document, and what a macro made is shown."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsim.config.diagnostic import Diagnostics
from mailsim.config.document import MappingNode, Mark, Node, ScalarNode, SequenceNode
from mailsim.config.from_yaml import core_scalar, read_yaml
from mailsim.config.generated import GeneratedMark
from mailsim.config.to_yaml import generated_in, to_json, to_yaml
from mailsim.reason.cite import observed

HERE = Mark("a.yaml", 1, 1)
MADE = GeneratedMark("a.yaml", 9, 1, "hybrid", observed("observed:hcw-log", "a log"))


def read(text: str) -> MappingNode:
    """Read a text that is right."""
    diagnostics = Diagnostics()
    node = read_yaml(text, "a.yaml", diagnostics)
    diagnostics.raise_if_errors()
    assert node is not None
    return node


def text_node(text: str, mark: Mark = HERE) -> ScalarNode:
    """Return a text as a node."""
    return ScalarNode(text, text, mark)


def mapping(*items: tuple[str, Node], mark: Mark = HERE) -> MappingNode:
    """Return a mapping as a node."""
    return MappingNode(tuple((text_node(key), value) for key, value in items), mark)


LETTERS = st.characters(codec="utf-8")
WORDS = st.one_of(
    st.text(LETTERS, max_size=12),
    st.sampled_from(
        [
            "",
            "~",
            "null",
            "true",
            "yes",
            "0123",
            "1e3",
            ".inf",
            ".nan",
            "- a",
            "a: b",
            "a #b",
            "*",
            "<<",
            "---",
            "...",
            "&a",
            "!t",
            "{a}",
            "[",
            "x,",
            "'",
            '"',
            "$true",
            "smtp:*;1",
            " a",
            "a ",
            "a:",
            "\x85",
            "\u2028",
            "\x7f",
            "\ufeff",
            "|",
            ">",
            "%a",
            "@a",
            "`a",
            "?",
            "? a",
            ":",
            "=",
            "+1d",
        ]
    ),
)
SCALARS = st.one_of(
    WORDS.map(text_node),
    WORDS.map(lambda text: ScalarNode(text, core_scalar(text), HERE)),
    st.sampled_from([ScalarNode("1", 1.0, HERE), ScalarNode("12", "12", HERE)]),
)


def _table(values: st.SearchStrategy[Node]) -> st.SearchStrategy[MappingNode]:
    tables = st.dictionaries(WORDS, values, max_size=4)
    return tables.map(lambda table: mapping(*table.items()))


NODES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4).map(lambda items: SequenceNode(tuple(items), HERE)), _table(inner)
    ),
    max_leaves=12,
)


def shown(node: Node) -> object:
    """Return a node without marks; nothing is nothing however it is spelt, and so is what is not a number."""
    if isinstance(node, MappingNode):
        return [(key.text, shown(value)) for key, value in node]
    if isinstance(node, SequenceNode):
        return [shown(item) for item in node.items]
    return node.value is None or (node.text, repr(node.value))


@given(_table(NODES))
def test_what_is_written_is_read_back(document: MappingNode) -> None:
    """Texts, values and order survive, whatever they look like."""
    assert shown(read(to_yaml(document))) == shown(document)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("contoso.com", "contoso.com"), ("$true", "$true"), ("smtp:*;1", "smtp:*;1"), ("*", '"*"'),
        ("a, b", '"a, b"'), ("12", '"12"'), ("", '""'), ("tab\t", '"tab\\t"'), ("\u2028", '"\\U00002028"'),
    ],
)  # fmt: skip
def test_quotes_stand_where_they_are_needed(text: str, written: str) -> None:
    """Domains, PowerShell's words and address spaces are plain; what YAML would read otherwise is quoted."""
    assert to_yaml(mapping(("a", text_node(text)))) == f"a: {written}\n"


def test_short_things_stand_on_one_line() -> None:
    """Lists of words and small objects; an object with objects in it is a block."""
    text = "messages:\n  m1: {from: a@x.example, to: [b@x.example, c@x.example]}\n  m2:\n    deep: {a: 1}\n"
    assert to_yaml(read(text)) == text


def test_what_a_macro_made_is_commented() -> None:
    """A made object has one comment; a made property in the user's object has its own."""
    made = mapping(("Name", text_node("M", MADE)), ("Enabled", text_node("$true", MADE)), mark=MADE)
    own = MappingNode(
        ((text_node("Name"), text_node("O")), (text_node("Fqdn", MADE), text_node("x.example", MADE))), HERE
    )
    added = SequenceNode((text_node("a@x.example"), text_node("b@x.example", MADE)), HERE)
    document = mapping(("List", SequenceNode((own, made), MADE)), ("Addresses", added))
    comment = "# from hybrid: at a.yaml:9; observed:hcw-log, a log (observed)"
    assert to_yaml(document) == (
        "List:\n"
        "  - Name: O\n"
        f"    {comment}\n"
        "    Fqdn: x.example\n"
        f"  {comment}\n"
        "  - Name: M\n"
        "    Enabled: $true\n"
        f"{comment}\n"
        "Addresses: [a@x.example, b@x.example]\n"
    )
    assert [path for path, _ in generated_in(document)] == ["/List/0/Fqdn", "/List/1", "/Addresses"]


def test_an_object_that_begins_with_a_comment_stands_below_its_dash() -> None:
    """A comment may not stand between the dash and the first key."""
    own = MappingNode(((text_node("Fqdn", MADE), text_node("x.example", MADE)),), HERE)
    document = mapping(("List", SequenceNode((own,), HERE)))
    assert read(to_yaml(document)) == document
    assert to_yaml(document).splitlines()[1:3] == ["  -", "    # from hybrid: at a.yaml:9; observed:hcw-log, a log (observed)"]  # fmt: skip


def test_json_has_values() -> None:
    """Numbers, booleans and nothing are JSON's, PowerShell's words are text."""
    document = read("a: 1\nb: [true, $true, ~]\nc: {d: 1.5}\n")
    assert json.loads(json.dumps(to_json(document))) == {"a": 1, "b": [True, "$true", None], "c": {"d": 1.5}}
