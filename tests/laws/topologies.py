"""Small worlds of mail servers, drawn by hypothesis: the generator behind the laws.

Who may be there is fixed, so that a failing example reads like a story; whether they are and how they are configured is
drawn. ``contoso`` and ``tailspin`` have an Exchange server, a tenant of Exchange Online, or both; ``fabrikam`` and
``northwind`` are on the internet; a printer and a stranger only send. In each domain live Alice, Bob and Carol, where the
directory has them. Every strategy shrinks towards what works: enabled, valid, plain.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, IPv4Network

from hypothesis import strategies as st
from organizations import with_second_server

from mailsim.live.tls import is_spoken
from mailsim.mail.address import Mailbox
from mailsim.mail.pattern import DomainPattern
from mailsim.mail.sasl import Claim
from mailsim.mta.client import ClientConfig
from mailsim.mta.exchange_online import config as online_config
from mailsim.mta.exchange_online import connector as online_connector
from mailsim.mta.exchange_online.categorize import accepted_domain as online_accepted_domain
from mailsim.mta.exchange_online.organization_config import OrganizationConfig
from mailsim.mta.exchange_online.receive import inbound_connector as online_inbound_connector
from mailsim.mta.exchange_online.send import outbound_connector as online_outbound_connector
from mailsim.mta.exchange_online.transport_config import TransportConfig
from mailsim.mta.exchange_server import certificate_choice
from mailsim.mta.exchange_server import config as onprem_config
from mailsim.mta.exchange_server.categorize import accepted_domain as onprem_accepted_domain
from mailsim.mta.exchange_server.receive import receive_connector as onprem_receive_connector
from mailsim.mta.exchange_server.receive import rights, usage
from mailsim.mta.exchange_server.send import send_connector as onprem_send_connector
from mailsim.mta.generic.config import GenericConfig
from mailsim.mta.relaying.tls_policy import TlsDemand
from mailsim.mta.rules.rule import AttributeWords, TransportRule
from mailsim.world.certificate import AuthoritySpec, CertificateSpec, Eku, KeyType
from mailsim.world.directory import (
    Credentials,
    Directory,
    DirectoryRecipient,
    Forwarding,
    Group,
    RecipientType,
    Restrictions,
)
from mailsim.world.dns import A, DnsStatus, Fault, Mx, RecordSet, Zones
from mailsim.world.dns.change import DnsChange
from mailsim.world.tls_version import TlsVersion, TlsVersions
from mailsim.world.topology import CertificateUse, Mta, Topology

START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)

# --- who there may be ---------------------------------------------------------------------------------------

ORGANIZATIONS = ("contoso", "tailspin")
PEOPLE = ("alice", "bob", "carol")
SERVICE = "Exchange Online"
SERVICE_HOST = "am0.mail.protection.outlook.com"

SERVERS = {"contoso": "mail.contoso.com", "tailspin": "mail.tailspin.com"}
INTERNET = {"fabrikam.com": "mx.fabrikam.com", "northwind.com": "mx.northwind.com"}
CLIENTS = ("printer.contoso.com", "stranger.example")
ADDRESSES = {
    "mail.contoso.com": IPv4Address("198.51.100.10"),
    "mail.tailspin.com": IPv4Address("198.51.100.20"),
    "second.contoso.com": IPv4Address("198.51.100.11"),
    "printer.contoso.com": IPv4Address("198.51.100.99"),
    SERVICE_HOST: IPv4Address("203.0.113.25"),
    "mx.fabrikam.com": IPv4Address("192.0.2.20"),
    "mx.northwind.com": IPv4Address("192.0.2.30"),
    "stranger.example": IPv4Address("192.0.2.66"),
    "dark.example": IPv4Address("192.0.2.99"),  # a host where nothing listens
}


def domain_of(organization: str) -> str:
    """Return the domain that an organization shares between its server and its tenant."""
    return f"{organization}.com"


def cloud_domain_of(organization: str) -> str:
    """Return the domain by which its server reaches its tenant."""
    return f"{organization}.mail.onmicrosoft.com"


def inbound_host(domain: str) -> str:
    """Return the name by which Exchange Online takes mail for a domain."""
    return f"{domain.replace('.', '-')}.mail.protection.outlook.com"


DOMAINS = (
    *map(domain_of, ORGANIZATIONS),
    *INTERNET,
    *map(cloud_domain_of, ORGANIZATIONS),
    "eu.contoso.com",
    "null.example",  # null MX
    "gone.example",  # no such name
    "dark.example",  # an address, no MX
    "[192.0.2.20]",
)
NEXT_HOPS = (
    *map(inbound_host, map(domain_of, ORGANIZATIONS)),
    *SERVERS.values(),
    *INTERNET.values(),
    "dark.example",
    "gone.example",
    "[192.0.2.30]",
)
NAMES_WANTED = (
    *SERVERS.values(),
    "*.contoso.com",
    *INTERNET.values(),
    "mail.protection.outlook.com",
    "elsewhere.example",
)

# --- small choices ------------------------------------------------------------------------------------------

BOOLEANS = st.booleans()
LIMITS = st.sampled_from((10_000_000, 10_000_000, 2_500))
NETWORKS = st.sampled_from(
    [IPv4Network(text) for text in ("198.51.100.0/24", "203.0.113.25/32", "192.0.2.0/24")]
)


def mostly(usual: object, *others: object) -> st.SearchStrategy:
    """Draw the usual value three times out of four."""
    return st.sampled_from((usual,) * (3 * len(others)) + others)


def some(strategy: st.SearchStrategy, most: int) -> st.SearchStrategy:
    """Draw a tuple of none to ``most``."""
    return st.lists(strategy, max_size=most).map(tuple)


def numbered(prefix: str, strategies: st.SearchStrategy, *, least: int = 0, most: int) -> st.SearchStrategy:
    """Draw several functions of a name, and call them with ``prefix 1`` onwards."""
    return st.lists(strategies, min_size=least, max_size=most).map(
        lambda made: tuple(make(f"{prefix} {n}") for n, make in enumerate(made, start=1))
    )


def smart_hosts(usual: str) -> st.SearchStrategy[tuple[str, ...]]:
    """Draw smart hosts: the other side of the own hybrid, nobody (so DNS), or one or two of anywhere."""
    anywhere = st.lists(st.sampled_from(NEXT_HOPS), min_size=1, max_size=2, unique=True).map(tuple)
    return st.sampled_from(((usual,), (usual,), ())) | anywhere


# --- certificates -------------------------------------------------------------------------------------------

AUTHORITIES = {
    "public": AuthoritySpec(name="public", common_name="Example Public CA"),
    "private": AuthoritySpec(name="private", common_name="Contoso Internal CA", public=False),
    "issuing": AuthoritySpec(name="issuing", common_name="Example Issuing CA", issuer="public"),
    "weak": AuthoritySpec(name="weak", common_name="Example Weak CA", key=KeyType.RSA_1024),
}
ISSUED_BY = {
    "private CA": "private",
    "self-signed": None,
    "intermediate": "issuing",
    "missing intermediate": "issuing",
    "weak CA": "weak",
}
PROFILES = {
    "for clients": {"eku": Eku.CLIENT},
    "for servers": {"eku": Eku.SERVER},
    "weak key": {"key": KeyType.RSA_1024},
    "revoked": {"revoked_since": START},
    "missing intermediate": {"sends_intermediates": False},
}
FLAWS = (
    "wildcard",
    "other name",
    *ISSUED_BY,
    *(profile for profile in PROFILES if profile not in ISSUED_BY),
    "expired",
    "ends after 12 h",
    *("weak key", "revoked", "for clients") * 2,  # more often, since few products look at them
)


def _certificate(host: str, flaw: str) -> CertificateSpec:
    """Describe a host's certificate: valid, or with one flaw."""
    names = {"other name": "elsewhere.example", "wildcard": f"*.{host.partition('.')[2]}"}
    ends = {"expired": -DAY, "ends after 12 h": DAY / 2}
    return CertificateSpec(
        name=f"{host}, {flaw}" if flaw else host,
        common_name=names.get(flaw, host),
        names=(names.get(flaw, host),),
        authority=ISSUED_BY.get(flaw, "public"),
        not_before=START - 90 * DAY,
        not_after=START + ends.get(flaw, 365 * DAY),
        **PROFILES.get(flaw, {}),
    )


CERTIFICATES: Mapping[str, CertificateSpec] = {
    made.name: made
    for made in (
        _certificate("mail.protection.outlook.com", ""),
        *(_certificate(host, flaw) for host in ADDRESSES for flaw in ("", *FLAWS)),
    )
}


@st.composite
def certificate_uses(draw: st.DrawFn, host: str) -> tuple[CertificateUse, ...]:
    """Draw what a host shows: nothing, a certificate, or one that is replaced after a day."""
    first, later = draw(mostly("", *FLAWS)), draw(mostly(None, "", "other name"))
    if draw(mostly(True, False)) is False:
        return ()
    uses = [CertificateUse(f"{host}, {first}" if first else host)]
    if later is not None:
        uses.append(CertificateUse(f"{host}, {later}" if later else host, DAY))
    return tuple(uses)


PASSWORD = "Geheim-7"
USERS = tuple(f"{person}@{domain}" for person in PEOPLE for domain in ("contoso.com", "tailspin.com"))
SIGNING_IN = mostly(
    Credentials(), Credentials(password=PASSWORD), Credentials(password=PASSWORD, smtp_disabled=False)
)

TRUSTS = mostly(frozenset(), frozenset({"private"}))
ONE, TWO, THREE = TlsVersion.TLS1_1, TlsVersion.TLS1_2, TlsVersion.TLS1_3
VERSIONS = mostly(
    TlsVersions(),
    *(
        TlsVersions(low, high)
        for low, high in ((TWO, TWO), (THREE, THREE), (ONE, TWO), (ONE, ONE))
        if is_spoken(low)
    ),
)

# --- recipients ---------------------------------------------------------------------------------------------

ANYBODY = st.builds(Mailbox, st.sampled_from((*PEOPLE, "nobody")), st.sampled_from(DOMAINS))
POINTING = st.sampled_from((RecipientType.MAIL_USER, RecipientType.MAIL_CONTACT))


EXTERNALLY = st.builds(Mailbox, st.sampled_from(PEOPLE), st.sampled_from(("fabrikam.com", "contoso.com")))
SETTINGS = ("ForwardingAddress", "ForwardingSmtpAddress", "InboxRules")


@st.composite
def forwardings(draw: st.DrawFn) -> dict[str, object]:
    """Draw where a mailbox forwards to: mostly nowhere, and to one address only, as loops of many would never end."""
    setting = draw(mostly(None, *SETTINGS))
    if setting is None:
        return {}
    by_user = setting == "InboxRules"
    onward = Forwarding(to=draw(EXTERNALLY), keeps_copy=by_user or draw(BOOLEANS), setting=setting)
    return {"redirects": (onward,)} if by_user else {"forwarding": onward}


@st.composite
def restrictions(draw: st.DrawFn, organization: str) -> Restrictions:
    """Draw who may send to somebody, and how much: mostly everybody, and anything."""
    alice = Mailbox("alice", domain_of(organization))
    return Restrictions(
        require_sender_authentication=draw(mostly(None, True, False)),
        accept_only_from=draw(mostly((), (alice,), (team_of(organization),))),
        reject_from=draw(mostly((), (alice,))),
        max_receive_size=draw(mostly(None, 2_500)),
        max_send_size=draw(mostly(None, 2_500)),
        recipient_limits=draw(mostly(None, 1)),
    )


HOMES = mostly("", "first", "second")
"""The servers that have a mailbox or expand a group; of a lone server and beside an Edge server nobody bears the name."""


def team_of(organization: str) -> Mailbox:
    """Return the group that an organization may have."""
    return Mailbox("team", domain_of(organization))


@st.composite
def teams(draw: st.DrawFn, organization: str) -> list[DirectoryRecipient]:
    """Draw no group or one: of people, of itself, with failures told to the sender, to Bob or to nobody."""
    if draw(mostly(True, False)) is False:
        return []
    team, bob = team_of(organization), Mailbox("bob", domain_of(organization))
    to_manager, to_originator = draw(st.sampled_from(((False, True), (True, False), (False, False))))
    members = st.builds(Mailbox, st.sampled_from((*PEOPLE, "nobody")), st.just(team.domain)) | st.just(team)
    group = Group(
        members=draw(some(members | EXTERNALLY, 3)),
        managed_by=draw(st.sampled_from(((bob,), ()))),
        report_to_manager=to_manager,
        report_to_originator=to_originator,
        expansion_server=draw(HOMES),
    )
    limits = draw(restrictions(organization))
    kind = draw(st.sampled_from((RecipientType.GROUP, RecipientType.DYNAMIC_GROUP)))
    return [DirectoryRecipient(kind=kind, primary=team, proxies=(team,), group=group, restrictions=limits)]


@st.composite
def people_on_premises(draw: st.DrawFn, organization: str) -> Directory:
    """Draw the directory of an Exchange organization: mailboxes here, in the cloud, and pointers to anywhere."""
    found = []
    for person in PEOPLE:
        here, cloud = (Mailbox(person, of(organization)) for of in (domain_of, cloud_domain_of))
        kind, target = draw(
            st.sampled_from(((RecipientType.MAILBOX, None), (RecipientType.REMOTE_MAILBOX, cloud)))
            | st.tuples(POINTING, ANYBODY)
            | st.just((None, None))
        )
        if kind is not None:
            more = draw(forwardings()) if kind is RecipientType.MAILBOX else {}
            proved = draw(SIGNING_IN)
            found.append(
                DirectoryRecipient(
                    kind=kind,
                    primary=here,
                    proxies=(here,),
                    target=target,
                    credentials=proved,
                    restrictions=draw(restrictions(organization)),
                    server=draw(HOMES),
                    **more,
                )
            )
    return Directory((*found, *draw(teams(organization))))


@st.composite
def people_in_the_cloud(draw: st.DrawFn, organization: str) -> Directory:
    """Draw the directory of a tenant: mailboxes here, mail users whose mailbox is on-premises, pointers to anywhere."""
    found = []
    for person in PEOPLE:
        proxies = tuple(Mailbox(person, of(organization)) for of in (domain_of, cloud_domain_of))
        kind, target = draw(
            st.sampled_from(((RecipientType.MAILBOX, None), (RecipientType.MAIL_USER, proxies[0])))
            | st.tuples(POINTING, ANYBODY)
            | st.just((None, None))
        )
        city = draw(st.sampled_from(({}, {"City": "New Orleans"}, {"City": "Seattle"})))
        if kind is not None:
            more = draw(forwardings()) if kind is RecipientType.MAILBOX else {}
            found.append(
                DirectoryRecipient(
                    kind=kind,
                    primary=proxies[0],
                    proxies=proxies,
                    target=target,
                    attributes=city,
                    credentials=draw(SIGNING_IN),
                    restrictions=draw(restrictions(organization)),
                    **more,
                )
            )
    return Directory((*found, *draw(teams(organization))))


# --- Exchange Server ----------------------------------------------------------------------------------------

LEVELS = (None, *onprem_send_connector.TlsAuthLevel)
ANONYMOUS = (
    onprem_receive_connector.PermissionGroup.ANONYMOUS_USERS,
    onprem_receive_connector.PermissionGroup.EXCHANGE_SERVERS,
)
CAPABILITIES = [
    onprem_receive_connector.DomainCapabilities.parse(f"{domain}:AcceptCloudServicesMail")
    for domain in ("mail.protection.outlook.com", "fabrikam.com", "*.contoso.com")
]
SPACES = [
    onprem_send_connector.AddressSpace.parse(text)
    for text in (
        "*",
        "*;10",
        "*.contoso.com",
        "fabrikam.com",
        "contoso.mail.onmicrosoft.com;5",
        "null.example",
    )
]
RANGES = [
    onprem_receive_connector.IpRange.parse(text)
    for text in ("0.0.0.0-255.255.255.255", "203.0.113.0/24", "192.0.2.20", "198.51.100.1-198.51.100.50")
]
STRANGERS = rights.Grantee(rights.Principal.ANONYMOUS_LOGON)
RELAY = {STRANGERS: (rights.Right.ACCEPT_ANY_RECIPIENT,)}
NO_OWN_SENDERS = {STRANGERS: (rights.Right.ACCEPT_AUTHORITATIVE_DOMAIN_SENDER,)}
NO_ROUTING_HEADERS = {STRANGERS: (rights.Right.ACCEPT_HEADERS_ROUTING,)}
USERS_TOO = onprem_receive_connector.PermissionGroup.EXCHANGE_USERS
IN_CLEAR_TEXT = (usage.AuthMechanism.TLS, usage.AuthMechanism.BASIC_AUTH)
EXTERNAL = (usage.AuthMechanism.EXTERNAL_AUTHORITATIVE, usage.AuthMechanism.TLS)
CERTIFICATE_NAMES = [
    certificate_choice.CertificateName.parse(f"<I>CN=Example Public CA<S>CN={host}")
    for host in ("mail.contoso.com", "elsewhere.example")
]


SIGN_IN = [
    {
        "smart_host_auth_mechanism": mechanism,
        "authentication_credential": onprem_send_connector.Credential(user_name="relay", password="secret"),
    }
    for mechanism in onprem_send_connector.BASIC
]


@st.composite
def receive_connectors(draw: st.DrawFn):
    """Draw a Receive connector that still wants its name."""
    groups = draw(mostly(ANONYMOUS, (), ANONYMOUS[1:], (*ANONYMOUS, USERS_TOO)))
    properties = {
        "remote_ip_ranges": (draw(mostly(RANGES[0], *RANGES[1:])),),
        "enabled": draw(mostly(True, False)),
        "permission_groups": groups,
        "auth_mechanism": draw(
            mostly(usage.FULL, *([EXTERNAL] if groups else []), (usage.AuthMechanism.TLS,), IN_CLEAR_TEXT)
        ),
        "removed_rights": draw(mostly({}, NO_OWN_SENDERS, NO_ROUTING_HEADERS)),
        "extended_rights": draw(mostly({}, RELAY)),
        "tls_certificate_name": draw(mostly(None, *CERTIFICATE_NAMES)),
        "size_enabled": draw(mostly(*usage.SizeMode)),
        "pipelining_enabled": draw(BOOLEANS),
        "smtp_utf8_enabled": draw(mostly(True, False)),
        "require_tls": draw(mostly(False, True)),
        "tls_domain_capabilities": draw(some(st.sampled_from(CAPABILITIES), 2)),
        "max_message_size": draw(LIMITS),
        "max_recipients_per_message": draw(mostly(200, 1)),
        "max_hop_count": draw(mostly(60, 6)),
        "max_logon_failures": draw(mostly(3, 1)),
        "max_protocol_errors": draw(mostly(5, "Unlimited")),
        "message_rate_limit": draw(mostly("Unlimited", 1)),
        "message_rate_source": draw(mostly(usage.RateSource.USER, *usage.RateSource)),
    }
    return lambda name: onprem_receive_connector.ReceiveConnector(name=name, **properties)


@st.composite
def send_connectors(draw: st.DrawFn, organization: str):
    """Draw a Send connector that still wants its name: every RequireTLS, TlsAuthLevel and TlsDomain that may be combined."""
    hosts = draw(smart_hosts(inbound_host(domain_of(organization))))
    ignores, requires = draw(st.sampled_from(((False, False), (False, True), (False, True), (True, False))))
    level = draw(st.sampled_from(LEVELS)) if requires else None
    named = level is onprem_send_connector.TlsAuthLevel.DOMAIN_VALIDATION
    properties = {
        "address_spaces": draw(st.lists(mostly(*SPACES), min_size=1, max_size=2).map(tuple)),
        "smart_hosts": hosts,
        "enabled": draw(mostly(True, False)),
        "ignore_starttls": ignores,
        "require_tls": requires,
        "tls_auth_level": level,
        "tls_domain": draw(st.sampled_from(NAMES_WANTED)) if named and (hosts or draw(BOOLEANS)) else "",
        "cloud_services_mail_enabled": draw(BOOLEANS),
        "max_message_size": draw(LIMITS),
        "smtp_max_messages_per_connection": draw(mostly(20, 1)),
        "force_helo": draw(mostly(False, True)),
        "tls_certificate_name": draw(mostly(None, *CERTIFICATE_NAMES)),
        "error_policies": (draw(mostly(*onprem_send_connector.ErrorPolicy)),),
    }
    if hosts:
        properties |= draw(mostly({}, *SIGN_IN))
    return lambda name: onprem_send_connector.SendConnector(name=name, **properties)


@st.composite
def accepted_on_premises(
    draw: st.DrawFn, organization: str
) -> tuple[onprem_accepted_domain.AcceptedDomain, ...]:
    """Draw the accepted domains of an organization."""
    own = domain_of(organization)
    more = {
        f"*.{own}": onprem_accepted_domain.DomainType.INTERNAL_RELAY,
        cloud_domain_of(organization): onprem_accepted_domain.DomainType.INTERNAL_RELAY,
    }
    kept = draw(some(st.sampled_from(sorted(more)), 1))
    return (
        onprem_accepted_domain.AcceptedDomain(
            domain_name=DomainPattern.parse(own),
            domain_type=draw(st.sampled_from(onprem_accepted_domain.DomainType)),
        ),
        *(
            onprem_accepted_domain.AcceptedDomain(
                domain_name=DomainPattern.parse(name), domain_type=more[name]
            )
            for name in kept
        ),
    )


@st.composite
def exchange_servers(draw: st.DrawFn, organization: str) -> Mta:
    """Draw the server of an Exchange organization."""
    host = SERVERS[organization]
    return Mta(
        id=host,
        kind="exchange_server",
        fqdn=host,
        addresses=(ADDRESSES[host],),
        ports=draw(mostly((25,), ())),
        certificates=draw(certificate_uses(host)),
        trusts=draw(TRUSTS),
        tls=draw(VERSIONS),
        config=onprem_config.ExchangeServerConfig(
            organization=onprem_config.Organization(
                name=organization,
                accepted_domains=draw(accepted_on_premises(organization)),
                send_connectors=draw(numbered("Send", send_connectors(organization), least=1, most=3)),
                directory=draw(people_on_premises(organization)),
            ),
            receive_connectors=draw(numbered("Receive", receive_connectors(), least=1, most=2)),
        ),
    )


@st.composite
def servers_of(draw: st.DrawFn, organization: str) -> tuple[Mta, ...]:
    """Draw the servers of an Exchange organization: contoso may have a second one."""
    first = draw(exchange_servers(organization))
    if organization != "contoso" or draw(mostly(True, False)):
        return (first,)
    host = "second.contoso.com"
    return draw(with_second_server(first, host, ADDRESSES[host]))


# --- Exchange Online ----------------------------------------------------------------------------------------

PATTERNS = [
    DomainPattern.parse(text)
    for text in ("contoso.com", "*", "*.contoso.com", "tailspin.com", "fabrikam.com")
]
ON_PREMISES, PARTNER = online_connector.ConnectorType.ON_PREMISES, online_connector.ConnectorType.PARTNER


@st.composite
def inbound_connectors(draw: st.DrawFn):
    """Draw an inbound connector that still wants its name: by certificate or by address."""
    by_certificate = draw(BOOLEANS)
    properties = {
        "connector_type": draw(mostly(ON_PREMISES, PARTNER)),
        "enabled": draw(mostly(True, False)),
        "tls_sender_certificate_name": draw(mostly("*.contoso.com", *NAMES_WANTED)) if by_certificate else "",
        "sender_ip_addresses": () if by_certificate else draw(some(NETWORKS, 3)),
        "cloud_services_mail_enabled": draw(BOOLEANS),
        "restrict_domains_to_certificate": draw(mostly(False, True)),
        "restrict_domains_to_ip_addresses": draw(mostly(False, True)),
        "ef_skip_last_ip": draw(mostly(False, True)),
    }
    return lambda name: online_inbound_connector.InboundConnector(name=name, **properties)


@st.composite
def outbound_connectors(draw: st.DrawFn, organization: str):
    """Draw an outbound connector that still wants its name: by domain, for all accepted domains, or for rules."""
    scope = draw(st.sampled_from(("domains", "all accepted", "rules")))
    hosts = draw(smart_hosts(SERVERS[organization]))
    settings = draw(st.sampled_from((None, *online_outbound_connector.TlsSettings)))
    named = settings is online_outbound_connector.TlsSettings.DOMAIN_VALIDATION
    patterns = st.lists(mostly(*PATTERNS), min_size=1, max_size=2).map(tuple)
    properties = {
        "connector_type": ON_PREMISES if scope == "all accepted" else PARTNER,
        "enabled": draw(mostly(True, False)),
        "recipient_domains": draw(patterns) if scope == "domains" else (),
        "all_accepted_domains": scope == "all accepted",
        "is_transport_rule_scoped": scope == "rules",
        "use_mx_record": not hosts,
        "smart_hosts": hosts,
        "tls_settings": settings,
        "tls_domain": draw(st.sampled_from(NAMES_WANTED)) if named else "",
        "cloud_services_mail_enabled": draw(BOOLEANS),
        "route_all_messages_via_on_premises": scope == "all accepted" and draw(mostly(False, True)),
        "sender_rewriting_enabled": scope == "all accepted" and draw(BOOLEANS),
    }
    return lambda name: online_outbound_connector.OutboundConnector(name=name, **properties)


@st.composite
def transport_rules(draw: st.DrawFn):
    """Draw a rule that still wants its name: it sends everyone, or everyone in a city, out by a connector."""
    everyone, of_a_city = (), (AttributeWords("City", ("New Orleans",)),)
    properties = {
        "recipient_ad_attribute_contains_words": draw(st.sampled_from((of_a_city, everyone))),
        "route_message_outbound_connector": draw(mostly("Outbound 1", "Outbound 2", "Outbound 9")),
        "enabled": draw(mostly(True, False)),
        "stop_rule_processing": draw(BOOLEANS),
    }
    return lambda name: TransportRule(name=name, **properties)


@st.composite
def tenants(draw: st.DrawFn, organization: str) -> online_config.Tenant:
    """Draw a tenant."""
    own_type = draw(st.sampled_from(online_accepted_domain.DomainType))
    relays = own_type is online_accepted_domain.DomainType.INTERNAL_RELAY
    return online_config.Tenant(
        name=organization,
        accepted_domains=(
            online_accepted_domain.AcceptedDomain(
                domain_name=domain_of(organization),
                domain_type=own_type,
                match_sub_domains=relays and draw(BOOLEANS),
            ),
            online_accepted_domain.AcceptedDomain(domain_name=cloud_domain_of(organization)),
        ),
        inbound_connectors=draw(numbered("Inbound", inbound_connectors(), least=1, most=2)),
        outbound_connectors=draw(numbered("Outbound", outbound_connectors(organization), least=1, most=3)),
        transport_rules=draw(numbered("Rule", transport_rules(), most=2)),
        directory=draw(people_in_the_cloud(organization)),
        transport_config=TransportConfig(smtp_client_authentication_disabled=draw(mostly(False, True))),
        organization_config=OrganizationConfig(reject_direct_send=draw(mostly(False, True))),
    )


@st.composite
def services(draw: st.DrawFn, organizations: tuple[str, ...]) -> Mta:
    """Draw Exchange Online with the tenants of some organizations."""
    return Mta(
        id=SERVICE,
        kind="exchange_online",
        fqdn=SERVICE_HOST,
        addresses=(ADDRESSES[SERVICE_HOST],),
        ports=(25, 587),
        certificates=(CertificateUse("mail.protection.outlook.com"),),
        trusts=draw(TRUSTS),
        tls=draw(VERSIONS),
        config=online_config.ExchangeOnlineConfig(
            tenants=tuple(draw(tenants(name)) for name in organizations),
        ),
    )


# --- the internet -------------------------------------------------------------------------------------------

DEMANDS = mostly(TlsDemand.OPPORTUNISTIC, *TlsDemand)


@st.composite
def internet_mtas(draw: st.DrawFn, domain: str) -> Mta:
    """Draw the MTA of an internet domain."""
    host, demand = INTERNET[domain], draw(DEMANDS)
    return Mta(
        id=host,
        kind="generic",
        fqdn=host,
        addresses=(ADDRESSES[host],),
        ports=draw(mostly((25,), ())),
        certificates=draw(certificate_uses(host)),
        trusts=draw(TRUSTS),
        tls=draw(VERSIONS),
        config=GenericConfig(
            domains=frozenset({domain}),
            mailboxes=Directory(plain_mailboxes=[f"{person}@{domain}" for person in PEOPLE]),
            accepts_everyone=draw(mostly(False, True)),
            relay_from=draw(some(NETWORKS, 3)),
            smart_hosts=draw(mostly((), ("mx.northwind.com",), ("mx.fabrikam.com",), ("mail.contoso.com",))),
            tls=demand,
            tls_name=draw(st.sampled_from(NAMES_WANTED)) if demand is TlsDemand.VALID_NAME else "",
            asks_client_certificate=draw(BOOLEANS),
            size_limit=draw(LIMITS),
            messages_per_connection=draw(mostly(100, 1)),
        ),
    )


RIGHT, WRONG = Claim("alice@contoso.com", PASSWORD), Claim("alice@contoso.com", "guess")
LOGINS = st.sampled_from(
    ((25, None), (25, None), (25, None), (587, RIGHT), (25, RIGHT), (587, WRONG), (25, WRONG), (587, None))
)


@st.composite
def client_hosts(draw: st.DrawFn, host: str) -> Mta:
    """Draw a host that only sends; its certificate may be one of contoso's."""
    owner = draw(st.sampled_from((host, "mail.contoso.com")))
    demand = draw(mostly(TlsDemand.OPPORTUNISTIC, TlsDemand.NEVER, TlsDemand.VALID_CHAIN))
    return Mta(
        id=host,
        kind="client",
        fqdn=host,
        addresses=(ADDRESSES[host],),
        ports=(),
        certificates=draw(certificate_uses(owner)),
        tls=draw(VERSIONS),
        config=ClientConfig(draw(st.sampled_from(NEXT_HOPS)), demand, *draw(LOGINS)),
    )


# --- the world ----------------------------------------------------------------------------------------------


@st.composite
def zones(draw: st.DrawFn) -> Zones:
    """Draw where the MX of each domain point: home, to several hosts, elsewhere, to nothing."""
    homes = {
        name: (inbound_host(name), SERVERS[name.partition(".")[0]]) for name in map(domain_of, ORGANIZATIONS)
    }
    homes |= {name: (inbound_host(name),) for name in map(cloud_domain_of, ORGANIZATIONS)}
    homes |= {name: (host,) for name, host in INTERNET.items()}
    records = {
        "null.example": (Mx(0, "."),),
        "eu.contoso.com": (Mx(5, "mail.contoso.com"),),
    }
    for domain, hosts in homes.items():
        best = draw(st.sampled_from(hosts * 6 + ("dark.example", "gone.example", ".", "mx.fabrikam.com")))
        second = draw(st.sampled_from((None, None, None, *NEXT_HOPS[:-1])))
        records[domain] = (Mx(10, best),)
        if second is not None and best != ".":
            records[domain] += (Mx(20, second),)
    entrances = [inbound_host(of(name)) for of in (domain_of, cloud_domain_of) for name in ORGANIZATIONS]
    hosts = ADDRESSES | dict.fromkeys(entrances, ADDRESSES[SERVICE_HOST])
    ttl = draw(mostly(3600, 0, 60, 86400))
    sets = (RecordSet(domain, ttl, exchangers) for domain, exchangers in records.items())
    addresses = (RecordSet(host, 3600, (A(address),)) for host, address in hosts.items())
    return Zones.of((*sets, *addresses), draw(faults()))


FAILURES = st.sampled_from((DnsStatus.SERVFAIL, DnsStatus.TIMEOUT, DnsStatus.NXDOMAIN, None))
DOMAINS_THAT_CHANGE = st.sampled_from((*map(domain_of, ORGANIZATIONS), *INTERNET))


@st.composite
def faults(draw: st.DrawFn) -> tuple[Fault, ...]:
    """Draw what goes wrong in the DNS: mostly nothing, else one name fails or is answered late for some time."""
    if not draw(mostly(False, True)):
        return ()
    fail = draw(FAILURES)
    return (
        Fault(
            owner=draw(st.sampled_from((*map(domain_of, ORGANIZATIONS), *INTERNET, *INTERNET.values()))),
            type=draw(st.sampled_from(("", "MX", "A"))),
            fail=fail,
            delay=timedelta(seconds=draw(st.sampled_from((1, 3, 9)))) if fail is None else timedelta(),
            until=draw(st.sampled_from((None, START + timedelta(minutes=7)))),
        ),
    )


@st.composite
def dns_changes(draw: st.DrawFn) -> tuple[DnsChange, ...]:
    """Draw MX records that move, go, or fail while the run lasts; mostly none does."""
    made = []
    for minutes in draw(mostly((), (3,), (3, 90), (1440,))):
        owner, at = draw(DOMAINS_THAT_CHANGE), START + timedelta(minutes=minutes)
        host = draw(st.sampled_from(("mx.fabrikam.com", "mail.contoso.com", "dark.example", ".")))
        what = draw(
            st.sampled_from(
                (
                    {"sets": (RecordSet(owner, 60, (Mx(0, host),)),)},
                    {"removes": None},
                    {"faults": (Fault(owner=owner, fail=DnsStatus.SERVFAIL),)},
                )
            )
        )
        made.append(DnsChange(at=at, owner=owner, **what))
    return tuple(made)


@st.composite
def worlds(draw: st.DrawFn) -> Topology:
    """Draw a topology; fabrikam.com is always there, everybody else may be missing."""
    some_organizations = mostly(("contoso",), ORGANIZATIONS, ("tailspin",), ())
    on_premises, in_the_cloud = draw(some_organizations), draw(some_organizations)
    on_the_internet = ("fabrikam.com", "northwind.com")[: draw(st.sampled_from((2, 1)))]
    sending = draw(st.lists(st.sampled_from(CLIENTS), max_size=2, unique=True))
    mtas = [
        *(server for name in on_premises for server in draw(servers_of(name))),
        *([draw(services(in_the_cloud))] if in_the_cloud else []),
        *(draw(internet_mtas(name)) for name in on_the_internet),
        *(draw(client_hosts(name)) for name in sending),
    ]
    used = sorted({use.certificate for mta in mtas for use in mta.certificates})
    return Topology(
        start=START,
        mtas={mta.id: mta for mta in mtas},
        zones=draw(zones()),
        changes=draw(dns_changes()),
        authorities=AUTHORITIES,
        certificates={name: CERTIFICATES[name] for name in used},
    )
