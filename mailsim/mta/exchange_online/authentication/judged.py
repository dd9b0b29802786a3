"""What the service keeps of its judgement about a sender, while the message is on its way through a tenant."""

from __future__ import annotations

from dataclasses import dataclass

from mailsim.mta.exchange_online.authentication.anti_phish_policy import Treatment
from mailsim.reason.decision import Decision


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """The judgement of a message that came from outside.

    Args:
        treatment: what becomes of it.
        authenticated: whether SPF, or DKIM of the sender's domain, passed.
        found: both in words, such as ``SPF fail, no signature``.
        because: what the treatment was decided by.
    """

    treatment: Treatment
    authenticated: bool
    found: str
    because: Decision[Treatment]
