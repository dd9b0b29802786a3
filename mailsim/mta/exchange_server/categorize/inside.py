"""From one server of an organization to another: to a mailbox, to an expansion server, to a connector's source server.

The hop is made by the implicit Send connector that every server has. Rules: (1) a mailbox is reached on the server that has
it, which the scenario says in the place of a database; (2) mail for another site stops at a hub site on the least-cost
routing path; (3) Edge Transport servers take mail only from Mailbox servers of the site they are subscribed to.

Exchange may hand a message for another site to any server there, which passes it on; here the server with the mailbox takes
it. What a Front End server does before there is a message, the choice of a Transport service for it, is not modelled.
Source: "Mail routing".
"""

from __future__ import annotations

from dataclasses import dataclass

from mailsim.mta.exchange_server import defaults
from mailsim.mta.exchange_server.config import organization_of
from mailsim.mta.exchange_server.organization_server import OrganizationServer, Role
from mailsim.mta.exchange_server.send.send_assumptions import SERVER_OF_GROUP
from mailsim.mta.exchange_server.servers import (
    ROUTING,
    Hops,
    Nearest,
    mailbox_servers,
    nearest,
    this_server,
)
from mailsim.mta.kind import PointOfView, Relay, Target, Targets
from mailsim.mta.relaying.tls_policy import TlsDemand, TlsPolicy
from mailsim.mta.resolution import Resolution
from mailsim.reason.check import Check, check
from mailsim.reason.decision import Decision
from mailsim.world.directory import DirectoryRecipient

INTRA_ORGANIZATION = "Intra-Organization SMTP Send Connector"
"""The implicit connector, as message tracking and protocol logs name it (observed)."""

_SELF_SIGNED = TlsPolicy(
    TlsDemand.OPPORTUNISTIC, "", f"X-ANONYMOUSTLS of {INTRA_ORGANIZATION!r}: any certificate, self-signed too"
)


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Another server of the organization that goes on with a recipient.

    Args:
        server: the one that has the mailbox or expands the group.
        because: the setting that says so.
    """

    server: OrganizationServer
    because: Check


def home_elsewhere(at: PointOfView, resolution: Resolution) -> Elsewhere | None:
    """Return the other server that goes on with a recipient; None when this one does, or none has to."""
    found = resolution.ended_at
    if found is None or resolution.settled:
        return None
    organization = organization_of(at)
    if found.is_mailbox:
        home, setting = organization.home(found.server), "server"
    else:
        home, setting = _expansion_server(at, found), "ExpansionServer"
    if home is None or home == this_server(at):
        return None
    why = check(
        True, f"{setting} of {found.primary}", saw=home.name, cite=ROUTING, source=found.source(setting)
    )
    return Elsewhere(home, why)


def expands_elsewhere(at: PointOfView, found: DirectoryRecipient) -> bool:
    """Tell whether another server is the one that expands a group."""
    server = _expansion_server(at, found)
    return server is not None and server != this_server(at)


def _expansion_server(at: PointOfView, found: DirectoryRecipient) -> OrganizationServer | None:
    named = found.group.expansion_server if found.group else ""
    return organization_of(at).server(named) if named else None


def relay_toward(at: PointOfView, way: Nearest, queue: str) -> Relay:
    """Return the route to the nearest of some servers, or to the site in which the message has to stop before.

    Args:
        at: the server that routes.
        way: the servers, none of them this one.
        queue: the next hop domain of a queue that leads there directly.
    """
    stop = _stop_before(at, way)
    servers = nearest(at, mailbox_servers(at, stop)) if stop is not None else None
    if servers is None or stop is None:
        return relay_to(at, way.servers, queue)
    return relay_to(at, servers.servers, stop)


def _stop_before(at: PointOfView, way: Nearest) -> str | None:
    """Return the site in which a message must stop on its way; None when it goes straight there."""
    here, target, sites = this_server(at), way.servers[0], organization_of(at).sites
    path = sites.path(here.site, target.site)
    hub = sites.hub_between(path) if path else None
    if hub is None and target.role is Role.EDGE and way.hops is Hops.REMOTE_SITE:
        return target.site
    return hub


def relay_to(
    at: PointOfView, servers: tuple[OrganizationServer, ...], queue: str, via: str = INTRA_ORGANIZATION
) -> Relay:
    """Return the route to servers of the own organization, tried in order.

    Args:
        at: the server that routes.
        servers: at least one.
        queue: the next hop domain as a queue shows it.
        via: the connector.
    """
    return Relay(
        via=via,
        queue=queue,
        smart_hosts=tuple(server.fqdn for server in servers),
        tls=_SELF_SIGNED,
        certificate=at.certificate,
        helo=at.mta.fqdn,
        source=at.mta.addresses[0],
        messages_per_connection=defaults.SMTP_MAX_MESSAGES_PER_CONNECTION,
    )


def queue_to(server: OrganizationServer, hops: Hops) -> str:
    """Return the next hop domain of a queue to a server with mailboxes.

    Within a site it is named after the database, which a scenario does not have: its server stands for it.
    """
    return f"Site:{server.site};Version:15" if hops is Hops.REMOTE_SITE else server.fqdn


def targets_inside(at: PointOfView, relay: Relay) -> Decision[Targets]:
    """Return the addresses of servers of the organization: as Active Directory has them, whatever public DNS says."""
    servers = [server for name in relay.smart_hosts if (server := organization_of(at).server(name))]
    from_edge = this_server(at).role is Role.EDGE
    found = tuple(Target(each.fqdn, each.address, 25 if from_edge else each.port) for each in servers)
    answer = ", ".join(f"{target.host} [{target.address}]" for target in found)
    cite = SERVER_OF_GROUP.cite(at.assumed(SERVER_OF_GROUP)) if len(found) > 1 else ROUTING
    why = check(True, "servers of the organization", saw=answer, cite=cite)
    return Decision(f"next hop for {relay.next_hop}", Targets(found), (why,), answer)
