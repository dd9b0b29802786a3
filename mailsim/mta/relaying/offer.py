"""Judge the TLS of a next hop against a policy.

Called by vendors from ``on_offer``: once after EHLO, and once after the handshake. The checks are common; the last
error is worded by the vendor.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

from mailsim.mail.reply import Reply
from mailsim.mta.kind import Offer, PointOfView, Relay
from mailsim.mta.relaying.tls_policy import TlsDemand, TlsPolicy, name_matches
from mailsim.reason.check import Check, check
from mailsim.reason.cite import Citation
from mailsim.reason.decision import Decision, Gate, admit
from mailsim.world.certificate import ChainVerdict, PresentedCertificate


class TlsProblem(Enum):
    """Why a next hop does not meet the policy; the words Exchange uses where it has one."""

    NOT_OFFERED = "STARTTLS not offered"
    HANDSHAKE = "handshake failed"
    UNTRUSTED = "chain not trusted"
    WRONG_NAME = "SubjectMismatch"


def judge_offer(
    at: PointOfView,
    relay: Relay,
    offer: Offer,
    word: Callable[[TlsProblem, ChainVerdict | None, PresentedCertificate | None], Reply],
    cite: Citation,
) -> Decision[Reply | None]:
    """Judge what a next hop offers or showed.

    Args:
        at: the sending MTA.
        relay: the route with its policy.
        offer: what was seen so far.
        word: gives the vendor's last error for a problem.
        cite: where the vendor documents the policy.

    Returns:
        None in the decision when mail may be sent, or when STARTTLS is to come first.
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
        refusal = word(TlsProblem.HANDSHAKE, None, None)
        gates.append(Gate("TLS handshake", lambda: _handshake(policy, offer, cite), refusal, cite))
    if policy.demand is TlsDemand.ENCRYPTED and offer.tls is not None:
        refusal = word(TlsProblem.UNTRUSTED, verdict, peer)
        gates.append(Gate("any certificate", lambda: _as_it_is(policy, offer, cite), refusal, cite))
    if policy.demand.verified and offer.tls is not None:
        refusal = word(TlsProblem.UNTRUSTED, verdict, peer)
        gates.append(Gate("certificate chain", lambda: _trusted(policy, verdict, cite), refusal, cite))
    if policy.demand is TlsDemand.VALID_NAME and offer.tls is not None:
        refusal = word(TlsProblem.WRONG_NAME, verdict, peer)
        gates.append(Gate("certificate name", lambda: _named(policy, peer, cite), refusal, cite))
    return admit(f"TLS to {offer.host}", gates)


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


def _handshake(policy: TlsPolicy, offer: Offer, cite: Citation) -> Check:
    return check(
        False,
        _rule(policy),
        saw=offer.tls_failed,
        wanted="a finished handshake",
        cite=cite,
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
