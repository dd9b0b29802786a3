"""From events to what happened to each message."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from mailsim.mail.address import Mailbox
from mailsim.mail.envelope import Envelope, Recipient
from mailsim.mail.message import Message
from mailsim.mail.reply import reply
from mailsim.trace.connection import DATA, RCPT, connections, stage_of
from mailsim.trace.events import (
    Deferred,
    Delivered,
    Event,
    Exchanged,
    Failed,
    Received,
    Resolved,
    Sent,
    Submitted,
)
from mailsim.trace.hop import Disposition
from mailsim.trace.paths import families, final_dispositions, orphans, trees
from tests.builders import START, submission, two_mtas
from tests.trace.runs import FABRIKAM, NORTHWIND, PRINTER, bounced, busy, deferred, looped, predict

OK = reply(250, "2.0.0", "Ok")


def ends(events) -> list[tuple[str, str, str, str]]:
    """Return message, recipient, disposition and MTA of every outcome."""
    return [
        (each.message, str(each.recipient), each.disposition, each.mta) for each in final_dispositions(events)
    ]


def mailbox(text: str) -> Mailbox:
    """Read an address."""
    return Mailbox.parse(text)


def handmade(*facts: tuple[str, str, object]) -> list[Event]:
    """Make a trace from MTA, message and fact."""
    return [
        Event(seq=seq, at=START, mta=mta, message=message, session="", what=what)
        for seq, (mta, message, what) in enumerate(facts, 1)
    ]


def submitted(*recipients: str) -> Submitted:
    """Make the fact that a message entered."""
    return Submitted(
        Envelope(reverse_path=None, recipients=tuple(Recipient(mailbox(each)) for each in recipients)), 1, ""
    )


def delivered(to: str) -> Delivered:
    """Make the fact that a copy lies in a mailbox."""
    return Delivered(mailbox(to), None, Message.from_bytes(b""))


def test_every_recipient_has_one_end() -> None:
    """A forked message ends differently for each recipient, and its report is a message of its own."""
    assert ends(bounced()) == [
        ("m1", "bob@northwind.com", "delivered", NORTHWIND),
        ("m1", "zed@northwind.com", "bounced", FABRIKAM),
        ("m1", "ann@fabrikam.com", "delivered", FABRIKAM),
        ("m1.1.dsn", "ann@fabrikam.com", "delivered", FABRIKAM),
    ]


def test_a_tree_knows_its_reports_and_copies() -> None:
    """Copies belong to the family of the message, reports are only named by it."""
    found = trees(bounced())
    assert [tree.reports for tree in found] == [("m1.1.dsn",), ()]
    assert families(found) == {"m1": "m1", "m1.1": "m1", "m1.2": "m1", "m1.1.dsn": "m1.1.dsn"}


def test_hops_know_how_the_message_came() -> None:
    """The first hop has no connection, the next one the session with peer and TLS."""
    first, second = trees(bounced())[0].hops
    assert (first.mta, first.connection) == (FABRIKAM, None)
    assert second.connection is not None
    assert (second.connection.client, str(second.connection.peer_ip)) == (FABRIKAM, "192.0.2.20")
    assert (second.connection.verdict, second.connection.tls_version) == ("encrypted", "TLS1_3")


def test_an_attempt_holds_its_exchanges_and_outcomes() -> None:
    """What one connection said about a copy stands together with what came of it."""
    (attempt,) = trees(bounced())[0].attempts
    assert {event.message for event in attempt.exchanges} == {"m1.1"}
    assert [type(event.what) for event in attempt.outcomes] == [Sent, Failed]


def test_what_waits_is_queued() -> None:
    """A run that ended early leaves its recipients queued, with the last error and every attempt."""
    (outcome,) = final_dispositions(deferred())
    assert outcome.disposition is Disposition.QUEUED
    assert outcome.reply is not None
    assert outcome.reply.enhanced == "4.4.1"
    attempts = trees(deferred())[0].attempts
    assert [attempt.connection.server for attempt in attempts] == ["", "", "", ""]
    assert all(isinstance(event.what, Deferred) for attempt in attempts for event in attempt.outcomes)


def test_the_beginning_of_a_trace_gives_the_state_then() -> None:
    """The same recipient is queued after an hour and expired after five days."""
    events = deferred(until=None)
    early = [event for event in events if event.at <= START + timedelta(hours=1)]
    assert [each.disposition for each in final_dispositions(early)] == ["queued"]
    assert [each.disposition for each in final_dispositions(events)] == ["expired", "delivered"]


def test_a_loop_is_many_stays() -> None:
    """A message that comes back is a new stay each time, and ends once."""
    (outcome,) = final_dispositions(looped())
    assert outcome.disposition is Disposition.LOOPED
    assert len(outcome.hops) == 102
    assert orphans(looped()) == ()


def test_a_client_host_keeps_what_is_refused() -> None:
    """A refused message ends with the host that has it."""
    refused = [end for end in ends(busy()[1]) if end[0] == "m3"]
    assert refused == [("m3", "kim@adatum.com", "refused", PRINTER)]


def test_attempts_of_one_mta_are_told_apart() -> None:
    """A connection that carried nothing belongs to the messages of its route, not to others of the same MTA."""
    by_name = {tree.message: tree for tree in trees(busy()[1])}
    assert {attempt.connection.server for attempt in by_name["m1"].attempts} == {NORTHWIND}
    assert {attempt.connection.server for attempt in by_name["m2"].attempts} == {""}
    assert by_name["m1"].attempts[0].connection == by_name["m4"].attempts[0].connection


def test_a_recipient_may_become_several() -> None:
    """Every address that one became has its own end, under the first address."""
    events = handmade(
        ("a", "m1", submitted("all@x.com")),
        ("a", "m1", Resolved(mailbox("all@x.com"), mailbox("bob@x.com"), "member")),
        ("a", "m1", Resolved(mailbox("all@x.com"), mailbox("eve@x.com"), "member")),
        ("a", "m1", delivered("bob@x.com")),
        ("a", "m1", delivered("eve@x.com")),
    )
    assert [(str(end.recipient), str(end.final)) for end in final_dispositions(events)] == [
        ("all@x.com", "bob@x.com"),
        ("all@x.com", "eve@x.com"),
    ]
    assert orphans(events) == ()


def test_recipients_may_become_one() -> None:
    """Two addresses of one mailbox share a delivery, and may have one each."""
    start = (
        ("a", "m1", submitted("bob@x.com", "robert@x.com")),
        ("a", "m1", Resolved(mailbox("robert@x.com"), mailbox("bob@x.com"), "proxy")),
        ("a", "m1", delivered("bob@x.com")),
    )
    again = ("a", "m1", delivered("bob@x.com"))
    assert orphans(handmade(*start)) == ()
    assert len(final_dispositions(handmade(*start))) == 2
    assert orphans(handmade(*start, again)) == ()
    assert [each.problem for each in orphans(handmade(*start, again, again))] == ["ended 3 times"]


def test_a_mailbox_delivers_under_its_own_address() -> None:
    """A recipient delivered under another address of the mailbox is not lost."""
    events = handmade(("a", "m1", submitted("robert@x.com")), ("a", "m1", delivered("bob@x.com")))
    (outcome,) = final_dispositions(events)
    assert (str(outcome.recipient), str(outcome.final)) == ("robert@x.com", "bob@x.com")
    assert orphans(events) == ()


def test_a_recipient_without_end_is_an_orphan() -> None:
    """What was accepted and never mentioned again is found."""
    (orphan,) = orphans(handmade(("a", "m1", submitted("bob@x.com"))))
    assert (orphan.mta, str(orphan.recipient), orphan.problem) == ("a", "bob@x.com", "never ended")


def test_two_ends_are_found() -> None:
    """A recipient that fails after it was delivered breaks the law."""
    failed = Failed((mailbox("bob@x.com"),), reply(550, "5.1.1"), "", "", "bounced")
    events = handmade(
        ("a", "m1", submitted("bob@x.com")), ("a", "m1", delivered("bob@x.com")), ("a", "m1", failed)
    )
    assert [each.problem for each in orphans(events)] == ["ended 2 times"]


def test_what_nobody_accepted_is_found() -> None:
    """An end of a message that the MTA never had breaks the law."""
    assert [each.problem for each in orphans(handmade(("a", "m1", delivered("bob@x.com"))))] == [
        "Delivered, but never held"
    ]


def test_mail_lost_between_two_mtas_is_found() -> None:
    """What one MTA sent, and the other one, which is part of the run, never received, breaks the law."""
    sent = Sent(recipients=(mailbox("bob@x.com"),), to="b", via="MX", reply=OK)
    events = handmade(
        ("a", "m1", submitted("bob@x.com")), ("b", "m2", submitted("eve@x.com")), ("a", "m1", sent)
    )
    events += handmade(("b", "m2", delivered("eve@x.com")))
    assert [each.problem for each in orphans(events)] == ["sent to b, never received there"]


def test_mail_to_a_real_host_has_left() -> None:
    """What a host outside the simulation accepted has left it."""
    sent = Sent(recipients=(mailbox("bob@x.com"),), to="postfix.example", via="MX", reply=OK)
    events = handmade(("a", "m1", submitted("bob@x.com")), ("a", "m1", sent))
    assert [each.disposition for each in final_dispositions(events)] == ["left"]
    assert orphans(events) == ()


def test_a_copy_taken_over_unheard_is_kept() -> None:
    """When the reply to the content is lost, both MTAs have the message, and the tree shows both."""
    whole = bounced()
    without_sent = [event for event in whole if not isinstance(event.what, Sent)]
    root = trees(without_sent)[0].root
    assert root is not None
    assert [hop.mta for hop in root.unheard] == [NORTHWIND]


def test_a_stranger_s_message_enters_where_it_was_received() -> None:
    """Mail from nobody in the plan has its first hop at the MTA that took it."""
    named = [replace(event, message="x1") for event in bounced() if event.mta == NORTHWIND and event.message]
    sessions = [event for event in bounced() if event.mta == NORTHWIND and not event.message]
    taken = trees([*sessions, *named])
    assert [(tree.message, tree.hops[0].mta) for tree in taken] == [("x1", NORTHWIND)]
    refused = trees([*sessions, *(each for each in named if isinstance(each.what, Exchanged))])
    assert [(tree.message, tree.root, len(tree.offered)) for tree in refused] == [("x1", None, 1)]


def test_stages_follow_the_command() -> None:
    """Content and chunks count as DATA."""
    assert [stage_of(each) for each in ("RCPT TO:<a@b>", "<88 octets>", "BDAT 5 LAST", "NOOP")] == [
        RCPT,
        DATA,
        DATA,
        "",
    ]


def test_connections_are_put_together() -> None:
    """A connection knows both ends, and a failed one only where it was to lead."""
    (answered,) = connections(bounced()).values()
    assert (answered.client, answered.server, answered.host) == (FABRIKAM, NORTHWIND, NORTHWIND)
    assert answered.server_certificate is not None
    unanswered = next(iter(connections(deferred()).values()))
    assert (unanswered.client, unanswered.server, unanswered.peer_ip) == (FABRIKAM, "", None)


PEOPLE = (
    "ann@fabrikam.com",
    "bob@northwind.com",
    "eve@northwind.com",
    "zed@northwind.com",
    "kim@nowhere.com",
)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(PEOPLE), st.lists(st.sampled_from(PEOPLE), min_size=1, max_size=6)),
        max_size=6,
    ),
    st.none() | st.integers(min_value=0, max_value=3),
)
def test_every_accepted_recipient_ends_once(letters, hours) -> None:
    """No mix of messages, duplicates among their recipients included, loses or doubles a recipient."""
    sent = [submission(f"m{n}", FABRIKAM, sender, *to) for n, (sender, to) in enumerate(letters)]
    events = predict(two_mtas(), *sent, until=None if hours is None else timedelta(hours=hours))
    assert orphans(events) == ()
    accepted = {event.message for event in events if isinstance(event.what, Submitted | Received)}
    assert accepted <= families(trees(events)).keys()
