"""Judge the TLS of a next hop against a policy.

Called by vendors from ``on_offer``: once after EHLO, and once after the handshake. The checks are common; the last
error is worded by the vendor.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import Enum
from functools import partial
from typing import TypeAlias

from mailsim.mail.reply import Reply
from mailsim.mta.kind import Offer, PointOfView, Relay
from mailsim.mta.relaying.certificate_flaws import Diligence, Flaw, Look, find_flaws
from mailsim.mta.relaying.tls_policy import TlsDemand, TlsPolicy, name_matches
from mailsim.reason.check import Check, check
from mailsim.reason.cite import Citation
from mailsim.reason.decision import Decision, Gate, admit
from mailsim.world.certificate import ChainVerdict, PresentedCertificate, Role


class TlsProblem(Enum):
    """Why a next hop does not meet the policy; the words Exchange uses where it has one."""

    NOT_OFFERED = "STARTTLS not offered"
    HANDSHAKE = "handshake failed"
    NO_VERSION = "no common version of TLS"
    UNTRUSTED = "chain not trusted"
    WRONG_USAGE = Flaw.WRONG_USAGE.value
    WEAK_KEY = Flaw.WEAK_KEY.value
    REVOKED = Flaw.REVOKED.value
    WRONG_NAME = "SubjectMismatch"


@dataclass(frozen=True, slots=True)
class Fallback:
    """What a product does after a failed handshake.

    Args:
        in_clear: whether it tries once more in clear text, where TLS is not demanded.
        no_version: where the last error of two hosts without a common version is known from.
    """

    in_clear: Look
    no_version: Citation


Word: TypeAlias = Callable[[TlsProblem, ChainVerdict | None, PresentedCertificate | None], Reply]


def judge_offer(
    at: PointOfView,
    relay: Relay,
    offer: Offer,
    word: Word,
    *,
    cite: Citation,
    diligence: Diligence,
    fallback: Fallback,
) -> Decision[Reply | None]:
    """Judge what a next hop offers or showed.

    Args:
        at: the sending MTA.
        relay: the route with its policy.
        offer: what was seen so far.
        word: gives the vendor's last error for a problem.
        cite: where the vendor documents the policy.
        diligence: what the vendor looks at in a certificate that it validates.
        fallback: what the vendor does after a failed handshake.

    Returns:
        None in the decision when mail may be sent, or when STARTTLS is to come first; after a failed handshake, when it
        is to be tried once more in clear text.
    """
    policy = relay.tls
    verdict = _chain(at, offer)
    peer = offer.tls.peer if offer.tls else None
    gates: list[Gate[Reply]] = []
    if not policy.demand.mandatory and not offer.tls_failed:
        refusal = word(TlsProblem.NOT_OFFERED, None, None)
        gates.append(Gate("TLS if offered", lambda: _as_it_is(policy, offer, cite), refusal, cite))
    if policy.demand.mandatory and offer.tls is None and not offer.tls_failed:
        refusal = word(TlsProblem.NOT_OFFERED, None, None)
        gates.append(Gate("STARTTLS offered", lambda: _offered(policy, offer, cite), refusal, cite))
    if offer.tls_failed:
        refusal = word(TlsProblem.NO_VERSION if offer.mismatch else TlsProblem.HANDSHAKE, None, None)
        gates.append(Gate("TLS handshake", lambda: _handshake(policy, offer, cite, fallback), refusal, cite))
    if policy.demand is TlsDemand.ENCRYPTED and offer.tls is not None:
        refusal = word(TlsProblem.UNTRUSTED, verdict, peer)
        gates.append(Gate("any certificate", lambda: _as_it_is(policy, offer, cite), refusal, cite))
    if policy.demand.verified and offer.tls is not None:
        refusal = word(TlsProblem.UNTRUSTED, verdict, peer)
        gates.append(Gate("certificate chain", lambda: _trusted(policy, verdict, cite), refusal, cite))
        gates += _flaws(at, policy, peer, diligence, word)
    if policy.demand is TlsDemand.VALID_NAME and offer.tls is not None:
        refusal = word(TlsProblem.WRONG_NAME, verdict, peer)
        gates.append(Gate("certificate name", lambda: _named(policy, peer, cite), refusal, cite))
    return admit(f"TLS to {offer.host}", gates)


def _flaws(
    at: PointOfView,
    policy: TlsPolicy,
    peer: PresentedCertificate | None,
    diligence: Diligence,
    word: Word,
) -> Iterator[Gate[Reply]]:
    """Yield a gate for each flaw of the certificate; one without flaws has none to pass."""
    for found in find_flaws(at, peer, Role.SERVER, diligence):
        made = replace(found.check, rule=f"{_rule(policy)}: {found.check.rule}", source=policy.source)
        refusal = word(TlsProblem(found.flaw.value), None, peer)
        yield Gate(found.check.rule, partial(_as_is, made), refusal, made.cite)


def _as_is(made: Check) -> Check:
    return made


def _chain(at: PointOfView, offer: Offer) -> ChainVerdict | None:
    """Validate the chain the next hop sent; None when it sent none."""
    if offer.tls is None or offer.tls.peer is None:
        return None
    return at.pki.judge(offer.tls.peer, trusts=at.mta.trusts, at=at.now)


def _as_it_is(policy: TlsPolicy, offer: Offer, cite: Citation) -> Check:
    """Say what a policy that never refuses wanted and saw: clear text, or TLS with a certificate that is not verified."""
    return check(True, _rule(policy), saw=_seen(policy, offer), cite=cite, source=policy.source)


def _seen(policy: TlsPolicy, offer: Offer) -> str:
    if offer.tls is not None:
        names = ", ".join(offer.tls.peer.all_names) if offer.tls.peer else ""
        return f"TLS; the certificate ({names or 'no name'}) is not verified"
    starttls = "STARTTLS" if offer.capabilities.offers("STARTTLS") else "no STARTTLS"
    if policy.demand is TlsDemand.NEVER:
        return f"{offer.host} offers {starttls}, which is ignored: mail goes in clear text"
    clear = "" if offer.capabilities.offers("STARTTLS") else ": mail goes in clear text"
    return f"{offer.host} offers {starttls}{clear}"


def _offered(policy: TlsPolicy, offer: Offer, cite: Citation) -> Check:
    saw = f"{offer.host} offers {'STARTTLS' if offer.capabilities.offers('STARTTLS') else 'no STARTTLS'}"
    met = offer.capabilities.offers("STARTTLS")
    return check(met, _rule(policy), saw=saw, wanted="STARTTLS", cite=cite, source=policy.source)


def _handshake(policy: TlsPolicy, offer: Offer, cite: Citation, fallback: Fallback) -> Check:
    """Want a finished handshake, unless mail may go in clear text and the product sends it so."""
    mandatory, look = policy.demand.mandatory, fallback.in_clear
    in_clear = look.does and not mandatory
    known_from = fallback.no_version if offer.mismatch else cite
    return check(
        in_clear,
        _rule(policy),
        saw=f"{offer.tls_failed}; it is tried in clear text" if in_clear else offer.tls_failed,
        wanted="a finished handshake",
        cite=known_from if mandatory else look.cite,
        source=policy.source,
    )


def _trusted(policy: TlsPolicy, verdict: ChainVerdict | None, cite: Citation) -> Check:
    saw = verdict.saw if verdict else "no certificate"
    met = verdict is not None and verdict.trusted
    wanted = "a chain to a trusted CA, valid now"
    return check(met, _rule(policy), saw=saw, wanted=wanted, cite=cite, source=policy.source)


def _named(policy: TlsPolicy, peer: PresentedCertificate | None, cite: Citation) -> Check:
    names = peer.all_names if peer else ()
    met = any(name_matches(policy.name, presented) for presented in names)
    saw = f"the certificate names {', '.join(names) or 'nothing'}"
    return check(met, _rule(policy), saw=saw, wanted=policy.name, cite=cite, source=policy.source)


def _rule(policy: TlsPolicy) -> str:
    return policy.setting or policy.demand.value
