"""Recipients of an Exchange organization or tenant, by any of their addresses.

The kinds and property names are Exchange's own (Get-Recipient's RecipientType). A directory of a hundred
thousand plain mailboxes keeps only their addresses; objects are made when asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum

from mailsim.mail.address import Mailbox
from mailsim.world.source import Origin


class RecipientType(Enum):
    """What kind of object an address belongs to."""

    MAILBOX = "UserMailbox"
    MAIL_USER = "MailUser"
    MAIL_CONTACT = "MailContact"
    REMOTE_MAILBOX = "RemoteUserMailbox"


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectoryRecipient:
    """A mail-enabled object.

    Args:
        kind: its recipient type.
        primary: PrimarySmtpAddress.
        proxies: every SMTP address, the primary one included.
        target: ExternalEmailAddress or RemoteRoutingAddress; None for a mailbox.
        attributes: other directory attributes by name, such as City.
        created: how long after the start; zero for one that was there before.
        origin: where the scenario configures it.
    """

    kind: RecipientType
    primary: Mailbox
    proxies: tuple[Mailbox, ...]
    target: Mailbox | None = None
    attributes: Mapping[str, str] = field(default_factory=dict, hash=False)
    created: timedelta = timedelta()
    origin: Origin | None = field(default=None, compare=False, repr=False)

    @property
    def source(self) -> str:
        """Return ``file:line`` of its configuration."""
        return str(self.origin) if self.origin else ""


class Directory:
    """Look recipients up by address.

    Args:
        recipients: objects with anything to say beyond an address.
        plain_mailboxes: addresses of mailboxes about which nothing else is known.
    """

    __slots__ = ("_by_address", "_plain")

    def __init__(
        self, recipients: Iterable[DirectoryRecipient] = (), plain_mailboxes: Iterable[str] = ()
    ) -> None:
        self._by_address = {proxy.key: recipient for recipient in recipients for proxy in recipient.proxies}
        self._plain = frozenset(address.lower() for address in plain_mailboxes)

    def find(self, address: Mailbox) -> DirectoryRecipient | None:
        """Return the object an address belongs to, None when there is none."""
        found = self._by_address.get(address.key)
        if found is None and address.key in self._plain:
            return DirectoryRecipient(kind=RecipientType.MAILBOX, primary=address, proxies=(address,))
        return found

    def __contains__(self, address: Mailbox) -> bool:
        return address.key in self._by_address or address.key in self._plain

    def __len__(self) -> int:
        return len(self._by_address) + len(self._plain)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Directory):
            return NotImplemented
        return (self._by_address, self._plain) == (other._by_address, other._plain)

    def __hash__(self) -> int:
        return hash((frozenset(self._by_address), self._plain))
