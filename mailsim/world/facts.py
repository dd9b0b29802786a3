"""What one end of an SMTP session knows about the other."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address

from mailsim.world.certificate import PresentedCertificate


@dataclass(frozen=True, slots=True)
class TlsFacts:
    """What a finished handshake showed to one end.

    Args:
        version: as Exchange prints it: ``TLS1_0`` to ``TLS1_3``.
        peer: the certificate the other end presented, None when it presented none.
    """

    version: str
    peer: PresentedCertificate | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionFacts:
    """What a server knows about the session at a given moment.

    Args:
        peer_ip: the modelled address the client comes from.
        local_ip: the modelled address it connected to.
        local_port: the modelled port it connected to.
        ehlo: the name the client gave; empty before EHLO or HELO.
        extended: whether it said EHLO.
        tls: what the handshake showed; None while the session is in clear text.
        user: the mailbox that signed in, empty for nobody.
        logon_failures: how often somebody failed to sign in on this connection.
    """

    peer_ip: IPv4Address
    local_ip: IPv4Address
    local_port: int
    ehlo: str = ""
    extended: bool = False
    tls: TlsFacts | None = None
    user: str = ""
    logon_failures: int = 0
