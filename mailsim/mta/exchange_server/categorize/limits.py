"""What the categorizer lets a sender send, and what crosses the organization's border: recipients and sizes.

The limits of the sender hold for the whole message, as addressed, before anything is resolved; those of the organization
for each recipient, since mail within the organization is exempt. Reports made here are exempt from sizes, not from the number
of recipients. Sources: "Message size and recipient limits in Exchange Server", "Recipient resolution in Exchange Server".
"""

from __future__ import annotations

from functools import partial

from mailsim.mta.exchange_server import replies
from mailsim.mta.exchange_server.categorize.recipient_assumptions import (
    ORGANIZATION_SIZE,
    ORGANIZATION_SIZE_REPLY,
)
from mailsim.mta.exchange_server.config import Organization, organization_of
from mailsim.mta.exchange_server.transport_config import LIMITS, few_recipients, fits_organization
from mailsim.mta.kind import Item, PointOfView, Refuse
from mailsim.mta.resolution import Resolution
from mailsim.mta.restrictions import Sender, counted_size, fits
from mailsim.reason.check import Check, check
from mailsim.reason.decision import Decision, Gate, admit
from mailsim.world.directory import DirectoryRecipient, RecipientType

_INSIDE = (RecipientType.MAILBOX, RecipientType.PUBLIC_FOLDER, RecipientType.REMOTE_MAILBOX)


def sender_limits(at: PointOfView, item: Item, who: Sender) -> Decision[Refuse | None]:
    """Hold a message against what its sender may send: RecipientLimits or the organization's limit, and MaxSendSize.

    Whoever only claims to be somebody of the organization has no limits of his own.
    """
    organization, count = organization_of(at), len(item.envelope.recipients)
    sender = organization.directory.find(who.address) if who.authenticated and who.address else None
    gates = [
        Gate(
            "recipients of a message",
            lambda: _few(organization, sender, count),
            Refuse(replies.RECIPIENT_LIMIT),
            LIMITS,
        )
    ]
    largest = sender.restrictions.max_send_size if sender else None
    if sender is not None and largest is not None and not item.report:
        size = counted_size(item.message)
        gates.append(
            Gate(
                "MaxSendSize",
                lambda: fits(sender, size, largest, "MaxSendSize"),
                Refuse(replies.SENDER_SIZE),
                LIMITS,
            )
        )
    return admit(f"limits of the sender of {item.name}", gates)


def _few(organization: Organization, sender: DirectoryRecipient | None, count: int) -> Check:
    """RecipientLimits of the sender counts before the organization's MaxRecipientEnvelopeLimit."""
    own = sender.restrictions.recipient_limits if sender else None
    if sender is None or own is None:
        return few_recipients(organization.transport_config, count)
    return check(
        count <= own,
        f"RecipientLimits of {sender.primary}",
        saw=f"{count} recipients",
        wanted=f"at most {own}",
        cite=LIMITS,
        source=sender.source("RecipientLimits"),
    )


def border_limits(
    at: PointOfView, item: Item, resolution: Resolution, sender: Sender
) -> Decision[Refuse | None]:
    """Hold a message against what the organization lets in and out, for one recipient."""
    choice = at.assumed(ORGANIZATION_SIZE)
    checks = (
        ()
        if item.report
        else fits_organization(
            organization_of(at).transport_config,
            counted_size(item.message),
            from_inside=sender.authenticated,
            to_inside=_is_inside(at, resolution),
            choice=choice,
        )
    )
    worded = at.assumed(ORGANIZATION_SIZE_REPLY)
    refusal = Refuse(replies.ORGANIZATION_SIZE[worded])
    noted = (
        (check(True, "reply", saw=worded, cite=ORGANIZATION_SIZE_REPLY.cite(worded)),)
        if any(each.failed for each in checks)
        else ()
    )
    gates = [Gate(each.rule, partial(_same, each), refusal, each.cite) for each in checks]
    return admit(f"size limits of {organization_of(at).name}", gates, noted)


def _same(made: Check) -> Check:
    return made


def _is_inside(at: PointOfView, resolution: Resolution) -> bool:
    found = resolution.last_seen
    accepted = organization_of(at).accepted(resolution.recipient.path.domain)
    return accepted is not None or (found is not None and found.kind in _INSIDE)
