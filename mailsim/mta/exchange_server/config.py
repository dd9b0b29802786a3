"""An Exchange server as configured, with the organization it belongs to."""

from __future__ import annotations

from dataclasses import dataclass, field

from mailsim.mta.exchange_server.accepted_domain import AcceptedDomain
from mailsim.mta.exchange_server.receive_connector import ReceiveConnector
from mailsim.mta.exchange_server.send_connector import SendConnector
from mailsim.world.directory import Directory


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeServerConfig:
    """An Exchange server with the organization it belongs to.

    Args:
        organization: the organization's name.
        accepted_domains: of the organization.
        send_connectors: of the organization.
        receive_connectors: of the server.
        directory: the organization's recipients.
    """

    organization: str
    accepted_domains: tuple[AcceptedDomain, ...]
    send_connectors: tuple[SendConnector, ...] = ()
    receive_connectors: tuple[ReceiveConnector, ...] = ()
    directory: Directory = field(default_factory=Directory)

    def accepted(self, domain: str) -> AcceptedDomain | None:
        """Return the most specific accepted domain that covers a domain, None when there is none."""
        covering = [each for each in self.accepted_domains if each.domain_name.covers(domain, apex=False)]
        return max(covering, key=lambda each: each.domain_name.specificity, default=None)

    @property
    def default_domain(self) -> str:
        """Return the default accepted domain: the one marked, else the first."""
        marked = [each for each in self.accepted_domains if each.default]
        first = (marked or list(self.accepted_domains))[:1]
        return first[0].domain_name.base if first else ""
