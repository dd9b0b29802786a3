"""What a message trace does not show: mail that was refused while the client was still connected.

An administrator who looks for a refused message finds no row, so the explanation of the refusal says so. Source:
Get-MessageTraceV2; that refusals at the edge leave no row is documented for edge blocking and Direct Send.
"""

from __future__ import annotations

from dataclasses import replace

from mailsim.mail.reply import Reply
from mailsim.reason.check import check
from mailsim.reason.cite import documented
from mailsim.reason.decision import Decision

# edge blocking, Direct Send, Microsoft's block list
AT_THE_EDGE = frozenset({"5.4.1", "5.7.68"})
TRACE = documented("ms:get-messagetracev2", "what is refused at the protocol stage has no row")


def without_row(decision: Decision[Reply | None]) -> Decision[Reply | None]:
    """Add to the reasons of a refusal at the edge that the message trace has no row for it."""
    if decision.value is None or decision.value.enhanced not in AT_THE_EDGE:
        return decision
    saw = "refused at the edge: Get-MessageTraceV2 has no row for it"
    absent = check(True, "message trace", saw=saw, cite=TRACE)
    return replace(decision, because=(*decision.because, absent))
