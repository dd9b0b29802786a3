"""``hybrid:`` written out: the wizard's property lists, what is inferred, what the user wrote, and what is impossible."""

from __future__ import annotations

import pytest

from mailsim.config.diagnostic import Diagnostics
from mailsim.config.document import MappingNode, Node, ScalarNode
from mailsim.config.from_yaml import read_yaml
from mailsim.config.hybrid import expand_hybrid
from mailsim.config.load import load, load_text
from mailsim.errors import ScenarioError
from mailsim.flow.scenario import Scenario
from mailsim.mail.address import Mailbox
from mailsim.mta.exchange_online.config import Tenant
from mailsim.mta.exchange_server.config import Organization
from mailsim.world.directory import DirectoryRecipient, RecipientType

HYBRID = """\
mailsim: 1
certificates:
  mail.contoso.com:
organizations:
  contoso:
    AcceptedDomains: [{DomainName: contoso.com}]
    servers:
      mbx1: {fqdn: mail.contoso.com, ip: 198.51.100.10, certificate: mail.contoso.com}
    SendConnectors:
      - {Name: To the internet, AddressSpaces: "*"}
    recipients: {mailboxes: [alice]}
exchange_online:
  tenants:
    contoso:
      AcceptedDomains: [{DomainName: contoso.com}]
      recipients: {mailboxes: [bob]}
hybrid: {organization_guid: onprem-guid, tenant_guid: tenant-guid}
"""
LINE = "s.yaml:17"
AS_EDGE = ("certificate: mail.contoso.com}", "certificate: mail.contoso.com, role: edge}")
BESIDE_EDGE = ("    SendConnectors:", "      edge1: {fqdn: edge.contoso.com, ip: 198.51.100.99, role: edge, site: A}\n    SendConnectors:")  # fmt: skip
GUIDS = "{organization_guid: onprem-guid, tenant_guid: tenant-guid}"


def scenario(*edits: tuple[str, str], hybrid: str = "") -> Scenario:
    """Return the scenario with texts replaced, or with another ``hybrid:`` section."""
    return load_text(text_of(*edits, hybrid=hybrid), "s.yaml")


def text_of(*edits: tuple[str, str], hybrid: str = "") -> str:
    """Return the scenario's text with others in it."""
    text = HYBRID.replace(GUIDS, hybrid.replace("GUIDS", GUIDS[1:-1])) if hybrid else HYBRID
    for old, new in edits:
        assert old in text
        text = text.replace(old, new, 1)
    return text


def faults(text: str) -> list[str]:
    """Return the lines of everything that is wrong."""
    with pytest.raises(ScenarioError) as raised:
        load_text(text, "s.yaml")
    return [str(each) for each in raised.value.diagnostics]


def organization(found: Scenario) -> Organization:
    """Return the organization on-premises."""
    return found.topology.mtas["mail.contoso.com"].config.organization


def tenant(found: Scenario) -> Tenant:
    """Return the tenant."""
    return found.topology.mtas["Exchange Online"].config.tenants[0]


def find(side: Organization | Tenant, address: str) -> DirectoryRecipient | None:
    """Look an address up on one side."""
    return side.directory.find(Mailbox.parse(address))


def expanded(text: str) -> MappingNode:
    """Return a scenario with ``hybrid:`` written out, as nodes."""
    diagnostics = Diagnostics()
    document = read_yaml(text, "s.yaml", diagnostics)
    assert document is not None
    written = expand_hybrid(document, "s.yaml", diagnostics)
    diagnostics.raise_if_errors()
    return written


def at(node: Node | None, *path: str | int) -> dict[str, str]:
    """Return the properties of an object in a document, as written."""
    for step in path:
        node = node.items[step] if isinstance(step, int) else node.get(step)
    assert isinstance(node, MappingNode)
    return {key.text: value.text if isinstance(value, ScalarNode) else _texts(value) for key, value in node}


def _texts(node: Node) -> list[str]:
    return [item.text for item in node.items]


# --- the wizard's property lists ----------------------------------------------------------------------------


def test_the_send_connector_has_the_properties_of_the_log() -> None:
    """New-SendConnector of the wizard, property by property; it bears the tenant's GUID."""
    assert at(expanded(HYBRID), "organizations", "contoso", "SendConnectors", 1) == {
        "Name": "Outbound to Office 365 - tenant-guid",
        "AddressSpaces": "smtp:contoso.mail.onmicrosoft.com;1",
        "DNSRoutingEnabled": "$true",
        "ErrorPolicies": "Default",
        "Fqdn": "mail.contoso.com",
        "RequireTLS": "$true",
        "IgnoreSTARTTLS": "$false",
        "SourceTransportServers": "mbx1",
        "TlsAuthLevel": "DomainValidation",
        "DomainSecureEnabled": "$false",
        "TlsDomain": "mail.protection.outlook.com",
        "CloudServicesMailEnabled": "$true",
        "TlsCertificateName": "<I>CN=mailsim Public CA<S>CN=mail.contoso.com",
    }


def test_the_receive_connector_has_the_properties_of_the_log() -> None:
    """Set-ReceiveConnector of the wizard on Default Frontend, IPv6 left out."""
    path = ("organizations", "contoso", "servers", "mbx1", "ReceiveConnectors", 0)
    assert at(expanded(HYBRID), *path) == {
        "Name": "Default Frontend mbx1",
        "TransportRole": "FrontendTransport",
        "Bindings": "0.0.0.0:25",
        "RemoteIPRanges": "0.0.0.0-255.255.255.255",
        "Fqdn": "mail.contoso.com",
        "AuthMechanism": "Tls, Integrated, BasicAuth, BasicAuthRequireTLS, ExchangeServer",
        "PermissionGroups": "AnonymousUsers, ExchangeServers, ExchangeLegacyServers",
        "RequireTLS": "$false",
        "TlsDomainCapabilities": "mail.protection.outlook.com:AcceptCloudServicesMail",
        "TlsCertificateName": "<I>CN=mailsim Public CA<S>CN=mail.contoso.com",
    }


def test_the_inbound_connector_has_the_properties_of_the_log() -> None:
    """New-InboundConnector of the wizard; it bears the on-premises organization's GUID."""
    assert at(expanded(HYBRID), "exchange_online", "tenants", "contoso", "InboundConnectors", 0) == {
        "Name": "Inbound from onprem-guid",
        "ConnectorType": "OnPremises",
        "ConnectorSource": "HybridWizard",
        "CloudServicesMailEnabled": "$true",
        "RequireTls": "$true",
        "SenderDomains": "smtp:*;1",
        "RestrictDomainsToIPAddresses": "$false",
        "TlsSenderCertificateName": "*.contoso.com",
    }


@pytest.mark.parametrize(
    ("centralized", "domains", "routes"), [("false", "contoso.com", "$false"), ("true", "*", "$true")]
)
def test_the_outbound_connector_has_the_properties_of_the_log(centralized, domains, routes) -> None:
    """New-OutboundConnector of the wizard; centralized transport changes two properties (KB 3194415)."""
    text = text_of(hybrid=f"{{GUIDS, centralized: {centralized}}}")
    assert at(expanded(text), "exchange_online", "tenants", "contoso", "OutboundConnectors", 0) == {
        "Name": "Outbound to onprem-guid",
        "ConnectorType": "OnPremises",
        "ConnectorSource": "HybridWizard",
        "CloudServicesMailEnabled": "$true",
        "RecipientDomains": domains,
        "RouteAllMessagesViaOnPremises": routes,
        "UseMXRecord": "$false",
        "SmartHosts": "mail.contoso.com",
        "TlsSettings": "DomainValidation",
        "TlsDomain": "mail.contoso.com",
        "IsTransportRuleScoped": "$false",
    }


def test_the_coexistence_domain_is_accepted_on_both_sides() -> None:
    """<tenant>.mail.onmicrosoft.com on-premises and in the tenant, there marked as the coexistence domain."""
    written = expanded(HYBRID)
    domain = {"DomainName": "contoso.mail.onmicrosoft.com", "DomainType": "Authoritative"}
    assert at(written, "organizations", "contoso", "AcceptedDomains", 1) == domain
    there = at(written, "exchange_online", "tenants", "contoso", "AcceptedDomains", 1)
    assert there == {**domain, "IsCoexistenceDomain": "$true"}


def test_an_edge_server_gets_what_is_set_by_hand() -> None:
    """With Edge the default internal receive connector has the capability, and Edge is the source (Set-ReceiveConnector)."""
    written = expanded(text_of(AS_EDGE, hybrid="{GUIDS, edge: [mbx1]}"))
    path = ("organizations", "contoso", "servers", "mbx1", "ReceiveConnectors", 0)
    assert at(written, *path) == {
        "Name": "Default internal receive connector mbx1",
        "Bindings": "0.0.0.0:25",
        "RemoteIPRanges": "0.0.0.0-255.255.255.255",
        "Fqdn": "mail.contoso.com",
        "AuthMechanism": "Tls, ExchangeServer",
        "PermissionGroups": "AnonymousUsers, ExchangeServers, Partners",
        "TlsDomainCapabilities": "mail.protection.outlook.com:AcceptOorgProtocol",
        "TlsCertificateName": "<I>CN=mailsim Public CA<S>CN=mail.contoso.com",
    }
    send = at(written, "organizations", "contoso", "SendConnectors", 1)
    assert send["SourceTransportServers"] == "mbx1"


@pytest.mark.parametrize(
    ("certificate", "accepted", "sender_name", "tls_domain", "fqdn"),
    [
        ("common_name: mail.contoso.com", "contoso.com", "*.contoso.com", "mail.contoso.com", "mail.contoso.com"),
        ("common_name: contoso.com", "contoso.com", "contoso.com", "contoso.com", "contoso.com"),
        ("names: ['*.contoso.com']", "contoso.com", "*.contoso.com", "*.contoso.com", "mail.contoso.com"),
        ("common_name: mail.northwind.com", "contoso.com", "mail.northwind.com", "mail.northwind.com", "mail.northwind.com"),
    ],
)  # fmt: skip
def test_the_certificate_names_the_connectors(certificate, accepted, sender_name, tls_domain, fqdn) -> None:
    """Host name, accepted domain, wildcard, and a name outside the tenant, as the wizard writes each."""
    written = expanded(text_of(("  mail.contoso.com:\n", f"  mail.contoso.com: {{{certificate}}}\n")))
    online = ("exchange_online", "tenants", "contoso")
    assert at(written, *online, "InboundConnectors", 0)["TlsSenderCertificateName"] == sender_name
    assert at(written, *online, "OutboundConnectors", 0)["TlsDomain"] == tls_domain
    assert at(written, "organizations", "contoso", "SendConnectors", 1)["Fqdn"] == fqdn


def test_a_certificate_outside_the_tenant_is_warned_of() -> None:
    """The wizard warns of a certificate whose name belongs to no accepted domain (KB 4019940)."""
    found = scenario(("  mail.contoso.com:\n", "  mail.contoso.com: {common_name: mail.northwind.com}\n"))
    problem = "certificate name mail.northwind.com belongs to no accepted domain of tenant 'contoso'"
    assert any(problem in str(warning) for warning in found.warnings)


# --- inference and names ------------------------------------------------------------------------------------


@pytest.mark.parametrize("section", ["{}", "", "{organization: Contoso, tenant: contoso, servers: [MBX1]}"])
def test_everything_with_one_answer_is_inferred(section) -> None:
    """One organization, one tenant, one server with one certificate: nothing need be written."""
    assert scenario(hybrid=section or "\n").topology == scenario(hybrid="{}").topology


def test_guids_are_made_of_names_and_stay() -> None:
    """The same names give the same connectors, other names others."""
    first = [each.name for each in organization(scenario(hybrid="{}")).send_connectors]
    again = [each.name for each in organization(scenario(hybrid="{centralized: true}")).send_connectors]
    other = scenario(("\n    contoso:\n", "\n    other:\n"), hybrid="{}")
    assert (
        first == again == ["To the internet", "Outbound to Office 365 - fbbfdecf-d3f9-c6dd-ed49-44cfadec859b"]
    )
    assert first != [each.name for each in organization(other).send_connectors]


@pytest.mark.parametrize(
    ("domains", "coexistence"),
    [
        (
            "{DomainName: contoso.com}, {DomainName: fabrikam.onmicrosoft.com}",
            "fabrikam.mail.onmicrosoft.com",
        ),
        ("{DomainName: contoso.com}, {DomainName: old.mail.onmicrosoft.com}", "old.mail.onmicrosoft.com"),
    ],
)
def test_the_tenants_own_domain_names_the_coexistence_domain(domains, coexistence) -> None:
    """The initial domain, or a coexistence domain that is written, counts before the tenant's name in the scenario."""
    found = scenario(
        (
            "AcceptedDomains: [{DomainName: contoso.com}]\n      rec",
            f"AcceptedDomains: [{domains}]\n      rec",
        )
    )
    assert [each.domain_name for each in tenant(found).accepted_domains].count(coexistence) == 1
    assert find(tenant(found), f"bob@{coexistence}") is not None


def test_the_certificate_at_the_start_is_the_wizards() -> None:
    """A later renewal does not change what the wizard wrote."""
    renewed = "certificate: [{use: next, since: +1d}, {use: mail.contoso.com}]"
    found = scenario(
        ("certificate: mail.contoso.com}", renewed + "}"), ("certificates:\n", "certificates:\n  next:\n")
    )
    assert tenant(found).outbound_connectors[0].tls_domain == "mail.contoso.com"


def test_two_forests_share_one_tenant() -> None:
    """``hybrid:`` may be a list; each forest has connectors of its own."""
    other = """\
  fabrikam:
    AcceptedDomains: [{DomainName: fabrikam.com}]
    servers:
      ex1: {fqdn: mail.fabrikam.com, ip: 198.51.100.20, certificate: mail.fabrikam.com}
    recipients: {mailboxes: [carol]}
exchange_online:
"""
    found = scenario(
        ("exchange_online:\n", other),
        ("certificates:\n", "certificates:\n  mail.fabrikam.com:\n"),
        (
            "[{DomainName: contoso.com}]\n      rec",
            "[{DomainName: contoso.com}, {DomainName: fabrikam.com}]\n      rec",
        ),
        hybrid="[{organization: contoso, tenant: contoso}, {organization: fabrikam, tenant: contoso}]",
    )
    smart_hosts = [each.smart_hosts for each in tenant(found).outbound_connectors]
    assert smart_hosts == [("mail.contoso.com",), ("mail.fabrikam.com",)]
    assert {str(each.recipient_domains[0]) for each in tenant(found).outbound_connectors} == {
        "contoso.com",
        "fabrikam.com",
    }
    assert find(tenant(found), "carol@fabrikam.com") is not None


# --- what the user wrote ------------------------------------------------------------------------------------


def test_what_was_changed_after_the_wizard_wins() -> None:
    """A property under one of the connector keys stands instead of the wizard's, from its own line."""
    section = "\n  outbound_connector: {TlsSettings: CertificateValidation, tlsdomain: $null}\n  organization_guid: g"
    (connector,) = tenant(scenario(hybrid=section)).outbound_connectors
    assert connector.tls_domain == ""
    assert connector.source("TlsSettings") == "s.yaml:18"
    assert connector.source("SmartHosts") == LINE


def test_an_object_of_the_same_name_is_completed() -> None:
    """Properties that the user wrote stay, the others are the wizard's; explanations name the line of each."""
    text = text_of(
        ("    recipients: {mailboxes: [alice]}", "      - Name: outbound to office 365 - TENANT-GUID\n        RequireTLS: $false\n        TlsAuthLevel: $null\n        TlsDomain: $null\n    recipients: {mailboxes: [alice]}")
    )  # fmt: skip
    connectors = organization(load_text(text, "s.yaml")).send_connectors
    assert len(connectors) == 2
    assert connectors[1].require_tls is False
    assert connectors[1].source("RequireTLS") == "s.yaml:12"
    assert connectors[1].cloud_services_mail_enabled is True
    assert connectors[1].source("CloudServicesMailEnabled") == "s.yaml:21"


def test_explanations_name_the_line_of_the_section() -> None:
    """A generated object and its properties stand at ``hybrid:``; what one key decides stands at this key."""
    found = scenario(hybrid="\n  centralized: true\n  organization: contoso")
    (connector,) = tenant(found).outbound_connectors
    assert connector.source() == connector.source("UseMXRecord") == LINE
    assert connector.source("RecipientDomains") == "s.yaml:18"
    remote = find(organization(found), "bob@contoso.com")
    assert remote is not None
    assert remote.source() == LINE


def test_a_written_receive_connector_is_changed() -> None:
    """The wizard changes Default Frontend, by name or by identity, and leaves the others."""
    receive = """ReceiveConnectors: [{Name: Relay, RemoteIPRanges: 192.0.2.7}, {Identity: 'MBX1\\Default Frontend mbx1', Name: Default Frontend mbx1, MaxMessageSize: 10MB}]}"""
    found = scenario(("certificate: mail.contoso.com}", f"certificate: mail.contoso.com, {receive}"))
    relay, frontend = found.topology.mtas["mail.contoso.com"].config.receive_connectors
    assert relay.tls_domain_capabilities == ()
    assert frontend.max_message_size == 10 * 1024**2
    assert [str(each) for each in frontend.tls_domain_capabilities] == [
        "mail.protection.outlook.com:AcceptCloudServicesMail"
    ]


# --- recipients ---------------------------------------------------------------------------------------------


def test_recipients_have_counterparts() -> None:
    """An on-premises mailbox is a mail user in the tenant, a cloud mailbox a remote mailbox on-premises."""
    found = scenario()
    alice, bob = find(tenant(found), "alice@contoso.com"), find(organization(found), "bob@contoso.com")
    assert alice is not None
    assert (alice.kind, str(alice.target)) == (RecipientType.MAIL_USER, "alice@contoso.com")
    assert bob is not None
    assert (bob.kind, str(bob.target)) == (RecipientType.REMOTE_MAILBOX, "bob@contoso.mail.onmicrosoft.com")


def test_the_address_policy_reaches_both_sides() -> None:
    """alias@<tenant>.mail.onmicrosoft.com finds every recipient of a shared domain, here and there."""
    found = scenario()
    for side in (organization(found), tenant(found)):
        for name in ("alice", "bob"):
            recipient = find(side, f"{name}@contoso.mail.onmicrosoft.com")
            assert recipient is not None
            assert str(recipient.primary) == f"{name}@contoso.com"


def test_the_alias_makes_the_address() -> None:
    """Alias, else the local part of the name under which the recipient is listed, whatever the primary address is."""
    boxes = "{mailboxes: {bob: {PrimarySmtpAddress: robert@contoso.com}, dave@contoso.com: {Alias: dd}}}"
    there = tenant(scenario(("{mailboxes: [bob]}", boxes)))
    assert find(there, "bob@contoso.mail.onmicrosoft.com") is find(there, "robert@contoso.com")
    assert find(there, "dd@contoso.mail.onmicrosoft.com") is find(there, "dave@contoso.com")


@pytest.mark.parametrize(
    "written", ["[bo@contoso.com, b@contoso.com]", "'bo@contoso.com, b@contoso.com'", "'{smtp:bo@contoso.com, b@contoso.com}'"]
)  # fmt: skip
def test_written_addresses_stay(written: str) -> None:
    """The policy's address comes behind those that the user wrote, as a list or as PowerShell prints one."""
    boxes = f"{{mailboxes: {{bob: {{EmailAddresses: {written}}}}}}}"
    bob = find(tenant(scenario(("{mailboxes: [bob]}", boxes))), "b@contoso.com")
    assert bob is not None
    wanted = "bob@contoso.com", "bo@contoso.com", "b@contoso.com", "bob@contoso.mail.onmicrosoft.com"
    assert tuple(map(str, bob.proxies)) == wanted


def test_without_the_policy_there_is_no_address_in_the_cloud() -> None:
    """EmailAddressPolicyEnabled False: the remote mailbox points at an address that the tenant does not know."""
    found = scenario(("{mailboxes: [bob]}", "{mailboxes: {bob: {EmailAddressPolicyEnabled: $false}}}"))
    assert find(tenant(found), "bob@contoso.mail.onmicrosoft.com") is None
    bob = find(organization(found), "bob@contoso.com")
    assert bob is not None
    assert str(bob.target) == "bob@contoso.mail.onmicrosoft.com"


def test_written_recipients_stay() -> None:
    """A remote mailbox without RemoteRoutingAddress gets one; who is on both sides already gets no second object."""
    boxes = "{mailboxes: [alice, eve], remote_mailboxes: {bob: , zoe: zoe@elsewhere.example}, mail_contacts: {sue: sue@fabrikam.com}}"
    found = scenario(("{mailboxes: [alice]}", boxes), ("{mailboxes: [bob]}", "{mailboxes: [bob, eve]}"))
    here, there = organization(found), tenant(found)
    assert str(find(here, "bob@contoso.com").target) == "bob@contoso.mail.onmicrosoft.com"
    assert str(find(here, "zoe@contoso.com").target) == "zoe@elsewhere.example"
    assert find(there, "zoe@contoso.com") is None
    assert find(here, "eve@contoso.com").kind is find(there, "eve@contoso.com").kind is RecipientType.MAILBOX
    assert str(find(there, "sue@contoso.com").target) == "sue@fabrikam.com"


def test_attributes_are_synchronized() -> None:
    """What rules ask for is known on both sides; where mail goes is not copied."""
    boxes = "{mailboxes: {alice: {City: Oslo, CustomAttribute1: vip, EmailAddresses: [a@contoso.com, a@contoso.local]}}}"
    alice = find(tenant(scenario(("{mailboxes: [alice]}", boxes))), "a@contoso.com")
    assert alice is not None
    assert alice.attributes == {"City": "Oslo", "CustomAttribute1": "vip"}
    assert [str(each) for each in alice.proxies] == [
        "alice@contoso.com",
        "a@contoso.com",
        "alice@contoso.mail.onmicrosoft.com",
    ]


def test_groups_are_synchronized_with_whole_addresses() -> None:
    """Members and senders by name are those of the organization; who is not synchronized is missing."""
    groups = (
        "inner: [alice, louise]\n        "
        "staff: {Members: [alice, louise, inner, ann@fabrikam.com], AcceptMessagesOnlyFrom: alice}"
    )
    edit = (
        "recipients: {mailboxes: [alice]}",
        f"recipients:\n      mailboxes: [alice, louise]\n      groups:\n        {groups}",
    )
    found = find(
        tenant(scenario(edit, hybrid="{not_synchronized: [louise@contoso.com]}")), "staff@contoso.com"
    )
    assert found is not None
    assert found.group is not None
    members = [str(each) for each in found.group.members]
    assert members == ["alice@contoso.com", "inner@contoso.com", "ann@fabrikam.com"]


@pytest.mark.parametrize(
    "section", ["{synchronize: false}", "{not_synchronized: [Alice@contoso.com, bob@contoso.com]}"]
)
def test_synchronisation_can_be_left_out(section) -> None:
    """As a whole or for some recipients; the address policy works all the same."""
    found = scenario(hybrid=section)
    assert find(tenant(found), "alice@contoso.com") is None
    assert find(organization(found), "bob@contoso.com") is None
    assert find(tenant(found), "bob@contoso.mail.onmicrosoft.com") is not None


def test_an_edge_server_carries_hybrid_mail_only_where_it_is_named() -> None:
    """Without servers: and edge: the Mailbox servers do, as in the wizard without Edge."""
    found = scenario(BESIDE_EDGE)
    connector = next(
        each
        for each in organization(found).send_connectors
        if each.name == "Outbound to Office 365 - tenant-guid"
    )
    assert connector.source_transport_servers == ("mbx1",)
    assert [each.smart_hosts for each in tenant(found).outbound_connectors] == [("mail.contoso.com",)]


def test_a_domain_of_one_side_stays_there() -> None:
    """Nobody is written where the domain of the primary address is not accepted."""
    found = scenario(("{mailboxes: [alice]}", "{mailboxes: [alice, root@contoso.local]}"), ("{mailboxes: [bob]}", "{mailboxes: [bob, admin@contoso.onmicrosoft.com]}"))  # fmt: skip
    assert find(tenant(found), "root@contoso.local") is None
    assert find(organization(found), "admin@contoso.onmicrosoft.com") is None


def test_mailboxes_of_a_csv_have_counterparts(tmp_path) -> None:
    """A CSV counts as mailboxes written out; explanations name its line."""
    (tmp_path / "people.csv").write_text("address\ncarol\nalice@contoso.com\n")
    (tmp_path / "s.yaml").write_text(
        text_of(("{mailboxes: [alice]}", "{mailboxes: [alice], csv: people.csv}"))
    )
    found = load(str(tmp_path / "s.yaml"))
    carol = find(organization(found), "carol@contoso.com")
    assert carol is not None
    assert carol.source().endswith("people.csv:2")
    assert find(tenant(found), "carol@contoso.mail.onmicrosoft.com").kind is RecipientType.MAIL_USER


# --- what is impossible -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("edits", "section", "wanted"),
    [
        ((), "{organization: contso}", "hybrid: organization 'contso' is not defined; wanted one of contoso; did you mean 'contoso'?"),
        ((), "{tenant: fabrikam}", "hybrid: tenant 'fabrikam' is not defined"),
        ((), "{servers: [mbx2]}", "hybrid: organization 'contoso': server 'mbx2' is not defined"),
        ((), "{edge: [mbx1], servers: [mbx1]}", "servers and edge are both given"),
        ((), "{edge: [mbx1]}", "server 'mbx1' is a Mailbox server; wanted Edge servers"),
        ((BESIDE_EDGE,), "{servers: [mbx1, EDGE1]}", "server 'edge1' is an Edge server; wanted Mailbox servers, or edge: instead"),
        ((AS_EDGE,), "{}", "organization 'contoso' has no Mailbox server"),
        ((), "{domains: [fabrikam.com]}", "hybrid: organization 'contoso': accepted domain 'fabrikam.com' is not defined"),
        ((), "{certificate: mail.contso.com}", "hybrid: certificate 'mail.contso.com' is not defined"),
        ((), "{centralised: true}", "hybrid: unknown key 'centralised'; did you mean 'centralized'?"),
        ((), "{centralized: yes}", "'yes' is not a boolean"),
        ((), "{send_connector: {RequireTls: maybe}}", "RequireTLS: 'maybe' is not a boolean"),
        ((), "{send_connector: {RequireTlss: true}}", "unknown property 'RequireTlss'"),
        ((("certificates:\n", "certificates:\n  other:\n"),), "{certificate: other}", "certificate 'other' is not on server 'mbx1', which has mail.contoso.com"),
        ((("  mail.contoso.com:\n", "  mail.contoso.com: {authority: self-signed}\n"),), "{}", "certificate 'mail.contoso.com' is self-signed; wanted a certificate of a public authority"),
        ((("certificates:\n  mail.contoso.com:\n", "authorities: {house: {public: false}}\ncertificates:\n  mail.contoso.com: {authority: house}\n"),), "{}", "is of the private authority 'house'"),
        ((("  mail.contoso.com:\n", "  mail.contoso.com: {not_after: 2025-01-01}\n"),), "{}", "is not valid at the start, 2026-01-05 09:00"),
        ((("  mail.contoso.com:\n", f"  mail.contoso.com: {{common_name: {'a' * 60}, authority: {'b' * 200}}}\n"), ("certificates:\n", f"authorities: {{{'b' * 200}: }}\ncertificates:\n")), "{}", "TlsCertificateName would have 272 characters"),
        (((", certificate: mail.contoso.com", ""),), "{}", "server 'mbx1' has no certificate; wanted a public one"),
        ((("DomainName: contoso.com", "DomainName: contoso.net"),), "{}", "no accepted domain in common: organization 'contoso' accepts contoso.net, tenant 'contoso' contoso.com"),
        ((("certificate: mail.contoso.com}", "certificate: mail.contoso.com, ReceiveConnectors: [{Name: Relay}]}"),), "{}", "server 'mbx1' has no Receive connector 'Default Frontend mbx1'"),
        ((("    contoso:\n      Acc", "    two words:\n      Acc"),), "{}", "tenant 'two words' has no coexistence domain; wanted its initial domain <name>.onmicrosoft.com"),
        ((("exchange_online:", "exchange_onlin:"),), "{}", "did you mean 'exchange_online'?"),
    ],
)  # fmt: skip
def test_what_is_impossible_is_reported_at_its_line(edits, section, wanted) -> None:
    """Each fault is one line with file, line, what was seen and what was wanted."""
    found = faults(text_of(*edits, hybrid=section))
    assert any(wanted in line for line in found), found
    assert all(line.startswith("s.yaml:") for line in found)


def test_which_one_is_asked_where_there_are_several() -> None:
    """Two organizations or two servers have no default."""
    two = text_of(("exchange_online:\n", "  other: {AcceptedDomains: [{DomainName: contoso.net}], servers: {a: {fqdn: a.contoso.net, ip: 198.51.100.11}}}\nexchange_online:\n"))  # fmt: skip
    assert "s.yaml:18:1: hybrid: organization is not given, and there are 2: contoso, other; wanted organization: which one" in faults(two)  # fmt: skip
    servers = text_of(("    SendConnectors:", "      mbx2: {fqdn: b.contoso.com, ip: 198.51.100.12, certificate: mail.contoso.com}\n    SendConnectors:"))  # fmt: skip
    assert any("smart_host is not given, and there are 2 servers" in line for line in faults(servers))


def test_what_could_not_be_read_is_not_missed_too() -> None:
    """A fault in the organization is reported once, not again as an organization that the wizard does not find."""
    found = faults(
        text_of(
            ("AcceptedDomains: [{DomainName: contoso.com}]\n    servers", "servers"),
            hybrid="{organization: contoso}",
        )
    )
    assert found == ["s.yaml:6:5: organizations 'contoso': AcceptedDomains is missing; wanted a list"]


def test_other_faults_are_found_beside() -> None:
    """A fault of the wizard does not hide one of the scenario."""
    found = faults(text_of(('AddressSpaces: "*"', 'AddressSpace: "*"'), hybrid="{tenant: fabrikam}"))
    assert any("AddressSpace" in line for line in found)
    assert any("tenant 'fabrikam'" in line for line in found)
