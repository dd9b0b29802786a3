"""Active Directory sites and the links between them: what a route inside the organization costs.

A link joins the sites that it names with one cost, to each other and in both directions. Without any link every site is in
DEFAULTIPSITELINK, as Active Directory sets it up. Pure. Sources: "Mail routing" (least-cost routing path, hub sites),
Set-AdSite, Set-AdSiteLink.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from mailsim.mta.unmodelled import Configured

DEFAULT_COST = 100
"""Of a new site link, and of DEFAULTIPSITELINK."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site(Configured):
    """An Active Directory site (Set-AdSite)."""

    SPELLING: ClassVar[str] = "exchange"
    IGNORED: ClassVar[frozenset[str]] = frozenset({"Name", "Identity", "Guid", "PartnerId"})
    UNMODELLED: ClassVar[frozenset[str]] = frozenset({"InboundMailEnabled"})

    hub_site_enabled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteLink(Configured):
    """A link between sites (Set-AdSiteLink).

    Args:
        between: the names of two sites or more.
        cost: of Active Directory.
        exchange_cost: ExchangeCost, which counts instead where it is given.
    """

    SPELLING: ClassVar[str] = "exchange"
    IGNORED: ClassVar[frozenset[str]] = frozenset({"Name", "Identity", "Guid"})
    UNMODELLED: ClassVar[frozenset[str]] = frozenset({"MaxMessageSize"})

    between: tuple[str, ...]
    cost: int = DEFAULT_COST
    exchange_cost: int | None = None

    def __post_init__(self) -> None:
        """Refuse a link that joins nothing or costs nothing.

        Raises:
            ValueError: for fewer than two sites, or a cost below 1.
        """
        if len({each.lower() for each in self.between}) < 2:
            raise ValueError(
                f"the site link between {', '.join(self.between) or 'nothing'} joins no two sites"
            )
        if min(self.cost, self.counts) < 1:
            raise ValueError("the cost of a site link is below 1")

    @property
    def counts(self) -> int:
        """Return the cost that routing uses."""
        return self.cost if self.exchange_cost is None else self.exchange_cost

    def joins(self, site: str) -> bool:
        """Tell whether a site is on the link."""
        return site.lower() in {each.lower() for each in self.between}


@dataclass(frozen=True, slots=True)
class Path:
    """The least-cost routing path between two sites.

    Args:
        cost: the sum over its links.
        sites: every site on it, both ends included.
    """

    cost: int
    sites: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sites:
    """All sites of an organization.

    Args:
        named: by name; empty where the scenario has no sites, and then every server is in one.
        links: the links between them.
    """

    named: Mapping[str, Site] = field(default_factory=dict, hash=False)
    links: tuple[SiteLink, ...] = ()

    @property
    def written(self) -> tuple[Configured, ...]:
        """Return what the scenario says of sites and links, one by one."""
        return (*self.named.values(), *self.links)

    def path(self, start: str, end: str) -> Path | None:
        """Return the least-cost routing path, None where no chain of links leads there.

        Of paths with equal cost the one with fewer sites is taken, then the first by the names of its sites.
        """
        if start.lower() == end.lower():
            return Path(0, (start,))
        waiting: list[tuple[int, int, tuple[str, ...]]] = [(0, 1, (start,))]
        done: set[str] = set()
        while waiting:
            cost, count, sites = heapq.heappop(waiting)
            if sites[-1].lower() == end.lower():
                return Path(cost, sites)
            if sites[-1].lower() in done:
                continue
            done.add(sites[-1].lower())
            for neighbour, step in self._around(sites[-1]):
                heapq.heappush(waiting, (cost + step, count + 1, (*sites, neighbour)))
        return None

    def _around(self, site: str) -> list[tuple[str, int]]:
        """Return the sites that are one link away, with the cost."""
        if not self.links:
            return [(name, DEFAULT_COST) for name in self.named if name.lower() != site.lower()]
        return [
            (name, link.counts)
            for link in self.links
            if link.joins(site)
            for name in link.between
            if name.lower() != site.lower()
        ]

    def hub_between(self, path: Path) -> str | None:
        """Return the first hub site on a path, its ends left out; mail must stop there. None where there is none."""
        return next((name for name in path.sites[1:-1] if self._is_hub(name)), None)

    def _is_hub(self, site: str) -> bool:
        return any(
            name.lower() == site.lower() and each.hub_site_enabled for name, each in self.named.items()
        )
