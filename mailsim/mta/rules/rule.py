"""A transport rule as New-TransportRule writes it.

Modelled so far: the condition RecipientADAttributeContainsWords (one attribute and its words, such as
``City:New Orleans``), the action RouteMessageOutboundConnector, State and Mode. A rule with another condition is taken to apply and
one with another action to do nothing else, and either says so in every answer that rests on it. Sources: New-TransportRule, "Mail
flow rule conditions and exceptions", "Mail flow rule actions".
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum
from typing import ClassVar

from mailsim.mta.unmodelled import Configured

ATTRIBUTES = {
    "City": "City",
    "Company": "Company",
    "Country": "CountryOrRegion",
    "Department": "Department",
    "Office": "Office",
    "State": "StateOrProvince",
    "Title": "Title",
    **{f"CustomAttribute{number}": f"CustomAttribute{number}" for number in range(1, 16)},
}
"""The attributes that rules may ask for, by their name in rules, and the property of a recipient they stand for."""

NOT_MODELLED = (
    "DisplayName", "Email", "FaxNumber", "FirstName", "HomePhoneNumber", "Initials", "LastName", "Manager", "MobileNumber",
    "Notes", "OtherFaxNumber", "OtherHomePhoneNumber", "OtherPhoneNumber", "PagerNumber", "PhoneNumber", "POBox", "Street",
    "UserLogonName", "ZipCode",
)  # fmt: skip

_CONDITIONS = (
    "From", "FromMemberOf", "FromScope", "FromAddressContainsWords", "FromAddressMatchesPatterns", "SenderDomainIs",
    "SenderADAttributeContainsWords", "SenderADAttributeMatchesPatterns", "SenderIpRanges",
    "SenderManagementRelationship", "HasSenderOverride", "SenderInRecipientList", "SentTo", "SentToMemberOf",
    "SentToScope", "RecipientAddressContainsWords", "RecipientAddressMatchesPatterns", "RecipientDomainIs",
    "RecipientADAttributeMatchesPatterns", "RecipientInSenderList", "AnyOfToHeader", "AnyOfToHeaderMemberOf",
    "AnyOfCcHeader", "AnyOfCcHeaderMemberOf", "AnyOfToCcHeader", "AnyOfToCcHeaderMemberOf",
    "AnyOfRecipientAddressContainsWords", "AnyOfRecipientAddressMatchesPatterns", "ADComparisonAttribute",
    "ADComparisonOperator", "BetweenMemberOf1", "BetweenMemberOf2", "ManagerForEvaluatedUser", "ManagerAddresses",
    "SubjectContainsWords", "SubjectMatchesPatterns", "SubjectOrBodyContainsWords", "SubjectOrBodyMatchesPatterns",
    "HeaderContainsMessageHeader", "HeaderContainsWords", "HeaderMatchesMessageHeader", "HeaderMatchesPatterns",
    "AttachmentContainsWords", "AttachmentMatchesPatterns", "AttachmentNameMatchesPatterns",
    "AttachmentExtensionMatchesWords", "AttachmentSizeOver", "AttachmentHasExecutableContent",
    "AttachmentIsPasswordProtected", "AttachmentIsUnsupported", "AttachmentProcessingLimitExceeded",
    "AttachmentPropertyContainsWords", "MessageSizeOver", "ContentCharacterSetContainsWords", "SCLOver",
    "WithImportance", "MessageTypeMatches", "HasClassification", "HasNoClassification",
    "MessageContainsDataClassifications", "MessageContainsAllDataClassifications",
)  # fmt: skip
_ACTIONS = (
    "RejectMessageReasonText", "RejectMessageEnhancedStatusCode", "DeleteMessage", "Quarantine", "RedirectMessageTo",
    "AddToRecipients", "CopyTo", "BlindCopyTo", "AddManagerAsRecipientType", "ModerateMessageByUser",
    "ModerateMessageByManager", "PrependSubject", "SetHeaderName", "SetHeaderValue", "RemoveHeader", "SetSCL",
    "ApplyHtmlDisclaimerText", "ApplyHtmlDisclaimerLocation", "ApplyHtmlDisclaimerFallbackAction",
    "ApplyClassification", "ApplyRightsProtectionTemplate", "ApplyRightsProtectionCustomizationTemplate", "ApplyOME",
    "RemoveOME", "RemoveOMEv2", "RemoveRMSAttachmentEncryption", "RouteMessageOutboundRequireTls",
    "GenerateIncidentReport", "IncidentReportContent", "GenerateNotification", "NotifySender",
)  # fmt: skip
_PROPERTIES = (
    "ActivationDate", "ExpiryDate", "RuleErrorAction", "RuleSubType", "SenderAddressLocation", "RecipientAddressType",
    "DlpPolicy",
)  # fmt: skip


class RuleState(Enum):
    """Whether a rule takes part."""

    ENABLED = "Enabled"
    DISABLED = "Disabled"


class RuleMode(Enum):
    """Whether a rule acts, or is only watched."""

    ENFORCE = "Enforce"
    AUDIT = "Audit"
    AUDIT_AND_NOTIFY = "AuditAndNotify"


@dataclass(frozen=True, slots=True)
class AttributeWords:
    """``Attribute:word,word``: one of the words stands in the attribute.

    Args:
        attribute: the property name, such as City.
        words: any of them.
    """

    attribute: str
    words: tuple[str, ...]

    @classmethod
    def parse(cls, text: str) -> AttributeWords:
        """Read ``Attribute:word,word``.

        Raises:
            ValueError: if it is not of that form, or rules know no such attribute.
        """
        attribute, colon, words = text.partition(":")
        found = tuple(word.strip().strip("'\"") for word in words.split(",") if word.strip())
        if not colon or not attribute.strip() or not found:
            raise ValueError(f"{text!r} is not Attribute:words; wanted such as 'City:New Orleans'")
        return cls(_attribute(attribute.strip()), found)

    def found_in(self, value: str) -> bool:
        """Tell whether a word stands in a value, in any case.

        It is whole where it begins or ends with a letter, a digit or an underscore (inferred).
        """
        return any(re.search(_whole(word), value, re.IGNORECASE) for word in self.words)

    def __str__(self) -> str:
        return f"{self.attribute}:{','.join(self.words)}"


def _attribute(name: str) -> str:
    """Return an attribute's name as rules spell it."""
    known = {each.lower(): each for each in (*ATTRIBUTES, *NOT_MODELLED)}
    found = known.get(name.lower())
    if found in ATTRIBUTES:
        return found
    what = "is not modelled" if found else "is no attribute that rules know"
    raise ValueError(f"{name!r} {what}; wanted one of {', '.join(ATTRIBUTES)}")


def _whole(word: str) -> str:
    begins = r"(?<!\w)" if re.match(r"\w", word) else ""
    ends = r"(?!\w)" if re.search(r"\w$", word) else ""
    return f"{begins}{re.escape(word)}{ends}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TransportRule(Configured):
    """A mail flow rule (New-TransportRule)."""

    SPELLING: ClassVar[str] = "exchange"
    IGNORED: ClassVar[frozenset[str]] = frozenset(
        {
            "Comments", "Conditions", "Actions", "Description", "Exceptions", "Guid", "Identity", "ManuallyModified",
            "RuleVersion", "SetAuditSeverity", "UseLegacyRegex",
        }
    )  # fmt: skip
    UNMODELLED: ClassVar[frozenset[str]] = frozenset(
        {
            *_CONDITIONS,
            *(f"ExceptIf{name}" for name in (*_CONDITIONS, "RecipientADAttributeContainsWords")),
            *_ACTIONS,
            *_PROPERTIES,
        }
    )

    name: str
    route_message_outbound_connector: str = ""
    recipient_ad_attribute_contains_words: tuple[AttributeWords, ...] = field(
        default=(), metadata={"name": "RecipientADAttributeContainsWords"}
    )
    priority: int | None = None
    enabled: bool = True
    state: RuleState = RuleState.ENABLED
    mode: RuleMode = RuleMode.ENFORCE
    stop_rule_processing: bool = False
