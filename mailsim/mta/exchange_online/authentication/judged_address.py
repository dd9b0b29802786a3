"""Which address SPF is evaluated for: the connecting one, or the one that Enhanced Filtering finds behind it.

Source: "Enhanced filtering for connectors in Exchange Online".
"""

from __future__ import annotations

from ipaddress import IPv4Address

from mailsim.mta.exchange_online.receive.enhanced_filtering import SKIPPING, Skipped
from mailsim.reason.check import check
from mailsim.reason.decision import Decision
from mailsim.world.facts import SessionFacts


def address_to_judge(facts: SessionFacts, skipped: Decision[Skipped | None] | None) -> Decision[IPv4Address]:
    """Return the address whose authorization counts.

    Args:
        facts: the session.
        skipped: what ``skip_relays`` found; None where no connector took the message.
    """
    found = skipped.value if skipped else None
    used = found is not None and found.in_scope
    saw = f"{found.original.address} behind {facts.peer_ip}" if found else f"{facts.peer_ip} connected"
    off = skipped is None or not skipped.because
    made = check(
        used or off,
        "Enhanced Filtering",
        saw=saw,
        wanted="an original sender, with the recipients in scope",
        cite=SKIPPING,
    )
    value = found.original.address if found is not None and used else facts.peer_ip
    because = (skipped, made) if skipped is not None and skipped.because else (made,)
    return Decision("address judged by SPF", value, because, str(value))
