"""What a sending MTA demands of the session to the next hop.

The products word it differently (RequireTLS and TlsAuthLevel, TlsSettings); the demands are these five.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class TlsDemand(Enum):
    """How much TLS a session must have, least first."""

    NEVER = "STARTTLS is ignored"
    OPPORTUNISTIC = "TLS if offered, any certificate"
    ENCRYPTED = "TLS with any certificate"
    VALID_CHAIN = "TLS with a certificate from a trusted CA"
    VALID_NAME = "TLS with a certificate from a trusted CA that bears a given name"

    @property
    def mandatory(self) -> bool:
        """Whether mail is never sent in clear text."""
        return self not in (TlsDemand.NEVER, TlsDemand.OPPORTUNISTIC)

    @property
    def verified(self) -> bool:
        """Whether the certificate is judged."""
        return self in (TlsDemand.VALID_CHAIN, TlsDemand.VALID_NAME)


@dataclass(frozen=True, slots=True)
class TlsPolicy:
    """A demand, with the setting it comes from.

    Args:
        demand: how much TLS.
        name: the name wanted in the certificate, with VALID_NAME; may be ``*.domain``.
        setting: the properties in the product's words, such as ``RequireTLS True, TlsAuthLevel
            CertificateValidation``.
        source: ``file:line`` of the setting, empty for a default.
    """

    demand: TlsDemand
    name: str = ""
    setting: str = ""
    source: str = ""


def name_matches(wanted: str, presented: str) -> bool:
    """Tell whether a certificate name satisfies a wanted name.

    A wildcard stands for exactly one label, on either side (RFC 6125 section 6.4.3 for the certificate's;
    the wanted side, as in ``TlsSenderCertificateName *.contoso.com``, is inferred from Microsoft's examples).
    """
    wanted, presented = wanted.lower(), presented.lower()
    if wanted == presented:
        return True
    if presented.startswith("*."):
        return not wanted.startswith("*.") and _right_below(wanted, presented)
    return wanted.startswith("*.") and _right_below(presented, wanted)


def _right_below(name: str, wildcard: str) -> bool:
    label, dot, parent = name.partition(".")
    return bool(label and dot) and parent == wildcard[2:]
