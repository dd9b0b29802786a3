"""The hosts of a scenario by what it calls them, while it is linked."""

from __future__ import annotations

from collections.abc import Mapping

from mailsim.config.document import Mark
from mailsim.config.linking import Linking
from mailsim.config.names import require_known
from mailsim.world.topology import Mta


def host_named(
    linking: Linking, mtas: Mapping[str, Mta], name: str, at: Mark | None, what: str
) -> Mta | None:
    """Return the host that a scenario calls by a name, in any case; one that nobody bears is reported."""
    named = {each.lower(): mta for mta in mtas.values() for each in (*mta.names, mta.id)}
    found = named.get(name.lower())
    if found is None:
        require_known(name, [mta.id for mta in mtas.values()], linking.diagnostics, at, what)
    return found
