"""How the service judges who sent a message that comes from outside: every method, then what the tenant does about it.

Called by ``receive.stages`` at the end of a message, for Incoming mail, and imported when there is some. Rules: (1) SPF is asked for the connecting address,
or for the one that Enhanced Filtering finds behind it; (2) SPF, DKIM, DMARC and ARC are those of the RFCs, on the message as
it was received; (3) DMARC is carried out only where the service sees the true source: the MX of the recipient's domain leads
here, or Enhanced Filtering found the address behind the other service; (4) a trusted ARC sealer overrides; (5) two fields
show what was found.

Unmodelled: spoof intelligence, which weighs what fails without DMARC; recipients of several tenants in one transaction are
judged for the tenant of the first. That look-ups take time does not delay the reply.

Sources: "Anti-phishing policies", "Enhanced filtering for connectors", "Anti-spam message headers"; published headers.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from ipaddress import IPv4Address

from mailsim.mail.message import HeaderField, header_field
from mailsim.mail.reply import Reply
from mailsim.mta import cross_premises
from mailsim.mta.asked_through import through
from mailsim.mta.exchange_online.authentication.anti_phish_policy import AntiPhishPolicy, Treatment
from mailsim.mta.exchange_online.authentication.arc_sealers import override
from mailsim.mta.exchange_online.authentication.arrival import Arrival
from mailsim.mta.exchange_online.authentication.authentication_assumptions import JUNK_LEVEL
from mailsim.mta.exchange_online.authentication.authentication_results import (
    authentication_results,
    choose_signatures,
    received_spf,
)
from mailsim.mta.exchange_online.authentication.composite_authentication import judge_composite
from mailsim.mta.exchange_online.authentication.dmarc_handling import POLICY, SOURCE, Handling, handle
from mailsim.mta.exchange_online.authentication.judged import Judged
from mailsim.mta.exchange_online.authentication.judged_address import address_to_judge
from mailsim.mta.exchange_online.config import Tenant
from mailsim.mta.exchange_online.receive.enhanced_filtering import hops_of
from mailsim.mta.kind import PointOfView
from mailsim.mta.resolver import Resolver
from mailsim.reason.check import Check, check
from mailsim.reason.cite import assumed
from mailsim.reason.decision import Decision, Gate, Reason
from mailsim.sender_authentication.arc import ArcResult
from mailsim.sender_authentication.dkim import DkimResult
from mailsim.sender_authentication.dmarc import DmarcResult
from mailsim.sender_authentication.examination import Examination, examine
from mailsim.sender_authentication.spf import SpfResult

NO_MX = assumed(
    "ms:anti-phishing-policies-about",
    "that nothing stands in front of a domain whose MX is not known is inferred",
)
SCL = cross_premises.ORGANIZATION + "SCL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What the service found out about a message, and what it does.

    Args:
        handling: what DMARC leads to.
        fields: what is written on top, topmost first.
        judged: what is kept with the message.
        because: everything that was looked at.
        gates: the one that a message does not pass which is refused; else none.
    """

    handling: Handling
    fields: tuple[HeaderField, ...]
    judged: Judged
    because: tuple[Reason, ...]
    gates: tuple[Gate[Reply], ...]


def judge(at: PointOfView, tenant: Tenant, arrival: Arrival) -> Judgement:
    """Judge a message as it was received, for the tenant of its first recipient."""
    dns, policy = at.dns, tenant.anti_phish_policy
    address = address_to_judge(arrival.facts, arrival.skipped)
    found = _examined(at, dns, arrival, address.value)
    source = sees_source(at, dns, arrival, decides=found.dmarc.result is DmarcResult.FAIL)
    author = found.dmarc.author
    sealer = override(at, tenant.arc_config, found.arc, author)
    seen, vouched = not source.failed, sealer.value is not None
    done = handle(at, policy, found.dmarc, true_source=seen, overridden=vouched)
    own = bool(author) and tenant.accepted(author) is not None
    whole = judge_composite(at, found.dmarc, own_domain=own, true_source=seen, overridden=vouched)
    shown = choose_signatures(at, found.dkim, found.dmarc)
    junk, level = _junk(at, done.value)
    fields = (
        authentication_results(found.spf, shown.value, found.dmarc, done.value.action, whole.value),
        received_spf(found.spf),
        *junk,
    )
    sealed = () if found.arc.result is ArcResult.NONE else (found.arc.because, sealer)
    verdicts: tuple[Reason, ...] = (*(each.because for each in found.dkim), found.dmarc.because, *sealed)
    return Judgement(
        handling=done.value,
        fields=fields,
        judged=_kept(found, done),
        because=(address, found.spf.because, *verdicts, source, shown, whole, done, *level),
        gates=_gates(found, done.value, policy),
    )


def _examined(at: PointOfView, dns: Resolver, arrival: Arrival, address: IPv4Address) -> Examination:
    sender = arrival.envelope.reverse_path
    return examine(
        arrival.message,
        address,
        str(sender) if sender else "",
        arrival.facts.ehlo,
        lookup=through(dns, at.pki),
        at=at.now,
        draw=zlib.crc32(arrival.name.encode()) % 100,
    )


def sees_source(at: PointOfView, dns: Resolver, arrival: Arrival, *, decides: bool) -> Check:
    """Want the MX of the first recipient's domain to lead here, or the address behind the other service to be known.

    A domain without MX, or whose MX is not answered, is taken for one that nothing else stands in front of; nobody says so.

    Args:
        at: the service.
        dns: its resolver.
        arrival: the message.
        decides: whether DMARC failed, so that anything follows from the answer.
    """
    domain, connector = arrival.envelope.paths[0].domain, arrival.connector
    found = arrival.skipped.value if arrival.skipped else None
    asked = dns.mx(domain)
    exchanges = asked.found.exchanges
    first = [each.exchange for each in exchanges if each.preference == exchanges[0].preference]
    here = not first or any(
        set(dns.addresses(host).found.addresses) & set(at.mta.addresses) for host in first
    )
    known = found is not None and found.in_scope
    saw = f"MX of {domain} is {', '.join(first) or asked.status.value}"
    return check(
        here or known,
        f"EFSkipLastIP or EFSkipIPs of {connector.name!r}" if connector else "source is seen",
        saw=saw if here or known else f"{saw}; {_behind(arrival)}",
        wanted="an MX that leads here, or a connector that skips the relay",
        cite=NO_MX if decides and not first and not known else SOURCE,
        source=connector.source("EFSkipLastIP") if connector else "",
    )


def _behind(arrival: Arrival) -> str:
    """Say which address is judged, and which one the next relay says that it had the message from."""
    connected, *earlier = hops_of(arrival.facts, arrival.message)
    told = f", which had it from {earlier[0].address}" if earlier else ""
    return f"{connected.address} is judged{told}"


def _junk(at: PointOfView, handling: Handling) -> tuple[tuple[HeaderField, ...], tuple[Check, ...]]:
    """Return the level by which the mailbox moves the message to Junk Email, and how it is known."""
    if handling.treatment is not Treatment.MOVE_TO_JMF:
        return (), ()
    level = at.assumed(JUNK_LEVEL)
    known = check(True, "SCL of mail for Junk Email", saw=level, cite=JUNK_LEVEL.cite(level))
    return (header_field(SCL, level),), (known,)


def _kept(found: Examination, done: Decision[Handling]) -> Judged:
    domain = found.spf.domain
    signers = [each.domain for each in found.dkim if each.result is DkimResult.PASS]
    signed = ", ".join(f"DKIM {each.result.value} for {each.domain}" for each in found.dkim)
    treatment = done.value.treatment
    return Judged(
        treatment=treatment,
        authenticated=found.spf.result is SpfResult.PASS or domain in signers,
        found=f"SPF {found.spf.result.value} for {found.spf.client}, {signed or 'no signature'}",
        because=Decision(done.question, treatment, done.because, done.answer),
    )


def _gates(found: Examination, handling: Handling, policy: AntiPhishPolicy) -> tuple[Gate[Reply], ...]:
    if handling.reply is None:
        return ()
    return (Gate("DMARC", lambda: _is_refused(found, policy), handling.reply, POLICY),)


def _is_refused(found: Examination, policy: AntiPhishPolicy) -> Check:
    """Say no: what failed is named with its records, and the property that refuses it."""
    dmarc, spf = found.dmarc, found.spf
    signed = "; ".join(
        f"{each.selector}._domainkey.{each.domain}: {each.fault.value or each.result.value}"
        for each in found.dkim
    )
    saw = f"{dmarc.result.value} for {dmarc.author or 'nobody'}"
    if dmarc.record:
        saw += f" ({dmarc.record} at _dmarc.{dmarc.found_at}): SPF {spf.result.value} for {spf.client} and {spf.domain}"
        saw += f", DKIM {signed or 'none, not signed'}"
    return check(
        False,
        f"DMARC with DmarcRejectAction {policy.dmarc_reject_action.value}",
        saw=saw,
        wanted="SPF or DKIM to pass for the domain in From",
        cite=POLICY,
        source=policy.source("DmarcRejectAction"),
    )
