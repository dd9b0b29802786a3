"""The remote domain of Exchange Online (Set-RemoteDomain), and what it lets out; Default lets everything out.

Sources: "Remote domains in Exchange Online", Set-RemoteDomain.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from mailsim.mail.pattern import DomainPattern
from mailsim.mta import remote_domains
from mailsim.mta.remote_domains import allows
from mailsim.reason.check import Check


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteDomain(remote_domains.RemoteDomain):
    """A remote domain (New-RemoteDomain, Set-RemoteDomain); ``*`` is the built-in Default."""

    SPELLING: ClassVar[str] = "exchange"
    IGNORED: ClassVar[frozenset[str]] = frozenset(
        {
            "ByteEncoderTypeFor7BitCharsets", "CharacterSet", "ContentType", "DisplaySenderName", "Guid", "Identity",
            "LineWrapSize", "MeetingForwardNotificationEnabled", "MessageCountThreshold", "Name", "NDRDiagnosticInfoEnabled",
            "NonMimeCharacterSet", "PreferredInternetCodePageForShiftJis", "RequiredCharsetCoverage",
            "TargetDeliveryDomain", "TNEFEnabled", "UseSimpleDisplayName",
        }
    )  # fmt: skip
    UNMODELLED: ClassVar[frozenset[str]] = frozenset(
        {
            "AllowedOOFType", "IsInternal", "SmtpDaneMandatoryModeEnabled", "TrustedMailInboundEnabled",
            "TrustedMailOutboundEnabled",
        }
    )  # fmt: skip
    UNMODELLED_DEFAULTS: ClassVar[Mapping[str, str]] = {
        "AllowedOOFType": "external",
        "IsInternal": "false",
        "SmtpDaneMandatoryModeEnabled": "false",
        "TrustedMailInboundEnabled": "false",
        "TrustedMailOutboundEnabled": "false",
    }

    auto_forward_enabled: bool = True
    auto_reply_enabled: bool = True


DEFAULT = RemoteDomain(domain_name=DomainPattern.parse("*"))
"""The remote domain that every tenant has."""


def lets_out_forwards(remote_domain: RemoteDomain, saw: str) -> Check:
    """AutoForwardEnabled: whether what users forward by rules reaches the domain."""
    return allows(remote_domain, "AutoForwardEnabled", enabled=remote_domain.auto_forward_enabled, saw=saw)


def lets_out_replies(remote_domain: RemoteDomain, saw: str) -> Check:
    """AutoReplyEnabled: whether automatic replies reach the domain."""
    return allows(remote_domain, "AutoReplyEnabled", enabled=remote_domain.auto_reply_enabled, saw=saw)
