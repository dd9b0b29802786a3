"""The transport settings of a tenant (Set-TransportConfig), and the check that reads SmtpClientAuthenticationDisabled.

A mailbox's own SmtpClientAuthenticationDisabled wins over the tenant's (Set-CASMailbox). In tenants made since January 2020 the
tenant's is $true, which is assumed here unless it is written.

Source: "Enable or disable authenticated client SMTP submission (SMTP AUTH) in Exchange Online".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from mailsim.reason.check import Check, check
from mailsim.reason.cite import documented
from mailsim.world.directory import DirectoryRecipient
from mailsim.world.source import Origin

SMTP_AUTH = documented("ms:authenticated-client-smtp-submission", "SmtpClientAuthenticationDisabled")


@dataclass(frozen=True, slots=True, kw_only=True)
class TransportConfig:
    """Set-TransportConfig of a tenant."""

    SPELLING: ClassVar[str] = "exchange"

    smtp_client_authentication_disabled: bool = True
    origin: Origin | None = field(default=None, compare=False, repr=False)

    def source(self, name: str = "") -> str:
        """Return ``file:line`` of a property, or of the object."""
        return self.origin.of(name) if self.origin else ""


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
