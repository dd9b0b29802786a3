"""The Receive connectors that setup creates on a server.

They exist where a scenario writes none. Those of the Transport service are there as configuration: the two services of a
server are one MTA here, so nothing connects from one to the other. Sources: "Default Receive connectors created during
setup"; SizeEnabled, MaxRecipientsPerMessage, TarpitInterval and DomainSecureEnabled from a published
Get-ReceiveConnector of Exchange 2019.
"""

from __future__ import annotations

from datetime import timedelta

from mailsim.mta.exchange_server import defaults
from mailsim.mta.exchange_server.receive.address_range import ALL_IPV4, ALL_IPV6, everywhere
from mailsim.mta.exchange_server.receive.receive_connector import ReceiveConnector
from mailsim.mta.exchange_server.receive.rights import PermissionGroup
from mailsim.mta.exchange_server.receive.usage import (
    CLIENTS,
    FULL,
    AuthMechanism,
    RateSource,
    SizeMode,
    TransportRole,
)

_EVERYBODY = (ALL_IPV6, ALL_IPV4)


def default_connectors(server: str) -> tuple[ReceiveConnector, ...]:
    """Return the default connectors of a Mailbox server.

    Args:
        server: its short name, which ends the names of the connectors.
    """
    return (*_front_end(server), *_transport(server))


def default_edge_connectors(server: str) -> tuple[ReceiveConnector, ...]:
    """Return the default connector of an Edge Transport server, by its short name."""
    return (
        ReceiveConnector(
            name=f"Default internal receive connector {server}",
            bindings=everywhere(25),
            remote_ip_ranges=(ALL_IPV4,),
            auth_mechanism=(AuthMechanism.TLS, AuthMechanism.EXCHANGE_SERVER),
            permission_groups=(
                PermissionGroup.ANONYMOUS_USERS,
                PermissionGroup.EXCHANGE_SERVERS,
                PermissionGroup.PARTNERS,
            ),
        ),
    )


def _front_end(server: str) -> tuple[ReceiveConnector, ...]:
    return (
        ReceiveConnector(
            name=f"Default Frontend {server}",
            bindings=everywhere(25),
            remote_ip_ranges=_EVERYBODY,
            auth_mechanism=FULL,
            permission_groups=(
                PermissionGroup.ANONYMOUS_USERS,
                PermissionGroup.EXCHANGE_SERVERS,
                PermissionGroup.EXCHANGE_LEGACY_SERVERS,
            ),
            domain_secure_enabled=True,
        ),
        ReceiveConnector(
            name=f"Client Frontend {server}",
            bindings=everywhere(587),
            remote_ip_ranges=_EVERYBODY,
            auth_mechanism=CLIENTS,
            permission_groups=(PermissionGroup.EXCHANGE_USERS,),
            message_rate_limit=defaults.CLIENT_MESSAGE_RATE_LIMIT,
            message_rate_source=RateSource.USER,
        ),
        ReceiveConnector(
            name=f"Outbound Proxy Frontend {server}",
            bindings=everywhere(717),
            remote_ip_ranges=_EVERYBODY,
            auth_mechanism=FULL,
            permission_groups=(PermissionGroup.EXCHANGE_SERVERS,),
            domain_secure_enabled=True,
            tarpit_interval=timedelta(),
        ),
    )


def _transport(server: str) -> tuple[ReceiveConnector, ...]:
    return (
        ReceiveConnector(
            name=f"Default {server}",
            transport_role=TransportRole.HUB_TRANSPORT,
            bindings=everywhere(2525),
            remote_ip_ranges=_EVERYBODY,
            auth_mechanism=FULL,
            permission_groups=(
                PermissionGroup.EXCHANGE_USERS,
                PermissionGroup.EXCHANGE_SERVERS,
                PermissionGroup.EXCHANGE_LEGACY_SERVERS,
            ),
            size_enabled=SizeMode.ENABLED_WITHOUT_VALUE,
            max_recipients_per_message=defaults.DEFAULT_MAX_RECIPIENTS,
        ),
        ReceiveConnector(
            name=f"Client Proxy {server}",
            transport_role=TransportRole.HUB_TRANSPORT,
            bindings=everywhere(465),
            remote_ip_ranges=_EVERYBODY,
            auth_mechanism=FULL,
            permission_groups=(PermissionGroup.EXCHANGE_USERS, PermissionGroup.EXCHANGE_SERVERS),
            message_rate_limit=defaults.CLIENT_MESSAGE_RATE_LIMIT,
            message_rate_source=RateSource.USER,
        ),
    )
