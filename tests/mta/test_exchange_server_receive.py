"""How Exchange Server receives: which connector, which rights, and what each gate answers."""

from __future__ import annotations

from ipaddress import IPv4Address

import pytest
from exchange_worlds import (
    accepted,
    certificate,
    directory,
    envelope,
    facts,
    kind,
    nameless,
    on_premises,
    rcpt,
    receive_connector,
    session,
    take,
    view,
)

from mailsim.mail.command import Mail, Rcpt
from mailsim.mail.message import Message
from mailsim.mta.exchange_server.receive.address_range import Binding
from mailsim.mta.exchange_server.receive.permissions import permissions
from mailsim.mta.exchange_server.receive.receive_connector import choose_receive_connector
from mailsim.mta.exchange_server.receive.rights import Grantee, PermissionGroup, Principal, Right
from mailsim.mta.exchange_server.receive.tls_domain_capabilities import DomainCapabilities
from mailsim.reason.check import Verdict
from mailsim.reason.cite import Grade
from mailsim.world.facts import TlsFacts

SERVICE = certificate("service", "mail.protection.outlook.com")
CAPABLE = (DomainCapabilities.parse("mail.protection.outlook.com:AcceptCloudServicesMail"),)


# --- Receive connectors in Exchange Server: the example with 192.168.1.x -------------------------------------

DEFAULT = receive_connector("Client default")
A = receive_connector("A", "192.168.1.0-192.168.1.255")
B = receive_connector("B", "192.168.1.75")


@pytest.mark.shows("ms:receive-connectors")
@pytest.mark.parametrize("order", [(DEFAULT, A, B), (B, A, DEFAULT), (A, B, DEFAULT)])
@pytest.mark.parametrize(
    ("peer", "name"), [("192.168.1.75", "B"), ("192.168.1.100", "A"), ("192.0.2.1", "Client default")]
)
def test_the_most_specific_remote_range_wins(order, peer, name):
    """The documented example; names and order of the connectors play no part."""
    at = view(on_premises(receive_connectors=order))
    choice = choose_receive_connector(at.mta.config.receive_connectors, facts(at, peer))
    assert choice.chosen is not None
    assert choice.chosen.name == name
    assert not choice.tied


@pytest.mark.parametrize(
    ("text", "covers", "outside"),
    [
        ("10.1.1.1", "10.1.1.1", "10.1.1.2"),
        ("10.1.1.1-10.1.1.9", "10.1.1.9", "10.1.1.10"),
        ("10.1.1.0/24", "10.1.1.255", "10.1.2.0"),
        ("10.1.1.5/24", "10.1.1.0", "10.1.2.0"),
    ],
)
def test_the_forms_of_a_range(text, covers, outside):
    """Set-ReceiveConnector: RemoteIPRanges takes an address, a range, or CIDR."""
    connector = receive_connector("x", text)
    assert connector.remote_ip_ranges[0].covers(IPv4Address(covers))
    assert not connector.remote_ip_ranges[0].covers(IPv4Address(outside))


@pytest.mark.shows("ms:receive-connectors")
@pytest.mark.parametrize(
    ("more", "rule"),
    [
        ({"enabled": False}, "Enabled"),
        ({"bindings": (Binding.parse("0.0.0.0:2525"),)}, "Bindings"),
        ({"bindings": (Binding.parse("198.51.100.11:25"),)}, "Bindings"),
        ({"ranges": "192.168.0.0/16"}, "RemoteIPRanges"),
    ],
)
def test_a_session_that_no_connector_takes(more, rule):
    """Without a matching connector the connection ends; the text is documented for inactive services only."""
    at = view(on_premises(receive_connectors=(receive_connector(**more),)))
    greeting = kind(at).on_connect(at, facts(at))
    assert str(greeting.reply.value) == "421 4.3.2 Service not available"
    choice, assumption = greeting.reply.because
    assert assumption.cite.grade is Grade.ASSUMED
    assert [check.rule for check in choice.candidates[0].checks if check.failed] == [rule]


def test_a_specific_binding_beats_every_address():
    """Inferred: of two connectors with the same range, the one bound to this very address is taken."""
    bound = receive_connector("bound", bindings=(Binding.parse("198.51.100.10:25"),))
    at = view(on_premises(receive_connectors=(DEFAULT, bound)))
    assert kind(at).on_connect(at, facts(at)).connector == "bound"


def test_two_equal_connectors_are_a_visible_assumption():
    """Exchange would not let anybody make them; here the first is taken and the choice says so."""
    at = view(on_premises(receive_connectors=(receive_connector("x"), receive_connector("y"))))
    choice = choose_receive_connector(at.mta.config.receive_connectors, facts(at))
    assert choice.tied


@pytest.mark.shows("unmodelled")
def test_a_property_that_is_not_modelled_colours_the_choice():
    """A connector with an unmodelled property still wins, and the answer says what was not judged."""
    at = view(on_premises(receive_connectors=(receive_connector(unmodelled=("TarpitInterval",)),)))
    choice = choose_receive_connector(at.mta.config.receive_connectors, facts(at))
    assert [check.rule for check in choice.unknowns] == ["TarpitInterval"]


# --- greeting and EHLO ---------------------------------------------------------------------------------------


def test_the_banner():
    """Test SMTP with telnet: 220, the connector's Fqdn or the server's, and the date."""
    at = view(on_premises())
    banner = kind(at).on_connect(at, facts(at)).reply.value
    assert str(banner) == (
        "220 mail.contoso.com Microsoft ESMTP MAIL Service ready at Mon, 5 Jan 2026 09:00:00 +0000"
    )
    at = view(on_premises(receive_connectors=(receive_connector(fqdn="hybrid.contoso.com"),)))
    assert "hybrid.contoso.com" in str(kind(at).on_connect(at, facts(at)).reply.value)


def test_ehlo_lists_what_is_spoken():
    """SIZE is the connector's limit; STARTTLS vanishes once TLS is on; HELO gets one line."""
    at = view(on_premises())
    lines = kind(at).on_ehlo(at, session(at)).value.lines
    assert lines[:3] == ("mail.contoso.com Hello [192.0.2.66]", "SIZE 37748736", "PIPELINING")
    assert "STARTTLS" in lines
    assert "STARTTLS" not in kind(at).on_ehlo(at, session(at, tls=True)).value.lines
    assert len(kind(at).on_ehlo(at, session(at, extended=False)).value.lines) == 1


# --- permission groups and capabilities ----------------------------------------------------------------------


ANONYMOUS = {
    Right.SUBMIT,
    Right.ACCEPT_ANY_SENDER,
    Right.ACCEPT_AUTHORITATIVE_DOMAIN_SENDER,
    Right.ACCEPT_HEADERS_ROUTING,
}


@pytest.mark.shows("ms:receive-connector-permissions")
@pytest.mark.parametrize(
    ("groups", "granted"),
    [
        ((PermissionGroup.ANONYMOUS_USERS,), ANONYMOUS),
        ((PermissionGroup.ANONYMOUS_USERS, PermissionGroup.EXCHANGE_SERVERS), ANONYMOUS),
        # a stranger is none of these principals
        ((PermissionGroup.EXCHANGE_USERS,), set()),
        ((PermissionGroup.EXCHANGE_SERVERS, PermissionGroup.EXCHANGE_LEGACY_SERVERS), set()),
        ((PermissionGroup.PARTNERS,), set()),
        ((), set()),
    ],
)
def test_the_rights_of_a_stranger(groups, granted):
    """Receive connector permission groups: only AnonymousUsers grants anything to an anonymous session."""
    at = view(on_premises(receive_connectors=(receive_connector(permission_groups=groups),)))
    assert permissions(at, session(at)).value.rights == granted


@pytest.mark.shows("ms:receive-connector-permissions")
def test_without_the_right_to_submit():
    """MAIL is refused with the observed text, and the reason names PermissionGroups."""
    at = view(on_premises(receive_connectors=(receive_connector(permission_groups=()),)))
    decision = kind(at).on_mail(at, session(at), Mail(None))
    assert str(decision.value) == (
        "530 5.7.57 SMTP; Client was not authenticated to send anonymous mail during MAIL FROM"
    )


@pytest.mark.shows("ms:set-receiveconnector")
@pytest.mark.shows("kb3156771")
@pytest.mark.parametrize(
    ("shown", "capability", "met"),
    [
        (SERVICE, "mail.protection.outlook.com", True),
        (certificate("c", "*.protection.outlook.com"), "mail.protection.outlook.com", True),
        (certificate("c", "x.example", "mail.protection.outlook.com"), "mail.protection.outlook.com", True),
        (certificate("c", "gateway.fabrikam.com"), "*.fabrikam.com", True),
        (certificate("c", "fabrikam.com"), "*.fabrikam.com", False),
        (certificate("c", "smtp.contoso-it.example"), "mail.protection.outlook.com", False),
        (
            certificate("c", "mail.protection.outlook.com", authority=None),
            "mail.protection.outlook.com",
            False,
        ),
        (
            certificate("c", "mail.protection.outlook.com", authority="private"),
            "mail.protection.outlook.com",
            False,
        ),
        (None, "mail.protection.outlook.com", False),
    ],
)
def test_a_validated_certificate_that_matches_a_capability(shown, capability, met):
    """TlsDomainCapabilities is offered after validation only; the match also lets the session relay (KB 3156771)."""
    capable = receive_connector(
        tls_domain_capabilities=(DomainCapabilities.parse(f"{capability}:AcceptCloudServicesMail"),)
    )
    at = view(on_premises(receive_connectors=(capable,)), *([shown] if shown else []))
    granted = permissions(at, session(at, shows=shown.name if shown else None, tls=True))
    assert granted.value.brings_cloud_mail is met
    assert (Right.ACCEPT_ANY_RECIPIENT in granted.value) is met


def test_a_certificate_without_names_matches_nothing():
    """A trusted chain whose leaf names nobody gives no capability and no crash."""
    at = view(on_premises(receive_connectors=(receive_connector(tls_domain_capabilities=CAPABLE),)), SERVICE)
    known = session(at, tls=TlsFacts("TLS1_2", nameless(at, "service")))
    assert permissions(at, known).value.rights == ANONYMOUS
    assert not permissions(at, known).value.brings_cloud_mail


def test_a_private_authority_that_is_trusted_validates():
    """What counts is the server's own trust, not whether the authority is public."""
    shown = certificate("c", "mail.protection.outlook.com", authority="private")
    connector = receive_connector(tls_domain_capabilities=CAPABLE)
    mta = on_premises(receive_connectors=(connector,), trusts=frozenset({"private"}))
    at = view(mta, shown)
    assert permissions(at, session(at, shows="c")).value.brings_cloud_mail


@pytest.mark.parametrize(
    "text", ["mail.contoso.com", "x:NoSuchThing", ":AcceptCloudServicesMail", "a.*.b:AcceptOorgProtocol"]
)
def test_capabilities_outside_the_grammar(text):
    """TlsDomainCapabilities is domain:capability with a domain and a known capability."""
    with pytest.raises(ValueError):
        DomainCapabilities.parse(text)


# --- MAIL, RCPT, DATA ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("to", "reply"),
    [
        ("alice@contoso.com", None),
        ("nobody@contoso.com", None),  # no directory check at RCPT without recipient filter
        ("Postmaster", None),  # rfc5321:4.5.1
        ("x@relay.contoso.com", None),
        ("ann@fabrikam.com", "550 5.7.54 SMTP; Unable to relay recipient in non-accepted domain"),
        ("x@eu.contoso.com", "550 5.7.54 SMTP; Unable to relay recipient in non-accepted domain"),
        ("x@[192.0.2.1]", "550 5.7.54 SMTP; Unable to relay recipient in non-accepted domain"),
    ],
)
def test_whom_a_stranger_may_write_to(to, reply):
    """Accepted domains in Exchange Server: any accepted domain passes RCPT, everything else needs the right to relay."""
    at = view(on_premises("contoso.com", "relay:relay.contoso.com", directory=directory("alice@contoso.com")))
    value = rcpt(at, session(at), "ann@fabrikam.com", to).value
    assert (None if value is None else str(value)) == reply


@pytest.mark.shows("kb3156771")
def test_the_matched_capability_relays():
    """Mail of cloud users leaves through on-premises by the right that the certificate brings (KB 3156771)."""
    at = view(on_premises(receive_connectors=(receive_connector(tls_domain_capabilities=CAPABLE),)), SERVICE)
    assert rcpt(at, session(at, shows="service"), "bob@contoso.com", "ann@fabrikam.com").value is None
    refused = rcpt(at, session(at, tls=True), "bob@contoso.com", "ann@fabrikam.com")
    assert refused.value is not None
    assert refused.value.enhanced == "5.7.54"


def test_require_tls():
    """A connector with RequireTLS refuses MAIL in clear text (KB 2989382), and says which gate it was."""
    at = view(on_premises(receive_connectors=(receive_connector(require_tls=True),)))
    clear = kind(at).on_mail(at, session(at), Mail(None))
    assert str(clear.value) == "451 5.7.3 STARTTLS is required to send mail"
    verdicts = [each.verdict for each in clear.because[1:]]
    assert verdicts == [Verdict.YES, Verdict.NO, *[Verdict.NOT_REACHED] * 4]
    assert kind(at).on_mail(at, session(at, tls=True), Mail(None)).value is None


@pytest.mark.shows("ms:message-size-limits")
@pytest.mark.parametrize(("size", "refused"), [("37748736", False), ("37748737", True), ("", False)])
def test_the_announced_size(size, refused):
    """MaxMessageSize is 36 MB and judged as early as SIZE allows (Message size and recipient limits)."""
    at = view(on_premises())
    value = kind(at).on_mail(at, session(at), Mail(None, {"SIZE": size})).value
    assert (value is not None) is refused
    assert value is None or str(value) == "552 5.3.4 Message size exceeds fixed maximum message size"


@pytest.mark.shows("ms:message-size-limits")
def test_too_many_recipients():
    """The recipient beyond MaxRecipientsPerMessage is refused for now, earlier ones stand."""
    at = view(on_premises(receive_connectors=(receive_connector(max_recipients_per_message=2),)))
    where = session(at)
    two = envelope("ann@fabrikam.com", "a@contoso.com", "b@contoso.com")
    refused = kind(at).on_rcpt(at, where, two, Rcpt(two.paths[0])).value
    assert str(refused) == "452 4.5.3 Too many recipients"


@pytest.mark.parametrize(("hops", "refused"), [(60, False), (61, True)])
def test_the_hop_count(hops, refused):
    """More Received fields than MaxHopCount (60 observed) are a loop: 554 5.4.6."""
    at = view(on_premises())
    message = Message.from_bytes(b"Received: from a by b\r\n" * hops + b"\r\nx")
    reply = take(at, session(at), envelope("ann@fabrikam.com", "alice@contoso.com"), message).reply.value
    assert (str(reply) == "554 5.4.6 Hop count exceeded - possible mail loop") is refused


def test_the_size_at_the_end_of_data():
    """A message that was not announced is measured when it is there."""
    at = view(on_premises(receive_connectors=(receive_connector(max_message_size=100),)))
    message = Message.from_bytes(b"\r\n" + b"x" * 99)
    acceptance = take(at, session(at), envelope("ann@fabrikam.com", "alice@contoso.com"), message)
    assert acceptance.item is None
    assert acceptance.reply.value.enhanced == "5.3.4"


def test_the_reply_to_an_accepted_message():
    """250 2.6.0 with Message-ID, InternalId and host, as documented without the byte count."""
    at = view(on_premises())
    acceptance = take(at, session(at), envelope("ann@fabrikam.com", "alice@contoso.com"))
    text = str(acceptance.reply.value)
    assert text.startswith("250 2.6.0 <m1@fabrikam.com> [InternalId=")
    assert text.endswith(", Hostname=mail.contoso.com] Queued mail for delivery")


def test_the_received_fields():
    """An inbound message gains two hops, the Front End's below the Transport service's."""
    at = view(on_premises())
    hub, front = accepted(at, session(at, tls=True), "a@b.example", "alice@contoso.com").message.values(
        "Received"
    )
    assert front.startswith(
        "from client.example (192.0.2.66) by mail.contoso.com (198.51.100.10) with Microsoft SMTP Server (version=TLS1_3,"
    )
    assert "via Frontend Transport" in front
    assert hub.startswith("from mail.contoso.com (198.51.100.10) by mail.contoso.com")
    assert "Frontend" not in hub


# --- what closes the connection, and bare line ends -----------------------------------------------------------------


@pytest.mark.shows("ms:new-receiveconnector")
@pytest.mark.parametrize(
    ("name", "closes"), [("192.0.2.66", True), ("[192.0.2.66]", True), ("c.example", False)]
)
def test_without_a_domain_the_connection_is_closed(name, closes):
    """RequireEHLODomain closes the connection of a client that gives an address."""
    at = view(on_premises(receive_connectors=(receive_connector(require_ehlo_domain=True),)))
    answer = kind(at).on_ehlo(at, session(at, ehlo=name)).value
    assert (answer.code == 501, answer.closes) == (closes, closes)


@pytest.mark.shows("ms:new-receiveconnector")
def test_a_large_header_closes_the_connection():
    """MaxHeaderSize closes it; MaxMessageSize does not."""
    at = view(
        on_premises(receive_connectors=(receive_connector(max_header_size=1000, max_message_size=2000),))
    )
    mail, where = envelope("ann@fabrikam.com", "alice@contoso.com"), session(at)
    header = take(at, where, mail, Message.from_bytes(b"A: " + b"x" * 1000 + b"\r\n\r\n")).reply.value
    body = take(at, where, mail, Message.from_bytes(b"\r\n" + b"x" * 2000)).reply.value
    assert (header.code, header.closes) == (552, True)
    assert (body.code, body.closes) == (552, False)


@pytest.mark.shows("ms:set-receiveconnector")
@pytest.mark.parametrize(("rejected", "code"), [(False, 250), (True, 550)])
@pytest.mark.parametrize("content", [b"\r\none\ntwo\r\n", b"A: x\n\r\n"])
def test_bare_linefeeds(rejected, code, content):
    """BareLinefeedRejectionEnabled refuses a message with a bare LF; without it the message is taken as it is."""
    connector = receive_connector(bare_linefeed_rejection_enabled=rejected)
    at = view(on_premises(receive_connectors=(connector,)))
    mail = envelope("ann@fabrikam.com", "alice@contoso.com")
    assert take(at, session(at), mail, Message.from_bytes(content)).reply.value.code == code
    assert take(at, session(at), mail, Message.from_bytes(b"\r\none\rtwo\r\n")).reply.value.code == 250


@pytest.mark.parametrize(("more", "limit"), [({}, 1000), ({"extended_rights": True}, None)])
def test_what_is_kept_of_a_message(more, limit):
    """No more than MaxMessageSize, unless the session may bypass it."""
    rights = {Grantee(Principal.ANONYMOUS_LOGON): (Right.BYPASS_MESSAGE_SIZE_LIMIT,)} if more else {}
    at = view(
        on_premises(receive_connectors=(receive_connector(max_message_size=1000, extended_rights=rights),))
    )
    assert kind(at).size_limit(at, session(at)) == limit
