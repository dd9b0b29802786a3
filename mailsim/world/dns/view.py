"""Split horizon: names that some hosts see otherwise than everybody else."""

from __future__ import annotations

from dataclasses import dataclass, field

from mailsim.world.dns.zones import Zones


@dataclass(frozen=True, slots=True)
class View:
    """What some hosts see.

    Args:
        name: as the scenario calls it.
        hosts: the ids of the MTAs that ask here.
        own: the records of this view; a name that it owns hides that name of the public zones, with all its types.
        seen: what these hosts see in all.
    """

    name: str
    hosts: frozenset[str]
    own: Zones
    seen: Zones = field(repr=False, compare=False)

    @classmethod
    def of(cls, name: str, hosts: frozenset[str], own: Zones, public: Zones) -> View:
        """Lay the records of a view over the public ones."""
        return cls(name, hosts, own, own.over(public))
