"""The accepted domain of Exchange Server (New-AcceptedDomain)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import ClassVar

from mailsim.mail.pattern import DomainPattern
from mailsim.world.source import Written


class DomainType(Enum):
    """Whether an organization knows all recipients of a domain."""

    AUTHORITATIVE = "Authoritative"
    INTERNAL_RELAY = "InternalRelay"
    EXTERNAL_RELAY = "ExternalRelay"


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptedDomain(Written):
    """An accepted domain (New-AcceptedDomain)."""

    SPELLING: ClassVar[str] = "exchange"
    IGNORED: ClassVar[frozenset[str]] = frozenset(
        {
            "AddressBookEnabled", "AuthenticationType", "CanHaveCloudCache", "EmailOnly", "EnableNego2Authentication",
            "ExternallyManaged", "FederatedOrganizationLink", "InitialDomain", "IsCoexistenceDomain",
            "IsDefaultFederatedDomain", "LiveIdInstanceType", "MailFlowPartner", "Name", "PendingCompletion",
            "PendingFederatedAccountNamespace", "PendingFederatedDomain", "PendingRemoval", "PerimeterDuplicateDetected",
        }
    )  # fmt: skip
    UNMODELLED: ClassVar[frozenset[str]] = frozenset(
        {
            "CatchAllRecipientID",
            "MatchSubDomains",
            "OutboundOnly",
        }  # of Exchange Online; printed on-premises too
    )
    UNMODELLED_DEFAULTS: ClassVar[Mapping[str, str]] = {"MatchSubDomains": "false", "OutboundOnly": "false"}

    domain_name: DomainPattern
    domain_type: DomainType = DomainType.AUTHORITATIVE
    default: bool = False
