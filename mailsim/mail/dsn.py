"""Delivery status notifications: the machine-readable form of RFC 3464 around a vendor's own words.

The structure is common to all products: multipart/report with a human part, message/delivery-status and the
original message or its header. Boundaries derive from the Message-ID, so the same report has the same bytes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from mailsim.mail.address import Mailbox
from mailsim.mail.date import mail_date
from mailsim.mail.message import HeaderField, Message, header_field
from mailsim.mail.reply import Reply
from mailsim.mail.xtext import decode_xtext, typed_address


class Action(StrEnum):
    """What a notification says has become of a recipient (RFC 3464 section 2.3.3)."""

    FAILED = "failed"
    DELAYED = "delayed"
    DELIVERED = "delivered"
    RELAYED = "relayed"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientStatus:
    """What happened to one recipient.

    Args:
        final: the address at which it ended.
        orcpt: the original recipient as ``type;xtext``, empty when not given.
        action: what has become of it.
        reply: the reply that ended it, the remote's own where a remote refused.
        remote_mta: the host that gave the reply; empty when it was the reporting MTA itself.
        retry_until: when a delayed message is given up, UTC; None where that is not told.
        display_name: how the recipient is shown; empty where that is not told.
    """

    final: Mailbox
    orcpt: str
    action: Action
    reply: Reply
    remote_mta: str
    retry_until: datetime | None = None
    display_name: str = ""

    @property
    def status(self) -> str:
        """Return the enhanced code, or the class of the basic code where there is none (RFC 3463)."""
        return self.reply.enhanced or f"{str(self.reply.code)[0]}.0.0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One notification before it is written out.

    Args:
        reporting_mta: the FQDN of the MTA that reports.
        received_from: the host the message came from; empty when it was handed in there.
        arrival: when the reporting MTA got the message, UTC.
        envid: the ENVID of the message as xtext; empty when not given.
        recipients: what happened to each.
        human: the human-readable part as plain text.
        original: the message reported about.
        headers_only: whether only its header is returned (RET=HDRS, or too large).
    """

    reporting_mta: str
    received_from: str
    arrival: datetime
    envid: str
    recipients: tuple[RecipientStatus, ...]
    human: str
    original: Message
    headers_only: bool


def write_report(report: Report, header: tuple[HeaderField, ...], message_id: str) -> Message:
    """Write a notification as a message.

    Args:
        report: its content.
        header: the vendor's header fields: From, To, Subject, Date and whatever it adds.
        message_id: with angle brackets.
    """
    boundary = "report-" + re.sub(r"[^A-Za-z0-9]", "-", message_id.strip("<>"))
    kind = f'multipart/report; report-type=delivery-status; boundary="{boundary}"'
    mime = (
        header_field("MIME-Version", "1.0"),
        header_field("Message-ID", message_id),
        header_field("Content-Type", kind),
    )
    parts = (
        _part("text/plain; charset=utf-8", _octets(report.human.replace("\n", "\r\n"))),
        _part("message/delivery-status", _status(report)),
        _original(report),
    )
    body = b"".join(b"--" + boundary.encode() + b"\r\n" + part + b"\r\n" for part in parts)
    return Message((*header, *mime), b"\r\n", body + b"--" + boundary.encode() + b"--\r\n")


def _part(content_type: str, content: bytes) -> bytes:
    return f"Content-Type: {content_type}\r\n\r\n".encode() + content


def _original(report: Report) -> bytes:
    if report.headers_only:
        return _part("text/rfc822-headers", report.original.header_bytes)
    return _part("message/rfc822", report.original.to_bytes())


def _status(report: Report) -> bytes:
    about_message = [f"Reporting-MTA: dns;{report.reporting_mta}"]
    if report.envid:
        about_message.insert(0, f"Original-Envelope-Id: {decode_xtext(report.envid)}")
    if report.received_from:
        about_message.append(f"Received-From-MTA: dns;{report.received_from}")
    about_message.append(f"Arrival-Date: {mail_date(report.arrival)}")
    blocks = [about_message, *(_recipient(recipient) for recipient in report.recipients)]
    return _octets("\r\n".join("\r\n".join(block) + "\r\n" for block in blocks))


def _octets(text: str) -> bytes:
    """Encode text that may hold a remote host's words in no known encoding."""
    return text.encode("utf-8", "surrogateescape")


def _recipient(recipient: RecipientStatus) -> list[str]:
    lines = [
        f"Final-Recipient: {decode_xtext(typed_address(str(recipient.final)))}",
        f"Action: {recipient.action}",
        f"Status: {recipient.status}",
        f"Diagnostic-Code: smtp;{str(recipient.reply).replace(' / ', ' ')}",
    ]
    if recipient.orcpt:
        lines.insert(0, f"Original-Recipient: {decode_xtext(recipient.orcpt)}")
    if recipient.remote_mta:
        lines.append(f"Remote-MTA: dns;{recipient.remote_mta}")
    if recipient.display_name:
        lines.append(f"X-Display-Name: {recipient.display_name}")
    if recipient.retry_until is not None:
        lines.append(f"Will-Retry-Until: {mail_date(recipient.retry_until)}")  # rfc3464:2.3.9
    return lines
