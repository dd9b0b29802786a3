"""Whether an object of a directory lets a message in: its size, whether the sender is proved, and who the sender is.

Asked by ``resolution`` for each object on the way, mailboxes and groups alike, on behalf of Exchange Server and Exchange
Online, which judge alike and word it each in its own way. The original sender counts, whoever a group reports to. Pure.

Rules: (1) size, then proof of the sender, then the lists, the accepting one before the rejecting one; the order of the
three is the order in which "Recipient resolution" lists them; (2) the Microsoft Exchange recipient and the postmaster are
let in everywhere; (3) entries of a list may be groups, however deep. Sources: "Recipient resolution in Exchange Server",
Set-Mailbox, Set-DistributionGroup.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from mailsim.mail.address import Mailbox, ReversePath, show_path
from mailsim.mail.envelope import Recipient
from mailsim.mail.message import Message
from mailsim.mail.reply import Reply
from mailsim.mta.cross_premises import ORGANIZATION
from mailsim.reason.check import Check, check
from mailsim.reason.cite import documented
from mailsim.reason.decision import Decision, Gate, admit
from mailsim.world.directory import Directory, DirectoryRecipient

RESTRICTIONS = documented("ms:recipient-resolution", "Message restrictions on recipients")
EXEMPT = documented("ms:recipient-resolution", "messages exempt from recipient restrictions")
SIZE = documented("ms:message-size-limits", "the lower of the size and the original size counts")

MICROSOFT_EXCHANGE = "MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e"
"""The local part of the Microsoft Exchange recipient, which reports to people inside."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Whom restrictions judge.

    Args:
        address: MAIL FROM.
        authenticated: whether the message counts as written inside the organization.
        proof: what says so, such as ``AuthAs Internal``.
        exempt: whether it is the Microsoft Exchange recipient or the postmaster.
    """

    address: ReversePath
    authenticated: bool
    proof: str
    exempt: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusals:
    """How a product words what an object does not let in.

    Args:
        too_large: the message is larger than MaxReceiveSize.
        not_authenticated: the object wants proof of the sender.
        not_accepted: the sender is not among those it accepts.
        rejected: the sender is among those it rejects.
    """

    too_large: Reply
    not_authenticated: Callable[[DirectoryRecipient], Reply]
    not_accepted: Callable[[DirectoryRecipient], Reply]
    rejected: Reply


@dataclass(frozen=True, slots=True, kw_only=True)
class Doorkeeper:
    """Judges one message at the objects of one directory.

    Args:
        directory: in which lists are looked up.
        sender: who sent it.
        size: octets, as it counts for limits; None where sizes are not limited.
        refusals: the product's words.
        largest: gives what an object without a MaxReceiveSize of its own takes, octets; None for any size.
    """

    directory: Directory
    sender: Sender
    size: int | None
    refusals: Refusals
    largest: Callable[[DirectoryRecipient], int | None] = lambda _found: None

    def __call__(self, found: DirectoryRecipient, _recipient: Recipient) -> Decision[Reply | None] | None:
        """Judge the message at an object; None where the object restricts nothing."""
        gates = tuple(self._gates(found))
        question = f"restrictions of {found.primary}"
        if not gates:
            return None
        if self.sender.exempt:
            return Decision(question, None, (_exempt(self.sender),), "admitted")
        return admit(question, gates)

    def _gates(self, found: DirectoryRecipient) -> list[Gate[Reply]]:
        limits, refusals, gates = found.restrictions, self.refusals, list[Gate[Reply]]()
        written, size = limits.max_receive_size, self.size
        limit = self.largest(found) if written is None else written
        if size is not None and limit is not None and (written is not None or size > limit):
            gates.append(
                Gate("MaxReceiveSize", lambda: fits(found, size, limit), refusals.too_large, RESTRICTIONS)
            )
        if wants_proof(found):
            refusal = refusals.not_authenticated(found)
            gates.append(
                Gate("RequireSenderAuthenticationEnabled", lambda: self._proved(found), refusal, RESTRICTIONS)
            )
        if limits.accept_only_from:
            refusal = refusals.not_accepted(found)
            gates.append(Gate(_ACCEPT, lambda: self._accepted(found), refusal, RESTRICTIONS))
        if limits.reject_from:
            gates.append(Gate(_REJECT, lambda: self._not_rejected(found), refusals.rejected, RESTRICTIONS))
        return gates

    def _proved(self, found: DirectoryRecipient) -> Check:
        return check(
            self.sender.authenticated,
            f"RequireSenderAuthenticationEnabled of {found.primary}",
            saw=f"{show_path(self.sender.address)} with {self.sender.proof}",
            wanted="a message written inside the organization, or RequireSenderAuthenticationEnabled $false",
            cite=RESTRICTIONS,
            source=found.source("RequireSenderAuthenticationEnabled"),
        )

    def _accepted(self, found: DirectoryRecipient) -> Check:
        entries = found.restrictions.accept_only_from
        return check(
            self._listed(entries),
            f"{_ACCEPT} of {found.primary}",
            saw=show_path(self.sender.address),
            wanted=f"one of {', '.join(map(str, entries))}",
            cite=RESTRICTIONS,
            source=found.source(_ACCEPT),
        )

    def _not_rejected(self, found: DirectoryRecipient) -> Check:
        entries = found.restrictions.reject_from
        return check(
            not self._listed(entries),
            f"{_REJECT} of {found.primary}",
            saw=show_path(self.sender.address),
            wanted=f"nobody of {', '.join(map(str, entries))}",
            cite=RESTRICTIONS,
            source=found.source(_REJECT),
        )

    def _listed(self, entries: tuple[Mailbox, ...]) -> bool:
        return self.sender.address is not None and self.directory.lists(entries, self.sender.address)


_ACCEPT = "AcceptMessagesOnlyFromSendersOrMembers"
_REJECT = "RejectMessagesFromSendersOrMembers"


def wants_proof(found: DirectoryRecipient) -> bool:
    """Tell whether an object wants authenticated senders: as written, else groups do and nobody else does."""
    written = found.restrictions.require_sender_authentication
    return found.is_group if written is None else written


def fits(found: DirectoryRecipient, size: int, limit: int, setting: str = "MaxReceiveSize") -> Check:
    """Hold a size against a limit of an object."""
    return check(
        size <= limit,
        f"{setting} of {found.primary}",
        saw=f"message of {size} octets",
        wanted=f"at most {limit}",
        cite=SIZE,
        source=found.source(setting),
    )


def counted_size(message: Message) -> int:
    """Return the size that limits look at: the lower of what it is and what it was on entering the organization."""
    original = message.value(ORGANIZATION + "OriginalSize")
    known = int(original) if original.isascii() and original.isdigit() and len(original) < 19 else None
    return message.size if known is None else min(message.size, known)


def speaks_for_exchange(message: Message, postmaster: Mailbox) -> bool:
    """Tell whether the From field is the Microsoft Exchange recipient or the postmaster.

    Args:
        message: written inside, so that its From field can be believed.
        postmaster: ExternalPostmasterAddress, or the default one.
    """
    shown = message.value("From").lower()
    return f"{MICROSOFT_EXCHANGE.lower()}@" in shown or f"<{postmaster.key}>" in shown


def _exempt(sender: Sender) -> Check:
    saw = f"{show_path(sender.address)} with {sender.proof}"
    return check(True, "the Microsoft Exchange recipient and the postmaster are exempt", saw=saw, cite=EXEMPT)
