"""From an organization of a scenario to its Exchange servers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import combinations

from mailsim.config.document import Mark
from mailsim.config.format import OrganizationText, ServerCertificateText, ServerText, ServiceWord
from mailsim.config.link_recipients import link_directory
from mailsim.config.link_servers import link_servers, link_sites, require_servers
from mailsim.config.linking import Linking
from mailsim.config.names import mark_of, require_known, require_unique
from mailsim.mta.exchange_server.categorize.edge import as_edge_knows_it, internet_connectors
from mailsim.mta.exchange_server.config import ExchangeServerConfig, Organization
from mailsim.mta.exchange_server.defaults import TLS_VERSIONS
from mailsim.mta.exchange_server.organization_server import OrganizationServer, Role
from mailsim.mta.exchange_server.receive.default_connectors import default_connectors, default_edge_connectors
from mailsim.mta.exchange_server.receive.receive_connector import ReceiveConnector
from mailsim.mta.exchange_server.receive.uniqueness import conflict
from mailsim.mta.exchange_server.send.send_connector import SendConnector
from mailsim.world.topology import CertificateUse, Mta


def link_organization(linking: Linking, name: str, text: OrganizationText) -> Iterator[Mta]:
    """Yield the servers of an organization."""
    where = f"organization {name!r}"
    domains = ((str(each.domain_name), each.origin) for each in text.accepted_domains)
    require_unique(domains, linking.diagnostics, "accepted domain")
    remote = ((str(each.domain_name), each.origin) for each in text.remote_domains)
    require_unique(remote, linking.diagnostics, "remote domain")
    ports = {key: _ports(server, _receive_connectors(key, server)) for key, server in text.servers.items()}
    servers = tuple(link_servers(linking, text, ports, where))
    bare = Organization(
        name=name,
        accepted_domains=text.accepted_domains,
        send_connectors=_send_connectors(text, servers),
        servers=servers,
        sites=link_sites(linking, text, where),
        transport_config=text.transport_config,
        remote_domains=text.remote_domains,
    )
    require_servers(linking, text, servers, where)
    directory = link_directory(text.recipients, bare.default_domain, linking.file, linking.diagnostics, where)
    for key, server in text.servers.items():
        yield _server(linking, key, server, replace(bare, directory=directory))


def _send_connectors(
    text: OrganizationText, servers: tuple[OrganizationServer, ...]
) -> tuple[SendConnector, ...]:
    """Return the Send connectors, with those that Edge subscriptions create unless they are written."""
    written = {connector.name.lower() for connector in text.send_connectors}
    created = (each for each in internet_connectors(servers) if each.name.lower() not in written)
    return (*text.send_connectors, *created)


def _server(linking: Linking, key: str, text: ServerText, organization: Organization) -> Mta:
    where, at = f"server {key!r}", mark_of(text.origin)
    fqdn = linking.domain(text.fqdn, at, where)
    _require_side_by_side(linking, text.receive_connectors)
    connectors = _receive_connectors(key, text)
    return Mta(
        id=fqdn,
        kind="exchange_server",
        fqdn=fqdn,
        addresses=(text.ip,),
        ports=_ports(text, connectors),
        names=frozenset({key.lower()}),
        certificates=_store(linking, text.certificate, at, where),
        trusts=linking.trusts(text.trusts, at, where),
        tls=linking.tls(text, where, TLS_VERSIONS),
        config=ExchangeServerConfig(
            organization=_as_known(key, text, organization),
            name=key,
            receive_connectors=connectors,
            role=text.role,
            transport_service=text.transport_service,
        ),
        out_of_date_since=text.out_of_date_since,
        origin=text.origin,
    )


def _as_known(key: str, text: ServerText, organization: Organization) -> Organization:
    """Return the organization as a server knows it; an Edge Transport server knows a part, and maybe an old one."""
    edge = organization.server(key)
    if text.role is not Role.EDGE or edge is None:
        return organization
    known = text.accepted_domains or organization.accepted_domains
    return as_edge_knows_it(replace(organization, accepted_domains=known), edge, text.send_connectors)


def _require_side_by_side(linking: Linking, connectors: tuple[ReceiveConnector, ...]) -> None:
    """Report connectors that cannot be on one server together, at the later one."""
    for one, other in combinations(connectors, 2):
        problem = conflict(one, other)
        if problem:
            linking.diagnostics.error(
                mark_of(other.origin, "RemoteIPRanges"),
                f"receive connector {other.name!r}: {problem}, first by {one.name!r} at {one.source('RemoteIPRanges')}",
                wanted="a binding of its own, or ranges that differ and lie inside each other or apart",
            )


def _receive_connectors(key: str, text: ServerText) -> tuple[ReceiveConnector, ...]:
    """Return the Receive connectors of a server: as written, or those that setup creates for its role."""
    created = default_edge_connectors if text.role is Role.EDGE else default_connectors
    return text.receive_connectors or created(key)


def _ports(text: ServerText, connectors: tuple[ReceiveConnector, ...]) -> tuple[int, ...]:
    """Return the ports as written, or those on which an enabled connector listens at the server's address."""
    if text.ports is not None:
        return text.ports
    bound = (binding for connector in connectors if connector.enabled for binding in connector.listens_on)
    return tuple(dict.fromkeys(each.port for each in bound if each.covers(text.ip, each.port)))


def _store(
    linking: Linking, said: str | tuple[ServerCertificateText, ...], at: Mark | None, where: str
) -> tuple[CertificateUse, ...]:
    """Return the certificate store: what is installed when, and for how long; undefined ones are reported."""
    if isinstance(said, str):
        return linking.uses(said, at, where)
    for text in said:
        require_known(text.use, linking.certificates, linking.diagnostics, at, f"{where}: certificate")
    return tuple(
        CertificateUse(text.use, text.since, _removed(text, said), smtp=ServiceWord.SMTP in text.services)
        for text in sorted(said, key=lambda text: text.since)
    )


def _removed(text: ServerCertificateText, store: tuple[ServerCertificateText, ...]) -> timedelta | None:
    """Return when a certificate goes: as written, or when a later one replaces it."""
    replaced = (other.since for other in store if other.replaces and other.since > text.since)
    return min((*replaced, *([] if text.until is None else [text.until])), default=None)
