"""The Send connector of Exchange Server: what may be written, and what each property says to a message.

A property stands here with the check that reads it, so that a new one is added in this file alone; ``connector_selection``
holds the checks together. Names are those of New- and Set-SendConnector, snake_cased. Sources: "Connector selection in
external message routing", Set-SendConnector.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import ClassVar, Literal

from mailsim.mail.pattern import DomainPattern
from mailsim.mail.sasl import Claim
from mailsim.mta.exchange_server import defaults
from mailsim.mta.exchange_server.certificate_choice import CertificateName
from mailsim.mta.exchange_server.send.address_space import AddressSpace
from mailsim.mta.exchange_server.send.send_assumptions import SEND_MAX_MESSAGE_SIZE
from mailsim.mta.kind import PointOfView
from mailsim.mta.setting import is_on
from mailsim.mta.unmodelled import Configured
from mailsim.reason.check import Check, check, unknown
from mailsim.reason.choice import Rank
from mailsim.reason.cite import documented

SELECTION = documented("ms:connector-selection", "Connector selection in external message routing")
PROPERTY = documented("ms:set-sendconnector")

Unlimited = Literal["Unlimited"]
ALL_OF_THE_SITE = "--"
"""As a smart host: every Mailbox server of the site that an Edge Transport server is subscribed to."""


class TlsAuthLevel(Enum):
    """How much a Send connector wants of the next hop's certificate."""

    ENCRYPTION_ONLY = "EncryptionOnly"
    CERTIFICATE_VALIDATION = "CertificateValidation"
    DOMAIN_VALIDATION = "DomainValidation"


class SmartHostAuthMechanism(Enum):
    """How a Send connector signs in at its smart hosts."""

    NONE = "None"
    BASIC_AUTH = "BasicAuth"
    BASIC_AUTH_REQUIRE_TLS = "BasicAuthRequireTLS"
    EXCHANGE_SERVER = "ExchangeServer"
    EXTERNAL_AUTHORITATIVE = "ExternalAuthoritative"


BASIC = (SmartHostAuthMechanism.BASIC_AUTH, SmartHostAuthMechanism.BASIC_AUTH_REQUIRE_TLS)


class ErrorPolicy(Enum):
    """How a Send connector takes errors of the next hop."""

    DEFAULT = "Default"
    DOWNGRADE_DNS_FAILURES = "DowngradeDnsFailures"
    DOWNGRADE_CUSTOM_FAILURES = "DowngradeCustomFailures"
    UPGRADE_CUSTOM_FAILURES = "UpgradeCustomFailures"


class SendUsage(Enum):
    """What a Send connector was made for; only a set of defaults."""

    CUSTOM = "Custom"
    INTERNAL = "Internal"
    INTERNET = "Internet"
    PARTNER = "Partner"


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """A user name and a password (PSCredential)."""

    SPELLING: ClassVar[str] = "exchange"

    user_name: str
    password: str = ""

    @property
    def claim(self) -> Claim:
        """Return what is said in AUTH."""
        return Claim(self.user_name, self.password)


@dataclass(frozen=True, slots=True, kw_only=True)
class SendConnector(Configured):
    """A Send connector (New-SendConnector)."""

    SPELLING: ClassVar[str] = "exchange"
    IGNORED: ClassVar[frozenset[str]] = frozenset(
        {
            "Comment",
            "ConnectedDomains",  # of routing groups
            "ConnectionInactivityTimeOut",
            "ConnectorType",  # a label; CloudServicesMailEnabled decides
            "Custom",
            "Force",
            "HomeMTA",
            "HomeMtaServerId",
            "Internet",
            "IsSmtpConnector",
            "Partner",
            "ProtocolLoggingLevel",
            "Region",
            "RequireOorg",  # reserved for internal use of Microsoft
            "SmartHostsString",  # SmartHosts again
            "SourceRoutingGroup",
        }
    )
    UNMODELLED: ClassVar[frozenset[str]] = frozenset(
        {
            "IsCoexistenceConnector",
            "LinkedReceiveConnector",
            "SourceIPAddress",
            "UseExternalDNSServersEnabled",
        }
    )
    UNMODELLED_DEFAULTS: ClassVar[Mapping[str, str]] = {
        "IsCoexistenceConnector": "false",
        "SourceIPAddress": "0.0.0.0",  # noqa: S104 - a setting, no socket
        "UseExternalDNSServersEnabled": "false",
    }

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
    domain_secure_enabled: bool = False
    force_helo: bool = field(default=False, metadata={"name": "ForceHELO"})
    frontend_proxy_enabled: bool = False
    is_scoped_connector: bool = False
    error_policies: tuple[ErrorPolicy, ...] = (ErrorPolicy.DEFAULT,)
    smart_host_auth_mechanism: SmartHostAuthMechanism = SmartHostAuthMechanism.NONE
    authentication_credential: Credential | None = None
    port: int = 25
    source_transport_servers: tuple[str, ...] = ()
    tls_certificate_name: CertificateName | None = None
    fqdn: str = ""
    usage: SendUsage = SendUsage.CUSTOM
    internal: bool = False
    max_message_size: int | Unlimited | None = field(default=None, metadata={"unit": "octets"})
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
            (
                any(not space.is_smtp for space in self.address_spaces) and not hosts,
                "AddressSpaces has another type than SMTP but SmartHosts is empty; wanted a smart host",
            ),
            (
                self.smart_host_auth_mechanism is not SmartHostAuthMechanism.NONE and not hosts,
                "SmartHostAuthMechanism is given but SmartHosts is empty; wanted a smart host",
            ),
            (
                self.signs_in and self.authentication_credential is None,
                "SmartHostAuthMechanism wants AuthenticationCredential, which is missing; wanted UserName and Password",
            ),
            (
                self.domain_secure_enabled and hosts,
                "DomainSecureEnabled is True but DNSRoutingEnabled is False; wanted routing by DNS",
            ),
            (
                self.domain_secure_enabled and self.ignore_starttls,
                "DomainSecureEnabled and IgnoreSTARTTLS are both True; wanted one of the two",
            ),
            (not 0 <= self.port <= 65535, f"Port is {self.port}; wanted 0 to 65535"),
        )

    @property
    def signs_in(self) -> bool:
        """Whether it signs in with AUTH at its smart hosts."""
        return self.smart_host_auth_mechanism in BASIC


# --- connector selection, step by step -------------------------------------------------------------------------


def fits_size(at: PointOfView, connector: SendConnector, size: int) -> Check:
    """Step 1: MaxMessageSize is not smaller than the message."""
    limit, saw = connector.max_message_size, f"message of {size} octets"
    where, cite = connector.source("MaxMessageSize"), SELECTION
    if limit == "Unlimited" or (limit is None and _is_internal(connector)):
        return check(True, "MaxMessageSize", saw=saw, cite=cite, source=where)
    if limit is None:
        choice = at.assumed(SEND_MAX_MESSAGE_SIZE)
        limit = _octets(choice)
        if size > min(map(_octets, SEND_MAX_MESSAGE_SIZE.choices)):  # else every choice says the same
            cite = SEND_MAX_MESSAGE_SIZE.cite(choice)
    return check(size <= limit, "MaxMessageSize", saw=saw, wanted=f"at most {limit}", cite=cite, source=where)


def _octets(megabytes: str) -> int:
    return int(megabytes.removesuffix(" MB")) * 1024 * 1024


def _is_internal(connector: SendConnector) -> bool:
    return connector.internal or connector.usage is SendUsage.INTERNAL


def is_enabled(connector: SendConnector) -> Check:
    """Step 2: the connector is enabled."""
    return is_on(connector, "Enabled", connector.enabled, cite=SELECTION)


def in_scope(connector: SendConnector, here: str, sites: tuple[str, ...]) -> Check:
    """Step 2: a scoped connector serves the servers of the sites in which its source servers are.

    Args:
        connector: the connector.
        here: the site of the server that asks.
        sites: those of the source servers.
    """
    scoped = connector.is_scoped_connector
    return check(
        not scoped or here.lower() in {each.lower() for each in sites},
        "IsScopedConnector",
        saw=f"{scoped}; source servers in {', '.join(dict.fromkeys(sites)) or 'one site'}, this server in {here or 'it'}",
        wanted="a source server in the same Active Directory site" if scoped else "",
        cite=SELECTION,
        source=connector.source("IsScopedConnector"),
    )


def serves(connector: SendConnector, domain: str, own: tuple[DomainPattern, ...]) -> Check:
    """Step 2: an address space covers the recipient's domain."""
    return check(
        any(space.specificity(domain, own) is not None for space in connector.address_spaces),
        "AddressSpaces",
        saw=", ".join(space.shown for space in connector.address_spaces),
        wanted=f"a space that covers {domain}",
        cite=SELECTION,
        source=connector.source("AddressSpaces"),
    )


def best_space(
    connector: SendConnector, domain: str, own: tuple[DomainPattern, ...]
) -> tuple[AddressSpace, tuple[int, int, int]]:
    """Return the address space that counts for a domain, with its specificity; one must cover the domain."""
    covering = [
        (space, found)
        for space in connector.address_spaces
        if (found := space.specificity(domain, own)) is not None
    ]
    return max(covering, key=lambda each: (each[1], -each[0].cost))


def specificity(connector: SendConnector, domain: str, own: tuple[DomainPattern, ...]) -> Rank:
    """Step 3: the most specific address space wins, before any cost."""
    space, (exact, length, written) = best_space(connector, domain, own)
    return Rank("most specific address space", (-exact, -length, -written), space.shown)


def not_judged(connector: SendConnector) -> tuple[Check, ...]:
    """Return what is set and documented without saying what it does."""
    custom = [
        policy.value
        for policy in connector.error_policies
        if policy in (ErrorPolicy.DOWNGRADE_CUSTOM_FAILURES, ErrorPolicy.UPGRADE_CUSTOM_FAILURES)
    ]
    checks = []
    if custom:
        saw = f"{', '.join(custom)}: which errors these are is not documented"
        checks.append(
            unknown("ErrorPolicies", saw=saw, cite=PROPERTY, source=connector.source("ErrorPolicies"))
        )
    if connector.smart_host_auth_mechanism is SmartHostAuthMechanism.EXCHANGE_SERVER:
        saw, name = "ExchangeServer: X-EXPS is not on the wire here", "SmartHostAuthMechanism"
        checks.append(unknown(name, saw=saw, cite=PROPERTY, source=connector.source(name)))
    if connector.domain_secure_enabled and connector.origin is not None:
        saw = "True: TLSSendDomainSecureList is not modelled"
        source = connector.source("DomainSecureEnabled")
        checks.append(unknown("DomainSecureEnabled", saw=saw, cite=PROPERTY, source=source))
    return tuple(checks)


def by_front_end(connector: SendConnector, servers: int) -> tuple[Check, ...]:
    """Say by whose Front End service a connector with FrontendProxyEnabled sends.

    Args:
        connector: the connector.
        servers: how many Mailbox servers the site has; of several any may be taken, which is not documented further.
    """
    if not connector.frontend_proxy_enabled:
        return ()
    name, source = "FrontendProxyEnabled", connector.source("FrontendProxyEnabled")
    if servers > 1:
        saw = "True: by which server's Front End the mail leaves is not documented; here its own"
        return (unknown(name, saw=saw, cite=PROPERTY, source=source),)
    saw = "True: by the Front End service of this server"
    return (check(True, name, saw=saw, cite=PROPERTY, source=source),)
