"""Client submission to Exchange Online: the endpoint, who signs in, how often a mailbox sends, and what that makes of its mail."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from ipaddress import IPv4Address

import pytest
from builders import START
from exchange_worlds import (
    envelope,
    inbound,
    kind,
    rcpt,
    service,
    session,
    take,
    tenant,
    view,
)

from mailsim.mail.address import Mailbox
from mailsim.mail.command import Mail
from mailsim.mail.message import Message
from mailsim.mail.sasl import Claim
from mailsim.mta.exchange_online.receive.address_range import AddressRange
from mailsim.mta.exchange_online.receive.connection_filter import HostedConnectionFilterPolicy
from mailsim.mta.exchange_online.transport_config import TransportConfig
from mailsim.mta.history import History, Transaction
from mailsim.mta.kind import PointOfView
from mailsim.world.directory import Credentials, Directory, DirectoryRecipient, RecipientType

ALICE, BOB = Mailbox.parse("alice@contoso.com"), Mailbox.parse("bob@contoso.com")
SUBMISSION = IPv4Address("203.0.113.26")
ENABLED = TransportConfig(smtp_client_authentication_disabled=False)
RIGHT, WRONG = Claim("alice@contoso.com", "secret"), Claim("alice@contoso.com", "guess")
MAIL = Message.from_bytes(b"From: alice@contoso.com\r\n\r\nhello\r\n")


def mailbox(address: Mailbox, **credentials) -> DirectoryRecipient:
    """Describe a mailbox that may sign in."""
    told = Credentials(**{"password": "secret"} | credentials)
    return DirectoryRecipient(
        kind=RecipientType.MAILBOX, primary=address, proxies=(address,), credentials=told
    )


def look(*, own: bool | None = None, config: TransportConfig = ENABLED, assumed=None, **more) -> PointOfView:
    """Look from the service, where alice may sign in."""
    people = Directory([mailbox(ALICE, smtp_disabled=own), mailbox(BOB, password="")])
    host = service(tenant("contoso", directory=people, transport_config=config, **more))
    host = replace(
        host,
        addresses=(*host.addresses, SUBMISSION),
        config=replace(host.config, submission_address=SUBMISSION),
    )
    at = view(host)
    return replace(at, world=replace(at.world, assumptions=assumed or {}))


def at_endpoint(at: PointOfView, **more):
    """Connect to smtp.office365.com on 587 over TLS."""
    return session(at, **{"tls": True, "local_ip": SUBMISSION, "local_port": 587} | more)


@pytest.mark.parametrize(
    ("address", "port", "tls", "offered"),
    [
        (SUBMISSION, 587, True, ("LOGIN",)),
        (SUBMISSION, 25, True, ("LOGIN",)),
        (SUBMISSION, 587, False, ()),
        (None, 587, True, ("LOGIN",)),
        (None, 25, True, ()),
        (None, 25, False, ()),
    ],
)
def test_where_auth_is_offered(address, port, tls, offered):
    """At smtp.office365.com and on 587, over TLS; LOGIN alone, since XOAUTH2 is not spoken here."""
    at = look()
    where = session(at, tls=tls, local_ip=address or at.mta.addresses[0], local_port=port)
    assert kind(at).mechanisms(at, where) == offered
    lines = kind(at).on_ehlo(at, where).value.lines
    assert [line for line in lines if line.startswith("AUTH")] == ["AUTH LOGIN"] * len(offered)


@pytest.mark.parametrize(
    ("own", "everybody", "text"),
    [
        (None, False, ""),
        (None, True, "for the Tenant"),
        (False, True, ""),
        (False, False, ""),
        (True, False, "for the Mailbox"),
        (True, True, "for the Mailbox"),
    ],
)
def test_smtp_auth_disabled(own, everybody, text):
    """SmtpClientAuthenticationDisabled of the mailbox wins over the tenant's."""
    at = look(own=own, config=TransportConfig(smtp_client_authentication_disabled=everybody))
    reply = kind(at).on_auth(at, at_endpoint(at), RIGHT).value
    assert (str(reply) if reply else "").count(text or "535") == bool(text)


def test_smtp_auth_is_disabled_by_default():
    """TransportConfig of a new tenant has it $true."""
    at = look(config=TransportConfig())
    assert "disabled for the Tenant" in str(kind(at).on_auth(at, at_endpoint(at), RIGHT).value)


@pytest.mark.parametrize(
    "claim",
    [
        WRONG,
        Claim("", ""),
        Claim("@", ""),
        Claim("bob@contoso.com", ""),
        Claim("alice@fabrikam.com", "secret"),
    ],
)
def test_who_does_not_sign_in(claim):
    """A wrong password, nobody, a mailbox without a password, nobody's domain."""
    at = look()
    assert str(kind(at).on_auth(at, at_endpoint(at), claim).value) == "535 5.7.3 Authentication unsuccessful"


def test_no_explanation_shows_a_password():
    """What was claimed and what would be right are kept out."""
    at = look()
    for claim in (RIGHT, WRONG):
        told = repr(kind(at).on_auth(at, at_endpoint(at), claim))
        assert "guess" not in told
        assert "secret" not in told


def with_messages(at: PointOfView, count: int, *, ago: int = 30, user: str = "Alice@contoso.com"):
    """Let a mailbox have begun messages some seconds ago, and handed in others without SMTP."""
    history = History()
    for _ in range(count):
        history.add(Transaction(START - timedelta(seconds=ago), IPv4Address("192.0.2.1"), user, ALICE))
    for _ in range(99):
        history.add(Transaction(START, None, "alice@contoso.com", ALICE))
    return replace(at, history=history)


def sent(at: PointOfView) -> str:
    """Hand a message over as alice, and return the code of the last reply."""
    where = at_endpoint(at, user="alice@contoso.com")
    refused = kind(at).on_mail(at, where, Mail(ALICE)).value
    begun = Transaction(at.now, where.facts.peer_ip, where.facts.user, ALICE)
    if refused is not None:
        return f"{refused.code} at MAIL"
    at.history.add(begun)
    return f"{take(at, where, envelope('alice@contoso.com', 'bob@contoso.com'), MAIL).reply.value.code}"


@pytest.mark.parametrize(("choice", "late"), [("432", "432"), ("421", "421 at MAIL"), ("accepted", "250")])
@pytest.mark.shows("exo-message-rate", "421 and accepted")
def test_thirty_messages_a_minute(choice, late):
    """The thirty-first is put off as is assumed; a minute later, and for another mailbox, it is not."""
    at = look(assumed={"exo-message-rate": choice})
    assert sent(with_messages(at, 29)) == "250"
    assert sent(with_messages(at, 30)) == late
    assert sent(with_messages(at, 30, ago=60)) == "250"
    assert sent(with_messages(at, 30, user="bob@contoso.com")) == "250"


def test_the_address_of_a_mailbox_is_not_looked_at():
    """Block lists and connectors are for hosts: a mailbox's mail is its tenant's, whatever its address."""
    policy = HostedConnectionFilterPolicy(ip_block_list=(AddressRange.parse("192.0.2.66"),))
    connector = inbound("Theirs", addresses="192.0.2.66/32")
    at = look(hosted_connection_filter_policy=policy, inbound_connectors=(connector,))
    where = at_endpoint(at, user="alice@contoso.com")
    assert rcpt(at, where, "alice@contoso.com", "ann@fabrikam.com").value is None
    item = take(at, where, envelope("alice@contoso.com", "ann@fabrikam.com"), MAIL).item
    assert item is not None
    assert item.context.first == "contoso"
    assert item.message.value("X-MS-Exchange-Organization-AuthAs") == "Internal"


def test_the_header_firewall_holds_for_mailboxes():
    """A mailbox brings no headers of the organization, and none across premises."""
    at = look()
    brought = b"X-MS-Exchange-CrossPremises-SCL: -1\r\nX-MS-Exchange-Organization-SCL: -1\r\n"
    message = Message.from_bytes(brought + MAIL.to_bytes())
    where = at_endpoint(at, user="alice@contoso.com")
    item = take(at, where, envelope("alice@contoso.com", "bob@contoso.com"), message).item
    assert item is not None
    assert "-1" not in item.message.header_bytes.decode()
