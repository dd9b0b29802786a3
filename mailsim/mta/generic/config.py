"""What an administrator says about an internet MTA."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import IPv4Network

from mailsim.mail.address import Mailbox
from mailsim.mta.relaying.tls_policy import TlsDemand
from mailsim.world.directory import Directory
from mailsim.world.source import Written


@dataclass(frozen=True, slots=True, kw_only=True)
class GenericConfig(Written):
    """An internet MTA's own settings.

    Args:
        domains: the domains it is the destination of.
        mailboxes: who exists there.
        accepts_everyone: whether every address of its domains exists.
        relay_from: networks it relays for.
        smart_hosts: where everything else goes; empty sends by MX.
        tls: what it demands of the next hop.
        tls_name: the certificate name it wants there, with ``VALID_NAME``.
        asks_client_certificate: whether it asks clients for theirs.
        size_limit: octets.
        messages_per_connection: after so many messages it opens a new connection.
        origin: where it is configured.
    """

    domains: frozenset[str] = frozenset()
    mailboxes: Directory = field(default_factory=Directory)
    accepts_everyone: bool = False
    relay_from: tuple[IPv4Network, ...] = ()
    smart_hosts: tuple[str, ...] = ()
    tls: TlsDemand = TlsDemand.OPPORTUNISTIC
    tls_name: str = ""
    asks_client_certificate: bool = False
    size_limit: int = 10_240_000  # postfix: message_size_limit
    messages_per_connection: int = 100

    def has(self, address: Mailbox) -> bool:
        """Tell whether a mailbox exists here; a postmaster always does (RFC 5321 section 4.5.1)."""
        if address.domain and address.domain not in self.domains:
            return False
        return (
            self.accepts_everyone or address.local_part.lower() == "postmaster" or address in self.mailboxes
        )
