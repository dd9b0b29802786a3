"""Follow a recipient through a directory until it ends in mailboxes, outside, or nowhere.

Called by the categorizers of Exchange Server and Exchange Online, which do this part alike: a proxy address becomes the
primary one; a mail user, mail contact or remote mailbox becomes the address it points to; a group becomes its members; a
mailbox that forwards becomes the address it forwards to, beside itself where it keeps a copy. The original address is kept
in ORCPT. Whether an object lets a message through is the vendor's judgement, asked for each object on the way.

Rules: (1) a group that is met again, and a mailbox that forwards to one that was met before and keeps its copy, are
harmless: each mailbox is reached once; (2) objects that only point at each other are a loop; (3) what a group does to the
reverse-path and to NOTIFY holds for everybody reached through it; (4) a report addressed to a group ends there, a
non-delivery report at its manager where failures are reported to him. Pure. Sources: "Recipient resolution in Exchange
Server", Set-DistributionGroup, KB 2685437.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from mailsim.mail.address import Mailbox, ReversePath
from mailsim.mail.envelope import Recipient, orcpt_of
from mailsim.mail.reply import Reply
from mailsim.mta.kind import Deliver, Drop, Fate, Refuse, Resolved
from mailsim.mta.report_kind import ReportKind
from mailsim.reason.check import Check, check
from mailsim.reason.cite import Citation, documented
from mailsim.reason.decision import Decision, Reason
from mailsim.world.directory import (
    INBOX_RULES,
    Directory,
    DirectoryRecipient,
    Forwarding,
    Group,
    RecipientType,
)

NEVER = frozenset({"NEVER"})
NO_MEMBERS = "the group has no members"
REPORT_TO_GROUP = "a report addressed to a group is deleted"

NO_TARGET = documented("kb2685437", "a mail user without an external address")
REDIRECTION = documented("ms:recipient-resolution", "Delivery report redirection for groups")

Admit = Callable[[DirectoryRecipient, Recipient], Decision[Reply | None] | None]
"""Judges whether an object lets the message through; None where there is nothing to judge."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """Where a recipient ended.

    Args:
        recipient: as it is now addressed.
        reverse_path: where reports about it go.
        ended_at: the object that has this address; None when the directory does not know it.
        last_seen: the last object on the way, whose attributes rules ask for; None when there was none.
        looped: whether objects point at each other in a circle.
        refused: why an object on the way did not let the message through; None when all did.
        dropped: why it is deleted on the way, empty when it is not.
        without_target: the object on the way that should point somewhere and does not; None when there was none.
        forwarded_by: the setting by which a mailbox forwarded it on last, empty when none did.
        forwarder: the mailbox that did, None when none did.
        through_group: whether it was reached through a group.
        steps: how the address changed.
        because: every look-up and judgement.
    """

    recipient: Recipient
    reverse_path: ReversePath
    ended_at: DirectoryRecipient | None = None
    last_seen: DirectoryRecipient | None = None
    looped: bool = False
    refused: Reply | None = None
    dropped: str = ""
    without_target: DirectoryRecipient | None = None
    forwarded_by: str = ""
    forwarder: DirectoryRecipient | None = None
    through_group: bool = False
    steps: tuple[Resolved, ...] = ()
    because: tuple[Reason, ...] = ()

    @property
    def mailbox(self) -> Mailbox | None:
        """Return the mailbox it ended in, None when it did not."""
        found = self.ended_at
        return found.primary if found is not None and found.is_mailbox else None

    @property
    def is_empty_group(self) -> bool:
        """Whether it is a group in which nobody else is reached."""
        return self.ended_at is not None and self.ended_at.group is not None

    @property
    def forwarded_by_user(self) -> bool:
        """Whether a rule of a user sent it on, and nobody after him."""
        return self.forwarded_by == INBOX_RULES

    @property
    def settled(self) -> bool:
        """Whether it goes no further for a reason other than that nobody is known by the address."""
        return (
            self.refused is not None or bool(self.dropped) or self.looped or self.without_target is not None
        )


def fate_in_directory(at: Resolution, *, looped: Reply, unknown: Reply | None) -> Fate | None:
    """Return the fate of a recipient that goes no further, None for one that is routed.

    Args:
        at: where it ended.
        looped: how the vendor refuses objects that point at each other.
        unknown: how it refuses this recipient as nobody's; None where it may be somebody's elsewhere.
    """
    if at.refused is not None:
        return Refuse(at.refused)
    if at.dropped:
        return Drop(at.dropped)
    if at.looped:
        return Refuse(looped)
    if at.is_empty_group:
        return Drop(NO_MEMBERS)
    if at.mailbox is not None:
        return Deliver(at.mailbox)
    return Refuse(unknown) if unknown is not None else None


def in_words(fate: Fate) -> str:
    """Say how a recipient ends in the directory."""
    if isinstance(fate, Drop):
        return fate.reason
    return fate.reply.text if isinstance(fate, Refuse) else "delivered here"


AUTHORITATIVE = "Authoritative"
"""The DomainType of either product whose recipients are all in the directory."""


def points_nowhere(at: Resolution) -> tuple[Check, ...]:
    """Hold against a mail user or mail contact that it points to no address: nobody gets its mail, whatever the domain."""
    found = at.without_target
    if found is None:
        return ()
    remote = found.kind is RecipientType.REMOTE_MAILBOX
    name = "RemoteRoutingAddress" if remote else "ExternalEmailAddress"
    return (
        check(
            False,
            f"{name} of {found.primary}",
            saw="$null",
            wanted="an address to pass the mail on to",
            cite=NO_TARGET,
            source=found.source(name),
        ),
    )


def not_of_domain(
    at: Resolution, domain_type: str, *, owner: str, cite: Citation, source: str
) -> tuple[Check, ...]:
    """Hold against a recipient that is not in the directory that its domain is authoritative, or that it points nowhere.

    Args:
        at: how far it was resolved.
        domain_type: of the accepted domain that it is in; empty for none.
        owner: whose directory it is.
        cite: where the vendor says so.
        source: where the type is written.
    """
    if at.ended_at is not None or at.without_target is not None:
        return points_nowhere(at)
    path = at.recipient.path
    saw = f"{domain_type}, and {path} is not in the directory of {owner}" if domain_type else ""
    return (
        check(
            domain_type != AUTHORITATIVE,
            f"DomainType of {path.domain}",
            saw=saw or "not an accepted domain",
            wanted="a recipient with this address in EmailAddresses, or a domain that is not Authoritative",
            cite=cite,
            source=source,
        ),
    )


class Resolver:
    """Follows recipients through one directory.

    Args:
        directory: of the organization or tenant.
        owner: whose directory it is.
        default_domain: the default accepted domain, empty when there is none.
        admit: the vendor's judgement of each object met.
        elsewhere: tells which groups are expanded by another server and end the way here.
        report: what kind of report the message is, None when it is none.
        cite: where the procedure is known from.
    """

    def __init__(
        self,
        directory: Directory,
        *,
        owner: str,
        default_domain: str,
        admit: Admit = lambda _found, _recipient: None,
        elsewhere: Callable[[DirectoryRecipient], bool] = lambda _found: False,
        report: ReportKind | None = None,
        cite: Citation,
    ) -> None:
        self._directory = directory
        self._owner = owner
        self._default_domain = default_domain
        self._admit = admit
        self._elsewhere = elsewhere
        self._report = report
        self._cite = cite

    def resolve(self, recipient: Recipient, reverse_path: ReversePath) -> tuple[Resolution, ...]:
        """Return everybody whom one recipient of a message stands for; at least one.

        Args:
            recipient: as accepted; ``<Postmaster>`` without a domain is looked up in the default domain.
            reverse_path: of the message.
        """
        current, steps = _with_domain(recipient, self._default_domain)
        begun = Resolution(recipient=current, reverse_path=reverse_path, steps=steps)
        walk = _Walk(self._directory, self._owner, self._admit, self._elsewhere, self._report, self._cite)
        return tuple(walk.follow(begun))


@dataclass(slots=True)
class _Walk:
    """One recipient on its way; remembers the groups that were expanded and whose mail was kept."""

    directory: Directory
    owner: str
    admit: Admit
    elsewhere: Callable[[DirectoryRecipient], bool]
    report: ReportKind | None
    cite: Citation
    reached: set[str] = field(default_factory=set)

    def follow(self, at: Resolution, seen: frozenset[str] = frozenset()) -> Iterator[Resolution]:
        """Yield where the recipient of a resolution ends."""
        path = at.recipient.path
        found = self.directory.find(path)
        because: tuple[Reason, ...] = (*at.because, _looked_up(path, found, self.owner, self.cite))
        at = replace(at, last_seen=found or at.last_seen, because=because)
        if found is not None and found.group is not None and self.report is not None:
            yield from self._report_to(at, found, found.group, seen)
            return
        judged = self.admit(found, at.recipient) if found is not None else None
        at = replace(at, because=because + ((judged,) if judged else ()))
        if found is None:
            yield replace(at, ended_at=None)
        elif judged is not None and judged.value is not None:
            yield replace(at, ended_at=found, refused=judged.value)
        elif found.group is not None and self.elsewhere(found):
            yield replace(at, ended_at=found)
        elif found.group is not None:
            yield from self._expand(at, found, found.group, seen)
        elif found.is_mailbox:
            yield from self._arrive(at, found, seen)
        else:
            yield from self._point(at, found, seen)

    def _arrive(
        self, at: Resolution, found: DirectoryRecipient, seen: frozenset[str]
    ) -> Iterator[Resolution]:
        """End in a mailbox, go on to where it forwards, or both; rules of the user run on what the mailbox gets."""
        forwarding, own = found.forwarding, found.primary.key
        here = _moved(at, found.primary, found.kind.value)
        if forwarding is not None and not forwarding.keeps_copy:
            if own in seen:
                yield replace(here, ended_at=found, looped=True)
            else:
                yield from self.follow(_forwarded(here, found, forwarding), seen | {own})
        elif forwarding is not None or found.redirects:
            onward = (*([forwarding] if forwarding else []), *found.redirects)
            yield from self._forward_and_keep(here, found, onward, seen)
        else:
            yield self._ended(here, found)

    def _forward_and_keep(
        self,
        here: Resolution,
        found: DirectoryRecipient,
        onward: tuple[Forwarding, ...],
        seen: frozenset[str],
    ) -> Iterator[Resolution]:
        """Go on to every address that a mailbox forwards to, and end in the mailbox too."""
        own = found.primary.key
        if own in self.reached:
            return
        self.reached.add(own)
        steps, went = here.steps, False
        for forwarding in onward:
            for each in self.follow(_forwarded(replace(here, steps=steps), found, forwarding), seen | {own}):
                steps, went = (), True
                yield each
        stays = Resolved(here.recipient.path, here.recipient.path, "keeps a copy")
        yield replace(here, ended_at=found, steps=(stays,) if went else here.steps)

    def _ended(self, at: Resolution, found: DirectoryRecipient) -> Resolution:
        self.reached.add(found.primary.key)
        return replace(at, ended_at=found)

    def _point(self, at: Resolution, found: DirectoryRecipient, seen: frozenset[str]) -> Iterator[Resolution]:
        """Go on to the address that a mail user, mail contact or remote mailbox points to."""
        path, target = at.recipient.path, found.target
        if target is None:
            yield replace(at, ended_at=None, without_target=found)
            return
        onward = _moved(at, target, found.kind.value, always=True)
        following = onward.recipient.path.key
        if following == path.key:
            yield replace(onward, ended_at=found)
        elif following in seen | {path.key}:
            yield replace(onward, ended_at=found, looped=True)
        else:
            yield from self.follow(onward, seen | {path.key})

    def _report_to(
        self, at: Resolution, found: DirectoryRecipient, group: Group, seen: frozenset[str]
    ) -> Iterator[Resolution]:
        """Delete a report addressed to a group, or hand a non-delivery report to the manager."""
        own = found.primary.key
        goes_on = self.report is ReportKind.NDR and group.report_to_manager and group.managed_by
        redirects = check(
            bool(goes_on),
            f"ReportToManagerEnabled of {found.primary}",
            saw=f"{group.report_to_manager}, and the message is a {self.report.value if self.report else 'mail'}",
            wanted="True and a non-delivery report",
            cite=REDIRECTION,
            source=found.source("ReportToManagerEnabled"),
        )
        at = replace(at, because=(*at.because, redirects))
        if goes_on and own not in seen:
            yield from self.follow(_moved(at, group.managed_by[0], "ManagedBy", always=True), seen | {own})
        else:
            yield replace(at, ended_at=found, dropped=REPORT_TO_GROUP)

    def _expand(
        self, at: Resolution, found: DirectoryRecipient, group: Group, seen: frozenset[str]
    ) -> Iterator[Resolution]:
        """Go on to every member; a group met before stands for nobody new."""
        own = found.primary.key
        if own in self.reached:
            return
        self.reached.add(own)
        steps, nobody = at.steps, True
        for member in group.members:
            changed = _through(replace(at, steps=steps), group)
            for each in self.follow(_moved(changed, member, found.kind.value, always=True), seen | {own}):
                nobody, steps = False, ()
                yield each
        if nobody and not at.through_group:
            yield replace(at, ended_at=found)


def _through(at: Resolution, group: Group) -> Resolution:
    """Change what a group changes about reports (Set-DistributionGroup; KB 2723654).

    To the originator: nothing. To the manager: the first owner becomes the sender and hears of failures alone. To nobody:
    the return path is empty and NOTIFY=NEVER.
    """
    at = replace(at, through_group=True)
    if group.report_to_manager and group.managed_by:
        recipient = replace(at.recipient, notify=frozenset({"FAILURE"}))
        return replace(at, reverse_path=group.managed_by[0], recipient=recipient)
    if group.report_to_originator:
        return at
    return replace(at, reverse_path=None, recipient=replace(at.recipient, notify=NEVER))


def _moved(at: Resolution, following: Mailbox, kind: str, *, always: bool = False) -> Resolution:
    """Give a recipient another address; one that differs in case alone stays as it was written."""
    before = at.recipient.path
    after = before if following.key == before.key else following
    if after == before and not always:
        return at
    recipient = replace(at.recipient, path=after, orcpt=orcpt_of(at.recipient, after))
    return replace(at, recipient=recipient, steps=(*at.steps, Resolved(before, after, kind)))


def _forwarded(at: Resolution, found: DirectoryRecipient, forwarding: Forwarding) -> Resolution:
    moved = _moved(at, forwarding.to, forwarding.setting, always=True)
    return replace(moved, forwarded_by=forwarding.setting, forwarder=found)


def _with_domain(recipient: Recipient, default_domain: str) -> tuple[Recipient, tuple[Resolved, ...]]:
    """Give ``<Postmaster>`` a domain (RFC 5321 section 4.5.1 wants it accepted; which one is inferred)."""
    path = recipient.path
    if path.domain or not default_domain:
        return recipient, ()
    following = Mailbox(path.local_part, default_domain)
    completed = replace(recipient, path=following, orcpt=orcpt_of(recipient, following))
    return completed, (Resolved(path, following, "default domain"),)


def _looked_up(path: Mailbox, found: DirectoryRecipient | None, owner: str, cite: Citation) -> Check:
    saw = f"{path} is {found.kind.value if found else 'not in the directory'}"
    return check(True, f"directory of {owner}", saw=saw, cite=cite, source=found.source() if found else "")
