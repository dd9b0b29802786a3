"""From the sections of a scenario to a topology: MTAs, names, certificates, DNS.

What a section implies is filled in here: the host names by which every tenant is reached, the MX of internet domains,
the service's own certificate, the default Receive connector.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from ipaddress import IPv4Address, IPv4Network

from mailsim.config.diagnostic import Diagnostics
from mailsim.config.format import ScenarioText
from mailsim.config.link_assumptions import link_assumptions
from mailsim.config.link_certificates import link_authorities, link_certificates
from mailsim.config.link_hosts import link_client, link_internet
from mailsim.config.link_organization import link_organization
from mailsim.config.link_service import domains_of, inbound_host, link_service
from mailsim.config.linking import Linking
from mailsim.config.names import mark_of
from mailsim.config.record import DEFAULT_TTL
from mailsim.mta.client import ClientConfig
from mailsim.mta.exchange_online.config import ExchangeOnlineConfig
from mailsim.mta.exchange_online.defaults import SUBMISSION_HOST
from mailsim.mta.generic.config import GenericConfig
from mailsim.world.dns import DnsStatus, MxRecord, Zones
from mailsim.world.topology import Mta, Topology

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
        self._diagnostics = diagnostics
        self._whole = not diagnostics.error_count
        self._start = text.start or datetime.fromisoformat(START)
        authorities = link_authorities(text, diagnostics)
        self._linking = Linking(
            text=text,
            file=file,
            start=self._start,
            authorities=authorities,
            certificates=link_certificates(text, authorities, self._start, diagnostics),
            diagnostics=diagnostics,
            whole=self._whole,
        )

    def link(self) -> Topology:
        """Return the topology; where errors were found it is not to be used."""
        mtas = {mta.id: mta for mta in self._mtas()}
        self._check_addresses(mtas)
        world = Topology(
            start=self._start,
            mtas=mtas,
            zones=self._zones(mtas),
            authorities=self._linking.authorities,
            certificates=self._linking.certificates,
            stranger=self._stranger(mtas),
            assumptions=link_assumptions(self._text, self._diagnostics),
        )
        return replace(world, mtas={name: _by_host_name(mta, world) for name, mta in mtas.items()})

    # --- MTAs ---------------------------------------------------------------------------------------------

    def _mtas(self) -> Iterator[Mta]:
        for name, organization in self._text.organizations.items():
            yield from link_organization(self._linking, name, organization)
        if self._text.exchange_online is not None:
            yield link_service(self._linking, self._text.exchange_online)
        for domain, internet in self._text.internet.items():
            yield link_internet(self._linking, domain, internet)
        for name, client in self._text.clients.items():
            yield link_client(self._linking, name, client)

    def _check_addresses(self, mtas: dict[str, Mta]) -> None:
        """Report addresses and host names that two MTAs claim, and clients that connect to nobody."""
        owners: dict[IPv4Address, Mta] = {}
        used = [(mta, address) for mta in mtas.values() for address in mta.addresses]
        for mta, address in used:
            other = owners.setdefault(address, mta)
            if other is not mta:
                problem = f"{mta.id!r} has the address {address} of {other.id!r}"
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
            addresses.setdefault(mta.fqdn.lower(), _published(mta))
            if isinstance(mta.config, GenericConfig):
                for domain in mta.config.domains:
                    mx.setdefault(domain, [MxRecord(0, mta.fqdn, DEFAULT_TTL)])
            if isinstance(mta.config, ExchangeOnlineConfig):
                self._service_records(mta, mta.config, mx, addresses)
        return Zones(
            {owner: tuple(records) for owner, records in mx.items()},
            {owner: tuple(records) for owner, records in addresses.items()},
        )

    def _service_records(
        self,
        mta: Mta,
        config: ExchangeOnlineConfig,
        mx: dict[str, list[MxRecord]],
        addresses: dict[str, list[IPv4Address]],
    ) -> None:
        """Add the hosts of the service, one for each accepted domain, and the MX of its own domains."""
        if config.submission_address is not None:
            addresses.setdefault(SUBMISSION_HOST, [config.submission_address])
        for domain in domains_of(config.tenants):
            addresses.setdefault(inbound_host(domain), _published(mta))
            if domain.endswith(".onmicrosoft.com"):
                mx.setdefault(domain, [MxRecord(0, inbound_host(domain), DEFAULT_TTL)])

    def _stranger(self, mtas: dict[str, Mta]) -> IPv4Address:
        """Return an address for peers outside the plan that nobody has."""
        taken = {each for mta in mtas.values() for each in mta.addresses}
        return next(
            each for each in reversed(list(IPv4Network("203.0.113.0/24").hosts())) if each not in taken
        )


def _by_host_name(mta: Mta, world: Topology) -> Mta:
    """Let a client host whose server is called as only the scenario calls it, such as EXO, connect to its host name."""
    if not isinstance(mta.config, ClientConfig):
        return mta
    server = mta.config.server
    unknown = world.zones.addresses(server).status is DnsStatus.NXDOMAIN
    called = world.named(server) if unknown else None
    return mta if called is None else replace(mta, config=replace(mta.config, server=called.fqdn))


def _published(mta: Mta) -> list[IPv4Address]:
    """Return the addresses in the DNS: of the service not the relay pool's, from which mail only leaves."""
    return list(mta.addresses[:1] if isinstance(mta.config, ExchangeOnlineConfig) else mta.addresses)
