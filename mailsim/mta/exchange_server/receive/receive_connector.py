"""The Receive connector of Exchange Server: what may be written, and which one takes a session.

A property stands here with the check that reads it, so that a new one is added in this file alone. Names are those of
New- and Set-ReceiveConnector, snake_cased. Sources: "Receive connectors in Exchange Server", New-ReceiveConnector.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import ClassVar, Literal

from mailsim.mail.line_ends import has_bare_linefeed
from mailsim.mail.message import Message
from mailsim.mta.exchange_server import defaults
from mailsim.mta.exchange_server.certificate_choice import CertificateName
from mailsim.mta.exchange_server.receive.address_range import ALL_IPV4, Binding, IpRange, everywhere
from mailsim.mta.exchange_server.receive.receive_assumptions import (
    LOGON_FAILURES,
    MAX_HOP_COUNT,
    MAX_LOCAL_HOP_COUNT,
)
from mailsim.mta.exchange_server.receive.rights import Grantee, PermissionGroup, Principal, Right
from mailsim.mta.exchange_server.receive.tls_domain_capabilities import (
    DomainCapabilities,
    each_with_its_domain,
)
from mailsim.mta.exchange_server.receive.usage import (
    PRESETS,
    AuthMechanism,
    RateSource,
    SizeMode,
    TransportRole,
    UsageType,
)
from mailsim.mta.kind import PointOfView
from mailsim.mta.setting import is_on
from mailsim.mta.unmodelled import Configured, unmodelled
from mailsim.reason.assumption import Assumption
from mailsim.reason.check import Check, check
from mailsim.reason.choice import Choice, Rank, select
from mailsim.reason.cite import Citation, assumed, documented
from mailsim.world.facts import SessionFacts

CONNECTOR = documented("ms:receive-connectors", "Receive connectors in Exchange Server")
LIMITS = documented("ms:message-size-limits", "Message size and recipient limits in Exchange Server")
PROPERTY = documented("ms:new-receiveconnector")
HEADER_REPLY = assumed("ms:new-receiveconnector", "MaxHeaderSize; the reply is not documented")
LINEFEED_REPLY = assumed(
    "ms:set-receiveconnector", "BareLinefeedRejectionEnabled; the reply is not documented"
)
RESERVED = documented("ms:ndr-codes", "5.1.4, 5.1.5, 5.1.6; that their class is 550 is inferred")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiveConnector(Configured):
    """A Receive connector (New-ReceiveConnector).

    ``extended_rights`` and ``removed_rights`` are what Add- and Remove-ADPermission did to it.
    """

    SPELLING: ClassVar[str] = "exchange"
    IGNORED: ClassVar[frozenset[str]] = frozenset(
        {
            "AcceptConsumerMail",  # of the consumer service
            "AdvertiseClientSettings",
            "Comment",
            "LiveCredentialEnabled",  # of the consumer service
            "MaxAcknowledgementDelay",  # used by Exchange 2010 only
            "ProtocolLoggingLevel",
            "ProxyEnabled",  # of the service's own front ends
            "Server",
        }
    )
    UNMODELLED: ClassVar[frozenset[str]] = frozenset(
        {
            "AuthTarpitInterval",
            "ConnectionInactivityTimeout",
            "ConnectionTimeout",
            "DefaultDomain",
            "EnableAuthGSSAPI",
            "ExtendedProtectionPolicy",
            "LongAddressesEnabled",
            "MaxInboundConnection",
            "MaxInboundConnectionPercentagePerSource",
            "MaxInboundConnectionPerSource",
            "OrarEnabled",
            "ServiceDiscoveryFqdn",
        }
    )
    UNMODELLED_DEFAULTS: ClassVar[Mapping[str, str]] = {
        "AuthTarpitInterval": "00:00:05",
        "BareLinefeedRejectionEnabled": "false",
        "ConnectionInactivityTimeout": "00:05:00",
        "ConnectionTimeout": "00:10:00",
        "EnableAuthGSSAPI": "false",
        "ExtendedProtectionPolicy": "none",
        "LongAddressesEnabled": "false",
        "MaxInboundConnection": "5000",
        "MaxInboundConnectionPercentagePerSource": "2",
        "MaxInboundConnectionPerSource": "20",
        "OrarEnabled": "false",
    }

    name: str
    usage: UsageType = UsageType.CUSTOM
    bindings: tuple[Binding, ...] | None = None
    remote_ip_ranges: tuple[IpRange, ...] = field(default=(ALL_IPV4,), metadata={"name": "RemoteIPRanges"})
    enabled: bool = True
    transport_role: TransportRole = TransportRole.FRONTEND_TRANSPORT
    permission_groups: tuple[PermissionGroup, ...] | None = None
    auth_mechanism: tuple[AuthMechanism, ...] | None = None
    extended_rights: Mapping[Grantee, tuple[Right, ...]] = field(
        default_factory=dict,
        hash=False,
        metadata={"doc": "principal: [rights], as given by Add-ADPermission"},
    )
    removed_rights: Mapping[Grantee, tuple[Right, ...]] = field(
        default_factory=dict,
        hash=False,
        metadata={"doc": "principal: [rights], as taken away by Remove-ADPermission"},
    )
    require_tls: bool = field(default=False, metadata={"name": "RequireTLS"})
    require_ehlo_domain: bool = field(default=False, metadata={"name": "RequireEHLODomain"})
    domain_secure_enabled: bool = False
    tls_certificate_name: CertificateName | None = None
    tls_domain_capabilities: tuple[DomainCapabilities, ...] = ()
    fqdn: str = ""
    banner: str = ""
    size_enabled: SizeMode = SizeMode.ENABLED
    eight_bit_mime_enabled: bool = True
    binary_mime_enabled: bool = True
    chunking_enabled: bool = True
    pipelining_enabled: bool = True
    delivery_status_notification_enabled: bool = True
    enhanced_status_codes_enabled: bool = True
    smtp_utf8_enabled: bool = True
    bare_linefeed_rejection_enabled: bool = False
    suppress_x_anonymous_tls: bool = False
    max_header_size: int = field(default=defaults.MAX_HEADER_SIZE, metadata={"unit": "octets"})
    max_message_size: int = field(default=defaults.RECEIVE_MAX_MESSAGE_SIZE, metadata={"unit": "octets"})
    max_recipients_per_message: int = defaults.MAX_RECIPIENTS_PER_MESSAGE
    max_hop_count: int | None = None
    max_local_hop_count: int | None = None
    max_logon_failures: int = defaults.MAX_LOGON_FAILURES
    max_protocol_errors: int | Literal["Unlimited"] = defaults.MAX_PROTOCOL_ERRORS
    message_rate_limit: int | Literal["Unlimited"] = "Unlimited"
    message_rate_source: RateSource = RateSource.IP_ADDRESS
    tarpit_interval: timedelta = defaults.TARPIT_INTERVAL
    reject_reserved_top_level_recipient_domains: bool = False
    reject_reserved_second_level_recipient_domains: bool = False
    reject_single_label_recipient_domains: bool = False

    def __post_init__(self) -> None:
        """Refuse what the cmdlet refuses.

        Raises:
            ValueError: for properties that exclude each other or lie outside their range.
        """
        for wrong, what in (*self._contradictions(), *self._outside_range()):
            if wrong:
                raise ValueError(f"receive connector {self.name!r}: {what}")
        capabilities = tuple(each_with_its_domain(self.tls_domain_capabilities))
        object.__setattr__(self, "tls_domain_capabilities", capabilities)

    @property
    def listens_on(self) -> tuple[Binding, ...]:
        """Return Bindings, or what the usage type presets."""
        return everywhere(PRESETS[self.usage].port) if self.bindings is None else self.bindings

    @property
    def groups(self) -> tuple[PermissionGroup, ...]:
        """Return PermissionGroups, or what the usage type presets."""
        written = self.permission_groups
        return PRESETS[self.usage].permission_groups if written is None else written

    @property
    def mechanisms(self) -> tuple[AuthMechanism, ...]:
        """Return AuthMechanism, or what the usage type presets."""
        written = self.auth_mechanism
        return PRESETS[self.usage].auth_mechanism if written is None else written

    @property
    def externally_secured(self) -> bool:
        """Whether its clients count as secured by other means."""
        return AuthMechanism.EXTERNAL_AUTHORITATIVE in self.mechanisms

    @property
    def protocol_errors(self) -> int | None:
        """Return MaxProtocolErrors, None where any number is borne."""
        return self.max_protocol_errors if isinstance(self.max_protocol_errors, int) else None

    @property
    def rate_limit(self) -> int | None:
        """Return MessageRateLimit, None where nothing is counted."""
        written = self.message_rate_limit
        return (
            written if isinstance(written, int) and self.message_rate_source is not RateSource.NONE else None
        )

    def _contradictions(self) -> tuple[tuple[bool, str], ...]:
        mechanisms, groups = set(self.mechanisms), set(self.groups)
        tls = AuthMechanism.TLS in mechanisms
        basic = {AuthMechanism.BASIC_AUTH, AuthMechanism.TLS}
        external = {AuthMechanism.EXTERNAL_AUTHORITATIVE, AuthMechanism.TLS}
        return (
            (
                AuthMechanism.NONE in mechanisms and len(mechanisms) > 1,
                "AuthMechanism has None beside other values; wanted None alone",
            ),
            (
                AuthMechanism.BASIC_AUTH_REQUIRE_TLS in mechanisms and not basic <= mechanisms,
                "AuthMechanism has BasicAuthRequireTLS without BasicAuth and Tls; wanted all three",
            ),
            (
                self.externally_secured and not mechanisms <= external,
                "AuthMechanism has ExternalAuthoritative beside other values; wanted it alone or with Tls",
            ),
            (
                self.externally_secured and PermissionGroup.EXCHANGE_SERVERS not in groups,
                "AuthMechanism is ExternalAuthoritative but PermissionGroups lacks ExchangeServers; wanted ExchangeServers",
            ),
            (
                self.require_tls and not tls,
                "RequireTLS is True but AuthMechanism lacks Tls; wanted Tls",
            ),
            (
                self.domain_secure_enabled and not tls,
                "DomainSecureEnabled is True but AuthMechanism lacks Tls; wanted Tls",
            ),
            (
                self.domain_secure_enabled and self.externally_secured,
                "DomainSecureEnabled is True but AuthMechanism has ExternalAuthoritative; wanted one of the two",
            ),
            (
                PermissionGroup.NONE in groups and len(groups) > 1,
                "PermissionGroups has None beside other values; wanted None alone",
            ),
            (
                self.binary_mime_enabled and not self.chunking_enabled,
                "BinaryMimeEnabled is True but ChunkingEnabled is False; wanted both or BinaryMimeEnabled $false",
            ),
            (
                bool(self.banner) and not self.banner.startswith("220"),
                f"Banner is {self.banner!r}; wanted a text that starts with 220",
            ),
        )

    def _outside_range(self) -> tuple[tuple[bool, str], ...]:
        ranges = (
            ("MaxHopCount", self.max_hop_count, 1, 500),
            ("MaxLocalHopCount", self.max_local_hop_count, 0, 50),
            ("MaxRecipientsPerMessage", self.max_recipients_per_message, 1, 512_000),
            ("MaxLogonFailures", self.max_logon_failures, 0, 10),
            ("MaxProtocolErrors", self.protocol_errors, 0, 2_147_483_647),
            ("MessageRateLimit", self.rate_limit, 1, 2_147_483_647),
        )
        return tuple(
            (value is not None and not low <= value <= high, f"{name} is {value}; wanted {low} to {high}")
            for name, value, low, high in ranges
        )


# --- which connector takes a session ---------------------------------------------------------------------------


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
    return is_on(connector, "Enabled", connector.enabled, cite=CONNECTOR)


def _bound(connector: ReceiveConnector, facts: SessionFacts) -> Check:
    # a connector of another port is no alternative, so its Bindings are not named as a property to change
    same_port = any(each.port == facts.local_port for each in connector.listens_on)
    return check(
        any(each.covers(facts.local_ip, facts.local_port) for each in connector.listens_on),
        "Bindings",
        saw=", ".join(map(str, connector.listens_on)),
        wanted=f"{facts.local_ip}:{facts.local_port}",
        cite=CONNECTOR,
        source=connector.source("Bindings") if same_port else "",
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
    """Rank by the most specific entry that covers the client, whatever the others are."""
    covering = (each for each in connector.remote_ip_ranges if each.covers(facts.peer_ip))
    entry = min(covering, key=lambda each: each.size)
    return Rank("most specific RemoteIPRanges", entry.size, f"{entry} ({entry.size} addresses)")


def _binding(connector: ReceiveConnector, facts: SessionFacts) -> Rank:
    exact = any(each.address == facts.local_ip for each in connector.listens_on)
    return Rank("specific binding (inferred)", 0 if exact else 1, "this address" if exact else "any address")


def in_its_service(connector: ReceiveConnector, facts: SessionFacts) -> Check:
    """TransportRole: port 25 belongs to the Front End; a connector of the Transport service there breaks both."""
    misplaced = connector.transport_role is TransportRole.HUB_TRANSPORT and facts.local_port == 25
    return check(
        not misplaced,
        f"TransportRole of {connector.name!r}",
        saw=f"{connector.transport_role.value} on port {facts.local_port}",
        wanted="FrontendTransport on port 25",
        cite=documented("ms:ndr-codes", "4.3.2"),
        source=connector.source("TransportRole"),
    )


# --- what its properties say about a session ---------------------------------------------------------------------


def names_itself(connector: ReceiveConnector, facts: SessionFacts) -> Check:
    """RequireEHLODomain: the client gave a domain name, neither nothing nor an address literal."""
    literal = facts.ehlo.startswith("[") or facts.ehlo.replace(".", "").isdigit()
    return _property(
        connector,
        "RequireEHLODomain",
        not (connector.require_ehlo_domain and literal),
        saw=f"EHLO {facts.ehlo}",
        wanted="a domain name" if connector.require_ehlo_domain else "",
        cite=assumed("ms:new-receiveconnector", "RequireEHLODomain; that a literal is no domain is inferred"),
    )


def encrypted(connector: ReceiveConnector, facts: SessionFacts) -> Check:
    """RequireTLS: the session is encrypted where the connector wants it."""
    clear = facts.tls is None
    return _property(
        connector,
        "RequireTLS",
        not (connector.require_tls and clear),
        saw="a session in clear text" if clear else "a session over TLS",
        wanted="TLS" if connector.require_tls else "",
        cite=CONNECTOR,
    )


def offers_login(connector: ReceiveConnector, facts: SessionFacts) -> Check:
    """AuthMechanism: users may sign in with name and password now; BasicAuthRequireTLS wants TLS before it."""
    shielded = AuthMechanism.BASIC_AUTH_REQUIRE_TLS in connector.mechanisms
    shown = ", ".join(each.value for each in connector.mechanisms) or "none"
    return check(
        AuthMechanism.BASIC_AUTH in connector.mechanisms and (facts.tls is not None or not shielded),
        f"AuthMechanism of {connector.name!r}",
        saw=f"{shown}; {'clear text' if facts.tls is None else 'TLS'}",
        wanted="BasicAuth, and TLS with BasicAuthRequireTLS",
        cite=PROPERTY,
        source=connector.source("AuthMechanism"),
    )


def bears_logon_failure(at: PointOfView, connector: ReceiveConnector, failures: int) -> Check:
    """MaxLogonFailures: with this one not too many logons have failed on the connection; 0 bears any number."""
    limit, choice = connector.max_logon_failures, at.assumed(LOGON_FAILURES)
    borne = failures <= limit if choice == "exceeded" else failures < limit
    return _property(
        connector,
        "MaxLogonFailures",
        not limit or borne,
        saw=f"failure {failures}",
        wanted=f"{'at most' if choice == 'exceeded' else 'fewer than'} {limit}",
        cite=LOGON_FAILURES.cite(choice),
    )


def within_rate(connector: ReceiveConnector, *, by_user: int, by_host: int) -> Check:
    """MessageRateLimit: the sender and its host, as MessageRateSource says, began fewer messages in the last minute."""
    source, limit = connector.message_rate_source, connector.rate_limit
    counted = {RateSource.USER: by_user, RateSource.IP_ADDRESS: by_host}.get(source, max(by_user, by_host))
    return _property(
        connector,
        "MessageRateLimit",
        limit is None or counted < limit,
        saw=f"{counted} in the last minute (MessageRateSource {source.value})",
        wanted="" if limit is None else f"fewer than {limit}",
        cite=PROPERTY,
    )


def fits(connector: ReceiveConnector, size: int, *, bypassed: bool = False) -> Check:
    """MaxMessageSize: a message of ``size`` octets is not too large, or the session may bypass the limit."""
    by = f", {Right.BYPASS_MESSAGE_SIZE_LIMIT.value}" if bypassed else ""
    return _property(
        connector,
        "MaxMessageSize",
        bypassed or size <= connector.max_message_size,
        saw=f"{size} octets{by}",
        wanted=f"at most {connector.max_message_size}",
        cite=LIMITS,
    )


def small_header(connector: ReceiveConnector, size: int) -> Check:
    """MaxHeaderSize: the header is not too large."""
    return _property(
        connector,
        "MaxHeaderSize",
        size <= connector.max_header_size,
        saw=f"a header of {size} octets",
        wanted=f"at most {connector.max_header_size}",
        cite=HEADER_REPLY,
    )


def free_of_bare_linefeeds(connector: ReceiveConnector, content: Message) -> Check:
    """BareLinefeedRejectionEnabled: no line of the message ends with LF alone."""
    wanted = connector.bare_linefeed_rejection_enabled
    found = wanted and has_bare_linefeed(content.to_bytes())
    return _property(
        connector,
        "BareLinefeedRejectionEnabled",
        not found,
        saw="a bare LF" if found else str(wanted),
        wanted="lines that end with CRLF" if wanted else "",
        cite=LINEFEED_REPLY if found else PROPERTY,
    )


def few_recipients(connector: ReceiveConnector, count: int, principal: Principal) -> Check:
    """MaxRecipientsPerMessage: with this one there are not too many recipients; not asked of Exchange servers."""
    skipped = principal is Principal.EXCHANGE_SERVERS
    return _property(
        connector,
        "MaxRecipientsPerMessage",
        skipped or count <= connector.max_recipients_per_message,
        saw=f"recipient {count}{', of an Exchange server' if skipped else ''}",
        wanted=f"at most {connector.max_recipients_per_message}",
        cite=LIMITS,
    )


def few_hops(at: PointOfView, connector: ReceiveConnector, hops: int) -> Check:
    """MaxHopCount: the message has not travelled too far."""
    limit, cite = _limit(at, connector.max_hop_count, MAX_HOP_COUNT, hops)
    return _property(
        connector,
        "MaxHopCount",
        hops <= limit,
        saw=f"{hops} Received fields",
        wanted=f"at most {limit}",
        cite=cite,
    )


def few_local_hops(at: PointOfView, connector: ReceiveConnector, hops: int) -> Check:
    """MaxLocalHopCount: the message has not been at this server too often; 0 asks nothing."""
    limit, cite = _limit(at, connector.max_local_hop_count, MAX_LOCAL_HOP_COUNT, hops)
    return _property(
        connector,
        "MaxLocalHopCount",
        not limit or hops <= limit,
        saw=f"{hops} Received fields of this server",
        wanted=f"at most {limit}",
        cite=cite,
    )


def _limit(at: PointOfView, written: int | None, otherwise: Assumption, hops: int) -> tuple[int, Citation]:
    """Return a limit, and where it is known from: an assumption where it is not written and decides."""
    if written is not None:
        return written, PROPERTY
    choice = at.assumed(otherwise)
    limits = [int(each) for each in otherwise.choices]
    decides = min(limits) < hops <= max(limits)
    return int(choice), otherwise.cite(choice) if decides else PROPERTY


# rfc2606:2 and rfc2606:3
_RESERVED_TOP = frozenset({"test", "example", "invalid", "localhost"})
_RESERVED_SECOND = frozenset({"example.com", "example.net", "example.org"})


def outside_reserved_top_level(connector: ReceiveConnector, domain: str) -> Check:
    """RejectReservedTopLevelRecipientDomains: the domain does not end in a reserved label (RFC 2606)."""
    reserved = domain.rpartition(".")[2] in _RESERVED_TOP
    return _unwanted(
        connector,
        "RejectReservedTopLevelRecipientDomains",
        domain,
        active=connector.reject_reserved_top_level_recipient_domains,
        unwanted=reserved,
    )


def outside_reserved_second_level(connector: ReceiveConnector, domain: str) -> Check:
    """RejectReservedSecondLevelRecipientDomains: the domain is no example domain (RFC 2606) nor below one."""
    reserved = ".".join(domain.split(".")[-2:]) in _RESERVED_SECOND
    return _unwanted(
        connector,
        "RejectReservedSecondLevelRecipientDomains",
        domain,
        active=connector.reject_reserved_second_level_recipient_domains,
        unwanted=reserved,
    )


def more_than_one_label(connector: ReceiveConnector, domain: str) -> Check:
    """RejectSingleLabelRecipientDomains: the domain has more than one label."""
    return _unwanted(
        connector,
        "RejectSingleLabelRecipientDomains",
        domain,
        active=connector.reject_single_label_recipient_domains,
        unwanted=bool(domain) and "." not in domain and ":" not in domain,
    )


def _unwanted(connector: ReceiveConnector, name: str, domain: str, *, active: bool, unwanted: bool) -> Check:
    return _property(
        connector,
        name,
        not (active and unwanted),
        saw=f"domain {domain}" if active else "False",
        wanted="another domain",
        cite=RESERVED,
    )


def tarpit(connector: ReceiveConnector) -> Check:
    """TarpitInterval: a refusal to an anonymous client is late; simulated time does not move for it."""
    return _property(
        connector,
        "TarpitInterval",
        True,
        saw=f"the reply comes {connector.tarpit_interval} late (simulated time does not move)",
        cite=documented("ms:new-receiveconnector", "TarpitInterval"),
    )


def _property(
    connector: ReceiveConnector, name: str, met: bool, *, saw: str, wanted: str = "", cite: Citation
) -> Check:
    """Hold one property against what was seen; the rule names it and the connector."""
    rule = f"{name} of {connector.name!r}"
    return check(met, rule, saw=saw, wanted=wanted, cite=cite, source=connector.source(name))
