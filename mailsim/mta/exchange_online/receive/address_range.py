"""IPv4 addresses as Exchange Online's lists take them: one, a CIDR of /24 to /32, or a range of at most 256.

Sources: Set-HostedConnectionFilterPolicy (IPAllowList, IPBlockList), Set-InboundConnector (EFSkipIPs).
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

LARGEST = 256


@dataclass(frozen=True, slots=True)
class AddressRange:
    """Addresses from the first to the last."""

    first: IPv4Address
    last: IPv4Address

    @classmethod
    def parse(cls, text: str) -> AddressRange:
        """Read ``192.0.2.1``, ``192.0.2.0/24``, ``192.0.2.1-192.0.2.9`` or ``192.0.2.1-9``.

        Raises:
            ValueError: for anything else, or more than 256 addresses.
        """
        begin, dash, end = (part.strip() for part in text.partition("-"))
        if not dash:
            network = IPv4Network(begin)
            found = cls(network[0], network[-1])
        else:
            whole = end if "." in end else f"{begin.rpartition('.')[0]}.{end}"
            found = cls(IPv4Address(begin), IPv4Address(whole))
        if not 0 <= int(found.last) - int(found.first) < LARGEST:
            raise ValueError(f"{text!r} is no range of 1 to {LARGEST} addresses")
        return found

    def __contains__(self, address: IPv4Address) -> bool:
        return self.first <= address <= self.last

    def __str__(self) -> str:
        return str(self.first) if self.first == self.last else f"{self.first}-{self.last}"
