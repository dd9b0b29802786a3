"""An Exchange server as configured, with the organization it belongs to."""

from __future__ import annotations

from dataclasses import dataclass, field

from mailsim.mta.exchange_server.accepted_domain import AcceptedDomain
from mailsim.mta.exchange_server.receive_connector import ReceiveConnector
from mailsim.mta.exchange_server.remote_domain import DEFAULT, RemoteDomain
from mailsim.mta.exchange_server.send_connector import SendConnector
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
        transport_config: its transport settings.
        remote_domains: those that are written; Default is there besides.
    """

    name: str
    accepted_domains: tuple[AcceptedDomain, ...]
    send_connectors: tuple[SendConnector, ...] = ()
    directory: Directory = field(default_factory=Directory)
    transport_config: TransportConfig = TransportConfig()
    remote_domains: tuple[RemoteDomain, ...] = ()

    def accepted(self, domain: str) -> AcceptedDomain | None:
        """Return the most specific accepted domain that covers a domain, None when there is none."""
        covering = [each for each in self.accepted_domains if each.domain_name.covers(domain, apex=False)]
        return max(covering, key=lambda each: each.domain_name.specificity, default=None)

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
    """

    organization: Organization
    name: str = ""
    receive_connectors: tuple[ReceiveConnector, ...] = ()


def config_of(at: PointOfView) -> ExchangeServerConfig:
    """Return the configuration of the server that decides."""
    config: ExchangeServerConfig = at.mta.config
    return config


def organization_of(at: PointOfView) -> Organization:
    """Return the organization of the server that decides."""
    return config_of(at).organization
