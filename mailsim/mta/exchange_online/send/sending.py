"""How Exchange Online sends: the route of an outbound connector, its TLS demands, last errors, retries, reports.

Sources: New-OutboundConnector, "NDRs in Exchange Online", Set-TransportConfig.
"""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Network

from mailsim.mail.dsn import Action
from mailsim.mail.reply import Reply
from mailsim.mta.exchange_online import defaults, replies
from mailsim.mta.exchange_online.categorize.reporting import postmaster_of, reported_by
from mailsim.mta.exchange_online.certificate_assumptions import NO_COMMON_VERSION
from mailsim.mta.exchange_online.config import ExchangeOnlineConfig, Tenant
from mailsim.mta.exchange_online.receive.attribution import Owners
from mailsim.mta.exchange_online.send import srs
from mailsim.mta.exchange_online.send.outbound_connector import OutboundConnector, TlsSettings
from mailsim.mta.exchange_online.send.published_policies import (
    asks_of,
    keep_allowed,
    word_published_problem,
)
from mailsim.mta.exchange_online.send.send_assumptions import (
    BOGUS,
    DNS_MESSAGE,
    NO_TLSA,
    REMOTE_CODES,
    RETRY,
)
from mailsim.mta.exchange_report import Layout, exchange_report
from mailsim.mta.kind import (
    Item,
    Next,
    Notice,
    Offer,
    PointOfView,
    Relay,
    RouteProblem,
    Target,
    Targets,
    Waiting,
)
from mailsim.mta.relaying.nexthop import choose_targets
from mailsim.mta.relaying.offer import TlsProblem
from mailsim.mta.relaying.published import Use
from mailsim.mta.relaying.reports import who_is_told
from mailsim.mta.relaying.tls_policy import TlsDemand, TlsPolicy
from mailsim.reason.check import Check, check
from mailsim.reason.cite import documented
from mailsim.reason.decision import Decision
from mailsim.world.certificate import ChainVerdict, PresentedCertificate

INSIDE = documented(
    "ms:three-key-points-for-connectors", "onmicrosoft.com recipients stay inside Microsoft 365"
)
TLS = documented("ms:new-outboundconnector", "TlsSettings, TlsDomain")

INITIAL = ".onmicrosoft.com"

_DEMANDS = {
    TlsSettings.ENCRYPTION_ONLY: TlsDemand.ENCRYPTED,
    TlsSettings.CERTIFICATE_VALIDATION: TlsDemand.VALID_CHAIN,
    TlsSettings.DOMAIN_VALIDATION: TlsDemand.VALID_NAME,
}


def relay_by(
    at: PointOfView, connector: OutboundConnector | None, domain: str, *, by_relay_pool: bool = False
) -> Relay:
    """Turn the chosen connector into a route; without one, MX and opportunistic TLS.

    Args:
        at: the service.
        connector: None for none.
        domain: of the recipient.
        by_relay_pool: whether it leaves from the relay pool's address, where the service has one.
    """
    written = connector.smart_hosts if connector and not connector.use_mx_record else ()
    hosts = tuple(host for each in written for host in _smart_hosts(at, each))
    return Relay(
        via=connector.name if connector else "MX",
        domain="" if hosts else domain,
        smart_hosts=hosts,
        tls=tls_policy(connector),
        certificate=at.certificate,
        helo=at.mta.fqdn,
        source=(by_relay_pool and at.mta.config.relay_pool_address) or at.mta.addresses[0],
        asks=asks_of(connector),
    )


def _smart_hosts(at: PointOfView, written: str) -> tuple[str, ...]:
    """Read one entry of SmartHosts: a name, an address, or a range, of which those that somebody has are tried."""
    first, slash, _ = written.partition("/")
    if not slash:
        return (written,)
    network = IPv4Network(written, strict=False)
    had = sorted(each for mta in at.world.mtas.values() for each in mta.addresses if each in network)
    return tuple(map(str, had)) or (first,)


def choose_next_hop(at: PointOfView, relay: Relay) -> Decision[Targets]:
    """Find the addresses a route leads to: inside Microsoft 365 for its own domains, else by the DNS.

    Mail whose MX is the service itself goes round until the loop is counted (554 5.4.14 ATTR34).
    """
    config: ExchangeOnlineConfig = at.mta.config
    if not (relay.domain.endswith(INITIAL) and config.owner_of(relay.domain)):
        return _with_message(at, _by_dns(at, relay))
    saw = f"{relay.domain} is a domain of Microsoft 365, wherever its MX points"
    inside = check(True, "route inside Microsoft 365", saw=saw, cite=INSIDE)
    here = Target(at.mta.fqdn, at.mta.addresses[0])
    return Decision(f"next hop for {relay.domain}", Targets((here,)), (inside,), here.host)


def _by_dns(at: PointOfView, relay: Relay) -> Decision[Targets]:
    """Find the addresses by the DNS, and what is published about their TLS."""
    dns = at.resolver(validates=relay.asks.dane is not Use.NEVER)
    return keep_allowed(at, relay, choose_targets(at, relay, avoid_self=False, dns=dns), dns)


def _with_message(at: PointOfView, decision: Decision[Targets]) -> Decision[Targets]:
    """Say which words of the last error are assumed, where no host is left by the DNS or by what is published."""
    made = _assumed_words(at, decision.value.problem)
    return replace(decision, because=(*made, *decision.because)) if made else decision


def _assumed_words(at: PointOfView, problem: RouteProblem | None) -> tuple[Check, ...]:
    if problem is RouteProblem.BOGUS:
        choice = at.assumed(BOGUS)
        made = check(True, "last error of bogus answers", saw=choice, cite=BOGUS.cite(choice))
        generic = choice == "dns-query-failed"
        return (made, *_assumed_words(at, RouteProblem.DNS_FAILED)) if generic else (made,)
    if problem is RouteProblem.NO_TLSA:
        choice = at.assumed(NO_TLSA)
        return (check(True, "last error without DANE", saw=choice, cite=NO_TLSA.cite(choice)),)
    if problem is RouteProblem.DNS_FAILED:
        choice = at.assumed(DNS_MESSAGE)
        return (check(True, "Message of 4.4.312", saw=choice, cite=DNS_MESSAGE.cite(choice)),)
    return ()


def tls_policy(connector: OutboundConnector | None) -> TlsPolicy:
    """Read TlsSettings and TlsDomain as a demand."""
    if connector is None:
        return TlsPolicy(TlsDemand.OPPORTUNISTIC, "", "no connector")
    source = connector.source("TlsSettings")
    if connector.tls_settings is None:
        return TlsPolicy(TlsDemand.OPPORTUNISTIC, "", f"TlsSettings $null of {connector.name!r}", source)
    setting = f"TlsSettings {connector.tls_settings.value} of {connector.name!r}"
    return TlsPolicy(_DEMANDS[connector.tls_settings], connector.tls_domain, setting, source)


def word_tls_problem(
    problem: TlsProblem,
    verdict: ChainVerdict | None,
    peer: PresentedCertificate | None,
    *,
    at: PointOfView,
    policy: TlsPolicy,
    offer: Offer,
) -> Reply:
    """Word the last error of a session without the TLS that the connector wants."""
    message = replies.STARTTLS_REQUIRED
    if problem is TlsProblem.WRONG_NAME:
        message = replies.subject_mismatch(policy.name, peer.subject if peer else "")
    elif problem is TlsProblem.UNTRUSTED:
        # a chain without its intermediates fails like an unknown root
        partial = verdict is None or verdict.reason == "PartialChain"
        message = "UntrustedRoot" if partial or verdict is None else verdict.reason
    elif problem is TlsProblem.HANDSHAKE:
        message = "451 4.4.0 Security status InvalidToken"
    elif problem is TlsProblem.NO_VERSION:
        message = replies.NO_COMMON_VERSION[at.assumed(NO_COMMON_VERSION)]
    elif problem is not TlsProblem.NOT_OFFERED:
        message = problem.value
    return replies.cannot_connect(message, offer.host, str(offer.address))


def word_no_route(at: PointOfView, relay: Relay, problem: RouteProblem) -> Reply:
    """Word the failure of a next hop that leads nowhere."""
    if problem is RouteProblem.NO_SUCH_DOMAIN:
        return replies.no_such_domain(relay.domain)
    if problem.published:
        return word_published_problem(at, relay, problem)
    if problem is RouteProblem.DNS_FAILED:
        return replies.dns_failed(at.assumed(DNS_MESSAGE), relay.next_hop)
    return replies.NO_ROUTE[problem]


def word_unreachable(target: Target, cause: str) -> Reply:
    """Word the last error of a connection that could not be made or broke."""
    word = replies.refused if cause == "connection refused" else replies.closed
    return word(target.host, str(target.address))


def after(at: PointOfView, item: Item, waiting: Waiting) -> Next:
    """Try again by the schedule until MessageExpiration; then the last error gives the reply."""
    expires = _owner(at, item).transport_config.message_expiration
    usual = defaults.SCHEDULES[at.assumed(RETRY)]
    by_policy = waiting.last_error.enhanced in replies.PUBLISHED_ERRORS
    schedule = replace(defaults.PUBLISHED_SCHEDULE if by_policy else usual, expires_after=expires)
    following = schedule.next(at.now, item, waiting)
    if following.expired is None:
        return following
    return replace(following, expired=replies.expired(waiting.last_error) or following.expired)


def _owner(at: PointOfView, item: Item) -> Tenant:
    """Return the tenant whose mail it is; one with all defaults for nobody's."""
    config: ExchangeOnlineConfig = at.mta.config
    owners: Owners | None = item.context
    found = config.tenant(owners.first) if owners else None
    return found or Tenant(name="", accepted_domains=())


def report(
    at: PointOfView,
    item: Item,
    notices: tuple[Notice, ...],
    name: str,
    action: Action,
    *,
    tenant: Tenant,
) -> Decision[Item | None]:
    """Report as the postmaster of the tenant whose mail it is, to the sender as it came."""
    to = srs.original_of(at, tenant, who_is_told(item))
    settings = reported_by(at, tenant, to, action)
    if any(each.failed for each in settings):
        return Decision("report", None, settings)
    internal = tenant.accepted(to.domain) is not None
    made = exchange_report(
        at,
        replace(item, envelope=replace(item.envelope, reverse_path=to)),
        tuple(_as_reported(at, each) for each in notices),
        name,
        action=action,
        sender=f"Microsoft Outlook <{postmaster_of(at, tenant, internal=internal)}>",
        context=Owners(tenant.name),
        layout=Layout.ONLINE,
    )
    return Decision("report", made, settings)


def _as_reported(at: PointOfView, failure: Notice) -> Notice:
    """Wrap a remote refusal as reports show it."""
    choice = at.assumed(REMOTE_CODES)
    wrapped = failure.remote and failure.reply.code == 550
    if not wrapped or (failure.reply.enhanced and choice == REMOTE_CODES.default):
        return failure
    why = check(True, "5.1.351", saw=str(failure.reply), cite=REMOTE_CODES.cite(choice))
    return replace(failure, reply=replies.unknown_at_remote(failure.reply), because=why)
