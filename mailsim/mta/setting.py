"""One setting that is on or off, held against what a decision wants of it."""

from __future__ import annotations

from mailsim.reason.check import Check, check
from mailsim.reason.cite import Citation
from mailsim.world.source import Written


def is_on(configured: Written, name: str, value: bool, *, cite: Citation, of: str = "") -> Check:
    """Want a setting to be True.

    Args:
        configured: the object it is a setting of.
        name: such as ``Enabled``.
        value: how it is set.
        cite: where it is known from that True is wanted.
        of: the object's name, where the rule should name it.
    """
    rule = f"{name} of {of!r}" if of else name
    return check(value, rule, saw=str(value), wanted="True", cite=cite, source=configured.source(name))
