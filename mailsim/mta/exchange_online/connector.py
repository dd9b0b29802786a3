"""What inbound and outbound connectors of Exchange Online have in common."""

from __future__ import annotations

from enum import Enum

BOOKKEEPING = frozenset(
    {
        "Comment", "ConnectorSource", "IsValidated", "LastValidationTimestamp", "LinkForModifiedConnector",
        "ValidationRecipients",
    }
)  # fmt: skip
"""Properties of a connector that bear no mail; they are read and change nothing."""


class ConnectorType(Enum):
    """Whose servers are at the other end of a connector."""

    ON_PREMISES = "OnPremises"
    PARTNER = "Partner"
