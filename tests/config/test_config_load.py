"""Loading whole scenarios: what is implied, and what is reported when it is wrong."""

from __future__ import annotations

from datetime import timedelta
from ipaddress import IPv4Address

import pytest

from mailsim.config.load import load, load_text
from mailsim.errors import ScenarioError
from mailsim.mail.address import Mailbox
from mailsim.world.dns import addresses_of, mx_of

SMALL = """\
mailsim: 1
certificates:
  mail.contoso.com:
organizations:
  contoso:
    AcceptedDomains: [{DomainName: contoso.com}]
    servers:
      mbx1: {fqdn: mail.contoso.com, ip: 198.51.100.10, certificate: mail.contoso.com}
    SendConnectors:
      - {Name: To Microsoft 365, AddressSpaces: "*", SmartHosts: contoso-com.mail.protection.outlook.com}
    recipients:
      mailboxes: [alice]
      remote_mailboxes: {bob: bob@contoso.mail.onmicrosoft.com}
exchange_online:
  tenants:
    contoso:
      AcceptedDomains:
        - DomainName: contoso.com
        - DomainName: contoso.mail.onmicrosoft.com
      OutboundConnectors:
        - {Name: To on-premises, RecipientDomains: contoso.com, UseMXRecord: $false, SmartHosts: mail.contoso.com}
      recipients:
        mailboxes: {bob: {EmailAddresses: bob@contoso.mail.onmicrosoft.com, City: Oslo}}
internet:
  fabrikam.com: {ip: 192.0.2.20, mailboxes: [ann]}
dns:
  contoso.com: [MX 0 contoso-com.mail.protection.outlook.com 3600]
messages:
  m1: {from: ann@fabrikam.com, to: bob@contoso.com, when: +2h, size: 5 KB}
expect:
  m1: {delivered: bob@contoso.com}
"""


def faults(text: str) -> list[str]:
    """Return the lines of everything that is wrong with a scenario."""
    with pytest.raises(ScenarioError) as raised:
        load_text(text, "s.yaml")
    return [str(each) for each in raised.value.diagnostics]


def test_what_goes_without_saying_is_filled_in() -> None:
    """A tenant's inbound hosts, its own domains' MX and the MX of internet domains need not be written."""
    world = load_text(SMALL, "s.yaml").topology
    service = world.mtas["Exchange Online"].addresses
    assert addresses_of(world.zones, "contoso-com.mail.protection.outlook.com") == service[:1]
    assert addresses_of(world.zones, "smtp.office365.com") == service[1:2]
    exchange = "contoso-mail-onmicrosoft-com.mail.protection.outlook.com"
    assert [mx.exchange for mx in mx_of(world.zones, "contoso.mail.onmicrosoft.com").exchanges] == [exchange]
    assert [mx.exchange for mx in mx_of(world.zones, "fabrikam.com").exchanges] == ["mx.fabrikam.com"]
    assert addresses_of(world.zones, "mail.contoso.com") == (IPv4Address("198.51.100.10"),)


@pytest.mark.parametrize(
    ("server", "connects_to"),
    [
        ("EXO", "am0eur02ft001.mail.protection.outlook.com"),
        ("mbx1", "mail.contoso.com"),
        ("fabrikam.com", "fabrikam.com"),
        ("192.0.2.20", "192.0.2.20"),
        ("nowhere.example", "nowhere.example"),
    ],
)
def test_a_client_connects_to_a_host_by_any_name_of_it(server: str, connects_to: str) -> None:
    """What only the scenario calls so is no name in DNS; the host name behind it is."""
    world = load_text(f"{SMALL}clients:\n  app: {{ip: 192.0.2.9, server: {server}}}\n", "s.yaml").topology
    assert world.mtas["app"].config.server.lower() == connects_to


def test_the_service_is_found_by_its_own_name() -> None:
    """Names in DNS have no case."""
    world = load_text(SMALL, "s.yaml").topology
    service = world.mtas["Exchange Online"]
    assert addresses_of(world.zones, service.fqdn) == service.addresses[:1]


def test_a_message_starts_where_its_sender_has_a_mailbox() -> None:
    """Without ``at`` the one MTA that has the sender's mailbox takes the message."""
    scenario = load_text(SMALL, "s.yaml")
    (submission,) = scenario.submissions
    assert submission.mta_id == "mx.fabrikam.com"
    assert submission.due == scenario.topology.start + timedelta(hours=2)
    assert submission.message.size == 5 * 1024


def test_directories_know_people_by_every_address() -> None:
    """Names get the default domain, and every address of EmailAddresses finds the same object."""
    world = load_text(SMALL, "s.yaml").topology
    tenant = world.mtas["Exchange Online"].config.tenants[0]
    by_proxy = tenant.directory.find(Mailbox.parse("BOB@contoso.mail.onmicrosoft.com"))
    assert by_proxy is not None
    assert by_proxy.primary == Mailbox.parse("bob@contoso.com")
    assert by_proxy.attributes == {"City": "Oslo"}


def test_recipients_come_from_a_csv_beside_the_scenario(tmp_path) -> None:
    """A CSV with a column ``address`` gives plain mailboxes; a name gets the default domain."""
    (tmp_path / "people.csv").write_text("address,office\ncarol,Oslo\ndan@contoso.com,Rome\n")
    (tmp_path / "s.yaml").write_text(
        SMALL.replace("mailboxes: [alice]", "{mailboxes: [alice], csv: people.csv}").replace(
            "recipients:\n      {mailboxes: [alice], csv: people.csv}\n      remote_mailboxes: {bob: bob@contoso.mail.onmicrosoft.com}",
            "recipients: {mailboxes: [alice], csv: people.csv}",
        )
    )
    directory = load(str(tmp_path / "s.yaml")).topology.mtas["mail.contoso.com"].config.organization.directory
    assert Mailbox.parse("carol@contoso.com") in directory
    assert Mailbox.parse("dan@contoso.com") in directory
    assert len(directory) == 3


@pytest.mark.parametrize(
    ("old", "new", "wanted"),
    [
        ("certificate: mail.contoso.com}", "certificate: mail.contoso.con}", "certificate 'mail.contoso.con' is not defined"),
        ("SmartHosts: contoso-com", "SmartHost: contoso-com", "unknown property 'SmartHost'"),
        ('AddressSpaces: "*"', 'AddressSpaces: "*.a.*"', "is not a domain pattern"),
        ("ip: 192.0.2.20", "ip: 198.51.100.10", "has the address 198.51.100.10 of"),
        ("to: bob@contoso.com", "to: bob", "'bob' is not an address"),
        ("from: ann@fabrikam.com", "from: zoe@fabrikam.com", "no MTA has a mailbox zoe@fabrikam.com"),
        ("m1: {delivered", "m2: {delivered", "message 'm2' is not defined"),
        ("delivered: bob@contoso.com", "delivered: {at: mail.contoso.co}", "host 'mail.contoso.co' is not defined"),
        ("delivered: bob@contoso.com", "connector: {at: EXO, used: To on-premisses}", "connector 'To on-premisses' is not defined"),
        ("messages:", "assumptions: {no-such-thing: x}\nmessages:", "assumption 'no-such-thing' is not defined"),
        ("MX 0 contoso", "MX contoso", "is not a record"),
        ("mailsim: 1", "mailsim: 2", "version '2' of the format is not known here"),
        ("mailsim: 1\n", "", "the first key is not mailsim"),
        ("[alice]", "[alice, Alice]", "belongs to both"),
        ("bob@contoso.mail.onmicrosoft.com}\nexchange", "''}\nexchange", "RemoteRoutingAddress is missing"),
        ("{DomainName: contoso.com}", "{DomainName: contoso.com}, {DomainName: Contoso.com}", "is given twice"),
        ("from: ann@fabrikam.com", "from: alice@contoso.com, client: printer", "client 'printer' is not defined"),
    ],
)  # fmt: skip
def test_a_fault_is_named_with_its_place(old: str, new: str, wanted: str) -> None:
    """Each fault is one line that begins with the file and names what was seen."""
    assert old in SMALL
    found = faults(SMALL.replace(old, new, 1))
    assert any(wanted in line for line in found), found
    assert all(line.startswith("s.yaml:") for line in found)


def test_faults_of_all_stages_are_reported_at_once() -> None:
    """A misspelt property does not hide an undefined certificate, an unknown host or a faulty message."""
    text = SMALL
    for old, new in (
        ("SmartHosts: contoso-com", "SmartHost: contoso-com"),
        ("certificate: mail.contoso.com}", "certificate: mail.contoso.con}"),
        ("to: bob@contoso.com", "to: bob"),
        ("delivered: bob@contoso.com", "delivered: {at: nowhere.example}"),
    ):
        text = text.replace(old, new, 1)
    found = "\n".join(faults(text))
    for wanted in (
        "SmartHost'",
        "mail.contoso.con'",
        "'bob' is not an address",
        "'nowhere.example' is not defined",
    ):
        assert wanted in found


def test_what_was_given_up_is_not_missed_too() -> None:
    """A rule that names a connector with a fault of its own gets no second error."""
    text = SMALL.replace("UseMXRecord: $false", "UseMXRecord: maybe").replace(
        "      recipients:\n        mailboxes: {bob",
        "      TransportRules: [{Name: R, RouteMessageOutboundConnector: To on-premises}]\n"
        "      recipients:\n        mailboxes: {bob",
    )
    assert len(faults(text)) == 1


def test_unmodelled_properties_are_kept_and_warned_about() -> None:
    """A property the product knows and mailsim does not model is no error, but is said."""
    text = SMALL.replace('AddressSpaces: "*"', 'AddressSpaces: "*", UseExternalDNSServersEnabled: $true')
    scenario = load_text(text, "s.yaml")
    assert [str(warning) for warning in scenario.warnings] == [
        "s.yaml:10:54: warning: organizations 'contoso': SendConnectors 'To Microsoft 365': UseExternalDNSServersEnabled is not modelled"
    ]
    (connector,) = scenario.topology.mtas["mail.contoso.com"].config.organization.send_connectors
    assert connector.unmodelled == ("UseExternalDNSServersEnabled",)


def test_nobody_listens_where_mail_only_leaves() -> None:
    """The relay pool's address is one of the service's, and takes no mail."""
    world = load_text(SMALL, "s.yaml").topology
    service = world.mtas["Exchange Online"]
    pool = IPv4Address("40.95.0.1")
    assert pool in service.addresses
    assert pool not in {address for address, _ in service.listeners}
    assert {address for address, _ in service.listeners} == set(service.addresses) - {pool}
