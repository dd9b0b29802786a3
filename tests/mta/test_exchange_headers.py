"""Cross-premises headers in both directions, the header firewall, and who a message counts as authored by.

Sources: "Header firewall", Set-SendConnector and New-InboundConnector (CloudServicesMailEnabled).
"""

from __future__ import annotations

import pytest
from exchange_worlds import (
    accepted,
    certificate,
    directory,
    inbound,
    kind,
    on_premises,
    outbound,
    receive_connector,
    send_connector,
    service,
    session,
    submitted,
    tenant,
    view,
)

from mailsim.mail.message import Message, header_field
from mailsim.mta import cross_premises
from mailsim.mta.exchange_server.receive.receive_connector import DomainCapabilities

ORG, CROSS = "X-MS-Exchange-Organization-", "X-MS-Exchange-CrossPremises-"
PROMOTED = header_field("X-CrossPremisesHeadersPromoted", "here")
SERVICE = certificate("service", "mail.protection.outlook.com")
CONTOSO = certificate("contoso", "mail.contoso.com")


def message(*lines: str) -> Message:
    """Write a message with these header lines."""
    return Message.from_bytes("\r\n".join([*lines, "Subject: hi", "", "hello"]).encode())


def names(found: Message) -> list[str]:
    """Return the field names, topmost first."""
    return [field.name for field in found.header]


# --- the conversion ------------------------------------------------------------------------------------------


def test_leaving_with_preserved_headers():
    """CloudServicesMailEnabled True: Organization-X becomes CrossPremises-X, with a marker on top."""
    left = cross_premises.leave(
        message(f"{ORG}AuthAs: Internal", f"{ORG}SCL: -1", f"{ORG}Secret: x", "X-MS-Exchange-Forest-Y: z"),
        preserve=True,
        server="mail.contoso.com",
    )
    assert names(left) == ["X-OrganizationHeadersPreserved", f"{CROSS}AuthAs", f"{CROSS}SCL", "Subject"]
    assert left.value(f"{CROSS}AuthAs") == "Internal"
    assert left.value("X-OrganizationHeadersPreserved") == "mail.contoso.com"


def test_leaving_without():
    """CloudServicesMailEnabled False: both kinds are stripped; filtered cross-premises headers leave a marker."""
    left = cross_premises.leave(
        message(f"{ORG}AuthAs: Internal", f"{CROSS}AuthAs: Internal"),
        preserve=False,
        server="mail.contoso.com",
    )
    assert names(left) == ["X-CrossPremisesHeadersFilteredBySendConnector", "Subject"]
    left = cross_premises.leave(message(f"{ORG}AuthAs: Internal"), preserve=False, server="mail.contoso.com")
    assert names(left) == ["Subject"]


def test_arriving_in_a_trusted_session():
    """CrossPremises-X becomes Organization-X and replaces what was there."""
    arrived = cross_premises.arrive(
        message(f"{ORG}AuthAs: Partner", f"{CROSS}AuthAs: Internal", f"{CROSS}Odd: x"),
        trusted=True,
        server="here",
        promoted=PROMOTED,
    )
    assert names(arrived) == ["X-CrossPremisesHeadersPromoted", f"{ORG}AuthAs", "Subject"]
    assert arrived.values(f"{ORG}AuthAs") == ("Internal",)


def test_arriving_in_any_other_session():
    """The header firewall strips both kinds and marks what it filtered."""
    arrived = cross_premises.arrive(
        message(f"{ORG}AuthAs: Internal", f"{CROSS}AuthAs: Internal"),
        trusted=False,
        server="here",
        promoted=PROMOTED,
    )
    assert names(arrived) == ["X-CrossPremisesHeadersFiltered", "Subject"]


def test_nothing_brought_is_nothing_promoted():
    """A trusted session without cross-premises headers gives a message without any stamp."""
    arrived = cross_premises.arrive(message(), trusted=True, server="here", promoted=PROMOTED)
    assert names(arrived) == ["Subject"]


@pytest.mark.parametrize("name", [f"{CROSS}authas".upper(), f"{CROSS}AuthAs ", f"{CROSS}AuthAs"])
def test_names_in_any_case(name):
    """Field names match without regard to case or white space before the colon (RFC 5322 section 4.5.8)."""
    arrived = cross_premises.arrive(
        message(f"{name}: Internal"), trusted=True, server="here", promoted=PROMOTED
    )
    assert cross_premises.auth_as(arrived) == "Internal"


def test_a_disguised_field_is_no_field():
    """A line that begins with white space is nobody's stamp."""
    sneaky = Message.from_bytes(f" {ORG}AuthAs: Internal\r\nSubject: x\r\n\r\n".encode())
    assert cross_premises.auth_as(sneaky) == ""


def test_there_and_back_again():
    """What one side preserves the other promotes: the carried fields arrive as they were."""
    sent = message(f"{ORG}AuthAs: Internal", f"{ORG}AuthSource: mail.contoso.com", f"{ORG}SCL: -1")
    travelling = cross_premises.leave(sent, preserve=True, server="mail.contoso.com")
    arrived = cross_premises.arrive(travelling, trusted=True, server="cloud", promoted=PROMOTED)
    for suffix in ("AuthAs", "AuthSource", "SCL"):
        assert arrived.values(ORG + suffix) == sent.values(ORG + suffix)
    assert not [name for name in names(arrived) if name.startswith(CROSS)]


# --- Exchange Server -----------------------------------------------------------------------------------------


def at_server(*, cloud: bool = True, connector=None):
    """Look from a server whose connector for everything preserves headers or not."""
    capable = receive_connector(
        tls_domain_capabilities=(
            DomainCapabilities.parse("mail.protection.outlook.com:AcceptCloudServicesMail"),
        )
    )
    out = connector or send_connector("out", cloud_services_mail_enabled=cloud)
    people = directory("alice@contoso.com")
    mta = on_premises(receive_connectors=(capable,), send_connectors=(out,), directory=people)
    return view(mta, SERVICE)


@pytest.mark.parametrize(
    ("shows", "brought", "author"),
    [
        ("service", f"{CROSS}AuthAs: Internal", "Internal"),
        ("service", f"{CROSS}AuthAs: Anonymous", "Anonymous"),
        # other tenants send with the same certificate: the match alone authors nothing
        ("service", "X-Other: 1", "Anonymous"),
        ("service", f"{ORG}AuthAs: Internal", "Anonymous"),
        (None, f"{CROSS}AuthAs: Internal", "Anonymous"),
        (None, f"{ORG}AuthAs: Internal", "Anonymous"),
    ],
)
def test_who_authored_what_arrives_on_premises(shows, brought, author):
    """Only a session with the capability may bring AuthAs, and only what the message carries counts."""
    at = at_server()
    item = accepted(
        at, session(at, shows=shows, tls=True), "x@y.example", "alice@contoso.com", message=message(brought)
    )
    assert item.message.values(f"{ORG}AuthAs") == (author,)
    assert item.context.internal is (author == "Internal")


@pytest.mark.parametrize("cloud", [True, False])
def test_own_mail_leaves_on_premises(cloud):
    """A mailbox's mail is Internal; it stays so in the cloud only by a connector that preserves headers."""
    at = at_server(cloud=cloud)
    item = submitted(at, "alice@contoso.com", "bob@fabrikam.com", message=message(f"{ORG}AuthAs: Partner"))
    assert item.message.values(f"{ORG}AuthAs") == ("Internal",)
    (copy,) = kind(at).categorize(at, item).copies
    assert copy.message.value(f"{CROSS}AuthAs") == ("Internal" if cloud else "")
    assert not [name for name in names(copy.message) if name.startswith(ORG)]


def test_a_mailbox_cannot_write_stamps():
    """Submission strips both kinds of stamps, and no connector is named for it."""
    at = at_server()
    item = submitted(at, "alice@contoso.com", "x@y.example", message=message(f"{CROSS}AuthAs: Internal"))
    assert not [name for name in names(item.message) if "CrossPremises" in name]


def test_a_submission_gets_what_is_missing():
    """Message-ID and Date are added where there are none."""
    at = at_server()
    item = submitted(at, "alice@contoso.com", "x@y.example", message=message())
    assert item.message.value("Message-ID") == "<m1@mail.contoso.com>"
    assert item.message.value("Date") == "Mon, 5 Jan 2026 09:00:00 +0000"
    assert submitted(
        at, "alice@contoso.com", "x@y.example", message=message("Message-ID: <a@b>")
    ).message.values("Message-ID") == ("<a@b>",)


# --- Exchange Online -----------------------------------------------------------------------------------------


def at_service(*, enabled: bool = True, addresses: str = "", outgoing=()):
    """Look from the service with one tenant whose inbound connector preserves headers or not."""
    connector = inbound(
        names="" if addresses else "*.contoso.com",
        addresses=addresses,
        cloud_services_mail_enabled=enabled,
    )
    people = directory("bob@contoso.com")
    contoso = tenant(directory=people, inbound_connectors=(connector,), outbound_connectors=tuple(outgoing))
    return view(service(contoso), CONTOSO)


INTERNAL = message(f"{CROSS}AuthAs: Internal")


@pytest.mark.parametrize(
    ("enabled", "addresses", "client", "sender", "author"),
    [
        (True, "", {"shows": "contoso"}, "alice@contoso.com", "Internal"),
        (True, "", {"shows": "contoso"}, "", "Internal"),
        (False, "", {"shows": "contoso"}, "alice@contoso.com", "Anonymous"),
        (True, "", {"shows": "contoso"}, "ann@fabrikam.com", "Anonymous"),  # not a sender of the tenant
        (True, "", {"tls": True}, "alice@contoso.com", "Anonymous"),  # Incoming
        (True, "192.0.2.66/32", {"tls": True}, "alice@contoso.com", "Internal"),
        (True, "192.0.2.66/32", {}, "alice@contoso.com", "Anonymous"),  # no TLS
    ],
)
def test_what_is_promoted_in_the_cloud(enabled, addresses, client, sender, author):
    """OnPremises connector with CloudServicesMailEnabled, TLS, and a sender of the tenant: all three are needed."""
    at = at_service(enabled=enabled, addresses=addresses)
    item = accepted(at, session(at, **client), sender, "bob@contoso.com", message=INTERNAL)
    assert item.message.values(f"{ORG}AuthAs") == (author,)
    promoted = item.message.value(f"{ORG}Cross-Premises-Headers-Promoted")
    assert bool(promoted) is (author == "Internal")


@pytest.mark.parametrize(("shows", "direction"), [("contoso", "Originating"), (None, "Incoming")])
def test_the_direction_is_stamped(shows, direction):
    """MessageDirectionality says how the mail was attributed."""
    at = at_service()
    item = accepted(at, session(at, shows=shows, tls=True), "alice@contoso.com", "bob@contoso.com")
    assert item.message.values(f"{ORG}MessageDirectionality") == (direction,)


@pytest.mark.parametrize("enabled", [True, False])
def test_own_mail_leaves_the_cloud(enabled):
    """Every message names its tenant in X-OriginatorOrg; AuthAs travels only by a preserving connector."""
    at = at_service(outgoing=[outbound("out", "*", cloud_services_mail_enabled=enabled)])
    spoofed = message("X-OriginatorOrg: evil.example")
    (copy,) = kind(at).categorize(at, submitted(at, "bob@contoso.com", "x@y.example", message=spoofed)).copies
    assert copy.message.values("X-OriginatorOrg") == ("contoso.com",)
    assert copy.message.value(f"{CROSS}AuthAs") == ("Internal" if enabled else "")
    assert not [name for name in names(copy.message) if name.startswith(ORG)]


def test_relayed_internet_mail_stays_anonymous():
    """Mail from outside that goes on to on-premises is Anonymous there too, whatever the connector preserves."""
    people = directory(mail_users={"alice@contoso.com": "alice@contoso.com"})
    out = outbound("out", "contoso.com", cloud_services_mail_enabled=True)
    at = view(service(tenant(directory=people, outbound_connectors=(out,))))
    item = accepted(at, session(at), "ann@fabrikam.com", "alice@contoso.com", message=INTERNAL)
    (copy,) = kind(at).categorize(at, item).copies
    assert copy.message.values(f"{CROSS}AuthAs") == ("Anonymous",)


def test_delivery_records_the_reverse_path():
    """The final delivery writes Return-Path (RFC 5321 section 4.4), for Exchange as for everybody."""
    for at in (at_server(), at_service()):
        item = accepted(
            at, session(at), "", "alice@contoso.com" if at.mta.id == "mail.contoso.com" else "bob@contoso.com"
        )
        assert kind(at).deliver(at, item, item.message).header[0].raw == b"Return-Path: <>\r\n"
