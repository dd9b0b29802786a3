"""The keys, certificates and trust of one topology.

Called by both drivers and by ``mailsim certs``. Nothing is made before it is asked for, and everything is made once.
Judging costs a dictionary look-up after the first time: a verdict holds between two instants at which a certificate
begins or ends, so those instants and not the clock are in its key.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import MAXYEAR, UTC, datetime, timedelta
from functools import lru_cache
from types import MappingProxyType
from typing import Protocol, TypeVar

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from mailsim.errors import Bug
from mailsim.pki.chain import judge_chain
from mailsim.pki.credentials import Credentials
from mailsim.pki.issue import Authority, key_pem, make_authority, make_credentials
from mailsim.pki.presented import load_chain, read_presented
from mailsim.pki.stored import PUBLIC_AUTHORITIES, file_stems, stored_authority, stored_credentials
from mailsim.world.certificate import AuthoritySpec, CertificateSpec, ChainVerdict, PresentedCertificate

_NOTHING_STORED: Mapping[str, bytes] = MappingProxyType({})
_BEGINNING = datetime.min.replace(tzinfo=UTC)
_SECOND = timedelta(seconds=1)
_REMEMBERED = 4096  # chains; a long live run may meet any number of strangers


class _Named(Protocol):
    @property
    def name(self) -> str: ...


_Spec = TypeVar("_Spec", bound=_Named)


class Pki:
    """Everything of a topology that has a key.

    Args:
        authorities: the certificate authorities, each name once.
        certificates: the host certificates, each name once; their ``authority`` is among the authorities.
        stored: PEM files as ``export`` returned them. What is there is used, so that a client which was given the CA
            of an earlier run still trusts this one; what is not there is made. ``<name>.pem`` is never read.

    Raises:
        Bug: a name is given twice.
    """

    def __init__(
        self,
        authorities: Iterable[AuthoritySpec],
        certificates: Iterable[CertificateSpec],
        stored: Mapping[str, bytes] = _NOTHING_STORED,
    ) -> None:
        self._authority_specs = _by_name("authority", authorities)
        self._certificate_specs = _by_name("certificate", certificates)
        self._stored = dict(stored)
        self._authority_stems, self._certificate_stems = file_stems(
            self._authority_specs, self._certificate_specs
        )
        self._authorities: dict[str, Authority] = {}
        self._credentials: dict[str, Credentials] = {}
        self._presented: dict[str, PresentedCertificate] = {}
        self._changes = lru_cache(_REMEMBERED)(self._find_changes)
        self._verdicts = lru_cache(_REMEMBERED)(self._find_verdict)

    def credentials(self, name: str) -> Credentials:
        """Return the key and chain of a host certificate; ECDSA P-256 unless described or stored otherwise.

        Args:
            name: the ``name`` of a ``CertificateSpec``.

        Raises:
            Bug: there is no such certificate, or no such authority as it names.
            StaleCertificate: what is stored under this name, or for its authority, does not fit its description.
            ValueError: X.509 cannot hold the description (see ``issue.make_credentials``).
        """
        if name not in self._credentials:
            self._credentials[name] = self._make_credentials(
                _find("certificate", self._certificate_specs, name)
            )
        return self._credentials[name]

    def presented(self, name: str) -> PresentedCertificate:
        """Return a host certificate as a peer would see it.

        Args:
            name: the ``name`` of a ``CertificateSpec``.

        Raises:
            Bug, StaleCertificate, ValueError: as ``credentials``.
        """
        if name not in self._presented:
            chain = [certificate.public_bytes(Encoding.DER) for certificate in self.credentials(name).chain]
            presented = read_presented(chain)
            assert presented is not None
            self._presented[name] = presented
        return self._presented[name]

    def judge(
        self, certificate: PresentedCertificate, *, trusts: Collection[str], at: datetime
    ) -> ChainVerdict:
        """Judge whether a chain leads to a root that is trusted.

        Args:
            certificate: as presented, with its chain.
            trusts: names of private authorities trusted besides the public ones.
            at: when, aware.

        Raises:
            Bug: an authority is unknown, the chain is empty or the time is naive.
            StaleCertificate: a stored authority does not fit its description.
            ValueError: a certificate of the chain cannot be read; never for one that ``read_presented`` returned.
        """
        if not certificate.chain or at.tzinfo is None:
            raise Bug(f"cannot judge {certificate!r} at {at!r}: it needs a chain and an aware time")
        changes = self._changes(certificate.chain)
        since = changes[bisect_right(changes, at) - 1]
        return self._verdicts(certificate.chain, frozenset(trusts), since)

    def revoked_since(self, certificate: PresentedCertificate) -> datetime | None:
        """Return since when a certificate is revoked by its authority, None when it never is.

        This is what a revocation list would say: the certificate itself counts, not its name.

        Args:
            certificate: as presented, with its chain.

        Raises:
            Bug, StaleCertificate, ValueError: as ``credentials``.
        """
        revoked = (spec for spec in self._certificate_specs.values() if spec.revoked_since is not None)
        leaf = certificate.chain[0] if certificate.chain else b""
        return next((spec.revoked_since for spec in revoked if self._leaf(spec) == leaf), None)

    def certificate_der(self, name: str) -> bytes:
        """Return a host certificate, DER.

        Raises:
            Bug, StaleCertificate, ValueError: as ``credentials``.
        """
        return self.presented(name).chain[0]

    def authority_der(self, name: str) -> bytes:
        """Return the certificate of an authority, DER.

        Raises:
            Bug, StaleCertificate: as ``credentials``.
        """
        return self._authority(name).certificate.public_bytes(Encoding.DER)

    def _leaf(self, spec: CertificateSpec) -> bytes:
        return self.presented(spec.name).chain[0]

    def file_of(self, name: str) -> str:
        """Return the file in which ``export`` puts the key and chain of a host certificate.

        Raises:
            Bug: there is no such certificate.
        """
        return self._certificate_stems[_find("certificate", self._certificate_specs, name).name] + ".pem"

    def export(self) -> dict[str, bytes]:
        """Return every authority and certificate as PEM files, and make those not yet made.

        Returns:
            File name to content. ``ca.pem``: all public authorities, absent when there are none.
            ``<authority>.ca.pem``, ``<authority>.ca.key``: each authority. ``<name>.crt``: the chain as sent.
            ``<name>.key``: its key, PKCS #8. ``<name>.pem``: key, then chain, as Postfix, swaks and curl take it.

        Raises:
            Bug, StaleCertificate, ValueError: as ``credentials``.
        """
        public = [self._authority(name).certificate_pem for name in self._public_names()]
        files = {PUBLIC_AUTHORITIES: b"".join(public)} if public else {}
        files.update(self._authority_files())
        files.update(self._certificate_files())
        return files

    def _authority_files(self) -> Iterator[tuple[str, bytes]]:
        for name in self._authority_specs:
            authority, stem = self._authority(name), self._authority_stems[name]
            yield f"{stem}.pem", authority.certificate_pem
            yield f"{stem}.key", authority.key_pem

    def _certificate_files(self) -> Iterator[tuple[str, bytes]]:
        for name in self._certificate_specs:
            credentials, stem = self.credentials(name), self._certificate_stems[name]
            chain = b"".join(link.public_bytes(Encoding.PEM) for link in credentials.chain)
            key = key_pem(credentials.key)
            # Postfix wants the key first: postconf(5), smtpd_tls_chain_files
            yield f"{stem}.pem", key + chain
            yield f"{stem}.crt", chain
            yield f"{stem}.key", key

    def _make_credentials(self, spec: CertificateSpec) -> Credentials:
        authority = None if spec.authority is None else self._authority(spec.authority)
        stem = self._certificate_stems[spec.name]
        below_root = spec.authority is None or self._authority_specs[spec.authority].issuer is None
        between = self._intermediates(spec.authority) if spec.sends_intermediates else ()
        wanted = None if below_root else between
        stored = stored_credentials(spec, stem, self._stored, authority, wanted)
        return stored or _sent_with(between, make_credentials(spec, authority))

    def _intermediates(self, name: str | None) -> tuple[x509.Certificate, ...]:
        """Return the certificates from an authority up to its root, without the root."""
        issuer = self._authority_specs[name].issuer if name in self._authority_specs else None
        if name is None or issuer is None:
            return ()
        return (self._authority(name).certificate, *self._intermediates(issuer))

    def _authority(self, name: str) -> Authority:
        if name not in self._authorities:
            spec = _find("authority", self._authority_specs, name)
            issuer = self._authority(spec.issuer) if spec.issuer else None
            stored = stored_authority(spec, self._authority_stems[name], self._stored, issuer)
            self._authorities[name] = stored or make_authority(spec, issuer)
        return self._authorities[name]

    def _public_names(self) -> tuple[str, ...]:
        return tuple(name for name, spec in self._authority_specs.items() if spec.public and not spec.issuer)

    def _roots(self, names: Iterable[str]) -> tuple[x509.Certificate, ...]:
        found = ((_find("authority", self._authority_specs, name).issuer, name) for name in names)
        return tuple(self._authority(name).certificate for issuer, name in found if issuer is None)

    def _find_changes(self, chain: tuple[bytes, ...]) -> tuple[datetime, ...]:
        """Return the instants from which on another verdict is possible, the beginning of time first."""
        certificates = (*load_chain(chain), *self._roots(self._authority_specs))
        begins = {certificate.not_valid_before_utc for certificate in certificates}
        ends = {certificate.not_valid_after_utc for certificate in certificates}
        # The last second still belongs to the validity, and 99991231235959Z is no end. rfc5280:4.1.2.5
        ended = {end + _SECOND for end in ends if end.year < MAXYEAR}
        return tuple(sorted({_BEGINNING, *begins, *ended}))

    def _find_verdict(
        self, chain: tuple[bytes, ...], trusts: frozenset[str], since: datetime
    ) -> ChainVerdict:
        names = dict.fromkeys((*self._public_names(), *sorted(trusts)))
        return judge_chain(
            load_chain(chain), trusted=self._roots(names), known=self._roots(self._authority_specs), at=since
        )


def _sent_with(between: tuple[x509.Certificate, ...], made: Credentials) -> Credentials:
    """Return what the host sends: its certificate, and those up to the root where it sends them."""
    return Credentials((made.chain[0], *between), made.key)


def _by_name(what: str, specs: Iterable[_Spec]) -> dict[str, _Spec]:
    found: dict[str, _Spec] = {}
    for spec in specs:
        if spec.name in found:
            raise Bug(f"{what} {spec.name!r} is described twice")
        found[spec.name] = spec
    return found


def _find(what: str, specs: Mapping[str, _Spec], name: str) -> _Spec:
    if name not in specs:
        raise Bug(f"no {what} {name!r}; there are {', '.join(map(repr, specs)) or 'none'}")
    return specs[name]
