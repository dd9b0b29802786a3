"""What an administrator should know about a tenant's connectors before any mail flows.

Called when a scenario is loaded; every finding becomes a warning at the line to change. Rules: nothing here is refused by a
cmdlet, and nothing here decides about mail; each finding names the property, and the mail it is about. Pure.

Sources: "Set up connectors to route mail", NDR 5.4.6 through 5.4.20 (loops), KB 3194415, "Manage accepted domains",
"New-InboundConnector".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from mailsim.mta.exchange_online.categorize.accepted_domain import DomainType
from mailsim.mta.exchange_online.config import Tenant
from mailsim.mta.exchange_online.connector import ConnectorType
from mailsim.mta.exchange_online.receive.inbound_connector import InboundConnector
from mailsim.mta.exchange_online.send.outbound_connector import OutboundConnector
from mailsim.mta.exchange_online.send.selection import Reading, scope_of
from mailsim.mta.exchange_online.send.send_assumptions import CONNECTOR_ORDER
from mailsim.world.dns import Zones, addresses_of, mx_of
from mailsim.world.source import Origin
from mailsim.world.topology import Mta, Topology

CERTIFICATE, ADDRESSES = "TlsSenderCertificateName", "SenderIPAddresses"


@dataclass(frozen=True, slots=True)
class Lint:
    """One finding.

    Args:
        origin: the object it is about.
        name: the property to change.
        problem: what was seen, lower case.
        wanted: what would be right; empty where that is not said.
        hint: a way out; empty where there is none.
    """

    origin: Origin | None
    name: str
    problem: str
    wanted: str = ""
    hint: str = ""


def lints(service: Mta, tenant: Tenant, world: Topology) -> Iterator[Lint]:
    """Yield every finding about one tenant.

    Args:
        service: Exchange Online.
        tenant: one of its tenants.
        world: with the simulated DNS, and how open points are decided.
    """
    reading = Reading.of(world)
    if CONNECTOR_ORDER.key not in world.assumptions:
        yield from _readings_differ(tenant, reading)
    yield from _ties(tenant, reading)
    yield from _centralized(tenant)
    yield from _disabled(tenant)
    yield from _connector_loops(service, tenant, world.zones, reading)
    yield from _relay_loops(service, tenant, world.zones, reading)
    for each in tenant.inbound_connectors:
        if each.enabled:
            yield from _inbound(each, tenant)


def _open(tenant: Tenant) -> list[OutboundConnector]:
    """Return the connectors that domains may choose."""
    return [each for each in tenant.outbound_connectors if each.enabled and not each.is_transport_rule_scoped]


def _first(tenant: Tenant, domain: str, reading: Reading) -> list[OutboundConnector]:
    """Return the connectors that cover a domain best, the first one listed first; several are a tie."""
    covering = [
        (scope.value, each) for each in _open(tenant) if (scope := scope_of(each, tenant, domain, reading))
    ]
    best = min((value for value, _ in covering), default=None)
    return [each for value, each in covering if value == best]


def _own(tenant: Tenant) -> list[str]:
    return [each.domain_name.lower() for each in tenant.accepted_domains]


def _readings_differ(tenant: Tenant, reading: Reading) -> Iterator[Lint]:
    for domain in _own(tenant):
        one, other = (
            _first(tenant, domain, replace(reading, order=order)) for order in CONNECTOR_ORDER.choices
        )
        if one and other and one[0] is not other[0]:
            problem = (
                f"outbound connector for {domain} is in doubt: {one[0].name!r} by the documented example, "
                f"{other[0].name!r} by the documented order of steps"
            )
            wanted = f"a connector with {domain} itself in RecipientDomains"
            hint = f"assumptions: {{{CONNECTOR_ORDER.key}: ...}} decides it here"
            yield Lint(one[0].origin, "RecipientDomains", problem, wanted, hint)


def _ties(tenant: Tenant, reading: Reading) -> Iterator[Lint]:
    """Find connectors with the same scope, for every domain that one of them names."""
    seen: set[tuple[str, ...]] = set()
    written = [pattern.base or "*" for each in _open(tenant) for pattern in each.recipient_domains]
    for domain in dict.fromkeys((*_own(tenant), *written)):
        best = _first(tenant, domain, reading)
        names = tuple(each.name for each in best)
        if len(best) > 1 and names not in seen:
            seen.add(names)
            problem = (
                f"outbound connectors {' and '.join(map(repr, names))} cover {domain} alike; which one is used is not "
                f"documented, here it is {names[0]!r}"
            )
            yield Lint(best[1].origin, "RecipientDomains", problem, "one connector for each scope")


def _centralized(tenant: Tenant) -> Iterator[Lint]:
    """Find centralized mail transport that is scoped to accepted domains."""
    for each in tenant.outbound_connectors:
        domains = [pattern.base for pattern in each.recipient_domains if not pattern.wildcard]
        own = bool(each.recipient_domains) and len(domains) == len(each.recipient_domains)
        own = own and all(tenant.accepted(domain) for domain in domains)
        if each.route_all_messages_via_on_premises and (each.all_accepted_domains or own):
            scope = "AllAcceptedDomains" if each.all_accepted_domains else "RecipientDomains"
            problem = (
                f"outbound connector {each.name!r}: RouteAllMessagesViaOnPremises is True and {scope} covers accepted domains "
                "only; mail goes round between the two sides until it is refused, 5.4.14 here or 5.4.6 on-premises"
            )
            yield Lint(each.origin, scope, problem, "RecipientDomains *")


def _disabled(tenant: Tenant) -> Iterator[Lint]:
    connectors = {each.name.lower(): each for each in tenant.outbound_connectors}
    for rule in tenant.transport_rules:
        named = connectors.get((rule.route_message_outbound_connector or "").lower())
        if rule.enabled and named is not None and not named.enabled:
            problem = (
                f"transport rule {rule.name!r} names outbound connector {named.name!r}, which is disabled"
            )
            yield Lint(
                rule.origin, "RouteMessageOutboundConnector", problem, f"Enabled $true of {named.name!r}"
            )


def _connector_loops(service: Mta, tenant: Tenant, zones: Zones, reading: Reading) -> Iterator[Lint]:
    """Find connectors that send the tenant's own domains by MX back to the service."""
    for domain in _own(tenant):
        best = _first(tenant, domain, reading)
        if best and best[0].use_mx_record and best[0].is_on_premises and _leads_back(service, domain, zones):
            problem = (
                f"outbound connector {best[0].name!r}: UseMXRecord is True and the MX of {domain} is Exchange Online; "
                "what is not delivered here goes round until 554 5.4.14"
            )
            yield Lint(
                best[0].origin, "UseMXRecord", problem, "UseMXRecord $false with SmartHosts on-premises"
            )


def _relay_loops(service: Mta, tenant: Tenant, zones: Zones, reading: Reading) -> Iterator[Lint]:
    """Find internal relay domains for whose unknown recipients there is no way on."""
    for each in tenant.accepted_domains:
        domain = each.domain_name.lower()
        relays = each.domain_type is DomainType.INTERNAL_RELAY and not _first(tenant, domain, reading)
        if relays and _leads_back(service, domain, zones):
            problem = (
                f"accepted domain {each.domain_name!r} is InternalRelay, no outbound connector covers it and its MX is "
                "Exchange Online; unknown recipients go round until 554 5.4.14"
            )
            yield Lint(each.origin, "DomainType", problem, f"an outbound connector for {domain}")


def _inbound(connector: InboundConnector, tenant: Tenant) -> Iterator[Lint]:
    """Find inbound connectors that no session meets, and restrictions that no session satisfies."""
    certificate, addresses = connector.tls_sender_certificate_name, connector.sender_ip_addresses
    on_premises = connector.connector_type is ConnectorType.ON_PREMISES
    name = f"inbound connector {connector.name!r}"
    if on_premises and not certificate and not addresses:
        problem = (
            f"{name} has neither TlsSenderCertificateName nor SenderIPAddresses, so no host ever meets it"
        )
        yield Lint(connector.origin, "ConnectorType", problem, "one of the two")
    for setting, restricts, by, listed in (
        ("RestrictDomainsToCertificate", connector.restrict_domains_to_certificate, CERTIFICATE, certificate),
        ("RestrictDomainsToIPAddresses", connector.restrict_domains_to_ip_addresses, ADDRESSES, addresses),
    ):
        if restricts and not on_premises and not listed:
            problem = (
                f"{name}: {setting} is True and {by} is empty, so no mail from SenderDomains satisfies it"
            )
            yield Lint(connector.origin, setting, problem, by)
    for domain in connector.associated_accepted_domains:
        if tenant.accepted(domain.lower()) is None:
            problem = (
                f"{name}: AssociatedAcceptedDomains has {domain}, which is no accepted domain of the tenant"
            )
            yield Lint(connector.origin, "AssociatedAcceptedDomains", problem, "accepted domains")
    if connector.treat_messages_as_internal and not on_premises:
        problem = f"{name}: TreatMessagesAsInternal is of no effect, since ConnectorType is Partner"
        yield Lint(connector.origin, "TreatMessagesAsInternal", problem, "ConnectorType OnPremises")


def _leads_back(service: Mta, domain: str, zones: Zones) -> bool:
    """Tell whether the best MX of a domain is the service."""
    records = mx_of(zones, domain).exchanges
    best = records[0].exchange if records else domain
    return any(address in service.addresses for address in addresses_of(zones, best))
