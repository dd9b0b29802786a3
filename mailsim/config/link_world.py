"""From the sections of a scenario to a topology: MTAs, names, certificates, DNS.

What a section implies is filled in by its linker: the service's own certificate, the default Receive connector, the records
that go without saying.
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
from mailsim.config.link_changes import link_changes
from mailsim.config.link_dns import link_dns
from mailsim.config.link_faults import link_faults
from mailsim.config.link_hosts import link_client, link_internet
from mailsim.config.link_organization import link_organization
from mailsim.config.link_policies import link_policies
from mailsim.config.link_service import link_service
from mailsim.config.linking import Linking
from mailsim.config.names import mark_of
from mailsim.mta.client import ClientConfig
from mailsim.world.dns import DnsStatus, follow
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
        names = link_dns(self._linking, mtas)
        world = Topology(
            start=self._start,
            mtas=mtas,
            zones=names.zones,
            views=names.views,
            changes=link_changes(self._linking, mtas, names.changes),
            authorities=self._linking.authorities,
            certificates=self._linking.certificates,
            faults=link_faults(self._linking, mtas),
            seed=self._text.seed,
            stranger=self._stranger(mtas),
            assumptions=link_assumptions(self._text, self._diagnostics),
            policy_hosts=link_policies(self._linking),
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
    unknown = follow(world.zones.ask, server, "A").status is DnsStatus.NXDOMAIN
    called = world.named(server) if unknown else None
    return mta if called is None else replace(mta, config=replace(mta.config, server=called.fqdn))
