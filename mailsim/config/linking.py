"""What every part of the linker shares: the scenario's text, its file, and what has been linked by now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from mailsim.config.diagnostic import Diagnostics
from mailsim.config.document import Mark
from mailsim.config.format import CertificateUseText, ScenarioText
from mailsim.config.names import mark_of, require_known
from mailsim.mail.address import parse_domain
from mailsim.world.certificate import AuthoritySpec, CertificateSpec
from mailsim.world.source import Origin
from mailsim.world.tls_version import TlsVersion, TlsVersions
from mailsim.world.topology import CertificateUse

USUAL = TlsVersions()


class SpeaksTls(Protocol):
    """A section of a scenario that says which versions of TLS a host speaks."""

    @property
    def min_tls_version(self) -> TlsVersion | None: ...

    @property
    def max_tls_version(self) -> TlsVersion | None: ...

    @property
    def origin(self) -> Origin | None: ...


@dataclass(slots=True, kw_only=True)
class Linking:
    """One scenario while it is linked.

    Args:
        text: as bound.
        file: its name, for files beside it.
        start: the first instant.
        authorities: by name.
        certificates: by name.
        diagnostics: gets every fault.
        whole: whether nothing was given up while the text was bound.
    """

    text: ScenarioText
    file: str
    start: datetime
    authorities: dict[str, AuthoritySpec]
    certificates: dict[str, CertificateSpec]
    diagnostics: Diagnostics
    whole: bool

    def uses(
        self, said: str | tuple[CertificateUseText, ...], at: Mark | None, where: str
    ) -> tuple[CertificateUse, ...]:
        """Return when a host uses which certificate; undefined ones are reported."""
        texts = (CertificateUseText(use=said),) if isinstance(said, str) and said else said or ()
        uses = [
            CertificateUse(text.use, text.since) for text in texts if isinstance(text, CertificateUseText)
        ]
        for use in uses:
            require_known(use.certificate, self.certificates, self.diagnostics, at, f"{where}: certificate")
        return tuple(sorted(uses, key=lambda use: use.since))

    def tls(self, said: SpeaksTls, where: str, usual: TlsVersions = USUAL) -> TlsVersions:
        """Return the versions of TLS a host speaks; a range that is empty is reported.

        A bound that is written alone moves the other one along, where the usual one lies beyond it.
        """
        order = tuple(TlsVersion)
        lowest = said.min_tls_version or min(
            usual.lowest, said.max_tls_version or usual.lowest, key=order.index
        )
        highest = said.max_tls_version or max(usual.highest, lowest, key=order.index)
        try:
            return TlsVersions(lowest, highest)
        except ValueError as problem:
            self.diagnostics.error(mark_of(said.origin, "min_tls_version"), f"{where}: {problem}")
            return usual

    def trusts(self, names: tuple[str, ...], at: Mark | None, where: str) -> frozenset[str]:
        """Return the private authorities a host trusts; undefined ones are reported."""
        for name in names:
            require_known(name, self.authorities, self.diagnostics, at, f"{where}: authority")
        return frozenset(name for name in names if name in self.authorities)

    def domain(self, text: str, at: Mark | None, where: str) -> str:
        """Read a domain name; a faulty one is reported."""
        try:
            return parse_domain(text)
        except ValueError as problem:
            self.diagnostics.error(at, f"{where}: {problem}")
            return text
