"""From the objects that changes set to what becomes of them; ``set_objects`` has made them whole and found whose they are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from enum import Enum
from typing import TypeAlias, TypeVar

from mailsim.config.format import ChangeText, ScenarioText
from mailsim.config.linking import Linking
from mailsim.config.shape import plan_of
from mailsim.mta.exchange_online.change import TenantConnectorSet
from mailsim.mta.exchange_online.receive.inbound_connector import InboundConnector
from mailsim.mta.exchange_online.send.outbound_connector import OutboundConnector
from mailsim.mta.exchange_server.change import SendConnectorSet
from mailsim.mta.exchange_server.send.send_connector import SendConnector
from mailsim.world.topology import Change

AnyConnector: TypeAlias = SendConnector | InboundConnector | OutboundConnector
Connector = TypeVar("Connector", SendConnector, InboundConnector, OutboundConnector)


def link_set_objects(linking: Linking) -> Iterator[Change]:
    """Yield the changes of connectors in order of time."""
    now: dict[tuple[str, str, str], AnyConnector] = {}
    for text in sorted(linking.text.changes, key=lambda text: text.at):
        at = linking.start + text.at
        for kind, owner, before, after in _pairs(linking.text, text):
            key = (kind, owner, after.name.lower())
            said = _said(now.get(key, before), after)
            now[key] = after
            yield _change(at, owner, after, said)


def _change(at: datetime, owner: str, after: AnyConnector, said: str) -> Change:
    if isinstance(after, SendConnector):
        return SendConnectorSet(at=at, organization=owner, connector=after, said=said)
    return TenantConnectorSet(at=at, tenant=owner, connector=after, said=said)


def _pairs(scenario: ScenarioText, text: ChangeText) -> Iterator[tuple[str, str, AnyConnector, AnyConnector]]:
    """Yield kind and owner of each object that an entry sets, as it was written first and as it becomes."""
    tenants = scenario.exchange_online.tenants if scenario.exchange_online else {}
    owned = text.organization.lower()
    for name, organization in scenario.organizations.items():
        if owned in ("", name.lower()):
            for one, other in _same(organization.send_connectors, text.send_connectors):
                yield "send", name, one, other
    for name, tenant in tenants.items():
        if owned in ("", name.lower()):
            for inbound, later in _same(tenant.inbound_connectors, text.inbound_connectors):
                yield "inbound", name, inbound, later
            for outbound, then in _same(tenant.outbound_connectors, text.outbound_connectors):
                yield "outbound", name, outbound, then


def _same(
    written: Sequence[Connector], changed: Sequence[Connector]
) -> Iterator[tuple[Connector, Connector]]:
    for after in changed:
        yield from ((before, after) for before in written if before.name.lower() == after.name.lower())


def _said(before: AnyConnector, after: AnyConnector) -> str:
    """Name the properties that differ, as the cmdlet does."""
    kind: type = type(after)
    names = {field.name: field.attribute for field in plan_of(kind).fields}
    pairs = [(name, getattr(before, each), getattr(after, each)) for name, each in names.items()]
    return ", ".join(f"{name} {_value(new)}" for name, old, new in pairs if old != new) or "nothing changes"


def _value(value: object) -> str:
    if isinstance(value, tuple):
        return " ".join(map(_value, value)) or "empty"
    return str(value.value if isinstance(value, Enum) else "empty" if value in (None, "") else value)
