"""The topology: MTAs, names, certificates. Immutable; every decision is a function of it.

What changes while time passes is a ``Change``: it makes the topology after it out of the one before it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from ipaddress import IPv4Address
from typing import Any, Protocol

from mailsim.reason.assumption import Assumption
from mailsim.world.certificate import AuthoritySpec, CertificateSpec
from mailsim.world.dns import View, Zones
from mailsim.world.fault import Fault
from mailsim.world.policy_host import PolicyHost
from mailsim.world.source import Written
from mailsim.world.tls_version import TlsVersions


@dataclass(frozen=True, slots=True)
class CertificateUse:
    """A certificate in the store of a host.

    Args:
        certificate: its name.
        since: installed so long after the start of the scenario.
        until: removed so long after the start; None when it stays.
        smtp: whether it is enabled for SMTP, where the host makes a difference.
    """

    certificate: str
    since: timedelta = timedelta()
    until: timedelta | None = None
    smtp: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Mta(Written):
    """One mail transfer agent, or a host that only speaks SMTP as a client.

    Args:
        id: its stable name in traces, paths and expectations.
        kind: the name of its MTA kind.
        fqdn: the name it gives for itself.
        addresses: its modelled addresses; mail leaves from the first.
        sends_from: those of them from which mail only leaves: nobody listens there.
        ports: where it listens; empty when nothing may connect.
        names: every other name by which the scenario may call it, lower case.
        certificates: what it proves its name with, in order of time; empty when it has none.
        trusts: private authorities it trusts besides the public ones.
        tls: the versions of TLS it speaks.
        config: the vendor's own configuration.
        out_of_date_since: since when others count its version as out of date, UTC; None when they do not.
        origin: where the scenario configures it.
    """

    id: str
    kind: str
    fqdn: str
    addresses: tuple[IPv4Address, ...]
    sends_from: frozenset[IPv4Address] = frozenset()
    ports: tuple[int, ...] = (25,)
    names: frozenset[str] = frozenset()
    certificates: tuple[CertificateUse, ...] = ()
    trusts: frozenset[str] = frozenset()
    tls: TlsVersions = TlsVersions()
    config: Any = field(default=None, hash=False)
    out_of_date_since: datetime | None = None

    @property
    def listeners(self) -> tuple[tuple[IPv4Address, int], ...]:
        """Return the addresses and ports where it listens."""
        open_ones = (address for address in self.addresses if address not in self.sends_from)
        return tuple((address, port) for address in open_ones for port in self.ports)


class Change(Protocol):
    """Something that becomes different at an instant; ``str`` says what, in a few words."""

    @property
    def at(self) -> datetime:
        """Return when, UTC."""

    def made_in(self, world: Topology) -> Topology:
        """Return the topology after it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Topology:
    """Everything there is.

    Args:
        start: the instant at which the scenario begins, UTC.
        mtas: by id, in the scenario's order.
        zones: the simulated DNS as everybody sees it who has no view.
        views: how some hosts see it instead; a host has one at most.
        changes: what will become different, in order of time.
        down: the hosts that do not listen now, by id.
        faults: what goes wrong with connections, the first that strikes counts.
        seed: what chance begins with.
        authorities: certificate authorities by name.
        certificates: certificate descriptions by name.
        stranger: the modelled address of a peer that the plan does not know.
        assumptions: open points that the scenario decides, by name.
        policy_hosts: where MTA-STS policies are fetched, by domain.
    """

    start: datetime
    mtas: Mapping[str, Mta] = field(hash=False)
    zones: Zones = field(default_factory=Zones, hash=False)
    views: tuple[View, ...] = ()
    changes: tuple[Change, ...] = field(default=(), hash=False)
    down: frozenset[str] = frozenset()
    faults: tuple[Fault, ...] = ()
    seed: str = ""
    authorities: Mapping[str, AuthoritySpec] = field(default_factory=dict, hash=False)
    certificates: Mapping[str, CertificateSpec] = field(default_factory=dict, hash=False)
    stranger: IPv4Address = IPv4Address("203.0.113.250")
    assumptions: Mapping[str, str] = field(default_factory=dict, hash=False)
    policy_hosts: Mapping[str, PolicyHost] = field(default_factory=dict, hash=False)

    def assumed(self, assumption: Assumption) -> str:
        """Return how an open point is decided: as the scenario says, else by the best guess."""
        return self.assumptions.get(assumption.key, assumption.default)

    def named(self, name: str) -> Mta | None:
        """Return the MTA that a scenario calls by this name, None when there is none or more than one."""
        if name in self.mtas:
            return self.mtas[name]
        wanted = name.lower()
        found = [mta for mta in self.mtas.values() if wanted in mta.names or mta.id.lower() == wanted]
        return found[0] if len(found) == 1 else None

    def zones_of(self, mta_id: str) -> Zones:
        """Return the simulated DNS as an MTA sees it."""
        return next((view.seen for view in self.views if mta_id in view.hosts), self.zones)

    def after_next_change(self) -> Topology:
        """Return the topology after the first of the changes to come."""
        change, *later = self.changes
        return replace(change.made_in(self), changes=tuple(later))

    def at(self, instant: datetime) -> Topology:
        """Return the topology at an instant, after every change that is due by then."""
        world = self
        while world.changes and world.changes[0].at <= instant:
            world = world.after_next_change()
        return world

    def every_state(self) -> Iterator[Topology]:
        """Yield the topology as it is, and as it is after each of the changes to come."""
        world = self
        yield world
        while world.changes:
            world = world.after_next_change()
            yield world

    def certificate_of(self, mta: Mta, now: datetime) -> str | None:
        """Return the name of the certificate an MTA uses at an instant: of those installed, the last."""
        installed = self.installed(mta, now)
        return installed[-1].certificate if installed else None

    def installed(self, mta: Mta, now: datetime) -> tuple[CertificateUse, ...]:
        """Return the certificates in the store of an MTA at an instant, in the order they came."""
        return tuple(
            use
            for use in mta.certificates
            if self.start + use.since <= now and (use.until is None or now < self.start + use.until)
        )
