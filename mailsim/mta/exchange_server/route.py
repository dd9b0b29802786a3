"""How a recipient leaves an Exchange organization: the Send connector that serves it, or the Unreachable queue.

Source: "Connector selection in external message routing".
"""

from __future__ import annotations

from mailsim.mta.copies import single
from mailsim.mta.exchange_server import headers
from mailsim.mta.exchange_server.config import organization_of
from mailsim.mta.exchange_server.send import hold_unreachable, relay_by
from mailsim.mta.exchange_server.send_connector import choose_send_connector
from mailsim.mta.kind import Copy, Item, PointOfView
from mailsim.mta.resolution import Resolution
from mailsim.reason.decision import Decision, Reason


def route(at: PointOfView, item: Item, resolution: Resolution, because: tuple[Reason, ...]) -> Copy:
    """Send a recipient out by the Send connector that serves it, or keep it in Unreachable."""
    to, envelope = (
        resolution.recipient.path,
        single(item.envelope, resolution.recipient, resolution.reverse_path),
    )
    choice = choose_send_connector(organization_of(at).send_connectors, to, item.message.size)
    why = Decision("route", None, (*because, choice), choice.question)
    if choice.chosen is None:
        fate = hold_unreachable(item, choice)
        return Copy(envelope=envelope, message=item.message, fate=fate, because=why)
    message = headers.leave(at, item.message, choice.chosen)
    relay = relay_by(at, choice.chosen, to.domain)
    return Copy(envelope=envelope, message=message, fate=relay, because=why)
