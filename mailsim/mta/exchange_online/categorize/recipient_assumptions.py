"""What no source settles about how Exchange Online lets mail out of a tenant, and how a scenario decides it.

Each is asked by ``at.assumed`` where it matters; the check that rests on it cites the choice.
"""

from __future__ import annotations

from mailsim.reason.assumption import Assumption

AUTOMATIC_FORWARDING = Assumption(
    key="exo-automatic-forwarding",
    question="what does AutoForwardingMode Automatic do?",
    choices={
        "off": "it blocks forwards to external recipients, as in organizations since 2021",
        "on": "it lets them through, as it can in organizations that used it before",
    },
    evidence="the cmdlet page says that it differs by organization",
)
TWO_FORWARD_BLOCKS = Assumption(
    key="exo-two-forward-blocks",
    question="which of two settings that both stop a forward acts first?",
    choices={
        "policy": "AutoForwardingMode, so the sender is told",
        "remote-domain": "AutoForwardEnabled of the remote domain, so nobody is told",
    },
    evidence="the pages say that any block wins over what allows, and not which of two blocks comes first",
)

RESOLVING = (AUTOMATIC_FORWARDING, TWO_FORWARD_BLOCKS)
