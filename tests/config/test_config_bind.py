"""Nodes to dataclasses: keys, values, and the lines that tell what is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from ipaddress import IPv4Address, IPv4Network, IPv6Address
from typing import Any, ClassVar, Literal, NewType, Self

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsim.config.bind import bind
from mailsim.config.diagnostic import Diagnostics
from mailsim.config.from_yaml import read_yaml
from mailsim.world.source import Origin

HostName = NewType("HostName", str)


class Mechanism(Enum):
    """Words as Exchange prints them."""

    TLS = "Tls"
    INTEGRATED = "Integrated"
    BASIC = "BasicAuth"


@dataclass(frozen=True, slots=True)
class Domain:
    """A value with a notation of its own."""

    name: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a domain."""
        if "." not in text:
            raise ValueError(f"{text!r} is no domain")
        return cls(text.lower())


@dataclass(frozen=True, slots=True, kw_only=True)
class Connector:
    """A vendor's object."""

    SPELLING: ClassVar[str] = "exchange"
    IGNORED: ClassVar[frozenset[str]] = frozenset({"ProtocolLoggingLevel"})
    UNMODELLED: ClassVar[frozenset[str]] = frozenset({"LinkedReceiveConnector", "Proxied"})
    UNMODELLED_DEFAULTS: ClassVar[Mapping[str, str]] = {"Proxied": "false"}

    name: str
    enabled: bool = True
    require_tls: bool = field(default=False, metadata={"name": "RequireTLS"})
    comment: str = ""
    port: int = 25
    cost: float = 1.0
    max_message_size: int | Literal["Unlimited"] = field(default=1024, metadata={"unit": "octets"})
    connection_timeout: timedelta = timedelta(minutes=10)
    auth_mechanism: tuple[Mechanism, ...] = ()
    tls_domain: Domain | None = None
    smart_hosts: tuple[str, ...] = ("default",)
    ports: tuple[int, ...] = ()
    admin_note: str = field(default="", metadata={"name": "AdminDisplayName"})
    origin: Origin | None = field(default=None, compare=False, repr=False)
    unmodelled: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Leaf:
    """A small scenario object."""

    host: str
    port: int = 25

    def __post_init__(self) -> None:
        if not 0 < self.port < 65536:
            raise ValueError(f"port {self.port} does not exist")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A scenario object with every kind of value."""

    flag: bool = False
    count: int = 0
    share: float = 0.0
    title: str = ""
    size: int = field(default=0, metadata={"unit": "octets"})
    delay: timedelta = timedelta()
    start: datetime = datetime(2026, 1, 1, tzinfo=UTC)
    ip: IPv4Address | None = None
    any_ip: IPv4Address | IPv6Address | None = None
    network: IPv4Network | None = None
    day: date | None = None
    word: Literal["one", "two"] = "one"
    mechanisms: frozenset[Mechanism] = frozenset()
    host_name: HostName = HostName("")
    domain: Domain | None = None
    sender: str = field(default="", metadata={"name": "from"})
    names: tuple[str, ...] = ()
    leaf: Leaf | None = None
    leaves: tuple[Leaf, ...] = ()
    by_name: Mapping[str, Leaf] = field(default_factory=dict)
    by_domain: Mapping[Domain, int] = field(default_factory=dict)
    connectors: tuple[Connector, ...] = ()
    target: str | Leaf | tuple[str, ...] = ""
    level: int | Literal["all"] = 0
    child: Scenario | None = None
    derived: int = field(default=7, init=False)
    origin: Origin | None = field(default=None, compare=False, repr=False)


def attempt(text: str, cls: type, where: str = "") -> tuple[Any, Diagnostics]:
    """Bind a YAML text and return the object and the findings."""
    diagnostics = Diagnostics()
    node = read_yaml(text, "a.yaml", diagnostics)
    assert node is not None, diagnostics.found
    return bind(node, cls, diagnostics, where=where), diagnostics


def bound(text: str, cls: type = Scenario) -> Any:
    """Bind a text that is right."""
    value, diagnostics = attempt(text, cls)
    assert [str(each) for each in diagnostics.errors] == []
    return value


def faults(text: str, cls: type = Scenario, where: str = "") -> list[str]:
    """Bind a text that is wrong and return the lines."""
    value, diagnostics = attempt(text, cls, where)
    assert value is None
    return [str(each) for each in diagnostics.errors]


@pytest.mark.parametrize("key", ["RequireTLS", "requiretls", "REQUIRETLS", "RequireTls"])
def test_vendor_properties_are_matched_in_any_case(key: str) -> None:
    """As in PowerShell, case does not matter."""
    assert bound(f"Name: A\n{key}: true", Connector).require_tls is True


def test_vendor_properties_are_spelled_mechanically_or_by_metadata() -> None:
    """A property's name is the snake name in Pascal case, unless the field says otherwise."""
    connector = bound("Name: A\nMaxMessageSize: 36MB\nAdminDisplayName: x", Connector)
    assert (connector.max_message_size, connector.admin_note) == (37748736, "x")


def test_scenario_keys_are_exact() -> None:
    """Scenario words are snake_case as declared, and only so."""
    assert bound("from: ann").sender == "ann"
    assert faults("Flag: true") == ["a.yaml:1:1: unknown key 'Flag'; did you mean 'flag'?"]


def test_a_misspelt_property_is_answered_with_the_right_one() -> None:
    """The nearest property is offered as the product spells it."""
    lines = faults("Name: A\nRequireTSL: true", Connector, "send connector 'A'")
    assert lines == [
        "a.yaml:2:1: send connector 'A': unknown property 'RequireTSL'; did you mean 'RequireTLS'?"
    ]


def test_a_small_object_lists_its_keys() -> None:
    """Where the words are few, all of them are offered."""
    assert faults("leaf: {host: a, prot: 25}") == [
        "a.yaml:1:17: leaf: unknown key 'prot'; wanted host or port; did you mean 'port'?"
    ]


def test_the_same_property_in_another_case_is_given_twice() -> None:
    """Two spellings of one property contradict each other."""
    assert faults("Name: A\nEnabled: true\nENABLED: false", Connector) == [
        "a.yaml:3:1: ENABLED is given twice, first as Enabled on line 2"
    ]


def test_ignored_properties_are_accepted_silently() -> None:
    """What cannot change an answer is no news."""
    _, diagnostics = attempt("Name: A\nprotocollogginglevel: Verbose", Connector)
    assert diagnostics.found == ()


@pytest.mark.parametrize(
    "name", ["RunspaceId", "DistinguishedName", "WhenChanged", "OrganizationId", "ObjectState"]
)
def test_what_get_cmdlets_print_of_every_object_is_accepted_silently(name: str) -> None:
    """Settings may be pasted with what stands beside them in the directory."""
    _, diagnostics = attempt(f"Name: A\n{name}: x", Connector)
    assert diagnostics.found == ()


@pytest.mark.parametrize("value", ["", "$null", "{}", "[]", "$false", "False"])
def test_unmodelled_properties_that_are_not_set_change_nothing(value: str) -> None:
    """Printed without a value, or with the documented default, a property makes no answer uncertain."""
    connector, diagnostics = attempt(f"Name: A\nProxied: {value}", Connector)
    assert connector.unmodelled == ()
    assert diagnostics.found == ()


def test_unmodelled_properties_are_kept_by_name_and_warned_of() -> None:
    """What is known but not modelled stays visible, in the product's spelling."""
    connector, diagnostics = attempt("Name: A\nlinkedReceiveConnector: B", Connector, "connector")
    assert connector.unmodelled == ("LinkedReceiveConnector",)
    assert [str(each) for each in diagnostics.found] == [
        "a.yaml:2:1: warning: connector: LinkedReceiveConnector is not modelled"
    ]


@pytest.mark.parametrize("key", ["Unmodelled", "Origin"])
def test_filled_fields_are_never_read(key: str) -> None:
    """Nobody can write where an object came from."""
    assert faults(f"Name: A\n{key}: x", Connector)[0].startswith(f"a.yaml:2:1: unknown property '{key}'")


def test_the_origin_knows_the_object_and_each_property() -> None:
    """Explanations can name the line to change, under the product's name or the field's."""
    scenario = bound("connectors:\n  - Name: A\n    RequireTLS: true\n    AdminDisplayName: x\n")
    origin = scenario.connectors[0].origin
    assert (str(origin), origin.column) == ("a.yaml:2", 5)
    assert origin.of("require_tls") == origin.of("RequireTLS") == "a.yaml:3"
    assert origin.of("admin_note") == origin.of("AdminDisplayName") == "a.yaml:4"
    assert origin.of("Enabled") == "a.yaml:2"


def test_fields_that_compute_themselves_are_not_read() -> None:
    """A field outside the constructor is no property."""
    assert bound("{}").derived == 7
    assert "unknown key 'derived'" in faults("derived: 8")[0]


@pytest.mark.parametrize("word", ["yes", "1", "'true'", "$true", "on", "1.0"])
def test_scenario_booleans_are_only_true_and_false(word: str) -> None:
    """Nothing becomes True by resembling it."""
    assert faults(f"flag: {word}") == [
        f"a.yaml:1:7: flag: {word.strip(chr(39))!r} is not a boolean; wanted true or false"
    ]


@pytest.mark.parametrize(
    ("word", "value"), [("$true", True), ("$FALSE", False), ("'True'", True), ("false", False)]
)
def test_vendor_booleans_are_also_powershells(word: str, value: bool) -> None:
    """An administrator's own words are understood in his own objects."""
    assert bound(f"Name: A\nEnabled: {word}", Connector).enabled is value


@pytest.mark.parametrize("word", ["yes", "1", "on"])
def test_vendor_booleans_are_no_wider_than_that(word: str) -> None:
    """PowerShell takes no yes either."""
    assert faults(f"Name: A\nEnabled: {word}", Connector) == [
        f"a.yaml:2:10: Enabled: {word!r} is not a boolean; wanted $true or $false"
    ]


@pytest.mark.parametrize("word", ["'25'", "true", "2.0", "x", "25x"])
def test_scenario_integers_are_written_as_such(word: str) -> None:
    """Quoted digits, booleans and fractions are no whole numbers."""
    shown = word.strip("'")
    assert faults(f"count: {word}") == [
        f"a.yaml:1:8: count: {shown!r} is not a whole number; wanted a whole number"
    ]


def test_vendor_integers_may_be_text() -> None:
    """An exported '25' is 25."""
    assert bound("Name: A\nPort: '25'\nCost: '2'", Connector).port == 25


def test_floats_are_finite_numbers() -> None:
    """A whole number is a number, infinity and true are none."""
    assert bound("share: 1").share == 1.0
    assert bound("Name: A\nCost: '1.5'", Connector).cost == 1.5
    for word in (".inf", "true", "'1.5'"):
        assert "is not a number; wanted a number" in faults(f"share: {word}")[0]


def test_text_is_kept_as_written() -> None:
    """A number or a boolean where text is wanted is the text that stands there."""
    assert bound("title: 5.10").title == "5.10"
    assert bound("title: 0123").title == "0123"
    assert bound("title: on").title == "on"


def test_sizes_durations_times() -> None:
    """The words of administrators hold in every object."""
    scenario = bound("size: 25 KB\ndelay: +2h\nstart: 2026-05-01T12:00:00+02:00")
    assert (scenario.size, scenario.delay) == (25600, timedelta(hours=2))
    assert scenario.start == datetime(2026, 5, 1, 10, tzinfo=UTC)
    assert bound("size: 37748736").size == 37748736


def test_faulty_sizes_durations_times_say_what_is_wanted() -> None:
    """Each message shows the forms that would do."""
    assert faults("size: 36XB\ndelay: 5\nstart: tomorrow") == [
        "a.yaml:1:7: size: '36XB' is not a size; wanted octets or a size such as 36MB, 25 KB or '35 MB (36,700,160 bytes)'",
        "a.yaml:2:8: delay: '5' is not a duration; wanted a duration such as 90s, 15m, 1h30m, 1d, 00:15:00 or 1.00:00:00",
        "a.yaml:3:8: start: 'tomorrow' is not a time; wanted a UTC time such as 2026-01-31T09:00:00Z",
    ]


@pytest.mark.parametrize("word", ["true", "1.5"])
def test_a_size_is_no_boolean_and_no_fraction(word: str) -> None:
    """Half an octet does not exist."""
    assert len(faults(f"size: {word}")) == 1


def test_other_types_are_judged_strictly() -> None:
    """Addresses, networks and dates come as Python's own types."""
    scenario = bound("ip: 192.0.2.1\nany_ip: 2001:db8::1\nnetwork: 10.0.0.0/8\nday: 2026-01-31")
    assert (scenario.ip, scenario.any_ip) == (IPv4Address("192.0.2.1"), IPv6Address("2001:db8::1"))
    assert (scenario.network, scenario.day) == (IPv4Network("10.0.0.0/8"), date(2026, 1, 31))


def test_faulty_values_of_other_types_are_worded_alike() -> None:
    """The message shows the value and what it is not."""
    assert faults("ip: 10.0.0.300\nnetwork: 10.0.0.1/8\nany_ip: x") == [
        "a.yaml:1:5: ip: '10.0.0.300' is not an IPv4 address: octet 300 (> 255) not permitted in '10.0.0.300'",
        "a.yaml:2:10: network: '10.0.0.1/8' is not an IPv4 network: 10.0.0.1/8 has host bits set",
        (
            "a.yaml:3:9: any_ip: 'x' is not an IPv4 address: expected 4 octets in 'x'; "
            "'x' is not an IPv6 address: at least 3 parts expected in 'x'"
        ),
    ]
    assert faults("day: 31.1.2026")[0].startswith("a.yaml:1:6: day: '31.1.2026' is not a date: ")


def test_words_of_a_choice_are_matched_in_any_case() -> None:
    """An Enum's value or a Literal's word may be written in any case."""
    assert bound("word: TWO").word == "two"
    assert bound("Name: A\nAuthMechanism: basicauth", Connector).auth_mechanism == (Mechanism.BASIC,)


def test_an_unknown_word_is_answered_with_all_and_the_nearest() -> None:
    """The choice is shown."""
    assert faults("Name: A\nAuthMechanism: Tsl", Connector) == [
        "a.yaml:2:16: AuthMechanism: unknown value 'Tsl'; wanted Tls or Integrated or BasicAuth; did you mean 'Tls'?"
    ]


def test_several_words_of_a_choice_may_stand_in_one_value() -> None:
    """Flags are printed with commas, in scenario objects too."""
    assert bound("Name: A\nAuthMechanism: Tls, Integrated", Connector).auth_mechanism == (
        Mechanism.TLS,
        Mechanism.INTEGRATED,
    )
    assert bound("mechanisms: tls, BasicAuth").mechanisms == {Mechanism.TLS, Mechanism.BASIC}


def test_own_value_types_read_themselves() -> None:
    """A class with parse() is asked, and its ValueError is the message."""
    assert bound("domain: Contoso.COM").domain == Domain("contoso.com")
    assert faults("domain: x") == ["a.yaml:1:9: domain: 'x' is no domain"]
    assert faults("domain: {name: x.y}") == [
        "a.yaml:1:9: domain: a mapping stands here; wanted a single value"
    ]


def test_a_named_type_is_read_as_what_it_stands_for() -> None:
    """NewType makes names for the type checker only."""
    assert bound("host_name: mx").host_name == "mx"


def test_one_value_stands_for_a_list() -> None:
    """A list of one needs no brackets."""
    assert bound("names: a").names == ("a",)
    assert bound("names: [a, b]").names == ("a", "b")
    assert bound("leaves: {host: a}").leaves == (Leaf("a"),)


@pytest.mark.parametrize("text", ["'a, b'", "a, b", "[a, b]", "{a, b}", "'{a, b}'", "'a,b,'"])
def test_vendor_lists_may_be_pasted_as_powershell_prints_them(text: str) -> None:
    """Commas and braces make a list in vendor objects."""
    assert bound(f"Name: A\nSmartHosts: {text}", Connector).smart_hosts == ("a", "b")


def test_commas_are_text_in_scenario_objects() -> None:
    """A scenario's list has brackets."""
    assert bound("names: a, b").names == ("a, b",)


def test_vendor_numbers_may_be_listed_in_text() -> None:
    """Each printed word is read like a value of its own."""
    assert bound("Name: A\nPorts: 25, 587", Connector).ports == (25, 587)


@pytest.mark.parametrize("nothing", ["", "$null", "~", "[]"])
def test_nothing_is_an_empty_list(nothing: str) -> None:
    """Clearing a list clears it; the default does not come back."""
    assert bound(f"Name: A\nSmartHosts: {nothing}", Connector).smart_hosts == ()


@pytest.mark.parametrize("nothing", ["", "$null", "$NULL", "null"])
def test_nothing_is_none_or_the_default(nothing: str) -> None:
    """An absent value is None where that is a value, else as if the property were not written."""
    connector = bound(f"Name: A\nTlsDomain: {nothing}\nComment: {nothing}\nEnabled: {nothing}", Connector)
    assert (connector.tls_domain, connector.comment, connector.enabled) == (None, "", True)


def test_nothing_for_a_required_property_is_missing() -> None:
    """An empty value does not satisfy."""
    assert faults("Name: $null", Connector) == ["a.yaml:1:1: Name is missing; wanted text"]


def test_nothing_in_a_list_is_a_fault() -> None:
    """A forgotten item is not guessed."""
    assert faults("names: [a, ~]") == ["a.yaml:1:12: names: nothing stands here; wanted text"]


def test_missing_properties_are_named_with_the_line_of_the_object() -> None:
    """What is not there is reported where the object begins."""
    assert faults("connectors:\n  - Enabled: true\n") == [
        "a.yaml:2:5: connectors: Name is missing; wanted text"
    ]


def test_a_refusal_of_the_class_is_reported_at_the_object() -> None:
    """The constructor's ValueError is the message."""
    assert faults("leaves:\n- {host: a, port: 70000}") == ["a.yaml:2:3: leaves: port 70000 does not exist"]


def test_the_class_does_not_see_faulty_values() -> None:
    """Only the value's own fault is reported."""
    assert faults("leaf: {host: a, port: x}") == [
        "a.yaml:1:23: leaf: port: 'x' is not a whole number; wanted a whole number"
    ]


def test_tables_keep_the_users_names() -> None:
    """A mapping's keys are the user's, its values are objects."""
    scenario = bound("by_name: {mx1: {host: a}, MX1: {host: b}}\nby_domain: {contoso.com: 5}")
    assert scenario.by_name == {"mx1": Leaf("a"), "MX1": Leaf("b")}
    assert scenario.by_domain == {Domain("contoso.com"): 5}


def test_keys_that_mean_the_same_are_given_twice() -> None:
    """Parsed keys are compared, not texts."""
    assert faults("by_domain: {a.b: 5, A.B: 6}") == ["a.yaml:1:21: by_domain: 'A.B' is given twice"]


def test_faulty_keys_are_not_the_same_key() -> None:
    """Keys that cannot be read are reported one by one."""
    assert faults("by_domain: {a: 5, b: 6}") == [
        "a.yaml:1:13: by_domain: 'a' is no domain",
        "a.yaml:1:19: by_domain: 'b' is no domain",
    ]


def test_an_empty_object_of_a_table_takes_its_defaults() -> None:
    """Nothing after a name is an object without properties."""
    assert faults("by_name:\n  mx1:\n") == ["a.yaml:2:7: by_name 'mx1': host is missing; wanted text"]


def test_a_union_is_chosen_by_the_kind_of_value() -> None:
    """Text, mapping and list each find their member."""
    assert bound("target: a").target == "a"
    assert bound("target: {host: a}").target == Leaf("a")
    assert bound("target: [a, b]").target == ("a", "b")


def test_a_union_of_words_takes_the_first_that_reads() -> None:
    """A size or a word, a number or a word."""
    assert bound("level: 3").level == 3
    assert bound("level: all").level == "all"
    assert bound("Name: A\nMaxMessageSize: unlimited", Connector).max_message_size == "Unlimited"
    assert faults("level: al") == [
        (
            "a.yaml:1:8: level: 'al' is not a whole number; unknown value 'al'; "
            "wanted a whole number or all; did you mean 'all'?"
        )
    ]


def test_a_union_refuses_the_kind_that_it_has_not() -> None:
    """A list where only a number or a word may stand."""
    assert faults("level: [1]") == ["a.yaml:1:8: level: a list stands here; wanted a whole number or all"]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("leaf: x", "a.yaml:1:7: leaf: 'x' stands here; wanted a mapping"),
        ("leaf: [a]", "a.yaml:1:7: leaf: a list stands here; wanted a mapping"),
        ("by_name: [a]", "a.yaml:1:10: by_name: a list stands here; wanted a mapping"),
        ("names: {a: b}", "a.yaml:1:8: names: a mapping stands here; wanted text"),
        ("title: [a]", "a.yaml:1:8: title: a list stands here; wanted text"),
        ("names: [[a]]", "a.yaml:1:9: names: a list stands here; wanted text"),
    ],
)
def test_the_wrong_kind_of_value_is_named(text: str, fault: str) -> None:
    """A message says what stands there and what should."""
    assert faults(text) == [fault]


def test_all_faults_are_reported_in_the_order_of_the_text() -> None:
    """Nothing stops at the first fault; named objects bear their names."""
    text = """\
flag: yes
connectors:
  - Name: To Internet
    RequireTSL: $true
    Port: x
  - {Enabled: maybe}
child:
  cuont: 1
"""
    assert faults(text, Scenario, "scenario") == [
        "a.yaml:1:7: scenario: flag: 'yes' is not a boolean; wanted true or false",
        "a.yaml:4:5: scenario: connectors 'To Internet': unknown property 'RequireTSL'; did you mean 'RequireTLS'?",
        "a.yaml:5:11: scenario: connectors 'To Internet': Port: 'x' is not a whole number; wanted a whole number",
        "a.yaml:6:5: scenario: connectors: Name is missing; wanted text",
        "a.yaml:6:15: scenario: connectors: Enabled: 'maybe' is not a boolean; wanted $true or $false",
        "a.yaml:8:3: scenario: child: unknown key 'cuont'; did you mean 'count'?",
    ]


def test_any_type_of_a_field_can_be_bound() -> None:
    """A linker may bind a table or a list as well as an object."""
    assert bound("mx: {host: a}", Mapping[str, Leaf]) == {"mx": Leaf("a")}


def test_what_is_bound_can_be_pasted_into_another_tenant() -> None:
    """An alias binds to equal objects and repeats no finding."""
    value, diagnostics = attempt("by_name: {a: &a {host: h}, b: *a}", Scenario)
    assert value.by_name["a"] == value.by_name["b"]
    assert diagnostics.found == ()


@dataclass(frozen=True)
class WithList:
    """A mutable field."""

    names: list[str]


@dataclass(frozen=True)
class WithPair:
    """A tuple of two."""

    pair: tuple[str, int]


@dataclass(frozen=True)
class Ambiguous:
    """Two mappings in one union."""

    target: Leaf | Scenario


@dataclass(frozen=True)
class WithAny:
    """Anything at all."""

    thing: Any


@pytest.mark.parametrize("cls", [WithList, WithPair, Ambiguous, WithAny])
def test_a_class_that_no_file_can_hold_is_our_own_fault(cls: type) -> None:
    """The programmer is told at once, with class and field."""
    with pytest.raises(TypeError, match=rf"^{cls.__name__}\.\w+: "):
        attempt("{}", cls)


WORDS = st.text(st.characters(codec="utf-8", categories=["L", "N"]), min_size=1, max_size=8)


@given(
    st.builds(
        Connector,
        name=WORDS.filter(lambda word: word.lower() not in ("null", "true", "false")),
        enabled=st.booleans(),
        port=st.integers(1, 65535),
        max_message_size=st.integers(0, 10**12) | st.just("Unlimited"),
        connection_timeout=st.timedeltas(timedelta(), timedelta(days=30)).map(
            lambda span: timedelta(seconds=int(span.total_seconds()))
        ),
        auth_mechanism=st.lists(st.sampled_from(Mechanism), unique=True).map(tuple),
        smart_hosts=st.lists(st.from_regex(r"[a-z]{1,8}\.example", fullmatch=True), unique=True).map(tuple),
    )
)
def test_what_a_cmdlet_would_print_is_bound_back(connector: Connector) -> None:
    """A connector written in Exchange's notation is that connector again."""
    days, seconds = divmod(int(connector.connection_timeout.total_seconds()), 86400)
    text = f"""\
Name: '{connector.name}'
enabled: ${connector.enabled}
Port: '{connector.port}'
MaxMessageSize: {connector.max_message_size}
ConnectionTimeout: {days}.{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}
AuthMechanism: {", ".join(each.value for each in connector.auth_mechanism)}
SmartHosts: {{{", ".join(connector.smart_hosts)}}}
"""
    assert bound(text, Connector) == connector
