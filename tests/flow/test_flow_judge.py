"""Every kind of expectation, met and unmet."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from mailsim.config.bind import bind
from mailsim.config.diagnostic import Diagnostics
from mailsim.config.from_yaml import read_yaml
from mailsim.flow.expectation import DeliveredTo, Expectations
from mailsim.flow.judge import Finding, judge
from mailsim.flow.scenario import Scenario
from mailsim.trace.events import Attributed, Connected, Delivered, Event, Exchanged, Routed
from tests.builders import START, two_mtas
from tests.trace.runs import NORTHWIND, bounced, busy, deferred, predict, without_tls

SCENARIO, EVENTS = busy()


def expectations(text: str) -> Expectations:
    """Read the expectations of one message."""
    diagnostics = Diagnostics()
    node = read_yaml(text, "a.yaml", diagnostics)
    bound = bind(node, Expectations, diagnostics, where="") if node else None
    diagnostics.raise_if_errors()
    assert bound is not None
    return bound


def find(
    message: str, text: str, scenario: Scenario = SCENARIO, events: list[Event] | None = None
) -> Finding:
    """Judge one expectation."""
    (finding,) = judge({message: expectations(text)}, scenario, EVENTS if events is None else events)
    return finding


MET = [
    ("m1", "delivered: bob@northwind.com"),
    ("m1", "delivered: {to: bob@northwind.com, at: MX.northwind.com}"),
    ("m1", "delivered: {to: BOB@northwind.com, hops: [mx.fabrikam.com, mx.northwind.com], copies: 1}"),
    ("m4", "delivered: {}"),
    ("m1", "not_delivered: zed@northwind.com"),
    ("m2", "not_delivered: {}"),
    (
        "m1",
        "rejected: {by: mx.northwind.com, to: zed@northwind.com, stage: RCPT, code: 550, enhanced: 5.1.1}",
    ),
    ("m1", "rejected: {by: mx.northwind.com, text: user UNKNOWN}"),
    ("m3", "rejected: {by: mx.northwind.com, enhanced: 5.7.1}"),
    ("m2", "queued: {at: +20m, host: mx.fabrikam.com, to: kim@adatum.com, last_error: connection refused}"),
    ("m2", "queued: {}"),
    (
        "m1",
        "ndr: {to: ann@fabrikam.com, by: mx.fabrikam.com, code: 5.1.1, text: User unknown, delivered: true}",
    ),
    ("m1", "ndr: {code: '550', text: Your message could not be delivered}"),
    ("m2", "ndr: none"),
    ("m1", "dsn: {action: failed, to: ann@fabrikam.com, text: could not be delivered, delivered: true}"),
    ("m1", "header: {of: bob@northwind.com, name: subject, equals: m1}"),
    ("m1", "header: {name: Received, contains: by mx.northwind.com}"),
    ("m1", "header: {name: X-Foo, absent: true}"),
    ("m1", "header: {name: Received, present: true}"),
    ("m1", "header_order: [Return-Path, received, Subject]"),
    ("m1", "envelope: {at: mx.northwind.com, reverse_path: ann@fabrikam.com, recipients: bob@northwind.com}"),
    ("m1", "envelope: {at: mx.fabrikam.com, recipients: [zed@northwind.com, bob@northwind.com]}"),
    ("m1.dsn", "envelope: {at: mx.fabrikam.com, reverse_path: <>}"),
    ("m1", "tls: {from: mx.fabrikam.com, to: mx.northwind.com, is: verified}"),
    ("m1", "tls: {from: mx.fabrikam.com, to: mx.northwind.com, client_certificate: mx.fabrikam.com}"),
    ("m3", "tls: {from: the printer, to: mx.northwind.com, is: encrypted, client_certificate: printer}"),
    ("m1", "ehlo: {by: mx.northwind.com, offers: [starttls, SIZE 10240000], lacks: [X-EXPS, SIZE 1]}"),
    ("m1", "ehlo: {by: mx.northwind.com, offers: PIPELINING, lacks: STARTTLS, over_tls: true}"),
    ("m1", "connector: {at: mx.fabrikam.com, used: mx}"),
    ("m1", "peer: {at: mx.northwind.com, address: 192.0.2.20}"),
    ("m3", "peer: {at: mx.northwind.com, address: 192.0.2.99}"),
    ("m1", "because: no such mailbox"),
    ("m3", "because: relay_from of mx.northwind.com"),
    ("m1", "disposition: {to: zed@northwind.com, is: bounced}"),
    ("m3", "disposition: {is: refused}"),
]

UNMET = [
    ("m1", "delivered: {}", "zed@northwind.com bounced by mx.fabrikam.com, 09:00:00: 550 5.1.1"),
    ("m1", "delivered: kim@x.com", "the message has no such recipient"),
    ("m4", "delivered: {at: mx.fabrikam.com}", "delivered at mx.northwind.com, 09:00:00, by way of"),
    ("m4", "delivered: {hops: mx.northwind.com}", "by way of mx.fabrikam.com > mx.northwind.com"),
    ("m4", "delivered: {copies: 2}", "(1 copy)"),
    ("m9", "delivered: {}", "the message has no such recipient"),
    ("m1", "not_delivered: {}", "bob@northwind.com delivered at mx.northwind.com"),
    ("m1", "rejected: {by: mx.northwind.com, code: 554}", "mx.northwind.com answered RCPT 550 5.1.1"),
    ("m1", "rejected: {by: mx.northwind.com, stage: MAIL}", "answered RCPT"),
    ("m1", "rejected: {by: mx.northwind.com, to: bob@northwind.com}", "answered RCPT"),
    ("m4", "rejected: {by: mx.northwind.com}", "refused nothing; bob@northwind.com delivered at"),
    ("m2", "queued: {at: +2h}", "the run ended before, 10:00:00"),
    ("m2", "queued: {last_error: STARTTLS}", "queued at mx.fabrikam.com, 09:35:00: 451 4.4.1 connect to"),
    ("m4", "queued: {at: +1m}", "09:01:00: bob@northwind.com delivered"),
    ("m1", "ndr: none", "mx.fabrikam.com told ann@fabrikam.com about zed@northwind.com (m1.dsn, delivered)"),
    ("m1", "ndr: {code: 5.7.1}", "mx.fabrikam.com told ann@fabrikam.com"),
    ("m1", "ndr: {by: mx.northwind.com}", "mx.fabrikam.com told ann@fabrikam.com"),
    ("m1", "ndr: {to: eve@x.com}", "told ann@fabrikam.com"),
    ("m1", "ndr: {delivered: false}", "m1.dsn, delivered"),
    ("m2", "dsn: {action: delayed}", "nobody was told of delayed"),
    ("m1", "dsn: {action: failed, by: mx.northwind.com}", "mx.fabrikam.com told ann@fabrikam.com"),
    ("m2", "ndr: {}", "no report; kim@adatum.com queued"),
    ("m1", "header: {name: Subject, equals: m2}", "Subject: m1"),
    ("m1", "header: {name: X-Foo, present: true}", "no X-Foo"),
    ("m1", "header: {name: Subject, absent: true}", "Subject: m1"),
    ("m2", "header: {name: Subject, present: true}", "not delivered; kim@adatum.com queued"),
    ("m1", "header_order: [Subject, Received]", "from the top: Received, Subject"),
    ("m1", "header_order: [X-Foo]", "none of them"),
    (
        "m1",
        "envelope: {at: mx.northwind.com, reverse_path: <>}",
        "from <ann@fabrikam.com> to bob@northwind.com",
    ),
    (
        "m2",
        "envelope: {at: mx.northwind.com, reverse_path: <>}",
        "mx.northwind.com never took the message over",
    ),
    (
        "m1",
        "tls: {from: mx.fabrikam.com, to: mx.northwind.com, is: none}",
        "verified (TLS1_3), client certificate",
    ),
    ("m1", "tls: {from: mx.fabrikam.com, to: mx.northwind.com, client_certificate: none}", "mx.fabrikam.com"),
    ("m2", "tls: {from: mx.fabrikam.com, to: mx.adatum.com, is: none}", "had no session with mx.adatum.com"),
    ("m1", "ehlo: {by: mx.northwind.com, offers: SIZE 1}", "SIZE 10240000, "),
    ("m1", "ehlo: {by: mx.northwind.com, lacks: [SIZE]}", "SIZE 10240000, "),
    ("m2", "ehlo: {by: mx.adatum.com, lacks: SIZE, over_tls: true}", "no EHLO to mx.adatum.com over TLS"),
    ("m1", "connector: {at: mx.fabrikam.com, used: To B}", "mx.fabrikam.com used 'MX'"),
    ("m1", "connector: {at: mx.northwind.com, used: To B}", "mx.northwind.com used no connector"),
    ("m1", "peer: {at: mx.northwind.com, address: 192.0.2.99}", "mx.northwind.com saw 192.0.2.20"),
    ("m2", "peer: {at: mx.adatum.com, address: 192.0.2.99}", "nobody connected to mx.adatum.com with it"),
    ("m4", "because: no such mailbox", "no decision says so; nearest: "),
    (
        "m1",
        "disposition: {to: zed@northwind.com, is: expired}",
        "zed@northwind.com bounced by mx.fabrikam.com",
    ),
    ("m1", "disposition: {is: bounced}", "bob@northwind.com delivered at"),
]


@pytest.mark.parametrize(("message", "text"), MET, ids=[f"{message} {text}" for message, text in MET])
def test_met(message, text) -> None:
    """What the run did is found to be as expected."""
    finding = find(message, text)
    assert finding.met, finding.saw


@pytest.mark.parametrize(
    ("message", "text", "saw"), UNMET, ids=[f"{message} {text}" for message, text, _ in UNMET]
)
def test_unmet(message, text, saw) -> None:
    """What the run did not do is found, and the finding says what it did instead."""
    finding = find(message, text)
    assert not finding.met
    assert saw in finding.saw


def test_every_word_has_both_cases() -> None:
    """No kind of expectation goes without a met and an unmet case."""
    words = {each for each in Expectations.__dataclass_fields__ if each not in ("origin", "source")}
    assert (
        words
        == {text.partition(":")[0] for _, text in MET}
        == {text.partition(":")[0] for _, text, _ in UNMET}
    )


def test_a_failure_is_explained_by_the_host_that_refused() -> None:
    """The first reason of a bounce is the decision of the next hop, not of the MTA that gave up."""
    finding = find("m1", "delivered: zed@northwind.com")
    assert finding.because[0].mta == NORTHWIND
    assert finding.reasons[0].question == "RCPT TO zed@northwind.com"  # type: ignore[union-attr]


def test_what_was_not_refused_is_explained_by_its_admission() -> None:
    """Where a refusal was expected, the host says first why it admitted the recipient."""
    finding = find("m4", "rejected: {by: mx.northwind.com}")
    first = finding.because[0]
    assert isinstance(first.what, Exchanged)
    assert first.what.command.startswith("RCPT TO:<bob@northwind.com>")


@pytest.mark.parametrize(("name", "first"), [("X-Header", Exchanged), ("Return-Path", Routed)])
def test_a_header_is_explained_by_who_made_it(name, first) -> None:
    """Fields are made or left out where a message is taken, the sender in Return-Path where it leaves."""
    finding = find("m4", f"header: {{name: {name}, equals: other}}")
    assert isinstance(finding.because[0].what, first)


def test_a_policy_of_our_own_explains_a_queue() -> None:
    """Mail that waits for TLS is explained by the sender's demand."""
    scenario = Scenario(name="t", topology=two_mtas(), until=START + timedelta(minutes=5))
    finding = find("m1", "delivered: {}", scenario, without_tls())
    assert finding.reasons[0].question == "TLS to mx.northwind.com"  # type: ignore[union-attr]
    assert find(
        "m1", "tls: {from: mx.fabrikam.com, to: mx.northwind.com, is: none}", scenario, without_tls()
    ).met


def test_a_finding_knows_where_it_was_written() -> None:
    """The line of the expectation goes with it."""
    assert find("m1", "delivered: bob@northwind.com").origin == "a.yaml:1"


def test_findings_keep_the_scenario_s_order() -> None:
    """Expectations are judged as written, message by message."""
    both = {"m4": expectations("delivered: {}\nndr: none"), "m1": expectations("delivered: {}")}
    assert [(each.message, each.met) for each in judge(both, SCENARIO, EVENTS)] == [
        ("m4", True),
        ("m4", True),
        ("m1", False),
    ]


def test_connectors_of_every_kind_count() -> None:
    """A Receive connector and the connector of an attribution are used like a Send connector."""
    events = []
    for event in EVENTS:
        what = replace(event.what, connector="Default") if isinstance(event.what, Connected) else event.what
        events.append(replace(event, what=what))
        if isinstance(what, Connected):
            fact = Attributed("contoso", "From on-premises", "Originating")
            events.append(replace(event, seq=event.seq + 10_000, what=fact))
    assert find("m1", f"connector: {{at: {NORTHWIND}, used: default}}", events=events).met
    assert find("m1", f"connector: {{at: {NORTHWIND}, used: From on-premises}}", events=events).met
    assert "used 'Default'; " in find("m1", f"connector: {{at: {NORTHWIND}, used: x}}", events=events).saw


def test_copies_count_duplicates() -> None:
    """A second copy in the same mailbox is seen."""
    scenario = Scenario(name="t", topology=two_mtas())
    events = bounced()
    again = [replace(event, seq=event.seq + 1000) for event in events if isinstance(event.what, Delivered)]
    finding = find("m1", "delivered: {to: bob@northwind.com, copies: 1}", scenario, events + again)
    assert (finding.met, "(2 copies)" in finding.saw) == (False, True)


def test_an_expired_message_is_judged_by_its_state_then() -> None:
    """The same message is queued after a day and expired in the end."""
    scenario, events = Scenario(name="t", topology=two_mtas()), deferred(until=None)
    assert find("m1", "queued: {at: +1d}", scenario, events).met
    assert find("m1", "disposition: {is: expired}", scenario, events).met
    assert "2026-01-10 09:00:00" in find("m1", "delivered: {}", scenario, events).saw


def test_a_message_never_handed_in_meets_nothing() -> None:
    """When the run ends before a message is handed in, its expectations fail and say so."""
    events = predict(two_mtas())
    scenario = Scenario(name="t", topology=two_mtas())
    assert not find("m1", "rejected: {by: mx.northwind.com}", scenario, events).met
    assert "never entered" in find("m1", "ndr: {}", scenario, events).saw


def test_judging_needs_no_file() -> None:
    """Expectations made in Python are judged like those of a scenario."""
    (finding,) = judge({"m4": Expectations(delivered=(DeliveredTo(at=NORTHWIND),))}, SCENARIO, EVENTS)
    assert (finding.met, finding.origin) == (True, "")
