"""New keys and certificates, each made from its description.

Called by ``Pki`` when something is asked for that is not stored. ``trustme`` issues the ordinary host certificate.
What it cannot make is built here on ``cryptography``: authorities with a CN of their own (trustme's have only O and
OU, and a validity of 2000 to 2999), self-signed certificates, certificates without subjectAltName, names that
trustme would rewrite (upper case, underscores, IP literals), subjects beyond a CN, and every other key or
extendedKeyUsage.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import (
    CertificateIssuerPrivateKeyTypes,
    CertificatePublicKeyTypes,
)
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from mailsim.pki.credentials import Credentials
from mailsim.world.certificate import AuthoritySpec, CertificateSpec, Eku, KeyType
from mailsim.world.distinguished_name import DistinguishedName

# An authority outlives every host certificate: simulated time may be any year. OpenSSL on Windows fails past 3000.
AUTHORITY_NOT_BEFORE = datetime(1970, 1, 1, tzinfo=UTC)
AUTHORITY_NOT_AFTER = datetime(2999, 12, 31, tzinfo=UTC)

# trustme fills O and OU with its version and random text unless it is given both.
ORGANIZATION = "mailsim"
ORGANIZATIONAL_UNIT = "Simulated hosts"

# Host names that trustme writes as they are: lower-case letters, digits, hyphens, a last label with a letter.
_ORDINARY_NAME = re.compile(
    r"(\*\.)?([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)*(?=[0-9-]*[a-z])[a-z0-9]([a-z0-9-]*[a-z0-9])?"
)

_CURVES = {KeyType.ECDSA_P256: ec.SECP256R1, KeyType.ECDSA_P384: ec.SECP384R1}
_MODULI = {KeyType.RSA_2048: 2048, KeyType.RSA_1024: 1024}
_EXPONENT = 65537

_USAGES = {
    Eku.BOTH: (ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH),
    Eku.SERVER: (ExtendedKeyUsageOID.SERVER_AUTH,),
    Eku.CLIENT: (ExtendedKeyUsageOID.CLIENT_AUTH,),
    Eku.NONE: (),
    Eku.OTHER: (ExtendedKeyUsageOID.EMAIL_PROTECTION,),
}
_ATTRIBUTES = {
    "CN": NameOID.COMMON_NAME,
    "OU": NameOID.ORGANIZATIONAL_UNIT_NAME,
    "O": NameOID.ORGANIZATION_NAME,
    "L": NameOID.LOCALITY_NAME,
    "ST": NameOID.STATE_OR_PROVINCE_NAME,
    "C": NameOID.COUNTRY_NAME,
    "DC": NameOID.DOMAIN_COMPONENT,
    "STREET": NameOID.STREET_ADDRESS,
    "UID": NameOID.USER_ID,
    "E": NameOID.EMAIL_ADDRESS,
}


@dataclass(frozen=True, slots=True)
class Authority:
    """A certificate authority that can issue.

    Args:
        certificate: its own certificate, self-signed.
        key: its private key.
    """

    certificate: x509.Certificate
    key: CertificateIssuerPrivateKeyTypes

    @property
    def certificate_pem(self) -> bytes:
        """Return its certificate as PEM."""
        return self.certificate.public_bytes(Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        """Return its private key as PEM, not encrypted."""
        return key_pem(self.key)


def key_pem(key: CertificateIssuerPrivateKeyTypes) -> bytes:
    """Write a private key as PKCS #8 PEM, not encrypted."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def make_authority(spec: AuthoritySpec, issuer: Authority | None = None) -> Authority:
    """Make an authority.

    Args:
        spec: its description.
        issuer: who certifies it; None makes a root.

    Raises:
        ValueError: a subject cannot hold the name.
    """
    key = _make_key(spec.key)
    name = x509_name(spec.distinguished_name)
    above = issuer.certificate.subject if issuer else name
    builder = (
        _builder(name, above, key.public_key(), AUTHORITY_NOT_BEFORE, AUTHORITY_NOT_AFTER)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(_key_usage(authority=True), critical=True)
    )
    if issuer:
        builder = builder.add_extension(_issuer_key(issuer), critical=False)
    return Authority(builder.sign(issuer.key if issuer else key, hashes.SHA256()), key)


def make_credentials(spec: CertificateSpec, authority: Authority | None) -> Credentials:
    """Make the key and certificate of one description.

    Args:
        spec: what to make; its names in A-label form.
        authority: who issues it; None signs it with its own key.

    Raises:
        ValueError: X.509 cannot hold the description: a CN over 64 characters, a name outside ASCII, a validity
            that ends before it begins.
    """
    if authority is not None and is_ordinary(spec):
        return _issue_by_trustme(spec, authority)
    key = _make_key(spec.key)
    return Credentials(chain=(_build_host_certificate(spec, key, authority),), key=key)


def is_ordinary(spec: CertificateSpec) -> bool:
    """Return whether trustme makes the certificate exactly as it is described."""
    named = bool(spec.names) and bool(spec.common_name)
    profiled = spec.subject or spec.eku not in (None, Eku.BOTH) or spec.key not in (None, KeyType.ECDSA_P256)
    return named and not profiled and all(_ORDINARY_NAME.fullmatch(name) for name in spec.names)


def _issue_by_trustme(spec: CertificateSpec, authority: Authority) -> Credentials:
    import trustme  # noqa: PLC0415  # costs 100 ms, and a topology without TLS never needs it

    issuer = trustme.CA.from_pem(authority.certificate_pem, authority.key_pem)
    leaf = issuer.issue_cert(
        *spec.names,
        common_name=spec.common_name,
        organization_name=ORGANIZATION,
        organization_unit_name=ORGANIZATIONAL_UNIT,
        not_before=spec.not_before,
        not_after=spec.not_after,
    )
    key = load_pem_private_key(leaf.private_key_pem.bytes(), password=None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    chain = tuple(x509.load_pem_x509_certificate(pem.bytes()) for pem in leaf.cert_chain_pems)
    return Credentials(chain=chain, key=key)


def _build_host_certificate(
    spec: CertificateSpec, key: CertificateIssuerPrivateKeyTypes, authority: Authority | None
) -> x509.Certificate:
    subject = x509_name(spec.distinguished_name)
    issuer = authority.certificate.subject if authority else subject
    builder = (
        _builder(subject, issuer, key.public_key(), spec.not_before, spec.not_after)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(authority=False), critical=True)
    )
    usages = _USAGES[spec.eku or Eku.BOTH]
    if usages:
        builder = builder.add_extension(x509.ExtendedKeyUsage(usages), critical=False)
    if spec.names:
        names = x509.SubjectAlternativeName([x509.DNSName(name) for name in spec.names])
        builder = builder.add_extension(names, critical=False)
    if authority:
        builder = builder.add_extension(_issuer_key(authority), critical=False)
    signer = authority.key if authority else key
    return builder.sign(signer, hashes.SHA256())


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    public_key: CertificatePublicKeyTypes,
    not_before: datetime,
    not_after: datetime,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .not_valid_before(not_before)
        .not_valid_after(not_after)
        .serial_number(x509.random_serial_number())
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
    )


def _make_key(kind: KeyType | None) -> CertificateIssuerPrivateKeyTypes:
    """Make a key; where the kind is left open, of the one that is made fastest."""
    kind = kind or KeyType.ECDSA_P256
    if kind in _MODULI:
        return rsa.generate_private_key(_EXPONENT, _MODULI[kind])
    return ec.generate_private_key(_CURVES[kind]())


def x509_name(name: DistinguishedName) -> x509.Name:
    """Return a name as it goes into a certificate: the most specific attribute last.

    Raises:
        ValueError: X.509 cannot hold a value, such as a CN over 64 characters or a country not of two letters.
    """
    parts = reversed(name.parts)
    return x509.Name([x509.NameAttribute(_ATTRIBUTES[attribute], value) for attribute, value in parts])


def _issuer_key(authority: Authority) -> x509.AuthorityKeyIdentifier:
    identifier = authority.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier)


def _key_usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=not authority,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )
