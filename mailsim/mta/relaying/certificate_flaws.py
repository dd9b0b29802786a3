"""What may be wrong with a peer's certificate besides its chain and its name: usage, key, revocation.

Asked by the sending side about the next hop (``offer``) and by the vendors about a client. Products differ in what they look at,
so each says so for itself, with where that is known from; a flaw that is not looked at is told all the same. A certificate
without a flaw yields nothing. Pure.

Sources: RFC 5280 sections 4.2.1.12 (extendedKeyUsage) and 6.3 (revocation); the words are those of .NET's
X509ChainStatusFlags, and that a product logs them is assumed.

Unmodelled: the revocation of an issuer, and a revocation list that cannot be fetched (RevocationOffline).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from mailsim.mta.kind import PointOfView
from mailsim.reason.assumption import Assumption
from mailsim.reason.check import Check, check
from mailsim.reason.cite import Citation
from mailsim.world.certificate import PresentedCertificate, PublicKey, Role

LEAST_RSA_BITS = 2048


class Flaw(Enum):
    """One thing that may be wrong; the words in which it is logged."""

    WRONG_USAGE = "NotValidForUsage"
    WEAK_KEY = "HasWeakSignature"
    REVOKED = "Revoked"


@dataclass(frozen=True, slots=True)
class Look:
    """Whether a product looks at one property of a certificate, and where that is known from."""

    does: bool
    cite: Citation

    @classmethod
    def assumed(cls, at: PointOfView, assumption: Assumption, looks: str) -> Look:
        """Return what is assumed here: it looks where the open point is decided by the choice ``looks``."""
        choice = at.assumed(assumption)
        return cls(does=choice == looks, cite=assumption.cite(choice))


@dataclass(frozen=True, slots=True, kw_only=True)
class Diligence:
    """What a product looks at.

    Args:
        usage: whether the extendedKeyUsage must allow what the peer is.
        key: whether the key must be strong.
        revocation: whether the certificate must not be revoked.
    """

    usage: Look
    key: Look
    revocation: Look


@dataclass(frozen=True, slots=True)
class Found:
    """A flaw, with the check that fails by it where the product looks, and says so where it does not."""

    flaw: Flaw
    check: Check


def find_flaws(
    at: PointOfView, peer: PresentedCertificate | None, role: Role, diligence: Diligence
) -> tuple[Found, ...]:
    """Return the flaws of a peer's certificate, in the order usage, key, revocation.

    Args:
        at: who looks, and when.
        peer: what it presented; None has no flaws.
        role: what the peer is on this connection.
        diligence: what the product looks at.
    """
    return tuple(_flaws(at, peer, role, diligence)) if peer else ()


def _flaws(at: PointOfView, peer: PresentedCertificate, role: Role, diligence: Diligence) -> Iterator[Found]:
    if not peer.serves(role):
        saw = f"its usage is {', '.join(peer.usages or ())}"
        yield _found(Flaw.WRONG_USAGE, "certificate usage", saw, role.value, diligence.usage)
    if is_weak(peer.key):
        wanted = f"RSA of {LEAST_RSA_BITS} bits or more, or ECDSA"
        yield _found(Flaw.WEAK_KEY, "certificate key", f"its key is {peer.key}", wanted, diligence.key)
    since = at.pki.revoked_since(peer)
    if since is not None and since <= at.now:
        saw = f"revoked by its authority since {since:%Y-%m-%d %H:%M} UTC"
        wanted = "a certificate that is not revoked"
        yield _found(Flaw.REVOKED, "certificate revocation", saw, wanted, diligence.revocation)


def is_weak(key: PublicKey) -> bool:
    """Tell whether a key is too weak to be trusted (CA/Browser Forum Baseline Requirements, section 6.1.5)."""
    return key.algorithm == "RSA" and key.bits < LEAST_RSA_BITS


def _found(flaw: Flaw, rule: str, saw: str, wanted: str, look: Look) -> Found:
    shown = saw if look.does else f"{saw}, which is not looked at here"
    return Found(flaw, check(not look.does, rule, saw=shown, wanted=wanted, cite=look.cite))
