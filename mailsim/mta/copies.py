"""Put recipients of a message that go on alike into one copy.

Called by every kind at the end of ``categorize``. Two recipients share a copy when fate, reverse-path and content are the
same; the copy keeps the reasons of all of them. A mailbox that is reached twice gets one copy, as stores drop duplicates.
Pure; the order of the first recipients is kept.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from mailsim.mail.address import ReversePath
from mailsim.mail.envelope import Envelope, Recipient
from mailsim.mta.kind import Copy, Deliver, Fate
from mailsim.reason.decision import Decision, Reason


def single(envelope: Envelope, recipient: Recipient, reverse_path: ReversePath) -> Envelope:
    """Return the envelope of a copy for one recipient."""
    return replace(envelope, recipients=(recipient,), reverse_path=reverse_path)


def gather(singles: Iterable[Copy]) -> tuple[Copy, ...]:
    """Join copies with the same fate, reverse-path and content.

    Args:
        singles: one copy a recipient, in the envelope's order.
    """
    groups: dict[tuple[Fate, ReversePath], list[list[Copy]]] = {}
    for each in singles:
        alike = groups.setdefault(_way(each), [])
        group = next((group for group in alike if group[0].message == each.message), None)
        if group is None:
            alike.append([each])
        else:
            group.append(each)
    return tuple(_joined(group) for alike in groups.values() for group in alike)


def _way(copy: Copy) -> tuple[Fate, ReversePath]:
    """Return what copies that travel together share; into a mailbox they all come together."""
    return (copy.fate, None if isinstance(copy.fate, Deliver) else copy.envelope.reverse_path)


def _joined(group: list[Copy]) -> Copy:
    recipients = {each.path.key: each for copy in reversed(group) for each in reversed(copy.recipients)}
    envelope = replace(group[0].envelope, recipients=tuple(reversed(recipients.values())))
    return replace(group[0], envelope=envelope, because=_reason(group))


def _reason(group: list[Copy]) -> Reason:
    """Return the one reason, or all of them where they differ."""
    different: list[Reason] = []
    for copy in group:
        if copy.because not in different:
            different.append(copy.because)
    if len(different) == 1:
        return different[0]
    return Decision("recipients that go on together", None, tuple(different), f"{len(group)} recipients")
