"""The names in the expectations of a scenario: what means nothing is reported where it stands."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mailsim.config.diagnostic import Diagnostics
from mailsim.config.format import ScenarioText
from mailsim.config.names import mark_of, require_known
from mailsim.flow.expectation import NotDeliveredTo
from mailsim.flow.references import NameUsed, names_used
from mailsim.mail.address import Mailbox
from mailsim.world.topology import Topology

ROUTES = ("MX", "smart host", "as told", "Intra-Organization SMTP Send Connector")
"""Ways to a next hop that a trace names like connectors, though nobody configures them."""

_LISTS = ("receive_connectors", "send_connectors", "inbound_connectors", "outbound_connectors")


def check_names(text: ScenarioText, world: Topology, diagnostics: Diagnostics) -> None:
    """Report every name in an expectation that means nothing here."""
    for used in names_used(text.expect):
        _check(used, text, world, diagnostics)
    _warn_of_nobody(text, world, diagnostics)


def _warn_of_nobody(text: ScenarioText, world: Topology, diagnostics: Diagnostics) -> None:
    """Warn of addresses that nobody has and no message is for: that nothing is delivered to them says nothing."""
    named = {to.lower() for sent in text.messages.values() for to in sent.to}
    for message, expected in text.expect.items():
        for each in expected:
            to = each.to if isinstance(each, NotDeliveredTo) else None
            if to is None or to.key in named or any(_has(owner, to) for owner in _owners(world)):
                continue
            problem = f"expectation about {message!r}: nobody has the address {to}, so nothing can be delivered to it"
            diagnostics.warning(mark_of(each.origin), problem, wanted="an address in the scenario")


def _has(owner: Any, to: Mailbox) -> bool:
    return to in owner.directory if hasattr(owner, "directory") else hasattr(owner, "has") and owner.has(to)


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
    for owner in _owners(world):
        connectors: tuple[Any, ...] = tuple(each for name in _LISTS for each in getattr(owner, name, ()))
        yield from (each.name for each in connectors)


def _owners(world: Topology) -> Iterator[Any]:
    """Yield whatever has connectors and recipients: the configuration of an MTA, organizations and tenants."""
    for mta in world.mtas.values():
        yield from (
            mta.config,
            getattr(mta.config, "organization", None),
            *getattr(mta.config, "tenants", ()),
        )
