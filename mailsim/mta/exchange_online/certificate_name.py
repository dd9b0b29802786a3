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

_X509 = re.compile(r"\s*<I>(.*)<S>(.*)", re.DOTALL | re.IGNORECASE)
_PART = re.compile(r'(?:^|[,+])\s*([A-Za-z0-9.]+)\s*=\s*("(?:[^"]|"")*"|(?:\\.|[^,+\\])*)')
_SYNONYMS = {"S": "ST"}  # what Windows writes for the state or province

DistinguishedName = frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class CertificateName:
    """A name that a connector wants in the client's certificate.

    Args:
        name: a domain or ``*.domain``, lower case; empty for none.
        issuer: the attributes of the issuer, in the X.509 form only.
        by_subject: whether it is the X.509 form.
    """

    name: str
    issuer: DistinguishedName = frozenset()
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
        return not (same_issuer and self.by_subject) or distinguished(presented.issuer) == self.issuer


@lru_cache(maxsize=1024)
def parse_certificate_name(text: str) -> CertificateName:
    """Read a TlsSenderCertificateName.

    Raises:
        ValueError: for the X.509 form without a CN in its subject.
    """
    written = _X509.fullmatch(text)
    if written is None:
        return CertificateName(text.strip().lower())
    issuer, subject = (distinguished(part) for part in written.groups())
    name = next((value for attribute, value in sorted(subject) if attribute == "CN"), "")
    if not name:
        raise ValueError(f"{text!r} has no CN in its subject; wanted <I>issuer<S>CN=mail.contoso.com")
    return CertificateName(name, issuer, by_subject=True)


def distinguished(text: str) -> DistinguishedName:
    """Read a distinguished name as Windows or RFC 4514 write it; order and case do not count."""
    return frozenset((_attribute(attribute), _value(value)) for attribute, value in _PART.findall(text))


def _attribute(text: str) -> str:
    return _SYNONYMS.get(text.upper(), text.upper())


def _value(text: str) -> str:
    quoted = text.strip()
    bare = quoted[1:-1].replace('""', '"') if quoted.startswith('"') else re.sub(r"\\(.)", r"\1", quoted)
    return bare.strip().lower()
