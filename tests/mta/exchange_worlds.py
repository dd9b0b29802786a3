"""Builders for decisions of one MTA: a point of view, a session, an item, with everything irrelevant defaulted."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from ipaddress import IPv4Address, IPv4Network

from builders import START, zones

from mailsim.mail.address import Mailbox
from mailsim.mail.command import Rcpt
from mailsim.mail.envelope import Envelope, Recipient
from mailsim.mail.message import Message
from mailsim.mail.pattern import DomainPattern
from mailsim.mta.exchange_online import config as online_config
from mailsim.mta.exchange_online import connector as online_connector
from mailsim.mta.exchange_online.categorize import accepted_domain as online_accepted_domain
from mailsim.mta.exchange_online.receive import inbound_connector as online_inbound_connector
from mailsim.mta.exchange_online.send import outbound_connector as online_outbound_connector
from mailsim.mta.exchange_server import config as onprem_config
from mailsim.mta.exchange_server.categorize import accepted_domain as onprem_accepted_domain
from mailsim.mta.exchange_server.receive import receive_connector as onprem_receive_connector
from mailsim.mta.exchange_server.send import send_connector as onprem_send_connector
from mailsim.mta.kind import Item, MtaKind, PointOfView, Session
from mailsim.mta.registry import Kinds
from mailsim.pki import Pki
from mailsim.world.certificate import AuthoritySpec, CertificateSpec, PresentedCertificate
from mailsim.world.directory import Directory, DirectoryRecipient, RecipientType
from mailsim.world.facts import SessionFacts, TlsFacts
from mailsim.world.topology import CertificateUse, Mta, Topology

KINDS = Kinds()
PUBLIC = AuthoritySpec(name="public", common_name="Example Public CA")
PRIVATE = AuthoritySpec(name="private", common_name="Contoso Internal CA", public=False)
SERVICE = "am0.mail.protection.outlook.com"
MAIL = Message.from_bytes(
    b"From: ann@fabrikam.com\r\nSubject: hi\r\nMessage-ID: <m1@fabrikam.com>\r\n\r\nhello\r\n"
)


def certificate(name: str, *names: str, **more) -> CertificateSpec:
    """Describe a certificate of the public CA that bears these names; without any, its own."""
    told = {
        "common_name": names[0] if names else name,
        "names": names or (name,),
        "authority": "public",
        "not_before": START - timedelta(days=30),
        "not_after": START + timedelta(days=365),
    } | more
    return CertificateSpec(name=name, **told)


def view(
    mta: Mta,
    *certificates: CertificateSpec,
    mx: dict[str, list[tuple[int, str]]] | None = None,
    a: dict[str, str] | None = None,
    now: datetime = START,
) -> PointOfView:
    """Look at a world from one MTA; its own certificate exists beside those given."""
    own = (certificate(use.certificate) for use in mta.certificates)
    specs = {spec.name: spec for spec in (*own, *certificates)}
    records = zones(mx, {host: [IPv4Address(address)] for host, address in (a or {}).items()})
    authorities = {"public": PUBLIC, "private": PRIVATE}
    world = Topology(
        start=START, mtas={mta.id: mta}, zones=records, authorities=authorities, certificates=specs
    )
    return PointOfView(world, Pki(authorities.values(), specs.values()), mta, now)


def kind(at: PointOfView) -> MtaKind:
    """Return the kind that answers for the MTA of a point of view."""
    return KINDS[at.mta.kind]


def directory(
    *mailboxes: str,
    mail_users: dict[str, str] | None = None,
    remote: dict[str, str] | None = None,
    proxies: dict[str, str] | None = None,
    city: dict[str, str] | None = None,
) -> Directory:
    """Make a directory; ``mail_users`` and ``remote`` map addresses to where they point, ``proxies`` to more."""
    pointing = {
        **dict.fromkeys(mailboxes, (RecipientType.MAILBOX, None)),
        **{each: (RecipientType.MAIL_USER, target) for each, target in (mail_users or {}).items()},
        **{each: (RecipientType.REMOTE_MAILBOX, target) for each, target in (remote or {}).items()},
    }
    return Directory(
        DirectoryRecipient(
            kind=what,
            primary=Mailbox.parse(address),
            proxies=tuple(
                Mailbox.parse(each) for each in (address, (proxies or {}).get(address, "")) if each
            ),
            target=Mailbox.parse(target) if target else None,
            attributes={"City": city[address]} if city and address in city else {},
        )
        for address, (what, target) in pointing.items()
    )


ORGANIZATION = ("send_connectors", "directory", "transport_config", "remote_domains")


def _only(values: dict, names: tuple[str, ...]) -> dict:
    return {name: value for name, value in values.items() if name in names}


def _without(values: dict, names: tuple[str, ...]) -> dict:
    return {name: value for name, value in values.items() if name not in names}


def on_premises(*domains: str, trusts: frozenset[str] = frozenset(), **config) -> Mta:
    """Make mail.contoso.com; domains are authoritative unless written ``relay:domain``."""
    accepted = tuple(_accepted(each) for each in domains or ("contoso.com",))
    return Mta(
        id="mail.contoso.com",
        kind="exchange_server",
        fqdn="mail.contoso.com",
        addresses=(IPv4Address("198.51.100.10"),),
        certificates=(CertificateUse("mail.contoso.com"),),
        trusts=trusts,
        config=onprem_config.ExchangeServerConfig(
            organization=onprem_config.Organization(
                name="contoso", accepted_domains=accepted, **_only(config, ORGANIZATION)
            ),
            **{"receive_connectors": (receive_connector(),)} | _without(config, ORGANIZATION),
        ),
    )


def _accepted(text: str) -> onprem_accepted_domain.AcceptedDomain:
    relay = text.startswith("relay:")
    kind_of = (
        onprem_accepted_domain.DomainType.INTERNAL_RELAY
        if relay
        else onprem_accepted_domain.DomainType.AUTHORITATIVE
    )
    return onprem_accepted_domain.AcceptedDomain(
        domain_name=DomainPattern.parse(text.removeprefix("relay:")), domain_type=kind_of
    )


def receive_connector(name: str = "Default Frontend", ranges: str = "0.0.0.0-255.255.255.255", **more):
    """Make a Receive connector for anonymous users unless told otherwise."""
    told = {"permission_groups": (onprem_receive_connector.PermissionGroup.ANONYMOUS_USERS,)} | more
    parsed = tuple(onprem_receive_connector.IpRange.parse(each) for each in ranges.split(","))
    return onprem_receive_connector.ReceiveConnector(name=name, remote_ip_ranges=parsed, **told)


def send_connector(name: str, *spaces: str, **more) -> onprem_send_connector.SendConnector:
    """Make a Send connector; spaces are written as in AddressSpaces."""
    parsed = tuple(onprem_send_connector.AddressSpace.parse(each) for each in spaces or ("*",))
    return onprem_send_connector.SendConnector(name=name, address_spaces=parsed, **more)


def service(*tenants: online_config.Tenant, trusts: frozenset[str] = frozenset()) -> Mta:
    """Make Exchange Online."""
    return Mta(
        id="Exchange Online",
        kind="exchange_online",
        fqdn=SERVICE,
        addresses=(IPv4Address("203.0.113.25"),),
        certificates=(CertificateUse("mail.protection.outlook.com"),),
        trusts=trusts,
        config=online_config.ExchangeOnlineConfig(tenants=tenants),
    )


def tenant(name: str = "contoso", *domains: str, **more) -> online_config.Tenant:
    """Make a tenant; domains are authoritative unless written ``relay:domain``."""
    accepted = tuple(
        online_accepted_domain.AcceptedDomain(
            domain_name=each.removeprefix("relay:"),
            domain_type=online_accepted_domain.DomainType.INTERNAL_RELAY
            if each.startswith("relay:")
            else online_accepted_domain.DomainType.AUTHORITATIVE,
        )
        for each in domains or (f"{name}.com",)
    )
    return online_config.Tenant(name=name, accepted_domains=accepted, **more)


def inbound(name: str = "From on-premises", names: str = "", addresses: str = "", **more):
    """Make an OnPremises inbound connector by certificate name or by addresses."""
    told = {"connector_type": online_connector.ConnectorType.ON_PREMISES} | more
    networks = tuple(IPv4Network(each) for each in addresses.split(",") if each)
    return online_inbound_connector.InboundConnector(
        name=name, tls_sender_certificate_name=names, sender_ip_addresses=networks, **told
    )


def outbound(name: str, *domains: str, **more) -> online_outbound_connector.OutboundConnector:
    """Make an outbound connector by MX for these RecipientDomains."""
    patterns = tuple(DomainPattern.parse(each) for each in domains)
    return online_outbound_connector.OutboundConnector(name=name, recipient_domains=patterns, **more)


def nameless(at: PointOfView, name: str) -> PresentedCertificate:
    """Return a certificate as presented, without subject and names: strangers may show such ones."""
    return replace(at.pki.presented(name), subject="", common_name="", names=())


def facts(
    at: PointOfView,
    peer: str = "192.0.2.66",
    shows: str | None = None,
    *,
    tls: bool | TlsFacts = False,
    **more,
) -> SessionFacts:
    """Make what is known of a session; ``shows`` is the client's certificate, ``tls`` a session without one."""
    seen = tls if isinstance(tls, TlsFacts) else None
    if shows or tls is True:
        seen = TlsFacts("TLS1_3", at.pki.presented(shows) if shows else None)
    return SessionFacts(
        peer_ip=IPv4Address(peer),
        **{
            "local_ip": at.mta.addresses[0],
            "local_port": 25,
            "ehlo": "client.example",
            "extended": True,
            "tls": seen,
        }
        | more,
    )


def session(at: PointOfView, peer: str = "192.0.2.66", shows: str | None = None, **more) -> Session:
    """Connect to the MTA: the vendor's own choice for the session is made by ``on_connect``."""
    known = facts(at, peer, shows, **more)
    return Session(known, kind(at).on_connect(at, known).receiving)


def path(text: str) -> Mailbox | None:
    """Read an address; empty is the null reverse-path."""
    return Mailbox.parse(text) if text else None


def envelope(sender: str, *recipients: str, **more) -> Envelope:
    """Make an envelope; an empty sender is the null reverse-path."""
    return Envelope(
        reverse_path=path(sender), recipients=tuple(Recipient(_recipient(to)) for to in recipients), **more
    )


def _recipient(text: str) -> Mailbox:
    return Mailbox.parse(text) if "@" in text else Mailbox(text, "")


def rcpt(at: PointOfView, where: Session, sender: str, to: str):
    """Ask about a recipient."""
    return kind(at).on_rcpt(at, where, envelope(sender), Rcpt(_recipient(to)))


def take(at: PointOfView, where: Session, mail: Envelope, message: Message = MAIL):
    """Hand a whole message over."""
    return kind(at).on_data(at, where, mail, message, "m1")


def accepted(at: PointOfView, where: Session, sender: str, *recipients: str, message: Message = MAIL) -> Item:
    """Hand a whole message over that is accepted."""
    item = take(at, where, envelope(sender, *recipients), message).item
    assert item is not None
    return item


def submitted(at: PointOfView, sender: str, *recipients: str, message: Message = MAIL) -> Item:
    """Hand a message in from a mailbox of the MTA."""
    return kind(at).submit(at, envelope(sender, *recipients), message, "m1")


def fates(at: PointOfView, item: Item) -> dict[str, object]:
    """Categorize an item and return the fate of every recipient as now addressed."""
    copies = kind(at).categorize(at, item).copies
    return {str(recipient.path): copy.fate for copy in copies for recipient in copy.recipients}
