"""What Exchange Server looks at in the certificate of a peer besides its chain and its name, and what follows a failed handshake.

Asked by Send connectors with a TlsAuthLevel and by TlsDomainCapabilities. That both look at revocation is documented, and seen
in the event that tells of a revocation list that cannot be fetched; the rest is assumed.
"""

from __future__ import annotations

from mailsim.mta.exchange_server.certificate_assumptions import (
    CLIENT_USAGE,
    FAILED_HANDSHAKE,
    SERVER_USAGE,
    WEAK_KEY,
)
from mailsim.mta.kind import PointOfView
from mailsim.mta.relaying.certificate_flaws import Diligence, Look
from mailsim.mta.relaying.offer import Fallback
from mailsim.reason.cite import documented, observed

OF_NEXT_HOP = documented("ms:set-sendconnector", "TlsAuthLevel: revocation lists are checked")
NO_VERSION = documented("ms:send-receive-emails-socketerror", "421 4.4.2 in the Queue Viewer")
OF_CLIENT = observed("observed:event-11022", "RevocationOffline")


def look_at_next_hop(at: PointOfView) -> Diligence:
    """Return what a Send connector looks at that validates the next hop's certificate."""
    return Diligence(
        usage=Look.assumed(at, SERVER_USAGE, "wanted"),
        key=Look.assumed(at, WEAK_KEY, "refused"),
        revocation=Look(does=True, cite=OF_NEXT_HOP),
    )


def look_at_client(at: PointOfView) -> Diligence:
    """Return what TlsDomainCapabilities looks at in a client's certificate."""
    return Diligence(
        usage=Look.assumed(at, CLIENT_USAGE, "wanted"),
        key=Look.assumed(at, WEAK_KEY, "refused"),
        revocation=Look(does=True, cite=OF_CLIENT),
    )


def fall_back(at: PointOfView) -> Fallback:
    """Return what a Send connector does after a failed handshake."""
    return Fallback(in_clear=Look.assumed(at, FAILED_HANDSHAKE, "clear-text"), no_version=NO_VERSION)
