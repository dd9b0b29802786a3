"""The scenario file, section by section: what may be written.

Generic keys are snake_case and use the RFCs' words; inside an Exchange object the keys are the cmdlets' property names
in any case. ``bind`` reads a document into these classes, ``link`` makes a topology of them, and the JSON Schema for
editors is generated from them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from ipaddress import IPv4Address, IPv4Network
from typing import Any, ClassVar, Literal

from mailsim.config.record import OwnerText, RecordText
from mailsim.flow.expectation import Expectations
from mailsim.mta.exchange_online.authentication.anti_phish_policy import AntiPhishPolicy
from mailsim.mta.exchange_online.authentication.arc_config import ArcConfig
from mailsim.mta.exchange_online.categorize import accepted_domain as online
from mailsim.mta.exchange_online.categorize.outbound_spam_policy import HostedOutboundSpamFilterPolicy
from mailsim.mta.exchange_online.categorize.remote_domain import RemoteDomain as OnlineRemoteDomain
from mailsim.mta.exchange_online.organization_config import OrganizationConfig
from mailsim.mta.exchange_online.receive.connection_filter import HostedConnectionFilterPolicy
from mailsim.mta.exchange_online.receive.enforcement import TenantExemptionInfo
from mailsim.mta.exchange_online.receive.inbound_connector import InboundConnector
from mailsim.mta.exchange_online.send.outbound_connector import OutboundConnector
from mailsim.mta.exchange_online.transport_config import TransportConfig as OnlineTransportConfig
from mailsim.mta.exchange_server.categorize import accepted_domain as onprem
from mailsim.mta.exchange_server.categorize.remote_domain import RemoteDomain
from mailsim.mta.exchange_server.organization_server import Role
from mailsim.mta.exchange_server.receive.receive_connector import ReceiveConnector
from mailsim.mta.exchange_server.send.send_connector import SendConnector
from mailsim.mta.exchange_server.send.transport_service import TransportService
from mailsim.mta.exchange_server.sites import Site, SiteLink
from mailsim.mta.exchange_server.transport_config import TransportConfig
from mailsim.mta.rules.rule import TransportRule
from mailsim.sender_authentication.mta_sts import StsMode
from mailsim.world.certificate import Eku, KeyType
from mailsim.world.distinguished_name import DistinguishedName
from mailsim.world.dns import Dnssec
from mailsim.world.fault import Stage, When
from mailsim.world.source import Origin
from mailsim.world.tls_version import TlsVersion


def _origin() -> Any:
    return field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorityText:
    """A certificate authority."""

    common_name: str = field(default="", metadata={"doc": "CN of its certificate; by default its name"})
    public: bool = field(default=True, metadata={"doc": "whether every host trusts it"})
    issuer: str = field(
        default="", metadata={"doc": "the authority that certifies it: an intermediate; by default a root"}
    )
    subject: DistinguishedName | None = field(
        default=None, metadata={"doc": "its whole name, such as CN=Contoso CA, O=Contoso, C=US"}
    )
    key: KeyType | None = field(default=None, metadata={"doc": "its kind of key; by default ecdsa-p256"})
    origin: Origin | None = _origin()


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateText:
    """A host certificate."""

    names: tuple[str, ...] = field(
        default=(), metadata={"doc": "DNS names in the subjectAltName; by default common_name"}
    )
    common_name: str = field(default="", metadata={"doc": "CN of the subject; by default the first of names"})
    authority: str = field(default="public", metadata={"doc": "issuing authority, or self-signed"})
    not_before: datetime | None = field(
        default=None, metadata={"doc": "by default ten years before the start"}
    )
    not_after: datetime | None = field(default=None, metadata={"doc": "by default ten years after the start"})
    sends_intermediates: bool = field(
        default=True, metadata={"doc": "whether the host sends the certificates up to the root"}
    )
    subject: DistinguishedName | None = field(
        default=None, metadata={"doc": "the whole subject, such as CN=mail.contoso.com, O=Contoso, C=US"}
    )
    eku: Eku | None = field(default=None, metadata={"doc": "its extendedKeyUsage; by default both"})
    key: KeyType | None = field(default=None, metadata={"doc": "its kind of key; by default ecdsa-p256"})
    revoked_since: datetime | None = field(
        default=None, metadata={"doc": "when its authority revoked it; by default never"}
    )
    origin: Origin | None = _origin()


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateUseText:
    """A certificate that a host uses from some time on: a renewal."""

    use: str
    since: timedelta = field(default=timedelta(), metadata={"doc": "after the start, such as +1d"})


class ServiceWord(Enum):
    """A service that a certificate is enabled for (Enable-ExchangeCertificate)."""

    NONE = "None"
    SMTP = "SMTP"
    IIS = "IIS"
    IMAP = "IMAP"
    POP = "POP"
    UM = "UM"
    UM_CALL_ROUTER = "UMCallRouter"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerCertificateText:
    """A certificate in the store of an Exchange server."""

    use: str
    since: timedelta = field(default=timedelta(), metadata={"doc": "installed after the start, such as +1d"})
    until: timedelta | None = field(default=None, metadata={"doc": "removed after the start, such as +2d"})
    services: tuple[ServiceWord, ...] = field(
        default=(ServiceWord.SMTP,), metadata={"doc": "what it is enabled for, as Exchange prints it"}
    )
    replaces: bool = field(
        default=True, metadata={"doc": "whether the certificates before it are removed when it comes"}
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxRuleText:
    """A rule by which a user sends on whatever arrives (New-InboxRule); the mailbox keeps it."""

    SPELLING: ClassVar[str] = "exchange"
    IGNORED: ClassVar[frozenset[str]] = frozenset(
        {"Name", "Mailbox", "Identity", "Priority", "DeleteMessage"}
    )
    UNMODELLED: ClassVar[frozenset[str]] = frozenset(
        {
            "ForwardTo", "ForwardAsAttachmentTo", "From", "SubjectContainsWords", "SentTo", "StopProcessingRules",
            "HeaderContainsWords", "BodyContainsWords", "MessageTypeMatches",
        }
    )  # fmt: skip

    redirect_to: tuple[str, ...] = ()
    enabled: bool = True
    origin: Origin | None = _origin()


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientText:
    """A mail-enabled object with Exchange's property names."""

    SPELLING: ClassVar[str] = "exchange"
    IGNORED: ClassVar[frozenset[str]] = frozenset(
        {
            "DisplayName", "HiddenFromAddressListsEnabled", "IsDirSynced", "LegacyExchangeDN", "Name", "RecipientType",
            "RecipientTypeDetails", "SamAccountName", "UserPrincipalName", "WindowsEmailAddress",
        }
    )  # fmt: skip
    UNMODELLED: ClassVar[frozenset[str]] = frozenset({"GrantSendOnBehalfTo", "ServerName"})

    alias: str = field(default="", metadata={"doc": "by default the local part of its name"})
    primary_smtp_address: str = ""
    email_addresses: tuple[str, ...] = ()
    email_address_policy_enabled: bool = field(
        default=True, metadata={"doc": "whether hybrid: may add an address to it"}
    )
    external_email_address: str | None = field(
        default="", metadata={"doc": "$null for a mail user whose address is missing"}
    )
    remote_routing_address: str = ""
    city: str = ""
    company: str = ""
    country_or_region: str = ""
    department: str = ""
    office: str = ""
    state_or_province: str = ""
    title: str = ""
    custom_attribute1: str = ""
    custom_attribute2: str = ""
    custom_attribute3: str = ""
    custom_attribute4: str = ""
    custom_attribute5: str = ""
    custom_attribute6: str = ""
    custom_attribute7: str = ""
    custom_attribute8: str = ""
    custom_attribute9: str = ""
    custom_attribute10: str = ""
    custom_attribute11: str = ""
    custom_attribute12: str = ""
    custom_attribute13: str = ""
    custom_attribute14: str = ""
    custom_attribute15: str = ""
    forwarding_address: str = ""
    forwarding_smtp_address: str = ""
    deliver_to_mailbox_and_forward: bool = False
    inbox_rules: tuple[InboxRuleText, ...] = field(default=(), metadata={"doc": "rules of the user"})
    require_sender_authentication_enabled: bool | None = None
    accept_messages_only_from_senders_or_members: tuple[str, ...] = ()
    accept_messages_only_from: tuple[str, ...] = ()
    accept_messages_only_from_dl_members: tuple[str, ...] = field(
        default=(), metadata={"name": "AcceptMessagesOnlyFromDLMembers"}
    )
    reject_messages_from_senders_or_members: tuple[str, ...] = ()
    reject_messages_from: tuple[str, ...] = ()
    reject_messages_from_dl_members: tuple[str, ...] = field(
        default=(), metadata={"name": "RejectMessagesFromDLMembers"}
    )
    max_receive_size: int | Literal["Unlimited"] | None = field(default=None, metadata={"unit": "octets"})
    max_send_size: int | Literal["Unlimited"] | None = field(default=None, metadata={"unit": "octets"})
    recipient_limits: int | Literal["Unlimited"] | None = None
    smtp_client_authentication_disabled: bool | None = None
    password: str = field(default="", repr=False, metadata={"doc": "what the mailbox signs in with"})
    send_as: tuple[str, ...] = field(default=(), metadata={"doc": "addresses it may send as"})
    server: str = field(
        default="", metadata={"doc": "the server that has the mailbox; by default the first Mailbox server"}
    )
    created: timedelta = field(
        default=timedelta(),
        metadata={
            "name": "created",
            "doc": "after the start, such as +30m; only the edge of the service asks",
        },
    )
    origin: Origin | None = _origin()


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupText(RecipientText):
    """A distribution group with Exchange's property names; of a dynamic one the members that its filter gives."""

    members: tuple[str, ...] = ()
    managed_by: tuple[str, ...] = ()
    report_to_manager_enabled: bool = False
    report_to_originator_enabled: bool = True
    expansion_server: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientsText:
    """Who there is. A name without a domain gets the default accepted domain."""

    mailboxes: tuple[str, ...] | Mapping[str, RecipientText | None] = ()
    remote_mailboxes: Mapping[str, str | RecipientText | None] = field(
        default_factory=dict, metadata={"doc": "name: RemoteRoutingAddress; hybrid: fills in what is missing"}
    )
    mail_users: Mapping[str, str | RecipientText] = field(
        default_factory=dict, metadata={"doc": "name: ExternalEmailAddress"}
    )
    mail_contacts: Mapping[str, str | RecipientText] = field(
        default_factory=dict, metadata={"doc": "name: ExternalEmailAddress"}
    )
    groups: Mapping[str, tuple[str, ...] | GroupText] = field(
        default_factory=dict, metadata={"doc": "name: members"}
    )
    dynamic_groups: Mapping[str, tuple[str, ...] | GroupText] = field(
        default_factory=dict, metadata={"doc": "name: the members that the filter gives"}
    )
    public_folders: tuple[str, ...] | Mapping[str, RecipientText | None] = ()
    csv: str = field(default="", metadata={"doc": "file beside the scenario; header: address"})
    origin: Origin | None = _origin()


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerText:
    """An Exchange server."""

    fqdn: str
    ip: IPv4Address
    certificate: str | tuple[ServerCertificateText, ...] = field(
        default="", metadata={"doc": "its certificate store"}
    )
    trusts: tuple[str, ...] = field(default=(), metadata={"doc": "private authorities"})
    min_tls_version: TlsVersion | None = field(
        default=None, metadata={"doc": "the lowest it speaks; by default 1.2"}
    )
    max_tls_version: TlsVersion | None = field(
        default=None, metadata={"doc": "the highest it speaks; by default 1.2"}
    )
    ports: tuple[int, ...] | None = field(
        default=None,
        metadata={"doc": "where it listens; by default where its Receive connectors do; [] for nowhere"},
    )
    receive_connectors: tuple[ReceiveConnector, ...] = field(
        default=(), metadata={"name": "ReceiveConnectors"}
    )
    out_of_date_since: datetime | None = field(
        default=None, metadata={"doc": "since when Exchange Online counts its version as out of date"}
    )
    role: Role = Role.MAILBOX
    site: str = field(
        default="",
        metadata={"doc": "its Active Directory site; of an Edge server the one it is subscribed to"},
    )
    transport_service: TransportService = field(
        default_factory=TransportService, metadata={"name": "TransportService"}
    )
    send_connectors: tuple[SendConnector, ...] = field(
        default=(), metadata={"name": "SendConnectors", "doc": "created on an Edge server"}
    )
    accepted_domains: tuple[onprem.AcceptedDomain, ...] = field(
        default=(),
        metadata={
            "name": "AcceptedDomains",
            "doc": "that an Edge server knows; by default those of the organization",
        },
    )
    origin: Origin | None = _origin()


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganizationText:
    """An Exchange organization on-premises."""

    SPELLING: ClassVar[str] = "exchange"

    accepted_domains: tuple[onprem.AcceptedDomain, ...]
    send_connectors: tuple[SendConnector, ...] = ()
    transport_config: TransportConfig = field(default_factory=TransportConfig)
    remote_domains: tuple[RemoteDomain, ...] = ()
    servers: Mapping[str, ServerText]
    sites: Mapping[str, Site | None] = field(
        default_factory=dict, metadata={"doc": "Active Directory sites: name: {HubSiteEnabled}"}
    )
    site_links: tuple[SiteLink, ...] = field(
        default=(),
        metadata={"name": "site_links", "doc": "[{between: [A, B], cost: 10}]; by default 100 each"},
    )
    recipients: RecipientsText = field(default_factory=RecipientsText)
    origin: Origin | None = _origin()


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantText:
    """A tenant of Exchange Online."""

    SPELLING: ClassVar[str] = "exchange"

    accepted_domains: tuple[online.AcceptedDomain, ...]
    inbound_connectors: tuple[InboundConnector, ...] = ()
    outbound_connectors: tuple[OutboundConnector, ...] = ()
    transport_rules: tuple[TransportRule, ...] = ()
    organization_config: OrganizationConfig = field(default_factory=OrganizationConfig)
    hosted_connection_filter_policy: HostedConnectionFilterPolicy = field(
        default_factory=HostedConnectionFilterPolicy
    )
    tenant_exemption_info: tuple[TenantExemptionInfo, ...] = ()
    transport_config: OnlineTransportConfig = field(default_factory=OnlineTransportConfig)
    remote_domains: tuple[OnlineRemoteDomain, ...] = ()
    hosted_outbound_spam_filter_policy: HostedOutboundSpamFilterPolicy = field(
        default_factory=HostedOutboundSpamFilterPolicy
    )
    anti_phish_policy: AntiPhishPolicy = field(default_factory=AntiPhishPolicy)
    arc_config: ArcConfig = field(default_factory=ArcConfig)
    recipients: RecipientsText = field(default_factory=RecipientsText)
    origin: Origin | None = _origin()


@dataclass(frozen=True, slots=True, kw_only=True)
class OnlineText:
    """Exchange Online."""

    server: str = field(
        default="AM0EUR02FT001.mail.protection.outlook.com",
        metadata={"doc": "the name the service gives for itself"},
    )
    ip: IPv4Address = IPv4Address("203.0.113.25")
    submission_ip: IPv4Address = field(
        default=IPv4Address("203.0.113.26"),
        metadata={"doc": "of smtp.office365.com, where mailboxes sign in"},
    )
    legacy_submission_ip: IPv4Address = field(
        default=IPv4Address("203.0.113.27"),
        metadata={"doc": "of smtp-legacy.office365.com, where they do so with TLS 1.0 or 1.1"},
    )
    relay_pool_ip: IPv4Address = field(
        default=IPv4Address("40.95.0.1"),
        metadata={"doc": "where mail with a foreign sender leaves from that passed neither SPF nor DKIM"},
    )
    trusts: tuple[str, ...] = ()
    min_tls_version: TlsVersion | None = field(
        default=None, metadata={"doc": "the lowest it speaks; by default 1.2"}
    )
    max_tls_version: TlsVersion | None = field(
        default=None, metadata={"doc": "the highest it speaks; by default 1.3"}
    )
    tenants: Mapping[str, TenantText]
    origin: Origin | None = _origin()


@dataclass(frozen=True, slots=True, kw_only=True)
class HybridText:
    """What the Hybrid Configuration Wizard was told; the objects that it creates are written out from this.

    What has only one answer in the scenario need not be written. A property under one of the four ``..._connector``
    keys is what the administrator changed after the wizard.
    """

    organization: str = field(default="", metadata={"doc": "by default the only one"})
    tenant: str = field(default="", metadata={"doc": "by default the only one"})
    domains: tuple[str, ...] = field(
        default=(), metadata={"doc": "by default every domain that both sides accept"}
    )
    certificate: str = field(
        default="", metadata={"doc": "by default the one that the servers use at the start"}
    )
    servers: tuple[str, ...] = field(default=(), metadata={"doc": "by default every Mailbox server"})
    edge: tuple[str, ...] = field(default=(), metadata={"doc": "Edge servers, instead of servers"})
    smart_host: str = field(default="", metadata={"doc": "by default the name of the one server"})
    centralized: bool = field(default=False, metadata={"doc": "centralized mail transport"})
    synchronize: bool = field(
        default=True, metadata={"doc": "write every recipient's counterpart on the other side"}
    )
    not_synchronized: tuple[str, ...] = field(
        default=(), metadata={"doc": "addresses of recipients without a counterpart"}
    )
    organization_guid: str = field(default="", metadata={"doc": "by default made of the organization's name"})
    tenant_guid: str = field(default="", metadata={"doc": "by default made of the tenant's name"})
    send_connector: Mapping[str, str | tuple[str, ...] | None] = field(default_factory=dict)
    receive_connector: Mapping[str, str | tuple[str, ...] | None] = field(default_factory=dict)
    inbound_connector: Mapping[str, str | tuple[str, ...] | None] = field(default_factory=dict)
    outbound_connector: Mapping[str, str | tuple[str, ...] | None] = field(default_factory=dict)
    origin: Origin | None = _origin()


class TlsWord(Enum):
    """What an internet MTA or a client demands of the next hop."""

    NEVER = "never"
    OPPORTUNISTIC = "opportunistic"
    ENCRYPTED = "encrypted"
    VALID_CHAIN = "valid_chain"
    VALID_NAME = "valid_name"


@dataclass(frozen=True, slots=True, kw_only=True)
class InternetText:
    """An internet MTA; the key is its domain."""

    mx: str = field(default="", metadata={"doc": "its host name; by default mx.<domain>"})
    ip: IPv4Address
    domains: tuple[str, ...] = field(default=(), metadata={"doc": "further domains"})
    mailboxes: tuple[str, ...] = ()
    accepts_everyone: bool = False
    certificate: str | tuple[CertificateUseText, ...] = ""
    trusts: tuple[str, ...] = ()
    min_tls_version: TlsVersion | None = field(
        default=None, metadata={"doc": "the lowest it speaks; by default 1.2"}
    )
    max_tls_version: TlsVersion | None = field(
        default=None, metadata={"doc": "the highest it speaks; by default 1.3"}
    )
    ports: tuple[int, ...] = (25,)
    relay_from: tuple[IPv4Network, ...] = ()
    smart_hosts: tuple[str, ...] = ()
    tls: TlsWord = TlsWord.OPPORTUNISTIC
    tls_name: str = ""
    asks_client_certificate: bool = False
    size_limit: int = field(default=10_240_000, metadata={"unit": "octets"})
    messages_per_connection: int = 100
    origin: Origin | None = _origin()


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientText:
    """A host that only hands over mail: a printer, an application, a stranger."""

    ip: IPv4Address
    fqdn: str = field(default="", metadata={"doc": "the name in EHLO; by default the key"})
    server: str = field(metadata={"doc": "the host or address it connects to"})
    certificate: str | tuple[CertificateUseText, ...] = ""
    tls: TlsWord = TlsWord.OPPORTUNISTIC
    min_tls_version: TlsVersion | None = field(
        default=None, metadata={"doc": "the lowest it speaks; by default 1.2"}
    )
    max_tls_version: TlsVersion | None = field(
        default=None, metadata={"doc": "the highest it speaks; by default 1.3"}
    )
    port: int = 25
    user: str = field(default="", metadata={"doc": "whom it signs in as; empty for nobody"})
    password: str = field(default="", repr=False)
    origin: Origin | None = _origin()


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageText:
    """A message to send. It is handed in by the sender's mailbox, at a given MTA, or by a client host."""

    sender: str = field(metadata={"name": "from", "doc": "an address, or <>"})
    to: tuple[str, ...]
    at: str = field(default="", metadata={"doc": "the MTA that takes it; by default the sender's"})
    client: str = field(default="", metadata={"doc": "the client host that sends it"})
    when: timedelta = field(default=timedelta(), metadata={"doc": "after the start, such as +2h"})
    subject: str = ""
    header: Mapping[str, str] = field(default_factory=dict, metadata={"doc": "further header fields"})
    body: str = "Hello.\n"
    eml: str = field(default="", metadata={"doc": "file beside the scenario with the whole message"})
    size: int | None = field(default=None, metadata={"unit": "octets", "doc": "pad the message to this size"})
    notify: tuple[str, ...] = field(
        default=(), metadata={"doc": "NOTIFY of RFC 3461: NEVER, SUCCESS, FAILURE, DELAY"}
    )
    ret: str = field(default="", metadata={"doc": "RET of RFC 3461: FULL or HDRS"})
    envid: str = ""
    origin: Origin | None = _origin()


class FailWord(Enum):
    """How a question to the DNS fails; ``none`` in ``changes`` says that it fails no more."""

    SERVFAIL = "SERVFAIL"
    NXDOMAIN = "NXDOMAIN"
    TIMEOUT = "timeout"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class DnsFaultText:
    """What goes wrong with questions about a name; it stands among its records."""

    type: str = field(default="", metadata={"doc": "the type asked for, such as MX; by default every type"})
    fail: FailWord | None = field(default=None, metadata={"doc": "how the question ends"})
    delay: timedelta = field(default=timedelta(), metadata={"doc": "how late the answer comes, such as 5s"})
    since: timedelta | None = field(
        default=None, metadata={"name": "from", "doc": "after the start, such as +1h"}
    )
    until: timedelta | None = field(default=None, metadata={"doc": "after the start, such as +2h"})

    def __post_init__(self) -> None:
        if self.fail is None and not self.delay:
            raise ValueError("nothing goes wrong here; wanted fail or delay")


@dataclass(frozen=True, slots=True, kw_only=True)
class DnsViewText:
    """What some hosts see instead of the public records: a name written here hides that name."""

    hosts: tuple[str, ...] = field(metadata={"name": "for", "doc": "the hosts that ask here"})
    dns: Mapping[OwnerText, tuple[RecordText | DnsFaultText, ...]] = field(
        default_factory=dict, metadata={"doc": "owner: [MX 0 host TTL, A address TTL]"}
    )
    origin: Origin | None = _origin()


SETS = "the Name, and the properties that become others, as by the Set cmdlet"


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyHostText:
    """What the web host of a domain says as its MTA-STS policy (RFC 8461); the TXT record goes without saying."""

    mode: StsMode
    mx: tuple[str, ...] = ()
    max_age: timedelta = field(default=timedelta(days=7), metadata={"doc": "such as 1d; by default 7d"})
    id: str = field(default="1", metadata={"doc": "of the TXT record that goes without saying"})
    certificate: str = field(
        default="", metadata={"doc": "what it shows; by default a right one of a public authority"}
    )
    unreachable: bool = False
    unreachable_since: timedelta | None = field(
        default=None, metadata={"doc": "after the start, such as +1d"}
    )
    origin: Origin | None = _origin()


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeText:
    """What becomes different at an instant."""

    at: timedelta = field(metadata={"doc": "after the start, such as +2h"})
    dns: Mapping[OwnerText, tuple[RecordText | DnsFaultText, ...] | None] = field(
        default_factory=dict,
        metadata={"doc": "owner: [the records that replace those of the same type]; $null for none at all"},
    )
    view: str = field(default="", metadata={"doc": "of dns_views, where dns is about one; by default public"})
    down: tuple[str, ...] = field(default=(), metadata={"doc": "hosts that listen no more"})
    up: tuple[str, ...] = field(default=(), metadata={"doc": "hosts that listen again"})
    certificate: Mapping[str, str | None] = field(
        default_factory=dict,
        metadata={
            "doc": "host: the certificate it has from now on, in the place of all others; $null for none"
        },
    )
    send_connectors: tuple[SendConnector, ...] = field(
        default=(), metadata={"name": "SendConnectors", "doc": SETS, "sets": True}
    )
    inbound_connectors: tuple[InboundConnector, ...] = field(
        default=(), metadata={"name": "InboundConnectors", "doc": SETS, "sets": True}
    )
    outbound_connectors: tuple[OutboundConnector, ...] = field(
        default=(), metadata={"name": "OutboundConnectors", "doc": SETS, "sets": True}
    )
    organization: str = field(
        default="", metadata={"doc": "whose connectors are set: an organization or tenant; by default any"}
    )
    origin: Origin | None = _origin()


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultReplyText:
    """A reply that a fault gives."""

    at: Stage = field(metadata={"doc": "what is answered"})
    text: str = field(metadata={"doc": "the reply, such as 451 4.7.1 Try again later"})


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultText:
    """What goes wrong with connections to a host; one of refuse, drop, delay, reset, reply and close."""

    to: str = field(metadata={"doc": "the host that is connected to"})
    client: str = field(
        default="", metadata={"name": "from", "doc": "the host that connects; by default all"}
    )
    at: timedelta = field(default=timedelta(), metadata={"doc": "from then on, after the start, such as +1h"})
    until: timedelta | None = field(default=None, metadata={"doc": "after the start, such as +2h"})
    nth: int | None = field(default=None, metadata={"doc": "on this occasion alone, from 1"})
    every: int | None = field(default=None, metadata={"doc": "on each so manieth occasion"})
    probability: float | None = field(default=None, metadata={"doc": "how likely it is, by the seed"})
    refuse: bool = field(default=False, metadata={"doc": "the connection is refused"})
    drop: bool = field(default=False, metadata={"doc": "the connection times out"})
    delay: timedelta | None = field(default=None, metadata={"doc": "the attempt begins later, such as 30s"})
    reset: Stage | None = field(default=None, metadata={"doc": "the connection is reset there"})
    reply: FaultReplyText | None = field(default=None, metadata={"doc": "the host answers that"})
    close: When | None = field(default=None, metadata={"doc": "the host takes the content and closes"})
    origin: Origin | None = _origin()


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioText:
    """A scenario."""

    mailsim: int = field(metadata={"doc": "the version of the format: 1"})
    name: str = ""
    description: str = ""
    start: datetime | None = None
    until: timedelta | None = field(
        default=None, metadata={"doc": "end of the run after the start, such as +3d"}
    )
    authorities: Mapping[str, AuthorityText | None] = field(default_factory=dict)
    certificates: Mapping[str, CertificateText | None] = field(default_factory=dict)
    organizations: Mapping[str, OrganizationText] = field(default_factory=dict)
    exchange_online: OnlineText | None = None
    hybrid: tuple[HybridText, ...] = field(
        default=(), metadata={"doc": "what the wizard was told, written out before the rest is read"}
    )
    internet: Mapping[str, InternetText] = field(default_factory=dict)
    clients: Mapping[str, ClientText] = field(default_factory=dict)
    dns: Mapping[OwnerText, tuple[RecordText | DnsFaultText, ...]] = field(
        default_factory=dict, metadata={"doc": "owner: [MX 0 host TTL, A address TTL]"}
    )
    dns_views: Mapping[str, DnsViewText] = field(
        default_factory=dict, metadata={"doc": "split horizon: what some hosts see instead"}
    )
    zone_files: tuple[str, ...] | Mapping[OwnerText, str] = field(
        default=(), metadata={"doc": "files beside the scenario, or ORIGIN: file; dns goes before them"}
    )
    dnssec: Mapping[OwnerText, Dnssec] = field(
        default_factory=dict, metadata={"doc": "zone: signed, bogus or unsigned; by default unsigned"}
    )
    mta_sts: Mapping[OwnerText, PolicyHostText] = field(
        default_factory=dict, metadata={"doc": "by domain, the MTA-STS policy that its web host answers with"}
    )
    changes: tuple[ChangeText, ...] = field(
        default=(), metadata={"doc": "what becomes different while time passes"}
    )
    faults: tuple[FaultText, ...] = field(
        default=(), metadata={"doc": "what goes wrong with connections; the first that strikes counts"}
    )
    seed: str = field(default="", metadata={"doc": "what the chance of faults begins with"})
    assumptions: Mapping[str, str] = field(
        default_factory=dict, metadata={"doc": "open points decided otherwise than by default: name: choice"}
    )
    messages: Mapping[str, MessageText] = field(default_factory=dict)
    expect: Mapping[str, Expectations] = field(default_factory=dict)
    origin: Origin | None = _origin()
