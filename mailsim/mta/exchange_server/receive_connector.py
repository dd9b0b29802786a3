"""The Receive connector of Exchange Server: what may be written, and which one takes a session.

A property stands here with the check that reads it, so that a new one is added in this file alone. Names are those of
New- and Set-ReceiveConnector, snake_cased. Sources: "Receive connectors in Exchange Server", Set-ReceiveConnector.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from ipaddress import IPv4Address, IPv4Network
from typing import ClassVar

from mailsim.mail.pattern import DomainPattern
from mailsim.mta.exchange_server import defaults
from mailsim.mta.unmodelled import unmodelled
from mailsim.reason.check import Check, check
from mailsim.reason.choice import Choice, Rank, select
from mailsim.reason.cite import documented
from mailsim.world.facts import SessionFacts
from mailsim.world.source import Origin

CONNECTOR = documented("ms:receive-connectors", "Receive connectors in Exchange Server")
LIMITS = documented("ms:message-size-limits", "Message size and recipient limits in Exchange Server")


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


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiveConnector:
    """A Receive connector (New-ReceiveConnector)."""

    SPELLING: ClassVar[str] = "exchange"
    IGNORED: ClassVar[frozenset[str]] = frozenset(
        {"Comment", "ProtocolLoggingLevel", "Identity", "Server", "Guid"}
    )
    UNMODELLED: ClassVar[frozenset[str]] = frozenset(
        {
            "AuthMechanism",
            "Banner",
            "BareLinefeedRejectionEnabled",
            "BinaryMimeEnabled",
            "ChunkingEnabled",
            "ConnectionInactivityTimeout",
            "ConnectionTimeout",
            "DefaultDomain",
            "DeliveryStatusNotificationEnabled",
            "DomainSecureEnabled",
            "EightBitMimeEnabled",
            "EnableAuthGSSAPI",
            "EnhancedStatusCodesEnabled",
            "ExtendedProtectionPolicy",
            "LongAddressesEnabled",
            "MaxAcknowledgementDelay",
            "MaxHeaderSize",
            "MaxInboundConnection",
            "MaxInboundConnectionPercentagePerSource",
            "MaxInboundConnectionPerSource",
            "MaxLocalHopCount",
            "MaxLogonFailures",
            "MaxProtocolErrors",
            "MessageRateLimit",
            "MessageRateSource",
            "OrarEnabled",
            "PipeliningEnabled",
            "RequireEHLODomain",
            "ServiceDiscoveryFqdn",
            "SizeEnabled",
            "SuppressXAnonymousTls",
            "TarpitInterval",
            "AuthTarpitInterval",
            "TlsCertificateName",
            "TransportRole",
            "RejectReservedTopLevelRecipientDomains",
            "RejectReservedSecondLevelRecipientDomains",
            "RejectSingleLabelRecipientDomains",
            "SmtpUtf8Enabled",
            "Usage",
        }
    )

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


def choose_receive_connector(
    connectors: tuple[ReceiveConnector, ...], facts: SessionFacts
) -> Choice[ReceiveConnector]:
    """Choose the Receive connector of a session: enabled, bound here, most specific remote range.

    Source: ms:receive-connectors (documented); a specific binding before 0.0.0.0 is inferred.
    """
    return select(
        f"Receive connector for {facts.peer_ip} on {facts.local_ip}:{facts.local_port}",
        connectors,
        name=lambda connector: connector.name,
        source=lambda connector: connector.source(),
        checks=lambda connector: (
            _enabled(connector),
            _bound(connector, facts),
            _in_range(connector, facts),
            *unmodelled(connector),
        ),
        ranks=lambda connector: (_range_size(connector, facts), _binding(connector, facts)),
        cite=CONNECTOR,
    )


def _enabled(connector: ReceiveConnector) -> Check:
    return check(
        connector.enabled,
        "Enabled",
        saw=str(connector.enabled),
        wanted="True",
        cite=CONNECTOR,
        source=connector.source("Enabled"),
    )


def _bound(connector: ReceiveConnector, facts: SessionFacts) -> Check:
    return check(
        any(each.covers(facts.local_ip, facts.local_port) for each in connector.bindings),
        "Bindings",
        saw=", ".join(map(str, connector.bindings)),
        wanted=f"{facts.local_ip}:{facts.local_port}",
        cite=CONNECTOR,
        source=connector.source("Bindings"),
    )


def _in_range(connector: ReceiveConnector, facts: SessionFacts) -> Check:
    return check(
        any(each.covers(facts.peer_ip) for each in connector.remote_ip_ranges),
        "RemoteIPRanges",
        saw=", ".join(map(str, connector.remote_ip_ranges)),
        wanted=f"a range with {facts.peer_ip}",
        cite=CONNECTOR,
        source=connector.source("RemoteIPRanges"),
    )


def _range_size(connector: ReceiveConnector, facts: SessionFacts) -> Rank:
    size = min(each.size for each in connector.remote_ip_ranges if each.covers(facts.peer_ip))
    return Rank("most specific RemoteIPRanges", size, f"{size} addresses")


def _binding(connector: ReceiveConnector, facts: SessionFacts) -> Rank:
    exact = any(each.address == facts.local_ip for each in connector.bindings)
    return Rank("specific binding (inferred)", 0 if exact else 1, "this address" if exact else "any address")


def encrypted(connector: ReceiveConnector, facts: SessionFacts) -> Check:
    """RequireTLS: the session is encrypted where the connector wants it."""
    clear = facts.tls is None
    return check(
        not (connector.require_tls and clear),
        f"RequireTLS of {connector.name!r}",
        saw="a session in clear text" if clear else "a session over TLS",
        wanted="TLS" if connector.require_tls else "",
        cite=CONNECTOR,
        source=connector.source("RequireTLS"),
    )


def fits(connector: ReceiveConnector, size: int) -> Check:
    """MaxMessageSize: a message of ``size`` octets is not too large."""
    return check(
        size <= connector.max_message_size,
        f"MaxMessageSize of {connector.name!r}",
        saw=f"{size} octets",
        wanted=f"at most {connector.max_message_size}",
        cite=LIMITS,
        source=connector.source("MaxMessageSize"),
    )


def few_recipients(connector: ReceiveConnector, count: int) -> Check:
    """MaxRecipientsPerMessage: with this one there are not too many recipients."""
    return check(
        count <= connector.max_recipients_per_message,
        f"MaxRecipientsPerMessage of {connector.name!r}",
        saw=f"recipient {count}",
        wanted=f"at most {connector.max_recipients_per_message}",
        cite=LIMITS,
        source=connector.source("MaxRecipientsPerMessage"),
    )


def few_hops(connector: ReceiveConnector, hops: int) -> Check:
    """MaxHopCount: the message has not travelled too far."""
    return check(
        hops <= connector.max_hop_count,
        f"MaxHopCount of {connector.name!r}",
        saw=f"{hops} Received fields",
        wanted=f"at most {connector.max_hop_count}",
        cite=LIMITS,
        source=connector.source("MaxHopCount"),
    )
