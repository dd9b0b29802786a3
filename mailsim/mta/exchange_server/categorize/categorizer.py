"""The categorizer of Exchange Server: limits of the sender, then every recipient resolved and routed, one copy a next hop."""

from __future__ import annotations

from mailsim.mta.copies import gather, single
from mailsim.mta.exchange_server import replies
from mailsim.mta.exchange_server.categorize import edge
from mailsim.mta.exchange_server.categorize.inside import home_elsewhere
from mailsim.mta.exchange_server.categorize.leaving import leaving
from mailsim.mta.exchange_server.categorize.limits import border_limits, sender_limits
from mailsim.mta.exchange_server.categorize.recipients import not_found, resolutions, sender_of, was_resolved
from mailsim.mta.exchange_server.categorize.route import route, route_inside
from mailsim.mta.exchange_server.config import organization_of
from mailsim.mta.kind import Categorized, Copy, Deliver, Fate, Item, PointOfView
from mailsim.mta.resolution import Resolution, fate_in_directory, in_words
from mailsim.mta.restrictions import Sender
from mailsim.mta.unmodelled import unmodelled
from mailsim.reason.decision import Decision, Reason


def categorize(at: PointOfView, item: Item) -> Categorized:
    """Give every recipient its fate; recipients with the same next hop share a copy."""
    if edge.is_edge(at):
        return edge.categorize(at, item)
    sender = sender_of(at, item)
    allowed = None if was_resolved(item) else sender_limits(at, item, sender)
    if allowed is not None and allowed.value is not None:
        refused = Copy(envelope=item.envelope, message=item.message, fate=allowed.value, because=allowed)
        return Categorized((refused,))
    found = list(resolutions(at, item, sender))
    copies = gather(_copy(at, item, resolution, sender) for resolution in found)
    return Categorized(copies, tuple(step for resolution in found for step in resolution.steps))


def _copy(at: PointOfView, item: Item, resolution: Resolution, sender: Sender) -> Copy:
    """Deliver a mailbox; refuse who is unknown, kept out, too large or points in a circle; route everybody else."""
    unknown = not_found(at, resolution)
    because: tuple[Reason, ...] = (*resolution.because, *unknown)
    refused = replies.UNKNOWN_RECIPIENT if any(each.failed for each in unknown) else None
    home = home_elsewhere(at, resolution)
    fate: Fate | None = None
    if home is None:
        fate = fate_in_directory(resolution, looped=replies.FORWARDING_LOOP, unknown=refused)
    if fate is None or isinstance(fate, Deliver):
        here = home is not None or fate is not None
        stopped, judged = _at_the_border(at, item, resolution, sender, stays=here)
        fate, because = stopped or fate, (*because, *judged)
    if fate is None and home is not None:
        return route_inside(at, item, resolution, home, because)
    if fate is None:
        return route(at, item, resolution, because)
    envelope = single(item.envelope, resolution.recipient, resolution.reverse_path)
    why = Decision("recipient", None, because, in_words(fate))
    return Copy(envelope=envelope, message=item.message, fate=fate, because=why)


def _at_the_border(
    at: PointOfView, item: Item, resolution: Resolution, sender: Sender, *, stays: bool
) -> tuple[Fate | None, tuple[Reason, ...]]:
    """Hold a recipient against the organization's limits, and one outside against its remote domain.

    Returns:
        How it ends there, None when it does not, and why; nothing where nothing speaks against it, or where the server
        that resolved the recipient has asked.
    """
    if was_resolved(item) and not resolution.through_group:
        return None, ()
    size = border_limits(at, item, resolution, sender)
    if size.value is not None:
        return size.value, (size,)
    out = None if stays else leaving(at, item, resolution, sender)
    judged: tuple[Reason, ...] = (*unmodelled(organization_of(at).transport_config), *([out] if out else []))
    return (out.value if out else None), judged
