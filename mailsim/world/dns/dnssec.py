"""What DNSSEC says of an answer, and how a scenario states it of zones.

No record is ever signed: a zone is stated to be signed, or to have signatures that do not fit, and its names inherit that until
another zone below says otherwise. Sources: RFC 4033 section 5, RFC 4035 section 4.3.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import TypeAlias

from mailsim.world.dns.name import parents


class Dnssec(Enum):
    """The state of an answer; the words in which a scenario states it of a zone."""

    UNSIGNED = "unsigned"
    SIGNED = "signed"
    BOGUS = "bogus"

    @property
    def authentic(self) -> bool:
        """Whether a validating resolver sets the AD bit."""
        return self is Dnssec.SIGNED


SecuredZones: TypeAlias = tuple[tuple[str, Dnssec], ...]
"""The top of each zone of which something is stated, and what."""


def security_of(name: str, zones: SecuredZones) -> Dnssec:
    """Return the state of a name: that of the nearest zone above it of which one is stated.

    Args:
        name: as names are compared.
        zones: what is stated; nothing makes every name unsigned.
    """
    stated = dict(zones)
    return next((stated[each] for each in (name, *parents(name)) if each in stated), Dnssec.UNSIGNED)


def weakest(states: Iterable[Dnssec]) -> Dnssec:
    """Return what holds for an answer that was put together from several (RFC 4035 section 4.3)."""
    found = set(states)
    if Dnssec.BOGUS in found:
        return Dnssec.BOGUS
    return Dnssec.SIGNED if found == {Dnssec.SIGNED} else Dnssec.UNSIGNED
