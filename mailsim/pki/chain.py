"""Whether a chain leads to a trusted root at a given time, and if not, why.

Called by ``Pki.judge``. The verdict is a path validation by ``cryptography.x509.verification`` of the chain as sent;
its words ("candidates exhausted") explain nothing, so a walk of our own over the same certificates says what an
administrator can mend. EKU, host names, revocation and the strength of the leaf's key are questions of the vendors, not of
this module; a weak key of an issuer is refused by the validation itself. Pure. Source: rfc5280 section 6 (normative).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from cryptography.x509.verification import (
    Criticality,
    ExtensionPolicy,
    PolicyBuilder,
    Store,
    VerificationError,
)

from mailsim.world.certificate import ChainVerdict

Certificates = Sequence[x509.Certificate]
Fault = tuple[str, str]  # the reason word, and what was seen

LEAST_RSA_BITS = 2048
"""Below it the verifier takes no key of an issuer (CA/Browser Forum Baseline Requirements, section 6.1.5)."""

# Authorities must be authorities; every other extension is the business of the vendors' own checks.
_CA_POLICY = ExtensionPolicy.permit_all().require_present(x509.BasicConstraints, Criticality.AGNOSTIC, None)
_LEAF_POLICY = ExtensionPolicy.permit_all()


def judge_chain(
    chain: Certificates, *, trusted: Certificates, known: Certificates, at: datetime
) -> ChainVerdict:
    """Judge a chain as sent.

    A chain with several faults gets the reason of the first in the order missing or untrusted root, leaf's dates,
    dates of its issuers; ``saw`` tells all of them. Of a path that is complete, trusted and in time and yet refused,
    an issuer with a weak key is called ``HasWeakSignature`` (the word of .NET's X509ChainStatusFlags), anything else
    (an issuer that is no authority, a signature algorithm out of use) ``PartialChain``.

    Args:
        chain: leaf first, at least one.
        trusted: the roots trusted here.
        known: every root of the simulation, so that an untrusted one can be told from a missing link.
        at: when, aware UTC.
    """
    path = _validate(chain, trusted, at)
    if path:
        return ChainVerdict(trusted=True, reason="Valid", saw=f"{_issued_by(path)}, which is trusted here")
    walked = _walk(chain, (*trusted, *known))
    ending, fault = _ending(walked, chain, trusted, known)
    faults = [*fault, *_date_faults(walked, at)] or list(_refusal(walked))
    saw = "; ".join([ending, *(text for _, text in faults if text)])
    return ChainVerdict(trusted=False, reason=faults[0][0], saw=saw)


def is_issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Return whether the issuer's name is in the certificate and its key signed it."""
    if certificate.issuer != issuer.subject:
        return False
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def is_authority(certificate: x509.Certificate) -> bool:
    """Return whether the certificate says that it may issue others."""
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def _validate(chain: Certificates, trusted: Certificates, at: datetime) -> Certificates:
    if not trusted:  # a Store may not be empty
        return ()
    verifier = (
        PolicyBuilder()
        .store(Store(list(trusted)))
        .time(at.replace(tzinfo=None))  # naive means UTC there
        .extension_policies(ca_policy=_CA_POLICY, ee_policy=_LEAF_POLICY)
        .build_client_verifier()  # the server verifier insists on a SAN and on name rules of its own
    )
    try:
        return verifier.verify(chain[0], list(chain[1:])).chain
    except VerificationError:
        return ()


def _walk(chain: Certificates, roots: Certificates) -> Certificates:
    """Follow the issuers from the leaf as far as they were sent or are known."""
    path = [chain[0]]
    while path[-1] not in roots:
        issuers = (c for c in (*roots, *chain[1:]) if c not in path and is_issued_by(path[-1], c))
        issuer = next(issuers, None)
        if issuer is None:
            break
        path.append(issuer)
    return path


def _ending(
    path: Certificates, chain: Certificates, trusted: Certificates, known: Certificates
) -> tuple[str, list[Fault]]:
    top = path[-1]
    if top in trusted:
        return f"{_issued_by(path)}, which is trusted here", []
    if is_issued_by(top, top) or top in known:
        signed = ", self-signed" if len(path) == 1 else ""
        return f"{_issued_by(path)}{signed}, which is not trusted here", [("UntrustedRoot", "")]
    namesakes = [c for c in (*known, *chain) if c is not top and c.subject == top.issuer]
    missing = (
        "which has another key here: it did not sign this" if namesakes else "whose certificate was not sent"
    )
    return f"{_issued_by(path)}, issued by {_shown(top.issuer)}, {missing}", [("PartialChain", "")]


def _date_faults(path: Certificates, at: datetime) -> Iterator[Fault]:
    for link in path:
        name = _shown(link.subject)
        if at < link.not_valid_before_utc:
            yield "NotYetValid", f"{name} is not valid before {_instant(link.not_valid_before_utc)}"
        elif at > link.not_valid_after_utc:
            yield "Expired", f"{name} expired at {_instant(link.not_valid_after_utc)}"


def _refusal(path: Certificates) -> Iterator[Fault]:
    for issuer in path[1:]:
        if not is_authority(issuer):
            yield "PartialChain", f"{_shown(issuer.subject)} is no certificate authority"
            return
        key = issuer.public_key()
        if isinstance(key, rsa.RSAPublicKey) and key.key_size < LEAST_RSA_BITS:
            weak = f"{_shown(issuer.subject)} has an RSA key of {key.key_size} bits, too weak to issue"
            yield "HasWeakSignature", weak
            return
    yield "PartialChain", "a key, a signature or a constraint in this chain is not acceptable"


def _issued_by(path: Certificates) -> str:
    return ", issued by ".join(_shown(link.subject) for link in path)


def _shown(name: x509.Name) -> str:
    common = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    return common[-1].rfc4514_string() if common else name.rfc4514_string() or "an empty name"


def _instant(instant: datetime) -> str:
    return f"{instant:%Y-%m-%d %H:%M:%S} UTC"
