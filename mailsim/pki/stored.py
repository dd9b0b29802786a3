"""Certificates kept as PEM files: their file names, and reading them back.

Called by ``Pki``, which is given the files as bytes and gives them out the same way. Promises that two names never
share a file, even where the file system ignores case, and that a stored certificate is used only while it is what
the scenario describes: anything else is a ``StaleCertificate``, never a silent new key, because a client may already
trust the old one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import count

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from mailsim.pki.chain import is_authority, is_issued_by
from mailsim.pki.credentials import Credentials
from mailsim.pki.issue import Authority, x509_name
from mailsim.pki.presented import common_name, dns_names, public_key, usages
from mailsim.world.certificate import AuthoritySpec, CertificateSpec, Eku, KeyType, PublicKey, Role
from mailsim.world.distinguished_name import DistinguishedName

PUBLIC_AUTHORITIES = "ca.pem"

_LONGEST = 100  # file systems take 255 octets a name
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]")

_KEYS = {
    KeyType.ECDSA_P256: PublicKey("ECDSA", 256),
    KeyType.ECDSA_P384: PublicKey("ECDSA", 384),
    KeyType.RSA_2048: PublicKey("RSA", 2048),
    KeyType.RSA_1024: PublicKey("RSA", 1024),
}


class StaleCertificate(ValueError):  # a state of the user's files, not a fault of the call
    """A stored key or certificate that cannot serve the scenario as it is now; the text says what to do about it.

    Nothing is made in its place: the files stay as they were.
    """


def file_stems(
    authorities: Iterable[str], certificates: Iterable[str]
) -> tuple[dict[str, str], dict[str, str]]:
    """Choose the file names, without extension, of all authorities and all certificates.

    Names that would share a file get ``~2``, ``~3`` and so on, in an order that depends on the names alone.

    Returns:
        Two maps from the scenario's name to the stem: of authorities (ending in ``.ca``), of certificates.
    """
    taken = {PUBLIC_AUTHORITIES.removesuffix(".pem")}
    of_authorities = {name: _free_stem(name, ".ca", taken) for name in sorted(authorities, key=_plain_first)}
    of_certificates = {name: _free_stem(name, "", taken) for name in sorted(certificates, key=_plain_first)}
    return of_authorities, of_certificates


def slug(name: str) -> str:
    """Write a name in characters safe in any file name; ``*.a b`` becomes ``_wildcard.a-b``."""
    spelled = name.replace("*", "_wildcard").replace(" ", "-")
    safe = _UNSAFE.sub("_", spelled)[:_LONGEST]
    return safe if safe and not safe.startswith((".", "-")) else f"_{safe}"


def stored_authority(
    spec: AuthoritySpec, stem: str, stored: Mapping[str, bytes], issuer: Authority | None
) -> Authority | None:
    """Read a stored authority; None when there is none.

    Args:
        spec: the description it has to fit.
        stem: its file name without extension.
        stored: file name to PEM.
        issuer: the authority that must have issued it; None where none is described.

    Raises:
        StaleCertificate: it is incomplete, unreadable, no authority, or has another CN or issuer than described.
    """
    pair = _read_pair(f"{stem}.pem", f"{stem}.key", stored)
    if pair is None:
        return None
    certificate = pair.chain[0]
    differences = "; ".join(_differences_of_authority(spec, certificate))
    if differences:
        raise StaleCertificate(
            f"stored authority {spec.name!r} no longer fits its description: {differences}; delete {stem}.pem, "
            f"{stem}.key and the certificates it issued to have them made anew"
        )
    if not is_authority(certificate) or not _has_key_identifier(certificate):
        raise StaleCertificate(
            f"{stem}.pem is not the certificate of an authority with a subjectKeyIdentifier"
        )
    if issuer is not None and not is_issued_by(certificate, issuer.certificate):
        raise StaleCertificate(
            f"stored authority {spec.name!r} is not issued by the authority {spec.issuer!r} as it is now; delete "
            f"{stem}.pem, {stem}.key and the certificates it issued to have them made anew"
        )
    return Authority(certificate, pair.key)


def stored_credentials(
    spec: CertificateSpec,
    stem: str,
    stored: Mapping[str, bytes],
    authority: Authority | None,
    intermediates: tuple[x509.Certificate, ...] | None,
) -> Credentials | None:
    """Read a stored host certificate with its key; None when there is none.

    Args:
        spec: the description it has to fit.
        stem: its file name without extension.
        stored: file name to PEM.
        authority: the authority that must have issued it; None when it must be self-signed.
        intermediates: what it must be sent with; None where its authority is a root, to which any chain may lead.

    Raises:
        StaleCertificate: it is incomplete, unreadable or not what is described.
    """
    found = _read_pair(f"{stem}.crt", f"{stem}.key", stored)
    if found is None:
        return None
    differences = "; ".join(_differences(spec, found.chain, authority, intermediates))
    if differences:
        raise StaleCertificate(
            f"stored certificate {spec.name!r} no longer fits its description: {differences}; "
            f"delete {stem}.crt and {stem}.key to have it made anew"
        )
    return found


def _plain_first(name: str) -> tuple[bool, str]:
    return slug(name) != name, name


def _free_stem(name: str, ending: str, taken: set[str]) -> str:
    """Take the first stem that nobody has; ``~`` is in no slug, so numbered stems cannot meet plain ones."""
    numbered = (f"{slug(name)}{'' if number == 1 else f'~{number}'}{ending}" for number in count(1))
    stem = next(stem for stem in numbered if stem.lower() not in taken)
    taken.add(stem.lower())
    return stem


def _read_pair(certificate_file: str, key_file: str, stored: Mapping[str, bytes]) -> Credentials | None:
    present = [file for file in (certificate_file, key_file) if file in stored]
    if not present:
        return None
    if len(present) == 1:
        raise StaleCertificate(
            f"{present[0]} is stored, but not both {certificate_file} and {key_file}; restore the other, or delete "
            f"this one to have both made anew"
        )
    chain = _read_certificates(certificate_file, stored[certificate_file])
    key = _read_key(key_file, stored[key_file])
    if key.public_key() != chain[0].public_key():
        raise StaleCertificate(
            f"{key_file} is not the key of {certificate_file}; delete both to have them made anew"
        )
    return Credentials(chain=chain, key=key)


def _read_certificates(file: str, pem: bytes) -> tuple[x509.Certificate, ...]:
    try:
        chain = tuple(x509.load_pem_x509_certificates(pem))
        dns_names(chain[0])
    except (ValueError, x509.DuplicateExtension, x509.InvalidVersion) as error:
        raise StaleCertificate(f"{file} holds no certificate that can be read: {error}") from error
    return chain


def _read_key(file: str, pem: bytes) -> CertificateIssuerPrivateKeyTypes:
    try:
        key = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise StaleCertificate(f"{file} holds no private key that can be read: {error}") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey):
        raise StaleCertificate(f"{file} holds a private key that is neither ECDSA nor RSA")
    return key


def _differences_of_authority(spec: AuthoritySpec, certificate: x509.Certificate) -> Iterator[str]:
    found = common_name(certificate.subject)
    if found != spec.common_name:
        yield f"CN {found!r}, wanted {spec.common_name!r}"
    yield from _of_profile(certificate, spec.key, spec.subject)


def _of_profile(
    certificate: x509.Certificate, key: KeyType | None, subject: DistinguishedName | None
) -> Iterator[str]:
    """Yield how key and subject differ from what is described; what is left open may be anything."""
    found = public_key(certificate)
    if key is not None and found != _KEYS[key]:
        yield f"key {found}, wanted {_KEYS[key]}"
    wanted = x509_name(subject) if subject else certificate.subject
    if certificate.subject != wanted:
        yield f"subject {certificate.subject.rfc4514_string()}, wanted {wanted.rfc4514_string()}"


def _eku_of(certificate: x509.Certificate) -> Eku:
    """Return which of the described profiles of extendedKeyUsage a certificate has."""
    found = usages(certificate)
    if found is None:
        return Eku.NONE
    server, client = (role.value in found for role in (Role.SERVER, Role.CLIENT))
    return {(True, True): Eku.BOTH, (True, False): Eku.SERVER, (False, True): Eku.CLIENT}.get(
        (server, client), Eku.OTHER
    )


def _differences(
    spec: CertificateSpec,
    chain: tuple[x509.Certificate, ...],
    authority: Authority | None,
    intermediates: tuple[x509.Certificate, ...] | None,
) -> Iterator[str]:
    leaf, issued = chain[0], chain[-1] if intermediates is None else chain[0]
    facts = [
        ("CN", common_name(leaf.subject), spec.common_name),
        ("names", _name_list(dns_names(leaf)), _name_list(spec.names)),
        ("not before", _whole_seconds(leaf.not_valid_before_utc), _whole_seconds(spec.not_before)),
        ("not after", _whole_seconds(leaf.not_valid_after_utc), _whole_seconds(spec.not_after)),
    ]
    yield from (f"{fact} {found}, wanted {wanted}" for fact, found, wanted in facts if found != wanted)
    yield from _of_profile(leaf, spec.key, spec.subject)
    if spec.eku is not None and _eku_of(leaf) is not spec.eku:
        yield f"eku {_eku_of(leaf).value}, wanted {spec.eku.value}"
    if authority is None and not is_issued_by(leaf, leaf):
        yield "not self-signed"
    if intermediates is not None and chain[1:] != intermediates:
        yield f"sent with {len(chain) - 1} intermediates, wanted {len(intermediates)} as they are now"
    if authority is not None and not is_issued_by(issued, authority.certificate):
        yield f"not issued by the authority {spec.authority!r} as it is now"


def _name_list(names: Iterable[str]) -> str:
    """Write names so that two lists of the same names are equal, whatever their order and case."""
    return ", ".join(sorted({name.lower() for name in names})) or "none"


def _has_key_identifier(certificate: x509.Certificate) -> bool:
    """Return whether certificates issued by this one can point to its key, as trustme makes them do."""
    return any(extension.oid == x509.SubjectKeyIdentifier.oid for extension in certificate.extensions)


def _whole_seconds(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"  # X.509 times have no fractions
