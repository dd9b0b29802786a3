"""What Exchange Online asks the next hop's domain about TLS, and which hosts that leaves to be tried.

Called when the next hop is looked for: the TLSA records of each host and the MTA-STS policy of the domain go with it to
``secured_offer``. Rules: mail without a connector goes by both where there are some; DANE wants a secure answer for the MX, for the
address and for the TLSA records (rfc7672:2.2); a host that an enforced policy does not name is not used (rfc8461:5).

By a smart host, the smart host is the policy domain (rfc8461:3.4), and its TLSA records count (rfc7672:2.2.2).

Unmodelled: TLSA records at the name that an alias stands for (rfc7672:2.1.3).
Sources: New-OutboundConnector, "How SMTP DANE works", rfc7672, rfc8461.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from mailsim.mail.reply import Reply
from mailsim.mta.asked_through import answer_of
from mailsim.mta.exchange_online import replies
from mailsim.mta.exchange_online.send.outbound_connector import MtaStsMode, OutboundConnector, SmtpDaneMode
from mailsim.mta.exchange_online.send.send_assumptions import BOGUS, DNS_MESSAGE, NO_TLSA, TLSA_UNANSWERED
from mailsim.mta.kind import PointOfView, Relay, RouteProblem, Target, Targets
from mailsim.mta.relaying.policy_fetch import current_policy
from mailsim.mta.relaying.published import Asks, Published, Use
from mailsim.mta.resolver import Resolver
from mailsim.reason.check import Check, check
from mailsim.reason.cite import documented, rfc
from mailsim.reason.decision import Decision, Reason
from mailsim.sender_authentication.lookup import DnsAnswer, DnsOutcome
from mailsim.sender_authentication.mta_sts import CachedPolicy, StsMode, StsPolicy
from mailsim.world.dns import Dnssec

DANE_MODE = documented("ms:new-outboundconnector", "SmtpDaneMode")
TLSA = rfc(7672, "2.2")
UNANSWERED = rfc(7672, "2.1.1")
POLICY_HOSTS = rfc(8461, "5")

_DANE = {
    SmtpDaneMode.NONE: Use.NEVER,
    SmtpDaneMode.OPPORTUNISTIC: Use.IF_THERE,
    SmtpDaneMode.MANDATORY: Use.ALWAYS,
}
_STS = {MtaStsMode.NONE: Use.NEVER, MtaStsMode.OPPORTUNISTIC: Use.IF_THERE}
_BY_DEFAULT = Asks(
    dane=Use.IF_THERE,
    sts=Use.IF_THERE,
    dane_setting="SmtpDaneMode Opportunistic, without a connector",
    sts_setting="MtaStsMode Opportunistic, without a connector",
)


def asks_of(connector: OutboundConnector | None) -> Asks:
    """Read SmtpDaneMode and MtaStsMode; without a connector both are opportunistic."""
    if connector is None:
        return _BY_DEFAULT
    return Asks(
        dane=_DANE[connector.smtp_dane_mode],
        sts=_STS[connector.mta_sts_mode],
        dane_setting=f"SmtpDaneMode {connector.smtp_dane_mode.value} of {connector.name!r}",
        sts_setting=f"MtaStsMode {connector.mta_sts_mode.value} of {connector.name!r}",
        dane_source=connector.source("SmtpDaneMode"),
        sts_source=connector.source("MtaStsMode"),
    )


@dataclass(slots=True)
class _Survey:
    """What is being learned about the hosts of one route."""

    at: PointOfView
    relay: Relay
    dns: Resolver
    made: list[Reason] = field(default_factory=list)
    problems: list[RouteProblem] = field(default_factory=list)
    _policies: dict[str, Decision[CachedPolicy | None]] = field(default_factory=dict)
    _records: dict[str, tuple[DnsAnswer | None, bool]] = field(default_factory=dict)

    def policy_of(self, domain: str) -> Decision[CachedPolicy | None]:
        """Decide by which MTA-STS policy mail to a domain is sent, once."""
        if domain not in self._policies:
            decision = current_policy(self.at, domain, self.dns)
            if decision.value is not None or not _is_plain(decision.because):
                self.made.append(decision)
            self._policies[domain] = decision
        return self._policies[domain]

    def records_of(self, host: str) -> tuple[DnsAnswer | None, bool]:
        """Return the secure TLSA records of a host, None for none, and whether the host may be used; once."""
        if host not in self._records:
            self._records[host] = self._look_up(host)
        return self._records[host]

    def _look_up(self, host: str) -> tuple[DnsAnswer | None, bool]:
        name, must = f"_25._tcp.{host}", self.relay.asks.dane is Use.ALWAYS
        if not self._leads_securely_to(host):
            return None, not must or self._missing(name, "MX or address not secured by DNSSEC")
        asked = self.dns.lookup(name, "TLSA")
        answer = answer_of(asked, self.at.pki)
        if answer.failed:
            return None, self._unanswered(name, answer, bogus=asked.found.dnssec is Dnssec.BOGUS)
        if not answer.authentic or answer.status is not DnsOutcome.FOUND:
            return None, not must or self._missing(name, answer.shown)
        self.made.append(check(True, f"TLSA {name}", saw=f"{answer.shown}; secure", cite=TLSA))
        return answer, True

    def _leads_securely_to(self, host: str) -> bool:
        """Tell whether DNSSEC vouches for the way to a host (rfc7672:2.2)."""
        domain = self.relay.domain
        by_mx = not domain or self.dns.mx(domain).found.dnssec.authentic
        return by_mx and self.dns.addresses(host).found.dnssec.authentic

    def _missing(self, name: str, saw: str) -> bool:
        """Note that DANE is demanded and not there."""
        asks = self.relay.asks
        self.made.append(
            check(
                False,
                asks.dane_setting,
                saw=f"TLSA {name}: {saw}",
                wanted="TLSA records secured by DNSSEC",
                cite=DANE_MODE,
                source=asks.dane_source,
            )
        )
        self.problems.append(RouteProblem.NO_TLSA)
        return False

    def _unanswered(self, name: str, answer: DnsAnswer, *, bogus: bool) -> bool:
        """Note that TLSA records cannot be had, and tell whether the host is used all the same."""
        choice = self.at.assumed(TLSA_UNANSWERED)
        cite = UNANSWERED if bogus else TLSA_UNANSWERED.cite(choice)
        used = not bogus and choice == "without-dane" and self.relay.asks.dane is not Use.ALWAYS
        saw = f"{answer.shown}: its signatures do not fit (DNSSEC)" if bogus else answer.shown
        self.made.append(check(used, f"TLSA {name}", saw=saw, wanted="an answer", cite=cite))
        if not used:
            self.problems.append(RouteProblem.BOGUS if bogus else RouteProblem.DNS_FAILED)
        return used


def _is_plain(made: tuple[Reason, ...]) -> bool:
    """Tell whether nothing was found but that there is no record, which is not worth a word."""
    absent = (DnsOutcome.NODATA.value, DnsOutcome.NXDOMAIN.value)
    return len(made) == 1 and isinstance(made[0], Check) and made[0].saw in absent


def keep_allowed(
    at: PointOfView, relay: Relay, decision: Decision[Targets], dns: Resolver
) -> Decision[Targets]:
    """Learn what is published about the hosts found, and leave out those that may not be used.

    Args:
        at: the service.
        relay: the route, with what it asks for.
        decision: the hosts found.
        dns: what asked for them.
    """
    if not decision.value.found:
        return decision
    survey = _Survey(at, relay, dns)
    found = tuple(_allowed(survey, decision.value.found))
    problem = None if found else next(each for each in RouteProblem if each in survey.problems)
    targets = replace(decision.value, found=found, problem=problem, took=dns.now - at.now)
    answer = decision.answer if found == decision.value.found else _shown(targets)
    return replace(decision, value=targets, because=(*decision.because, *survey.made), answer=answer)


def _shown(targets: Targets) -> str:
    if targets.problem is not None:
        return targets.problem.value
    return ", ".join(f"{target.host} [{target.address}]" for target in targets.found)


def _allowed(survey: _Survey, found: tuple[Target, ...]) -> Iterator[Target]:
    for target in found:
        policy, because = _policy_for(survey, target)
        if policy is not None and policy.mode is StsMode.ENFORCE and not policy.covers(target.host):
            survey.made.append(_not_named(survey.relay, policy, target))
            survey.problems.append(RouteProblem.NOT_IN_POLICY)
            continue
        tlsa, usable = (None, True) if survey.relay.asks.dane is Use.NEVER else survey.records_of(target.host)
        if usable:
            published = Published(tlsa=tlsa, policy=policy, policy_because=because)
            yield replace(target, published=published)


def _policy_for(survey: _Survey, target: Target) -> tuple[StsPolicy | None, Reason | None]:
    """Return the policy that a host is held against, with how it was come by; one of mode none asks for nothing."""
    domain = survey.relay.domain or target.host  # an address has no policy
    if survey.relay.asks.sts is Use.NEVER or domain.startswith("[") or domain[-1:].isdigit():
        return None, None
    decision = survey.policy_of(domain.lower())
    if decision.value is None or decision.value.policy.mode is StsMode.NONE:
        return None, None
    return decision.value.policy, decision


def _not_named(relay: Relay, policy: StsPolicy, target: Target) -> Check:
    return check(
        False,
        f"MTA-STS policy of {relay.domain or target.host}, {relay.asks.sts_setting}",
        saw=f"{target.host}, which is not used",
        wanted=" or ".join(policy.hosts),
        cite=POLICY_HOSTS,
        source=relay.asks.sts_source,
    )


def word_published_problem(at: PointOfView, relay: Relay, problem: RouteProblem) -> Reply:
    """Word the last error of a route whose hosts may not be used by what is published."""
    if problem is RouteProblem.NOT_IN_POLICY:
        return replies.sts_hosts(relay.domain or relay.next_hop)
    if problem is RouteProblem.NO_TLSA:
        code = {"tlsa-invalid": "4.7.323", "dnssec-invalid": "4.7.324"}[at.assumed(NO_TLSA)]
        return replies.dane_undecided(code, relay.next_hop)
    if at.assumed(BOGUS) == "dns-query-failed":
        return replies.dns_failed(at.assumed(DNS_MESSAGE), relay.next_hop)
    return replies.dane_undecided("4.7.324", relay.next_hop)
