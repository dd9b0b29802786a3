"""The configuration objects of an Exchange Online tenant, with the cmdlets' property names.

They hold what the administrator wrote; what it means is decided in the stages. Names are those of New- and
Set-InboundConnector, -OutboundConnector, -AcceptedDomain and -TransportRule, snake_cased.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from ipaddress import IPv4Network
from typing import ClassVar

from mailsim.mail.pattern import DomainPattern
from mailsim.mta.exchange_online import defaults
from mailsim.mta.rules.rule import TransportRule
from mailsim.world.directory import Directory
from mailsim.world.source import Origin

_BOOKKEEPING = frozenset(
    {
        "Comment", "ConnectorSource", "Identity", "Guid", "IsValid", "IsValidated", "LastValidationTimestamp",
        "ValidationRecipients", "AdminDisplayName", "WhenChangedUTC", "WhenCreatedUTC", "LinkForModifiedConnector",
    }
)  # fmt: skip


class ConnectorType(Enum):
    """Whose servers are at the other end of a connector."""

    ON_PREMISES = "OnPremises"
    PARTNER = "Partner"


class TlsSettings(Enum):
    """How much an outbound connector wants of the next hop's certificate."""

    ENCRYPTION_ONLY = "EncryptionOnly"
    CERTIFICATE_VALIDATION = "CertificateValidation"
    DOMAIN_VALIDATION = "DomainValidation"


class DomainType(Enum):
    """Whether a tenant knows all recipients of a domain."""

    AUTHORITATIVE = "Authoritative"
    INTERNAL_RELAY = "InternalRelay"


@dataclass(frozen=True, slots=True)
class SenderDomain:
    """One entry of SenderDomains, such as ``smtp:*;1``; the cost is kept and not used."""

    pattern: DomainPattern

    @classmethod
    def parse(cls, text: str) -> SenderDomain:
        """Read a sender domain.

        Raises:
            ValueError: for another type than smtp or no domain pattern.
        """
        space, _, _ = text.strip().partition(";")
        kind, colon, domain = space.rpartition(":")
        if colon and kind.strip().lower() != "smtp":
            raise ValueError(f"sender domain type {kind!r} is not modelled; wanted smtp")
        return cls(DomainPattern.parse(domain))

    def __str__(self) -> str:
        return str(self.pattern)


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundConnector:
    """An inbound connector (New-InboundConnector)."""

    SPELLING: ClassVar[str] = "exchange"
    IGNORED: ClassVar[frozenset[str]] = _BOOKKEEPING
    UNMODELLED: ClassVar[frozenset[str]] = defaults.UNMODELLED_INBOUND

    name: str
    connector_type: ConnectorType
    enabled: bool = True
    sender_domains: tuple[SenderDomain, ...] = (SenderDomain.parse("*"),)
    sender_ip_addresses: tuple[IPv4Network, ...] = field(default=(), metadata={"name": "SenderIPAddresses"})
    tls_sender_certificate_name: str = ""
    require_tls: bool = True
    cloud_services_mail_enabled: bool = False
    unmodelled: tuple[str, ...] = ()
    origin: Origin | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Refuse what the cmdlet refuses.

        Raises:
            ValueError: for an address range outside /24 to /32.
        """
        for network in self.sender_ip_addresses:
            if network.prefixlen < 24:
                raise ValueError(
                    f"inbound connector {self.name!r}: SenderIPAddresses {network} is larger than /24; "
                    "wanted /24 to /32"
                )

    @property
    def certificate_domain(self) -> str:
        """Return the domain in TlsSenderCertificateName, without the wildcard, lower case."""
        return self.tls_sender_certificate_name.lower().removeprefix("*.")

    def source(self, name: str = "") -> str:
        """Return ``file:line`` of a property, or of the connector."""
        return self.origin.of(name) if self.origin else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboundConnector:
    """An outbound connector (New-OutboundConnector)."""

    SPELLING: ClassVar[str] = "exchange"
    IGNORED: ClassVar[frozenset[str]] = _BOOKKEEPING
    UNMODELLED: ClassVar[frozenset[str]] = defaults.UNMODELLED_OUTBOUND

    name: str
    connector_type: ConnectorType = ConnectorType.PARTNER
    enabled: bool = True
    recipient_domains: tuple[DomainPattern, ...] = ()
    all_accepted_domains: bool = False
    is_transport_rule_scoped: bool = False
    use_mx_record: bool = field(default=True, metadata={"name": "UseMXRecord"})
    smart_hosts: tuple[str, ...] = ()
    tls_settings: TlsSettings | None = None
    tls_domain: str = ""
    cloud_services_mail_enabled: bool = False
    unmodelled: tuple[str, ...] = ()
    origin: Origin | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Refuse what the cmdlet refuses.

        Raises:
            ValueError: for properties that exclude each other.
        """
        named = self.tls_settings is TlsSettings.DOMAIN_VALIDATION
        wrong = (
            (
                not self.use_mx_record and not self.smart_hosts,
                "UseMXRecord is False but SmartHosts is empty; wanted a smart host",
            ),
            (
                self.use_mx_record and bool(self.smart_hosts),
                "SmartHosts is given but UseMXRecord is True; wanted UseMXRecord $false",
            ),
            (
                named and not self.tls_domain,
                "TlsSettings is DomainValidation but TlsDomain is empty; wanted a domain",
            ),
            (
                bool(self.tls_domain) and not named,
                "TlsDomain is given but TlsSettings is not DomainValidation; wanted DomainValidation",
            ),
            (
                self.all_accepted_domains and self.connector_type is not ConnectorType.ON_PREMISES,
                "AllAcceptedDomains is True but ConnectorType is Partner; wanted OnPremises",
            ),
        )
        for contradiction, what in wrong:
            if contradiction:
                raise ValueError(f"outbound connector {self.name!r}: {what}")

    def source(self, name: str = "") -> str:
        """Return ``file:line`` of a property, or of the connector."""
        return self.origin.of(name) if self.origin else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptedDomain:
    """An accepted domain (Set-AcceptedDomain)."""

    SPELLING: ClassVar[str] = "exchange"
    IGNORED: ClassVar[frozenset[str]] = frozenset(
        {"Name", "Identity", "Guid", "InitialDomain", "IsCoexistenceDomain", "AddressBookEnabled"}
    )
    UNMODELLED: ClassVar[frozenset[str]] = frozenset({"CatchAllRecipientID", "OutboundOnly"})

    domain_name: str
    domain_type: DomainType = DomainType.AUTHORITATIVE
    default: bool = False
    match_sub_domains: bool = False
    unmodelled: tuple[str, ...] = ()
    origin: Origin | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Refuse what the cmdlet refuses.

        Raises:
            ValueError: for MatchSubDomains of an authoritative domain.
        """
        if self.match_sub_domains and self.domain_type is DomainType.AUTHORITATIVE:
            raise ValueError(
                f"accepted domain {self.domain_name!r}: MatchSubDomains wants DomainType InternalRelay"
            )

    def covers(self, domain: str) -> bool:
        """Tell whether a domain belongs to it."""
        own = self.domain_name.lower()
        return domain == own or (self.match_sub_domains and domain.endswith("." + own))


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant:
    """One tenant of the service.

    Args:
        name: the tenant's name; its initial domain is ``<name>.onmicrosoft.com``.
        accepted_domains: its domains.
        inbound_connectors: its inbound connectors.
        outbound_connectors: its outbound connectors.
        transport_rules: its mail flow rules by priority.
        directory: its recipients.
    """

    name: str
    accepted_domains: tuple[AcceptedDomain, ...]
    inbound_connectors: tuple[InboundConnector, ...] = ()
    outbound_connectors: tuple[OutboundConnector, ...] = ()
    transport_rules: tuple[TransportRule, ...] = ()
    directory: Directory = field(default_factory=Directory)

    def accepted(self, domain: str) -> AcceptedDomain | None:
        """Return the most specific accepted domain that covers a domain, None when there is none."""
        covering = [each for each in self.accepted_domains if each.covers(domain)]
        return max(covering, key=lambda each: len(each.domain_name), default=None)

    @property
    def default_domain(self) -> str:
        """Return the default accepted domain: the one marked, else the first."""
        marked = [each for each in self.accepted_domains if each.default] or list(self.accepted_domains)
        return marked[0].domain_name.lower() if marked else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeOnlineConfig:
    """The service: all tenants of the simulation."""

    tenants: tuple[Tenant, ...] = ()

    def tenant(self, name: str) -> Tenant | None:
        """Return a tenant by name."""
        return next((tenant for tenant in self.tenants if tenant.name == name), None)

    def owner_of(self, domain: str) -> Tenant | None:
        """Return the tenant that has an accepted domain, None when nobody has."""
        return next((tenant for tenant in self.tenants if tenant.accepted(domain)), None)
