"""The transport settings of a tenant: what may be written, and the checks that read them.

Names are those of Set-TransportConfig, snake_cased; MaxSendSize and MaxReceiveSize exist on-premises only. Source:
Set-TransportConfig.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar, Literal

from mailsim.mail.address import Mailbox
from mailsim.mta.exchange_online import defaults
from mailsim.mta.unmodelled import Configured
from mailsim.reason.check import Check, check
from mailsim.reason.cite import documented

SETTINGS = documented("ms:set-transportconfig", "Set-TransportConfig")
LEAST, MOST = timedelta(hours=12), timedelta(hours=24)  # of MessageExpiration


@dataclass(frozen=True, slots=True, kw_only=True)
class TransportConfig(Configured):
    """The transport settings of a tenant (Set-TransportConfig)."""

    SPELLING: ClassVar[str] = "exchange"
    IGNORED: ClassVar[frozenset[str]] = frozenset(
        {
            "AllowLegacyTLSClients", "ClearCategories", "ConvertDisclaimerWrapperToEml", "ExternalDsnDefaultLanguage",
            "ExternalDsnLanguageDetectionEnabled", "ExternalDsnSendHtml", "Guid", "Identity", "InternalDsnDefaultLanguage",
            "InternalDsnLanguageDetectionEnabled", "InternalDsnSendHtml", "Name", "PreventDuplicateJournalingEnabled",
            "Rfc2231EncodingEnabled", "VoicemailJournalingEnabled",
        }
    )  # fmt: skip
    UNMODELLED: ClassVar[frozenset[str]] = frozenset(
        {
            "AddressBookPolicyRoutingEnabled", "DSNConversionMode", "ExternalDsnReportingAuthority",
            "HeaderPromotionModeSetting", "InternalDsnReportingAuthority", "JournalArchivingEnabled",
            "JournalingReportNdrTo", "ReplyAllStormBlockDurationHours",
            "ReplyAllStormDetectionMinimumRecipients", "ReplyAllStormDetectionMinimumReplies",
            "ReplyAllStormProtectionEnabled", "SmtpClientAuthenticationDisabled",
        }
    )  # fmt: skip

    message_expiration: timedelta = MOST
    max_recipient_envelope_limit: int | Literal["Unlimited"] = "Unlimited"
    external_postmaster_address: Mailbox | None = None
    external_delay_dsn_enabled: bool = True
    internal_delay_dsn_enabled: bool = True

    def __post_init__(self) -> None:
        """Refuse what the cmdlet refuses.

        Raises:
            ValueError: for an expiration outside twelve hours to a day, or a MaxRecipientEnvelopeLimit above the
                service's own.
        """
        if not LEAST <= self.message_expiration <= MOST:
            raise ValueError(
                f"TransportConfig: MessageExpiration {self.message_expiration} is out of range; "
                "wanted 12:00:00 to 1.00:00:00"
            )
        limit, most = self.max_recipient_envelope_limit, defaults.MAX_RECIPIENTS
        if limit != "Unlimited" and limit > most:
            raise ValueError(f"MaxRecipientEnvelopeLimit is {limit}; wanted at most {most}, or Unlimited")

    @property
    def most_recipients(self) -> int:
        """Return how many recipients a message may have; Unlimited means the service's own limit."""
        limit = self.max_recipient_envelope_limit
        return defaults.MAX_RECIPIENTS if limit == "Unlimited" else limit

    def delay_dsn_enabled(self, *, internal: bool) -> bool:
        """Whether people inside, or outside, are told that their mail waits."""
        return self.internal_delay_dsn_enabled if internal else self.external_delay_dsn_enabled


def few_recipients(config: TransportConfig, count: int) -> Check:
    """MaxRecipientEnvelopeLimit: recipients as addressed, a group counts as one."""
    limit = config.most_recipients
    return check(
        count <= limit,
        "MaxRecipientEnvelopeLimit",
        saw=f"{count} recipients",
        wanted=f"at most {limit}",
        cite=SETTINGS,
        source=config.source("MaxRecipientEnvelopeLimit"),
    )
