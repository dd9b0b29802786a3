"""A server as the others of its organization know it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from ipaddress import IPv4Address

SUBMISSION_BETWEEN_SERVERS = 2525
"""Where the Transport service listens on a Mailbox server."""


class Role(Enum):
    """What is installed on a server."""

    MAILBOX = "mailbox"
    EDGE = "edge"


@dataclass(frozen=True, slots=True)
class OrganizationServer:
    """A server of an organization.

    Args:
        name: its short name.
        fqdn: its full name.
        address: its modelled address.
        site: its Active Directory site; of an Edge Transport server the one it is subscribed to, empty without subscription.
        role: what is installed on it.
        port: where its Transport service takes mail of other servers: 2525, or 25 where it does not listen there, since
            the services of a server are one MTA here.
    """

    name: str
    fqdn: str
    address: IPv4Address
    site: str = ""
    role: Role = Role.MAILBOX
    port: int = 25

    def bears(self, name: str) -> bool:
        """Tell whether a name, short or full, is its own."""
        return name.lower() in (self.name.lower(), self.fqdn.lower())
