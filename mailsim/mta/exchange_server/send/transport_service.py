"""What Set-TransportService and the configuration file of the Transport service say about queues.

A server's settings become the schedule by which its queues retry. Sources: Set-TransportService, "Message retry, resubmit,
and expiration intervals" (settings of EdgeTransport.exe.config bear their names there), "DNS query failure sensitivity".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from typing import ClassVar, TypeVar

from mailsim.mta.exchange_server import defaults
from mailsim.mta.exchange_server.organization_server import Role
from mailsim.mta.relaying.retry import Schedule
from mailsim.mta.unmodelled import Configured


class DnsFaultTolerance(Enum):
    """What a bad MX record does to the others."""

    LENIENT = "Lenient"
    NORMAL = "Normal"


@dataclass(frozen=True, slots=True, kw_only=True)
class TransportService(Configured):
    """The Transport service of a server; None is the default of its role."""

    SPELLING: ClassVar[str] = "exchange"
    IGNORED: ClassVar[frozenset[str]] = frozenset(
        {
            "ConnectivityLogEnabled",
            "ConnectivityLogPath",
            "MaxConcurrentMailboxDeliveries",
            "MaxConcurrentMailboxSubmissions",
            "MaxConnectionRatePerMinute",
            "MaxOutboundConnections",
            "MaxPerDomainOutboundConnections",
            "MessageTrackingLogEnabled",
            "MessageTrackingLogPath",
            "ReceiveProtocolLogPath",
            "SendProtocolLogPath",
            "QueueMaxIdleTime",
        }
    )
    UNMODELLED: ClassVar[frozenset[str]] = frozenset(
        {
            "ExternalDNSServers",
            "ExternalIPAddress",
            "InternalDNSServers",
            "IntraOrgConnectorSmtpMaxMessagesPerConnection",
            "MaxIdleTimeBeforeResubmit",
            "PickupDirectoryPath",
            "PoisonMessageDetectionEnabled",
            "PoisonThreshold",
            "ReplayDirectoryPath",
            "TransientFailureRetryJitter",
        }
    )

    queue_glitch_retry_count: int | None = None
    queue_glitch_retry_interval: timedelta | None = None
    transient_failure_retry_count: int | None = None
    transient_failure_retry_interval: timedelta | None = None
    outbound_connection_failure_retry_interval: timedelta | None = None
    message_retry_interval: timedelta | None = None
    message_expiration_timeout: timedelta | None = None
    delay_notification_timeout: timedelta | None = None
    dns_fault_tolerance: DnsFaultTolerance = DnsFaultTolerance.LENIENT

    def __post_init__(self) -> None:
        """Refuse intervals outside their range.

        Raises:
            ValueError: for one that is not positive.
        """
        intervals = (
            self.queue_glitch_retry_interval,
            self.transient_failure_retry_interval,
            self.outbound_connection_failure_retry_interval,
            self.message_retry_interval,
            self.message_expiration_timeout,
            self.delay_notification_timeout,
        )
        if any(each is not None and each <= timedelta() for each in intervals):
            raise ValueError("an interval of the Transport service is not positive")


T = TypeVar("T")


def _given(written: T | None, default: T) -> T:
    return default if written is None else written


def schedule(settings: TransportService, role: Role, message_retry: timedelta) -> Schedule:
    """Return when the queues of a server retry.

    Args:
        settings: as written.
        role: whose defaults count.
        message_retry: MessageRetryInterval where it is not written.
    """
    edge = role is Role.EDGE
    glitches = (
        _given(settings.queue_glitch_retry_count, defaults.GLITCH_COUNT),
        _given(settings.queue_glitch_retry_interval, defaults.GLITCH_INTERVAL),
    )
    transient = (
        _given(settings.transient_failure_retry_count, defaults.TRANSIENT_COUNT),
        _given(
            settings.transient_failure_retry_interval,
            defaults.EDGE_TRANSIENT_INTERVAL if edge else defaults.TRANSIENT_INTERVAL,
        ),
    )
    return Schedule(
        steps=(glitches, transient),
        then=_given(
            settings.outbound_connection_failure_retry_interval,
            defaults.EDGE_CONNECTION_INTERVAL if edge else defaults.CONNECTION_INTERVAL,
        ),
        message=_given(settings.message_retry_interval, message_retry),
        expires_after=_given(settings.message_expiration_timeout, defaults.EXPIRES_AFTER),
        warns_after=_given(settings.delay_notification_timeout, defaults.WARNS_AFTER),
        expired=defaults.EXPIRED,
        cite=defaults.INTERVALS,
    )
