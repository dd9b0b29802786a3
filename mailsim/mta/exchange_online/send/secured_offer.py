"""Does a session meet what the next hop's domain publishes: its TLSA records, its MTA-STS policy?

Asked by ``on_offer`` before what the connector wants: once after EHLO, once after the handshake. DANE comes first, since no policy
may override it (rfc8461:2). Where a session fails, the host is given up and the next one tried; the last error is worded by the
table of "NDRs in Exchange Online".

Unmodelled: TLS-RPT. What fails is not reported to the domain.
Sources: rfc7672, rfc8461, ms:ndrs-exchange-online, ms:how-smtp-dane-works.
"""

from __future__ import annotations

from mailsim.mail.reply import Reply
from mailsim.mta.exchange_online import replies
from mailsim.mta.exchange_online.send.published_policies import DANE_MODE
from mailsim.mta.exchange_online.send.send_assumptions import BOTH, STS_NO_TLS
from mailsim.mta.kind import Offer, PointOfView, Relay
from mailsim.mta.relaying.published import NOTHING_PUBLISHED
from mailsim.reason.check import Check, check
from mailsim.reason.cite import documented
from mailsim.reason.decision import REFUSED, Decision, Reason
from mailsim.sender_authentication.lookup import DnsAnswer
from mailsim.sender_authentication.mta_sts import StsAction, StsPolicy, StsSession, is_named, judge
from mailsim.sender_authentication.tlsa import Usage, judge_answer, read_records
from mailsim.world.certificate import ChainVerdict

STS_MODE = documented("ms:new-outboundconnector", "MtaStsMode")


def judge_published(at: PointOfView, relay: Relay, offer: Offer) -> Decision[Reply | None]:
    """Judge a session by what is published about its host.

    Args:
        at: the service.
        relay: the route, with what it asks for.
        offer: what was seen so far.

    Returns:
        The last error; None where nothing speaks against the session, or STARTTLS is to come first.
    """
    question = f"what is published about {offer.host}"
    awaits_tls = offer.tls is None and not offer.tls_failed and offer.capabilities.offers("STARTTLS")
    if offer.published == NOTHING_PUBLISHED or awaits_tls:
        return Decision(question, None, ())
    tlsa, policy = offer.published.tlsa, offer.published.policy
    dane = _judge_dane(at, relay, offer, tlsa) if tlsa is not None else None
    if dane is not None and dane.value is not None:
        return Decision(question, dane.value, (dane,), REFUSED)
    made: list[Reason] = [] if dane is None else [dane]
    if policy is not None and _is_asked(at, dane, made):
        sts = _judge_sts(at, relay, offer, policy)
        found = offer.published.policy_because
        worded = _worded(at) if sts.value is not None and offer.tls is None else ()
        because = (*made, *((found,) if found else ()), sts, *worded)
        return Decision(question, sts.value, because, sts.answer)
    return Decision(question, None, tuple(made), "met")


def _is_asked(at: PointOfView, dane: Decision[Reply | None] | None, made: list[Reason]) -> bool:
    """Tell whether the policy counts beside DANE, and note what that rests on."""
    if dane is None:
        return True
    choice = at.assumed(BOTH)
    made.append(check(True, "MTA-STS beside DANE", saw=choice, cite=BOTH.cite(choice)))
    return choice == BOTH.default


def _with_error(
    made: Decision[str], value: Reply | None, asked: Check, answer: str
) -> Decision[Reply | None]:
    """Return a verdict with the last error that comes of it, behind the property that asks for it."""
    return Decision(made.question, value, (asked, *made.because), answer)


# --- DANE ---------------------------------------------------------------------------------------------------


def _judge_dane(at: PointOfView, relay: Relay, offer: Offer, tlsa: DnsAnswer) -> Decision[Reply | None]:
    peer = offer.tls.peer if offer.tls else None
    chain, encrypted = (peer.chain if peer else ()), offer.tls is not None
    names = (relay.domain,) if relay.domain else ()
    verdict = judge_answer(offer.host, chain, tlsa, at=at.now, encrypted=encrypted, names=names)
    asked = check(
        True,
        "DANE",
        saw=relay.asks.dane_setting,
        cite=DANE_MODE,
        source=relay.asks.dane_source,
    )
    error = None if verdict.outcome.usable else _dane_error(at, relay, offer, tlsa)
    value = replies.dane_failed(error, offer.host, str(offer.address)) if error else None
    return _with_error(verdict.because, value, asked, verdict.outcome.value)


def _dane_error(at: PointOfView, relay: Relay, offer: Offer, tlsa: DnsAnswer) -> str:
    """Choose the code for a session that DANE does not allow, the most particular one."""
    if offer.tls is None:
        return "4.7.321"
    peer = offer.tls.peer
    by_anchor = any(each.usage == Usage.DANE_TA.value and each.usable for each in read_records(tlsa))
    if peer is None or not by_anchor:
        return "4.7.323"
    if peer.not_after < at.now:
        return "4.7.322"
    named = any(is_named(name, peer.names) for name in (offer.host, relay.domain) if name)
    return "4.7.323" if named else "4.7.325"


# --- MTA-STS ------------------------------------------------------------------------------------------------


def _judge_sts(at: PointOfView, relay: Relay, offer: Offer, policy: StsPolicy) -> Decision[Reply | None]:
    peer = offer.tls.peer if offer.tls else None
    chain = at.pki.judge(peer, trusts=at.mta.trusts, at=at.now) if peer else None
    names = peer.names if peer else ()
    session = StsSession(encrypted=offer.tls is not None, chain=chain, names=names)
    verdict = judge(policy, offer.host, session)
    asked = check(
        True,
        "MTA-STS",
        saw=f"{relay.asks.sts_setting}; the policy is {policy.mode.value}",
        cite=STS_MODE,
        source=relay.asks.sts_source,
    )
    value = None if verdict.action is StsAction.DELIVER else _sts_error(at, offer, chain)
    answer = verdict.action.value if verdict.valid else f"{verdict.action.value}, the policy is not met"
    return _with_error(verdict.because, value, asked, answer)


def _worded(at: PointOfView) -> tuple[Check, ...]:
    """Say which last error is assumed for a host without TLS."""
    choice = at.assumed(STS_NO_TLS)
    return (check(True, "last error without TLS", saw=choice, cite=STS_NO_TLS.cite(choice)),)


def _sts_error(at: PointOfView, offer: Offer, chain: ChainVerdict | None) -> Reply:
    """Word the failure of an enforced policy; hosts that it does not name were left out before."""
    host, address = offer.host, str(offer.address)
    if offer.tls is None:
        if at.assumed(STS_NO_TLS) == "starttls":
            return replies.cannot_connect(replies.STARTTLS_REQUIRED, host, address)
        return replies.dane_failed("4.7.321", host, address)
    # the words of validityStatus are not published: those of 4.4.317
    if chain is None or not chain.trusted:
        reason = chain.reason if chain is not None and chain.reason != "PartialChain" else "UntrustedRoot"
        return replies.sts_certificate(reason, host, address)
    return replies.sts_certificate("SubjectMismatch", host, address)
