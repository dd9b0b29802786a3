"""What a person reads after a run."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mailsim.flow.expectation import DeliveredTo, Expectations, NotDeliveredTo
from mailsim.flow.judge import judge
from mailsim.mail.address import Mailbox
from mailsim.report.style import ASCII, COLOURS, WIDTH
from mailsim.report.text import decision_lines, finding_lines, message_lines, overview_lines, report_lines
from mailsim.trace.events import Attributed, Connected, Crashed, Event, Exchanged
from mailsim.trace.paths import trees
from mailsim.world.source import Origin
from tests.builders import START, submission, two_mtas
from tests.trace.runs import NORTHWIND, bounced, busy, busy_world, deferred, looped, predict, without_tls


def text(lines: list[str]) -> str:
    """Join lines as they are printed."""
    return "\n" + "\n".join(lines) + "\n"


def message(events, name: str = "m1") -> str:
    """Return the report of one message."""
    return text(message_lines(next(tree for tree in trees(events) if tree.message == name)))


def test_a_delivered_message() -> None:
    """Who to whom, the outcome at a glance, and every hop with peer, TLS and reply."""
    assert (
        message(busy()[1], "m4")
        == """
m4  ann@fabrikam.com -> bob@northwind.com  "m4"
  ✓ bob@northwind.com  delivered at mx.northwind.com, 09:00:00
    09:00:00  mx.fabrikam.com   handed in, 69 octets
                                routed to northwind.com by MX
                                to mx.northwind.com [192.0.2.30], which sees 192.0.2.20
                                  TLS1_3, certificate CN=mx.northwind.com (verified), client certificate
                                    CN=mx.fabrikam.com
                                  accepted for bob@northwind.com: 250 2.0.0 Ok: queued as m4
              mx.northwind.com  received, 69 octets
                                delivered to bob@northwind.com
"""
    )


def test_a_bounced_recipient() -> None:
    """A bounce says who refused, in which words and why, and who was told."""
    assert (
        message(bounced())
        == """
m1  ann@fabrikam.com -> bob@northwind.com, zed@northwind.com, ann@fabrikam.com  "m1"
  ✓ bob@northwind.com  delivered at mx.northwind.com, 09:00:00
  ✗ zed@northwind.com  bounced by mx.fabrikam.com, 09:00:00: mx.northwind.com said 550 5.1.1
      <zed@northwind.com>: Recipient address rejected: User unknown
      why: mx.northwind.com: mailboxes of mx.northwind.com: zed@northwind.com: no such mailbox, wanted a
             mailbox
  ✓ ann@fabrikam.com  delivered at mx.fabrikam.com, 09:00:00
    09:00:00  mx.fabrikam.com   handed in, 106 octets
                                split into m1.1, m1.2
                                bob@northwind.com, zed@northwind.com routed to northwind.com by MX
                                delivered to ann@fabrikam.com
                                to mx.northwind.com [192.0.2.30], which sees 192.0.2.20
                                  TLS1_3, certificate CN=mx.northwind.com (not verified)
                                  RCPT TO:<zed@northwind.com>: 550 5.1.1 <zed@northwind.com>: Recipient
                                    address rejected: User unknown
                                  accepted for bob@northwind.com: 250 2.0.0 Ok: queued as m1.1
                                zed@northwind.com bounced: refused at RCPT
                                ann@fabrikam.com is told of the failure: m1.1.dsn
              mx.northwind.com  received, 106 octets
                                delivered to bob@northwind.com
"""
    )


def test_a_refused_message() -> None:
    """A client host that was refused says so, with the property that would have let it through."""
    assert (
        message(busy()[1], "m3")
        == """
m3  scan@fabrikam.com -> kim@adatum.com  "m3"
  ✗ kim@adatum.com  refused by mx.northwind.com, 09:00:00: 554 5.7.1 <kim@adatum.com>: Relay access denied
      why: mx.northwind.com: relay_from of mx.northwind.com: client 192.0.2.99, recipient domain adatum.com,
             wanted one of its own domains
    09:00:00  printer  handed in, 67 octets
                       routed to mx.northwind.com as told
                       to mx.northwind.com [192.0.2.30], which sees 192.0.2.99
                         TLS1_3, certificate CN=mx.northwind.com (not verified), client certificate CN=printer
                         RCPT TO:<kim@adatum.com>: 554 5.7.1 <kim@adatum.com>: Relay access denied
                       kim@adatum.com refused at RCPT
"""
    )


def test_a_deferred_message() -> None:
    """Attempts that fail alike are told once and counted, with the next one due."""
    assert (
        message(deferred())
        == """
m1  ann@fabrikam.com -> bob@northwind.com  "m1"
  … bob@northwind.com  queued at mx.fabrikam.com, 09:35:00: 451 4.4.1 connect to
      mx.northwind.com[192.0.2.30]:25: connection refused
    09:00:00  mx.fabrikam.com  handed in, 69 octets
                               routed to northwind.com by MX
                               to mx.northwind.com [192.0.2.30]: connection refused
                               waits until 09:05:00: 451 4.4.1 connect to mx.northwind.com[192.0.2.30]:25:
                                 connection refused
    09:35:00                   the same 3 times more; waits until 10:15:00
"""
    )


def test_an_expired_message() -> None:
    """A message given up after days says on which day, and what it had waited for."""
    told = message(deferred(until=None))
    assert "✗ bob@northwind.com  expired at mx.fabrikam.com, 2026-01-10 09:00:00" in told
    assert "waited for" in told
    assert "\n    2026-01-10\n    08:01:40                   the same 110 times more; waits until" in told


def test_mail_that_waits_for_tls_names_the_setting() -> None:
    """A queue that only a policy holds up says which one, and that the session stayed in clear text."""
    told = message(without_tls())
    assert (
        "why: mx.fabrikam.com: tls valid_chain: mx.northwind.com offers no STARTTLS, wanted STARTTLS" in told
    )
    assert "clear text: STARTTLS not offered" in told


def test_a_loop_is_counted() -> None:
    """Two rounds tell as much as a hundred."""
    told = message(looped())
    assert "a.fabrikam.com: hop count: 101 hops, wanted at most 100" in told
    assert "99 more hops round a.fabrikam.com > b.fabrikam.com" in told
    assert len(told.splitlines()) < 25


def test_a_loop_says_how_it_goes_round() -> None:
    """No decision was against the mail, but one of those that made the round is to be changed: they come first."""
    told = message(looped())
    assert (
        """
      why: a.fabrikam.com: passes it on to b.fabrikam.com by smart host
           b.fabrikam.com: passes it on to a.fabrikam.com by smart host
           a.fabrikam.com: hop count: 101 hops, wanted at most 100
"""
        in told
    )


def test_a_report_stands_behind_its_message() -> None:
    """What is delivered where it was made needs no journey."""
    lines = report_lines(bounced())
    at = lines.index("m1.1.dsn  <> -> ann@fabrikam.com  report about m1")
    assert lines[at + 1 :] == ["  ✓ ann@fabrikam.com  delivered at mx.fabrikam.com, 09:00:00"]


def test_that_nobody_is_told_says_why() -> None:
    """Of a failure without a report the journey says by which rule there is none."""
    unknown = submission("m1", "mx.fabrikam.com", "", "zed@northwind.com")
    assert message(predict(two_mtas(), unknown)).endswith(
        "zed@northwind.com bounced: refused at RCPT\n"
        f"{' ' * 31}nobody is told of the failure: reverse-path: <>, wanted somebody to tell\n"
    )


def test_connector_and_attribution_are_told() -> None:
    """A session shows the Receive connector, and whose mail the server took it for."""
    events: list[Event] = []
    for event in bounced():
        known = replace(event.what, connector="Default") if isinstance(event.what, Connected) else event.what
        events.append(replace(event, what=known))
        if isinstance(known, Connected):
            owner = Attributed("contoso", "From on-premises", "Originating")
            events.append(replace(event, seq=event.seq + 10_000, what=owner))
    assert "Receive connector 'Default'" in message(events)
    assert "attributed to contoso by 'From on-premises', Originating" in message(events)


def test_consequences_of_a_refusal_are_left_out() -> None:
    """Once every recipient is refused, the refusal of DATA says nothing new."""
    sent = submission("m1", "mx.fabrikam.com", "ann@fabrikam.com", "zed@northwind.com")
    told = message(predict(busy_world(), sent))
    assert "RCPT TO:<zed@northwind.com>: 550" in told
    assert "DATA:" not in told


def test_a_stranger_that_was_refused() -> None:
    """A message that nobody accepted has no sender and no hops, only what was said."""
    session = [event for event in bounced() if event.mta == NORTHWIND]
    refused = [
        replace(
            event,
            message=event.message and "x1",
            what=replace(event.what, client="") if isinstance(event.what, Connected) else event.what,
        )
        for event in session
        if not event.message or (isinstance(event.what, Exchanged) and "zed" in event.what.command)
    ]
    told = message(refused, "x1")
    assert told.startswith("\nx1  never accepted\n    09:00:00    to mx.northwind.com")
    assert "from a stranger at 192.0.2.20" in told


def test_the_overview_has_one_line_an_end() -> None:
    """Recipients that ended alike share a line."""
    assert (
        text(overview_lines(busy()[1]))
        == """
m1      ✓ bob@northwind.com  delivered at mx.northwind.com, 09:00:00
m1      ✗ zed@northwind.com  bounced by mx.fabrikam.com, 09:00:00: mx.northwind.com said 550 5.1.1
            <zed@northwind.com>: Recipient address rejected: User unknown
m1.dsn  ✓ ann@fabrikam.com  delivered at mx.fabrikam.com, 09:00:00
m2      … kim@adatum.com  queued at mx.fabrikam.com, 09:35:00: 451 4.4.1 connect to
            mx.adatum.com[192.0.2.40]:25: connection refused
m4      ✓ bob@northwind.com  delivered at mx.northwind.com, 09:00:00
m3      ✗ kim@adatum.com  refused by mx.northwind.com, 09:00:00: 554 5.7.1 <kim@adatum.com>: Relay access
            denied
"""
    )


def test_a_failed_expectation_is_explained() -> None:
    """It says what was seen, where it was written, and which decisions led there; a met one has one line."""
    scenario, events = busy()
    zed = DeliveredTo(to=Mailbox.parse("zed@northwind.com"), origin=Origin("busy.yaml", 12))
    kim = NotDeliveredTo(to=Mailbox.parse("kim@adatum.com"))
    expected = {"m1": Expectations(delivered=(zed,)), "m2": Expectations(not_delivered=(kim,))}
    assert (
        text(finding_lines(judge(expected, scenario, events)))
        == """
1 of 2 expectations met
  ✗ m1  delivered: {to: zed@northwind.com}  busy.yaml:12
      saw: zed@northwind.com bounced by mx.fabrikam.com, 09:00:00: 550 5.1.1 <zed@northwind.com>: Recipient
           address rejected: User unknown
      mx.northwind.com: RCPT TO zed@northwind.com -> refused
        - mailboxes of mx.northwind.com: zed@northwind.com: no such mailbox, wanted a mailbox
        source: rfc5321, section 3.4 (normative)
      mx.fabrikam.com
        + smart_hosts of mx.fabrikam.com: none, so the MX of northwind.com
        source: rfc5321, section 3.6.2 (normative)
  ✓ m2  not_delivered: {to: kim@adatum.com}
"""
    )


def test_the_report_ends_with_the_expectations() -> None:
    """Messages first, then how many expectations were met."""
    scenario, events = busy()
    findings = judge({"m4": Expectations(delivered=(DeliveredTo(),))}, scenario, events)
    assert report_lines(events, findings)[-2:] == ["1 of 1 expectations met", "  ✓ m4  delivered: {}"]


def test_a_crash_comes_first() -> None:
    """A bug of mailsim stands above everything, since nothing below it can be trusted."""
    crash = Event(seq=999, at=START, mta="mx", message="m1", session="", what=Crashed("KeyError: 'x'"))
    assert report_lines([*bounced(), crash])[0] == "mailsim failed at mx: KeyError: 'x'"


def test_every_decision_about_a_message_can_be_read() -> None:
    """Each decision is told once, by the MTA that made it, in order."""
    lines = decision_lines(trees(bounced())[0])
    heads = [line for line in lines if not line.startswith(" ")]
    assert heads[0] == "mx.fabrikam.com"
    assert "mx.northwind.com: RCPT TO zed@northwind.com -> refused" in heads
    assert sum(head.startswith("mx.northwind.com: DATA") for head in heads) == 1


@pytest.mark.parametrize("run", [bounced, deferred, looped, without_tls, lambda: busy()[1]])
def test_no_report_is_wider_than_a_terminal(run) -> None:
    """Lines are folded, unless a single word is longer."""
    assert max(map(len, report_lines(run()))) <= WIDTH


def test_an_empty_run_has_an_empty_report() -> None:
    """Nothing happened, nothing is told."""
    assert report_lines([]) == []


def test_marks_and_colours_are_the_caller_s() -> None:
    """A terminal without UTF-8 gets marks it can show, one with colours gets them."""
    assert "  x zed@northwind.com" in "\n".join(report_lines(bounced(), style=ASCII))
    coloured = report_lines(bounced(), style=COLOURS)
    assert any(line.startswith(COLOURS.bad) for line in coloured)
    assert any(line.startswith(COLOURS.good) for line in coloured)
