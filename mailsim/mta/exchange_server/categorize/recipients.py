"""Who the recipients of a message are in an Exchange organization: resolution, restrictions, and who is nobody.

The first Mailbox server resolves and judges; those that it passes a message on to only expand the groups that are theirs.

Sources: "Recipient resolution in Exchange Server", "Accepted domains in Exchange Server", KB 2685437.
"""

from __future__ import annotations

from collections.abc import Iterator

from mailsim.mail.envelope import Recipient
from mailsim.mta.exchange_server import replies
from mailsim.mta.exchange_server.categorize.inside import expands_elsewhere
from mailsim.mta.exchange_server.categorize.reporting import postmaster_of
from mailsim.mta.exchange_server.config import organization_of
from mailsim.mta.exchange_server.receive.stages import Trust
from mailsim.mta.kind import Item, PointOfView
from mailsim.mta.report_kind import report_kind
from mailsim.mta.resolution import Resolution, Resolver, not_of_domain
from mailsim.mta.restrictions import Doorkeeper, Sender, counted_size, speaks_for_exchange
from mailsim.reason.check import Check, check
from mailsim.reason.cite import assumed, documented
from mailsim.world.directory import DirectoryRecipient

RESOLUTION = documented("ms:recipient-resolution", "Recipient resolution in Exchange Server")
ONCE = assumed(
    "ms:recipient-resolution",
    "once in an organization; by what the next server knows of it is not on the wire here",
)
ACCEPTED = documented("ms:accepted-domains", "Accepted domains in Exchange Server")


def sender_of(at: PointOfView, item: Item) -> Sender:
    """Say who a message is from, as restrictions and limits see it."""
    trust: Trust = item.context
    return Sender(
        address=item.envelope.reverse_path,
        authenticated=trust.internal,
        proof=f"AuthAs {'Internal' if trust.internal else 'Anonymous'}",
        exempt=item.report or (trust.internal and speaks_for_exchange(item.message, postmaster_of(at))),
    )


def resolutions(at: PointOfView, item: Item, sender: Sender) -> Iterator[Resolution]:
    """Yield everybody whom the recipients of a message stand for."""
    organization = organization_of(at)
    resolver = Resolver(
        organization.directory,
        owner=organization.name,
        default_domain=organization.default_domain,
        admit=Doorkeeper(
            directory=organization.directory,
            sender=sender,
            size=None if item.report else counted_size(item.message),
            refusals=replies.REFUSALS,
        ),
        elsewhere=lambda found: expands_elsewhere(at, found),
        report=report_kind(item),
        cite=RESOLUTION,
    )
    for recipient in item.envelope.recipients:
        found = organization.directory.find(recipient.path)
        if was_resolved(item) and not (found and found.is_group):
            yield _resolved_before(item, recipient, found)
        else:
            yield from resolver.resolve(recipient, item.envelope.reverse_path)


def was_resolved(item: Item) -> bool:
    """Tell whether another server of the organization has resolved and judged the recipients of a message."""
    trust: Trust = item.context
    return trust.resolved


def _resolved_before(item: Item, recipient: Recipient, found: DirectoryRecipient | None) -> Resolution:
    saw = f"{recipient.path}, by another server of the organization"
    return Resolution(
        recipient=recipient,
        reverse_path=item.envelope.reverse_path,
        ended_at=found,
        last_seen=found,
        because=(check(True, "recipient resolved before", saw=saw, cite=ONCE),),
    )


def not_found(at: PointOfView, resolution: Resolution) -> tuple[Check, ...]:
    """Hold against a recipient that is not in the directory that its domain is authoritative, or that it points nowhere."""
    organization = organization_of(at)
    accepted = organization.accepted(resolution.recipient.path.domain)
    return not_of_domain(
        resolution,
        accepted.domain_type.value if accepted else "",
        owner=organization.name,
        cite=ACCEPTED,
        source=accepted.source("DomainType") if accepted else "",
    )
