"""Changes of a tenant while the simulation runs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from mailsim.mta.exchange_online.config import ExchangeOnlineConfig, Tenant
from mailsim.mta.exchange_online.receive.inbound_connector import InboundConnector
from mailsim.mta.exchange_online.send.outbound_connector import OutboundConnector
from mailsim.world.topology import Mta, Topology


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantConnectorSet:
    """Properties of a connector become others, as by Set-InboundConnector or Set-OutboundConnector.

    Args:
        at: when, UTC; the whole service knows it at once.
        tenant: whose, by name.
        connector: as it is from then on; its name tells which.
        said: the properties that change, in words.

    Unmodelled: the time that the service takes to take it over.
    """

    at: datetime
    tenant: str
    connector: InboundConnector | OutboundConnector
    said: str

    def made_in(self, world: Topology) -> Topology:
        """Return the topology after it."""
        return replace(world, mtas={name: self._in_service(mta) for name, mta in world.mtas.items()})

    def _in_service(self, mta: Mta) -> Mta:
        config = mta.config
        if not isinstance(config, ExchangeOnlineConfig):
            return mta
        tenants = tuple(
            self._in_tenant(each) if each.name == self.tenant else each for each in config.tenants
        )
        return replace(mta, config=replace(config, tenants=tenants))

    def _in_tenant(self, tenant: Tenant) -> Tenant:
        name, connector = self.connector.name.lower(), self.connector
        if isinstance(connector, InboundConnector):
            inbound = (connector if each.name.lower() == name else each for each in tenant.inbound_connectors)
            return replace(tenant, inbound_connectors=tuple(inbound))
        outbound = (connector if each.name.lower() == name else each for each in tenant.outbound_connectors)
        return replace(tenant, outbound_connectors=tuple(outbound))

    def __str__(self) -> str:
        kind = "Inbound" if isinstance(self.connector, InboundConnector) else "Outbound"
        return f"{kind} connector {self.connector.name!r} of {self.tenant}: {self.said}"
