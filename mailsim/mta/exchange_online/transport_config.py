"""The transport settings of a tenant: what may be written, and the checks that read them.

Names are those of Set-TransportConfig, snake_cased; MaxSendSize and MaxReceiveSize exist on-premises only. A mailbox's own
SmtpClientAuthenticationDisabled wins over the tenant's (Set-CASMailbox); in tenants made since January 2020 the tenant's is $true,
which it is here unless written.

Sources: Set-TransportConfig; "Enable or disable authenticated client SMTP submission (SMTP AUTH) in Exchange Online".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import ClassVar, Literal

from mailsim.mail.address import Mailbox
from mailsim.mta.exchange_online import defaults
from mailsim.mta.unmodelled import Configured
from mailsim.reason.check import Check, check
from mailsim.reason.cite import assumed, documented
from mailsim.world.directory import DirectoryRecipient

SETTINGS = documented("ms:set-transportconfig", "Set-TransportConfig")
SMTP_AUTH = documented("ms:authenticated-client-smtp-submission", "SmtpClientAuthenticationDisabled")
LEGACY_TLS = assumed(
    "ms:opt-in-legacy-tls",
    "AllowLegacyTLSClients; 5.7.67 is documented, that it answers AUTH with 535 is assumed",
)
LEAST, MOST = timedelta(hours=12), timedelta(hours=24)  # of MessageExpiration


@dataclass(frozen=True, slots=True, kw_only=True)
class TransportConfig(Configured):
    """The transport settings of a tenant (Set-TransportConfig)."""

    SPELLING: ClassVar[str] = "exchange"
    IGNORED: ClassVar[frozenset[str]] = frozenset(
        {
            "ClearCategories", "ConvertDisclaimerWrapperToEml", "ExternalDsnDefaultLanguage",
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
            "ReplyAllStormProtectionEnabled",
        }
    )  # fmt: skip

    message_expiration: timedelta = MOST
    max_recipient_envelope_limit: int | Literal["Unlimited"] = "Unlimited"
    external_postmaster_address: Mailbox | None = None
    external_delay_dsn_enabled: bool = True
    internal_delay_dsn_enabled: bool = True
    smtp_client_authentication_disabled: bool = True
    allow_legacy_tls_clients: bool = field(default=False, metadata={"name": "AllowLegacyTLSClients"})

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
    limit = config.most_recipients
    return check(
        count <= limit,
        "MaxRecipientEnvelopeLimit",
        saw=f"{count} recipients",
        wanted=f"at most {limit}",
        cite=SETTINGS,
        source=config.source("MaxRecipientEnvelopeLimit"),
    )


def lets_tenant_sign_in(config: TransportConfig, user: DirectoryRecipient) -> Check:
    """Want SMTP AUTH enabled for the tenant, where the mailbox has no setting of its own."""
    own = user.credentials.smtp_disabled
    written = "" if config.source("SmtpClientAuthenticationDisabled") else " (by default)"
    saw = f"{config.smtp_client_authentication_disabled}{written}"
    saw += f"; {own} for {user.primary}" if own is not None else f"; not set for {user.primary}"
    return check(
        own is not None or not config.smtp_client_authentication_disabled,
        "SmtpClientAuthenticationDisabled of TransportConfig",
        saw=saw,
        wanted="$false, or $false for the mailbox",
        cite=SMTP_AUTH,
        source=config.source("SmtpClientAuthenticationDisabled"),
    )


def lets_legacy_tls_in(config: TransportConfig, version: str) -> Check:
    """Want AllowLegacyTLSClients where a client of smtp-legacy.office365.com speaks TLS 1.0 or 1.1."""
    return check(
        config.allow_legacy_tls_clients,
        "AllowLegacyTLSClients of TransportConfig",
        saw=f"{config.allow_legacy_tls_clients}; the session is in {version}",
        wanted="$true, or TLS 1.2",
        cite=LEGACY_TLS,
        source=config.source("AllowLegacyTLSClients"),
    )


def lets_mailbox_sign_in(user: DirectoryRecipient) -> Check:
    """Want SMTP AUTH not disabled for the mailbox."""
    own = user.credentials.smtp_disabled
    return check(
        not own,
        f"SmtpClientAuthenticationDisabled of {user.primary}",
        saw="not set" if own is None else str(own),
        wanted="$false",
        cite=SMTP_AUTH,
        source=user.source("SmtpClientAuthenticationDisabled"),
    )
