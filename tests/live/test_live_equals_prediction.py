"""The law that a live run and its prediction write the same events, number by number."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import timedelta
from ipaddress import IPv4Address

import pytest
from builders import START, internet_mta, submission, topology, two_mtas
from live_runs import kinds_of, observed, of_type, predicted

from mailsim.mail.line_ends import with_crlf
from mailsim.mail.reply import Reply, reply
from mailsim.mta.generic.kind import GenericMta
from mailsim.mta.kind import Acceptance, Greeting
from mailsim.mta.relaying.tls_policy import TlsDemand
from mailsim.reason.decision import Decision
from mailsim.trace.events import (
    Closed,
    Connected,
    Deferred,
    Delivered,
    Exchanged,
    Failed,
    NotConnected,
    NotSecured,
    Secured,
    Sent,
)
from mailsim.world.directory import Directory
from mailsim.world.dns import A, RecordSet
from mailsim.world.topology import CertificateUse

BOB, EVE, NOBODY = "bob@northwind.com", "eve@northwind.com", "nobody@northwind.com"


def mail(name, *recipients, due=timedelta(), **more):
    """Return a message from Ann."""
    message = submission(name, "mx.fabrikam.com", "ann@fabrikam.com", *(recipients or (BOB,)), **more)
    return replace(message, due=START + due)


def world_of(*, sender=(), receiver=(), certificates=True):
    """Return fabrikam.com and northwind.com with other settings."""
    made = two_mtas()
    mtas = {
        mta.id: replace(
            mta,
            certificates=mta.certificates if certificates else (),
            config=replace(mta.config, **dict(settings)),
        )
        for mta, settings in zip(made.mtas.values(), (sender, receiver), strict=True)
    }
    return replace(made, mtas=mtas)


def same(world, *submissions, kinds=None):
    """Hold prediction and live run equal and return the events."""
    expected = predicted(world, *submissions, kinds=kinds)
    assert observed(world, *submissions, kinds=kinds) == expected
    return expected


def test_delivery_over_tls():
    """A message over STARTTLS is the same with and without a wire."""
    events = same(two_mtas(), mail("m1"))
    assert [what.end for what in of_type(events, Secured)] == ["client", "server"]
    assert of_type(events, Delivered)[0].message.body == b"hello\r\n"


def test_delivery_in_clear_text():
    """So is one without TLS."""
    events = same(world_of(certificates=False), mail("m1"))
    assert "Secured" not in kinds_of(events)
    assert "Delivered" in kinds_of(events)


def test_client_certificate():
    """The server sees the certificate that the client shows when asked."""
    events = same(world_of(receiver={"asks_client_certificate": True}), mail("m1"))
    assert [what.peer.common_name for what in of_type(events, Secured)] == [
        "mx.northwind.com",
        "mx.fabrikam.com",
    ]


def test_refused_recipient_bounces():
    """A refusal and the report about it are the same."""
    events = same(two_mtas(), mail("m1", NOBODY))
    assert [what.reply.enhanced for what in of_type(events, Failed)] == ["5.1.1"]
    assert [str(what.recipient) for what in of_type(events, Delivered)] == ["ann@fabrikam.com"]


def test_recipients_of_both_kinds():
    """One message may be taken for one recipient and refused for another."""
    events = same(two_mtas(), mail("m1", BOB, NOBODY, EVE))
    assert len(of_type(events, Failed)) == 1
    assert sum(kind == "Delivered" for kind in kinds_of(events)) == 3


def test_messages_share_a_connection():
    """What waits for one next hop travels together, and in order."""
    events = same(two_mtas(), *(mail(f"m{number}") for number in range(1, 6)))
    assert len(of_type(events, Connected)) == 1
    assert len(of_type(events, Sent)) == 5


def test_connection_has_a_limit_of_messages():
    """After the limit of messages a new connection is opened."""
    world = world_of(sender={"messages_per_connection": 2})
    events = same(world, *(mail(f"m{number}") for number in range(1, 6)))
    assert len(of_type(events, Connected)) == 3


@pytest.mark.parametrize(
    "body",
    [
        "",
        ".\r\n",
        "..\r\n.a\r\n",
        "no line end",
        "a\n.\nb\r\n",
        "a\r.\rb\r\n",
        "a\r\n.\nb\r\n",
        "a\n.\r\nMAIL FROM:<eve@fabrikam.com>\r\n",
        "été\r\n",
        "x" * 5000 + "\r\n",
        ("y" * 76 + "\r\n") * 20_000,
    ],
    ids=[
        "empty",
        "dot",
        "dots",
        "no-crlf",
        "lf-dot",
        "cr-dot",
        "crlf-dot-lf",
        "lf-dot-crlf",
        "8bit",
        "long",
        "large",
    ],
)
@pytest.mark.parametrize("certificates", [True, False], ids=["tls", "clear"])
def test_content_arrives_as_it_left(body, certificates):
    """No octet of a message but a bare line end changes on the wire, and none of its dots ends it."""
    events = same(world_of(certificates=certificates), mail("m1", body=body))
    arrived = of_type(events, Delivered)[0].message.body
    righted = with_crlf(body.encode())
    assert arrived in (righted, righted + b"\r\n")


def test_nobody_listens_and_the_queue_expires():
    """Five simulated days of retries take no time, and end in a report."""
    made = two_mtas()
    deaf = replace(made.mtas["mx.northwind.com"], ports=())
    world = replace(made, mtas={**made.mtas, deaf.id: deaf})
    expected = predicted(world, mail("m1"))
    started = time.monotonic()
    assert observed(world, mail("m1")) == expected
    assert time.monotonic() - started < 5
    assert {what.cause for what in of_type(expected, NotConnected)} == {"connection refused"}
    assert len(of_type(expected, Deferred)) > 100
    assert [what.disposition for what in of_type(expected, Failed)] == ["expired"]
    assert expected[-1].at - START == timedelta(days=5)


def test_address_of_nobody():
    """A host that is only in the DNS refuses the connection, live by the machine itself."""
    made = two_mtas()
    ghost = internet_mta("mx.ghost.example", "192.0.2.77")
    zones = topology(*made.mtas.values(), ghost, mx={"ghost.example": "mx.ghost.example"}).zones
    events = same(replace(made, zones=zones), mail("m1", "a@ghost.example"))
    assert of_type(events, NotConnected)[0].address == ghost.addresses[0]


def test_address_outside_the_topology():
    """A smart host whose address nobody has is refused without a connection."""
    events = same(world_of(sender={"smart_hosts": ("[198.51.100.99]",)}), mail("m1"))
    assert of_type(events, NotConnected)[0].cause == "connection refused"


def test_second_host_after_the_first_refused():
    """When one address refuses, the next one is tried."""
    made = two_mtas()
    first = internet_mta("mx0.northwind.com", "192.0.2.31", ports=())
    world = topology(*made.mtas.values(), first, mx={"northwind.com": "mx.northwind.com"})
    both = (*first.addresses, IPv4Address("192.0.2.30"))
    zones = world.zones.without("mx.northwind.com")
    zones = zones.plus([RecordSet("mx.northwind.com", 60, tuple(map(A, both)))])
    events = same(replace(world, zones=zones), mail("m1"))
    assert kinds_of(events).count("NotConnected") == 1
    assert "Delivered" in kinds_of(events)


def test_smart_host_by_literal_over_tls():
    """An address literal is no server name, and TLS works without one."""
    relay = internet_mta(
        "relay.example",
        "192.0.2.40",
        smart_hosts=("[192.0.2.30]",),
        mailboxes=Directory(),
        domains=frozenset(),
    )
    made = two_mtas()
    world = topology(*made.mtas.values(), relay, mx={"northwind.com": "mx.northwind.com"})
    events = same(world, submission("m1", "relay.example", "x@relay.example", BOB))
    assert len(of_type(events, Secured)) == 2


def test_rejected_certificate():
    """A certificate that the client does not take ends the attempt at both ends alike."""
    demand = {"tls": TlsDemand.VALID_NAME, "tls_name": "other.example"}
    events = same(world_of(sender=demand), mail("m1"))
    assert of_type(events, Secured)[0].verdict == "rejected"
    assert of_type(events, Closed)[0].cause == ""


def test_tls_wanted_and_not_offered():
    """A client that must have TLS says QUIT to a server that has none."""
    made = two_mtas()
    bare = replace(made.mtas["mx.northwind.com"], certificates=())
    sender = made.mtas["mx.fabrikam.com"]
    sender = replace(sender, config=replace(sender.config, tls=TlsDemand.ENCRYPTED))
    events = same(replace(made, mtas={sender.id: sender, bare.id: bare}), mail("m1"))
    assert of_type(events, NotSecured)[0].cause == "STARTTLS not offered"


def test_certificate_changes_on_the_way():
    """A certificate that is replaced in the course of a run is shown from then on."""
    world = two_mtas()
    receiver = world.mtas["mx.northwind.com"]
    later = CertificateUse("mx.fabrikam.com", timedelta(hours=1))
    receiver = replace(receiver, certificates=(*receiver.certificates, later))
    world = replace(world, mtas={**world.mtas, receiver.id: receiver})
    events = same(world, mail("m1"), mail("m2", due=timedelta(hours=2)))
    shown = [what.peer.common_name for what in of_type(events, Secured) if what.end == "client"]
    assert shown == ["mx.northwind.com", "mx.fabrikam.com"]


class Chunky(GenericMta):
    """Sends and takes content by BDAT."""

    words = replace(GenericMta.words, bare_linefeeds=reply(550, "5.6.11", "bare linefeeds"))

    def on_ehlo(self, at, session):
        offered = super().on_ehlo(at, session)
        return replace(offered, value=replace(offered.value, lines=(*offered.value.lines, "BINARYMIME")))


@pytest.mark.parametrize("certificates", [True, False], ids=["tls", "clear"])
@pytest.mark.parametrize(
    ("body", "parameter", "to", "delivered"),
    [
        ("a\n.\r\nQUIT\r\n", "", (BOB, EVE), 2),
        ("a\n.\n\xff", " BODY=8BITMIME", (BOB,), 1),
        ("\0\n.\r\n" * 50_000, " BODY=BINARYMIME", (BOB, NOBODY), 1),
        ("a\nb", "", (NOBODY,), 0),
    ],
    ids=["text", "8bit", "binary", "nobody"],
)
def test_content_goes_by_bdat(body, parameter, to, delivered, certificates):
    """Content that DATA cannot carry goes in one chunk, and nobody accepted means nothing sent."""
    letter = mail("m1", *to, body=body)
    body_value = "BINARYMIME" if "BINARY" in parameter else ""
    letter = replace(letter, envelope=replace(letter.envelope, body=body_value))
    events = same(world_of(certificates=certificates), letter, mail("m2"), kinds={"generic": Chunky()})
    lines = [each.command for each in of_type(events, Exchanged)]
    assert any(
        line.startswith("MAIL") and line.endswith(f"SIZE={letter.message.size}{parameter}") for line in lines
    )
    assert sum(line.startswith("BDAT") for line in lines) == (1 if delivered else 0)
    assert [event.message for event in events if isinstance(event.what, Delivered)].count("m2") == 1
    assert len(of_type(events, Delivered)) >= delivered + 1


class Shutting(GenericMta):
    """Closes after it has refused a message."""

    def on_data(self, at, session, envelope, message, name):
        if "m1" not in message.value("Subject"):
            return super().on_data(at, session, envelope, message, name)
        return Acceptance(Decision("DATA", reply(552, "5.3.4", "Too large", closes=True), ()), None)


def test_a_server_that_closes_after_a_refusal_is_asked_again():
    """What waits behind a message that made the server close goes by another connection, at once."""
    events = same(two_mtas(), mail("m1"), mail("m2"), mail("m3"), kinds={"generic": Shutting()})
    assert [event.message for event in events if isinstance(event.what, Sent)][:2] == ["m2", "m3"]
    assert len(of_type(events, Connected)) == 2
    assert not of_type(events, Deferred)


class Refusing(GenericMta):
    """Greets nobody."""

    def on_connect(self, at, _facts):
        return Greeting(Decision("connection", reply(554, "5.7.1", "Go away"), ()))


class Closing(GenericMta):
    """Ends the session at the first recipient."""

    def on_rcpt(self, at, session, envelope, rcpt):
        return Decision("RCPT", reply(421, "4.3.2", "Service not available"), ())


class OfferingWithout(GenericMta):
    """Offers STARTTLS and then does not have it."""

    def on_starttls(self, at, session):
        return None


class OldFashioned(GenericMta):
    """Knows HELO only."""

    def on_ehlo(self, at, session):
        if session.facts.extended:
            return Decision("EHLO", reply(502, "5.5.1", "What?"), ())
        return super().on_ehlo(at, session)


class Bare(GenericMta):
    """Sends replies of the simplest form, without enhanced codes, text or PIPELINING."""

    def on_ehlo(self, at, session):
        return Decision("EHLO", Reply(250, "", (at.mta.fqdn, "SIZE 1000")), ())


class Busy(GenericMta):
    """Takes no message now."""

    def on_data(self, at, session, envelope, message, name):
        acceptance = super().on_data(at, session, envelope, message, name)
        busy = Decision("DATA", reply(452, "4.3.1", "Insufficient system resources"), ())
        return replace(acceptance, reply=busy, item=None)


@pytest.mark.parametrize(
    ("kind", "heard"),
    [
        (Refusing, "554"),
        (Closing, "421"),
        (OfferingWithout, "500"),
        (OldFashioned, "502"),
        (Bare, "250"),
        (Busy, "452"),
    ],
)
def test_servers_of_every_temper(kind, heard):
    """However a server ends or twists a session, both drivers tell it alike."""
    events = same(two_mtas(), mail("m1", BOB, EVE), mail("m2"), kinds={"generic": kind()})
    replies = [what.reply for what in of_type(events, Exchanged | Connected)]
    assert heard in {str(answer.code) for answer in replies}
