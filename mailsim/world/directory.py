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
from mailsim.world.source import Written


class RecipientType(Enum):
    """What kind of object an address belongs to."""

    MAILBOX = "UserMailbox"
    MAIL_USER = "MailUser"
    MAIL_CONTACT = "MailContact"
    REMOTE_MAILBOX = "RemoteUserMailbox"
    GROUP = "MailUniversalDistributionGroup"
    DYNAMIC_GROUP = "DynamicDistributionGroup"
    PUBLIC_FOLDER = "PublicFolder"


INBOX_RULES = "InboxRules"
"""The setting by which users forward their mail themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forwarding:
    """Where the mail of a mailbox goes on to.

    Args:
        to: the address.
        keeps_copy: DeliverToMailboxAndForward; a rule of the user always keeps one.
        setting: the property that says so: ForwardingAddress, ForwardingSmtpAddress or InboxRules.
    """

    to: Mailbox
    keeps_copy: bool
    setting: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Who a distribution group is, and who hears of its failures.

    Args:
        members: their addresses; those a dynamic group's filter gives.
        managed_by: its owners, the first one first.
        report_to_manager: ReportToManagerEnabled.
        report_to_originator: ReportToOriginatorEnabled.
        expansion_server: ExpansionServer, empty for any server.
    """

    members: tuple[Mailbox, ...]
    managed_by: tuple[Mailbox, ...] = ()
    report_to_manager: bool = False
    report_to_originator: bool = True
    expansion_server: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Restrictions:
    """Who may send to an object, and how much.

    Args:
        require_sender_authentication: RequireSenderAuthenticationEnabled; None is the kind's default.
        accept_only_from: AcceptMessagesOnlyFromSendersOrMembers; empty accepts everyone.
        reject_from: RejectMessagesFromSendersOrMembers.
        max_receive_size: octets; None is unlimited.
        max_send_size: octets; None is unlimited.
        recipient_limits: recipients of one message that a mailbox may send; None is the organization's limit.
    """

    require_sender_authentication: bool | None = None
    accept_only_from: tuple[Mailbox, ...] = ()
    reject_from: tuple[Mailbox, ...] = ()
    max_receive_size: int | None = None
    max_send_size: int | None = None
    recipient_limits: int | None = None


UNRESTRICTED = Restrictions()


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What a mailbox signs in with, and as whom it may send.

    Args:
        password: as typed.
        send_as: further addresses that it may use as sender (Send As).
        smtp_disabled: SmtpClientAuthenticationDisabled; None is the organization's setting.
    """

    password: str = field(default="", repr=False)
    send_as: tuple[Mailbox, ...] = ()
    smtp_disabled: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectoryRecipient(Written):
    """A mail-enabled object.

    Args:
        kind: its recipient type.
        primary: PrimarySmtpAddress.
        proxies: every SMTP address, the primary one included.
        target: ExternalEmailAddress or RemoteRoutingAddress; None for what does not point outside.
        forwarding: where an administrator has a mailbox forward to, None when he has not.
        redirects: where rules of the user redirect to.
        group: the members of a group, None for everything else.
        restrictions: who may send to it.
        credentials: what it signs in with, and as whom it may send.
        server: the server that has the mailbox, empty for the first one.
        attributes: other directory attributes by name, such as City.
        created: how long after the start; zero for one that was there before.
        origin: where the scenario configures it.
    """

    kind: RecipientType
    primary: Mailbox
    proxies: tuple[Mailbox, ...]
    target: Mailbox | None = None
    forwarding: Forwarding | None = None
    redirects: tuple[Forwarding, ...] = ()
    group: Group | None = None
    restrictions: Restrictions = UNRESTRICTED
    credentials: Credentials = Credentials()
    server: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict, hash=False)
    created: timedelta = timedelta()

    @property
    def is_group(self) -> bool:
        """Whether it stands for others: a distribution group, or a dynamic one."""
        return self.kind in (RecipientType.GROUP, RecipientType.DYNAMIC_GROUP)

    @property
    def is_mailbox(self) -> bool:
        """Whether mail ends in it: a mailbox or a mail-enabled public folder."""
        return self.kind in (RecipientType.MAILBOX, RecipientType.PUBLIC_FOLDER)


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

    def keeps(self, address: Mailbox) -> bool:
        """Tell whether mail to an address stays here: to a mailbox or a group, not to who only points elsewhere."""
        found = self.find(address)
        return found is not None and (found.is_mailbox or found.is_group)

    def lists(self, entries: Iterable[Mailbox], somebody: Mailbox) -> bool:
        """Tell whether entries name an address: as it stands, as another one of the same object, or through groups.

        Args:
            entries: addresses of anybody, of groups too.
            somebody: the address sought; a mail contact has also the address that it points to.
        """
        known = self.find(somebody)
        sought = {somebody.key} | ({each.key for each in known.proxies} if known else set())
        waiting, seen = list(entries), set[str]()
        while waiting:
            entry = waiting.pop()
            found = self.find(entry)
            names = {entry.key} | (_names_of(found) if found else set())
            if names & sought:
                return True
            if found is not None and found.group is not None and entry.key not in seen:
                seen.add(entry.key)
                waiting += found.group.members
        return False

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


def _names_of(found: DirectoryRecipient) -> set[str]:
    """Return every address by which somebody may be meant, outside ones included."""
    return {each.key for each in (*found.proxies, *([found.target] if found.target else []))}
