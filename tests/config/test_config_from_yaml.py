"""YAML to Documents: scalars, positions, and what is refused."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from mailsim.config import from_yaml
from mailsim.config.diagnostic import Diagnostics
from mailsim.config.document import MappingNode, Node, ScalarNode, SequenceNode
from mailsim.config.from_yaml import core_scalar, read_yaml


def read(text: str) -> MappingNode:
    """Read a text that is right."""
    diagnostics = Diagnostics()
    node = read_yaml(text, "a.yaml", diagnostics)
    diagnostics.raise_if_errors()
    assert node is not None
    return node


def faults(text: str) -> list[str]:
    """Return the findings about a text as printed."""
    diagnostics = Diagnostics()
    read_yaml(text, "a.yaml", diagnostics)
    return [str(each) for each in diagnostics.found]


def plain(node: Node) -> Any:
    """Return a node as Python's own values."""
    if isinstance(node, MappingNode):
        return {key.text: plain(value) for key, value in node}
    return [plain(item) for item in node.items] if isinstance(node, SequenceNode) else node.value


@pytest.mark.parametrize(
    "text", ["on", "off", "yes", "No", "y", "12:30:45", "25:25", "1_000", "2026-01-31", "0b1", "="]
)
def test_what_only_yaml_1_1_knows_is_text(text: str) -> None:
    """YAML 1.2 has no other booleans, no base 60, no dates."""
    assert core_scalar(text) == text


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True), ("False", False), ("null", None), ("~", None), ("", None),
        ("0123", 123), ("+5", 5), ("-7", -7), ("0o17", 15), ("0x1F", 31),
        ("1.5", 1.5), ("1e3", 1000.0), (".5", 0.5), (".inf", float("inf")), ("-.Inf", float("-inf")),
        ("-", "-"), (".", "."), ("10.0.0.1", "10.0.0.1"), ("36MB", "36MB"), ("$true", "$true"),
    ],
)  # fmt: skip
def test_core_scalars(text: str, value: object) -> None:
    """Numbers, booleans and null are those of YAML 1.2's core schema."""
    assert core_scalar(text) == value
    assert type(core_scalar(text)) is type(value)


def test_a_number_too_long_to_be_one_is_no_error_of_ours() -> None:
    """Digits without end do not raise."""
    assert isinstance(core_scalar("9" * 5000), float)


def test_quoted_scalars_are_text() -> None:
    """Quotes say that a number, a boolean or nothing is meant as text."""
    assert plain(read("a: ['12', \"true\", '', \"~\"]")) == {"a": ["12", "true", "", "~"]}


def test_the_text_of_a_number_is_kept_as_written() -> None:
    """A number can still be read as the text it was."""
    assert read("code: 5.10").get("code") == ScalarNode("5.10", 5.1, read("a: 1").mark)


def test_block_scalars_are_text() -> None:
    """A literal block keeps its lines."""
    assert plain(read("a: |\n  12\n")) == {"a": "12\n"}


def test_marks_count_from_one_in_characters() -> None:
    """Lines and columns are those an editor shows."""
    node = read("é: 1\nhosts:\n  mx: [a, b]\n")
    hosts = node.get("hosts")
    assert isinstance(hosts, MappingNode)
    inner = hosts.get("mx")
    assert isinstance(inner, SequenceNode)
    assert [(str(each.mark), each.mark.column) for each in (hosts.items[0][0], *inner.items)] == [
        ("a.yaml:3", 3), ("a.yaml:3", 8), ("a.yaml:3", 11)
    ]  # fmt: skip


def test_a_byte_order_mark_is_no_content() -> None:
    """Editors that write one do no harm."""
    assert plain(read("\ufeffa: 1")) == {"a": 1}


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**9), 10**9)
    | st.text(st.characters(codec="ascii"), max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(codec="ascii")), inner, max_size=4)
    ),
    max_leaves=15,
)


@given(st.dictionaries(st.sampled_from(["a", "b", "<<x", "true", "1"]), JSON, max_size=4))
def test_json_is_yaml(value: dict[str, Any]) -> None:
    """What JSON says, the reader reads."""
    assert plain(read(json.dumps(value))) == value


@given(st.dictionaries(st.sampled_from(["a", "b", "on", "12:30", "0123"]), JSON, max_size=4))
def test_what_pyyaml_writes_is_read_back(value: dict[str, Any]) -> None:
    """Strings that YAML 1.1 quotes and those it does not come back as they were."""
    text = yaml.safe_dump(value, default_style="'" if any(map(_only_in_1_2, _strings(value))) else None)
    assert plain(read(text)) == value


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | dict):
        for part in value.items() if isinstance(value, dict) else value:
            yield from _strings(list(part) if isinstance(part, tuple) else part)


def _only_in_1_2(text: str) -> bool:
    """Tell whether YAML 1.1 leaves a string unquoted that 1.2 reads as a number, such as ``0E0``."""
    return bool(text) and not isinstance(core_scalar(text), str)


def test_aliases_stand_for_their_anchor() -> None:
    """An alias is the anchored node, with the anchored node's place."""
    node = read("a: &x {b: 1}\nc: *x\n")
    assert node.get("c") is node.get("a")


def test_merge_fills_in_what_is_not_written() -> None:
    """Behind << stands a mapping, or several; what is written goes before it, wherever it stands."""
    node = read("a: &a {x: 1, y: 2}\nb: &b {y: 3, z: 4}\nc: {<<: [*a, *b], x: 0}\nd: {x: 0, <<: *a}\n")
    assert plain(node)["c"] == {"x": 0, "y": 2, "z": 4}
    assert plain(node)["d"] == {"x": 0, "y": 2}


def test_a_quoted_merge_key_is_a_key() -> None:
    """Only the bare << merges."""
    assert plain(read("'<<': 1")) == {"<<": 1}


def test_standard_tags_say_what_a_scalar_is() -> None:
    """!!str makes text of a number; the types of the core schema may be named."""
    text = "a: [!!str 12, !!int '12', !!float 1, !!bool 'true', !!null '', ! 12, !!seq [], !!map {}]"
    assert plain(read(text)) == {"a": ["12", 12, 1.0, True, None, "12", [], {}]}


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("a: 1\nb: 2\na: 3\n", "a.yaml:3:1: duplicate key 'a', first on line 1"),
        ("a: 1\n---\nb: 2\n", "a.yaml:2:1: a second document begins here; wanted one document in a file"),
        ("a: !foo x\n", "a.yaml:1:4: unknown tag '!foo'; wanted plain YAML"),
        ("a: !!set {x}\n", "a.yaml:1:4: unknown tag '!!set'; wanted plain YAML"),
        ("a: !!timestamp 2026-01-01\n", "a.yaml:1:4: unknown tag '!!timestamp'; wanted plain YAML"),
        ("a: !!int x\n", "a.yaml:1:4: 'x' is not a !!int"),
        ("? [a]\n: b\n", "a.yaml:1:3: a list stands for a key; wanted a word"),
        ("~: b\n", "a.yaml:1:1: nothing stands for a key; wanted a word"),
        ("a: {<<: 3}\n", "a.yaml:1:9: '3' stands behind <<; wanted a mapping or an alias of one"),
        ("a: *b\n", "a.yaml:1:4: anchor 'b' is not defined above; a value that begins with * needs quotes"),
        ("a: &x [*x]\n", "a.yaml:1:8: anchor 'x' contains itself"),
        ("", "a.yaml:1:1: the file holds nothing; wanted a mapping of keys and values"),
        ("# only a comment\n", "a.yaml:1:1: the file holds nothing; wanted a mapping of keys and values"),
        ("- a\n", "a.yaml:1:1: the file holds a list; wanted a mapping of keys and values"),
        ("a: 1\nb: x\x07\n", "a.yaml:2:5: character '\\x07' is not allowed"),
        ("a: \ud800\n", "a.yaml:1:4: character '\\ud800' is not allowed"),
    ],
)
def test_what_is_refused(text: str, fault: str) -> None:
    """Each fault is told with its place."""
    assert faults(text) == [fault]


def test_faults_are_collected() -> None:
    """One reading reports every fault that is not one of syntax."""
    assert [line.split(": ")[0] for line in faults("a: !x 1\na: 2\nb: *c\n")] == [
        "a.yaml:1:4",
        "a.yaml:2:1",
        "a.yaml:3:4",
    ]


@pytest.mark.parametrize("loader", sorted({from_yaml._LOADER, yaml.BaseLoader}, key=str))
@pytest.mark.parametrize(
    ("text", "place", "hint"),
    [
        ("AddressSpaces: [*]\n", "1:18", "a value that begins with * needs quotes"),
        ("AddressSpaces: *.contoso.com\n", "1:17", "a value that begins with * needs quotes"),
        ("a:\n\tb: 1\n", "2:1", "indent with spaces, not tabs"),
        ("a: @x\n", "1:4", "a value that begins with @ needs quotes"),
        ("a: b: c\n", "1:5", "a value that contains ': ' needs quotes"),
        ("a: 1\nb: 'x\nc: 2\n", "2:4", "the quote that opens here is not closed"),
    ],
)
def test_syntax_errors_show_the_way_out(
    text: str, place: str, hint: str, loader: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mistakes that scenarios invite are explained, with and without the C library."""
    monkeypatch.setattr(from_yaml, "_LOADER", loader)
    (fault,) = faults(text)
    assert fault.startswith(f"a.yaml:{place}: not YAML: ")
    assert fault.endswith(f"; {hint}")


def test_a_syntax_error_ends_the_reading() -> None:
    """What stands behind broken syntax is not guessed."""
    diagnostics = Diagnostics()
    assert read_yaml("a: [1\nb: 2\n", "a.yaml", diagnostics) is None
    assert diagnostics.error_count == 1


def test_a_file_of_brackets_is_refused() -> None:
    """Depth is bounded before it can end the process."""
    text = "a: " + "[" * 100_000 + "]" * 100_000
    (fault,) = faults(text)  # where it stands depends on how far the parser reads ahead
    assert re.fullmatch(r"a\.yaml:1:\d+: nested too deeply; wanted at most 64 levels", fault)


def test_an_alias_bomb_is_refused() -> None:
    """Aliases may not stand for more nodes than a machine can walk."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    assert faults("\n".join(lines)) == [
        "a.yaml:6:45: the aliases stand for too many values; wanted at most 1,000,000"
    ]


@given(st.text(st.sampled_from(list("ab:-?[]{}*&!|>'\"#%@, \n\t$<~1."))))
def test_any_text_is_read_or_refused(text: str) -> None:
    """No text raises anything; what is not understood leaves a diagnostic."""
    diagnostics = Diagnostics()
    node = read_yaml(text, "a.yaml", diagnostics)
    assert node is not None or diagnostics.errors
