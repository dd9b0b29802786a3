"""The anti-phishing policy of a tenant: what is to become of mail that fails DMARC (Set-AntiPhishPolicy).

Read by the configuration, so it stands apart from ``dmarc_handling``, which carries it out. Names are those of the cmdlet,
snake_cased. Source: Set-AntiPhishPolicy.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import ClassVar

from mailsim.mta.unmodelled import Configured


class Treatment(Enum):
    """What becomes of a message."""

    DELIVER = "delivered"
    MOVE_TO_JMF = "MoveToJmf"
    QUARANTINE = "Quarantine"
    REJECT = "Reject"


@dataclass(frozen=True, slots=True, kw_only=True)
class AntiPhishPolicy(Configured):
    """The anti-phishing policy of a tenant, as far as it is about DMARC (Set-AntiPhishPolicy)."""

    SPELLING: ClassVar[str] = "exchange"
    IGNORED: ClassVar[frozenset[str]] = frozenset(
        {"AdminDisplayName", "Guid", "Identity", "IsDefault", "Name"}
    )
    UNMODELLED: ClassVar[frozenset[str]] = frozenset({"EnableSpoofIntelligence"})

    honor_dmarc_policy: bool = True
    dmarc_reject_action: Treatment = Treatment.REJECT
    dmarc_quarantine_action: Treatment = Treatment.QUARANTINE
    authentication_fail_action: Treatment = Treatment.MOVE_TO_JMF

    def __post_init__(self) -> None:
        """Refuse what the cmdlet refuses.

        Raises:
            ValueError: for an action that the property does not take.
        """
        _require(self.dmarc_reject_action, "DmarcRejectAction", Treatment.QUARANTINE, Treatment.REJECT)
        taken = (Treatment.MOVE_TO_JMF, Treatment.QUARANTINE)
        _require(self.dmarc_quarantine_action, "DmarcQuarantineAction", *taken)
        _require(self.authentication_fail_action, "AuthenticationFailAction", *taken)


def _require(given: Treatment, name: str, *taken: Treatment) -> None:
    if given not in taken:
        raise ValueError(f"{name} is {given.value}; wanted {' or '.join(each.value for each in taken)}")
