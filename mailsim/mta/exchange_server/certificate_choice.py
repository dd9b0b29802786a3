"""Which certificate of a server's store a connector uses for TLS.

Asked by Receive connectors: TlsCertificateName first, and where it is written nothing else counts; without
it the connector's Fqdn, else the server's own. Nothing found means no certificate: a Receive connector does not offer
STARTTLS then (event 12014). An expired certificate is used all the same (event 12016); the other side judges it.

Sources: "Selection of inbound STARTTLS certificates", Set-ReceiveConnector (TlsCertificateName), KB 2989382.

Subjects and issuers are compared as a whole, in any order and case; where the scenario describes no more than a CN, that
alone counts.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from mailsim.mta.exchange_server.receive.receive_assumptions import NEWEST_CERTIFICATE
from mailsim.mta.kind import PointOfView
from mailsim.mta.relaying.tls_policy import name_matches
from mailsim.reason.check import Check, check
from mailsim.reason.choice import Choice, Rank, select
from mailsim.reason.cite import documented
from mailsim.reason.decision import Decision, Reason
from mailsim.world.certificate import CertificateSpec
from mailsim.world.distinguished_name import DistinguishedName, read_name
from mailsim.world.topology import CertificateUse

SELECTION = documented("ms:inbound-starttls-certificates-selection", "steps 3 to 9")
NAMED = documented("kb2989382", "TlsCertificateName names a certificate that is not there")

_NAME = re.compile(r"<I>(.+?)<S>(.+)", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class CertificateName:
    """A certificate named by its issuer and its subject, ``<I>issuer<S>subject``; renewals may bear the same name.

    Args:
        issuer: in X.500 form, as written.
        subject: in X.500 form, as written.
    """

    issuer: str
    subject: str

    @classmethod
    def parse(cls, text: str) -> CertificateName:
        """Read ``<I>issuer<S>subject``.

        Raises:
            ValueError: if it is not of that form.
        """
        found = _NAME.fullmatch(text.strip())
        if found is None:
            raise ValueError(f"{text!r} names no certificate; wanted <I>issuer<S>subject")
        return cls(found[1].strip(), found[2].strip())

    def names(self, issuer: DistinguishedName, subject: DistinguishedName) -> bool:
        """Tell whether a certificate with this issuer and this subject is meant."""
        return _same(self.issuer, issuer) and _same(self.subject, subject)

    def __str__(self) -> str:
        return f"<I>{self.issuer}<S>{self.subject}"


def _same(written: str, described: DistinguishedName) -> bool:
    """Compare a written name with a described one; one that is described by its CN alone, by that."""
    name = read_name(written)
    if described == DistinguishedName.of_common_name(described.common_name):
        return name.common_name.lower() == described.common_name.lower()
    return name.compared == described.compared


def choose_certificate(
    at: PointOfView, name: CertificateName | None, fqdn: str, *, setting: str, source: str
) -> Decision[str | None]:
    """Choose the certificate of a connector among those installed now.

    Args:
        at: the server, and when.
        name: TlsCertificateName, None where it is not written.
        fqdn: what the certificate must bear where there is no name.
        setting: the property that decides, for the explanation, such as ``TlsCertificateName of 'Default Frontend'``.
        source: ``file:line`` of that property.

    Returns:
        The name of the certificate, None when the store has none for the connector.
    """
    wanted = str(name) if name else f"a certificate enabled for SMTP that bears {fqdn}"
    choice = _select(at, name, fqdn, f"certificate for {setting}")
    chosen = choice.chosen.certificate if choice.chosen else None
    found = check(
        chosen is not None,
        setting,
        saw=_saw(at, choice, "names" if name else "finds"),
        wanted=wanted,
        cite=NAMED if name and chosen is None else SELECTION,
        source=source,
    )
    # an expired one stands last: whoever judges certificates will refuse it
    expired = _expired(at, choice, setting=setting, source=source)
    because: tuple[Reason, ...] = (found, *_which_of_several(at, choice), choice, *expired)
    return Decision("certificate for STARTTLS", chosen, because, chosen or f"none: wanted {wanted}")


def _select(
    at: PointOfView, name: CertificateName | None, fqdn: str, question: str
) -> Choice[CertificateUse]:
    held = _named(at, name) if name else _fits(at, fqdn)
    return select(
        question,
        at.world.installed(at.mta, at.now),
        name=lambda use: use.certificate,
        checks=held,
        ranks=lambda use: (_trust(_spec(at, use)), *_newest(at, _spec(at, use))),
        cite=SELECTION,
    )


def _spec(at: PointOfView, use: CertificateUse) -> CertificateSpec:
    return at.world.certificates[use.certificate]


def _issuer(at: PointOfView, spec: CertificateSpec) -> DistinguishedName:
    """Return the name of who issued a certificate."""
    if spec.authority is None:
        return spec.distinguished_name
    return at.world.authorities[spec.authority].distinguished_name


def name_of(at: PointOfView, spec: CertificateSpec) -> str:
    """Return the value of TlsCertificateName that names a certificate."""
    return f"<I>{_issuer(at, spec)}<S>{spec.distinguished_name}"


def _named(at: PointOfView, name: CertificateName) -> Callable[[CertificateUse], tuple[Check, ...]]:
    """Hold issuer and subject against the name; whether it is enabled for SMTP is not asked on this path."""

    def checks(use: CertificateUse) -> tuple[Check, ...]:
        spec = _spec(at, use)
        met = name.names(_issuer(at, spec), spec.distinguished_name)
        saw = name_of(at, spec)
        return (check(met, "issuer and subject", saw=saw, wanted=str(name), cite=SELECTION),)

    return checks


def _fits(at: PointOfView, fqdn: str) -> Callable[[CertificateUse], tuple[Check, ...]]:
    """Hold the names of a certificate against the Fqdn, and ask whether it is enabled for SMTP."""

    def checks(use: CertificateUse) -> tuple[Check, ...]:
        spec = _spec(at, use)
        names = dict.fromkeys((spec.common_name, *spec.names))
        return (
            check(
                any(name_matches(fqdn, name) for name in names if name),
                "names of the certificate",
                saw=", ".join(names),
                wanted=fqdn,
                cite=SELECTION,
            ),
            check(
                use.smtp,
                "Services of the certificate",
                saw="SMTP" if use.smtp else "not SMTP",
                wanted="SMTP",
                cite=SELECTION,
            ),
        )

    return checks


def _trust(spec: CertificateSpec) -> Rank:
    """Prefer what an authority issued to what is self-signed."""
    signed = spec.authority is None
    return Rank("issued by an authority", int(signed), "self-signed" if signed else "issued by an authority")


def _newest(at: PointOfView, spec: CertificateSpec) -> tuple[Rank, Rank]:
    begins = Rank(
        "most recent Valid from", -spec.not_before.timestamp(), f"valid from {spec.not_before:%Y-%m-%d}"
    )
    ends = Rank("newest expiry", -spec.not_after.timestamp(), f"valid to {spec.not_after:%Y-%m-%d}")
    return (ends, begins) if at.assumed(NEWEST_CERTIFICATE) == "valid-to" else (begins, ends)


def _saw(at: PointOfView, choice: Choice[CertificateUse], verb: str) -> str:
    """Say which certificates fit; where none does, which there are, by the names an administrator would write."""
    fitting = [_spec(at, each.subject) for each in choice.candidates if each.eligible]
    if not fitting:
        installed = [name_of(at, _spec(at, each.subject)) for each in choice.candidates]
        return f"no such certificate; installed: {', '.join(installed) or 'none'}"
    ends = ", ".join(f"NotAfter {spec.not_after:%Y-%m-%d}" for spec in fitting)
    return f"{verb} {len(fitting)} certificate{'s' if len(fitting) > 1 else ''} ({ends})"


def _which_of_several(at: PointOfView, choice: Choice[CertificateUse]) -> tuple[Check, ...]:
    """Say how one of several was taken."""
    won = choice.winner
    if won is None or sum(each.eligible for each in choice.candidates) < 2:
        return ()
    decided = at.assumed(NEWEST_CERTIFICATE)
    saw = f"{won.name} is taken: {NEWEST_CERTIFICATE.choices[decided]}"
    return (check(True, "one of several certificates", saw=saw, cite=NEWEST_CERTIFICATE.cite(decided)),)


def _expired(
    at: PointOfView, choice: Choice[CertificateUse], *, setting: str, source: str
) -> tuple[Check, ...]:
    """Say that the one taken has expired, and which others there are."""
    won = choice.winner
    if won is None or at.now <= _spec(at, won.subject).not_after:
        return ()
    others = [each.name for each in choice.candidates if each.eligible and not each.chosen]
    beside = f", beside {', '.join(others)}" if others else ""
    return (
        check(
            False,
            f"validity, by {setting}",
            saw=f"{won.name} has expired and is used all the same{beside}",
            wanted="a certificate that is valid now, and no expired one that fits as well",
            cite=SELECTION,
            source=source,
        ),
    )
