"""With which sender and from which of its addresses a message leaves Exchange Online.

A foreign sender is no trouble while the tenant only receives; when a tenant sends such a message on, or on-premises relays
one through it, the next hop would see the sender's domain with an address of Microsoft 365. So either the sender is rewritten
(``srs``), or the message leaves by the relay pool, which is in nobody's SPF record. Rules: (1) senders of accepted domains
stay; (2) on-premises gets the sender as it came unless SenderRewritingEnabled; (3) a sender that passed SPF or DKIM on its
way in is rewritten, any other leaves by the relay pool and stays.

Sources: "Sender Rewriting Scheme (SRS) in Microsoft 365", "Outbound delivery pools", MC649482, New-OutboundConnector.
"""

from __future__ import annotations

from dataclasses import dataclass

from mailsim.mail.address import Mailbox, ReversePath
from mailsim.mta.exchange_online.authentication.judged import Judged
from mailsim.mta.exchange_online.categorize.recipients import Addressee
from mailsim.mta.exchange_online.config import Tenant
from mailsim.mta.exchange_online.send import srs
from mailsim.mta.exchange_online.send.outbound_connector import OutboundConnector
from mailsim.mta.exchange_online.send.selection import Leaving
from mailsim.mta.exchange_online.send.send_assumptions import SENDER_AUTHENTICATED
from mailsim.mta.kind import PointOfView
from mailsim.reason.check import Check, check, unknown
from mailsim.reason.cite import documented
from mailsim.reason.decision import Reason

REWRITING = documented("ms:sender-rewriting-scheme", "which messages are rewritten")
TO_ON_PREMISES = documented("ms:new-outboundconnector", "SenderRewritingEnabled")
POOL = documented("ms:outbound-delivery-pools", "the relay pool and its three tests")


@dataclass(frozen=True, slots=True)
class Departure:
    """How a message leaves.

    Args:
        reverse_path: with this sender.
        by_relay_pool: whether from the relay pool's address.
        because: why.
    """

    reverse_path: ReversePath
    by_relay_pool: bool = False
    because: tuple[Reason, ...] = ()


def is_sent_on(addressee: Addressee) -> bool:
    """Tell whether somebody of the tenant sends the message on: a mailbox that forwards, a group, a mail user or contact."""
    seen = addressee.resolution.last_seen
    return seen is not None and seen.primary.key != addressee.recipient.path.key


def depart(
    at: PointOfView,
    leaving: Leaving,
    addressee: Addressee,
    connector: OutboundConnector | None,
    judged: Judged | None = None,
) -> Departure:
    """Decide with which sender a recipient's copy leaves, and from which address.

    Args:
        at: the service.
        leaving: the recipient.
        addressee: the same, with what it was resolved from.
        connector: by which it leaves; None for the MX.
        judged: what was found out about the sender; None where nothing was.
    """
    sender, tenant = addressee.resolution.reverse_path, leaving.tenant
    sent_on = is_sent_on(addressee)
    if sender is None or not leaving.outside or not (sent_on or leaving.from_on_premises):
        return Departure(sender)
    own = _is_own(tenant, sender)
    if not own.failed:
        return Departure(sender, because=(own,))
    rewritten = _rewritten(at, leaving, addressee, sender)
    if connector is not None and connector.is_on_premises:
        enabled = _is_rewritten_for(connector)
        return Departure(sender if enabled.failed else rewritten, because=(own, enabled))
    passed = _is_authenticated(at, sender, judged)
    if passed.failed:
        return Departure(sender, by_relay_pool=True, because=(own, passed))
    return Departure(rewritten, because=(own, passed))


def _rewritten(at: PointOfView, leaving: Leaving, addressee: Addressee, sender: Mailbox) -> Mailbox:
    seen = addressee.resolution.last_seen
    if not is_sent_on(addressee) or seen is None:
        return srs.rewrite_relayed(sender, leaving.tenant, at.now)
    return srs.rewrite(sender, seen.primary, leaving.tenant, at.now)


def _is_own(tenant: Tenant, sender: Mailbox) -> Check:
    return check(
        tenant.accepted(sender.domain) is not None,
        "sender of an accepted domain",
        saw=str(sender),
        wanted=", ".join(each.domain_name for each in tenant.accepted_domains),
        cite=REWRITING,
    )


def _is_rewritten_for(connector: OutboundConnector) -> Check:
    return check(
        connector.sender_rewriting_enabled,
        "SenderRewritingEnabled",
        saw=f"{connector.sender_rewriting_enabled} of {connector.name!r}",
        wanted="True, to rewrite the sender of mail that leaves by way of on-premises",
        cite=TO_ON_PREMISES,
        source=connector.source("SenderRewritingEnabled"),
    )


def _is_authenticated(at: PointOfView, sender: Mailbox, judged: Judged | None) -> Check:
    """SPF or DKIM of the sender passed on the way in; where nobody looked the scenario says, or it is not judged."""
    rule = "SPF or DKIM of the sender on its way in"
    wanted = "passed; otherwise the relay pool, with the sender as it came"
    if judged is not None:
        saw = f"{judged.found}, sender {sender}"
        return check(judged.authenticated, rule, saw=saw, wanted=wanted, cite=POOL)
    choice = at.assumed(SENDER_AUTHENTICATED)
    if SENDER_AUTHENTICATED.key not in at.world.assumptions:
        saw = f"not examined for {sender}, taken as {choice}; assumptions: {{{SENDER_AUTHENTICATED.key}: ...}} decides it"
        return unknown(rule, saw=saw, cite=POOL)
    return check(
        choice == "passed",
        rule,
        saw=f"{choice} for {sender}, as the scenario says",
        wanted=wanted,
        cite=SENDER_AUTHENTICATED.cite(choice),
    )
