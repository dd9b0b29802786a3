"""Mail to a rewritten sender on its way back: to the sender as it was, or into the mailbox for bounces.

Called by ``categorize`` before recipients are looked up. Source: "Sender Rewriting Scheme (SRS) in Microsoft 365".
"""

from __future__ import annotations

from dataclasses import replace

from mailsim.mail.envelope import Recipient, orcpt_of
from mailsim.mta.exchange_online.config import ExchangeOnlineConfig
from mailsim.mta.exchange_online.receive.attribution import Owners
from mailsim.mta.exchange_online.send import srs
from mailsim.mta.kind import Item, PointOfView, Resolved

KIND = "Sender Rewriting Scheme"


def turn_back(at: PointOfView, item: Item) -> tuple[Item, tuple[Resolved, ...]]:
    """Readdress the recipients that are rewritten senders of their tenant.

    Returns:
        The item, and how addresses changed; both as they were where none is one.
    """
    turned = [_turned(at, item, recipient) for recipient in item.envelope.recipients]
    changed = [
        (before, after)
        for before, after in zip(item.envelope.recipients, turned, strict=True)
        if after is not before
    ]
    if not changed:
        return item, ()
    owners: Owners = item.context
    others = {**owners.others, **{after.path: owners.of(before.path) for before, after in changed}}
    envelope = replace(item.envelope, recipients=tuple(turned))
    steps = tuple(Resolved(before.path, after.path, KIND) for before, after in changed)
    return replace(item, envelope=envelope, context=replace(owners, others=others)), steps


def _turned(at: PointOfView, item: Item, recipient: Recipient) -> Recipient:
    config: ExchangeOnlineConfig = at.mta.config
    tenant = config.tenant(item.context.of(recipient.path))
    to = srs.returns_to(tenant, recipient.path) if tenant else None
    return replace(recipient, path=to, orcpt=orcpt_of(recipient, to)) if to else recipient
