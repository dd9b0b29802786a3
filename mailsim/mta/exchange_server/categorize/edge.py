"""The Edge Transport role: what a subscription creates, and how a server without Active Directory passes mail on.

An Edge Transport server has no mailboxes and does not resolve recipients: it knows the accepted domains and the Send
connectors that EdgeSync gave it, and its own. What belongs to an accepted domain goes in, everything else goes out.

Sources: "Edge Subscriptions in Exchange Server", "Receive connectors in Exchange Server" (default Receive connector on Edge
Transport servers).
"""

from __future__ import annotations

from dataclasses import replace

from mailsim.mail.envelope import Recipient
from mailsim.mta.copies import gather
from mailsim.mta.exchange_server.categorize.route import route
from mailsim.mta.exchange_server.config import Organization, config_of, organization_of
from mailsim.mta.exchange_server.organization_server import OrganizationServer, Role
from mailsim.mta.exchange_server.send.address_space import AddressSpace
from mailsim.mta.exchange_server.send.send_connector import ALL_OF_THE_SITE, SendConnector
from mailsim.mta.kind import Categorized, Item, PointOfView
from mailsim.mta.resolution import Resolution
from mailsim.reason.check import Check, check
from mailsim.reason.cite import documented
from mailsim.world.directory import Directory

SYNCHRONIZED = documented("ms:edge-subscriptions", "EdgeSync copies the accepted domains")


def is_edge(at: PointOfView) -> bool:
    """Tell whether a server has the Edge Transport role."""
    return config_of(at).role is Role.EDGE


def categorize(at: PointOfView, item: Item) -> Categorized:
    """Route every recipient as it is addressed."""
    unresolved = (
        Resolution(recipient=each, reverse_path=item.envelope.reverse_path)
        for each in item.envelope.recipients
    )
    return Categorized(gather(route(at, item, each, (_knows(at, each.recipient),)) for each in unresolved))


def _knows(at: PointOfView, recipient: Recipient) -> Check:
    """State whether a recipient belongs to an accepted domain, in the copy that the server has."""
    organization, domain = organization_of(at), recipient.path.domain
    accepted = organization.accepted(domain)
    names = ", ".join(str(each.domain_name) for each in organization.accepted_domains) or "none"
    shown = accepted or next(iter(organization.accepted_domains), None)
    return check(
        True,
        f"AcceptedDomains of {at.mta.fqdn}",
        saw=f"{domain} is in {accepted.domain_name}" if accepted else f"{domain} is in none of {names}",
        cite=SYNCHRONIZED,
        source=shown.source("DomainName") if shown else "",
    )


def inbound_connector(site: str) -> SendConnector:
    """Return the connector by which mail for the accepted domains goes to the Mailbox servers of the subscribed site."""
    return SendConnector(
        name=f"EdgeSync - Inbound to {site}",
        address_spaces=(AddressSpace.parse("SMTP:--;1"),),
        smart_hosts=(ALL_OF_THE_SITE,),
        dns_routing_enabled=False,
    )


def internet_connectors(servers: tuple[OrganizationServer, ...]) -> tuple[SendConnector, ...]:
    """Return the connectors by which the organization sends through its subscribed Edge Transport servers, one a site."""
    subscribed = [server for server in servers if server.role is Role.EDGE and server.site]
    return tuple(
        SendConnector(
            name=f"EdgeSync - {site} to Internet",
            address_spaces=(AddressSpace.parse("SMTP:*;100"),),
            dns_routing_enabled=True,
            domain_secure_enabled=True,
            source_transport_servers=tuple(server.name for server in subscribed if server.site == site),
        )
        for site in dict.fromkeys(server.site for server in subscribed)
    )


def as_edge_knows_it(
    organization: Organization, edge: OrganizationServer, own: tuple[SendConnector, ...]
) -> Organization:
    """Return an organization as an Edge Transport server knows it: its own connectors, and no recipients.

    Args:
        organization: with every connector.
        edge: the server.
        own: connectors that were created on it.
    """
    synced = tuple(
        connector
        for connector in organization.send_connectors
        if any(edge.bears(name) for name in connector.source_transport_servers)
    )
    inward = (inbound_connector(edge.site),) if edge.site else ()
    written = {connector.name.lower() for connector in own}
    kept = (connector for connector in (*synced, *inward) if connector.name.lower() not in written)
    return replace(organization, send_connectors=(*own, *kept), directory=Directory())
