"""Trusted ARC sealers: whose word about earlier results a tenant takes (Set-ArcConfig).

microsoft.com is trusted without being listed ("Security Operations guide for email
authentication"). What a trusted set reports is believed when it says that DMARC passed, or that SPF or DKIM passed for the
author's domain.

Sources: Set-ArcConfig, "Configure trusted ARC sealers".
"""

from __future__ import annotations

from mailsim.mta.exchange_online.authentication.arc_config import ArcConfig
from mailsim.mta.exchange_online.authentication.authentication_assumptions import SEALERS
from mailsim.mta.kind import PointOfView
from mailsim.reason.check import Check, check
from mailsim.reason.cite import documented
from mailsim.reason.decision import Decision
from mailsim.sender_authentication.arc import ArcResult, ArcSet, ArcVerdict, trusted_sets
from mailsim.sender_authentication.authentication_results import MethodResult, read_results

CONFIG = documented("ms:set-arcconfig", "ArcTrustedSealers")
TRUST = documented("ms:email-authentication-arc-configure", "trusted ARC sealers")

ALWAYS_TRUSTED = "microsoft.com"


def override(at: PointOfView, config: ArcConfig, chain: ArcVerdict, author: str) -> Decision[ArcSet | None]:
    """Find the trusted set that says the message was authentic when its sealer had it.

    Args:
        at: the point of view.
        config: of the tenant.
        chain: as verified.
        author: the domain in From.

    Returns:
        The set; None where DMARC's own result stands.
    """
    question = f"trusted ARC sealer for {author}"
    sealers = (*config.arc_trusted_sealers, ALWAYS_TRUSTED)
    whole = check(
        chain.result is ArcResult.PASS,
        "ARC chain",
        saw=chain.problem or chain.result.value,
        wanted="pass",
        cite=TRUST,
    )
    choice = at.assumed(SEALERS)
    believed = trusted_sets(chain, sealers)[: 1 if choice == "newest" else None]
    trusted = _is_trusted(config, chain, believed)
    if whole.failed or trusted.failed:
        return Decision(question, None, (whole, trusted), "none")
    vouching = next((each for each in reversed(believed) if _passed(each, author)), None)
    shown = believed[-1]
    said = check(
        vouching is not None,
        "results before",
        saw=f"i={(vouching or shown).instance}: {(vouching or shown).results}",
        wanted=f"pass for {author}",
        cite=SEALERS.cite(choice) if len(chain.sets) > 1 else TRUST,
    )
    return Decision(question, vouching, (whole, trusted, said), vouching.domain if vouching else "none")


def _is_trusted(config: ArcConfig, chain: ArcVerdict, believed: tuple[ArcSet, ...]) -> Check:
    """ArcTrustedSealers: the newest seal is by one of them."""
    listed = ", ".join((*config.arc_trusted_sealers, ALWAYS_TRUSTED))
    return check(
        bool(believed),
        "ArcTrustedSealers",
        saw=f"sealed by {', '.join(each.domain for each in chain.sets) or 'nobody'}",
        wanted=listed,
        cite=CONFIG,
        source=config.source("ArcTrustedSealers"),
    )


def _passed(sealed: ArcSet, author: str) -> bool:
    """Tell whether a set reports a pass for the author's domain."""
    return any(_vouches(each, author) for each in read_results(sealed.results))


def _vouches(result: MethodResult, author: str) -> bool:
    if result.result != "pass":
        return False
    names = {"dmarc": "header.from", "spf": "smtp.mailfrom", "dkim": "header.d"}
    given = result.properties.get(names.get(result.method, ""), "").rpartition("@")[2].lower()
    return given == author
