"""From the certificates of a scenario to their descriptions: who issues them, whom they name, how long they hold.

A name is written as a CN, as a whole ``subject``, or not at all; a ``subject`` brings its CN along.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from mailsim.config.diagnostic import Diagnostics
from mailsim.config.format import AuthorityText, CertificateText, ScenarioText
from mailsim.config.names import mark_of, require_known
from mailsim.world.certificate import AuthoritySpec, CertificateSpec

PUBLIC, SELF_SIGNED = "public", "self-signed"
VALIDITY = timedelta(days=3650)
"""Outside clients judge certificates by the real clock, wherever the scenario's start lies."""


def link_authorities(text: ScenarioText, diagnostics: Diagnostics) -> dict[str, AuthoritySpec]:
    """Return every authority by name; ``public`` exists by itself."""
    found = {PUBLIC: AuthoritySpec(name=PUBLIC, common_name="mailsim Public CA")}
    for name, said in text.authorities.items():
        authority = said or AuthorityText()
        found[name] = AuthoritySpec(
            name=name,
            common_name=_common_name(authority, name, f"authority {name!r}", diagnostics),
            public=authority.public,
            issuer=authority.issuer or None,
            subject=authority.subject,
            key=authority.key,
        )
    for name, spec in found.items():
        _check_issuers(name, spec, found, text, diagnostics)
    return found


def _check_issuers(
    name: str,
    spec: AuthoritySpec,
    found: dict[str, AuthoritySpec],
    text: ScenarioText,
    diagnostics: Diagnostics,
) -> None:
    """Report an issuer that is not defined, and authorities that certify each other."""
    said = text.authorities.get(name)
    at = mark_of(said.origin, "issuer") if said else None
    above, passed = spec.issuer, {name}
    if above and not require_known(above, found, diagnostics, at, f"authority {name!r}: issuer"):
        return
    while above in found:
        if above in passed:
            diagnostics.error(at, f"authority {name!r} is certified by itself in the end", wanted="a root")
            return
        passed.add(above)
        above = found[above].issuer


def link_certificates(
    text: ScenarioText, authorities: dict[str, AuthoritySpec], start: datetime, diagnostics: Diagnostics
) -> dict[str, CertificateSpec]:
    """Return every certificate by name; what is wrong with one is reported."""
    found = {}
    for name, said in text.certificates.items():
        one = said or CertificateText()
        at = mark_of(one.origin)
        own_name = one.authority != SELF_SIGNED
        if own_name:
            require_known(
                one.authority,
                authorities,
                diagnostics,
                at,
                f"certificate {name!r}: authority",
            )
        common_name = _common_name(one, (one.names or (name,))[0], f"certificate {name!r}", diagnostics)
        names = one.names or (common_name,)
        found[name] = CertificateSpec(
            name=name,
            common_name=common_name,
            names=names,
            authority=one.authority if own_name else None,
            not_before=one.not_before or start - VALIDITY,
            not_after=one.not_after or start + VALIDITY,
            sends_intermediates=one.sends_intermediates,
            subject=one.subject,
            eku=one.eku,
            key=one.key,
            revoked_since=one.revoked_since,
        )
        if one.revoked_since and not own_name:
            diagnostics.error(
                at, f"certificate {name!r}: revoked_since, but nobody can revoke a self-signed one"
            )
        if found[name].not_after <= found[name].not_before:
            diagnostics.error(at, f"certificate {name!r}: not_after is not later than not_before")
    return found


def _common_name(
    said: AuthorityText | CertificateText, default: str, where: str, diagnostics: Diagnostics
) -> str:
    """Return the CN: as written, of the subject, or the default; two that contradict each other are reported."""
    if said.subject is None:
        return said.common_name or default
    of_subject = said.subject.common_name
    if not of_subject or said.common_name not in ("", of_subject):
        wanted = f"CN={said.common_name or default} in it"
        diagnostics.error(mark_of(said.origin, "subject"), f"{where}: subject {said.subject}", wanted=wanted)
    return of_subject or said.common_name or default
