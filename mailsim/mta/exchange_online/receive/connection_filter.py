"""The connection filter of a tenant (Set-HostedConnectionFilterPolicy), and the check that reads its lists.

The filter looks at the connecting address before anything else. Which list wins for an address on both is assumed.

Unmodelled: that IPAllowList and EnableSafeList spare a message the spam filter, of which there is none here.
Sources: Set-HostedConnectionFilterPolicy, "Configure connection filtering".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import IPv4Address
from typing import ClassVar

from mailsim.mta.exchange_online.receive.address_range import AddressRange
from mailsim.mta.exchange_online.receive.receive_assumptions import BOTH_LISTS
from mailsim.mta.kind import PointOfView
from mailsim.reason.check import Check, check
from mailsim.reason.cite import documented
from mailsim.world.source import Written

FILTER = documented("ms:connection-filter-policies", "IP Allow List, IP Block List")

DEFAULT_BLOCK_MODE = "Default"


@dataclass(frozen=True, slots=True, kw_only=True)
class HostedConnectionFilterPolicy(Written):
    """The connection filter policy named Default (Set-HostedConnectionFilterPolicy)."""

    SPELLING: ClassVar[str] = "exchange"
    IGNORED: ClassVar[frozenset[str]] = frozenset(
        {"Name", "Identity", "Guid", "IsDefault", "IsValid", "AdminDisplayName", "EnableSafeList"}
    )

    ip_allow_list: tuple[AddressRange, ...] = field(default=(), metadata={"name": "IPAllowList"})
    ip_block_list: tuple[AddressRange, ...] = field(default=(), metadata={"name": "IPBlockList"})
    directory_based_edge_block_mode: str = DEFAULT_BLOCK_MODE


def passes_filter(at: PointOfView, policy: HostedConnectionFilterPolicy, address: IPv4Address) -> Check:
    """Want an address that is not on the block list, or is on the allow list too where that wins."""
    choice = at.assumed(BOTH_LISTS)
    blocked = next((each for each in policy.ip_block_list if address in each), None)
    allowed = next((each for each in policy.ip_allow_list if address in each), None)
    saw = str(address)
    saw += f", in {blocked} of IPBlockList" if blocked else ""
    saw += f", in {allowed} of IPAllowList" if allowed else ""
    return check(
        blocked is None or (allowed is not None and choice == "allowed"),
        "IPBlockList",
        saw=saw,
        wanted="an address that is not listed",
        cite=BOTH_LISTS.cite(choice) if blocked and allowed else FILTER,
        source=policy.source("IPBlockList"),
    )
