"""What the Hybrid Configuration Wizard writes: each object with its properties and where they are known from.

Pages and published logs of the wizard agree on these lists; what the wizard sets to nothing is not written. Sources: "Hybrid
Configuration wizard", "Transport routing in Exchange hybrid deployments", KB 3194415, Set-ReceiveConnector on an Edge
server in "Edge Transport servers with hybrid deployments", logs of the wizard.
"""

from __future__ import annotations

from dataclasses import dataclass

from mailsim.config.generated import Setting
from mailsim.reason.cite import documented, observed

WIZARD = documented("ms:hybrid-configuration-wizard", "Hybrid Configuration wizard")
LOG = observed("observed:hcw-log", "cmdlets run by the wizard")
EDGE = documented("ms:edge-transport-servers-hybrid", "Edge Transport servers with hybrid deployments")
ROUTING = documented("ms:transport-routing", "Transport routing in Exchange hybrid deployments")
SYNCHRONIZED = documented("ms:connect-sync-attributes", "Exchange Online, groups")
POLICY = observed("observed:hcw-log", "Set-EmailAddressPolicy, Update-EmailAddressPolicy")

PROTECTION = "mail.protection.outlook.com"
EVERYONE = "0.0.0.0-255.255.255.255"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hybrid:
    """What the wizard was told, with everything inferred.

    Args:
        organization: the name of the organization on-premises.
        tenant: the name of the tenant.
        organization_guid: names the objects in the tenant.
        tenant_guid: names the objects on-premises.
        domains: the domains that both sides share.
        coexistence_domain: ``<tenant>.mail.onmicrosoft.com``.
        certificate_name: the CN of the certificate; may be a wildcard.
        tls_certificate_name: the certificate in the form ``<I>issuer<S>subject``.
        tls_sender_certificate_name: by which the tenant knows the certificate.
        servers: the Mailbox servers, or the Edge servers, that carry hybrid mail.
        edge: whether they are Edge servers.
        smart_host: where the tenant hands mail to the organization.
        centralized: whether the tenant's mail to the internet leaves by the organization.
    """

    organization: str
    tenant: str
    organization_guid: str
    tenant_guid: str
    domains: tuple[str, ...]
    coexistence_domain: str
    certificate_name: str
    tls_certificate_name: str
    tls_sender_certificate_name: str
    servers: tuple[str, ...]
    edge: bool
    smart_host: str
    centralized: bool

    @property
    def fqdn(self) -> str:
        """Return the name in the certificate; a wildcard names no host, so the smart host stands for it (inferred)."""
        return self.smart_host if self.certificate_name.startswith("*.") else self.certificate_name

    @property
    def receive_connector(self) -> str:
        """Return what the Receive connector is called, without the server."""
        return "Default internal receive connector" if self.edge else "Default Frontend"


def send_connector(hybrid: Hybrid) -> tuple[Setting, ...]:
    """Return the Send connector to the tenant."""
    return (
        Setting("Name", f"Outbound to Office 365 - {hybrid.tenant_guid}"),
        Setting("AddressSpaces", f"smtp:{hybrid.coexistence_domain};1"),
        Setting("DNSRoutingEnabled", True),
        Setting("ErrorPolicies", "Default"),
        Setting("Fqdn", hybrid.fqdn, "certificate"),
        Setting("RequireTLS", True),
        Setting("IgnoreSTARTTLS", False),
        Setting("SourceTransportServers", hybrid.servers, "edge" if hybrid.edge else "servers"),
        Setting("TlsAuthLevel", "DomainValidation"),
        Setting("DomainSecureEnabled", False),
        Setting("TlsDomain", PROTECTION),
        Setting("CloudServicesMailEnabled", True),
        Setting("TlsCertificateName", hybrid.tls_certificate_name, "certificate"),
    )


def receive_connector(hybrid: Hybrid, server: str, fqdn: str) -> tuple[Setting, ...]:
    """Return the Receive connector of one server as the wizard leaves it.

    Args:
        hybrid: what the wizard was told.
        server: the server's short name.
        fqdn: its host name.
    """
    if hybrid.edge:
        return _edge_receive_connector(hybrid, server)
    return (
        Setting("Name", f"{hybrid.receive_connector} {server}"),
        Setting("TransportRole", "FrontendTransport"),
        Setting("Bindings", "0.0.0.0:25"),
        Setting("RemoteIPRanges", EVERYONE),
        Setting("Fqdn", fqdn),
        Setting("AuthMechanism", "Tls, Integrated, BasicAuth, BasicAuthRequireTLS, ExchangeServer"),
        Setting("PermissionGroups", "AnonymousUsers, ExchangeServers, ExchangeLegacyServers"),
        Setting("RequireTLS", False),
        Setting("TlsDomainCapabilities", f"{PROTECTION}:AcceptCloudServicesMail"),
        Setting("TlsCertificateName", hybrid.tls_certificate_name, "certificate"),
    )


def _edge_receive_connector(hybrid: Hybrid, server: str) -> tuple[Setting, ...]:
    """Return the Receive connector of an Edge server, which the administrator sets by hand."""
    return (
        Setting("Name", f"{hybrid.receive_connector} {server}"),
        Setting("Bindings", "0.0.0.0:25"),
        Setting("RemoteIPRanges", EVERYONE),
        Setting("Fqdn", hybrid.fqdn, "certificate"),
        Setting("AuthMechanism", "Tls, ExchangeServer"),
        Setting("PermissionGroups", "AnonymousUsers, ExchangeServers, Partners"),
        Setting("TlsDomainCapabilities", f"{PROTECTION}:AcceptOorgProtocol"),
        Setting("TlsCertificateName", hybrid.tls_certificate_name, "certificate"),
    )


def inbound_connector(hybrid: Hybrid) -> tuple[Setting, ...]:
    """Return the tenant's connector for mail from the organization."""
    return (
        Setting("Name", f"Inbound from {hybrid.organization_guid}"),
        Setting("ConnectorType", "OnPremises"),
        Setting("ConnectorSource", "HybridWizard"),
        Setting("CloudServicesMailEnabled", True),
        Setting("RequireTls", True),
        Setting("SenderDomains", "smtp:*;1"),
        Setting("RestrictDomainsToIPAddresses", False),
        Setting("TlsSenderCertificateName", hybrid.tls_sender_certificate_name, "certificate"),
    )


def outbound_connector(hybrid: Hybrid) -> tuple[Setting, ...]:
    """Return the tenant's connector for mail to the organization; KB 3194415 has the ``*`` of centralized transport."""
    domains = Setting("RecipientDomains", hybrid.domains, "domains")
    return (
        Setting("Name", f"Outbound to {hybrid.organization_guid}"),
        Setting("ConnectorType", "OnPremises"),
        Setting("ConnectorSource", "HybridWizard"),
        Setting("CloudServicesMailEnabled", True),
        Setting("RecipientDomains", "*", "centralized") if hybrid.centralized else domains,
        Setting("RouteAllMessagesViaOnPremises", hybrid.centralized, "centralized"),
        Setting("UseMXRecord", False),
        Setting("SmartHosts", hybrid.smart_host, "smart_host"),
        Setting("TlsSettings", "DomainValidation"),
        Setting("TlsDomain", hybrid.certificate_name, "certificate"),
        Setting("IsTransportRuleScoped", False),
    )


def coexistence_domain(hybrid: Hybrid) -> tuple[Setting, ...]:
    """Return the accepted domain by which on-premises reaches the tenant; its type is the cmdlet's default."""
    return (Setting("DomainName", hybrid.coexistence_domain), Setting("DomainType", "Authoritative"))


def coexistence_domain_online(hybrid: Hybrid) -> tuple[Setting, ...]:
    """Return the same accepted domain on the tenant's side."""
    return (*coexistence_domain(hybrid), Setting("IsCoexistenceDomain", True))
