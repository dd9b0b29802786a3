"""Follow a recipient through a directory until it ends in a mailbox, outside, or nowhere.

Called by the categorizers of Exchange Server and Exchange Online, which do this part alike: a proxy address becomes
the primary one, a mail user, mail contact or remote mailbox becomes the address it points to, and the original
address is kept in ORCPT. Pure. Sources: "Recipient resolution in Exchange Server", KB 2685437.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from mailsim.mail.address import Mailbox
from mailsim.mail.envelope import Recipient, orcpt_of
from mailsim.mta.kind import Resolved
from mailsim.reason.check import Check, check
from mailsim.reason.cite import Citation
from mailsim.world.directory import Directory, DirectoryRecipient


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """Where a recipient ended.

    Args:
        recipient: as it is now addressed.
        ended_at: the object that has this address; None when the directory does not know it.
        last_seen: the last object on the way, whose attributes rules ask for; None when there was none.
        looped: whether objects point at each other in a circle.
        steps: how the address changed.
        because: every look-up.
    """

    recipient: Recipient
    ended_at: DirectoryRecipient | None
    last_seen: DirectoryRecipient | None
    looped: bool
    steps: tuple[Resolved, ...]
    because: tuple[Check, ...]

    @property
    def mailbox(self) -> Mailbox | None:
        """Return the mailbox it ended in, None when it did not."""
        found = self.ended_at
        return found.primary if found is not None and found.target is None else None


def resolve(
    directory: Directory, recipient: Recipient, *, owner: str, default_domain: str, cite: Citation
) -> Resolution:
    """Follow a recipient through a directory.

    Args:
        directory: of the organization or tenant.
        recipient: as accepted; ``<Postmaster>`` without a domain is looked up in the default domain.
        owner: whose directory it is.
        default_domain: the default accepted domain, empty when there is none.
        cite: where the procedure is known from.
    """
    current, steps = _with_domain(recipient, default_domain)
    seen, because, last = {current.path.key}, list[Check](), None
    while True:
        found = directory.find(current.path)
        because.append(_looked_up(current.path, found, owner, cite))
        last = found or last
        following = _next(current.path, found)
        before, current = current.path, replace(current, path=following, orcpt=orcpt_of(current, following))
        if found is not None and (found.target is not None or following != before):
            steps.append(Resolved(before, following, found.kind.value))
        arrived = found is None or found.target is None or following.key == before.key
        if arrived or following.key in seen:
            return Resolution(
                recipient=current,
                ended_at=found,
                last_seen=last,
                looped=not arrived,
                steps=tuple(steps),
                because=tuple(because),
            )
        seen.add(following.key)


def _next(path: Mailbox, found: DirectoryRecipient | None) -> Mailbox:
    """Return what an address becomes by one look-up; one that differs in case alone stays as it was written."""
    following = path if found is None else found.target or found.primary
    return path if following.key == path.key else following


def _with_domain(recipient: Recipient, default_domain: str) -> tuple[Recipient, list[Resolved]]:
    """Give ``<Postmaster>`` a domain (RFC 5321 section 4.5.1 wants it accepted; which one is inferred)."""
    path = recipient.path
    if path.domain or not default_domain:
        return recipient, []
    following = Mailbox(path.local_part, default_domain)
    completed = replace(recipient, path=following, orcpt=orcpt_of(recipient, following))
    return completed, [Resolved(path, following, "default domain")]


def _looked_up(path: Mailbox, found: DirectoryRecipient | None, owner: str, cite: Citation) -> Check:
    saw = f"{path} is {found.kind.value if found else 'not in the directory'}"
    return check(True, f"directory of {owner}", saw=saw, cite=cite, source=found.source if found else "")
