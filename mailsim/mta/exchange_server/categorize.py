"""The categorizer of Exchange Server: resolve every recipient, route it, make one copy a next hop.

Sources: "Recipient resolution in Exchange Server", "Accepted domains in Exchange Server".
"""

from __future__ import annotations

from mailsim.mail.envelope import Recipient
from mailsim.mta.copies import gather
from mailsim.mta.exchange_server import headers, replies
from mailsim.mta.exchange_server.accepted_domain import DomainType
from mailsim.mta.exchange_server.config import organization_of
from mailsim.mta.exchange_server.send import hold_unreachable, relay_by
from mailsim.mta.exchange_server.send_connector import choose_send_connector
from mailsim.mta.kind import Categorized, Copy, Deliver, Fate, Item, PointOfView, Refuse
from mailsim.mta.resolution import Resolution, resolve
from mailsim.reason.check import Check, check
from mailsim.reason.cite import documented
from mailsim.reason.decision import Decision

RESOLUTION = documented("ms:recipient-resolution", "Recipient resolution in Exchange Server")


def categorize(at: PointOfView, item: Item) -> Categorized:
    """Give every recipient its fate; recipients with the same next hop share a copy."""
    resolutions = [_resolve(at, recipient) for recipient in item.envelope.recipients]
    copies = gather(_copy(at, item, resolution) for resolution in resolutions)
    return Categorized(copies, tuple(step for resolution in resolutions for step in resolution.steps))


def _resolve(at: PointOfView, recipient: Recipient) -> Resolution:
    organization = organization_of(at)
    return resolve(
        organization.directory,
        recipient,
        owner=organization.name,
        default_domain=organization.default_domain,
        cite=RESOLUTION,
    )


def _copy(at: PointOfView, item: Item, resolution: Resolution) -> Copy:
    """Deliver a mailbox, refuse who is unknown or points in a circle, route everybody else."""
    recipient = resolution.recipient
    because = (*resolution.because, *_not_found(at, resolution))
    if resolution.looped:
        fate: Fate = Refuse(replies.FORWARDING_LOOP)
    elif resolution.mailbox is not None:
        fate = Deliver(resolution.mailbox)
    elif any(each.failed for each in because):
        fate = Refuse(replies.UNKNOWN_RECIPIENT)
    else:
        return _route(at, item, recipient, because)
    why = Decision("recipient", None, because, _answer(fate))
    return Copy(recipients=(recipient,), message=item.message, fate=fate, because=why)


def _answer(fate: Fate) -> str:
    return fate.reply.text if isinstance(fate, Refuse) else "delivered here"


def _not_found(at: PointOfView, resolution: Resolution) -> tuple[Check, ...]:
    """Hold against a recipient that is not in the directory that its domain is authoritative."""
    if resolution.ended_at is not None:
        return ()
    domain = resolution.recipient.path.domain
    accepted = organization_of(at).accepted(domain)
    return (
        check(
            accepted is None or accepted.domain_type is not DomainType.AUTHORITATIVE,
            f"DomainType of {domain}",
            saw=accepted.domain_type.value if accepted else "not an accepted domain",
            wanted="a known recipient, or a domain that is not Authoritative",
            cite=RESOLUTION,
            source=str(accepted.origin or "") if accepted else "",
        ),
    )


def _route(at: PointOfView, item: Item, recipient: Recipient, because: tuple[Check, ...]) -> Copy:
    """Send a recipient out by the Send connector that serves it, or keep it in Unreachable."""
    choice = choose_send_connector(organization_of(at).send_connectors, recipient.path, item.message.size)
    why = Decision("route", None, (*because, choice), choice.question)
    if choice.chosen is None:
        fate = hold_unreachable(item, choice)
        return Copy(recipients=(recipient,), message=item.message, fate=fate, because=why)
    message = headers.leave(at, item.message, choice.chosen)
    relay = relay_by(at, choice.chosen, recipient.path.domain)
    return Copy(recipients=(recipient,), message=message, fate=relay, because=why)
