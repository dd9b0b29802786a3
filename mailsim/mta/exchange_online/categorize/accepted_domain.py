"""The accepted domain of Exchange Online (Set-AcceptedDomain), and which one a domain belongs to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import ClassVar

from mailsim.mta.unmodelled import Configured


class DomainType(Enum):
    """Whether a tenant knows all recipients of a domain."""

    AUTHORITATIVE = "Authoritative"
    INTERNAL_RELAY = "InternalRelay"


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptedDomain(Configured):
    """An accepted domain (Set-AcceptedDomain)."""

    SPELLING: ClassVar[str] = "exchange"
    IGNORED: ClassVar[frozenset[str]] = frozenset(
        {
            "AddressBookEnabled", "AuthenticationType", "CanHaveCloudCache", "EmailOnly", "EnableNego2Authentication",
            "ExternallyManaged", "FederatedOrganizationLink", "InitialDomain", "IsCoexistenceDomain",
            "IsDefaultFederatedDomain", "LiveIdInstanceType", "MailFlowPartner", "MailFlowRegion", "Name",
            "PendingCompletion", "PendingFederatedAccountNamespace", "PendingFederatedDomain", "PendingRemoval",
            "PerimeterDuplicateDetected", "SmtpDaneStatus",
        }
    )  # fmt: skip
    UNMODELLED: ClassVar[frozenset[str]] = frozenset(
        {"CatchAllRecipientID", "OutboundOnly", "SendingFromDomainDisabled", "SendingToDomainDisabled"}
    )
    UNMODELLED_DEFAULTS: ClassVar[Mapping[str, str]] = {
        "OutboundOnly": "false",
        "SendingFromDomainDisabled": "false",
        "SendingToDomainDisabled": "false",
    }

    domain_name: str
    domain_type: DomainType = DomainType.AUTHORITATIVE
    default: bool = False
    match_sub_domains: bool = False

    def __post_init__(self) -> None:
        """Refuse what the cmdlet refuses.

        Raises:
            ValueError: for MatchSubDomains of an authoritative domain.
        """
        if self.match_sub_domains and self.domain_type is DomainType.AUTHORITATIVE:
            raise ValueError(
                f"accepted domain {self.domain_name!r}: MatchSubDomains wants DomainType InternalRelay"
            )

    def covers(self, domain: str) -> bool:
        """Tell whether a domain belongs to it."""
        own = self.domain_name.lower()
        return domain == own or (self.match_sub_domains and domain.endswith("." + own))


def accepted_by(domains: tuple[AcceptedDomain, ...], domain: str) -> AcceptedDomain | None:
    """Return the most specific accepted domain that covers a domain, None when there is none."""
    covering = [each for each in domains if each.covers(domain)]
    return max(covering, key=lambda each: len(each.domain_name), default=None)
