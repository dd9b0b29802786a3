"""Put recipients of a message that go on alike into one copy.

Called by every kind at the end of ``categorize``. Two recipients share a copy when fate and content are the same; the
copy keeps the reasons of all of them. Pure; the order of the first recipients is kept.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from mailsim.mta.kind import Copy, Fate
from mailsim.reason.decision import Decision, Reason


def gather(singles: Iterable[Copy]) -> tuple[Copy, ...]:
    """Join copies with the same fate and the same content.

    Args:
        singles: one copy a recipient, in the envelope's order.
    """
    by_fate: dict[Fate, list[list[Copy]]] = {}
    for single in singles:
        groups = by_fate.setdefault(single.fate, [])
        alike = next((group for group in groups if group[0].message == single.message), None)
        if alike is None:
            groups.append([single])
        else:
            alike.append(single)
    return tuple(_joined(group) for groups in by_fate.values() for group in groups)


def _joined(group: list[Copy]) -> Copy:
    recipients = tuple(recipient for copy in group for recipient in copy.recipients)
    return replace(group[0], recipients=recipients, because=_reason(group))


def _reason(group: list[Copy]) -> Reason:
    """Return the one reason, or all of them where they differ."""
    different: list[Reason] = []
    for copy in group:
        if copy.because not in different:
            different.append(copy.because)
    if len(different) == 1:
        return different[0]
    return Decision("recipients that go on together", None, tuple(different), f"{len(group)} recipients")
