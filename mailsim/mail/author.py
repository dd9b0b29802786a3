"""Who a message says it is from: the first address of its From field (RFC 5322 section 3.6.2)."""

from __future__ import annotations

from mailsim.mail.address import Mailbox
from mailsim.mail.message import Message


def author_of(message: Message) -> Mailbox | None:
    """Return the first address in the From field, None where none can be read."""
    text = message.value("From")
    bracketed = text.partition("<")[2].partition(">")[0]
    try:
        return Mailbox.parse(bracketed or text.partition(",")[0])
    except ValueError:
        return None
