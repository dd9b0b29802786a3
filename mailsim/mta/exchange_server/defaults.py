"""Defaults of Exchange Server.

Sources: New-ReceiveConnector, New-SendConnector, "Message size and recipient limits", "Message retry, resubmit, and
expiration intervals"; values marked observed come from a published 2019 Get-ReceiveConnector dump.
"""

from __future__ import annotations

from datetime import timedelta

from mailsim.mail.reply import reply
from mailsim.reason.cite import documented
from mailsim.world.tls_version import TlsVersion, TlsVersions

RECEIVE_MAX_MESSAGE_SIZE = 37_748_736  # 36 MB
MAX_RECIPIENTS_PER_MESSAGE = 200
DEFAULT_MAX_RECIPIENTS = 5000  # of the connector Default, observed
MAX_HEADER_SIZE = 262_144  # 256 KB
MAX_LOGON_FAILURES = 3
MAX_PROTOCOL_ERRORS = 5
CLIENT_MESSAGE_RATE_LIMIT = 5  # of Client Frontend and Client Proxy, a minute
TARPIT_INTERVAL = timedelta(seconds=5)
SMTP_MAX_MESSAGES_PER_CONNECTION = 20
BUILD = "15.2.1118.7"  # Exchange 2019, observed in published Received fields
# TLS 1.0 and 1.1 are off since Exchange 2019; TLS 1.3 came with its CU15 for HTTPS, and not for SMTP
TLS_VERSIONS = TlsVersions(TlsVersion.TLS1_2, TlsVersion.TLS1_2)

GLITCH_COUNT = 4
GLITCH_INTERVAL = timedelta(minutes=1)
TRANSIENT_COUNT = 6
TRANSIENT_INTERVAL = timedelta(minutes=5)
EDGE_TRANSIENT_INTERVAL = timedelta(minutes=10)
CONNECTION_INTERVAL = timedelta(minutes=10)
EDGE_CONNECTION_INTERVAL = timedelta(minutes=30)
EXPIRES_AFTER = timedelta(days=2)
WARNS_AFTER = timedelta(hours=4)
EXPIRED = reply(550, "4.4.7", "QUEUE.Expired; message expired")
INTERVALS = documented(
    "ms:message-intervals",
    "QueueGlitchRetryCount, TransientFailureRetryCount, OutboundConnectionFailureRetryInterval, "
    "MessageRetryInterval, MessageExpirationTimeout, DelayNotificationTimeout",
)
