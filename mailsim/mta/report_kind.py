"""Whether a message is a report about another one, and of which kind.

Asked where reports are treated unlike mail: they are deleted when addressed to a group, exempt from restrictions, and kept
from remote domains that want none. Judged by the header: what this MTA made, ``multipart/report`` (RFC 6522), and automatic
replies (RFC 3834). Source: "Recipient resolution in Exchange Server", delivery report redirection.
"""

from __future__ import annotations

import re
from enum import Enum

from mailsim.mta.kind import Item

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
        return ReportKind.NDR if _FAILED.search(item.message.body) else ReportKind.DSN
    if value("Auto-Submitted").lower().startswith("auto-replied"):  # rfc3834:5
        return ReportKind.AUTOMATIC_REPLY
    return None
