"""Defaults of Exchange Online.

Sources: Set-TransportConfig (MessageExpiration), the EOP service description; the retry intervals are an assumption between
two pages that disagree.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from mailsim.mail.reply import reply
from mailsim.mta.exchange_online.send.send_assumptions import RETRY
from mailsim.mta.relaying.retry import Schedule
from mailsim.reason.cite import documented

MAX_MESSAGE_SIZE = 157_286_400  # 150 MB, observed in EHLO
LOOP_ITERATIONS = 20
MAX_RECIPIENTS_OF_A_DOMAIN = 200  # of one transaction
MAX_RECIPIENTS = 1000  # what MaxRecipientEnvelopeLimit Unlimited means
RECIPIENT_LIMITS = 500  # of a mailbox
MAX_RECIPIENTS_A_DAY = 10_000  # of a mailbox
MAX_SEND_SIZE = 36_700_160  # 35 MB, observed in Get-MailboxPlan
MAX_RECEIVE_SIZE = 37_748_736  # 36 MB, observed in Get-MailboxPlan
BUILD = "15.20.8000.10"
SUBMISSION_HOST, SUBMISSION_PORT = "smtp.office365.com", 587
LEGACY_SUBMISSION_HOST = "smtp-legacy.office365.com"
MESSAGES_A_MINUTE = 30  # of a mailbox that signed in
CLIENT_CERTIFICATE = "mail.protection.outlook.com"

EXPIRED = reply(550, "5.4.300", "Message expired")
SCHEDULE = Schedule(
    steps=(
        (1, timedelta(minutes=5)),
        (1, timedelta(minutes=10)),
        (2, timedelta(minutes=15)),
        (1, timedelta(minutes=30)),
    ),
    then=timedelta(minutes=60),
    expires_after=timedelta(hours=24),
    expired=EXPIRED,
    warns_after=timedelta(hours=4),
    cite=RETRY.cite("growing"),
)
PUBLISHED_SCHEDULE = replace(
    SCHEDULE,
    steps=((2, timedelta(minutes=15)),),
    cite=documented("ms:how-smtp-dane-works", "after 15 minutes, 15 minutes, then every hour for 24 hours"),
)
"""After a session that DANE or MTA-STS does not allow."""
SCHEDULES = {
    "growing": SCHEDULE,
    "five-minutes": replace(SCHEDULE, steps=(), then=timedelta(minutes=5), cite=RETRY.cite("five-minutes")),
}
