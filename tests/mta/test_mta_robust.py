"""No message, command or configuration makes a decision raise: everything ends in a reply or a fate."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network

import pytest
from builders import internet_mta
from exchange_worlds import (
    certificate,
    directory,
    facts,
    inbound,
    kind,
    on_premises,
    outbound,
    receive_connector,
    send_connector,
    service,
    session,
    tenant,
    view,
)
from hypothesis import given
from hypothesis import strategies as st

from mailsim.mail.address import Mailbox
from mailsim.mail.capability import Capabilities
from mailsim.mail.command import Mail, Rcpt, read_command
from mailsim.mail.dsn import Action
from mailsim.mail.envelope import Envelope, Recipient
from mailsim.mail.message import Message
from mailsim.mail.reply import reply
from mailsim.mta.exchange_server.receive.receive_connector import DomainCapabilities
from mailsim.mta.kind import (
    Copy,
    Hold,
    Item,
    Notice,
    Offer,
    PointOfView,
    Relay,
    Target,
    Waiting,
)
from mailsim.mta.registry import BUILT_IN, Kinds
from mailsim.world.facts import TlsFacts

SHOWN = (certificate("good", "mail.contoso.com"), certificate("self", "x.example", authority=None))
PEOPLE = directory(
    "alice@contoso.com",
    proxies={"alice@contoso.com": "al@contoso.com"},
    mail_users={
        "ext@contoso.com": "x@[192.0.2.1]",
        "v6@contoso.com": "x@[IPv6:2001:db8::1]",
        "loop1@contoso.com": "loop2@contoso.com",
        "loop2@contoso.com": "loop1@contoso.com",
        "self@contoso.com": "self@contoso.com",
    },
)
CAPABLE = receive_connector(
    tls_domain_capabilities=(
        DomainCapabilities.parse("*.contoso.com:AcceptCloudServicesMail"),
        DomainCapabilities.parse("x.example:AcceptOorgProtocol"),
    )
)
CONTOSO = tenant(
    "contoso",
    "contoso.com",
    "relay:shared.contoso.com",
    directory=PEOPLE,
    inbound_connectors=(inbound(names="*.contoso.com"), inbound("by address", addresses="192.0.2.66/32")),
    outbound_connectors=(outbound("star", "*.example"),),
)
MX = {"null.example": [(0, ".")], "contoso.com": [(0, "mail.contoso.com")]}
A = {"mail.contoso.com": "198.51.100.10"}
WORLDS = {
    at.mta.kind: at
    for at in (
        view(
            internet_mta(
                "mx.contoso.com",
                "192.0.2.20",
                domains=frozenset({"contoso.com"}),
                mailboxes=PEOPLE,
                relay_from=(IPv4Network("192.0.2.0/24"),),
            ),
            *SHOWN,
            mx=MX,
            a=A,
        ),
        view(
            on_premises(
                "contoso.com",
                "relay:*.contoso.com",
                directory=PEOPLE,
                receive_connectors=(CAPABLE,),
                send_connectors=(send_connector("out", "*.example"), send_connector("more", "fabrikam.com")),
            ),
            *SHOWN,
            mx=MX,
            a=A,
        ),
        view(service(CONTOSO, tenant("fabrikam")), *SHOWN, mx=MX, a=A),
    )
}
# literals as recipient domain find no Send connector here; the star is tried beside
STAR = view(on_premises(send_connectors=(send_connector("star"),), directory=PEOPLE), *SHOWN, mx=MX, a=A)
WORLDS["exchange_server with a star"] = STAR

_MAILBOXES = st.sampled_from(
    [
        *(
            f"{name}@contoso.com"
            for name in ("alice", "al", "AL", "ext", "v6", "loop1", "self", "no", '"a b"', "ü")
        ),
        "IMCEAEX-_O=X_CN=Y+20Z@contoso.com",
        "x@shared.contoso.com",
        "bob@fabrikam.com",
        "x@null.example",
        "x@nowhere.example",
        "x@[192.0.2.1]",
        "x@[192.0.2.20]",
        "x@[IPv6:2001:db8::1]",
        "x@[tag:content]",
        "x@single",
    ]
).map(Mailbox.parse)
_RECIPIENTS = st.one_of(_MAILBOXES, st.just(Mailbox("Postmaster", "")))
_SENDERS = st.one_of(st.none(), _MAILBOXES)
_MESSAGES = st.one_of(
    st.binary(max_size=60),
    st.sampled_from(
        [
            b"Received: x\r\n" * 61 + b"\r\n",
            b"X-MS-Exchange-CrossPremises-AuthAs: Internal\r\nMessage-ID:\r\n <\xff>\r\n\r\nx",
            b"Subject: =?x\r\n\tb\r\nContent-Type: multipart/report\r\n\r\n",
        ]
    ),
).map(Message.from_bytes)
_FAILED = st.sampled_from(
    [reply(550, "", "caf\udce9"), reply(550, "5.4.14", "loop"), reply(421, "4.4.2", "")]
)


def live_through(at: PointOfView, item: Item, failed) -> None:
    """Ask everything a pipeline asks about an item, and about the reports it leads to."""
    answering = kind(at)
    result = answering.categorize(at, item)
    reached = sum(len(copy.recipients) for copy in result.copies)
    assert 0 < reached <= len(item.envelope.recipients)  # a mailbox named twice is reached once
    for copy in result.copies:
        _go_on(at, item, copy)
    failures = tuple(Notice(each, failed, "mx.example") for copy in result.copies for each in copy.recipients)
    if item.envelope.reverse_path is None:
        return
    report = answering.report(at, item, failures, f"{item.name}.dsn", Action.FAILED).value
    if report is not None:
        live_through(at, report, failed)


def _go_on(at: PointOfView, item: Item, copy: Copy) -> None:
    answering = kind(at)
    answering.deliver(at, item, copy.message).to_bytes()
    if isinstance(copy.fate, Hold):
        assert copy.fate.expires > at.now
    if not isinstance(copy.fate, Relay):
        return
    targets = answering.targets(at, copy.fate).value
    assert bool(targets.found) != (targets.problem is not None)
    error = (
        answering.on_no_route(at, copy.fate, targets.problem)
        if targets.problem
        else answering.on_unreachable(at, targets.found[0], "connection refused")
    )
    answering.after(at, item, Waiting(1, error))
    answering.on_unreachable(at, Target("x", IPv4Address("192.0.2.9")), "timed out")
    for seen in (
        None,
        TlsFacts("TLS1_2", None),
        *(TlsFacts("TLS1_3", at.pki.presented(s.name)) for s in SHOWN),
    ):
        answering.on_offer(at, copy.fate, Offer("x", Capabilities(()), seen))


@given(
    client=st.tuples(st.sampled_from(sorted(WORLDS)), st.sampled_from([None, "good", "self"])),
    sender=_SENDERS,
    recipients=st.lists(_RECIPIENTS, min_size=1, max_size=4),
    message=_MESSAGES,
    failed=_FAILED,
)
def test_any_session(client, sender, recipients, message, failed):
    """Whatever a client offers is refused by a reply or lives on to its fates and reports."""
    at, shows = WORLDS[client[0]], client[1]
    answering, where = kind(at), session(at, shows=shows)
    if answering.on_mail(at, where, Mail(sender)).value is not None:
        return
    mail = Envelope(reverse_path=sender)
    for to in recipients:
        if answering.on_rcpt(at, where, mail, Rcpt(to)).value is None:
            mail = Envelope(reverse_path=sender, recipients=(*mail.recipients, Recipient(to)))
    if not mail.recipients:
        return
    acceptance = answering.on_data(at, where, mail, message, "m1")
    assert (acceptance.item is not None) == acceptance.reply.value.positive
    assert acceptance.reply.value.to_wire()
    if acceptance.item is not None:
        live_through(at, acceptance.item, failed)


@given(
    name=st.sampled_from(sorted(WORLDS)),
    sender=_SENDERS,
    recipients=st.lists(_RECIPIENTS, min_size=1, max_size=4),
    message=_MESSAGES,
    failed=_FAILED,
)
def test_any_submission(name, sender, recipients, message, failed):
    """Whatever a mailbox hands in lives on to its fates and reports."""
    at, own = WORLDS[name], Mailbox("alice", "contoso.com")
    by = own if at.mta.kind == "exchange_online" else sender  # a mailbox of the service always has an address
    mail = Envelope(reverse_path=by, recipients=tuple(Recipient(to) for to in recipients))
    live_through(at, kind(at).submit(at, mail, message, "m1"), failed)


@given(world=st.sampled_from(sorted(WORLDS)), name=st.text(max_size=30))
def test_any_ehlo(world, name):
    """A name that the parser lets through is one that every kind can write into a Received field."""
    command = read_command(f"EHLO {name}")
    at, host = WORLDS[world], getattr(command, "domain", "client.example")
    known = session(at, ehlo=host)
    assert kind(at).on_ehlo(at, known).value.to_wire()
    mail = Envelope(reverse_path=None, recipients=(Recipient(Mailbox("alice", "contoso.com")),))
    item = kind(at).on_data(at, known, mail, Message.from_bytes(b"A: b\r\n\r\n"), "m1").item
    assert item is not None
    assert item.message.values("Received")


def test_a_world_without_anything():
    """Kinds with an empty configuration answer too."""
    empty = view(on_premises(receive_connectors=()))
    assert kind(empty).on_connect(empty, facts(empty)).reply.value.code == 421
    nobody = view(service())
    refused = kind(nobody).on_rcpt(
        nobody, session(nobody), Envelope(reverse_path=None), Rcpt(Mailbox("a", "b.example"))
    )
    assert refused.value is not None
    assert refused.value.enhanced == "5.7.64"


@pytest.mark.parametrize("name", BUILT_IN)
def test_the_registry_knows_every_kind_by_its_own_name(name):
    """Each built-in kind is found under the name it bears, and has words for what the session answers."""
    found = Kinds()[name]
    assert found.name == name
    assert found.failure_is in ("bounced", "refused")
    assert found.words.bug.code == 421


def test_the_registry_lists_what_it_knows():
    """Iteration gives all names, and an unknown one is a KeyError."""
    kinds = Kinds()
    assert set(BUILT_IN) <= set(kinds)
    assert len(kinds) == len(list(kinds))
    with pytest.raises(KeyError):
        kinds["no such kind"]
