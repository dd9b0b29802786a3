"""Who is to be told at all, and what every report says in the machine's words.

No report about a null reverse-path (RFC 5321 section 4.5.5), none that NOTIFY excludes (RFC 3461 section 4.1).
The human part, the header and the address it comes from are the vendor's.
"""

from __future__ import annotations

import hashlib

from mailsim.mail.address import Mailbox, ReversePath, show_path
from mailsim.mail.dsn import Action, RecipientStatus, Report, write_report
from mailsim.mail.envelope import Envelope, Recipient
from mailsim.mail.message import HeaderField
from mailsim.mta.kind import Item, Notice, PointOfView
from mailsim.reason.check import Check, check
from mailsim.reason.cite import rfc

NULL_PATH = rfc(5321, "4.5.5")
NOTIFY = rfc(3461, "4.1")

_NOTIFY = {Action.FAILED: "FAILURE", Action.DELAYED: "DELAY"}


def has_sender(sender: ReversePath) -> Check:
    """Want somebody to tell: nothing is reported about a null reverse-path."""
    return check(
        sender is not None, "reverse-path", saw=show_path(sender), wanted="somebody to tell", cite=NULL_PATH
    )


def wants_report(notice: Notice, action: Action) -> Check:
    """Want a sender who asked to hear of it; without NOTIFY, failures and delays are told."""
    word, asked = _NOTIFY.get(action, "SUCCESS"), notice.recipient.notify
    return check(
        notice.recipient.wants(word),
        f"NOTIFY of {notice.recipient.path}",
        saw=",".join(sorted(asked)) or "none",
        wanted=word,
        cite=NOTIFY,
    )


def who_is_told(item: Item) -> Mailbox:
    """Return who is told about a message: its sender.

    Raises:
        ValueError: for a null reverse-path, about which nothing is reported.
    """
    if item.envelope.reverse_path is None:
        raise ValueError("a report is never about a null reverse-path")
    return item.envelope.reverse_path


def make_report(
    at: PointOfView,
    item: Item,
    notices: tuple[Notice, ...],
    name: str,
    *,
    action: Action,
    header: tuple[HeaderField, ...],
    human: str,
    whole_up_to: int,
    context: object = None,
    display_names: bool = False,
) -> Item:
    """Make the item of a notification to the sender of ``item``.

    Args:
        at: the reporting MTA.
        item: the message reported about.
        notices: what is reported; at least one.
        name: the stable name of the new item.
        action: what has become of the recipients.
        header: the vendor's header fields.
        human: the vendor's text.
        whole_up_to: octets; of a larger message only the header is returned, as of one that got through.
        context: the vendor's judgement of its own reports.
        display_names: whether recipients get an X-Display-Name, which is their address.
    """
    large = item.envelope.ret == "HDRS" or item.message.size > whole_up_to
    report = Report(
        reporting_mta=at.mta.fqdn,
        received_from=item.facts.ehlo if item.facts else "",
        arrival=item.arrived,
        envid=item.envelope.envid,
        recipients=tuple(_status(each, action, named=display_names) for each in notices),
        human=human,
        original=item.message,
        headers_only=large or action is not Action.FAILED,  # rfc3461:6.2
    )
    message = write_report(report, header, message_id(name, at.mta.fqdn))
    return Item(
        name=name,
        envelope=_back_to(who_is_told(item)),
        message=message,
        arrived=at.now,
        context=context,
        report=True,
    )


def _status(notice: Notice, action: Action, *, named: bool) -> RecipientStatus:
    return RecipientStatus(
        final=notice.recipient.path,
        orcpt=notice.recipient.orcpt,
        action=action,
        reply=notice.reply,
        remote_mta=notice.remote,
        retry_until=notice.until,
        display_name=str(notice.recipient.path) if named else "",
    )


def _back_to(path: Mailbox) -> Envelope:
    """Address a report to the sender of what it is about."""
    return Envelope(reverse_path=None, recipients=(Recipient(path),), smtputf8=path.needs_smtputf8)


def message_id(name: str, fqdn: str) -> str:
    """Return a Message-ID that follows from stable names, with angle brackets."""
    return f"<{name}@{fqdn}>"


def internal_id(*names: str) -> int:
    """Return the number that a product shows as its internal id, derived from stable names."""
    digest = hashlib.sha256("|".join(names).encode()).digest()
    return int.from_bytes(digest[:6], "big")
