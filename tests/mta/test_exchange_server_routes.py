"""Several servers and sites: how far they are from each other, where a route stops, and who is one of us."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address

import pytest
from exchange_worlds import facts, kind, on_premises, send_connector, submitted, view

from mailsim.mail.address import Mailbox
from mailsim.mta.exchange_server import servers
from mailsim.mta.exchange_server.categorize import inside
from mailsim.mta.exchange_server.organization_server import OrganizationServer, Role
from mailsim.mta.exchange_server.send.connector_selection import choose_send_connector
from mailsim.mta.exchange_server.sites import Site, SiteLink, Sites
from mailsim.mta.kind import Relay
from mailsim.reason.check import Check, Verdict
from mailsim.world.directory import Directory, DirectoryRecipient, Group, RecipientType


def link(*between: str, cost: int = 100, exchange_cost: int | None = None) -> SiteLink:
    """Make a site link."""
    return SiteLink(between=between, cost=cost, exchange_cost=exchange_cost)


NAMED = {name: Site() for name in "ABCD"}


@pytest.mark.parametrize(
    ("links", "end", "cost", "through"),
    [
        ((), "A", 0, ("A",)),
        ((), "B", 100, ("A", "B")),  # DEFAULTIPSITELINK joins them all
        ((link("A", "B", cost=10),), "B", 10, ("A", "B")),
        ((link("a", "b", cost=10),), "B", 10, ("A", "b")),
        ((link("A", "B", cost=10), link("B", "C", cost=5)), "C", 15, ("A", "B", "C")),
        ((link("A", "C", cost=15), link("A", "B", cost=10), link("B", "C", cost=5)), "C", 15, ("A", "C")),
        ((link("A", "C", cost=50), link("A", "B", cost=10), link("B", "C", cost=5)), "C", 15, ("A", "B", "C")),
        ((link("A", "B", cost=10, exchange_cost=40),), "B", 40, ("A", "B")),
        ((link("A", "B", "C", cost=7),), "C", 7, ("A", "C")),
    ],
)  # fmt: skip
def test_the_least_cost_routing_path(links, end, cost, through):
    """The sum of the costs is least, then the sites are fewest; ExchangeCost counts before the cost (Mail routing)."""
    path = Sites(NAMED, links).path("A", end)
    assert path is not None
    assert (path.cost, path.sites) == (cost, through)


def test_a_site_that_nothing_leads_to():
    """Without a chain of links there is no path."""
    assert Sites(NAMED, (link("A", "B"),)).path("A", "D") is None


@pytest.mark.parametrize(
    "wrong", [{"between": ("A",)}, {"between": ("A", "a")}, {"between": ("A", "B"), "cost": 0}]
)
def test_links_that_are_none(wrong):
    """A link joins two sites, and a cost is 1 or more (Set-AdSiteLink)."""
    with pytest.raises(ValueError):
        SiteLink(**wrong)


def server(name: str, site: str = "", role: Role = Role.MAILBOX, last: int = 99) -> OrganizationServer:
    """Make another server of contoso."""
    return OrganizationServer(name, f"{name}.contoso.com", IPv4Address(f"198.51.100.{last}"), site, role)


def world(*others: OrganizationServer, site: str = "", sites: Sites | None = None, **organization):
    """Look from mail.contoso.com at its organization with other servers."""
    mta = on_premises(**organization)
    here = OrganizationServer("mail", "mail.contoso.com", mta.addresses[0], site)
    changed = replace(mta.config.organization, servers=(here, *others), sites=sites or Sites())
    return view(replace(mta, config=replace(mta.config, organization=changed, name="mail")))


def routed(at, to: str) -> Relay:
    """Categorize a message for one recipient that is relayed."""
    (copy,) = kind(at).categorize(at, submitted(at, "alice@contoso.com", to)).copies
    assert isinstance(copy.fate, Relay)
    return copy.fate


def box(address: str, on: str) -> DirectoryRecipient:
    """Make a mailbox on a server."""
    mailbox = Mailbox.parse(address)
    return DirectoryRecipient(kind=RecipientType.MAILBOX, primary=mailbox, proxies=(mailbox,), server=on)


@pytest.mark.parametrize(("site", "queue"), [("A", "mbx2.contoso.com"), ("B", "Site:B;Version:15")])
def test_the_queue_to_a_mailbox(site, queue):
    """Within a site a queue is named after the database, which its server stands for; to another after the site."""
    at = world(
        server("mbx2", site),
        site="A",
        sites=Sites(NAMED),
        directory=Directory([box("bob@contoso.com", "mbx2")]),
    )
    relay = routed(at, "bob@contoso.com")
    assert (relay.via, relay.next_hop) == (inside.INTRA_ORGANIZATION, queue)
    assert relay.smart_hosts == ("mbx2.contoso.com",)


def test_the_queue_to_a_source_server_is_named_after_the_connector():
    """SmtpRelayToConnectorSourceServers: the next hop domain is the connector (Queues, NextHopSolutionKey)."""
    out = send_connector("Out", source_transport_servers=("mbx2",))
    relay = routed(world(server("mbx2"), send_connectors=(out,)), "ann@fabrikam.com")
    assert (relay.via, relay.next_hop) == (inside.INTRA_ORGANIZATION, "Out")


def test_the_queue_to_smart_hosts_brackets_addresses():
    """SmartHostConnectorDelivery: the list in configured order, addresses in brackets."""
    out = send_connector("Out", smart_hosts=("172.17.17.7", "relay.tailspintoys.com"))
    relay = routed(world(send_connectors=(out,)), "ann@fabrikam.com")
    assert relay.next_hop == "[172.17.17.7],relay.tailspintoys.com"


def test_edge_servers_are_reached_by_the_subscribed_site():
    """A Mailbox server of another site hands over to one of the subscribed site, which talks to the Edge server."""
    edge, hub = server("edge1", "B", Role.EDGE, 98), server("mbx2", "B", last=97)
    out = send_connector("EdgeSync - B to Internet", source_transport_servers=("edge1",))
    far = routed(world(edge, hub, site="A", sites=Sites(NAMED), send_connectors=(out,)), "ann@fabrikam.com")
    near = routed(world(edge, hub, site="B", sites=Sites(NAMED), send_connectors=(out,)), "ann@fabrikam.com")
    assert (far.smart_hosts, far.next_hop) == (("mbx2.contoso.com",), "B")
    assert (near.smart_hosts, near.next_hop) == (("edge1.contoso.com",), "EdgeSync - B to Internet")


def test_every_mailbox_server_is_a_source_server_unless_written():
    """A scenario has no server on which New-SendConnector was run."""
    at = world(server("mbx2"), send_connectors=(send_connector("Out"),))
    choice = choose_send_connector(at, Mailbox("ann", "fabrikam.com"), 1)
    assert choice.winner is not None
    assert choice.winner.ranks[2].saw == "local server: mail"


def test_a_group_with_another_expansion_server_is_not_expanded_here():
    """ExpansionServer: the group goes on as it is addressed (Recipient resolution)."""
    group = Mailbox.parse("all@contoso.com")
    listed = DirectoryRecipient(
        kind=RecipientType.GROUP,
        primary=group,
        proxies=(group,),
        group=Group(members=(Mailbox.parse("alice@contoso.com"),), expansion_server="MBX2.contoso.com"),
    )
    at = world(server("mbx2"), directory=Directory([box("alice@contoso.com", "mail"), listed]))
    assert routed(at, "all@contoso.com").next_hop == "mbx2.contoso.com"


def test_a_lone_server_knows_nobody():
    """Without other servers no peer is one of us."""
    at = world()
    assert servers.is_own_server(at, facts(at)).failed


@pytest.mark.parametrize(("port", "role", "used"), [(2525, Role.MAILBOX, 2525), (25, Role.EDGE, 25)])
def test_the_port_between_servers(port, role, used):
    """The Transport service of a Mailbox server listens on 2525, an Edge server on 25."""
    other = replace(server("mbx2", "A", role), port=port)
    at = world(other, site="A")
    relay = inside.relay_to(at, (other,), "")
    (target,) = inside.targets_inside(at, relay).value.found
    assert (target.address, target.port) == (other.address, used)


@pytest.mark.parametrize("to", ["bob@contoso.com", "ann@fabrikam.com"])
def test_what_is_not_modelled_of_sites_is_said_between_servers(to):
    """MaxMessageSize of a site link and InboundMailEnabled of a site could change where mail between servers goes."""
    links = (SiteLink(between=("A", "B"), unmodelled=("MaxMessageSize",)),)
    at = world(
        server("mbx2", "B"),
        site="A",
        sites=Sites({"A": Site(), "B": Site(unmodelled=("InboundMailEnabled",))}, links),
        send_connectors=(send_connector("Out", source_transport_servers=("mbx2",)),),
        directory=Directory([box("bob@contoso.com", "mbx2")]),
    )
    (copy,) = kind(at).categorize(at, submitted(at, "alice@contoso.com", to)).copies
    unknown = [
        each.rule
        for each in copy.because.because
        if isinstance(each, Check) and each.verdict is Verdict.UNKNOWN
    ]
    assert unknown == ["InboundMailEnabled", "MaxMessageSize"]
