"""The inbound connector of Exchange Online: what may be written, and the checks that read it.

A property stands here with its check, so that a new one is added in this file alone; which connector a session meets is
decided in ``attribution`` (OnPremises) and ``partner`` (Partner), what it promotes in ``promotion``, what it skips in
``enhanced_filtering``. Names are those of New- and Set-InboundConnector, snake_cased.

Sources: New-InboundConnector, "Office 365 message attribution", KB 3212877 (a chain counts as sent).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network
from typing import ClassVar

from mailsim.mail.address import Mailbox, ReversePath
from mailsim.mail.pattern import DomainPattern
from mailsim.mta.exchange_online.connector import BOOKKEEPING, ConnectorType
from mailsim.mta.exchange_online.peer_certificate import look_at_client
from mailsim.mta.exchange_online.receive.address_range import AddressRange
from mailsim.mta.exchange_online.receive.certificate_name import CertificateName, parse_certificate_name
from mailsim.mta.exchange_online.receive.receive_assumptions import ASSOCIATED_DOMAINS, CERTIFICATE_ISSUER
from mailsim.mta.kind import PointOfView
from mailsim.mta.relaying.certificate_flaws import find_flaws
from mailsim.mta.setting import is_on
from mailsim.mta.unmodelled import Configured
from mailsim.reason.check import Check, check
from mailsim.reason.cite import Citation, documented
from mailsim.world.certificate import Role
from mailsim.world.facts import SessionFacts

CONNECTOR = documented("ms:new-inboundconnector", "New-InboundConnector")
CHAIN = documented("kb3212877", "the chain must be sent with its intermediates")


@dataclass(frozen=True, slots=True)
class SenderDomain:
    """One entry of SenderDomains, such as ``smtp:*;1``; the cost is read and not used."""

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
class InboundConnector(Configured):
    """An inbound connector (New-InboundConnector)."""

    SPELLING: ClassVar[str] = "exchange"
    IGNORED: ClassVar[frozenset[str]] = BOOKKEEPING
    UNMODELLED: ClassVar[frozenset[str]] = frozenset(
        {
            "ClientHostNames",
            "EFSkipMailGateway",
            "EFTestMode",
            "ScanAndDropRecipients",
            "TrustedOrganizations",
        }
    )
    UNMODELLED_DEFAULTS: ClassVar[Mapping[str, str]] = {"EFTestMode": "false"}

    name: str
    connector_type: ConnectorType
    enabled: bool = True
    sender_domains: tuple[SenderDomain, ...] = (SenderDomain.parse("*"),)
    sender_ip_addresses: tuple[IPv4Network, ...] = field(default=(), metadata={"name": "SenderIPAddresses"})
    tls_sender_certificate_name: str = ""
    require_tls: bool = True
    restrict_domains_to_certificate: bool = False
    restrict_domains_to_ip_addresses: bool = field(
        default=False, metadata={"name": "RestrictDomainsToIPAddresses"}
    )
    associated_accepted_domains: tuple[str, ...] = ()
    cloud_services_mail_enabled: bool = False
    treat_messages_as_internal: bool = False
    ef_skip_last_ip: bool = field(default=False, metadata={"name": "EFSkipLastIP"})
    ef_skip_ips: tuple[AddressRange, ...] = field(default=(), metadata={"name": "EFSkipIPs"})
    ef_users: tuple[Mailbox, ...] = field(default=(), metadata={"name": "EFUsers"})

    def __post_init__(self) -> None:
        """Refuse what the cmdlet refuses.

        Raises:
            ValueError: for an address range outside /24 to /32, a certificate name that cannot be read, or properties
                that exclude each other.
        """
        for network in self.sender_ip_addresses:
            if network.prefixlen < 24:
                raise ValueError(
                    f"inbound connector {self.name!r}: SenderIPAddresses {network} is larger than /24; "
                    "wanted /24 to /32"
                )
        if self.treat_messages_as_internal and self.cloud_services_mail_enabled:
            raise ValueError(
                f"inbound connector {self.name!r}: TreatMessagesAsInternal and CloudServicesMailEnabled are both "
                "True; wanted one of the two"
            )
        parse_certificate_name(self.tls_sender_certificate_name)

    @property
    def on_premises(self) -> bool:
        """Whether the tenant's own servers are at the other end."""
        return self.connector_type is ConnectorType.ON_PREMISES

    @property
    def certificate_name(self) -> CertificateName:
        """Return TlsSenderCertificateName as read."""
        return parse_certificate_name(self.tls_sender_certificate_name)

    @property
    def restricts(self) -> bool:
        """Whether it is a Partner connector that refuses mail from elsewhere; OnPremises ones ignore the flags."""
        flags = self.restrict_domains_to_certificate or self.restrict_domains_to_ip_addresses
        return flags and not self.on_premises


# --- checks ------------------------------------------------------------------------------------------------


def is_enabled(connector: InboundConnector) -> Check:
    """Want Enabled; that a disabled connector takes part in nothing is inferred."""
    return is_on(connector, "Enabled", connector.enabled, cite=CONNECTOR)


def is_of_type(connector: InboundConnector, wanted: ConnectorType) -> Check:
    """Want a ConnectorType."""
    return check(
        connector.connector_type is wanted,
        "ConnectorType",
        saw=connector.connector_type.value,
        wanted=wanted.value,
        cite=CONNECTOR,
        source=connector.source("ConnectorType"),
    )


def shows_trusted_certificate(at: PointOfView, facts: SessionFacts) -> tuple[Check, ...]:
    """Want a client certificate whose chain, as sent, leads to a trusted root; then one check for each of its flaws."""
    peer = facts.tls.peer if facts.tls else None
    wanted = "a chain to a trusted CA, valid now"
    if peer is None:
        saw = "no client certificate" if facts.tls else "no TLS"
        return (check(False, "client certificate", saw=saw, wanted=wanted, cite=CHAIN),)
    verdict = at.pki.judge(peer, trusts=at.mta.trusts, at=at.now)
    chain = check(verdict.trusted, "client certificate", saw=verdict.saw, wanted=wanted, cite=CHAIN)
    flaws = find_flaws(at, peer, Role.CLIENT, look_at_client(at))
    return (chain, *(found.check for found in flaws))


def names_certificate(at: PointOfView, connector: InboundConnector, facts: SessionFacts) -> Check:
    """Want the client's certificate to bear TlsSenderCertificateName."""
    peer = facts.tls.peer if facts.tls else None
    wanted, choice = connector.certificate_name, at.assumed(CERTIFICATE_ISSUER)
    names = wanted.names(peer) if peer else ()
    saw = f"the certificate presented names {', '.join(names)}" if names else "no certificate presented"
    saw += f", issued by {peer.issuer}" if peer and wanted.by_subject else ""
    return check(
        peer is not None and wanted.is_borne_by(peer, same_issuer=choice == "compared"),
        "TlsSenderCertificateName",
        saw=saw,
        wanted=connector.tls_sender_certificate_name or "a certificate name (none is configured)",
        cite=CERTIFICATE_ISSUER.cite(choice) if wanted.by_subject else CONNECTOR,
        source=connector.source("TlsSenderCertificateName") if wanted.name else "",
    )


def lists_address(connector: InboundConnector, facts: SessionFacts) -> Check:
    """Want the client's address among SenderIPAddresses."""
    return check(
        any(facts.peer_ip in network for network in connector.sender_ip_addresses),
        "SenderIPAddresses",
        saw=str(facts.peer_ip),
        wanted=", ".join(map(str, connector.sender_ip_addresses)) or "an address (none is configured)",
        cite=CONNECTOR,
        source=connector.source("SenderIPAddresses") if connector.sender_ip_addresses else "",
    )


def covers_sender(connector: InboundConnector, sender: ReversePath) -> Check:
    """Want MAIL FROM among SenderDomains; ``*`` covers the null reverse-path too, since it means all mail."""
    patterns = [each.pattern for each in connector.sender_domains]
    return check(
        any(pattern_covers(pattern, sender) for pattern in patterns),
        "SenderDomains",
        saw=str(sender or "<>"),
        wanted=", ".join(map(str, patterns)) or "a domain (none is configured)",
        cite=CONNECTOR,
        source=connector.source("SenderDomains"),
    )


def pattern_covers(pattern: DomainPattern, sender: ReversePath) -> bool:
    """Tell whether an entry of SenderDomains covers a sender; ``*.contoso.com`` is the domain and all below it."""
    if sender is None:
        return pattern.wildcard and not pattern.base
    return pattern.covers(sender.domain, apex=True)


def associates_on_premises(
    at: PointOfView, connector: InboundConnector, sender: ReversePath, recipient: Mailbox
) -> tuple[Check, ...]:
    """Want, where AssociatedAcceptedDomains are given, mail from one of them; none where none are given."""
    if not connector.associated_accepted_domains:
        return ()
    choice = at.assumed(ASSOCIATED_DOMAINS)
    domains = [sender.domain] if sender else []
    domains += [recipient.domain] if choice == "sender-or-recipient" else []
    return (_associated(connector, domains, ASSOCIATED_DOMAINS.cite(choice)),)


def associates_partner(connector: InboundConnector, recipient: Mailbox) -> tuple[Check, ...]:
    """Want, where AssociatedAcceptedDomains are given, mail to one of them; none where none are given."""
    if not connector.associated_accepted_domains:
        return ()
    return (_associated(connector, [recipient.domain], CONNECTOR),)


def _associated(connector: InboundConnector, domains: list[str], cite: Citation) -> Check:
    listed = {each.lower() for each in connector.associated_accepted_domains}
    return check(
        any(domain in listed for domain in domains),
        "AssociatedAcceptedDomains",
        saw=", ".join(domains) or "<>",
        wanted=", ".join(connector.associated_accepted_domains),
        cite=cite,
        source=connector.source("AssociatedAcceptedDomains"),
    )
