"""The categorizer of Exchange Server: resolve every recipient, route it, make one copy a next hop.

Sources: "Recipient resolution in Exchange Server", "Accepted domains in Exchange Server".
"""

from __future__ import annotations

from collections.abc import Iterator

from mailsim.mail.envelope import Envelope
from mailsim.mta.copies import gather, single
from mailsim.mta.exchange_server import headers, replies
from mailsim.mta.exchange_server.accepted_domain import DomainType
from mailsim.mta.exchange_server.config import organization_of
from mailsim.mta.exchange_server.send import hold_unreachable, relay_by
from mailsim.mta.exchange_server.send_connector import choose_send_connector
from mailsim.mta.kind import Categorized, Copy, Deliver, Drop, Fate, Item, PointOfView, Refuse
from mailsim.mta.resolution import Resolution, Resolver
from mailsim.reason.check import Check, check
from mailsim.reason.cite import documented
from mailsim.reason.decision import Decision, Reason

RESOLUTION = documented("ms:recipient-resolution", "Recipient resolution in Exchange Server")


def categorize(at: PointOfView, item: Item) -> Categorized:
    """Give every recipient its fate; recipients with the same next hop share a copy."""
    resolutions = list(_resolutions(at, item))
    copies = gather(_copy(at, item, resolution) for resolution in resolutions)
    return Categorized(copies, tuple(step for resolution in resolutions for step in resolution.steps))


def _resolutions(at: PointOfView, item: Item) -> Iterator[Resolution]:
    organization = organization_of(at)
    resolver = Resolver(
        organization.directory,
        owner=organization.name,
        default_domain=organization.default_domain,
        cite=RESOLUTION,
    )
    for recipient in item.envelope.recipients:
        yield from resolver.resolve(recipient, item.envelope.reverse_path)


def _copy(at: PointOfView, item: Item, resolution: Resolution) -> Copy:
    """Deliver a mailbox, refuse who is unknown, kept out or points in a circle, route everybody else."""
    unknown = _not_found(at, resolution)
    because = (*resolution.because, *unknown)
    fate = _fate_here(resolution, unknown)
    if fate is None:
        return _route(at, item, resolution, because)
    why = Decision("recipient", None, because, _answer(fate))
    return Copy(envelope=_envelope(item, resolution), message=item.message, fate=fate, because=why)


def _fate_here(resolution: Resolution, unknown: tuple[Check, ...]) -> Fate | None:
    """Return the fate of a recipient that goes no further, None for one that is routed."""
    if resolution.refused is not None:
        return Refuse(resolution.refused)
    if resolution.looped:
        return Refuse(replies.FORWARDING_LOOP)
    if resolution.is_empty_group:
        return Drop("the group has no members")
    if resolution.mailbox is not None:
        return Deliver(resolution.mailbox)
    if any(each.failed for each in unknown):
        return Refuse(replies.UNKNOWN_RECIPIENT)
    return None


def _envelope(item: Item, resolution: Resolution) -> Envelope:
    return single(item.envelope, resolution.recipient, resolution.reverse_path)


def _answer(fate: Fate) -> str:
    if isinstance(fate, Drop):
        return fate.reason
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


def _route(at: PointOfView, item: Item, resolution: Resolution, because: tuple[Reason, ...]) -> Copy:
    """Send a recipient out by the Send connector that serves it, or keep it in Unreachable."""
    to, envelope = resolution.recipient.path, _envelope(item, resolution)
    choice = choose_send_connector(organization_of(at).send_connectors, to, item.message.size)
    why = Decision("route", None, (*because, choice), choice.question)
    if choice.chosen is None:
        fate = hold_unreachable(item, choice)
        return Copy(envelope=envelope, message=item.message, fate=fate, because=why)
    message = headers.leave(at, item.message, choice.chosen)
    relay = relay_by(at, choice.chosen, to.domain)
    return Copy(envelope=envelope, message=message, fate=relay, because=why)
