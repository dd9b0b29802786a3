"""A private key with the certificate chain that its holder sends.

Made by ``pki``, used by ``live`` to speak TLS and by ``mailsim certs`` to write PEM files. Pure values.
"""

from __future__ import annotations

from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a host proves its name with.

    Args:
        chain: the certificates as sent, leaf first; a root is never among them.
        key: the private key of the leaf.
    """

    chain: tuple[x509.Certificate, ...]
    key: CertificateIssuerPrivateKeyTypes
