"""The outbound connector of Exchange Online: what may be written, and the checks that read it.

A property stands here with its check, so that a new one is added in this file alone; which connector a recipient leaves by
is decided in ``selection``. Names are those of New- and Set-OutboundConnector, snake_cased. Sources: New-OutboundConnector,
"Set up connectors to route mail between Microsoft 365 and your own email servers".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from ipaddress import IPv4Network
from typing import ClassVar

from mailsim.mail.pattern import DomainPattern
from mailsim.mta.exchange_online.connector import BOOKKEEPING, ConnectorType
from mailsim.mta.setting import is_on
from mailsim.mta.unmodelled import Configured
from mailsim.reason.check import Check, check, unknown
from mailsim.reason.cite import assumed, documented

SELECTION = documented("ms:set-up-connectors-to-route-mail", "the worked example with three connectors")
CENTRALIZED = documented("ms:new-outboundconnector", "RouteAllMessagesViaOnPremises")
NEXT_HOP = documented("ms:new-outboundconnector", "UseMXRecord, SmartHosts")
TEST_MODE = assumed("exo-test-mode", "what TestMode does is not written down")


class TlsSettings(Enum):
    """How much an outbound connector wants of the next hop's certificate."""

    ENCRYPTION_ONLY = "EncryptionOnly"
    CERTIFICATE_VALIDATION = "CertificateValidation"
    DOMAIN_VALIDATION = "DomainValidation"


class MtaStsMode(Enum):
    """Whether the MTA-STS policy of the next hop's domain is asked for."""

    OPPORTUNISTIC = "Opportunistic"
    NONE = "None"


class SmtpDaneMode(Enum):
    """Whether the next hop's TLSA records are asked for; Mandatory wants them."""

    OPPORTUNISTIC = "Opportunistic"
    MANDATORY = "Mandatory"
    NONE = "None"


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboundConnector(Configured):
    """An outbound connector (New-OutboundConnector)."""

    SPELLING: ClassVar[str] = "exchange"
    IGNORED: ClassVar[frozenset[str]] = BOOKKEEPING
    UNMODELLED: ClassVar[frozenset[str]] = frozenset()

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
    route_all_messages_via_on_premises: bool = False
    sender_rewriting_enabled: bool = False
    mta_sts_mode: MtaStsMode = MtaStsMode.OPPORTUNISTIC
    smtp_dane_mode: SmtpDaneMode = SmtpDaneMode.OPPORTUNISTIC
    test_mode: bool = False

    def __post_init__(self) -> None:
        """Refuse what the cmdlet refuses.

        Raises:
            ValueError: for properties that exclude each other, or a smart host that is no range.
        """
        named = self.tls_settings is TlsSettings.DOMAIN_VALIDATION
        for host in self.smart_hosts:
            if "/" in host:
                IPv4Network(host, strict=False)
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
            *(
                (
                    value and not self.is_on_premises,
                    f"{name} is True but ConnectorType is Partner; wanted OnPremises",
                )
                for name, value in (
                    ("AllAcceptedDomains", self.all_accepted_domains),
                    ("RouteAllMessagesViaOnPremises", self.route_all_messages_via_on_premises),
                    ("SenderRewritingEnabled", self.sender_rewriting_enabled),
                )
            ),
        )
        for contradiction, what in wrong:
            if contradiction:
                raise ValueError(f"outbound connector {self.name!r}: {what}")

    @property
    def is_on_premises(self) -> bool:
        """Whether the organization's own servers are at the other end."""
        return self.connector_type is ConnectorType.ON_PREMISES


def is_enabled(connector: OutboundConnector) -> Check:
    """The connector is turned on."""
    return is_on(connector, "Enabled", connector.enabled, cite=SELECTION)


def is_open(connector: OutboundConnector) -> Check:
    """The connector is not reserved for transport rules."""
    scoped = connector.is_transport_rule_scoped
    return check(
        not scoped,
        "IsTransportRuleScoped",
        saw=f"{scoped}: used only by rules" if scoped else "False",
        wanted="False",
        cite=SELECTION,
        source=connector.source("IsTransportRuleScoped"),
    )


def routes_everything(connector: OutboundConnector) -> Check:
    """The connector is the one of centralized mail transport."""
    value = connector.route_all_messages_via_on_premises
    return is_on(connector, "RouteAllMessagesViaOnPremises", value, cite=CENTRALIZED)


def doubts(connector: OutboundConnector) -> tuple[Check, ...]:
    """Return one unjudged check for each setting whose effect cannot be told here."""
    found = []
    if connector.test_mode:
        source = connector.source("TestMode")
        found.append(unknown("TestMode", saw="True", cite=TEST_MODE, source=source))
    return tuple(found)


def leads_to(connector: OutboundConnector, domain: str) -> Check:
    """Say where a connector leads: to its smart hosts, or by the MX of the recipient's domain."""
    by_mx = f"the MX of {domain}, wherever it points"
    hosts = ", ".join(map(str, connector.smart_hosts))
    return check(
        True,
        f"UseMXRecord of {connector.name!r}",
        saw=f"{connector.use_mx_record}: {by_mx if connector.use_mx_record else hosts}",
        cite=NEXT_HOP,
        source=connector.source("UseMXRecord"),
    )
