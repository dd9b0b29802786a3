"""The remote domain of Exchange Server (Set-RemoteDomain), and what it lets out.

The built-in one, Default, lets out neither automatic replies nor what users forward; those that an administrator creates
do. Sources: Set-RemoteDomain, "Remote domains".
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
            "LineWrapSize", "MeetingForwardNotificationEnabled", "MessageCountThreshold", "Name",
            "NDRDiagnosticInfoEnabled", "NonMimeCharacterSet", "PreferredInternetCodePageForShiftJis",
            "RequiredCharsetCoverage", "TargetDeliveryDomain", "TNEFEnabled", "UseSimpleDisplayName",
        }
    )  # fmt: skip
    UNMODELLED: ClassVar[frozenset[str]] = frozenset(
        {"AllowedOOFType", "IsInternal", "TrustedMailInboundEnabled", "TrustedMailOutboundEnabled"}
    )
    UNMODELLED_DEFAULTS: ClassVar[Mapping[str, str]] = {
        "AllowedOOFType": "external",
        "IsInternal": "false",
        "TrustedMailInboundEnabled": "false",
        "TrustedMailOutboundEnabled": "false",
    }

    auto_forward_enabled: bool | None = None
    auto_reply_enabled: bool | None = None

    def or_default(self, written: bool | None) -> bool:
        """Return a setting as written; else Default says no and a created remote domain yes."""
        return str(self.domain_name) != "*" if written is None else written


DEFAULT = RemoteDomain(domain_name=DomainPattern.parse("*"))
"""The remote domain that every organization has."""


def lets_out_forwards(remote_domain: RemoteDomain, saw: str) -> Check:
    """AutoForwardEnabled: whether what users forward by rules reaches the domain."""
    enabled = remote_domain.or_default(remote_domain.auto_forward_enabled)
    return allows(remote_domain, "AutoForwardEnabled", enabled=enabled, saw=saw)


def lets_out_replies(remote_domain: RemoteDomain, saw: str) -> Check:
    """AutoReplyEnabled: whether automatic replies reach the domain."""
    enabled = remote_domain.or_default(remote_domain.auto_reply_enabled)
    return allows(remote_domain, "AutoReplyEnabled", enabled=enabled, saw=saw)
