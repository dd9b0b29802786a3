"""An ordinary internet MTA, and a client host that only hands mail over."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from ipaddress import IPv4Address, IPv4Network

import pytest
from builders import START, internet_mta
from exchange_worlds import (
    accepted,
    certificate,
    envelope,
    facts,
    fates,
    kind,
    rcpt,
    session,
    submitted,
    take,
    view,
)

from mailsim.mail.address import Mailbox
from mailsim.mail.capability import Capabilities
from mailsim.mail.command import Mail, Rcpt
from mailsim.mail.dsn import Action
from mailsim.mail.message import Message
from mailsim.mail.reply import reply
from mailsim.mta.client import ClientConfig
from mailsim.mta.kind import Deliver, Offer, Refuse, Relay, RouteProblem, Waiting
from mailsim.mta.relaying.tls_policy import TlsDemand
from mailsim.world.directory import Directory
from mailsim.world.facts import TlsFacts
from mailsim.world.topology import CertificateUse, Mta

PEOPLE = Directory(plain_mailboxes=["ann@fabrikam.com"])


def world(*certificates, **config):
    """Look from mx.fabrikam.com."""
    settings = {"domains": frozenset({"fabrikam.com"}), "mailboxes": PEOPLE} | config
    return view(internet_mta("mx.fabrikam.com", "192.0.2.20", **settings), *certificates)


# --- receiving -----------------------------------------------------------------------------------------------


@pytest.mark.shows("rfc5321", "3.6.2")
@pytest.mark.shows("rfc5321", "3.4")
@pytest.mark.parametrize(
    ("config", "peer", "to", "answer"),
    [
        ({}, "192.0.2.66", "ann@fabrikam.com", None),
        ({}, "192.0.2.66", "ANN@fabrikam.com", None),
        ({}, "192.0.2.66", "postmaster@fabrikam.com", None),  # rfc5321:4.5.1
        ({}, "192.0.2.66", "Postmaster", None),
        (
            {},
            "192.0.2.66",
            "no@fabrikam.com",
            "550 5.1.1 <no@fabrikam.com>: Recipient address rejected: User unknown",
        ),
        ({"accepts_everyone": True}, "192.0.2.66", "no@fabrikam.com", None),
        ({}, "192.0.2.66", "x@contoso.com", "554 5.7.1 <x@contoso.com>: Relay access denied"),
        ({}, "192.0.2.66", "x@[192.0.2.20]", "554 5.7.1 <x@[192.0.2.20]>: Relay access denied"),
        ({"relay_from": (IPv4Network("192.0.2.0/24"),)}, "192.0.2.66", "x@contoso.com", None),
        (
            {"relay_from": (IPv4Network("192.0.2.0/24"),)},
            "198.51.100.1",
            "x@contoso.com",
            "554 5.7.1 <x@contoso.com>: Relay access denied",
        ),
    ],
)
def test_whom_it_accepts(config, peer, to, answer):
    """Own mailboxes for everyone, other domains for its own networks (RFC 5321 section 3.6.2)."""
    at = world(**config)
    value = rcpt(at, session(at, peer), "x@contoso.com", to).value
    assert (None if value is None else str(value)) == answer


@pytest.mark.shows("rfc1870", "6.1")
@pytest.mark.parametrize(("size", "refused"), [("100", False), ("101", True), ("", False)])
def test_the_announced_size(size, refused):
    """SIZE beyond the limit is refused at MAIL (RFC 1870 section 6.1)."""
    at = world(size_limit=100)
    value = kind(at).on_mail(at, session(at), Mail(None, {"SIZE": size})).value
    assert (value is not None) is refused


@pytest.mark.shows("rfc5321", "6.3")
@pytest.mark.shows("rfc1870", "6.1")
@pytest.mark.parametrize(
    ("message", "code"),
    [
        (b"\r\n" + b"x" * 100, "5.3.4"),
        (b"Received: x\r\n" * 101 + b"\r\n", "5.4.6"),
    ],
)
def test_what_it_refuses_at_the_end(message, code):
    """A message too large, or with more than 100 hops (RFC 5321 section 6.3), is not taken."""
    at = world(size_limit=100) if code == "5.3.4" else world()
    acceptance = take(
        at, session(at), envelope("x@contoso.com", "ann@fabrikam.com"), Message.from_bytes(message)
    )
    assert acceptance.item is None
    assert acceptance.reply.value.enhanced == code


@pytest.mark.shows("postfix:postconf")
@pytest.mark.parametrize(("before", "refused"), [(99, False), (999, False), (1000, True)])
def test_recipients_of_a_message(before, refused):
    """A thousand are taken, later ones asked to come again (smtpd_recipient_limit)."""
    at = world()
    mail = envelope("x@contoso.com", *["ann@fabrikam.com"] * before)
    decision = kind(at).on_rcpt(at, session(at), mail, Rcpt(Mailbox.parse("ann@fabrikam.com")))
    assert decision.value == (reply(452, "4.5.3", "Error: too many recipients") if refused else None)


@pytest.mark.shows("postfix:postconf")
def test_line_ends_are_put_right():
    """What is stored has CRLF at the end of every line and no CR elsewhere (smtpd_forbid_bare_newline)."""
    at = world()
    where, mail = session(at), envelope("x@contoso.com", "ann@fabrikam.com")
    acceptance = take(at, where, mail, Message.from_bytes(b"Subject: x\n\none\n.\ntwo\rthree\r\n"))
    assert acceptance.item.message.to_bytes().endswith(b"Subject: x\r\n\r\none\r\n.\r\ntwo three\r\n")
    assert [each.saw for each in acceptance.reply.because if each.rule == "line ends"]
    whole = take(at, where, mail, Message.from_bytes(b"Subject: x\r\n\r\none\r\n"))
    assert not [each for each in whole.reply.because if each.rule == "line ends"]


@pytest.mark.shows("rfc3848", "2")
@pytest.mark.parametrize(
    ("more", "protocol"), [({"extended": False}, "SMTP"), ({}, "ESMTP"), ({"tls": True}, "ESMTPS")]
)
def test_the_received_field(more, protocol):
    """The protocol word tells HELO, EHLO and TLS apart (RFC 3848)."""
    at = world()
    item = accepted(at, session(at, **more), "x@contoso.com", "ann@fabrikam.com")
    assert f"by mx.fabrikam.com with {protocol} id m1;" in item.message.value("Received")


def test_ehlo():
    """STARTTLS is offered with a certificate and in clear text only; HELO offers nothing."""
    at = world()
    assert "STARTTLS" in kind(at).on_ehlo(at, session(at)).value.lines
    assert "STARTTLS" not in kind(at).on_ehlo(at, session(at, tls=True)).value.lines
    assert kind(at).on_ehlo(at, session(at, extended=False)).value.lines == ("mx.fabrikam.com",)
    bare = view(internet_mta("mx.fabrikam.com", "192.0.2.20", certificate=False))
    assert "STARTTLS" not in kind(bare).on_ehlo(bare, session(bare)).value.lines
    assert kind(bare).on_starttls(bare, session(bare)) is None


# --- routing -------------------------------------------------------------------------------------------------


def test_where_mail_goes():
    """Mailboxes here, an error for the unknown, one copy a domain by MX."""
    at = world()
    item = submitted(
        at,
        "ann@fabrikam.com",
        "ann@fabrikam.com",
        "no@fabrikam.com",
        "a@contoso.com",
        "b@contoso.com",
        "Postmaster",
    )
    found = fates(at, item)
    assert found["ann@fabrikam.com"] == Deliver(Mailbox("ann", "fabrikam.com"))
    assert isinstance(found["no@fabrikam.com"], Refuse)
    assert found["a@contoso.com"] is found["b@contoso.com"]
    assert isinstance(found["Postmaster"], Deliver)


def test_a_smart_host_takes_everything():
    """With smart hosts all other domains share one copy."""
    at = world(smart_hosts=("out.example",))
    item = submitted(at, "ann@fabrikam.com", "a@contoso.com", "b@northwind.com")
    (copy,) = kind(at).categorize(at, item).copies
    assert (copy.fate.via, copy.fate.next_hop) == ("smart host", "out.example")


@pytest.mark.parametrize("problem", [each for each in RouteProblem if not each.published])
def test_every_dead_end_has_words(problem):
    """Each kind of failed look-up has a final reply; a DNS that does not answer has one for now."""
    at = world()
    fate = fates(at, submitted(at, "ann@fabrikam.com", "a@contoso.com"))["a@contoso.com"]
    reply = kind(at).on_no_route(at, fate, problem)
    assert reply.transient if problem is RouteProblem.DNS_FAILED else reply.permanent


GOOD, SELF = certificate("good", "mx.contoso.com"), certificate("self", "mx.contoso.com", authority=None)


@pytest.mark.shows("rfc3207", "4.1")
@pytest.mark.parametrize(
    ("tls", "name", "shown", "refused"),
    [
        (TlsDemand.NEVER, "", None, False),
        (TlsDemand.OPPORTUNISTIC, "", None, False),
        (TlsDemand.OPPORTUNISTIC, "", "self", False),
        (TlsDemand.ENCRYPTED, "", None, True),
        (TlsDemand.ENCRYPTED, "", "self", False),
        (TlsDemand.VALID_CHAIN, "", "self", True),
        (TlsDemand.VALID_CHAIN, "", "good", False),
        (TlsDemand.VALID_NAME, "mx.contoso.com", "good", False),
        (TlsDemand.VALID_NAME, "mx.fabrikam.com", "good", True),
    ],
)
def test_its_demands_on_a_next_hop(tls, name, shown, refused):
    """Each demand refuses what falls short of it, for now."""
    at = world(GOOD, SELF, tls=tls, tls_name=name)
    fate = fates(at, submitted(at, "ann@fabrikam.com", "a@contoso.com"))["a@contoso.com"]
    seen = TlsFacts("TLS1_3", at.pki.presented(shown)) if shown else None
    value = kind(at).on_offer(at, fate, Offer("mx.contoso.com", Capabilities(()), seen)).value
    assert (value is not None) is refused
    assert value is None or value.transient


# --- client hosts --------------------------------------------------------------------------------------------


def printer(server: str = "192.0.2.20"):
    """Look from a host that only sends."""
    return view(
        Mta(
            id="printer",
            kind="client",
            fqdn="printer.contoso.com",
            addresses=(IPv4Address("198.51.100.99"),),
            ports=(),
            config=ClientConfig(server),
        )
    )


@pytest.mark.shows("rfc5321", "2.3.3")
def test_a_client_sends_everything_where_it_is_told():
    """All recipients share one copy to the configured host, literal or name."""
    at = printer()
    (copy,) = (
        kind(at).categorize(at, submitted(at, "", "a@contoso.com", "b@[192.0.2.1]", "Postmaster")).copies
    )
    assert isinstance(copy.fate, Relay)
    assert [str(each.address) for each in kind(at).targets(at, copy.fate).value.found] == ["192.0.2.20"]


@pytest.mark.parametrize("server", ["nowhere.example", "[IPv6:::1]", "999.1.1.1"])
def test_a_client_told_nonsense(server):
    """A server that has no address is a failed look-up."""
    at = printer(server)
    (copy,) = kind(at).categorize(at, submitted(at, "x@contoso.com", "a@contoso.com")).copies
    targets = kind(at).targets(at, copy.fate).value
    assert targets.problem is RouteProblem.NO_ADDRESS
    assert kind(at).on_no_route(at, copy.fate, targets.problem).permanent


@pytest.mark.shows("rfc5321", "2.3.3")
def test_a_client_tries_once_and_keeps_the_message():
    """A refusal for now is final, and nobody is told."""
    at = printer()
    item = submitted(at, "x@contoso.com", "a@contoso.com")
    busy = reply(451, "4.3.0", "busy")
    following = kind(at).after(at, item, Waiting(1, busy))
    assert (following.due, following.expired) == (START, busy)
    assert kind(at).report(at, item, (), "m1.dsn", Action.FAILED).value is None


def test_a_client_accepts_no_mail():
    """Whoever connects is turned away, at every stage (RFC 7504)."""
    at = printer()
    known = facts(at)
    assert kind(at).on_connect(at, known).reply.value.code == 521
    where = session(at)
    mail = envelope("a@b.example", "c@d.example")
    answers = (
        kind(at).on_ehlo(at, where).value,
        kind(at).on_mail(at, where, Mail(None)).value,
        kind(at).on_rcpt(at, where, mail, Rcpt(mail.paths[0])).value,
        kind(at).on_data(at, where, mail, Message((), b"", b""), "m1").reply.value,
    )
    assert all(answer is not None and answer.permanent for answer in answers)
    assert kind(at).on_starttls(at, where) is None


# --- certificates over time ----------------------------------------------------------------------------------


def test_the_certificate_of_the_day():
    """A host shows the certificate that is in use at the instant."""
    mta = internet_mta("mx.fabrikam.com", "192.0.2.20")
    uses = (CertificateUse("mx.fabrikam.com"), CertificateUse("new", timedelta(days=1)))
    at = view(replace(mta, certificates=uses))
    assert at.certificate == "mx.fabrikam.com"
    assert replace(at, now=START + timedelta(days=1)).certificate == "new"
