"""A second server for a drawn Exchange organization: another Mailbox server or an Edge server, in the same site or another.

``topologies`` draws the first server; this makes two of it that know each other, with source servers for the connectors.
"""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address

from hypothesis import strategies as st

from mailsim.mta.exchange_server.categorize.edge import as_edge_knows_it, internet_connectors
from mailsim.mta.exchange_server.organization_server import OrganizationServer, Role
from mailsim.mta.exchange_server.receive.default_connectors import default_connectors, default_edge_connectors
from mailsim.mta.exchange_server.sites import Site, SiteLink, Sites
from mailsim.world.topology import Mta

LINKS = st.sampled_from(((), (SiteLink(between=("A", "B"), cost=5),), (SiteLink(between=("B", "C")),)))


@st.composite
def with_second_server(draw: st.DrawFn, first: Mta, host: str, address: IPv4Address) -> tuple[Mta, ...]:
    """Draw an organization's servers from its first one.

    Args:
        draw: hypothesis.
        first: with the whole organization.
        host: the name of the second.
        address: its address.
    """
    role = draw(st.sampled_from(Role))
    edge = role is Role.EDGE
    name = "edge" if edge else "second"
    others = [
        OrganizationServer("first", first.fqdn, first.addresses[0], "A"),
        OrganizationServer(name, host, address, draw(st.sampled_from(("A", "B"))), role),
    ]
    # mailboxes without a server are on the first Mailbox server
    servers = tuple(draw(st.permutations(others)))
    before = first.config.organization
    sources = st.sampled_from(((), ("first",), (name,), ("first", name)))
    connectors = tuple(
        replace(each, source_transport_servers=draw(sources), is_scoped_connector=draw(st.booleans()))
        for each in before.send_connectors
    )
    organization = replace(
        before,
        servers=servers,
        sites=Sites({"A": Site(), "B": Site(hub_site_enabled=True)}, draw(LINKS)),
        send_connectors=(*connectors, *internet_connectors(servers)),
    )
    second = replace(
        first,
        id=host,
        fqdn=host,
        addresses=(address,),
        ports=(25,),
        config=replace(
            first.config,
            name=name,
            role=role,
            organization=as_edge_knows_it(organization, others[1], ()) if edge else organization,
            receive_connectors=(default_edge_connectors if edge else default_connectors)(name),
        ),
    )
    return replace(first, config=replace(first.config, name="first", organization=organization)), second
