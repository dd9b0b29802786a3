"""Whether two traces say the same."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from mailsim.flow.compare import differences
from mailsim.mail.reply import reply
from mailsim.trace.events import Connected, Deferred, Exchanged, Sent
from tests.builders import submission, two_mtas
from tests.trace.runs import FABRIKAM, bounced, deferred, predict


def test_equal_runs_do_not_differ() -> None:
    """Two predictions of one scenario are equal, and so are two runs on wall time."""
    assert differences(bounced(), bounced()) == ()
    assert differences(bounced(), bounced(), ordered=False) == ()


def test_numbers_of_events_do_not_count() -> None:
    """An event is the same wherever it stands in its log."""
    moved = [replace(event, seq=event.seq + 5) for event in bounced()]
    assert differences(bounced(), moved) == ()


def test_a_difference_names_message_and_field() -> None:
    """Only what differs is told, with its path."""
    other = [
        replace(event, what=replace(event.what, reply=reply(250, "2.6.0", "Ok")))
        if isinstance(event.what, Sent)
        else event
        for event in bounced()
    ]
    (difference,) = differences(bounced(), other)
    assert str(difference) == (
        "m1.1: predicted Sent at mx.fabrikam.com with reply.enhanced 2.0.0, reply.text Ok: queued as m1.1 / "
        "observed Sent at mx.fabrikam.com with reply.enhanced 2.6.0, reply.text Ok"
    )


def test_what_is_missing_and_what_is_new_are_told() -> None:
    """An event on one side only is told as a whole."""
    events = bounced()
    without = [event for event in events if not isinstance(event.what, Sent)]
    (missing,) = differences(events, without)
    assert missing.predicted.startswith("Sent at mx.fabrikam.com with at 2026-01-05T09:00:00Z, recipients")
    assert missing.observed == "nothing"
    (new,) = differences(without, events)
    assert (new.message, new.predicted) == ("m1.1", "nothing")


def test_another_reason_is_a_difference() -> None:
    """On the simulated clock even the reasons are equal, and the part that differs is shown."""
    deferral = [event for event in deferred() if isinstance(event.what, Deferred)]
    changed = [replace(event, because=replace(event.because, saw="elsewhere")) for event in deferral[:1]]
    (difference,) = differences(deferral[:1], changed)
    assert "because.saw elsewhere" in difference.observed


def test_order_counts_on_the_simulated_clock() -> None:
    """Two events that changed places differ."""
    first, second, *rest = bounced()
    assert differences([first, second, *rest], [second, first, *rest])


def later(events):
    """Move a trace by some seconds and rename its sessions, as wall time does."""
    return [
        replace(event, at=event.at + timedelta(seconds=3), session=event.session and event.session + "0")
        for event in events
    ]


def test_wall_time_does_not_count() -> None:
    """On wall time neither the time of day nor the names of sessions differ."""
    assert differences(bounced(), later(bounced())) != ()
    assert differences(bounced(), later(bounced()), ordered=False) == ()
    assert differences(deferred(), later(deferred()), ordered=False) == ()


def test_messages_may_overlap_on_wall_time() -> None:
    """Messages in one connection or in two, in either order, compare message by message."""
    letters = [submission(f"m{n}", FABRIKAM, "ann@fabrikam.com", "bob@northwind.com") for n in (1, 2)]
    together = predict(two_mtas(), *letters)
    apart = predict(two_mtas(), replace(letters[0], due=letters[0].due + timedelta(minutes=1)), letters[1])
    assert sum(isinstance(event.what, Connected) for event in together) == 1
    assert differences(together, apart, ordered=False) == ()


def test_another_reply_is_seen_on_wall_time() -> None:
    """What was answered counts on either clock, in the session as well as about the message."""
    other = [
        replace(event, what=Exchanged(event.what.command, reply(250, "", "other")))
        if isinstance(event.what, Exchanged) and event.what.command.startswith(("EHLO", "DATA"))
        else event
        for event in bounced()
    ]
    found = differences(bounced(), other, ordered=False)
    assert {difference.message for difference in found} == {"", "m1.1"}
