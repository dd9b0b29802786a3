"""Changes of hosts while the simulation runs: one listens no more, another certificate is installed.

Called by ``Topology.after_next_change``. Pure: each makes the topology after it out of the one before it. Changes of the DNS stand
beside it in ``world.dns.change``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from mailsim.world.topology import CertificateUse, Topology


@dataclass(frozen=True, slots=True, kw_only=True)
class Listening:
    """Hosts stop listening, or begin again; what they still have to send goes on.

    Args:
        at: when, UTC.
        down: those that no connection reaches any more, by id.
        up: those that listen again, by id.
    """

    at: datetime
    down: frozenset[str] = frozenset()
    up: frozenset[str] = frozenset()

    def made_in(self, world: Topology) -> Topology:
        """Return the topology after it."""
        return replace(world, down=(world.down | self.down) - self.up)

    def __str__(self) -> str:
        said = [f"{host} is down" for host in sorted(self.down)]
        return "; ".join([*said, *(f"{host} is up again" for host in sorted(self.up))])


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """A host gets another certificate in the place of all it had, or loses them.

    Args:
        at: when, UTC.
        host: by id.
        certificate: its name; None where the host has none any more.
    """

    at: datetime
    host: str
    certificate: str | None

    def made_in(self, world: Topology) -> Topology:
        """Return the topology after it."""
        uses = (CertificateUse(self.certificate),) if self.certificate else ()
        return replace(
            world, mtas={**world.mtas, self.host: replace(world.mtas[self.host], certificates=uses)}
        )

    def __str__(self) -> str:
        return f"{self.host} has {f'the certificate {self.certificate}' if self.certificate else 'no certificate any more'}"
