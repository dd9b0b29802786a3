"""Which Send connector a recipient leaves by.

The steps of Microsoft's page "Connector selection in external message routing", in its order: (1) the size; (2) enabled, in
scope, and an address space that covers the domain; (3) the most specific space; (4) the lowest aggregate cost; (5) the
fewest hops; (6) the lowest alphanumeric name. What follows when none is left (7) is the caller's. Pure.
"""

from __future__ import annotations

from mailsim.mail.address import Mailbox
from mailsim.mail.pattern import DomainPattern
from mailsim.mta.exchange_server.categorize.accepted_domain import DomainType
from mailsim.mta.exchange_server.config import organization_of
from mailsim.mta.exchange_server.organization_server import OrganizationServer, Role
from mailsim.mta.exchange_server.send.send_connector import (
    SELECTION,
    SendConnector,
    best_space,
    by_front_end,
    fits_size,
    in_scope,
    is_enabled,
    not_judged,
    serves,
    specificity,
)
from mailsim.mta.exchange_server.servers import Hops, Nearest, mailbox_servers, nearest, this_server
from mailsim.mta.kind import PointOfView
from mailsim.mta.unmodelled import unmodelled
from mailsim.reason.check import Check, check
from mailsim.reason.choice import Choice, Rank, select


def choose_send_connector(at: PointOfView, to: Mailbox, size: int) -> Choice[SendConnector]:
    """Choose the Send connector for one external recipient.

    Source: ms:connector-selection, steps 1 to 6 (documented).

    Args:
        at: the server that routes.
        to: the recipient as resolved.
        size: octets, header included.
    """
    organization, own = organization_of(at), own_domains(at)
    return select(
        f"Send connector for {to}",
        organization.send_connectors,
        name=lambda connector: connector.name,
        source=lambda connector: connector.source(),
        checks=lambda connector: (
            fits_size(at, connector, size),
            is_enabled(connector),
            *_within_reach(at, connector),
            serves(connector, to.domain, own),
            *not_judged(connector),
            *by_front_end(connector, len(mailbox_servers(at, this_server(at).site))),
            *unmodelled(connector),
        ),
        ranks=lambda connector: (
            specificity(connector, to.domain, own),
            *_distance(at, connector, best_space(connector, to.domain, own)[0].cost),
            Rank("lowest alphanumeric name", connector.name.lower(), connector.name),
        ),
        cite=SELECTION,
    )


def own_domains(at: PointOfView) -> tuple[DomainPattern, ...]:
    """Return what ``--`` stands for: the authoritative and the internal relay domains."""
    accepted = organization_of(at).accepted_domains
    return tuple(each.domain_name for each in accepted if each.domain_type is not DomainType.EXTERNAL_RELAY)


def source_servers(at: PointOfView, connector: SendConnector) -> tuple[OrganizationServer, ...]:
    """Return the servers that can use a connector.

    New-SendConnector takes the server it is run on where SourceTransportServers is not written; a scenario has no such
    server, so every Mailbox server counts.
    """
    organization = organization_of(at)
    if not connector.source_transport_servers or not organization.servers:
        return mailbox_servers(at) or (this_server(at),)
    named = (organization.server(name) for name in connector.source_transport_servers)
    return tuple(server for server in named if server is not None)


def way_to(at: PointOfView, connector: SendConnector) -> Nearest | None:
    """Return the nearest source servers of a connector; on an Edge Transport server that is always itself."""
    here = this_server(at)
    if here.role is Role.EDGE:
        return Nearest((here,), 0, Hops.LOCAL)
    return nearest(at, source_servers(at, connector))


def _within_reach(at: PointOfView, connector: SendConnector) -> tuple[Check, ...]:
    """Step 2: the connector is in scope, and a site link leads to a source server. Of a lone server there is nothing to say."""
    organization = organization_of(at)
    if len(organization.servers) < 2:
        return ()
    sources = source_servers(at, connector)
    reached = check(
        way_to(at, connector) is not None,
        "SourceTransportServers",
        saw=", ".join(server.name for server in sources) or "none",
        wanted="a source server that site links lead to",
        cite=SELECTION,
        source=connector.source("SourceTransportServers"),
    )
    return reached, in_scope(connector, this_server(at).site, tuple(server.site for server in sources))


def _distance(at: PointOfView, connector: SendConnector, cost: int) -> tuple[Rank, Rank]:
    """Steps 4 and 5: what the way to the source server costs beside the address space, and how far it is."""
    way = way_to(at, connector)
    if way is None:  # pragma: no cover - without a way the connector is not eligible
        raise ValueError(f"no way leads to a source server of {connector.name!r}")
    shown = f"cost {cost + way.cost}" + (
        f" (site links {way.cost}, address space {cost})" if way.cost else ""
    )
    return (
        Rank("lowest cost", cost + way.cost, shown),
        Rank("fewest hops", way.hops.value, f"{way.hops}: {way.servers[0].name}"),
    )
