"""Notifications as Exchange Server and Exchange Online write them: failed, delayed, delivered, relayed.

The two share the layout of a failure: "Delivery has failed to these recipients or groups", a block of diagnostic information
for administrators, the original header. Exchange Online writes it for what has expired, with the last attempt below the
expiry; anything else it tells with "Error Details" and the server by which the report was generated. Layouts and sentences
observed in published reports (sisimai/set-of-emails, and notifications in public repositories); the one of a relayed message
is documented ("Delivery receipts aren't created"). The RFC 3464 part is common to all products, but for X-Display-Name.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from enum import Enum

from mailsim.mail.date import mail_date
from mailsim.mail.dsn import Action
from mailsim.mail.message import HeaderField, header_field
from mailsim.mail.reply import reply
from mailsim.mta.cross_premises import without_organization
from mailsim.mta.kind import Item, LastTry, Notice, PointOfView
from mailsim.mta.relaying.reports import make_report, who_is_told

# which sentence stands below the recipient depends on the code; these are the documented ones
_SENTENCES = {
    "5.1.1": "The email address you entered couldn't be found. Please check the recipient's email address and try "
    "to resend the message. If the problem continues, please contact your helpdesk.",
    "5.1.10": "The email address you entered couldn't be found. Please check the recipient's email address and try "
    "to resend the message. If the problem continues, please contact your helpdesk.",
    "4.4.7": "The server has tried to deliver this message, without success, and has stopped trying. Please try "
    "sending this message again. If the problem continues, contact your helpdesk.",
}
_SUBJECTS = {
    Action.FAILED: "Undeliverable",
    Action.DELAYED: "Delivery delayed",  # not established
    Action.DELIVERED: "Delivered",
    Action.RELAYED: "Relayed",
}
_OPENINGS = {
    Action.DELAYED: "Delivery is delayed to these recipients or groups:",
    Action.DELIVERED: "Your message has been delivered to the following recipients:",
    Action.RELAYED: "Delivery to these recipients or groups is complete, but no delivery notification was sent by the "
    "destination server:",
}
DELAYED = reply(400, "4.4.7", "Message delayed")
_BLANK_LINES = "\n" * 9  # eight of them, as observed
_OTHERWISE = (
    "Your message wasn't delivered. Despite repeated attempts to deliver your message, or because the "
    "recipient's email system refused it, the message could not be handed over."
)
# Set-TransportConfig: ExternalDsnMaxMessageAttachSize and InternalDsnMaxMessageAttachSize, 10 MB
MAX_MESSAGE_ATTACH_SIZE = 10 * 1024 * 1024


class Layout(Enum):
    """Whose words the human part is in."""

    SERVER = "Exchange Server"
    ONLINE = "Exchange Online"


def exchange_report(
    at: PointOfView,
    item: Item,
    notices: tuple[Notice, ...],
    name: str,
    *,
    action: Action,
    sender: str,
    context: object,
    layout: Layout = Layout.SERVER,
    whole_up_to: int = MAX_MESSAGE_ATTACH_SIZE,
) -> Item:
    """Make a notification in Exchange's layout.

    Args:
        at: the generating server.
        item: the message reported about; its reverse-path is somebody.
        notices: what happened to its recipients.
        name: the stable name of the report.
        action: what has become of them.
        sender: the From field.
        context: the vendor's judgement of its own reports.
        layout: whose words it is in.
        whole_up_to: octets; of a larger message only the header is returned.
    """
    due = notices
    if action is Action.DELAYED:
        due = tuple(replace(each, reply=DELAYED) for each in due)
    header = _header(at, item, sender, action)
    # the header firewall works on the original inside a report too
    returned = replace(item, message=without_organization(item.message))
    return make_report(
        at,
        returned,
        due,
        name,
        action=action,
        header=header,
        human=_human(at, returned, due, layout)
        if action is Action.FAILED
        else _told(at, returned, due, action),
        whole_up_to=whole_up_to,
        context=context,
        display_names=layout is Layout.ONLINE,
    )


def _header(at: PointOfView, item: Item, sender: str, action: Action) -> tuple[HeaderField, ...]:
    original = item.message.value("Message-ID")
    fields = [
        header_field("From", sender),
        header_field("To", f"<{who_is_told(item)}>"),
        header_field("Date", mail_date(at.now)),
        header_field("Subject", f"{_SUBJECTS[action]}: {item.message.value('Subject')}"),
        header_field("Auto-Submitted", "auto-replied"),
    ]
    fields += [header_field("X-MS-Exchange-Message-Is-Ndr", "")] if action is Action.FAILED else []
    if original:
        fields += [header_field("In-Reply-To", original), header_field("References", original)]
    return tuple(fields)


def _told(at: PointOfView, item: Item, notices: tuple[Notice, ...], action: Action) -> str:
    """Write about recipients that wait or got through."""
    who = "\n\n".join(f"{each.recipient.path}<mailto:{each.recipient.path}>" for each in notices)
    text = f"{_OPENINGS[action]}\n\n{who}\n\nSubject: {item.message.value('Subject')}\n"
    until = notices[0].until
    if action is not Action.DELAYED:
        return text
    text += "\nThis message hasn't been delivered yet. Delivery will continue to be attempted.\n"
    if until is not None:
        text += (
            f"\nThe server will keep trying to deliver this message for the next {_span(until - at.now)}. You'll be "
            "notified if the message can't be delivered by that time.\n"
        )
    return text


def _span(left: timedelta) -> str:
    minutes = int(left.total_seconds()) // 60
    return f"{minutes // 1440} days, {minutes // 60 % 24} hours and {minutes % 60} minutes"


def _human(at: PointOfView, item: Item, failures: tuple[Notice, ...], layout: Layout) -> str:
    header = item.message.header_bytes.decode("utf-8", "replace").replace("\r\n", "\n")
    if layout is Layout.ONLINE and not any(each.last_try for each in failures):
        return _with_error_details(at, item, failures, header)
    told = "\n\n".join(_to_the_sender(failure) for failure in failures)
    diagnosed = "\n\n".join(_to_the_administrator(at, failure, layout) for failure in failures)
    return (
        f"Delivery has failed to these recipients or groups:\n\n{told}{_BLANK_LINES}"
        f"Diagnostic information for administrators:\n\nGenerating server: {at.mta.fqdn}\n\n{diagnosed}\n\n"
        f"Original message headers:\n\n{header}"
    )


def _to_the_sender(failure: Notice) -> str:
    path = failure.recipient.path
    return f"{path}<mailto:{path}>\n{_SENTENCES.get(failure.reply.enhanced, _OTHERWISE)}"


def _to_the_administrator(at: PointOfView, failure: Notice, layout: Layout) -> str:
    if layout is Layout.ONLINE and failure.last_try is not None:
        return _expired(at, failure, failure.last_try)
    remote = f"{failure.remote} ({failure.address})\n" if failure.remote else ""
    return f"{failure.recipient.path}\n{remote}Remote Server returned '{failure.reply}'"


def _expired(at: PointOfView, failure: Notice, last: LastTry) -> str:
    """Write the expiry and the last attempt, newest first."""
    host = f"{last.host} ({last.address})" if last.address else last.host
    return (
        f"{failure.recipient.path}\n"
        f"{mail_date(at.now)} - Server at {at.mta.fqdn} returned '{failure.reply}'\n"
        f"{mail_date(last.at)} - Server at {host} returned '{last.error}'"
    )


def _with_error_details(at: PointOfView, item: Item, failures: tuple[Notice, ...], header: str) -> str:
    """Write as the newer notifications do, one block of details a recipient."""
    told = "\n\n".join(_couldnt_be_delivered(failure) for failure in failures)
    details = "\n\n".join(_error_details(at, failure) for failure in failures)
    return (
        f"{told}{_BLANK_LINES}Original Message Details\n"
        f"Created Date: {item.message.value('Date')}\nSender Address: {item.envelope.reverse_path}\n"
        f"Subject: {item.message.value('Subject')}\n\n{details}\n\nOriginal Message Headers\n\n{header}"
    )


def _couldnt_be_delivered(failure: Notice) -> str:
    sentence = _SENTENCES.get(failure.reply.enhanced, _OTHERWISE)
    return f"Your message to {failure.recipient.path} couldn't be delivered.\n{sentence}"


def _error_details(at: PointOfView, failure: Notice) -> str:
    lines = [
        "Error Details",
        f"Recipient Address: {failure.recipient.path}",
        f"Reported error: {failure.reply}",
        f"DSN generated by: {at.mta.fqdn}",
    ]
    lines += [f"Remote server: {failure.remote} ({failure.address})"] if failure.remote else []
    return "\n".join(lines)
