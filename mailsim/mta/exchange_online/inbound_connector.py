"""The inbound connector of Exchange Online: what may be written, and the checks that read it.

A property stands here with its check, so that a new one is added in this file alone; which connector a session meets is
decided in ``attribution``. Names are those of New- and Set-InboundConnector, snake_cased.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import IPv4Network
from typing import ClassVar

from mailsim.mail.pattern import DomainPattern
from mailsim.mta.exchange_online.connector import BOOKKEEPING, ConnectorType
from mailsim.world.source import Origin


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
    IGNORED: ClassVar[frozenset[str]] = BOOKKEEPING
    UNMODELLED: ClassVar[frozenset[str]] = frozenset(
        {
            "AssociatedAcceptedDomains",
            "ClientHostNames",
            "EFSkipIPs",
            "EFSkipLastIP",
            "EFSkipMailGateway",
            "EFTestMode",
            "EFUsers",
            "RestrictDomainsToCertificate",
            "RestrictDomainsToIPAddresses",
            "ScanAndDropRecipients",
            "TreatMessagesAsInternal",
            "TrustedOrganizations",
        }
    )

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
