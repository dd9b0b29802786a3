"""Certificates and authorities as a scenario describes them, and as a peer shows them.

Descriptions carry stable names; keys and serial numbers exist only in ``pki``. What a peer shows is read from
the certificate itself, so prediction and live run see the same facts.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from mailsim.world.distinguished_name import DistinguishedName


class KeyType(Enum):
    """A kind of public key, with its size."""

    ECDSA_P256 = "ecdsa-p256"
    ECDSA_P384 = "ecdsa-p384"
    RSA_2048 = "rsa-2048"
    RSA_1024 = "rsa-1024"


class Eku(Enum):
    """The extendedKeyUsage of a certificate: what its key may be used for (RFC 5280 section 4.2.1.12)."""

    BOTH = "both"
    SERVER = "server"
    CLIENT = "client"
    NONE = "none"
    """There is no such extension, which allows everything."""
    OTHER = "other"
    """Neither of the two: a certificate for e-mail."""


class Role(Enum):
    """What the holder of a certificate is on a connection, in the words of its usage."""

    SERVER = "server authentication"
    CLIENT = "client authentication"


ANY_USAGE = "any usage"


@dataclass(frozen=True, slots=True)
class PublicKey:
    """What is seen of a key.

    Args:
        algorithm: ``ECDSA``, ``RSA``, or what else it is.
        bits: its size; 0 where it has none.
    """

    algorithm: str = "ECDSA"
    bits: int = 256

    def __str__(self) -> str:
        return f"{self.algorithm} {self.bits}" if self.bits else self.algorithm


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthoritySpec:
    """A certificate authority of the simulation.

    Args:
        name: the name the scenario uses for it.
        common_name: the CN of its certificate.
        public: whether every MTA of the topology trusts it; a private authority is trusted only by those
            that say so. Of an intermediate one its root counts.
        issuer: the name of the authority that certifies it; None makes it a root.
        subject: its whole name; None makes it the CN alone.
        key: its kind of key; None leaves it open, and makes ECDSA P-256.
    """

    name: str
    common_name: str
    public: bool = True
    issuer: str | None = None
    subject: DistinguishedName | None = None
    key: KeyType | None = None

    @property
    def distinguished_name(self) -> DistinguishedName:
        """Return its whole name as described."""
        return self.subject or DistinguishedName.of_common_name(self.common_name)


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateSpec:
    """A host certificate as the scenario describes it.

    Args:
        name: the name the scenario uses for it; also its stable identity in traces.
        common_name: the CN of the subject.
        names: the DNS names of the subjectAltName, wildcards allowed.
        authority: the name of the issuing authority; None means self-signed.
        not_before: start of validity, UTC.
        not_after: end of validity, UTC.
        sends_intermediates: whether the host sends the certificates between this one and the root; RFC 8446 section
            4.4.2 wants them sent.
        subject: the whole subject; None describes the CN alone.
        eku: its extendedKeyUsage; None leaves it open, and makes ``BOTH``.
        key: its kind of key; None leaves it open, and makes ECDSA P-256.
        revoked_since: when its authority revoked it, UTC; None never.
    """

    name: str
    common_name: str
    names: tuple[str, ...]
    authority: str | None
    not_before: datetime
    not_after: datetime
    sends_intermediates: bool = True
    subject: DistinguishedName | None = None
    eku: Eku | None = None
    key: KeyType | None = None
    revoked_since: datetime | None = None

    @property
    def distinguished_name(self) -> DistinguishedName:
        """Return the whole subject as described."""
        return self.subject or DistinguishedName.of_common_name(self.common_name)


@dataclass(frozen=True, slots=True, kw_only=True)
class PresentedCertificate:
    """A certificate as a peer presented it, read from the bytes sent.

    Args:
        subject: the subject in RFC 4514 form, such as ``CN=mail.contoso.com,O=Contoso``.
        common_name: the CN of the subject, empty when there is none.
        names: the DNS names of the subjectAltName, in order.
        issuer: the issuer in RFC 4514 form.
        not_before: start of validity, UTC.
        not_after: end of validity, UTC.
        chain: the certificates as sent, DER, leaf first; no part of equality, since keys are random.
        usages: what its extendedKeyUsage allows, in words or as an object identifier; None without the extension.
        key: its public key.
    """

    subject: str
    common_name: str
    names: tuple[str, ...]
    issuer: str
    not_before: datetime
    not_after: datetime
    chain: tuple[bytes, ...] = field(compare=False, repr=False)
    usages: tuple[str, ...] | None = None
    key: PublicKey = PublicKey()

    def serves(self, role: Role) -> bool:
        """Tell whether its extendedKeyUsage allows a role; one without the extension serves every role."""
        return self.usages is None or role.value in self.usages or ANY_USAGE in self.usages

    @property
    def all_names(self) -> tuple[str, ...]:
        """Return the subject's CN and every SAN once, lower case, in order."""
        seen = dict.fromkeys(name.lower() for name in (self.common_name, *self.names) if name)
        return tuple(seen)


@dataclass(frozen=True, slots=True)
class ChainVerdict:
    """The result of a path validation.

    Args:
        trusted: whether a path to a trusted root exists at the time asked for.
        reason: one word as Exchange logs it: ``Valid``, ``UntrustedRoot``, ``Expired``, ``NotYetValid``,
            ``PartialChain``, ``HasWeakSignature``.
        saw: what was found, in words an administrator understands.
    """

    trusted: bool
    reason: str
    saw: str
