"""The Sender Rewriting Scheme of Exchange Online: the forms of a rewritten sender, and the way back.

``<mailbox>+SRS=<hash>=<timestamp>=<domain>=<user>@<domain of the mailbox>`` where a mailbox, group or mail user of the
tenant sent the message on; ``bounces+SRS=<hash>=<timestamp>@<default domain>`` where that is too long, or where on-premises
only relays. A bounce to the first form goes to the original sender; one to the second into a mailbox ``bounces``. Pure: hash
and timestamp follow from addresses and the simulated day. Source: "Sender Rewriting Scheme (SRS) in Microsoft 365".
"""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime

from mailsim.mail.address import LONGEST_LOCAL_PART, Mailbox
from mailsim.mta.exchange_online.config import Tenant
from mailsim.mta.kind import PointOfView

MARK = "+SRS="
BOUNCES = "bounces"
_DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_DAYS = 1024  # a timestamp of two base32 digits comes round after so many days


def rewrite(original: Mailbox, mailbox: Mailbox, tenant: Tenant, now: datetime) -> Mailbox:
    """Return the sender of a message that somebody of the tenant sends on.

    Args:
        original: the sender as it came.
        mailbox: who sends it on.
        tenant: whose default domain the short form gets.
        now: the simulated instant, UTC.
    """
    stamp = _timestamp(now)
    local = (
        f"{mailbox.local_part}{MARK}{_hash(original, stamp)}={stamp}={original.domain}={original.local_part}"
    )
    written = Mailbox(local, mailbox.domain)
    quoted = str(written).removesuffix(f"@{written.domain}")
    return written if len(quoted.encode()) <= LONGEST_LOCAL_PART else _short(original, tenant, stamp)


def rewrite_relayed(original: Mailbox, tenant: Tenant, now: datetime) -> Mailbox:
    """Return the sender of a message that on-premises relays through the tenant for a foreign sender."""
    return _short(original, tenant, _timestamp(now))


def returns_to(tenant: Tenant, address: Mailbox) -> Mailbox | None:
    """Return where mail to a rewritten sender goes: the original one, or the mailbox for bounces.

    Returns:
        None for an address that is no rewritten sender of this tenant, or a long one whose hash is wrong; a short one
        says nothing of the sender, so its hash is not judged here.
    """
    name, mark, rest = address.local_part.partition(MARK)
    if not mark or tenant.accepted(address.domain) is None:
        return None
    parts = rest.split("=", 3)
    if len(parts) == 2 and name.lower() == BOUNCES:
        return Mailbox(BOUNCES, address.domain)
    if len(parts) != 4:
        return None
    shown, stamp, domain, user = parts
    original = Mailbox(user, domain.lower())
    return original if shown == _hash(original, stamp) else None


def is_known(tenant: Tenant, address: Mailbox) -> bool:
    """Tell whether a rewritten sender is an address of the tenant: by its hash, or by the mailbox for bounces."""
    to = returns_to(tenant, address)
    return to is not None and (to.local_part != BOUNCES or to in tenant.directory)


def original_of(at: PointOfView, tenant: Tenant, sender: Mailbox) -> Mailbox:
    """Return the sender as it was before this service rewrote it, for its own reports (inferred).

    The short form says nothing of it, so the senders that were here before are held against its hash.
    """
    original = returns_to(tenant, sender) if MARK in sender.local_part else None
    if original is None:
        return sender
    _, *parts = sender.local_part.partition(MARK)[2].split("=", 3)
    if len(parts) == 3:
        return original
    seen = (each.reverse_path for each in at.history.since(at.world.start))
    found = (path for path in seen if path is not None and _short(path, tenant, parts[0]) == sender)
    return next(found, sender)


def _short(original: Mailbox, tenant: Tenant, stamp: str) -> Mailbox:
    return Mailbox(f"{BOUNCES}{MARK}{_hash(original, stamp)}={stamp}", tenant.default_domain)


def _hash(original: Mailbox, stamp: str) -> str:
    digest = hashlib.sha256(f"{original.key}={stamp}".encode()).digest()
    return base64.b32encode(digest)[:5].decode().lower()


def _timestamp(now: datetime) -> str:
    high, low = divmod(now.toordinal() % _DAYS, len(_DIGITS))
    return _DIGITS[high] + _DIGITS[low]
