"""What no source settles about how Exchange Online judges senders, and how a scenario decides it.

Each is asked by ``at.assumed`` where it matters; the check that rests on it cites the choice.
"""

from __future__ import annotations

from mailsim.reason.assumption import Assumption

IMPLICIT = Assumption(
    key="exo-implicit-authentication",
    question="what does composite authentication say of a sender whom neither DMARC nor an aligned pass vouches for?",
    choices={
        "fail": "compauth=fail reason=001, as for a sender without any history",
        "softpass": "compauth=softpass reason=202, as published headers show it for some senders",
    },
    evidence="the service weighs history and reputation, which no scenario has; both are documented outcomes",
)
NOT_HONOURED = Assumption(
    key="exo-dmarc-not-honoured",
    question="which action stands in the header when a policy of reject or quarantine is not carried out?",
    choices={
        "policy": "action=oreject for reject, action=quarantine for quarantine",
        "none": "action=none for both",
    },
    evidence="oreject is documented as an overridden reject; nothing is written of an overridden quarantine",
)
SEVERAL_SIGNATURES = Assumption(
    key="exo-several-signatures",
    question="which of several DKIM signatures stand in the header?",
    choices={
        "best": "one: the aligned one that passed, else the first that passed, else the first",
        "all": "each, one after the other",
    },
    evidence="published headers of the service show one, also for messages that bear two",
)
SEALERS = Assumption(
    key="exo-arc-sealers",
    question="which sets of an ARC chain must trusted sealers have made for one of them to be believed?",
    choices={
        "unbroken": "the believed one and every newer one",
        "newest": "the newest one; it is the one believed",
    },
    evidence="the page speaks of the sealer's domain in the seal, not of chains with several sealers",
)
JUNK_LEVEL = Assumption(
    key="exo-junk-level",
    question="which spam confidence level does a message bear that MoveToJmf sends to Junk Email?",
    choices={"5": "5, spam", "9": "9, high confidence spam"},
    evidence="the action is documented to move the message, and levels from 5 on to do so; which one it is, is not written down",
)

AUTHENTICATING = (IMPLICIT, NOT_HONOURED, SEVERAL_SIGNATURES, SEALERS, JUNK_LEVEL)
