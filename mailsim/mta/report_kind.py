"""Whether a message is a report about another one, and of which kind.

Asked where reports are treated unlike mail: they are deleted when addressed to a group, exempt from restrictions, and kept
from remote domains that want none. Judged by the header: what this MTA made, ``multipart/report`` (RFC 6522), and automatic
replies (RFC 3834); a report of failures by its part ``message/delivery-status`` (RFC 3464), or
the whole body where it has none. Source: "Recipient resolution in Exchange Server", delivery report redirection.
"""

from __future__ import annotations

import re
from enum import Enum

from mailsim.mta.kind import Item

_STATUS = re.compile(
    rb"^content-type:[ \t]*message/delivery-status.*?(?=^--|\Z)", re.IGNORECASE | re.MULTILINE | re.DOTALL
)
_FAILED = re.compile(rb"^action:[ \t]*failed", re.IGNORECASE | re.MULTILINE)


class ReportKind(Enum):
    """What a report is about."""

    NDR = "non-delivery report"
    DSN = "delivery status notification"
    MDN = "message disposition notification"
    AUTOMATIC_REPLY = "automatic reply"


def report_kind(item: Item) -> ReportKind | None:
    """Return what kind of report a message is, None for ordinary mail."""
    value = item.message.value
    content = value("Content-Type").lower()
    if content.startswith("multipart/report") and "disposition-notification" in content:
        return ReportKind.MDN
    if item.report or content.startswith("multipart/report"):
        return ReportKind.NDR if _tells_of_failure(item.message.body) else ReportKind.DSN
    if value("Auto-Submitted").lower().startswith("auto-replied"):  # rfc3834:5
        return ReportKind.AUTOMATIC_REPLY
    return None


def _tells_of_failure(body: bytes) -> bool:
    status = _STATUS.search(body)
    return _FAILED.search(status.group() if status else body) is not None
