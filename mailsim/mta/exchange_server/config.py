"""The configuration objects of an Exchange organization, with the cmdlets' property names.

They hold what the administrator wrote; what it means is decided in the stages. Names are those of New- and
Set-ReceiveConnector, -SendConnector and -AcceptedDomain, snake_cased.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from ipaddress import IPv4Address, IPv4Network
from typing import ClassVar

from mailsim.mail.pattern import DomainPattern
from mailsim.mta.exchange_server import defaults
from mailsim.world.directory import Directory
from mailsim.world.source import Origin


@dataclass(frozen=True, slots=True)
class AddressSpace:
    """One entry of AddressSpaces, ``Type:Space;Cost``.

    Args:
        pattern: the domains covered; ``*.contoso.com`` covers contoso.com too.
        cost: 1 to 100.
    """

    pattern: DomainPattern
    cost: int = 1

    @classmethod
    def parse(cls, text: str) -> AddressSpace:
        """Read an address space.

        Raises:
            ValueError: for another type than SMTP, a cost outside 1 to 100, or no domain pattern.
        """
        space, _, cost = text.strip().partition(";")
        kind, colon, domain = space.rpartition(":")
        if colon and kind.strip().upper() != "SMTP":
            raise ValueError(f"address space type {kind!r} is not modelled; wanted SMTP")
        if cost and not (cost.strip().isdigit() and 1 <= int(cost) <= 100):
            raise ValueError(f"the cost {cost!r} of an address space is not between 1 and 100")
        return cls(DomainPattern.parse(domain), int(cost) if cost else 1)

    def __str__(self) -> str:
        return f"SMTP:{self.pattern};{self.cost}"


@dataclass(frozen=True, slots=True)
class IpRange:
    """One entry of RemoteIPRanges: an address, ``first-last``, or CIDR."""

    first: IPv4Address
    last: IPv4Address

    @classmethod
    def parse(cls, text: str) -> IpRange:
        """Read a range.

        Raises:
            ValueError: if it is none, or its end lies before its start.
        """
        low, dash, high = text.strip().partition("-")
        if dash:
            found = cls(IPv4Address(low.strip()), IPv4Address(high.strip()))
        else:
            network = IPv4Network(text.strip(), strict=False)
            found = cls(network[0], network[-1])
        if found.last < found.first:
            raise ValueError(f"the range {text!r} ends before it starts")
        return found

    def covers(self, address: IPv4Address) -> bool:
        """Tell whether an address lies in the range."""
        return self.first <= address <= self.last

    @property
    def size(self) -> int:
        """Return how many addresses it has; the fewer, the more specific."""
        return int(self.last) - int(self.first) + 1

    def __str__(self) -> str:
        return str(self.first) if self.first == self.last else f"{self.first}-{self.last}"


@dataclass(frozen=True, slots=True)
class Binding:
    """One entry of Bindings, ``address:port``; 0.0.0.0 stands for every address."""

    address: IPv4Address
    port: int

    @classmethod
    def parse(cls, text: str) -> Binding:
        """Read a binding.

        Raises:
            ValueError: if it is not ``address:port``.
        """
        address, colon, port = text.strip().rpartition(":")
        if not colon or not port.isdigit() or not 1 <= int(port) <= 65535:
            raise ValueError(f"{text!r} is not a binding; wanted address:port such as 0.0.0.0:25")
        return cls(IPv4Address(address), int(port))

    def covers(self, address: IPv4Address, port: int) -> bool:
        """Tell whether a local address and port are bound."""
        return port == self.port and (int(self.address) == 0 or self.address == address)

    def __str__(self) -> str:
        return f"{self.address}:{self.port}"


class PermissionGroup(Enum):
    """Who may use a Receive connector."""

    NONE = "None"
    ANONYMOUS_USERS = "AnonymousUsers"
    EXCHANGE_USERS = "ExchangeUsers"
    EXCHANGE_SERVERS = "ExchangeServers"
    EXCHANGE_LEGACY_SERVERS = "ExchangeLegacyServers"
    PARTNERS = "Partners"


class Capability(Enum):
    """What a validated remote domain may do (TlsDomainCapabilities)."""

    ACCEPT_CLOUD_SERVICES_MAIL = "AcceptCloudServicesMail"
    ACCEPT_OORG_PROTOCOL = "AcceptOorgProtocol"


@dataclass(frozen=True, slots=True)
class DomainCapabilities:
    """One entry of TlsDomainCapabilities, ``domain:capability``.

    Args:
        domain: lower case, ``*.contoso.com`` stands for one label below contoso.com.
        capability: what a client with a certificate for it may do.
    """

    domain: str
    capability: Capability

    @classmethod
    def parse(cls, text: str) -> DomainCapabilities:
        """Read ``domain:capability``.

        Raises:
            ValueError: if it is not of that form.
        """
        domain, colon, word = text.strip().partition(":")
        known = {each.value.lower(): each for each in Capability}
        if not colon or word.strip().lower() not in known:
            raise ValueError(
                f"{text!r} is not domain:capability; wanted one of {', '.join(c.value for c in Capability)}"
            )
        return cls(str(DomainPattern.parse(domain)), known[word.strip().lower()])

    def __str__(self) -> str:
        return f"{self.domain}:{self.capability.value}"


class TlsAuthLevel(Enum):
    """How much a Send connector wants of the next hop's certificate."""

    ENCRYPTION_ONLY = "EncryptionOnly"
    CERTIFICATE_VALIDATION = "CertificateValidation"
    DOMAIN_VALIDATION = "DomainValidation"


class DomainType(Enum):
    """Whether an organization knows all recipients of a domain."""

    AUTHORITATIVE = "Authoritative"
    INTERNAL_RELAY = "InternalRelay"
    EXTERNAL_RELAY = "ExternalRelay"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiveConnector:
    """A Receive connector (New-ReceiveConnector)."""

    SPELLING: ClassVar[str] = "exchange"
    IGNORED: ClassVar[frozenset[str]] = frozenset(
        {"Comment", "ProtocolLoggingLevel", "Identity", "Server", "Guid"}
    )
    UNMODELLED: ClassVar[frozenset[str]] = defaults.UNMODELLED_RECEIVE

    name: str
    bindings: tuple[Binding, ...] = (Binding(IPv4Address(0), 25),)
    remote_ip_ranges: tuple[IpRange, ...] = field(
        default=(IpRange.parse("0.0.0.0-255.255.255.255"),), metadata={"name": "RemoteIPRanges"}
    )
    enabled: bool = True
    permission_groups: tuple[PermissionGroup, ...] = ()
    require_tls: bool = field(default=False, metadata={"name": "RequireTLS"})
    tls_domain_capabilities: tuple[DomainCapabilities, ...] = ()
    fqdn: str = ""
    max_message_size: int = field(default=defaults.RECEIVE_MAX_MESSAGE_SIZE, metadata={"unit": "octets"})
    max_recipients_per_message: int = defaults.MAX_RECIPIENTS_PER_MESSAGE
    max_hop_count: int = defaults.MAX_HOP_COUNT
    unmodelled: tuple[str, ...] = ()
    origin: Origin | None = field(default=None, compare=False, repr=False)

    def source(self, name: str = "") -> str:
        """Return ``file:line`` of a property, or of the connector."""
        return self.origin.of(name) if self.origin else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SendConnector:
    """A Send connector (New-SendConnector)."""

    SPELLING: ClassVar[str] = "exchange"
    IGNORED: ClassVar[frozenset[str]] = frozenset(
        {
            "Comment",
            "ProtocolLoggingLevel",
            "Identity",
            "Guid",
            "Usage",
            "Internet",
            "Custom",
            "Partner",
            "Internal",
        }
    )
    UNMODELLED: ClassVar[frozenset[str]] = defaults.UNMODELLED_SEND

    name: str
    address_spaces: tuple[AddressSpace, ...]
    smart_hosts: tuple[str, ...] = ()
    dns_routing_enabled: bool | None = field(default=None, metadata={"name": "DNSRoutingEnabled"})
    enabled: bool = True
    require_tls: bool = field(default=False, metadata={"name": "RequireTLS"})
    tls_auth_level: TlsAuthLevel | None = None
    tls_domain: str = ""
    ignore_starttls: bool = field(default=False, metadata={"name": "IgnoreSTARTTLS"})
    cloud_services_mail_enabled: bool = False
    fqdn: str = ""
    max_message_size: int = field(default=defaults.SEND_MAX_MESSAGE_SIZE, metadata={"unit": "octets"})
    smtp_max_messages_per_connection: int = defaults.SMTP_MAX_MESSAGES_PER_CONNECTION
    unmodelled: tuple[str, ...] = ()
    origin: Origin | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Refuse what the cmdlet refuses.

        Raises:
            ValueError: for properties that exclude each other.
        """
        for wrong, what in self._contradictions():
            if wrong:
                raise ValueError(f"send connector {self.name!r}: {what}")

    def _contradictions(self) -> tuple[tuple[bool, str], ...]:
        level, hosts = self.tls_auth_level, bool(self.smart_hosts)
        named = level is TlsAuthLevel.DOMAIN_VALIDATION
        return (
            (not self.address_spaces, "AddressSpaces is empty; wanted at least one, such as *"),
            (
                self.dns_routing_enabled is True and hosts,
                "DNSRoutingEnabled is True but SmartHosts is given; wanted one of the two",
            ),
            (
                self.dns_routing_enabled is False and not hosts,
                "DNSRoutingEnabled is False but SmartHosts is empty; wanted a smart host",
            ),
            (
                level is not None and not self.require_tls,
                "TlsAuthLevel is given but RequireTLS is False; wanted RequireTLS $true",
            ),
            (
                self.ignore_starttls and self.require_tls,
                "IgnoreSTARTTLS and RequireTLS are both True; wanted one of the two",
            ),
            (
                named and hosts and not self.tls_domain,
                "TlsAuthLevel is DomainValidation with SmartHosts but TlsDomain is empty; wanted the certificate's domain",
            ),
            (
                bool(self.tls_domain) and not named,
                "TlsDomain is given but TlsAuthLevel is not DomainValidation; wanted DomainValidation",
            ),
        )

    def source(self, name: str = "") -> str:
        """Return ``file:line`` of a property, or of the connector."""
        return self.origin.of(name) if self.origin else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptedDomain:
    """An accepted domain (New-AcceptedDomain)."""

    SPELLING: ClassVar[str] = "exchange"
    IGNORED: ClassVar[frozenset[str]] = frozenset({"Name", "Identity", "Guid", "AddressBookEnabled"})

    domain_name: DomainPattern
    domain_type: DomainType = DomainType.AUTHORITATIVE
    default: bool = False
    origin: Origin | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeServerConfig:
    """An Exchange server with the organization it belongs to.

    Args:
        organization: the organization's name.
        accepted_domains: of the organization.
        send_connectors: of the organization.
        receive_connectors: of the server.
        directory: the organization's recipients.
    """

    organization: str
    accepted_domains: tuple[AcceptedDomain, ...]
    send_connectors: tuple[SendConnector, ...] = ()
    receive_connectors: tuple[ReceiveConnector, ...] = ()
    directory: Directory = field(default_factory=Directory)

    def accepted(self, domain: str) -> AcceptedDomain | None:
        """Return the most specific accepted domain that covers a domain, None when there is none."""
        covering = [each for each in self.accepted_domains if each.domain_name.covers(domain, apex=False)]
        return max(covering, key=lambda each: each.domain_name.specificity, default=None)

    @property
    def default_domain(self) -> str:
        """Return the default accepted domain: the one marked, else the first."""
        marked = [each for each in self.accepted_domains if each.default]
        first = (marked or list(self.accepted_domains))[:1]
        return first[0].domain_name.base if first else ""
