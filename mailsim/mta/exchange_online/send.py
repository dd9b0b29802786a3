"""How Exchange Online sends: the choice of an outbound connector, its TLS demands, last errors, reports.

Sources: "Set up connectors to route mail between Microsoft 365 and your own email servers" (its worked example is
followed where the page contradicts itself), New-OutboundConnector, "NDRs in Exchange Online".
"""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address

from mailsim.mail.dsn import Action
from mailsim.mail.reply import Reply
from mailsim.mta.exchange_online import defaults, replies
from mailsim.mta.exchange_online.attribution import Owners
from mailsim.mta.exchange_online.config import Tenant
from mailsim.mta.exchange_online.outbound_connector import OutboundConnector, TlsSettings
from mailsim.mta.exchange_online.reporting import is_told, postmaster_of
from mailsim.mta.exchange_report import exchange_report
from mailsim.mta.kind import Item, Next, Notice, PointOfView, Relay, RouteProblem, Waiting
from mailsim.mta.relaying.offer import TlsProblem
from mailsim.mta.relaying.tls_policy import TlsDemand, TlsPolicy
from mailsim.reason.cite import documented
from mailsim.world.certificate import ChainVerdict, PresentedCertificate

TLS = documented("ms:new-outboundconnector", "TlsSettings, TlsDomain")

_DEMANDS = {
    TlsSettings.ENCRYPTION_ONLY: TlsDemand.ENCRYPTED,
    TlsSettings.CERTIFICATE_VALIDATION: TlsDemand.VALID_CHAIN,
    TlsSettings.DOMAIN_VALIDATION: TlsDemand.VALID_NAME,
}


def relay_by(at: PointOfView, connector: OutboundConnector | None, domain: str) -> Relay:
    """Turn the chosen connector into a route; without one, MX and opportunistic TLS."""
    hosts = connector.smart_hosts if connector and not connector.use_mx_record else ()
    return Relay(
        via=connector.name if connector else "MX",
        domain="" if hosts else domain,
        smart_hosts=hosts,
        tls=tls_policy(connector),
        certificate=at.certificate,
        helo=at.mta.fqdn,
        source=at.mta.addresses[0],
    )


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
    policy: TlsPolicy, problem: TlsProblem, verdict: ChainVerdict | None, peer: PresentedCertificate | None
) -> Reply:
    """Word the last error of a session without the TLS that the connector wants."""
    if problem is TlsProblem.WRONG_NAME:
        presented = peer.subject if peer else ""
        return replies.cannot_connect(
            f"SubjectMismatch Expected Subject: {policy.name}. Presented Subject: {presented}."
        )
    if problem is TlsProblem.UNTRUSTED:
        # a chain without its intermediates fails like an unknown root
        partial = verdict is None or verdict.reason == "PartialChain"
        return replies.cannot_connect("UntrustedRoot" if partial or verdict is None else verdict.reason)
    if problem is TlsProblem.HANDSHAKE:
        return replies.cannot_connect("451 4.4.0 Security status InvalidToken")
    return replies.cannot_connect(replies.STARTTLS_REQUIRED)


def word_no_route(domain: str, problem: RouteProblem) -> Reply:
    """Word the failure of a next hop that leads nowhere."""
    if problem is RouteProblem.NO_SUCH_DOMAIN:
        return replies.no_such_domain(domain)
    return replies.NO_ROUTE[problem]


def word_unreachable(host: str, address: IPv4Address | None, cause: str) -> Reply:
    """Word the last error of a connection that could not be made or broke."""
    word = replies.refused if cause == "connection refused" else replies.closed
    return word(host, str(address))


def after(at: PointOfView, item: Item, waiting: Waiting) -> Next:
    """Try again by the schedule; at expiry the last error gives the reply."""
    following = defaults.SCHEDULE.next(at.now, item, waiting)
    if following.expired is None:
        return following
    expired = replies.expired(waiting.last_error) or following.expired
    return Next(following.due, expired, following.because)


def report(
    at: PointOfView,
    item: Item,
    notices: tuple[Notice, ...],
    name: str,
    action: Action,
    *,
    tenant: Tenant,
) -> Item | None:
    """Report as the postmaster of the tenant whose mail it is."""
    to = item.envelope.reverse_path
    if to is None or not is_told(at, tenant, to, action):
        return None
    internal = tenant.accepted(to.domain) is not None
    sender = f"Microsoft Outlook <{postmaster_of(at, tenant, internal=internal)}>"
    worded = tuple(_as_reported(each) for each in notices)
    return exchange_report(at, item, worded, name, action=action, sender=sender, context=Owners(tenant.name))


def _as_reported(failure: Notice) -> Notice:
    if failure.remote and failure.reply.code == 550 and not failure.reply.enhanced:
        return replace(failure, reply=replies.unknown_at_remote(failure.reply))
    return failure
