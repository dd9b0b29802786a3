"""The outbound connector of Exchange Online: what may be written, and which one a recipient leaves by.

A property stands here with the check that reads it, so that a new one is added in this file alone. Names are those of
New- and Set-OutboundConnector, snake_cased. Source: "Set up connectors to route mail between Microsoft 365 and your own
email servers" (its worked example is followed where the page contradicts itself).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import ClassVar

from mailsim.mail.address import Mailbox
from mailsim.mail.pattern import DomainPattern
from mailsim.mta.exchange_online.accepted_domain import AcceptedDomain, accepted_by
from mailsim.mta.exchange_online.connector import BOOKKEEPING, ConnectorType
from mailsim.mta.unmodelled import unmodelled
from mailsim.reason.check import Check, check
from mailsim.reason.choice import Choice, Rank, select
from mailsim.reason.cite import documented
from mailsim.world.source import Origin

SELECTION = documented("ms:set-up-connectors-to-route-mail", "the worked example with three connectors")


class TlsSettings(Enum):
    """How much an outbound connector wants of the next hop's certificate."""

    ENCRYPTION_ONLY = "EncryptionOnly"
    CERTIFICATE_VALIDATION = "CertificateValidation"
    DOMAIN_VALIDATION = "DomainValidation"


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboundConnector:
    """An outbound connector (New-OutboundConnector)."""

    SPELLING: ClassVar[str] = "exchange"
    IGNORED: ClassVar[frozenset[str]] = BOOKKEEPING
    UNMODELLED: ClassVar[frozenset[str]] = frozenset(
        {
            "RouteAllMessagesViaOnPremises",
            "SenderRewritingEnabled",
            "MtaStsMode",
            "SmtpDaneMode",
            "TestMode",
        }
    )

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


def choose_outbound_connector(
    connectors: tuple[OutboundConnector, ...], domains: tuple[AcceptedDomain, ...], to: Mailbox
) -> Choice[OutboundConnector]:
    """Choose the outbound connector for a recipient that is not delivered in the tenant; None means MX.

    The order is exact domain, longest wildcard, all accepted domains, ``*``. The page's list puts all accepted
    domains before wildcards, its example the other way; the place of ``*`` is inferred.
    """
    return select(
        f"outbound connector for {to}",
        connectors,
        name=lambda connector: connector.name,
        source=lambda connector: connector.source(),
        checks=lambda connector: (
            is_enabled(connector),
            is_open(connector),
            serves(connector, domains, to.domain),
            *unmodelled(connector),
        ),
        ranks=lambda connector: (specificity(connector, domains, to.domain),),
        cite=SELECTION,
    )


def is_enabled(connector: OutboundConnector) -> Check:
    """The connector is turned on."""
    return check(
        connector.enabled,
        "Enabled",
        saw=str(connector.enabled),
        wanted="True",
        cite=SELECTION,
        source=connector.source("Enabled"),
    )


def is_open(connector: OutboundConnector) -> Check:
    """The connector is not reserved for transport rules."""
    return check(
        not connector.is_transport_rule_scoped,
        "IsTransportRuleScoped",
        saw=f"{connector.is_transport_rule_scoped}: used only by rules"
        if connector.is_transport_rule_scoped
        else "False",
        wanted="False",
        cite=SELECTION,
        source=connector.source("IsTransportRuleScoped"),
    )


def serves(connector: OutboundConnector, domains: tuple[AcceptedDomain, ...], domain: str) -> Check:
    """RecipientDomains or AllAcceptedDomains covers the recipient's domain."""
    patterns = ", ".join(map(str, connector.recipient_domains)) or "none"
    every = ", AllAcceptedDomains" if connector.all_accepted_domains else ""
    return check(
        _scope(connector, domains, domain) is not None,
        "RecipientDomains",
        saw=patterns + every,
        wanted=f"a domain that covers {domain}",
        cite=SELECTION,
        source=connector.source("RecipientDomains"),
    )


def specificity(connector: OutboundConnector, domains: tuple[AcceptedDomain, ...], domain: str) -> Rank:
    """The most specific scope wins."""
    scope = _scope(connector, domains, domain) or (9, 0, "")
    return Rank("most specific RecipientDomains", scope[:2], scope[2])


def _scope(
    connector: OutboundConnector, domains: tuple[AcceptedDomain, ...], domain: str
) -> tuple[int, int, str] | None:
    """Return how specifically a connector covers a domain, smaller is more specific; None when it does not."""
    covering = [
        (0 if not pattern.wildcard else 1 if pattern.base else 3, -len(pattern.base), str(pattern))
        for pattern in connector.recipient_domains
        # whether *.contoso.com covers contoso.com itself is not documented here; the example says no
        if pattern.covers(domain, apex=False)
    ]
    if connector.all_accepted_domains and accepted_by(domains, domain) is not None:
        covering.append((2, 0, "AllAcceptedDomains"))
    return min(covering, default=None)


def connector_named(connectors: tuple[OutboundConnector, ...], name: str) -> OutboundConnector | None:
    """Return the enabled outbound connector that a rule names."""
    return next(
        (each for each in connectors if each.name.lower() == name.lower() and each.enabled),
        None,
    )
