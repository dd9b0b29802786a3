"""What Exchange Online answers at RCPT and DATA: relay permission, edge blocking, loops.

Sources: "Updated requirements for SMTP relay through Exchange Online" (1 November 2023), "Use Directory-Based Edge
Blocking", "Fix NDR error 5.4.6 through 5.4.20".
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from builders import START
from exchange_worlds import (
    SERVICE,
    certificate,
    directory,
    envelope,
    facts,
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
from mailsim.mail.command import Mail, Rcpt
from mailsim.mail.message import Message
from mailsim.mta.exchange_online.connector import ConnectorType
from mailsim.mta.exchange_online.receive.connection_filter import HostedConnectionFilterPolicy
from mailsim.mta.exchange_online.receive.receive_assumptions import UNATTRIBUTED
from mailsim.reason.check import Verdict
from mailsim.reason.decision import unknowns

CERTIFICATES = (
    certificate("mail", "mail.contoso.com", not_after=START + timedelta(hours=1)),
    certificate("gateway", "gw.example"),
)
DENIED = f"550 5.7.64 TenantAttribution; Relay Access Denied [{SERVICE}]"
NOT_PERMITTED = "550 5.7.64 Relay Access Denied ATTR36. For more details please refer to: https://support.microsoft.com/kb/3169958"
OURS, THEIRS, OUTSIDE = "alice@contoso.com", "ann@fabrikam.com", "lena@northwind.com"
PEOPLE = directory(
    "bob@contoso.com",
    proxies={"bob@contoso.com": "rob@contoso.com"},
    mail_users={"carol@contoso.com": "carol@onprem.example"},
)


def world(*connectors, domains=("contoso.com", "relay:shared.contoso.com")):
    """Look from a service with contoso and a second tenant."""
    contoso = tenant("contoso", *domains, inbound_connectors=connectors, directory=PEOPLE)
    return view(service(contoso, tenant("fabrikam")), *CERTIFICATES)


def answer(at, sender: str, to: str, peer: str = "192.0.2.66", **more) -> str | None:
    """Return the answer to RCPT in words, None when it is accepted."""
    value = rcpt(at, session(at, peer, **more), sender, to).value
    return None if value is None else str(value)


BY_NAME = inbound(names="*.contoso.com")
BY_FOREIGN_NAME = inbound(names="gw.example")
BY_ADDRESS = inbound(addresses="192.0.2.66/32")


@pytest.mark.shows("ms:updated-smtp-relay-requirements")
@pytest.mark.parametrize(
    ("connector", "shows", "sender", "reply"),
    [
        # the certificate's domain is accepted: any sender, also none
        (BY_NAME, "mail", OURS, None),
        (BY_NAME, "mail", THEIRS, None),
        (BY_NAME, "mail", "", None),
        # the certificate's domain is not accepted: the sender's must be
        (BY_FOREIGN_NAME, "gateway", OURS, None),
        (BY_FOREIGN_NAME, "gateway", THEIRS, NOT_PERMITTED),
        (BY_FOREIGN_NAME, "gateway", "", NOT_PERMITTED),
        # the address alone proves nothing about the sender
        (BY_ADDRESS, None, OURS, None),
        (BY_ADDRESS, None, THEIRS, NOT_PERMITTED),
        (BY_ADDRESS, None, "", NOT_PERMITTED),
        # no connector matches
        (BY_NAME, None, OURS, DENIED),
        (BY_NAME, "gateway", OURS, DENIED),
        (inbound(names="*.contoso.com", enabled=False), "mail", OURS, DENIED),
    ],
)
def test_who_may_relay_to_the_outside(connector, shows, sender, reply):
    """(sender domain or certificate domain accepted) and (certificate or address matches a connector)."""
    assert answer(world(connector), sender, OUTSIDE, shows=shows) == reply


def test_a_refusal_of_strangers_says_why():
    """The gate after the filter says NO, the others are not reached, and the reason names both kinds of connectors."""
    at = world(BY_NAME)
    _, words, passed, refused, *later = rcpt(at, session(at), THEIRS, OUTSIDE).because
    assert words.cite == UNATTRIBUTED.cite("5.7.64")
    assert (passed.verdict, refused.verdict) == (Verdict.YES, Verdict.NO)
    assert {each.verdict for each in later} == {Verdict.NOT_REACHED}
    assert "neither certificate nor address" in refused.saw


@pytest.mark.shows("ms:directory-based-edge-blocking")
@pytest.mark.parametrize(
    ("to", "reply"),
    [
        ("bob@contoso.com", None),
        ("BOB@contoso.com", None),
        ("rob@contoso.com", None),
        ("carol@contoso.com", None),  # any mail-enabled object counts
        ("x@shared.contoso.com", None),  # InternalRelay is not blocked
        (
            "nobody@contoso.com",
            f"550 5.4.1 [nobody@contoso.com]: Recipient address rejected: Access denied [{SERVICE}]",
        ),
        ("Postmaster", DENIED),  # nobody's domain, so nobody's mail
        ("x@[203.0.113.25]", DENIED),
        ("x@[IPv6:2001:db8::1]", DENIED),
    ],
)
def test_the_edge_blocks_unknown_recipients(to, reply):
    """Incoming mail for an authoritative domain is refused at RCPT unless the directory knows the address."""
    assert answer(world(), THEIRS, to) == reply


@pytest.mark.parametrize(("shows", "blocked"), [("mail", False), (None, True)])
def test_originating_mail_is_not_blocked_at_the_edge(shows, blocked):
    """The tenant's own mail to an unknown address is accepted and reported about."""
    assert (answer(world(BY_NAME), OURS, "nobody@contoso.com", shows=shows) is not None) is blocked


def test_two_tenants_in_one_message():
    """Recipients of several tenants are attributed each by itself, and both owners are shown."""
    contoso, fabrikam = (
        tenant(name, directory=directory(f"bob@{name}.com")) for name in ("contoso", "fabrikam")
    )
    at = view(service(contoso, fabrikam))
    acceptance = take(
        at, session(at), envelope(OUTSIDE, "bob@contoso.com", "bob@fabrikam.com", "bob@contoso.com")
    )
    assert [each.value.owner for each in acceptance.attributed] == ["contoso", "fabrikam"]
    delivered = [str(copy.fate.mailbox) for copy in kind(at).categorize(at, acceptance.item).copies]
    assert delivered == ["bob@contoso.com", "bob@fabrikam.com"]


@pytest.mark.parametrize(
    ("others", "elsewhere", "reply"),
    [(199, 0, None), (200, 0, "452 4.5.3 Too many recipients"), (199, 50, None)],
)
def test_recipients_of_one_domain(others, elsewhere, reply):
    """The 201st recipient of one domain in a transaction is put off; the earlier ones stand, other domains do not count."""
    at = world(BY_NAME)
    before = [f"r{n}@contoso.com" for n in range(others)] + [f"r{n}@y.example" for n in range(elsewhere)]
    mail = envelope(OURS, *before)
    value = (
        kind(at).on_rcpt(at, session(at, shows="mail"), mail, Rcpt(Mailbox.parse("bob@contoso.com"))).value
    )
    assert (None if value is None else str(value)) == reply


@pytest.mark.parametrize(
    ("helo", "peer", "refused"),
    [
        (SERVICE, "192.0.2.66", True),
        ("mail.contoso.com", "192.0.2.66", False),
        (SERVICE, "203.0.113.25", False),  # the service itself, on the way from tenant to tenant
    ],
)
def test_a_host_that_takes_the_name_of_the_service(helo, peer, refused):
    """550 5.7.506 for a client that greets with the receiver's own name."""
    at = world()
    value = kind(at).on_mail(at, session(at, peer, ehlo=helo), Mail(None, {})).value
    assert (str(value) if value else "") == ("550 5.7.506 Access Denied, Bad HELO" if refused else "")


def test_partner_mail_is_judged_again_at_the_end():
    """A restriction that is no longer met when the message ends refuses it then."""
    lock = inbound(
        names="*.contoso.com",
        connector_type=ConnectorType.PARTNER,
        restrict_domains_to_certificate=True,
    )
    at = world(lock)
    where = session(at, shows="mail")
    late = replace(at, now=START + timedelta(hours=2))
    assert rcpt(at, where, THEIRS, "bob@contoso.com").value is None
    assert take(late, where, envelope(THEIRS, "bob@contoso.com")).reply.value.enhanced == "5.7.51"


@pytest.mark.parametrize("mode", ["Default", "Off"])
def test_an_unknown_edge_block_mode_is_not_judged(mode):
    """Only one value of DirectoryBasedEdgeBlockMode is known; what others do colours the answer."""
    policy = HostedConnectionFilterPolicy(directory_based_edge_block_mode=mode)
    contoso = tenant("contoso", directory=PEOPLE, hosted_connection_filter_policy=policy)
    at = view(service(contoso))
    doubts = [each.rule for each in unknowns(rcpt(at, session(at), THEIRS, "bob@contoso.com"))]
    assert doubts == ([] if mode == "Default" else ["DirectoryBasedEdgeBlockMode"])


def test_a_certificate_that_expires_between_rcpt_and_data():
    """What is nobody's mail at the end of DATA is refused, not accepted without an owner."""
    at = world(BY_NAME)
    where = session(at, shows="mail")
    late = replace(at, now=START + timedelta(hours=2))
    assert rcpt(at, where, OURS, OUTSIDE).value is None
    acceptance = take(late, where, envelope(OURS, OUTSIDE))
    assert acceptance.item is None
    assert str(acceptance.reply.value) == DENIED


@pytest.mark.shows("ms:ndr-5-4-6-5-4-20")
@pytest.mark.parametrize(("passes", "refused"), [(0, False), (19, False), (20, True), (60, True)])
def test_loops(passes, refused):
    """A message is stopped after 20 iterations: 554 5.4.14 ATTR34; hops elsewhere do not count."""
    here = f"Received: from x by {SERVICE} (203.0.113.25) with Microsoft SMTP Server id 1 via Frontend Transport; d\r\n"
    elsewhere = "Received: from x by mail.contoso.com with SMTP; d\r\n"
    message = Message.from_bytes(f"{(here + elsewhere) * passes}\r\nx".encode())
    at = world()
    reply = take(at, session(at), envelope(THEIRS, "bob@contoso.com"), message).reply.value
    expected = f"554 5.4.14 Hop count exceeded - possible mail loop ATTR34 [{SERVICE}]"
    assert (str(reply) == expected) is refused


def test_its_own_received_field_is_counted():
    """The field that the service writes is one that its loop count recognises."""
    at = world()
    message = Message.from_bytes(b"Subject: x\r\n\r\n")
    for _ in range(20):
        item = take(at, session(at, tls=True), envelope(THEIRS, "bob@contoso.com"), message).item
        assert item is not None
        message = item.message
    assert take(at, session(at), envelope(THEIRS, "bob@contoso.com"), message).item is None


@pytest.mark.shows("ms:exchange-online-limits")
@pytest.mark.parametrize(("size", "refused"), [("157286400", False), ("157286401", True), ("", False)])
def test_the_announced_size(size, refused):
    """The service announces 150 MB and refuses more at MAIL."""
    at = world()
    value = kind(at).on_mail(at, session(at), Mail(None, {"SIZE": size})).value
    assert (value is not None) is refused


def test_the_dialogue():
    """Banner and EHLO as captured: host, SIZE, keywords; STARTTLS only in clear text."""
    at = world()
    greeting = kind(at).on_connect(at, facts(at)).reply.value
    assert (
        str(greeting) == f"220 {SERVICE} Microsoft ESMTP MAIL Service ready at Mon, 5 Jan 2026 09:00:00 +0000"
    )
    lines = kind(at).on_ehlo(at, session(at)).value.lines
    assert lines[:2] == (f"{SERVICE} Hello [192.0.2.66]", "SIZE 157286400")
    assert "STARTTLS" in lines
    assert "STARTTLS" not in kind(at).on_ehlo(at, session(at, tls=True)).value.lines
    offered = kind(at).on_starttls(at, session(at))
    assert offered is not None
    assert offered.ask_client
