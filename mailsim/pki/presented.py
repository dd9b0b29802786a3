"""What a certificate says about itself, read from the bytes that its holder sent.

Called for our own certificates (prediction) and for those of a peer (live run), so that both see the same facts.
Pure, and memoised by the bytes. Only the form is read here; ``chain`` judges.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from mailsim.world.certificate import ANY_USAGE, PresentedCertificate, PublicKey, Role

# cryptography parses parts of a certificate only when asked; these are all the ways in which it refuses one.
_UNREADABLE = (
    ValueError,
    UnsupportedAlgorithm,
    x509.DuplicateExtension,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
)
_USAGES = {
    ExtendedKeyUsageOID.SERVER_AUTH: Role.SERVER.value,
    ExtendedKeyUsageOID.CLIENT_AUTH: Role.CLIENT.value,
    ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE: ANY_USAGE,
    ExtendedKeyUsageOID.EMAIL_PROTECTION: "e-mail protection",
    ExtendedKeyUsageOID.CODE_SIGNING: "code signing",
}


def read_presented(chain: Sequence[bytes]) -> PresentedCertificate | None:
    """Read the certificates that a peer sent.

    Args:
        chain: DER, leaf first, as sent.

    Returns:
        What the leaf says, with the chain; None when nothing was sent.

    Raises:
        ValueError: one of them is not a certificate that can be read; the text says which.
    """
    return _read(tuple(chain)) if chain else None


@lru_cache(maxsize=4096)
def load_chain(chain: tuple[bytes, ...]) -> tuple[x509.Certificate, ...]:
    """Decode the certificates of a chain.

    Raises:
        ValueError: one of them is not a certificate that can be read.
    """
    return tuple(_load(position, der) for position, der in enumerate(chain, start=1))


def common_name(name: x509.Name) -> str:
    """Return the CN of a subject or issuer, the most specific where there are several; empty without one."""
    found = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    value = found[-1].value if found else ""
    return value if isinstance(value, str) else value.decode("utf-8", "replace")


def dns_names(certificate: x509.Certificate) -> tuple[str, ...]:
    """Return the DNS names of the subjectAltName, in order; empty without the extension."""
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return ()
    return tuple(found.value.get_values_for_type(x509.DNSName))


def usages(certificate: x509.Certificate) -> tuple[str, ...] | None:
    """Return what the extendedKeyUsage allows, in order; None without the extension."""
    try:
        found = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    except x509.ExtensionNotFound:
        return None
    return tuple(_USAGES.get(usage, usage.dotted_string) for usage in found.value)


def public_key(certificate: x509.Certificate) -> PublicKey:
    """Return the kind and size of its key; of one that cannot be read the kind alone."""
    try:
        key = certificate.public_key()
    except _UNREADABLE:
        return PublicKey("unknown", 0)
    if isinstance(key, ec.EllipticCurvePublicKey):
        return PublicKey("ECDSA", key.curve.key_size)
    if isinstance(key, rsa.RSAPublicKey):
        return PublicKey("RSA", key.key_size)
    return PublicKey(type(key).__name__.removesuffix("PublicKey").lstrip("_"), 0)


@lru_cache(maxsize=4096)
def _read(chain: tuple[bytes, ...]) -> PresentedCertificate:
    leaf = load_chain(chain)[0]
    return PresentedCertificate(
        subject=leaf.subject.rfc4514_string(),
        common_name=common_name(leaf.subject),
        names=dns_names(leaf),
        issuer=leaf.issuer.rfc4514_string(),
        not_before=leaf.not_valid_before_utc,
        not_after=leaf.not_valid_after_utc,
        chain=chain,
        usages=usages(leaf),
        key=public_key(leaf),
    )


def _load(position: int, der: bytes) -> x509.Certificate:
    try:
        certificate = x509.load_der_x509_certificate(der)
        dns_names(certificate)
        usages(certificate)
    except _UNREADABLE as error:
        raise ValueError(f"certificate {position} of the chain cannot be read: {error}") from error
    return certificate
