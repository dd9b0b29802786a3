"""What a message brings when its sender is judged; the judgement itself is imported when there is something to judge."""

from __future__ import annotations

from dataclasses import dataclass

from mailsim.mail.envelope import Envelope
from mailsim.mail.message import Message
from mailsim.mta.exchange_online.receive.enhanced_filtering import Skipped
from mailsim.mta.exchange_online.receive.inbound_connector import InboundConnector
from mailsim.reason.decision import Decision
from mailsim.world.facts import SessionFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A message at the end of its content.

    Args:
        facts: the session.
        envelope: with at least one recipient.
        message: as received.
        name: by which ``pct=`` draws.
        connector: by which it came; None for none.
        skipped: what Enhanced Filtering of it found; None without a connector.
    """

    facts: SessionFacts
    envelope: Envelope
    message: Message
    name: str
    connector: InboundConnector | None = None
    skipped: Decision[Skipped | None] | None = None
