"""From the tenants of a scenario to the one MTA that serves them all: Exchange Online."""

from __future__ import annotations

from mailsim.config.format import OnlineText, TenantText
from mailsim.config.link_certificates import PUBLIC, VALIDITY
from mailsim.config.link_recipients import link_directory
from mailsim.config.link_servers import servers_of_recipients
from mailsim.config.linking import Linking
from mailsim.config.names import mark_of, require_known, require_unique
from mailsim.mta.exchange_online.config import ExchangeOnlineConfig, Tenant
from mailsim.mta.exchange_online.defaults import (
    CLIENT_CERTIFICATE,
    LEGACY_SUBMISSION_HOST,
    SUBMISSION_HOST,
    SUBMISSION_PORT,
)
from mailsim.world.certificate import CertificateSpec
from mailsim.world.topology import CertificateUse, Mta

SERVICE = "Exchange Online"


def link_service(linking: Linking, text: OnlineText) -> Mta:
    """Return the service with its tenants."""
    tenants = tuple(_tenant(linking, name, tenant) for name, tenant in text.tenants.items())
    owners = ((domain.domain_name, domain.origin) for tenant in tenants for domain in tenant.accepted_domains)
    require_unique(owners, linking.diagnostics, "accepted domain")
    hosts = {inbound_host(domain) for domain in domains_of(tenants)}
    return Mta(
        id=SERVICE,
        kind="exchange_online",
        fqdn=text.server,
        addresses=(text.ip, text.submission_ip, text.relay_pool_ip, text.legacy_submission_ip),
        sends_from=frozenset({text.relay_pool_ip}),
        ports=(25, SUBMISSION_PORT),
        names=frozenset(
            {text.server.lower(), SUBMISSION_HOST, LEGACY_SUBMISSION_HOST, "eop", "exo", "cloud"} | hosts
        ),
        certificates=(CertificateUse(_service_certificate(linking)),),
        trusts=linking.trusts(text.trusts, mark_of(text.origin), SERVICE),
        tls=linking.tls(text, SERVICE),
        config=ExchangeOnlineConfig(
            tenants=tenants,
            submission_address=text.submission_ip,
            legacy_submission_address=text.legacy_submission_ip,
            relay_pool_address=text.relay_pool_ip,
        ),
        origin=text.origin,
    )


def _tenant(linking: Linking, name: str, text: TenantText) -> Tenant:
    where = f"tenant {name!r}"
    names = [connector.name for connector in text.outbound_connectors]
    for rule in text.transport_rules:
        at = mark_of(rule.origin, "RouteMessageOutboundConnector")
        what = f"transport rule {rule.name!r}: outbound connector"
        if rule.route_message_outbound_connector:
            require_known(rule.route_message_outbound_connector, names, linking.diagnostics, at, what)
    remote = ((str(each.domain_name), each.origin) for each in text.remote_domains)
    require_unique(remote, linking.diagnostics, "remote domain")
    for _, origin, what in servers_of_recipients(text.recipients):
        problem = f"{where}: {what} names a server; the servers of a tenant are not modelled"
        linking.diagnostics.warning(mark_of(origin), problem)
    bare = Tenant(name=name, accepted_domains=text.accepted_domains)
    rules = enumerate(text.transport_rules)
    return Tenant(
        name=name,
        accepted_domains=text.accepted_domains,
        inbound_connectors=text.inbound_connectors,
        outbound_connectors=text.outbound_connectors,
        transport_rules=tuple(
            rule for _, rule in sorted(rules, key=lambda pair: _priority(pair[0], pair[1].priority))
        ),
        directory=link_directory(
            text.recipients, bare.default_domain, linking.file, linking.diagnostics, where
        ),
        transport_config=text.transport_config,
        organization_config=text.organization_config,
        hosted_connection_filter_policy=text.hosted_connection_filter_policy,
        tenant_exemption_info=text.tenant_exemption_info,
        remote_domains=text.remote_domains,
        hosted_outbound_spam_filter_policy=text.hosted_outbound_spam_filter_policy,
        anti_phish_policy=text.anti_phish_policy,
        arc_config=text.arc_config,
    )


def _service_certificate(linking: Linking) -> str:
    if CLIENT_CERTIFICATE not in linking.certificates:
        linking.certificates[CLIENT_CERTIFICATE] = CertificateSpec(
            name=CLIENT_CERTIFICATE,
            common_name=CLIENT_CERTIFICATE,
            names=(CLIENT_CERTIFICATE, "*." + CLIENT_CERTIFICATE, SUBMISSION_HOST, LEGACY_SUBMISSION_HOST),
            authority=PUBLIC,
            not_before=linking.start - VALIDITY,
            not_after=linking.start + VALIDITY,
        )
    return CLIENT_CERTIFICATE


def _priority(position: int, priority: int | None) -> tuple[int, int]:
    """Order rules by Priority; a rule without one keeps its place in the list."""
    return (position if priority is None else priority, position)


def inbound_host(domain: str) -> str:
    """Return the host that a domain's MX names: dots become dashes."""
    return domain.replace(".", "-") + ".mail.protection.outlook.com"


def domains_of(tenants: tuple[Tenant, ...]) -> list[str]:
    """Return every accepted domain of all tenants."""
    return [domain.domain_name.lower() for tenant in tenants for domain in tenant.accepted_domains]
