"""The Send connector of Exchange Server: what may be written, and which one a recipient leaves by.

A property stands here with the check that reads it, so that a new one is added in this file alone. Names are those of
New- and Set-SendConnector, snake_cased. Sources: "Connector selection in external message routing", Set-SendConnector.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import ClassVar

from mailsim.mail.address import Mailbox
from mailsim.mail.pattern import DomainPattern
from mailsim.mta.exchange_server import defaults
from mailsim.mta.setting import is_on
from mailsim.mta.unmodelled import Configured, unmodelled
from mailsim.reason.check import Check, check
from mailsim.reason.choice import Choice, Rank, select
from mailsim.reason.cite import documented

SELECTION = documented("ms:connector-selection", "Connector selection in external message routing")


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


class TlsAuthLevel(Enum):
    """How much a Send connector wants of the next hop's certificate."""

    ENCRYPTION_ONLY = "EncryptionOnly"
    CERTIFICATE_VALIDATION = "CertificateValidation"
    DOMAIN_VALIDATION = "DomainValidation"


@dataclass(frozen=True, slots=True, kw_only=True)
class SendConnector(Configured):
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
    UNMODELLED: ClassVar[frozenset[str]] = frozenset(
        {
            "AuthenticationCredential",
            "ConnectionInactivityTimeOut",
            "ConnectorType",
            "DomainSecureEnabled",
            "ErrorPolicies",
            "Force",
            "ForceHELO",
            "FrontendProxyEnabled",
            "IsScopedConnector",
            "LinkedReceiveConnector",
            "Port",
            "SmartHostAuthMechanism",
            "SourceIPAddress",
            "SourceTransportServers",
            "TlsCertificateName",
            "UseExternalDNSServersEnabled",
            "IsSmtpConnector",
            "SourceRoutingGroup",
            "HomeMTA",
            "HomeMtaServerId",
        }
    )

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


def choose_send_connector(
    connectors: tuple[SendConnector, ...], to: Mailbox, size: int
) -> Choice[SendConnector]:
    """Choose the Send connector for one external recipient.

    Source: ms:connector-selection, steps 1 to 6 (documented). An organization has one server here, so the hops are
    equal.

    Args:
        connectors: of the organization.
        to: the recipient as resolved.
        size: octets, header included.
    """
    return select(
        f"Send connector for {to}",
        connectors,
        name=lambda connector: connector.name,
        source=lambda connector: connector.source(),
        checks=lambda connector: (
            fits_size(connector, size),
            is_enabled(connector),
            serves(connector, to.domain),
            *unmodelled(connector),
        ),
        ranks=lambda connector: (
            specificity(connector, to.domain),
            cost(connector, to.domain),
            Rank("lowest alphanumeric name", connector.name.lower(), connector.name),
        ),
        cite=SELECTION,
    )


def fits_size(connector: SendConnector, size: int) -> Check:
    """Step 1: MaxMessageSize is not smaller than the message."""
    return check(
        size <= connector.max_message_size,
        "MaxMessageSize",
        saw=f"message of {size} octets",
        wanted=f"at most {connector.max_message_size}",
        cite=SELECTION,
        source=connector.source("MaxMessageSize"),
    )


def is_enabled(connector: SendConnector) -> Check:
    """Step 2: the connector is enabled."""
    return is_on(connector, "Enabled", connector.enabled, cite=SELECTION)


def serves(connector: SendConnector, domain: str) -> Check:
    """Step 2: an address space covers the recipient's domain."""
    spaces = ", ".join(str(space.pattern) for space in connector.address_spaces)
    return check(
        any(space.pattern.covers(domain, apex=True) for space in connector.address_spaces),
        "AddressSpaces",
        saw=spaces,
        wanted=f"a space that covers {domain}",
        cite=SELECTION,
        source=connector.source("AddressSpaces"),
    )


def specificity(connector: SendConnector, domain: str) -> Rank:
    """Step 3: the most specific address space wins, before any cost."""
    pattern = _best(connector, domain)[0]
    exact, length = pattern[0], pattern[1]
    shown = _best(connector, domain)[2]
    return Rank("most specific address space", (-exact, -length), shown)


def cost(connector: SendConnector, domain: str) -> Rank:
    """Step 4: the lowest cost of that address space; there are no site links here."""
    lowest = _best(connector, domain)[1]
    return Rank("lowest cost", lowest, f"cost {lowest}")


def _best(connector: SendConnector, domain: str) -> tuple[tuple[int, int], int, str]:
    """Return specificity, cost and text of the address space that counts for a domain."""
    covering = [space for space in connector.address_spaces if space.pattern.covers(domain, apex=True)]
    best = max(covering, key=lambda space: (space.pattern.specificity, -space.cost))
    return best.pattern.specificity, best.cost, str(best.pattern)
