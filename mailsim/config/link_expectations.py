"""The names in the expectations of a scenario: what means nothing is reported where it stands."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mailsim.config.diagnostic import Diagnostics
from mailsim.config.format import ScenarioText
from mailsim.config.names import mark_of, require_known
from mailsim.flow.references import NameUsed, names_used
from mailsim.world.topology import Topology

ROUTES = ("MX", "smart host", "as told", "Intra-Organization SMTP Send Connector")
"""Ways to a next hop that a trace names like connectors, though nobody configures them."""

_LISTS = ("receive_connectors", "send_connectors", "inbound_connectors", "outbound_connectors")


def check_names(text: ScenarioText, world: Topology, diagnostics: Diagnostics) -> None:
    """Report every name in an expectation that means nothing here."""
    for used in names_used(text.expect):
        _check(used, text, world, diagnostics)


def _check(used: NameUsed, text: ScenarioText, world: Topology, diagnostics: Diagnostics) -> None:
    at = mark_of(used.origin)
    what = f"expectation about {used.message!r}: {used.refers}"
    if used.refers == "message":
        require_known(used.name, text.messages, diagnostics, at, "message")
    elif used.refers == "host" and world.named(used.name) is None:
        require_known(used.name, world.mtas, diagnostics, at, what)
    elif used.refers == "certificate":
        require_known(used.name, world.certificates, diagnostics, at, what)
    elif used.refers == "connector":
        require_known(used.name, [*_connectors(world), *ROUTES], diagnostics, at, what)


def _connectors(world: Topology) -> Iterator[str]:
    """Yield the name of every connector, whichever product's."""
    for mta in world.mtas.values():
        organization = getattr(mta.config, "organization", None)
        for owner in (mta.config, organization, *getattr(mta.config, "tenants", ())):
            connectors: tuple[Any, ...] = tuple(each for name in _LISTS for each in getattr(owner, name, ()))
            yield from (each.name for each in connectors)
