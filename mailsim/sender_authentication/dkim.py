"""DKIM: which domains vouch for a message, and how a domain signs one.

``verify`` judges every signature of a message, ``sign`` makes one. Hashing and cryptography are dkimpy's; what the RFCs
want of a signature and of its key is checked here, one gate a rule, so that a refusal names its rule.

Rules: any signature may pass, whatever the others do (rfc6376:6.1); the time is compared with ``x=`` exactly, and ``t=`` is
not judged; a key of a domain that tests (``t=y``) counts like any other, and is said to (rfc6376:3.6.1).

Sources: rfc6376, rfc8301, rfc8463 (normative).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from mailsim.mail.message import HeaderField, Message
from mailsim.reason.decision import Decision
from mailsim.sender_authentication.lookup import Lookup


class DkimResult(Enum):
    """The results of rfc8601:2.7.1."""

    NONE = "none"
    PASS = "pass"  # noqa: S105 - a result
    FAIL = "fail"
    POLICY = "policy"
    NEUTRAL = "neutral"
    TEMPERROR = "temperror"
    PERMERROR = "permerror"


class DkimFault(Enum):
    """Why a signature does not count, in the words of rfc6376:6.1 where it has some."""

    NONE = ""
    SYNTAX = "signature syntax error"
    VERSION = "incompatible version"
    FROM_NOT_SIGNED = "From field not signed"
    DOMAIN_MISMATCH = "domain mismatch"
    ALGORITHM = "algorithm not acceptable"
    EXPIRED = "signature expired"
    KEY_UNAVAILABLE = "key unavailable"
    NO_KEY = "no key for signature"
    KEY_SYNTAX = "key syntax error"
    KEY_REVOKED = "key revoked"
    KEY_ALGORITHM = "inappropriate key algorithm"
    HASH_ALGORITHM = "inappropriate hash algorithm"
    SERVICE_TYPE = "key is not for email"
    IDENTITY = "key does not allow this identity"
    KEY_SIZE = "key too short"
    BODY_HASH = "body hash did not verify"
    SIGNATURE = "signature did not verify"

    @property
    def result(self) -> DkimResult:
        """Return the result that a fault leads to."""
        return _RESULTS.get(self, DkimResult.PERMERROR)


_RESULTS = {
    DkimFault.NONE: DkimResult.PASS,
    DkimFault.SYNTAX: DkimResult.NEUTRAL,  # rfc8601:2.7.1 has syntax errors of a signature here
    DkimFault.KEY_UNAVAILABLE: DkimResult.TEMPERROR,
    DkimFault.EXPIRED: DkimResult.FAIL,
    DkimFault.BODY_HASH: DkimResult.FAIL,
    DkimFault.SIGNATURE: DkimResult.FAIL,
}


class Algorithm(Enum):
    """How a signature is made."""

    RSA_SHA256 = "rsa-sha256"
    ED25519_SHA256 = "ed25519-sha256"


@dataclass(frozen=True, slots=True, kw_only=True)
class DkimVerdict:
    """What one signature is worth.

    Args:
        result: the word.
        fault: why it is not ``pass``.
        domain: ``d=``, lower case; empty where none can be read.
        selector: ``s=``.
        identity: ``i=``, or ``@`` and the domain.
        algorithm: ``a=`` as written.
        testing: whether the key says ``t=y``.
        because: the gates the signature passed, and the one it did not.
    """

    result: DkimResult
    fault: DkimFault = DkimFault.NONE
    domain: str = ""
    selector: str = ""
    identity: str = ""
    algorithm: str = ""
    testing: bool = False
    because: Decision[DkimFault | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKey:
    """The private key of a domain.

    Args:
        domain: ``d=``.
        selector: ``s=``; the public key stands at ``<selector>._domainkey.<domain>``.
        private_key: PEM of an RSA key (PKCS #1 or PKCS #8), or base64 of the 32 octets of an Ed25519 seed.
        algorithm: which of the two it is.
    """

    domain: str
    selector: str
    private_key: str = field(repr=False)
    algorithm: Algorithm = Algorithm.RSA_SHA256


def verify(message: Message, *, lookup: Lookup, at: datetime) -> tuple[DkimVerdict, ...]:
    """Judge every signature of a message.

    Args:
        message: as received.
        lookup: the DNS.
        at: when, aware UTC.

    Returns:
        One verdict a signature, topmost first; empty for a message without any.
    """
    written = message.values("DKIM-Signature")
    if not written:  # and no library to load
        return ()
    from mailsim.sender_authentication.dkim_signature import examine

    return tuple(examine(message, number, text, lookup=lookup, at=at) for number, text in enumerate(written))


def sign(
    message: Message,
    key: SigningKey,
    *,
    at: datetime,
    fields: Sequence[str] = (),
    canonicalization: tuple[str, str] = ("relaxed", "relaxed"),
    identity: str = "",
) -> HeaderField:
    """Sign a message.

    Args:
        message: as it will be sent, with CRLF line ends.
        key: whose.
        at: the time in ``t=``, aware UTC.
        fields: the names to sign, From among them; a name beyond the fields that are there seals against additions. Empty
            for those rfc6376:5.4.1 recommends, From once more than it is there.
        canonicalization: of header and body, each ``simple`` or ``relaxed``.
        identity: ``i=``, an address in the domain or below; empty for ``@`` and the domain.

    Returns:
        The DKIM-Signature field, to be put on top.

    Raises:
        ValueError: if the message or the key cannot be used, or From is not among the fields.
    """
    from mailsim.sender_authentication.dkim_library import make_signature

    return make_signature(
        message, key, at=at, fields=fields, canonicalization=canonicalization, identity=identity
    )
