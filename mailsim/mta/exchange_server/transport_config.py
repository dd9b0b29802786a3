"""The transport settings of an Exchange organization: what may be written, and the checks that read them.

Names are those of Set-TransportConfig, snake_cased. Sources: Set-TransportConfig, "Message size and recipient limits in
Exchange Server".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Literal

from mailsim.mail.address import Mailbox
from mailsim.mta.exchange_server.categorize.recipient_assumptions import ORGANIZATION_SIZE
from mailsim.mta.unmodelled import Configured
from mailsim.reason.check import Check, check
from mailsim.reason.cite import documented

SETTINGS = documented("ms:set-transportconfig", "Set-TransportConfig")
LIMITS = documented("ms:message-size-limits", "organizational limits")

MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class TransportConfig(Configured):
    """The transport settings of an organization (Set-TransportConfig)."""

    SPELLING: ClassVar[str] = "exchange"
    IGNORED: ClassVar[frozenset[str]] = frozenset(
        {
            "AgentGeneratedMessageLoopDetectionInSmtpEnabled", "AgentGeneratedMessageLoopDetectionInSubmissionEnabled",
            "ClearCategories", "ConvertDisclaimerWrapperToEml", "DiagnosticsAggregationServicePort",
            "ExternalDsnDefaultLanguage", "ExternalDsnLanguageDetectionEnabled", "ExternalDsnSendHtml", "Guid", "Identity",
            "InternalDsnDefaultLanguage", "InternalDsnLanguageDetectionEnabled", "InternalDsnSendHtml",
            "MaxDumpsterSizePerDatabase", "MaxDumpsterTime", "MaxRetriesForLocalSiteShadow",
            "MaxRetriesForRemoteSiteShadow", "Name", "QueueDiagnosticsAggregationInterval", "Rfc2231EncodingEnabled",
            "SafetyNetHoldTime", "ShadowHeartbeatFrequency", "ShadowMessageAutoDiscardInterval",
            "ShadowMessagePreferenceSetting", "ShadowRedundancyEnabled", "ShadowResubmitTimeSpan", "SupervisionTags",
            "TransportRuleAttachmentTextScanLimit", "VerifySecureSubmitEnabled", "VoicemailJournalingEnabled",
            "Xexch50Enabled",
        }
    )  # fmt: skip
    UNMODELLED: ClassVar[frozenset[str]] = frozenset(
        {
            "AddressBookPolicyRoutingEnabled", "DSNConversionMode", "ExternalDsnReportingAuthority",
            "GenerateCopyOfDSNFor", "HeaderPromotionModeSetting", "InternalDsnReportingAuthority",
            "InternalSMTPServers", "JournalingReportNdrTo", "RejectMessageOnShadowFailure",
            "TLSReceiveDomainSecureList", "TLSSendDomainSecureList",
        }
    )  # fmt: skip

    max_receive_size: int | Literal["Unlimited"] = field(default=10 * MEGABYTE, metadata={"unit": "octets"})
    max_send_size: int | Literal["Unlimited"] = field(default=10 * MEGABYTE, metadata={"unit": "octets"})
    max_recipient_envelope_limit: int | Literal["Unlimited"] = 500
    external_postmaster_address: Mailbox | None = None
    external_delay_dsn_enabled: bool = True
    internal_delay_dsn_enabled: bool = True
    external_dsn_max_message_attach_size: int = field(default=10 * MEGABYTE, metadata={"unit": "octets"})
    internal_dsn_max_message_attach_size: int = field(default=10 * MEGABYTE, metadata={"unit": "octets"})

    def dsn_max_message_attach_size(self, *, internal: bool) -> int:
        """Up to which size a report to people inside, or outside, returns the message; octets."""
        return (
            self.internal_dsn_max_message_attach_size
            if internal
            else self.external_dsn_max_message_attach_size
        )


def tells_of_delay(config: TransportConfig, *, internal: bool) -> Check:
    """InternalDelayDsnEnabled, ExternalDelayDsnEnabled: people inside, or outside, are told that their mail waits."""
    setting = "InternalDelayDsnEnabled" if internal else "ExternalDelayDsnEnabled"
    enabled = config.internal_delay_dsn_enabled if internal else config.external_delay_dsn_enabled
    return check(
        enabled,
        f"{setting} of TransportConfig",
        saw=f"${str(enabled).lower()}",
        wanted="$true",
        cite=SETTINGS,
        source=config.source(setting),
    )


def few_recipients(config: TransportConfig, count: int) -> Check:
    """MaxRecipientEnvelopeLimit: recipients as addressed, a group counts as one."""
    limit = config.max_recipient_envelope_limit
    return check(
        limit == "Unlimited" or count <= limit,
        "MaxRecipientEnvelopeLimit",
        saw=f"{count} recipients",
        wanted=f"at most {limit}",
        cite=SETTINGS,
        source=config.source("MaxRecipientEnvelopeLimit"),
    )


def fits_organization(
    config: TransportConfig, size: int, *, from_inside: bool, to_inside: bool, choice: str
) -> tuple[Check, ...]:
    """Hold a size against MaxSendSize and MaxReceiveSize; mail within the organization is exempt.

    Args:
        config: of the organization.
        size: octets, as it counts for limits.
        from_inside: whether the sender is authenticated.
        to_inside: whether the recipient belongs to the organization.
        choice: how the assumption ``onprem-organization-size`` is decided.
    """
    if from_inside and to_inside:
        return ()
    crossed = choice == ORGANIZATION_SIZE.default
    receiving = not to_inside if crossed else to_inside
    sending = not from_inside if crossed else from_inside
    held = [("MaxSendSize", config.max_send_size)] if sending else []
    held += [("MaxReceiveSize", config.max_receive_size)] if receiving else []
    return tuple(
        check(
            limit == "Unlimited" or size <= limit,
            f"{name} of the organization",
            saw=f"message of {size} octets from {_side(from_inside)} to {_side(to_inside)}",
            wanted=f"at most {limit}",
            cite=ORGANIZATION_SIZE.cite(choice),
            source=config.source(name),
        )
        for name, limit in held
    )


def _side(inside: bool) -> str:
    return "inside" if inside else "outside"
