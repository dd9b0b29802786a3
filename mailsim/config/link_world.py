"""From the sections of a scenario to a topology: MTAs, names, certificates, DNS.

What a section implies is filled in here: the host names by which every tenant is reached, the MX of internet domains,
the service's own certificate, the default Receive connector.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from ipaddress import IPv4Address, IPv4Network

from mailsim.config.diagnostic import Diagnostics
from mailsim.config.document import Mark
from mailsim.config.format import (
    AuthorityText,
    CertificateText,
    CertificateUseText,
    ClientText,
    InternetText,
    OnlineText,
    OrganizationText,
    ScenarioText,
    ServerText,
    TenantText,
)
from mailsim.config.link_recipients import link_directory
from mailsim.config.names import address, mark_of, require_known, require_unique
from mailsim.config.record import DEFAULT_TTL
from mailsim.mail.address import parse_domain
from mailsim.mta.client import ClientConfig
from mailsim.mta.exchange_online import config as online
from mailsim.mta.exchange_online.connector import ConnectorType
from mailsim.mta.exchange_online.defaults import CLIENT_CERTIFICATE
from mailsim.mta.exchange_server import config as onprem
from mailsim.mta.exchange_server.receive_connector import PermissionGroup, ReceiveConnector
from mailsim.mta.generic.config import GenericConfig
from mailsim.mta.relaying.tls_policy import TlsDemand
from mailsim.world.certificate import AuthoritySpec, CertificateSpec
from mailsim.world.directory import Directory
from mailsim.world.dns import MxRecord, Zones
from mailsim.world.topology import CertificateUse, Mta, Topology

PUBLIC, SELF_SIGNED = "public", "self-signed"
SERVICE = "Exchange Online"
VALIDITY = timedelta(days=3650)
"""Outside clients judge certificates by the real clock, wherever the scenario's start lies."""
START = "2026-01-05T09:00:00+00:00"


class WorldLinker:
    """Makes the topology of one scenario; every fault goes to the diagnostics.

    Args:
        text: the scenario as bound.
        file: its name, for files beside it.
        diagnostics: gets every fault.
    """

    def __init__(self, text: ScenarioText, file: str, diagnostics: Diagnostics) -> None:
        self._text = text
        self._file = file
        self._diagnostics = diagnostics
        self._whole = not diagnostics.error_count
        self._start = text.start or datetime.fromisoformat(START)
        self._authorities = self._link_authorities()
        self._certificates = self._link_certificates()

    def link(self) -> Topology:
        """Return the topology; where errors were found it is not to be used."""
        mtas = {mta.id: mta for mta in self._mtas()}
        self._check_addresses(mtas)
        return Topology(
            start=self._start,
            mtas=mtas,
            zones=self._zones(mtas),
            authorities=self._authorities,
            certificates=self._certificates,
            stranger=self._stranger(mtas),
        )

    # --- certificates -------------------------------------------------------------------------------------

    def _link_authorities(self) -> dict[str, AuthoritySpec]:
        found = {PUBLIC: AuthoritySpec(name=PUBLIC, common_name="mailsim Public CA")}
        for name, said in self._text.authorities.items():
            text = said or AuthorityText()
            found[name] = AuthoritySpec(name=name, common_name=text.common_name or name, public=text.public)
        return found

    def _link_certificates(self) -> dict[str, CertificateSpec]:
        found = {}
        for name, said in self._text.certificates.items():
            text = said or CertificateText()
            at = mark_of(text.origin)
            own_name = text.authority != SELF_SIGNED
            if own_name:
                require_known(
                    text.authority,
                    self._authorities,
                    self._diagnostics,
                    at,
                    f"certificate {name!r}: authority",
                )
            names = text.names or ((text.common_name or name),)
            found[name] = CertificateSpec(
                name=name,
                common_name=text.common_name or names[0],
                names=names,
                authority=text.authority if own_name else None,
                not_before=text.not_before or self._start - VALIDITY,
                not_after=text.not_after or self._start + VALIDITY,
            )
            if found[name].not_after <= found[name].not_before:
                self._diagnostics.error(at, f"certificate {name!r}: not_after is not later than not_before")
        return found

    def _service_certificate(self) -> str:
        if CLIENT_CERTIFICATE not in self._certificates:
            self._certificates[CLIENT_CERTIFICATE] = CertificateSpec(
                name=CLIENT_CERTIFICATE,
                common_name=CLIENT_CERTIFICATE,
                names=(CLIENT_CERTIFICATE, "*." + CLIENT_CERTIFICATE),
                authority=PUBLIC,
                not_before=self._start - VALIDITY,
                not_after=self._start + VALIDITY,
            )
        return CLIENT_CERTIFICATE

    def _uses(
        self, said: str | tuple[CertificateUseText, ...], at: Mark | None, where: str
    ) -> tuple[CertificateUse, ...]:
        """Return when a host uses which certificate; undefined ones are reported."""
        texts = (CertificateUseText(use=said),) if isinstance(said, str) and said else said or ()
        uses = [
            CertificateUse(text.use, text.since) for text in texts if isinstance(text, CertificateUseText)
        ]
        for use in uses:
            require_known(use.certificate, self._certificates, self._diagnostics, at, f"{where}: certificate")
        return tuple(sorted(uses, key=lambda use: use.since))

    def _trusts(self, names: tuple[str, ...], at: Mark | None, where: str) -> frozenset[str]:
        for name in names:
            require_known(name, self._authorities, self._diagnostics, at, f"{where}: authority")
        return frozenset(name for name in names if name in self._authorities)

    # --- MTAs ---------------------------------------------------------------------------------------------

    def _mtas(self) -> Iterator[Mta]:
        for name, organization in self._text.organizations.items():
            yield from self._organization(name, organization)
        if self._text.exchange_online is not None:
            yield self._service(self._text.exchange_online)
        for domain, internet in self._text.internet.items():
            yield self._internet(domain, internet)
        for name, client in self._text.clients.items():
            yield self._client(name, client)

    def _organization(self, name: str, text: OrganizationText) -> Iterator[Mta]:
        where = f"organization {name!r}"
        domains = ((str(each.domain_name), each.origin) for each in text.accepted_domains)
        require_unique(domains, self._diagnostics, "accepted domain")
        if len(text.servers) != 1 and self._whole:
            problem = f"{where} has {len(text.servers)} servers"
            self._diagnostics.error(mark_of(text.origin), problem, wanted="one; several are not modelled yet")
        bare = onprem.ExchangeServerConfig(organization=name, accepted_domains=text.accepted_domains)
        directory = link_directory(text.recipients, bare.default_domain, self._file, self._diagnostics, where)
        for key, server in text.servers.items():
            yield self._server(name, key, server, text, directory)

    def _server(
        self, organization: str, key: str, text: ServerText, around: OrganizationText, directory: Directory
    ) -> Mta:
        where, at = f"server {key!r}", mark_of(text.origin)
        connectors = text.receive_connectors or (_default_frontend(key),)
        config = onprem.ExchangeServerConfig(
            organization=organization,
            accepted_domains=around.accepted_domains,
            send_connectors=around.send_connectors,
            receive_connectors=connectors,
            directory=directory,
        )
        fqdn = self._domain(text.fqdn, at, where)
        return Mta(
            id=fqdn,
            kind="exchange_server",
            fqdn=fqdn,
            addresses=(text.ip,),
            ports=text.ports,
            names=frozenset({key.lower()}),
            certificates=self._uses(text.certificate, at, where),
            trusts=self._trusts(text.trusts, at, where),
            config=config,
            origin=text.origin,
        )

    def _service(self, text: OnlineText) -> Mta:
        tenants = tuple(self._tenant(name, tenant) for name, tenant in text.tenants.items())
        owners = (
            (domain.domain_name, domain.origin) for tenant in tenants for domain in tenant.accepted_domains
        )
        require_unique(owners, self._diagnostics, "accepted domain")
        hosts = {_inbound_host(domain) for domain in _domains_of(tenants)}
        return Mta(
            id=SERVICE,
            kind="exchange_online",
            fqdn=text.server,
            addresses=(text.ip,),
            names=frozenset({text.server.lower(), "eop", "exo", "cloud"} | hosts),
            certificates=(CertificateUse(self._service_certificate()),),
            trusts=self._trusts(text.trusts, mark_of(text.origin), SERVICE),
            config=online.ExchangeOnlineConfig(tenants=tenants),
            origin=text.origin,
        )

    def _tenant(self, name: str, text: TenantText) -> online.Tenant:
        where = f"tenant {name!r}"
        for connector in text.inbound_connectors:
            if connector.connector_type is ConnectorType.PARTNER:
                problem = f"inbound connector {connector.name!r}: ConnectorType Partner is not modelled yet"
                self._diagnostics.warning(mark_of(connector.origin, "ConnectorType"), problem)
        names = [connector.name for connector in text.outbound_connectors]
        for rule in text.transport_rules:
            at = mark_of(rule.origin, "RouteMessageOutboundConnector")
            what = f"transport rule {rule.name!r}: outbound connector"
            require_known(rule.route_message_outbound_connector, names, self._diagnostics, at, what)
        bare = online.Tenant(name=name, accepted_domains=text.accepted_domains)
        rules = enumerate(text.transport_rules)
        return online.Tenant(
            name=name,
            accepted_domains=text.accepted_domains,
            inbound_connectors=text.inbound_connectors,
            outbound_connectors=text.outbound_connectors,
            transport_rules=tuple(
                rule for _, rule in sorted(rules, key=lambda pair: _priority(pair[0], pair[1].priority))
            ),
            directory=link_directory(
                text.recipients, bare.default_domain, self._file, self._diagnostics, where
            ),
        )

    def _internet(self, domain: str, text: InternetText) -> Mta:
        where, at = f"internet domain {domain!r}", mark_of(text.origin)
        fqdn = self._domain(text.mx or f"mx.{domain}", at, where)
        boxes = (address(each, domain, self._diagnostics, at, where) for each in text.mailboxes)
        config = GenericConfig(
            domains=frozenset(self._domain(each, at, where) for each in (domain, *text.domains)),
            mailboxes=Directory(plain_mailboxes=[box.key for box in boxes if box is not None]),
            accepts_everyone=text.accepts_everyone,
            relay_from=text.relay_from,
            smart_hosts=text.smart_hosts,
            tls=TlsDemand[text.tls.name],
            tls_name=text.tls_name,
            asks_client_certificate=text.asks_client_certificate,
            size_limit=text.size_limit,
            messages_per_connection=text.messages_per_connection,
            origin=text.origin,
        )
        return Mta(
            id=fqdn,
            kind="generic",
            fqdn=fqdn,
            addresses=(text.ip,),
            ports=text.ports,
            names=frozenset({domain.lower()}),
            certificates=self._uses(text.certificate, at, where),
            trusts=self._trusts(text.trusts, at, where),
            config=config,
            origin=text.origin,
        )

    def _client(self, name: str, text: ClientText) -> Mta:
        where, at = f"client {name!r}", mark_of(text.origin)
        return Mta(
            id=name,
            kind="client",
            fqdn=self._domain(text.fqdn or name, at, where),
            addresses=(text.ip,),
            ports=(),
            certificates=self._uses(text.certificate, at, where),
            config=ClientConfig(text.server, TlsDemand[text.tls.name]),
            origin=text.origin,
        )

    def _domain(self, text: str, at: Mark | None, where: str) -> str:
        try:
            return parse_domain(text)
        except ValueError as problem:
            self._diagnostics.error(at, f"{where}: {problem}")
            return text

    def _check_addresses(self, mtas: dict[str, Mta]) -> None:
        """Report addresses and host names that two MTAs claim, and clients that connect to nobody."""
        owners: dict[IPv4Address, Mta] = {}
        for mta in mtas.values():
            other = owners.setdefault(mta.addresses[0], mta)
            if other is not mta:
                problem = f"{mta.id!r} has the address {mta.addresses[0]} of {other.id!r}"
                self._diagnostics.error(mark_of(mta.origin, "ip"), problem, wanted="an address of its own")
        written = sum(len(each.servers) for each in self._text.organizations.values())
        written += (
            len(self._text.internet) + len(self._text.clients) + (self._text.exchange_online is not None)
        )
        if len(mtas) != written and self._whole:
            self._diagnostics.error(None, "two hosts have the same name", wanted="a name for each")

    # --- DNS ----------------------------------------------------------------------------------------------

    def _zones(self, mtas: dict[str, Mta]) -> Zones:
        """Collect written records; what is not written and goes without saying is added."""
        mx: dict[str, list[MxRecord]] = {}
        addresses: dict[str, list[IPv4Address]] = {}
        for owner, records in self._text.dns.items():
            for record in records:
                name, data = owner.rstrip(".").lower(), record.data
                if isinstance(data, MxRecord):
                    mx.setdefault(name, []).append(data)
                else:
                    addresses.setdefault(name, []).append(data)
        for mta in mtas.values():
            addresses.setdefault(mta.fqdn, list(mta.addresses))
            if isinstance(mta.config, GenericConfig):
                for domain in mta.config.domains:
                    mx.setdefault(domain, [MxRecord(0, mta.fqdn, DEFAULT_TTL)])
            if isinstance(mta.config, online.ExchangeOnlineConfig):
                self._service_records(mta, mta.config, mx, addresses)
        return Zones(
            {owner: tuple(records) for owner, records in mx.items()},
            {owner: tuple(records) for owner, records in addresses.items()},
        )

    def _service_records(
        self,
        mta: Mta,
        config: online.ExchangeOnlineConfig,
        mx: dict[str, list[MxRecord]],
        addresses: dict[str, list[IPv4Address]],
    ) -> None:
        """Add the inbound host of every accepted domain, and the MX of the service's own domains."""
        for domain in _domains_of(config.tenants):
            addresses.setdefault(_inbound_host(domain), list(mta.addresses))
            if domain.endswith(".onmicrosoft.com"):
                mx.setdefault(domain, [MxRecord(0, _inbound_host(domain), DEFAULT_TTL)])

    def _stranger(self, mtas: dict[str, Mta]) -> IPv4Address:
        """Return an address for peers outside the plan that nobody has."""
        taken = {each for mta in mtas.values() for each in mta.addresses}
        return next(
            each for each in reversed(list(IPv4Network("203.0.113.0/24").hosts())) if each not in taken
        )


def _priority(position: int, priority: int | None) -> tuple[int, int]:
    """Order rules by Priority; a rule without one keeps its place in the list."""
    return (position if priority is None else priority, position)


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


def _inbound_host(domain: str) -> str:
    """Return the host that a domain's MX names: dots become dashes."""
    return domain.replace(".", "-") + ".mail.protection.outlook.com"


def _domains_of(tenants: tuple[online.Tenant, ...]) -> list[str]:
    return [domain.domain_name.lower() for tenant in tenants for domain in tenant.accepted_domains]
