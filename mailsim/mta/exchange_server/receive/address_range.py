"""Addresses of a Receive connector: the ranges it serves (RemoteIPRanges) and where it listens (Bindings).

IPv6 is read and kept, since Exchange prints it, and matches no session here: the simulation speaks IPv4.
Source: New-ReceiveConnector, Bindings and RemoteIPRanges.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network


@dataclass(frozen=True, slots=True)
class IpRange:
    """One entry of RemoteIPRanges: an address, ``first-last``, or CIDR."""

    first: IPv4Address | IPv6Address
    last: IPv4Address | IPv6Address

    @classmethod
    def parse(cls, text: str) -> IpRange:
        """Read a range.

        Raises:
            ValueError: if it is none, mixes IPv4 and IPv6, or its end lies before its start.
        """
        low, dash, high = text.strip().partition("-")
        if dash:
            found = cls(ip_address(low.strip()), ip_address(high.strip()))
        elif "/" in low:
            network = ip_network(low, strict=False)
            found = cls(network[0], network[-1])
        else:
            found = cls(ip_address(low), ip_address(low))
        if found.last.version != found.first.version:
            raise ValueError(f"the range {text!r} mixes IPv4 and IPv6")
        if int(found.last) < int(found.first):
            raise ValueError(f"the range {text!r} ends before it starts")
        return found

    def covers(self, address: IPv4Address) -> bool:
        """Tell whether an address lies in the range; an IPv6 range covers no IPv4 address."""
        return self.first.version == address.version and int(self.first) <= int(address) <= int(self.last)

    def contains(self, other: IpRange) -> bool:
        """Tell whether another range lies completely inside this one."""
        same = self.first.version == other.first.version
        return same and int(self.first) <= int(other.first) and int(other.last) <= int(self.last)

    def overlaps(self, other: IpRange) -> bool:
        """Tell whether two ranges share an address."""
        same = self.first.version == other.first.version
        return same and int(self.first) <= int(other.last) and int(other.first) <= int(self.last)

    @property
    def size(self) -> int:
        """Return how many addresses it has; the fewer, the more specific."""
        return int(self.last) - int(self.first) + 1

    def __str__(self) -> str:
        return str(self.first) if self.first == self.last else f"{self.first}-{self.last}"


ALL_IPV4 = IpRange.parse("0.0.0.0-255.255.255.255")
ALL_IPV6 = IpRange.parse("::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")


@dataclass(frozen=True, slots=True)
class Binding:
    """One entry of Bindings, ``address:port``; 0.0.0.0 and ``[::]`` stand for every address of their kind."""

    address: IPv4Address | IPv6Address
    port: int

    @classmethod
    def parse(cls, text: str) -> Binding:
        """Read a binding.

        Raises:
            ValueError: if it is neither ``address:port`` nor ``[address]:port``.
        """
        address, colon, port = text.strip().rpartition(":")
        if not colon or not port.isdigit() or not 1 <= int(port) <= 65535:
            raise ValueError(f"{text!r} is not a binding; wanted address:port such as 0.0.0.0:25")
        if address.startswith("[") and address.endswith("]"):
            return cls(IPv6Address(address[1:-1]), int(port))
        return cls(IPv4Address(address), int(port))

    def covers(self, address: IPv4Address, port: int) -> bool:
        """Tell whether a local address and port are bound; an IPv6 binding covers no IPv4 address."""
        return port == self.port and (self.address == address or self.everywhere)

    @property
    def everywhere(self) -> bool:
        """Whether it is bound to every IPv4 address of the server."""
        return self.address == IPv4Address(0)

    def __str__(self) -> str:
        return f"[{self.address}]:{self.port}" if self.address.version == 6 else f"{self.address}:{self.port}"


def everywhere(port: int) -> tuple[Binding, Binding]:
    """Return the bindings of a default connector: a port on every IPv4 and IPv6 address."""
    return Binding(IPv4Address(0), port), Binding(IPv6Address(0), port)
