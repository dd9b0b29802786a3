"""Non-delivery reports as Exchange Server and Exchange Online write them.

The two share the layout: "Delivery has failed to these recipients or groups", a block of diagnostic information for
administrators, the original header. Layout observed in published reports (sisimai/set-of-emails); the RFC 3464 part
is common to all products.
"""

from __future__ import annotations

from dataclasses import replace

from mailsim.mail.address import Mailbox
from mailsim.mail.date import mail_date
from mailsim.mail.message import HeaderField, header_field
from mailsim.mta.cross_premises import without_organization
from mailsim.mta.kind import Failure, Item, PointOfView
from mailsim.mta.relaying.reports import failures_to_report, make_report

# which sentence stands below the recipient depends on the code; these are the documented ones
_SENTENCES = {
    "5.1.1": "The email address you entered couldn't be found. Please check the recipient's email address and try "
    "to resend the message. If the problem continues, please contact your helpdesk.",
    "5.1.10": "The email address you entered couldn't be found. Please check the recipient's email address and try "
    "to resend the message. If the problem continues, please contact your helpdesk.",
    "4.4.7": "The server has tried to deliver this message, without success, and has stopped trying. Please try "
    "sending this message again. If the problem continues, contact your helpdesk.",
}
_BLANK_LINES = "\n" * 9  # eight of them, as observed
_OTHERWISE = (
    "Your message wasn't delivered. Despite repeated attempts to deliver your message, or because the "
    "recipient's email system refused it, the message could not be handed over."
)
# Set-TransportConfig: ExternalDsnMaxMessageAttachSize and InternalDsnMaxMessageAttachSize, 10 MB
MAX_MESSAGE_ATTACH_SIZE = 10 * 1024 * 1024


def exchange_report(
    at: PointOfView,
    item: Item,
    failures: tuple[Failure, ...],
    name: str,
    *,
    sender: str,
    context: object,
) -> Item | None:
    """Make a non-delivery report in Exchange's layout.

    Args:
        at: the generating server.
        item: the message reported about.
        failures: what failed.
        name: the stable name of the report.
        sender: the From field.
        context: the vendor's judgement of its own reports.

    Returns:
        None when no report is due.
    """
    due = failures_to_report(item, failures)
    if not due or item.envelope.reverse_path is None:
        return None
    header = _header(at, item, item.envelope.reverse_path, sender)
    # the header firewall works on the original inside a report too
    returned = replace(item, message=without_organization(item.message))
    return make_report(
        at,
        returned,
        due,
        name,
        header=header,
        human=_human(at, returned, due),
        whole_up_to=MAX_MESSAGE_ATTACH_SIZE,
        context=context,
    )


def _header(at: PointOfView, item: Item, to: Mailbox, sender: str) -> tuple[HeaderField, ...]:
    original = item.message.value("Message-ID")
    fields = [
        header_field("From", sender),
        header_field("To", f"<{to}>"),
        header_field("Date", mail_date(at.now)),
        header_field("Subject", f"Undeliverable: {item.message.value('Subject')}"),
        header_field("Auto-Submitted", "auto-replied"),
        header_field("X-MS-Exchange-Message-Is-Ndr", ""),
    ]
    if original:
        fields += [header_field("In-Reply-To", original), header_field("References", original)]
    return tuple(fields)


def _human(at: PointOfView, item: Item, failures: tuple[Failure, ...]) -> str:
    told = "\n\n".join(_to_the_sender(failure) for failure in failures)
    diagnosed = "\n\n".join(_to_the_administrator(failure) for failure in failures)
    header = item.message.header_bytes.decode("utf-8", "replace").replace("\r\n", "\n")
    return (
        f"Delivery has failed to these recipients or groups:\n\n{told}{_BLANK_LINES}"
        f"Diagnostic information for administrators:\n\nGenerating server: {at.mta.fqdn}\n\n{diagnosed}\n\n"
        f"Original message headers:\n\n{header}"
    )


def _to_the_sender(failure: Failure) -> str:
    path = failure.recipient.path
    return f"{path}<mailto:{path}>\n{_SENTENCES.get(failure.reply.enhanced, _OTHERWISE)}"


def _to_the_administrator(failure: Failure) -> str:
    remote = f"{failure.remote} ({failure.address})\n" if failure.remote else ""
    return f"{failure.recipient.path}\n{remote}Remote Server returned '{failure.reply}'"
