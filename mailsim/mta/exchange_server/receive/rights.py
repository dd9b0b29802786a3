"""What Exchange lets whom do on a Receive connector: security principals, permission groups and their rights.

Words and tables only; ``permissions`` holds them against a session. The rights bear Microsoft's names, as Add- and
Remove-ADPermission take them. Sources: "Receive connector permission groups" and "Receive connector permissions".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum


class Right(Enum):
    """An extended right on a Receive connector."""

    SUBMIT = "ms-Exch-SMTP-Submit"
    ACCEPT_ANY_RECIPIENT = "ms-Exch-SMTP-Accept-Any-Recipient"
    ACCEPT_ANY_SENDER = "ms-Exch-SMTP-Accept-Any-Sender"
    ACCEPT_AUTHORITATIVE_DOMAIN_SENDER = "ms-Exch-SMTP-Accept-Authoritative-Domain-Sender"
    ACCEPT_AUTHENTICATION_FLAG = "ms-Exch-SMTP-Accept-Authentication-Flag"
    ACCEPT_EXCH50 = "ms-Exch-SMTP-Accept-Exch50"
    BYPASS_ANTI_SPAM = "ms-Exch-Bypass-Anti-Spam"
    BYPASS_MESSAGE_SIZE_LIMIT = "ms-Exch-Bypass-Message-Size-Limit"
    ACCEPT_HEADERS_ROUTING = "ms-Exch-Accept-Headers-Routing"
    ACCEPT_HEADERS_ORGANIZATION = "ms-Exch-Accept-Headers-Organization"
    ACCEPT_HEADERS_FOREST = "ms-Exch-Accept-Headers-Forest"
    ACCEPT_XATTR = "ms-Exch-SMTP-Accept-XAttr"
    ACCEPT_XPROXYFROM = "ms-Exch-SMTP-Accept-XProxyFrom"
    ACCEPT_XSESSIONPARAMS = "ms-Exch-SMTP-Accept-XSessionParams"
    ACCEPT_XSHADOW = "ms-Exch-SMTP-Accept-XShadow"
    ACCEPT_XSYSPROBE = "ms-Exch-SMTP-Accept-XSysProbe"


class Principal(Enum):
    """Who a session counts as."""

    EXTERNALLY_SECURED_SERVERS = "Externally Secured Servers"
    EXCHANGE_SERVERS = "Exchange Servers"
    HUB_TRANSPORT_SERVERS = "Hub Transport Servers"
    EDGE_TRANSPORT_SERVERS = "Edge Transport Servers"
    EXCHANGE_LEGACY_INTEROP = "ExchangeLegacyInterop"
    AUTHENTICATED_USERS = "Authenticated Users"
    PARTNER_SERVERS = "Partner Servers"
    ANONYMOUS_LOGON = "ANONYMOUS LOGON"


@dataclass(frozen=True, slots=True)
class Grantee:
    r"""A principal as Add-ADPermission takes it: with or without its authority, such as ``NT AUTHORITY\``."""

    principal: Principal

    @classmethod
    def parse(cls, text: str) -> Grantee:
        """Read the name of a principal, in any case.

        Raises:
            ValueError: for a user or group that is none of the well-known ones.
        """
        name = text.strip().rpartition("\\")[2]
        known = {each.value.lower(): each for each in Principal}
        if name.lower() not in known:
            wanted = ", ".join(each.value for each in Principal)
            raise ValueError(f"{text!r} is no principal of a Receive connector; wanted one of {wanted}")
        return cls(known[name.lower()])


class PermissionGroup(Enum):
    """Who may use a Receive connector."""

    NONE = "None"
    ANONYMOUS_USERS = "AnonymousUsers"
    EXCHANGE_USERS = "ExchangeUsers"
    EXCHANGE_SERVERS = "ExchangeServers"
    EXCHANGE_LEGACY_SERVERS = "ExchangeLegacyServers"
    PARTNERS = "Partners"
    CUSTOM = "Custom"
    """Printed where rights were granted one by one; it grants none itself."""


_LEGACY = frozenset(
    {
        Right.SUBMIT,
        Right.ACCEPT_ANY_RECIPIENT,
        Right.ACCEPT_ANY_SENDER,
        Right.ACCEPT_AUTHORITATIVE_DOMAIN_SENDER,
        Right.ACCEPT_AUTHENTICATION_FLAG,
        Right.ACCEPT_EXCH50,
        Right.BYPASS_ANTI_SPAM,
        Right.BYPASS_MESSAGE_SIZE_LIMIT,
        Right.ACCEPT_HEADERS_ROUTING,
    }
)
_SERVERS = _LEGACY | {
    Right.ACCEPT_HEADERS_ORGANIZATION,
    Right.ACCEPT_HEADERS_FOREST,
    Right.ACCEPT_XATTR,
    Right.ACCEPT_XPROXYFROM,
    Right.ACCEPT_XSESSIONPARAMS,
    Right.ACCEPT_XSHADOW,
    Right.ACCEPT_XSYSPROBE,
}

GROUP_RIGHTS: Mapping[PermissionGroup, Mapping[Principal, frozenset[Right]]] = {
    PermissionGroup.NONE: {},
    PermissionGroup.CUSTOM: {},
    PermissionGroup.ANONYMOUS_USERS: {
        Principal.ANONYMOUS_LOGON: frozenset(
            {
                Right.SUBMIT,
                Right.ACCEPT_ANY_SENDER,
                Right.ACCEPT_AUTHORITATIVE_DOMAIN_SENDER,
                Right.ACCEPT_HEADERS_ROUTING,
            }
        )
    },
    PermissionGroup.EXCHANGE_USERS: {
        Principal.AUTHENTICATED_USERS: frozenset(
            {
                Right.SUBMIT,
                Right.ACCEPT_ANY_RECIPIENT,
                Right.BYPASS_ANTI_SPAM,
                Right.ACCEPT_HEADERS_ROUTING,
            }
        )
    },
    PermissionGroup.EXCHANGE_SERVERS: {
        Principal.EXCHANGE_SERVERS: _SERVERS,
        Principal.HUB_TRANSPORT_SERVERS: _SERVERS,
        Principal.EDGE_TRANSPORT_SERVERS: _SERVERS,
        Principal.EXTERNALLY_SECURED_SERVERS: _LEGACY,
    },
    PermissionGroup.EXCHANGE_LEGACY_SERVERS: {Principal.EXCHANGE_LEGACY_INTEROP: _LEGACY},
    PermissionGroup.PARTNERS: {
        Principal.PARTNER_SERVERS: frozenset({Right.SUBMIT, Right.ACCEPT_HEADERS_ROUTING})
    },
}
"""What each group grants to whom: the documented table."""
