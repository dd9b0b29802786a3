"""The guard against mail that a tenant keeps sending to the outside: X-LD-Processed.

Every time a tenant sends a message on to somebody outside, it leaves its mark in the header; three passes are let through.
What the header says beside the tenant, and the reply to the fourth pass, are not established: the reply is that of other loops.
Source: "Loop prevention in Exchange Online demystified" (Exchange Team).
"""

from __future__ import annotations

from mailsim.mail.message import Message, header_field
from mailsim.mta.exchange_online.config import Tenant
from mailsim.reason.check import Check, check
from mailsim.reason.cite import documented

GUARD = documented("techcommunity:2312258", "X-LD-Processed: three times by one tenant")
PROCESSED = "X-LD-Processed"
PASSES = 3


def may_pass(message: Message, tenant: Tenant) -> Check:
    """The tenant has not sent the message on too often."""
    passed = sum(value.split(",")[0].strip() == tenant.name for value in message.values(PROCESSED))
    return check(
        passed < PASSES,
        PROCESSED,
        saw=f"tenant {tenant.name} sent the message on {passed} times",
        wanted=f"fewer than {PASSES}",
        cite=GUARD,
    )


def mark(message: Message, tenant: Tenant) -> Message:
    """Note that the tenant sends the message on."""
    return message.with_top(header_field(PROCESSED, tenant.name))
