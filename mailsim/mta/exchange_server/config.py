"""An Exchange server as configured, with the organization it belongs to."""

from __future__ import annotations

from dataclasses import dataclass, field

from mailsim.mail.address import Mailbox
from mailsim.mta.exchange_server.categorize.accepted_domain import AcceptedDomain
from mailsim.mta.exchange_server.categorize.remote_domain import DEFAULT, RemoteDomain
from mailsim.mta.exchange_server.organization_server import OrganizationServer, Role
from mailsim.mta.exchange_server.receive.receive_connector import ReceiveConnector
from mailsim.mta.exchange_server.send.send_connector import SendConnector
from mailsim.mta.exchange_server.send.transport_service import TransportService
from mailsim.mta.exchange_server.sites import Sites
from mailsim.mta.exchange_server.transport_config import TransportConfig
from mailsim.mta.kind import PointOfView
from mailsim.mta.remote_domains import with_default
from mailsim.world.directory import Directory


@dataclass(frozen=True, slots=True, kw_only=True)
class Organization:
    """What all servers of an organization share.

    Args:
        name: the organization's name.
        accepted_domains: its domains.
        send_connectors: its Send connectors.
        directory: its recipients.
        servers: its servers; may be empty where there is one.
        sites: its Active Directory sites.
        transport_config: its transport settings.
        remote_domains: those that are written; Default is there besides.
    """

    name: str
    accepted_domains: tuple[AcceptedDomain, ...]
    send_connectors: tuple[SendConnector, ...] = ()
    directory: Directory = field(default_factory=Directory)
    servers: tuple[OrganizationServer, ...] = ()
    sites: Sites = field(default_factory=Sites)
    transport_config: TransportConfig = TransportConfig()
    remote_domains: tuple[RemoteDomain, ...] = ()

    def accepted(self, domain: str) -> AcceptedDomain | None:
        """Return the most specific accepted domain that covers a domain, None when there is none."""
        covering = [each for each in self.accepted_domains if each.domain_name.covers(domain, apex=False)]
        return max(covering, key=lambda each: each.domain_name.specificity, default=None)

    def server(self, name: str) -> OrganizationServer | None:
        """Return the server that bears a name, short or full, in any case; None when there is none."""
        return next((each for each in self.servers if each.bears(name)), None)

    def home(self, server: str) -> OrganizationServer | None:
        """Return the server that has a mailbox: the one named, else the first Mailbox server."""
        boxes = (each for each in self.servers if each.role is Role.MAILBOX)
        return self.server(server) if server else next(boxes, None)

    @property
    def every_remote_domain(self) -> tuple[RemoteDomain, ...]:
        """Return its remote domains, Default included."""
        return with_default(self.remote_domains, DEFAULT)

    @property
    def default_domain(self) -> str:
        """Return the default accepted domain: the one marked, else the first."""
        marked = [each for each in self.accepted_domains if each.default]
        first = (marked or list(self.accepted_domains))[:1]
        return first[0].domain_name.base if first else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeServerConfig:
    """One Exchange server.

    Args:
        organization: the organization it belongs to.
        name: its short name, as Exchange shows it in connector names.
        receive_connectors: its Receive connectors.
        role: what is installed on it.
        transport_service: its queue settings.
    """

    organization: Organization
    name: str = ""
    receive_connectors: tuple[ReceiveConnector, ...] = ()
    role: Role = Role.MAILBOX
    transport_service: TransportService = TransportService()

    def has_mailbox(self, address: Mailbox) -> bool:
        """Tell whether an address is a mailbox of this server."""
        found = self.organization.directory.find(address)
        if found is None or not found.is_mailbox:
            return False
        home = self.organization.home(found.server)
        return home is None or home.name == self.name


def config_of(at: PointOfView) -> ExchangeServerConfig:
    """Return the configuration of the server that decides."""
    config: ExchangeServerConfig = at.mta.config
    return config


def organization_of(at: PointOfView) -> Organization:
    """Return the organization of the server that decides."""
    return config_of(at).organization
