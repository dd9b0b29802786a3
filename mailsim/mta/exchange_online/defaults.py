"""Defaults of Exchange Online, and the properties that are known but not modelled.

Sources: New-InboundConnector, New-OutboundConnector, Set-TransportConfig (MessageExpiration), the EOP service
description; the retry intervals are an assumption between two pages that disagree.
"""

from __future__ import annotations

from datetime import timedelta

from mailsim.mail.reply import reply
from mailsim.mta.relaying.retry import Schedule
from mailsim.reason.cite import assumed

MAX_MESSAGE_SIZE = 157_286_400  # 150 MB, observed in EHLO
LOOP_ITERATIONS = 20
MAX_RECIPIENTS_OF_A_DOMAIN = 200  # of one transaction
BUILD = "15.20.8000.10"
SUBMISSION_HOST, SUBMISSION_PORT = "smtp.office365.com", 587
MESSAGES_A_MINUTE = 30  # of a mailbox that signed in
CLIENT_CERTIFICATE = "mail.protection.outlook.com"

SCHEDULE = Schedule(
    steps=(
        (1, timedelta(minutes=5)),
        (1, timedelta(minutes=10)),
        (2, timedelta(minutes=15)),
        (1, timedelta(minutes=30)),
    ),
    then=timedelta(minutes=60),
    expires_after=timedelta(hours=24),
    expired=reply(550, "5.4.300", "Message expired"),
    warns_after=timedelta(hours=4),
    cite=assumed(
        "exo-retry", "5, 10, 15, 15, 30, then 60 minutes; the pages say 15 minutes or less, growing to 60"
    ),
)
