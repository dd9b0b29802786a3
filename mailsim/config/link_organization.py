"""From an organization of a scenario to its Exchange servers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from mailsim.config.format import OrganizationText, ServerText
from mailsim.config.link_recipients import link_directory
from mailsim.config.linking import Linking
from mailsim.config.names import mark_of, require_unique
from mailsim.mta.exchange_server.config import ExchangeServerConfig, Organization
from mailsim.mta.exchange_server.receive_connector import PermissionGroup, ReceiveConnector
from mailsim.world.topology import Mta


def link_organization(linking: Linking, name: str, text: OrganizationText) -> Iterator[Mta]:
    """Yield the servers of an organization."""
    where = f"organization {name!r}"
    domains = ((str(each.domain_name), each.origin) for each in text.accepted_domains)
    require_unique(domains, linking.diagnostics, "accepted domain")
    if len(text.servers) != 1 and linking.whole:
        problem = f"{where} has {len(text.servers)} servers"
        linking.diagnostics.error(mark_of(text.origin), problem, wanted="one; several are not modelled yet")
    remote = ((str(each.domain_name), each.origin) for each in text.remote_domains)
    require_unique(remote, linking.diagnostics, "remote domain")
    bare = Organization(
        name=name,
        accepted_domains=text.accepted_domains,
        send_connectors=text.send_connectors,
        transport_config=text.transport_config,
        remote_domains=text.remote_domains,
    )
    directory = link_directory(text.recipients, bare.default_domain, linking.file, linking.diagnostics, where)
    for key, server in text.servers.items():
        yield _server(linking, key, server, replace(bare, directory=directory))


def _server(linking: Linking, key: str, text: ServerText, organization: Organization) -> Mta:
    where, at = f"server {key!r}", mark_of(text.origin)
    fqdn = linking.domain(text.fqdn, at, where)
    return Mta(
        id=fqdn,
        kind="exchange_server",
        fqdn=fqdn,
        addresses=(text.ip,),
        ports=text.ports,
        names=frozenset({key.lower()}),
        certificates=linking.uses(text.certificate, at, where),
        trusts=linking.trusts(text.trusts, at, where),
        config=ExchangeServerConfig(
            organization=organization,
            name=key,
            receive_connectors=text.receive_connectors or (_default_frontend(key),),
        ),
        origin=text.origin,
    )


def _default_frontend(server: str) -> ReceiveConnector:
    """Return the Default Frontend connector that every server has (New-ReceiveConnector, defaults)."""
    return ReceiveConnector(
        name=f"Default Frontend {server}",
        permission_groups=(
            PermissionGroup.ANONYMOUS_USERS,
            PermissionGroup.EXCHANGE_SERVERS,
            PermissionGroup.EXCHANGE_LEGACY_SERVERS,
        ),
    )
