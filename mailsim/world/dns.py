"""The simulated DNS: the records a scenario states, and nothing else.

``Zones.mx`` and ``Zones.addresses`` answer like a resolver: records, NODATA (the name exists without such a
record) or NXDOMAIN. Nothing is ever looked up outside the scenario.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from ipaddress import IPv4Address


class DnsStatus(Enum):
    """How a look-up ended."""

    FOUND = "found"
    NODATA = "no such record"
    NXDOMAIN = "no such name"


@dataclass(frozen=True, slots=True)
class MxRecord:
    """One MX record.

    Args:
        preference: the lower, the earlier tried.
        exchange: the host name, lower case; ``.`` is the null MX (RFC 7505).
        ttl: seconds.
    """

    preference: int
    exchange: str
    ttl: int


@dataclass(frozen=True, slots=True)
class MxAnswer:
    """The answer to an MX look-up; records in preference order, then by name."""

    status: DnsStatus
    records: tuple[MxRecord, ...] = ()


@dataclass(frozen=True, slots=True)
class AddressAnswer:
    """The answer to an A look-up."""

    status: DnsStatus
    addresses: tuple[IPv4Address, ...] = ()


@dataclass(frozen=True, slots=True)
class Zones:
    """All records of a topology by owner name, lower case, without trailing dot."""

    mx_records: Mapping[str, tuple[MxRecord, ...]] = field(default_factory=dict)
    a_records: Mapping[str, tuple[IPv4Address, ...]] = field(default_factory=dict)

    def mx(self, domain: str) -> MxAnswer:
        """Look up the MX records of a domain."""
        records = self.mx_records.get(domain)
        if not records:
            return MxAnswer(self._without_records(domain))
        return MxAnswer(DnsStatus.FOUND, tuple(sorted(records, key=lambda mx: (mx.preference, mx.exchange))))

    def addresses(self, host: str) -> AddressAnswer:
        """Look up the A records of a host."""
        addresses = self.a_records.get(host.lower())
        if not addresses:
            return AddressAnswer(self._without_records(host.lower()))
        return AddressAnswer(DnsStatus.FOUND, addresses)

    def _without_records(self, name: str) -> DnsStatus:
        """Tell NODATA from NXDOMAIN: a name with records below it exists (RFC 8020)."""
        suffix = "." + name
        known = any(owner == name or owner.endswith(suffix) for owner in (*self.mx_records, *self.a_records))
        return DnsStatus.NODATA if known else DnsStatus.NXDOMAIN
