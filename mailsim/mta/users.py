"""Mailboxes that sign in: by which name, with which password, and which senders are theirs.

Asked by the vendors' ``submission`` modules. A user signs in with the primary address of the mailbox, which stands for its user
principal name; a mailbox without a password cannot sign in. Pure; a password goes into no text.
"""

from __future__ import annotations

from mailsim.mail.address import Mailbox
from mailsim.mail.sasl import Claim
from mailsim.world.directory import Directory, DirectoryRecipient, RecipientType


def user_named(directory: Directory, name: str) -> DirectoryRecipient | None:
    """Return the mailbox whose primary address a user gave, in any case; None when there is none."""
    try:
        found = directory.find(Mailbox.parse(name))
    except ValueError:
        return None
    if found is None or found.kind is not RecipientType.MAILBOX or found.primary.key != name.strip().lower():
        return None
    return found


def is_proved(user: DirectoryRecipient | None, claim: Claim) -> bool:
    """Tell whether a claim has the password of a mailbox."""
    return (
        user is not None and bool(user.credentials.password) and user.credentials.password == claim.password
    )


def what_was_wrong(user: DirectoryRecipient | None, claim: Claim) -> str:
    """Say in words what a claim came to."""
    if user is None:
        return f"{claim.user!r}, the primary address of no mailbox here"
    if not user.credentials.password:
        return f"{user.primary}, whose mailbox has no password in the scenario"
    return f"{user.primary} with {'its' if is_proved(user, claim) else 'another'} password"


def owns(user: DirectoryRecipient, sender: Mailbox) -> bool:
    """Tell whether an address is one of the user's own, or one that it may send as."""
    return any(sender.key == each.key for each in (*user.proxies, *user.credentials.send_as))


def senders_of(user: DirectoryRecipient) -> str:
    """List the addresses that a user may send as."""
    return ", ".join(str(each) for each in dict.fromkeys((*user.proxies, *user.credentials.send_as)))
