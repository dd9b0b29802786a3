"""How a recipient goes on from an Exchange server: to another server of the organization, out, or nowhere for now.

Sources: "Connector selection in external message routing", "Mail routing".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from mailsim.mta.copies import single
from mailsim.mta.exchange_server import headers
from mailsim.mta.exchange_server.categorize.inside import Elsewhere, queue_to, relay_to, relay_toward
from mailsim.mta.exchange_server.config import config_of, organization_of
from mailsim.mta.exchange_server.send.connector_selection import choose_send_connector, way_to
from mailsim.mta.exchange_server.send.send_connector import ALL_OF_THE_SITE, SendConnector
from mailsim.mta.exchange_server.send.sending import hold_homeless, hold_unreachable, relay_by
from mailsim.mta.exchange_server.servers import Hops, Nearest, mailbox_servers, nearest
from mailsim.mta.kind import Copy, Fate, Item, PointOfView
from mailsim.mta.resolution import Resolution
from mailsim.mta.restrictions import counted_size
from mailsim.mta.unmodelled import unmodelled
from mailsim.reason.check import Check
from mailsim.reason.decision import Decision, Reason


def route(at: PointOfView, item: Item, resolution: Resolution, because: tuple[Reason, ...]) -> Copy:
    """Send a recipient out by the Send connector that serves it, or keep it in Unreachable."""
    to = resolution.recipient.path
    choice = choose_send_connector(at, to, counted_size(item.message))
    why = (*because, choice, *unmodelled(config_of(at).transport_service))
    if choice.chosen is None:
        fate = hold_unreachable(at, item, choice)
        return _copy(item, resolution, fate.value, (*why, *fate.because), choice.question)
    connector, way = choice.chosen, way_to(at, choice.chosen)
    if way is not None and way.hops is not Hops.LOCAL:
        why = (*why, *_unmodelled_on(at, way))
        return _copy(item, resolution, relay_toward(at, way, connector.name), why, choice.question)
    if connector.smart_hosts == (ALL_OF_THE_SITE,):
        return _copy(item, resolution, _inward(at, item, connector), why, choice.question)
    copy = _copy(item, resolution, relay_by(at, connector, to.domain), why, choice.question)
    return replace(copy, message=headers.leave(at, item.message, connector))


def route_inside(
    at: PointOfView, item: Item, resolution: Resolution, home: Elsewhere, because: tuple[Reason, ...]
) -> Copy:
    """Send a recipient to the other server of the organization that goes on with it."""
    way = nearest(at, (home.server,))
    fate: Fate = hold_homeless(at, item)
    why = (*because, home.because)
    if way is not None:
        fate, why = relay_toward(at, way, queue_to(home.server, way.hops)), (*why, *_unmodelled_on(at, way))
    return _copy(item, resolution, fate, why, f"to {home.server.name}, which has it")


def _unmodelled_on(at: PointOfView, way: Nearest) -> Iterator[Check]:
    """Yield what is set and not modelled of the sites and links of the organization, where mail goes to another site."""
    if way.hops is Hops.REMOTE_SITE:
        for each in organization_of(at).sites.written:
            yield from unmodelled(each)


def _inward(at: PointOfView, item: Item, connector: SendConnector) -> Fate:
    """Return the route from an Edge Transport server to the Mailbox servers of its site."""
    way = nearest(at, mailbox_servers(at))
    if way is None:
        return hold_homeless(at, item)
    return relay_to(at, way.servers, "", connector.name)


def _copy(item: Item, resolution: Resolution, fate: Fate, because: tuple[Reason, ...], answer: str) -> Copy:
    envelope = single(item.envelope, resolution.recipient, resolution.reverse_path)
    why = Decision("route", None, because, answer)
    return Copy(envelope=envelope, message=item.message, fate=fate, because=why)
