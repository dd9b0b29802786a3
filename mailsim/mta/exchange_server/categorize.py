"""The categorizer of Exchange Server: resolve every recipient, route it, make one copy a next hop."""

from __future__ import annotations

from mailsim.mta.copies import gather, single
from mailsim.mta.exchange_server import edge, replies
from mailsim.mta.exchange_server.recipients import not_found, resolutions
from mailsim.mta.exchange_server.route import route, route_inside
from mailsim.mta.kind import Categorized, Copy, Item, PointOfView
from mailsim.mta.resolution import Resolution, fate_in_directory, in_words
from mailsim.reason.decision import Decision


def categorize(at: PointOfView, item: Item) -> Categorized:
    """Give every recipient its fate; recipients with the same next hop share a copy."""
    if edge.is_edge(at):
        return edge.categorize(at, item)
    found = list(resolutions(at, item))
    copies = gather(_copy(at, item, resolution) for resolution in found)
    return Categorized(copies, tuple(step for resolution in found for step in resolution.steps))


def _copy(at: PointOfView, item: Item, resolution: Resolution) -> Copy:
    """Deliver a mailbox, refuse who is unknown, kept out or points in a circle, route everybody else."""
    unknown = not_found(at, resolution)
    because = (*resolution.because, *unknown)
    inside = route_inside(at, item, resolution, because)
    if inside is not None:
        return inside
    refused = replies.UNKNOWN_RECIPIENT if any(each.failed for each in unknown) else None
    fate = fate_in_directory(resolution, looped=replies.FORWARDING_LOOP, unknown=refused)
    if fate is None:
        return route(at, item, resolution, because)
    envelope = single(item.envelope, resolution.recipient, resolution.reverse_path)
    why = Decision("recipient", None, because, in_words(fate))
    return Copy(envelope=envelope, message=item.message, fate=fate, because=why)
