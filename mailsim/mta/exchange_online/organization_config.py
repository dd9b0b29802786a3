"""The organization's settings of a tenant (Set-OrganizationConfig), and the check that reads RejectDirectSend.

Direct Send is anonymous mail to a tenant from one of its own domains. With RejectDirectSend it is refused unless the
session meets a connector by address or certificate. Only MAIL FROM is looked at; where the MX points is irrelevant. The
null reverse-path has no domain. That mail of sub-domains counts only under a parent with MatchSubDomains is what
``accepted`` says already.

Sources: "Introducing more control over Direct Send in Exchange Online" (April 2025), Set-OrganizationConfig.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from mailsim.mail.address import ReversePath
from mailsim.mta.exchange_online.categorize.accepted_domain import AcceptedDomain
from mailsim.reason.check import Check, check
from mailsim.reason.cite import documented
from mailsim.world.source import Written

DIRECT_SEND = documented("techcommunity:4408790", "Reject Direct Send")


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganizationConfig(Written):
    """The organization's settings (Set-OrganizationConfig)."""

    SPELLING: ClassVar[str] = "exchange"
    IGNORED: ClassVar[frozenset[str]] = frozenset({"Name", "Identity", "DisplayName", "Guid", "IsValid"})

    reject_direct_send: bool = False


def allows_direct_send(
    config: OrganizationConfig, sender: ReversePath, own: AcceptedDomain | None, by: str
) -> Check:
    """Want, with RejectDirectSend, a foreign sender or a connector that knows the session.

    Args:
        config: of the recipient's tenant.
        sender: MAIL FROM.
        own: the tenant's accepted domain that the sender's belongs to, None for a foreign one or the null path.
        by: the connector that the session meets by address or certificate, or who signed in; empty for none.
    """
    direct = own is not None and not by
    saw = f"sender {sender or '<>'}"
    saw += f" of the tenant's own {own.domain_name}" if own else ", no domain of the tenant"
    saw += f", {by or 'no inbound connector by address or certificate'}"
    return check(
        not (config.reject_direct_send and direct),
        f"RejectDirectSend {config.reject_direct_send}",
        saw=saw,
        wanted="a Partner inbound connector that lists the address or names the certificate of the session",
        cite=DIRECT_SEND,
        source=config.source("RejectDirectSend"),
    )
