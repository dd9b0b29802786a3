"""The name in TlsSenderCertificateName, and whether a certificate bears it.

Three forms are written: ``mail.contoso.com``, ``*.contoso.com``, and ``<I>issuer<S>subject`` as the Hybrid Configuration
Wizard takes it over from the server. Names are compared with the subject's CN and every SAN; the X.509 form has a
subject and is compared with the subject's CN alone. Pure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from mailsim.mta.relaying.tls_policy import name_matches
from mailsim.world.certificate import PresentedCertificate
from mailsim.world.distinguished_name import DistinguishedName, read_name

_X509 = re.compile(r"\s*<I>(.*)<S>(.*)", re.DOTALL | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class CertificateName:
    """A name that a connector wants in the client's certificate.

    Args:
        name: a domain or ``*.domain``, lower case; empty for none.
        issuer: the name of the issuer, in the X.509 form only.
        by_subject: whether it is the X.509 form.
    """

    name: str
    issuer: DistinguishedName = DistinguishedName()
    by_subject: bool = False

    @property
    def wildcard(self) -> bool:
        """Whether it stands for every host of a domain."""
        return self.name.startswith("*.")

    @property
    def domain(self) -> str:
        """Return the name without the wildcard: what is looked for among the accepted domains."""
        return self.name.removeprefix("*.")

    def names(self, presented: PresentedCertificate) -> tuple[str, ...]:
        """Return the names of a certificate that are compared, lower case."""
        if not self.by_subject:
            return presented.all_names
        return (presented.common_name.lower(),) if presented.common_name else ()

    def is_borne_by(self, presented: PresentedCertificate, *, same_issuer: bool) -> bool:
        """Tell whether a certificate bears the name.

        Args:
            presented: the client's certificate.
            same_issuer: whether the issuer of the X.509 form must be the certificate's too.
        """
        if not self.name or not any(name_matches(self.name, each) for each in self.names(presented)):
            return False
        return (
            not (same_issuer and self.by_subject)
            or read_name(presented.issuer).compared == self.issuer.compared
        )


@lru_cache(maxsize=1024)
def parse_certificate_name(text: str) -> CertificateName:
    """Read a TlsSenderCertificateName.

    Raises:
        ValueError: for the X.509 form without a CN in its subject.
    """
    written = _X509.fullmatch(text)
    if written is None:
        return CertificateName(text.strip().lower())
    issuer, subject = (read_name(part) for part in written.groups())
    if not subject.common_name:
        raise ValueError(f"{text!r} has no CN in its subject; wanted <I>issuer<S>CN=mail.contoso.com")
    return CertificateName(subject.common_name.lower(), issuer, by_subject=True)
