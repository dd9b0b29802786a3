"""Warnings about what is allowed and hardly meant: what the vendors find becomes a diagnostic at its line."""

from __future__ import annotations

from mailsim.config.diagnostic import Diagnostics
from mailsim.config.names import mark_of
from mailsim.mta.exchange_online.config import ExchangeOnlineConfig
from mailsim.mta.exchange_online.lints import lints
from mailsim.world.topology import Topology


def link_lints(world: Topology, diagnostics: Diagnostics) -> None:
    """Warn of what is found in a whole topology."""
    for mta in world.mtas.values():
        if isinstance(mta.config, ExchangeOnlineConfig):
            for tenant in mta.config.tenants:
                for each in lints(mta, tenant, world):
                    at = mark_of(each.origin, each.name)
                    diagnostics.warning(at, each.problem, wanted=each.wanted, hint=each.hint)
