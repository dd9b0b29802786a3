"""What Exchange Online looks at in the certificate of a peer besides its chain and its name, and what follows a failed handshake.

Asked by outbound connectors with TlsSettings and by inbound connectors that name a certificate. That outbound connectors look
at revocation is documented; the rest is assumed.
"""

from __future__ import annotations

from mailsim.mta.exchange_online.certificate_assumptions import (
    CLIENT_REVOCATION,
    CLIENT_USAGE,
    FAILED_HANDSHAKE,
    NO_COMMON_VERSION,
    SERVER_USAGE,
    WEAK_KEY,
)
from mailsim.mta.kind import PointOfView
from mailsim.mta.relaying.certificate_flaws import Diligence, Look
from mailsim.mta.relaying.offer import Fallback
from mailsim.reason.cite import documented

OF_NEXT_HOP = documented("ms:new-outboundconnector", "TlsSettings: revocation lists are checked")


def look_at_next_hop(at: PointOfView) -> Diligence:
    """Return what an outbound connector looks at that validates the next hop's certificate."""
    return Diligence(
        usage=Look.assumed(at, SERVER_USAGE, "wanted"),
        key=Look.assumed(at, WEAK_KEY, "refused"),
        revocation=Look(does=True, cite=OF_NEXT_HOP),
    )


def look_at_client(at: PointOfView) -> Diligence:
    """Return what an inbound connector looks at in a client's certificate."""
    return Diligence(
        usage=Look.assumed(at, CLIENT_USAGE, "wanted"),
        key=Look.assumed(at, WEAK_KEY, "refused"),
        revocation=Look.assumed(at, CLIENT_REVOCATION, "checked"),
    )


def fall_back(at: PointOfView) -> Fallback:
    """Return what the service does after a failed handshake."""
    no_version = NO_COMMON_VERSION.cite(at.assumed(NO_COMMON_VERSION))
    return Fallback(in_clear=Look.assumed(at, FAILED_HANDSHAKE, "clear-text"), no_version=no_version)
