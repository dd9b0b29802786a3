"""What the servers of an organization know of each other: names, sites, and where else a scenario names a server."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from mailsim.config.format import GroupText, OrganizationText, RecipientsText, RecipientText
from mailsim.config.linking import Linking
from mailsim.config.names import mark_of, require_known
from mailsim.mta.exchange_server.organization_server import (
    SUBMISSION_BETWEEN_SERVERS,
    OrganizationServer,
    Role,
)
from mailsim.mta.exchange_server.send.send_connector import SendConnector
from mailsim.mta.exchange_server.sites import Site, Sites
from mailsim.world.source import Origin


def link_servers(
    linking: Linking, text: OrganizationText, ports: Mapping[str, tuple[int, ...]], where: str
) -> Iterator[OrganizationServer]:
    """Yield the servers as they know each other; sites that are not defined are reported.

    Where the scenario defines sites, every Mailbox server must be in one.

    Args:
        linking: the scenario.
        text: the organization.
        ports: where each server listens, by its key.
        where: the organization in words.
    """
    spelled = {name.lower(): name for name in text.sites}
    for key, server in text.servers.items():
        at = mark_of(server.origin, "site")
        if server.site and text.sites:
            require_known(server.site, text.sites, linking.diagnostics, at, f"{where}: site")
        elif text.sites and server.role is Role.MAILBOX:
            problem = f"{where}: server {key!r} is in no site"
            linking.diagnostics.error(at, problem, wanted=f"site: one of {', '.join(text.sites)}")
        if server.role is Role.MAILBOX and (server.send_connectors or server.accepted_domains):
            problem = f"{where}: server {key!r} is no Edge server and has what only they have of their own"
            wanted = "SendConnectors and AcceptedDomains at the organization, or role: edge"
            linking.diagnostics.error(at, problem, wanted=wanted)
        listens = SUBMISSION_BETWEEN_SERVERS in ports[key] and server.role is Role.MAILBOX
        yield OrganizationServer(
            name=key,
            fqdn=linking.domain(server.fqdn, mark_of(server.origin), f"server {key!r}"),
            address=server.ip,
            site=spelled.get(server.site.lower(), server.site),
            role=server.role,
            port=SUBMISSION_BETWEEN_SERVERS if listens else 25,
        )


def link_sites(linking: Linking, text: OrganizationText, where: str) -> Sites:
    """Return the sites of an organization; links to sites that are not defined are reported."""
    for link in text.site_links:
        for name in link.between:
            at = mark_of(link.origin)
            require_known(name, text.sites, linking.diagnostics, at, f"{where}: site link: site")
    return Sites({name: site or Site() for name, site in text.sites.items()}, text.site_links)


def require_servers(
    linking: Linking, text: OrganizationText, servers: tuple[OrganizationServer, ...], where: str
) -> None:
    """Report servers that are named and not there, and ``--`` where only Edge Transport servers know it."""
    if not any(server.role is Role.MAILBOX for server in servers) and linking.whole:
        linking.diagnostics.error(
            mark_of(text.origin), f"{where} has no Mailbox server", wanted="one or more"
        )
    for name, origin, what in _of_connectors(text.send_connectors):
        says = f"{where}: {what}: server"
        require_known(name, _names(servers), linking.diagnostics, mark_of(origin), says)
    boxes = [server for server in servers if server.role is Role.MAILBOX]
    for name, origin, what in servers_of_recipients(text.recipients):
        says = f"{where}: {what}: Mailbox server"
        require_known(name, _names(boxes), linking.diagnostics, mark_of(origin), says)
    for connector in text.send_connectors:
        if any(space.is_own_domains for space in connector.address_spaces):
            problem = (
                f"{where}: send connector {connector.name!r}: the address space -- is of Edge servers only"
            )
            at = mark_of(connector.origin, "AddressSpaces")
            linking.diagnostics.error(at, problem, wanted="domains, or the connector on an Edge server")


def _names(servers: Iterable[OrganizationServer]) -> list[str]:
    return [each for server in servers for each in (server.name, server.fqdn)]


def _of_connectors(connectors: tuple[SendConnector, ...]) -> Iterator[tuple[str, Origin | None, str]]:
    for connector in connectors:
        for name in connector.source_transport_servers:
            yield name, connector.origin, f"SourceTransportServers of {connector.name!r}"


def servers_of_recipients(everybody: RecipientsText) -> Iterator[tuple[str, Origin | None, str]]:
    """Yield every server that a mailbox or a group names, with the place and what names it."""
    boxes = (everybody.mailboxes, everybody.public_folders)
    for table in (*boxes, everybody.groups, everybody.dynamic_groups):
        for name, said in table.items() if not isinstance(table, tuple) else ():
            if isinstance(said, RecipientText) and said.server:
                yield said.server, said.origin, f"mailbox {name!r}"
            if isinstance(said, GroupText) and said.expansion_server:
                yield said.expansion_server, said.origin, f"ExpansionServer of {name!r}"
