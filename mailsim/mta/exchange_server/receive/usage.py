"""Words of a Receive connector's security: authentication mechanisms, usage types and what these preset.

Source: New-ReceiveConnector (AuthMechanism, Usage, TransportRole, SizeEnabled, MessageRateSource).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from mailsim.mta.exchange_server.receive.rights import PermissionGroup


class AuthMechanism(Enum):
    """How a client may prove who it is."""

    NONE = "None"
    TLS = "Tls"
    INTEGRATED = "Integrated"
    BASIC_AUTH = "BasicAuth"
    BASIC_AUTH_REQUIRE_TLS = "BasicAuthRequireTLS"
    EXCHANGE_SERVER = "ExchangeServer"
    EXTERNAL_AUTHORITATIVE = "ExternalAuthoritative"


FULL = (
    AuthMechanism.TLS,
    AuthMechanism.INTEGRATED,
    AuthMechanism.BASIC_AUTH,
    AuthMechanism.BASIC_AUTH_REQUIRE_TLS,
    AuthMechanism.EXCHANGE_SERVER,
)
"""What most default connectors accept."""

CLIENTS = FULL[:-1]


class TransportRole(Enum):
    """The service of a Mailbox server that a connector belongs to."""

    FRONTEND_TRANSPORT = "FrontendTransport"
    HUB_TRANSPORT = "HubTransport"


class SizeMode(Enum):
    """How SIZE is announced."""

    ENABLED = "Enabled"
    DISABLED = "Disabled"
    ENABLED_WITHOUT_VALUE = "EnabledWithoutValue"


class RateSource(Enum):
    """Whose messages MessageRateLimit counts."""

    NONE = "None"
    IP_ADDRESS = "IPAddress"
    USER = "User"
    ALL = "All"


class UsageType(Enum):
    """What a connector was made for; only a set of defaults."""

    CLIENT = "Client"
    CUSTOM = "Custom"
    INTERNAL = "Internal"
    INTERNET = "Internet"
    PARTNER = "Partner"


@dataclass(frozen=True, slots=True)
class Preset:
    """The defaults of a usage type."""

    permission_groups: tuple[PermissionGroup, ...]
    auth_mechanism: tuple[AuthMechanism, ...]
    port: int = 25


PRESETS = {
    UsageType.CLIENT: Preset((PermissionGroup.EXCHANGE_USERS,), CLIENTS, 587),
    UsageType.CUSTOM: Preset((), (AuthMechanism.TLS,)),
    UsageType.INTERNAL: Preset(
        (PermissionGroup.EXCHANGE_LEGACY_SERVERS, PermissionGroup.EXCHANGE_SERVERS),
        (AuthMechanism.TLS, AuthMechanism.EXCHANGE_SERVER),
    ),
    UsageType.INTERNET: Preset((PermissionGroup.ANONYMOUS_USERS,), (AuthMechanism.TLS,)),
    UsageType.PARTNER: Preset((PermissionGroup.PARTNERS,), (AuthMechanism.TLS,)),
}
