"""The words of ``expect:``, as a scenario writes them."""

from __future__ import annotations

import pytest

from mailsim.config.bind import bind
from mailsim.config.diagnostic import Diagnostics
from mailsim.config.from_yaml import read_yaml
from mailsim.flow.expectation import DeliveredTo, Expectations, show
from mailsim.flow.references import names_used


def read(text: str) -> tuple[Expectations | None, list[str]]:
    """Bind the expectations of one message."""
    diagnostics = Diagnostics()
    node = read_yaml(text, "a.yaml", diagnostics)
    assert node is not None
    bound = bind(node, Expectations, diagnostics, where="m1")
    return bound, [str(each) for each in diagnostics.found]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("delivered: bob@x.com", ["delivered: {to: bob@x.com}"]),
        ("delivered: [bob@x.com, {at: B}]", ["delivered: {to: bob@x.com}", "delivered: {at: B}"]),
        ("delivered: {hops: [A, B], copies: 0}", ["delivered: {hops: [A, B], copies: 0}"]),
        ("not_delivered: {to: bob@x.com}", ["not_delivered: {to: bob@x.com}"]),
        (
            "rejected: {by: B, stage: rcpt, code: 550, enhanced: 5.7.64, text: Denied}",
            ["rejected: {by: B, stage: RCPT, code: 550, enhanced: 5.7.64, text: Denied}"],
        ),
        (
            "queued: {at: +1h, host: A, last_error: STARTTLS}",
            ["queued: {at: +1:00:00, host: A, last_error: STARTTLS}"],
        ),
        ("ndr: none", ["ndr: none"]),
        ("ndr: {by: A, code: 5.1.1, delivered: false}", ["ndr: {by: A, code: 5.1.1, delivered: false}"]),
        ("header: {name: X, contains: y}", ["header: {name: X, contains: y}"]),
        ("header_order: [Received, X]", ["header_order: [Received, X]"]),
        ("envelope: {at: A, reverse_path: <>}", ["envelope: {at: A, reverse_path: <>}"]),
        ("tls: {from: A, to: B, is: verified}", ["tls: {from: A, to: B, is: verified}"]),
        (
            "ehlo: {by: A, offers: [STARTTLS, SIZE 1], lacks: X}",
            ["ehlo: {by: A, offers: [STARTTLS, SIZE 1], lacks: [X]}"],
        ),
        ("connector: {at: A, used: To B}", ["connector: {at: A, used: To B}"]),
        ("peer: {at: A, address: 192.0.2.1}", ["peer: {at: A, address: 192.0.2.1}"]),
        ("because: [one, two]", ["because: 'one'", "because: 'two'"]),
        ("disposition: {is: bounced}", ["disposition: {is: bounced}"]),
    ],
)
def test_each_word_is_bound_and_shown(text, shown) -> None:
    """Every word takes one value or a list, and is shown in the scenario's own form."""
    bound, problems = read(text)
    assert problems == []
    assert [show(each) for each in bound or ()] == shown


def test_short_forms_keep_their_line() -> None:
    """An address alone knows the line of its word."""
    bound, _ = read("because: x\ndelivered: bob@x.com\n")
    assert {show(each): str(each.origin) for each in bound or ()} == {
        "because: 'x'": "a.yaml:1",
        "delivered: {to: bob@x.com}": "a.yaml:2",
    }


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("delivered:", "nothing is expected"),
        ("header: {name: X}", "wanted one of present, absent, equals and contains"),
        ("header: {name: X, present: true, equals: y}", "wanted one of present, absent, equals and contains"),
        ("ndr: [none, {by: A}]", "ndr: none stands beside other reports"),
        ("envelope: {at: A}", "wanted reverse_path or recipients"),
        ("envelope: {at: A, reverse_path: bob}", "'bob' is not an address"),
        ("tls: {from: A, to: B}", "wanted is, version or client_certificate"),
        ("tls: {from: A, is: none}", "to is missing"),
        ("ehlo: {by: A}", "wanted offers or lacks"),
        ("rejected: {stage: RCPT}", "by is missing"),
        ("disposition: {is: lost}", "unknown value 'lost'"),
        ("deliverd: bob@x.com", "unknown key 'deliverd'"),
    ],
)
def test_what_says_nothing_or_too_much_is_refused(text, problem) -> None:
    """A half-written expectation is an error of the text, at its line."""
    bound, problems = read(text)
    assert bound is None
    assert problem in problems[0]
    assert problems[0].startswith("a.yaml:1:")


def test_every_name_is_listed_for_the_linker() -> None:
    """Messages, hosts, recipients and certificates can be looked up before anything runs."""
    bound, _ = read(
        "delivered: {to: bob@x.com, at: B, hops: [A, B]}\n"
        "tls: [{from: A, to: B, client_certificate: cert}, {from: A, to: B, client_certificate: none}]\n"
    )
    assert bound is not None
    used = names_used({"m1": bound})
    assert [(each.refers, each.name, each.key) for each in used] == [
        ("message", "m1", "expect"),
        ("recipient", "bob@x.com", "to"),
        ("host", "B", "at"),
        ("host", "A", "hops"),
        ("host", "B", "hops"),
        ("host", "A", "from"),
        ("host", "B", "to"),
        ("certificate", "cert", "client_certificate"),
        ("host", "A", "from"),
        ("host", "B", "to"),
    ]
    assert {str(each.origin) for each in used} == {"a.yaml:1", "a.yaml:2"}


def test_expectations_may_be_written_in_python() -> None:
    """Without a file there is no origin."""
    (only,) = Expectations(delivered=(DeliveredTo(at="B"),))
    assert only == DeliveredTo(at="B")
    with pytest.raises(ValueError, match="nothing is expected"):
        Expectations()


def test_two_fields_of_one_name_may_be_expected() -> None:
    """A header may hold several fields of a name, so several expectations may ask for it."""
    bound, problems = read("header: [{name: Received, contains: a}, {name: Received, contains: b}]")
    assert problems == []
    assert len(list(bound or ())) == 2
