"""Events as JSON."""

from __future__ import annotations

import dataclasses
import json
from ipaddress import IPv4Address
from typing import get_args

import pytest

from mailsim.mail.address import Mailbox
from mailsim.mail.message import Message
from mailsim.mail.reply import Reply, reply
from mailsim.reason.check import check, unknown
from mailsim.reason.choice import Rank, select
from mailsim.reason.cite import rfc
from mailsim.reason.decision import Decision
from mailsim.trace.codec import RENAMED, encode, encode_reason
from mailsim.trace.events import Delivered, Event, Secured, Sent, What
from mailsim.world.certificate import PresentedCertificate
from tests.builders import START
from tests.trace.runs import bounced, busy, deferred, looped

CITE = rfc(5321, "3.4")


def event(what: What, because=None) -> Event:
    """Make an event about a fact."""
    return Event(seq=7, at=START, mta="mx", message="m1", session="s1", what=what, because=because)


def test_an_event_is_flat() -> None:
    """The facts of an event stand beside its own, and addresses and replies are readable."""
    what = Sent(
        recipients=(Mailbox.parse("bob@northwind.com"),), to="mx2", via="MX", reply=reply(250, "2.0.0", "Ok")
    )
    assert encode(event(what)) == {
        "seq": 7,
        "at": "2026-01-05T09:00:00Z",
        "mta": "mx",
        "message": "m1",
        "session": "s1",
        "event": "Sent",
        "recipients": ["bob@northwind.com"],
        "to": "mx2",
        "via": "MX",
        "reply": {"code": 250, "enhanced": "2.0.0", "text": "Ok"},
    }


def test_a_delivery_shows_header_and_size() -> None:
    """A message is its header and the size of its body; the null reverse-path is <>."""
    message = Message.from_bytes(b"Subject: a\r\n b\r\nX: y\r\n\r\nhello\r\n")
    line = encode(event(Delivered(Mailbox.parse("bob@northwind.com"), None, message)))
    assert line["content"] == {"header": [["Subject", "a b"], ["X", "y"]], "body_size": 7}
    assert (line["reverse_path"], line["message"]) == ("<>", "m1")


def test_a_certificate_has_no_bytes() -> None:
    """Keys are random, so the chain as sent is no part of a trace."""
    shown = PresentedCertificate(
        subject="CN=a",
        common_name="a",
        names=("a", "b"),
        issuer="CN=ca",
        not_before=START,
        not_after=START,
        chain=(b"random",),
    )
    peer = encode(event(Secured("client", "TLS1_3", shown, "verified", "a")))["peer"]
    assert peer["names"] == ["a", "b"]
    assert "chain" not in peer


def test_a_long_reply_keeps_its_lines() -> None:
    """The lines of a reply are separated by newlines."""
    what = Sent(recipients=(), to="", via="", reply=Reply(250, "", ("mx", "SIZE")))
    assert encode(event(what))["reply"]["text"] == "mx\nSIZE"


def test_reasons_are_a_tree() -> None:
    """A choice keeps its losers, a check what it saw and where it is known from."""
    choice = select(
        "connector",
        ("one", "two"),
        name=str,
        source=lambda name: f"a.yaml:{len(name)}",
        checks=lambda name: (check(name == "two", "Enabled", saw=name, wanted="two", cite=CITE),),
        ranks=lambda name: (Rank("cost", (1, name), "1"),),
        cite=CITE,
    )
    doubt = unknown("EFSkipLastIP", saw="set", cite=CITE)
    tree = encode_reason(Decision("route", None, (choice, doubt), "two"))
    assert (tree["kind"], tree["question"], tree["answer"]) == ("decision", "route", "two")
    made, judged = tree["because"]
    assert made["chosen"] == "two"
    assert [each["lost_by"] for each in made["candidates"]] == ["Enabled: one, wanted two", ""]
    assert made["candidates"][1]["ranks"] == [{"name": "cost", "saw": "1"}]
    assert judged["verdict"] == "unknown"
    assert judged["cite"] == {"key": "rfc5321", "at": "section 3.4", "grade": "normative"}


@pytest.mark.parametrize("fact", get_args(What), ids=lambda fact: fact.__name__)
def test_no_fact_hides_an_event_s_own_fields(fact: type) -> None:
    """Flat lines lose nothing: the fields of a fact are called otherwise than those of an event."""
    own = {"seq", "at", "mta", "message", "session", "event", "because"}
    assert not own & {RENAMED.get(each.name, each.name) for each in dataclasses.fields(fact)}


@pytest.mark.parametrize("run", [bounced, deferred, looped, lambda: busy()[1]])
def test_whole_runs_encode_alike_each_time(run) -> None:
    """Two runs of one scenario give equal lines, and every line is JSON."""
    once, again = (["\n".join(json.dumps(encode(each)) for each in run())] for _ in range(2))
    assert once == again


def test_a_type_that_no_trace_may_hold_is_refused() -> None:
    """What cannot be encoded the same way each time is a fault of the event, not silently its repr."""
    with pytest.raises(TypeError, match="no trace can hold a object"):
        encode(event(Sent(recipients=(), to="", via="", reply=object())))  # type: ignore[arg-type]


def test_addresses_of_hosts_are_text() -> None:
    """IP addresses are written as usual."""
    assert encode(bounced()[5])["event"]
    connected = next(each for each in bounced() if type(each.what).__name__ == "Connected")
    assert encode(connected)["peer_ip"] == str(IPv4Address("192.0.2.20"))
