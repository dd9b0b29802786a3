"""A change of DNS records, or of what goes wrong with them, while the simulation runs.

It stands beside the package it belongs to and knows the topology, so nothing in the package imports it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from mailsim.world.dns.view import View
from mailsim.world.dns.zones import Fault, RecordSet, Zones
from mailsim.world.topology import Topology


@dataclass(frozen=True, slots=True, kw_only=True)
class DnsChange:
    """What becomes of the records of one name.

    Args:
        at: when, UTC.
        owner: the name.
        removes: the types whose records go; None for all, with the faults of the name.
        sets: the records that come, in the place of those of the same type.
        faults: what goes wrong from then on.
        mends: the types of which nothing goes wrong any more; the empty type is for faults of all types.
        view: where; empty for the public zones.
    """

    at: datetime
    owner: str
    removes: frozenset[str] | None = frozenset()
    sets: tuple[RecordSet, ...] = ()
    faults: tuple[Fault, ...] = ()
    mends: frozenset[str] = frozenset()
    view: str = ""

    def made_in(self, world: Topology) -> Topology:
        """Return the topology after it."""
        public = world.zones if self.view else self._changed(world.zones)
        views = tuple(
            View.of(
                each.name, each.hosts, self._changed(each.own) if each.name == self.view else each.own, public
            )
            for each in world.views
        )
        return replace(world, zones=public, views=views)

    def _changed(self, zones: Zones) -> Zones:
        if self.removes is None:
            kept = tuple(each for each in zones.faults if each.owner != self.owner)
            return replace(zones.without(self.owner), faults=(*kept, *self.faults))
        come = {each.type for each in self.sets}
        # rfc2181:10.1 an alias has no other data, and what comes ends an alias
        gone = None if "CNAME" in come else self.removes | come | ({"CNAME"} if come else set())
        left = tuple(each for each in zones.faults if each.owner != self.owner or each.type not in self.mends)
        return replace(zones.without(self.owner, gone), faults=left).plus(self.sets, self.faults)

    def __str__(self) -> str:
        gone = sorted((self.removes or frozenset()) - {each.type for each in self.sets})
        said = (
            [f"no {kind} any more" for kind in gone] if self.removes is not None else ["no record any more"]
        )
        said += [f"{each.type} {', '.join(map(str, each.data))} (TTL {each.ttl})" for each in self.sets]
        said += [_said(each) for each in self.faults]
        said += [f"{kind or 'every type'} is answered again" for kind in sorted(self.mends)]
        place = f" in view {self.view}" if self.view else ""
        return f"DNS{place}: {self.owner} {'; '.join(said)}"


def _said(fault: Fault) -> str:
    kind = fault.type or "every type"
    if fault.fail is None:
        return f"{kind} is answered {fault.delay.total_seconds():g} s late"
    return f"{kind} fails: {fault.fail.value}"
