"""Changes of an Exchange organization while the simulation runs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from mailsim.mta.exchange_server.config import ExchangeServerConfig
from mailsim.mta.exchange_server.send.send_connector import SendConnector
from mailsim.world.topology import Mta, Topology


@dataclass(frozen=True, slots=True, kw_only=True)
class SendConnectorSet:
    """Properties of a Send connector become others, as by Set-SendConnector.

    Args:
        at: when, UTC; all servers know it at once.
        organization: whose, by name.
        connector: as it is from then on; its name tells which.
        said: the properties that change, in words.

    Unmodelled: the time that Active Directory takes to replicate.
    """

    at: datetime
    organization: str
    connector: SendConnector
    said: str

    def made_in(self, world: Topology) -> Topology:
        """Return the topology after it."""
        return replace(world, mtas={name: self._changed(mta) for name, mta in world.mtas.items()})

    def _changed(self, mta: Mta) -> Mta:
        config = mta.config
        if not isinstance(config, ExchangeServerConfig) or config.organization.name != self.organization:
            return mta
        name = self.connector.name.lower()
        connectors = tuple(
            self.connector if each.name.lower() == name else each
            for each in config.organization.send_connectors
        )
        changed = replace(config.organization, send_connectors=connectors)
        return replace(mta, config=replace(config, organization=changed))

    def __str__(self) -> str:
        return f"Send connector {self.connector.name!r} of {self.organization}: {self.said}"
