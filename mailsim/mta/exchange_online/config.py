"""Exchange Online as configured: one service and its tenants, with what each administrator wrote."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import IPv4Address

from mailsim.mta.exchange_online.authentication.anti_phish_policy import AntiPhishPolicy
from mailsim.mta.exchange_online.authentication.arc_config import ArcConfig
from mailsim.mta.exchange_online.categorize.accepted_domain import AcceptedDomain, accepted_by
from mailsim.mta.exchange_online.categorize.outbound_spam_policy import HostedOutboundSpamFilterPolicy
from mailsim.mta.exchange_online.categorize.remote_domain import DEFAULT, RemoteDomain
from mailsim.mta.exchange_online.organization_config import OrganizationConfig
from mailsim.mta.exchange_online.receive.connection_filter import HostedConnectionFilterPolicy
from mailsim.mta.exchange_online.receive.enforcement import TenantExemptionInfo
from mailsim.mta.exchange_online.receive.inbound_connector import InboundConnector
from mailsim.mta.exchange_online.send.outbound_connector import OutboundConnector
from mailsim.mta.exchange_online.transport_config import TransportConfig
from mailsim.mta.remote_domains import with_default
from mailsim.mta.rules.rule import TransportRule
from mailsim.world.directory import Directory


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant:
    """One tenant of the service.

    Args:
        name: the tenant's name; its initial domain is ``<name>.onmicrosoft.com``.
        accepted_domains: its domains.
        inbound_connectors: its inbound connectors.
        outbound_connectors: its outbound connectors.
        transport_rules: its mail flow rules by priority.
        directory: its recipients.
        organization_config: its organization settings.
        hosted_connection_filter_policy: its connection filter.
        tenant_exemption_info: pauses of the enforcement against out-of-date servers.
        transport_config: its transport settings.
        remote_domains: those that are written; Default is there besides.
        hosted_outbound_spam_filter_policy: its outbound spam policy.
        anti_phish_policy: what it does with mail that fails DMARC.
        arc_config: whose word about earlier results it takes.
    """

    name: str
    accepted_domains: tuple[AcceptedDomain, ...]
    inbound_connectors: tuple[InboundConnector, ...] = ()
    outbound_connectors: tuple[OutboundConnector, ...] = ()
    transport_rules: tuple[TransportRule, ...] = ()
    directory: Directory = field(default_factory=Directory)
    organization_config: OrganizationConfig = field(default_factory=OrganizationConfig)
    hosted_connection_filter_policy: HostedConnectionFilterPolicy = field(
        default_factory=HostedConnectionFilterPolicy
    )
    tenant_exemption_info: tuple[TenantExemptionInfo, ...] = ()
    transport_config: TransportConfig = TransportConfig()
    remote_domains: tuple[RemoteDomain, ...] = ()
    hosted_outbound_spam_filter_policy: HostedOutboundSpamFilterPolicy = HostedOutboundSpamFilterPolicy()
    anti_phish_policy: AntiPhishPolicy = AntiPhishPolicy()
    arc_config: ArcConfig = ArcConfig()

    def accepted(self, domain: str) -> AcceptedDomain | None:
        """Return the most specific accepted domain that covers a domain, None when there is none."""
        return accepted_by(self.accepted_domains, domain)

    @property
    def every_remote_domain(self) -> tuple[RemoteDomain, ...]:
        """Return its remote domains, Default included."""
        return with_default(self.remote_domains, DEFAULT)

    @property
    def default_domain(self) -> str:
        """Return the default accepted domain: the one marked, else the first."""
        marked = [each for each in self.accepted_domains if each.default] or list(self.accepted_domains)
        return marked[0].domain_name.lower() if marked else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeOnlineConfig:
    """The service.

    Args:
        tenants: all tenants of the simulation.
        submission_address: of smtp.office365.com, where mailboxes sign in; None where nobody can by address.
        legacy_submission_address: of smtp-legacy.office365.com, where they do with TLS 1.0 or 1.1; None where nobody can.
        relay_pool_address: of the relay pool, from which mail with a foreign sender leaves; None where there is none.
    """

    tenants: tuple[Tenant, ...] = ()
    submission_address: IPv4Address | None = None
    legacy_submission_address: IPv4Address | None = None
    relay_pool_address: IPv4Address | None = None

    def tenant(self, name: str) -> Tenant | None:
        """Return a tenant by name."""
        return next((tenant for tenant in self.tenants if tenant.name == name), None)

    def owner_of(self, domain: str) -> Tenant | None:
        """Return the tenant that has an accepted domain, None when nobody has."""
        return next((tenant for tenant in self.tenants if tenant.accepted(domain)), None)
