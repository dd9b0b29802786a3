"""What the service lets a sender send: recipients of a message and of a day, and the size of a message.

Judged for the whole message as addressed, before anything is resolved; each tenant judges its own recipients. Reports made
here are exempt from sizes. Sources: "Exchange Online limits", Set-TransportConfig, Set-Mailbox.
"""

from __future__ import annotations

from mailsim.mta.exchange_online import defaults, replies
from mailsim.mta.exchange_online.categorize.outbound_spam_policy import POLICY, few_recipients_today
from mailsim.mta.exchange_online.config import Tenant
from mailsim.mta.exchange_online.transport_config import few_recipients
from mailsim.mta.kind import Item, PointOfView, Refuse
from mailsim.mta.restrictions import Sender, counted_size, fits
from mailsim.reason.check import Check, check
from mailsim.reason.cite import documented
from mailsim.reason.decision import Decision, Gate, admit
from mailsim.world.directory import DirectoryRecipient

LIMITS = documented("ms:exchange-online-limits", "Sending limits, Receiving limits, Message limits")


def sender_limits(
    at: PointOfView, item: Item, tenant: Tenant, who: Sender, count: int
) -> Decision[Refuse | None]:
    """Hold a message against what its sender may send to recipients of one tenant's mail.

    Args:
        at: the service.
        item: the message.
        tenant: whose mail it is.
        who: who sent it; only a mailbox of the tenant that is proved to have sent it has limits of its own.
        count: how many of its recipients are the tenant's mail.
    """
    found = tenant.directory.find(who.address) if who.authenticated and who.address else None
    sender = found if found is not None and found.is_mailbox else None
    gates = [
        Gate(
            "recipients of a message",
            lambda: _few(tenant, sender, count),
            Refuse(replies.RECIPIENT_LIMIT),
            LIMITS,
        )
    ]
    gates += _of_a_mailbox(at, item, tenant, sender) if sender is not None else []
    return admit(f"limits of the sender of {item.name}", gates)


def _of_a_mailbox(
    at: PointOfView, item: Item, tenant: Tenant, sender: DirectoryRecipient
) -> list[Gate[Refuse]]:
    policy, size = tenant.hosted_outbound_spam_filter_policy, counted_size(item.message)
    largest = sender.restrictions.max_send_size
    limit = defaults.MAX_SEND_SIZE if largest is None else largest
    return [
        Gate(
            "MaxSendSize",
            lambda: fits(sender, size, limit, "MaxSendSize"),
            Refuse(replies.SENDER_SIZE),
            LIMITS,
        ),
        Gate(
            "RecipientLimitPerDay",
            lambda: few_recipients_today(
                policy, at.history.handed_by({each.key for each in sender.proxies}), at.now
            ),
            Refuse(replies.DAILY_LIMIT),
            POLICY,
        ),
    ]


def _few(tenant: Tenant, sender: DirectoryRecipient | None, count: int) -> Check:
    """RecipientLimits of a mailbox counts before the tenant's limit; without one the lower of its default and that."""
    config = tenant.transport_config
    own = sender.restrictions.recipient_limits if sender else None
    if sender is None or (own is None and config.most_recipients < defaults.RECIPIENT_LIMITS):
        return few_recipients(config, count)
    limit = defaults.RECIPIENT_LIMITS if own is None else own
    return check(
        count <= limit,
        f"RecipientLimits of {sender.primary}",
        saw=f"{count} recipients",
        wanted=f"at most {limit}",
        cite=LIMITS,
        source=sender.source("RecipientLimits"),
    )
