"""The servers of an organization, seen from one of them: who they are, how far they are, who is one of us.

Called by the selection of connectors, by the route to another server, and by the receiving side. Pure. Sources: "Mail
routing" (delivery groups, least-cost routing path), "Connector selection in external message routing".
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from ipaddress import IPv4Address

from mailsim.mta.exchange_server.config import config_of, organization_of
from mailsim.mta.exchange_server.organization_server import OrganizationServer, Role
from mailsim.mta.exchange_server.send.send_assumptions import OWN_SERVERS, SERVER_OF_GROUP
from mailsim.mta.kind import PointOfView
from mailsim.reason.check import Check, check
from mailsim.reason.cite import documented
from mailsim.world.facts import SessionFacts
from mailsim.world.topology import Mta

ROUTING = documented("ms:mail-routing", "Mail routing")


class Hops(Enum):
    """How far a server is, nearest first; the values rank."""

    LOCAL = 0
    SAME_SITE = 1
    REMOTE_SITE = 2

    def __str__(self) -> str:
        return self.name.lower().replace("_", " ").replace("local", "local server")


@dataclass(frozen=True, slots=True)
class Nearest:
    """The nearest of several servers.

    Args:
        servers: those that are equally near, in the order in which they are tried; at least one.
        cost: of the site links on the way.
        hops: how far they are.
    """

    servers: tuple[OrganizationServer, ...]
    cost: int
    hops: Hops


def this_server(at: PointOfView) -> OrganizationServer:
    """Return the server that decides."""
    found = organization_of(at).server(at.mta.fqdn)
    return found or OrganizationServer(config_of(at).name or at.mta.fqdn, at.mta.fqdn, at.mta.addresses[0])


def nearest(at: PointOfView, servers: Iterable[OrganizationServer]) -> Nearest | None:
    """Return the nearest of some servers; None where there is none, or no site link leads to any."""
    measured = [(distance, server) for server in servers if (distance := _distance(at, server)) is not None]
    if not measured:
        return None
    least = min((cost, hops.value) for (cost, hops), _ in measured)
    equal = [server for (cost, hops), server in measured if (cost, hops.value) == least]
    backwards = at.assumed(SERVER_OF_GROUP) == "by name, reversed"
    ordered = sorted(equal, key=lambda server: server.name.lower(), reverse=backwards)
    return Nearest(tuple(ordered), least[0], Hops(least[1]))


def _distance(at: PointOfView, server: OrganizationServer) -> tuple[int, Hops] | None:
    """Return the cost of the least-cost routing path and the hops to a server."""
    here = this_server(at)
    if server == here:
        return 0, Hops.LOCAL
    path = organization_of(at).sites.path(here.site, server.site)
    if path is None:
        return None
    return path.cost, Hops.SAME_SITE if len(path.sites) == 1 else Hops.REMOTE_SITE


def mailbox_servers(at: PointOfView, site: str | None = None) -> tuple[OrganizationServer, ...]:
    """Return the Mailbox servers of the organization, or of one of its sites."""
    return tuple(
        server
        for server in organization_of(at).servers
        if server.role is Role.MAILBOX and site in (None, server.site)
    )


def is_own_server(at: PointOfView, facts: SessionFacts) -> Check:
    """Whether the peer of a session is another Exchange server of this organization, authenticated as such.

    Between servers of one organization Exchange speaks X-ANONYMOUSTLS, which accepts self-signed certificates, and X-EXPS,
    by which they authenticate each other. Neither is on the wire in mailsim: that the peer's address belongs to a server of
    the organization stands for both. The connector's AuthMechanism must have ExchangeServer too; that is the caller's to
    ask. An Edge Transport server is known, and knows the others, by its subscription alone.
    """
    choice = at.assumed(OWN_SERVERS)
    peer = _own_server_at(at, facts.peer_ip)
    return check(
        peer is not None and choice == "authenticated",
        "authenticated as Exchange server",
        saw=f"client {peer.fqdn if peer else 'of no Exchange server'}",
        wanted="ExchangeServer authentication",
        cite=OWN_SERVERS.cite(choice) if peer else ROUTING,
    )


def own_server_role(at: PointOfView, facts: SessionFacts) -> Role | None:
    """Return what is installed on the peer of a session; None for one that is no server of this organization."""
    peer = _own_server_at(at, facts.peer_ip)
    role: Role | None = peer.config.role if peer else None
    return role


def _own_server_at(at: PointOfView, address: IPv4Address) -> Mta | None:
    """Return the other server of the organization that has an address; None when none has it."""
    name = organization_of(at).name
    others = (each for each in at.world.mtas.values() if each.kind == at.mta.kind and each.id != at.mta.id)
    own = (each for each in others if each.config.organization.name == name and _subscribed(each))
    return next((each for each in own if _subscribed(at.mta) and address in each.addresses), None)


def _subscribed(mta: Mta) -> bool:
    """Tell whether a server is a Mailbox server, or an Edge Transport server with a subscription."""
    known = mta.config.organization.server(mta.fqdn)
    return mta.config.role is Role.MAILBOX or bool(known and known.site)
