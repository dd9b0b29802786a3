"""Which loopback address carries which modelled address.

Called by everything in ``live`` that opens a socket. The plan is a function of the topology: the same scenario has
the same addresses on each run, so an outside tool can play any host by binding to its address. Every bind and every
connect passes ``require_loopback``: nothing ever leaves the machine.
Sources: RFC 1122 section 3.2.1.3 (127.0.0.0/8), RFC 5735 section 3.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network

from mailsim.errors import Bug, LiveError
from mailsim.world.topology import Topology

LOOPBACK = IPv4Network("127.0.0.0/8")

# 127.0.0.0/16 is left to the machine: localhost, resolvers on 127.0.0.53, databases
_FIRST_SECOND_OCTET = 1
_SECOND_OCTETS = 255
# a last octet of 0 or 255 looks like a network or a broadcast address to some tools
_LAST_OCTETS = 254


def require_loopback(address: IPv4Address | str) -> str:
    """Return an address as text if it lies in 127.0.0.0/8.

    Raises:
        Bug: it does not, or it is a name; nothing may be connected or bound then.
    """
    try:
        safe = IPv4Address(address) in LOOPBACK
    except ValueError:
        safe = False
    if not safe:
        raise Bug(f"{address} is outside 127.0.0.0/8; mailsim never leaves the loopback network")
    return str(address)


@dataclass(frozen=True, slots=True)
class AddressPlan:
    """The loopback address of every modelled address.

    Args:
        carriers: modelled address to loopback address, in order of the modelled ones.
        stranger: the modelled address of a peer that the plan does not know.
    """

    carriers: dict[IPv4Address, IPv4Address]
    stranger: IPv4Address
    _modelled: dict[IPv4Address, IPv4Address] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_modelled", {carrier: told for told, carrier in self.carriers.items()})

    @classmethod
    def of(cls, world: Topology) -> AddressPlan:
        """Give every address that a topology ever has, those that only its DNS knows included, one of its own.

        Raises:
            LiveError: there are more than loopback can carry.
        """
        hosts = [mta for state in world.every_state() for mta in state.mtas.values()]
        used = {address for mta in hosts for address in mta.addresses}
        # from which mail only leaves, such as a pool: last, so that nobody else's address depends on it
        known = {address for state in world.every_state() for address in _published(state)}
        used |= known
        pools = {each for mta in hosts for each in mta.sends_from} - known
        ordered = sorted(used, key=lambda address: (address in pools, address))
        if len(used) > _SECOND_OCTETS * 256 * _LAST_OCTETS:
            raise LiveError(f"{len(used)} addresses are more than 127.0.0.0/8 can carry")
        return cls({address: _carrier(index) for index, address in enumerate(ordered)}, world.stranger)

    def carrier(self, modelled: IPv4Address) -> IPv4Address | None:
        """Return the loopback address of a modelled one, None when the topology does not have it."""
        return self.carriers.get(modelled)

    def modelled(self, carrier: IPv4Address | str) -> IPv4Address:
        """Return the modelled address of a peer; one that the plan does not know is a stranger."""
        return self._modelled.get(IPv4Address(carrier), self.stranger)


def _published(world: Topology) -> frozenset[IPv4Address]:
    """Return every address in the DNS, in whatever view."""
    return world.zones.addresses_in_use.union(*(view.own.addresses_in_use for view in world.views))


def _carrier(index: int) -> IPv4Address:
    rest, last = divmod(index, _LAST_OCTETS)
    second, third = divmod(rest, 256)
    return IPv4Address(f"127.{_FIRST_SECOND_OCTET + second}.{third}.{last + 1}")
