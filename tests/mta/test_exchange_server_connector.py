"""Receive connectors as written: ranges, presets, what the cmdlets refuse, what setup creates, EHLO by property."""

from __future__ import annotations

from datetime import timedelta
from ipaddress import IPv4Address

import pytest
from exchange_worlds import accepted, facts, kind, on_premises, receive_connector, view

from mailsim.config.load import load_text
from mailsim.errors import ScenarioError
from mailsim.mail.command import Mail
from mailsim.mta.exchange_server.certificate_choice import CertificateName
from mailsim.mta.exchange_server.receive.address_range import Binding, IpRange
from mailsim.mta.exchange_server.receive.default_connectors import default_connectors
from mailsim.mta.exchange_server.receive.receive_connector import ReceiveConnector
from mailsim.mta.exchange_server.receive.rights import PermissionGroup
from mailsim.mta.exchange_server.receive.tls_domain_capabilities import DomainCapabilities
from mailsim.mta.exchange_server.receive.uniqueness import conflict
from mailsim.mta.exchange_server.receive.usage import FULL, AuthMechanism, SizeMode, TransportRole, UsageType
from mailsim.mta.kind import Session
from mailsim.world.distinguished_name import DistinguishedName

# --- addresses -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["2001:db8::/32", "fe80::1", "::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2001:0DB8::CD3/60"]
)
def test_ipv6_ranges_are_kept_and_match_no_ipv4_client(text):
    """Exchange prints IPv6 ranges beside IPv4 ones; no session of the simulation comes from them."""
    found = IpRange.parse(text)
    assert not found.covers(IPv4Address("192.0.2.1"))
    assert IpRange.parse(str(found)) == found


@pytest.mark.parametrize("text", ["10.0.0.9-10.0.0.1", "10.0.0.1-::1", "10.0.0.0/33", "", "everybody"])
def test_what_is_no_range(text):
    """A range has two ends of one kind in order."""
    with pytest.raises(ValueError):
        IpRange.parse(text)


@pytest.mark.parametrize(
    ("text", "covers"),
    [("0.0.0.0:25", True), ("[::]:25", False), ("192.0.2.1:25", True), ("192.0.2.2:25", False)],
)
def test_bindings(text, covers):
    """0.0.0.0 is every IPv4 address, [::] every IPv6 address."""
    found = Binding.parse(text)
    assert found.covers(IPv4Address("192.0.2.1"), 25) is covers
    assert not found.covers(IPv4Address("192.0.2.1"), 587)
    assert str(found) == text


@pytest.mark.parametrize(
    ("ranges", "other", "more", "problem"),
    [
        ("10.0.0.0/24", "10.0.0.0/24", {}, "are both given twice"),
        ("10.0.0.0/24", "10.0.0.5", {}, ""),
        ("10.0.0.0/24", "10.0.1.0/24", {}, ""),
        ("10.0.0.1-10.0.0.9", "10.0.0.5-10.0.0.20", {}, "overlap and neither lies inside the other"),
        ("10.0.0.0/24", "192.0.2.1,10.0.0.0/24", {}, "are both given twice"),
        ("::/0", "0.0.0.0/0", {}, ""),
        ("10.0.0.0/24", "10.0.0.0/24", {"bindings": (Binding.parse("0.0.0.0:2525"),)}, ""),
        ("10.0.0.0/24", "10.0.0.0/24", {"bindings": (Binding.parse("192.0.2.1:25"),)}, ""),
    ],
)
def test_connectors_side_by_side(ranges, other, more, problem):
    """New-ReceiveConnector: binding and range are unique, and ranges that overlap lie one inside the other."""
    found = conflict(receive_connector("a", ranges), receive_connector("b", other, **more))
    assert (problem in found) if problem else found == ""


# --- properties that exclude each other ----------------------------------------------------------------------

A = AuthMechanism
G = PermissionGroup


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ({"auth_mechanism": (A.NONE, A.TLS)}, "AuthMechanism has None beside other values"),
        (
            {"auth_mechanism": (A.TLS, A.BASIC_AUTH_REQUIRE_TLS)},
            "BasicAuthRequireTLS without BasicAuth and Tls",
        ),
        ({"auth_mechanism": (A.BASIC_AUTH, A.BASIC_AUTH_REQUIRE_TLS)}, "without BasicAuth and Tls"),
        (
            {
                "auth_mechanism": (A.EXTERNAL_AUTHORITATIVE, A.INTEGRATED),
                "permission_groups": (G.EXCHANGE_SERVERS,),
            },
            "ExternalAuthoritative beside other values",
        ),
        ({"auth_mechanism": (A.EXTERNAL_AUTHORITATIVE, A.TLS)}, "PermissionGroups lacks ExchangeServers"),
        (
            {"auth_mechanism": (A.INTEGRATED,), "require_tls": True},
            "RequireTLS is True but AuthMechanism lacks Tls",
        ),
        (
            {"auth_mechanism": (A.INTEGRATED,), "domain_secure_enabled": True},
            "DomainSecureEnabled is True but AuthMechanism lacks Tls",
        ),
        (
            {
                "auth_mechanism": (A.EXTERNAL_AUTHORITATIVE, A.TLS),
                "permission_groups": (G.EXCHANGE_SERVERS,),
                "domain_secure_enabled": True,
            },
            "DomainSecureEnabled is True but AuthMechanism has ExternalAuthoritative",
        ),
        ({"permission_groups": (G.NONE, G.PARTNERS)}, "PermissionGroups has None beside other values"),
        ({"chunking_enabled": False}, "BinaryMimeEnabled is True but ChunkingEnabled is False"),
        ({"banner": "Go away"}, "wanted a text that starts with 220"),
        ({"max_hop_count": 501}, "MaxHopCount is 501; wanted 1 to 500"),
        ({"max_hop_count": 0}, "MaxHopCount is 0"),
        ({"max_local_hop_count": 51}, "MaxLocalHopCount is 51; wanted 0 to 50"),
        ({"max_recipients_per_message": 0}, "MaxRecipientsPerMessage is 0"),
        (
            {"tls_domain_capabilities": (DomainCapabilities.parse("AcceptOorgProtocol"),)},
            "AcceptOorgProtocol is given without a domain",
        ),
    ],
)
def test_what_the_cmdlet_refuses(more, problem):
    """New-ReceiveConnector names these dependencies and exclusions."""
    with pytest.raises(ValueError, match=problem):
        receive_connector(**more)


@pytest.mark.parametrize(
    ("usage", "groups", "mechanisms", "port"),
    [
        (UsageType.CLIENT, (G.EXCHANGE_USERS,), FULL[:-1], 587),
        (UsageType.CUSTOM, (), (A.TLS,), 25),
        (UsageType.INTERNAL, (G.EXCHANGE_LEGACY_SERVERS, G.EXCHANGE_SERVERS), (A.TLS, A.EXCHANGE_SERVER), 25),
        (UsageType.INTERNET, (G.ANONYMOUS_USERS,), (A.TLS,), 25),
        (UsageType.PARTNER, (G.PARTNERS,), (A.TLS,), 25),
    ],
)
def test_usage_types_are_presets(usage, groups, mechanisms, port):
    """New-ReceiveConnector: each usage type presets groups, authentication and the port."""
    connector = ReceiveConnector(name="x", usage=usage)
    assert (connector.groups, connector.mechanisms) == (groups, mechanisms)
    assert {binding.port for binding in connector.listens_on} == {port}


def test_what_is_written_overrides_a_preset():
    """A usage type only fills what is not written."""
    connector = ReceiveConnector(
        name="x", usage=UsageType.INTERNET, permission_groups=(), auth_mechanism=(A.NONE,)
    )
    assert (connector.groups, connector.mechanisms) == ((), (A.NONE,))


# --- what setup creates --------------------------------------------------------------------------------------


def test_the_default_connectors():
    """Default Receive connectors created during setup: names, ports, roles, groups."""
    made = default_connectors("mbx1")
    assert [(each.name, each.listens_on[0].port, each.transport_role) for each in made] == [
        ("Default Frontend mbx1", 25, TransportRole.FRONTEND_TRANSPORT),
        ("Client Frontend mbx1", 587, TransportRole.FRONTEND_TRANSPORT),
        ("Outbound Proxy Frontend mbx1", 717, TransportRole.FRONTEND_TRANSPORT),
        ("Default mbx1", 2525, TransportRole.HUB_TRANSPORT),
        ("Client Proxy mbx1", 465, TransportRole.HUB_TRANSPORT),
    ]
    assert [G.ANONYMOUS_USERS in each.groups for each in made] == [True, False, False, False, False]
    assert all(A.TLS in each.mechanisms for each in made)
    assert [A.EXCHANGE_SERVER in each.mechanisms for each in made] == [True, False, True, True, True]
    assert made[3].max_recipients_per_message == 5000
    assert made[3].size_enabled is SizeMode.ENABLED_WITHOUT_VALUE
    assert made[2].tarpit_interval == timedelta()


@pytest.mark.parametrize(
    ("port", "connector", "submits"),
    [(25, "Default Frontend", True), (587, "Client Frontend", False), (2525, "Default", False)],
)
def test_default_connectors_take_sessions(port, connector, submits):
    """Anonymous hosts may submit on port 25 only; elsewhere MAIL is refused with 5.7.57."""
    at = view(on_premises(receive_connectors=default_connectors("mbx1")))
    known = facts(at, local_port=port)
    greeting = kind(at).on_connect(at, known)
    assert greeting.connector == f"{connector} mbx1"
    where = Session(known, greeting.receiving)
    refused = kind(at).on_mail(at, where, Mail(None)).value
    assert (refused is None) is submits
    assert refused is None or refused.enhanced == "5.7.57"


# --- banner and EHLO -----------------------------------------------------------------------------------------


def test_a_banner_of_its_own():
    """Banner replaces the whole text after 220."""
    at = view(on_premises(receive_connectors=(receive_connector(banner="220 Contoso keeps out"),)))
    assert str(kind(at).on_connect(at, facts(at)).reply.value) == "220 Contoso keeps out"


def test_a_hub_connector_writes_one_received_field():
    """The Transport service adds its field; only mail by the Front End gains two."""
    hub = receive_connector(
        transport_role=TransportRole.HUB_TRANSPORT, bindings=(Binding.parse("0.0.0.0:2525"),)
    )
    at = view(on_premises(receive_connectors=(hub,)))
    known = facts(at, local_port=2525)
    where = Session(known, hub)
    (only,) = accepted(at, where, "a@b.example", "alice@contoso.com").message.values("Received")
    assert "Frontend" not in only
    assert only.startswith("from client.example (192.0.2.66) by mail.contoso.com")


# --- certificate names ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "issuer", "subject", "named"),
    [
        ("<I>CN=CA<S>CN=mail.contoso.com", "CA", "mail.contoso.com", True),
        ("<I>CN=CA, O=X, C=US<S>CN=mail.contoso.com, O=Contoso, L=Oslo", "CA", "mail.contoso.com", True),
        ("<I>O=X, CN=ca<S>CN=MAIL.contoso.com", "CA", "mail.contoso.com", True),
        ('<I>CN="CA, of X"<S>CN=mail.contoso.com', "CA, of X", "mail.contoso.com", True),
        ("<i>CN=CA<s>CN=mail.contoso.com", "CA", "mail.contoso.com", True),
        ("<I>CN=CA<S>CN=mail.contoso.com", "CA 2", "mail.contoso.com", False),
        ("<I>CN=CA<S>CN=mail.contoso.com", "CA", "owa.contoso.com", False),
        ("<I>OU=No common name<S>CN=mail.contoso.com", "CA", "mail.contoso.com", False),
    ],
)
def test_names_of_certificates(text, issuer, subject, named):
    """Issuer and subject that are described by no more than a CN are compared by that, in any case."""
    described = (DistinguishedName.of_common_name(name) for name in (issuer, subject))
    assert CertificateName.parse(text).names(*described) is named


@pytest.mark.parametrize(
    ("subject", "named"),
    [
        ("C=us, O=Contoso, CN=mail.contoso.com", True),
        ("CN=mail.contoso.com, O=Contoso", False),
        ("CN=mail.contoso.com", False),
        ("CN=mail.contoso.com, O=Contoso Ltd, C=US", False),
    ],
)
def test_whole_names_of_certificates(subject, named):
    """A subject that is described as a whole is compared as a whole: a renewal with another O is another name."""
    described = DistinguishedName.parse("CN=mail.contoso.com, O=Contoso, C=US")
    issuer = DistinguishedName.of_common_name("CA")
    assert CertificateName.parse(f"<I>CN=CA<S>{subject}").names(issuer, described) is named


@pytest.mark.parametrize("text", ["mail.contoso.com", "<S>CN=x<I>CN=y", "<I>CN=x", ""])
def test_what_names_no_certificate(text):
    """TlsCertificateName has the form <I>issuer<S>subject."""
    with pytest.raises(ValueError, match="names no certificate"):
        CertificateName.parse(text)


# --- in a scenario -------------------------------------------------------------------------------------------

SCENARIO = """\
mailsim: 1
certificates: {one: , two: , three: }
organizations:
  contoso:
    AcceptedDomains: [{DomainName: contoso.com}]
    servers:
      mbx1:
        fqdn: mail.contoso.com
        ip: 198.51.100.10
"""


def server(text: str):
    """Load a scenario whose server has these properties."""
    lines = "".join(f"        {line}\n" for line in text.splitlines())
    return load_text(SCENARIO + lines, "s.yaml").topology


def test_a_server_listens_where_its_connectors_do():
    """Ports follow the enabled connectors at the server's address; ``ports`` says otherwise."""
    assert server("").mtas["mail.contoso.com"].ports == (25, 587, 717, 2525, 465)
    assert server("ports: [25]").mtas["mail.contoso.com"].ports == (25,)
    assert server("ports: []").mtas["mail.contoso.com"].ports == ()
    written = """\
ReceiveConnectors:
  - {Name: a, Bindings: "0.0.0.0:25"}
  - {Name: b, Bindings: "[::]:26, 198.51.100.10:27"}
  - {Name: c, Bindings: "0.0.0.0:28", Enabled: $false}
  - {Name: d, Bindings: "198.51.100.99:29"}
"""
    assert server(written).mtas["mail.contoso.com"].ports == (25, 27)


def test_connectors_that_exclude_each_other_are_reported():
    """Both lines are named: the later connector's range, and the one it collides with."""
    text = """\
ReceiveConnectors:
  - Name: a
    RemoteIPRanges: 10.0.0.1-10.0.0.9
  - Name: b
    RemoteIPRanges: 10.0.0.5-10.0.0.20
"""
    with pytest.raises(ScenarioError) as raised:
        server(text)
    (problem,) = map(str, raised.value.diagnostics)
    assert problem.startswith("s.yaml:14:")
    assert "receive connector 'b': on binding 0.0.0.0:25 the ranges" in problem
    assert "first by 'a' at s.yaml:12" in problem


def test_contradictions_are_reported_at_the_connector():
    """What the cmdlet refuses is an error of the file."""
    with pytest.raises(ScenarioError) as raised:
        server("ReceiveConnectors:\n  - {Name: a, AuthMechanism: Integrated, RequireTLS: $true}")
    (problem,) = map(str, raised.value.diagnostics)
    assert problem.startswith("s.yaml:11:")
    assert "wanted Tls" in problem


@pytest.mark.parametrize(
    ("text", "at", "installed"),
    [
        ("certificate: one", 0, ["one"]),
        ("certificate: [{use: one}, {use: two, since: +1d}]", 30, ["two"]),
        ("certificate: [{use: one}, {use: two, since: +1d, replaces: false}]", 30, ["one", "two"]),
        ("certificate: [{use: two, since: +1d}, {use: one}]", 1, ["one"]),
        ("certificate: [{use: one}, {use: two}]", 0, ["one", "two"]),
        ("certificate: [{use: one, until: +2h}, {use: two}]", 3, ["two"]),
        ("certificate: [{use: one, until: +2h}, {use: two, since: +1h}]", 1, ["two"]),
        ("certificate: []", 0, []),
    ],
)
def test_the_certificate_store(text, at, installed):
    """Entries are there from since to until, and a later one removes earlier ones unless it says otherwise."""
    world = server(text)
    found = world.installed(world.mtas["mail.contoso.com"], world.start + timedelta(hours=at))
    assert [use.certificate for use in found] == installed


def test_services_of_a_certificate():
    """A certificate is enabled for SMTP unless its services say otherwise; unknown certificates are reported."""
    world = server(
        "certificate: [{use: one}, {use: two, services: IIS}, {use: three, services: 'IIS, SMTP'}]"
    )
    uses = world.installed(world.mtas["mail.contoso.com"], world.start)
    assert [use.smtp for use in uses] == [True, False, True]
    with pytest.raises(ScenarioError, match="certificate 'four' is not defined"):
        server("certificate: [{use: four}]")
