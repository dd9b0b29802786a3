"""Certificates and authorities as a scenario describes them, and as a peer shows them.

Descriptions carry stable names; keys and serial numbers exist only in ``pki``. What a peer shows is read from
the certificate itself, so prediction and live run see the same facts.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthoritySpec:
    """A certificate authority of the simulation.

    Args:
        name: the name the scenario uses for it.
        common_name: the CN of its certificate.
        public: whether every MTA of the topology trusts it; a private authority is trusted only by those
            that say so. Of an intermediate one its root counts.
        issuer: the name of the authority that certifies it; None makes it a root.
    """

    name: str
    common_name: str
    public: bool = True
    issuer: str | None = None


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
    """

    name: str
    common_name: str
    names: tuple[str, ...]
    authority: str | None
    not_before: datetime
    not_after: datetime
    sends_intermediates: bool = True


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
    """

    subject: str
    common_name: str
    names: tuple[str, ...]
    issuer: str
    not_before: datetime
    not_after: datetime
    chain: tuple[bytes, ...] = field(compare=False, repr=False)

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
            ``PartialChain``.
        saw: what was found, in words an administrator understands.
    """

    trusted: bool
    reason: str
    saw: str
