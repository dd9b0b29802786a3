"""How Exchange Server sends: the route that a Send connector makes, its TLS demands, last errors, queues, reports.

Sources: "Connector selection in external message routing", Set-SendConnector, "Message retry, resubmit, and
expiration intervals".
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from ipaddress import IPv4Address

from mailsim.mail.dsn import Action
from mailsim.mail.reply import Reply
from mailsim.mta.exchange_report import exchange_report
from mailsim.mta.exchange_server import replies
from mailsim.mta.exchange_server.categorize.reporting import reporting_to
from mailsim.mta.exchange_server.config import config_of
from mailsim.mta.exchange_server.peer_certificate import fall_back, look_at_next_hop
from mailsim.mta.exchange_server.receive.stages import Trust
from mailsim.mta.exchange_server.send.client_certificate import client_certificate
from mailsim.mta.exchange_server.send.next_hop import connector_of
from mailsim.mta.exchange_server.send.send_assumptions import CONNECTION_ERROR, MESSAGE_RETRY_INTERVAL
from mailsim.mta.exchange_server.send.send_connector import (
    SendConnector,
    SmartHostAuthMechanism,
    TlsAuthLevel,
)
from mailsim.mta.exchange_server.send.transport_service import schedule
from mailsim.mta.kind import Hold, Item, Next, Notice, Offer, PointOfView, Refuse, Relay, Waiting
from mailsim.mta.relaying.offer import TlsProblem, judge_offer
from mailsim.mta.relaying.reports import who_is_told
from mailsim.mta.relaying.retry import Schedule
from mailsim.mta.relaying.tls_policy import TlsDemand, TlsPolicy
from mailsim.reason.check import Check, check
from mailsim.reason.choice import Choice
from mailsim.reason.cite import documented
from mailsim.reason.decision import Decision
from mailsim.world.certificate import ChainVerdict, PresentedCertificate

TLS = documented("ms:set-sendconnector", "RequireTLS, TlsAuthLevel, TlsDomain")
SIGN_IN = documented("ms:outbound-smart-host-routing", "Basic authentication over TLS")
UNREACHABLE = documented("ms:queues", "Unreachable queue")

_DEMANDS = {
    None: TlsDemand.ENCRYPTED,
    TlsAuthLevel.ENCRYPTION_ONLY: TlsDemand.ENCRYPTED,
    TlsAuthLevel.CERTIFICATE_VALIDATION: TlsDemand.VALID_CHAIN,
    TlsAuthLevel.DOMAIN_VALIDATION: TlsDemand.VALID_NAME,
}


def relay_by(at: PointOfView, connector: SendConnector, domain: str) -> Relay:
    """Turn the chosen connector into a route."""
    credential = connector.authentication_credential
    return Relay(
        via=connector.name,
        domain="" if connector.smart_hosts else domain,
        smart_hosts=connector.smart_hosts,
        queue=",".join(_bracketed(host) for host in connector.smart_hosts),
        tls=tls_policy(connector, domain),
        certificate=client_certificate(at, connector).value,
        helo=connector.fqdn or at.mta.fqdn,
        says_helo=connector.force_helo,
        source=at.mta.addresses[0],
        login=credential.claim if credential and connector.signs_in else None,
        port=connector.port if connector.smart_hosts else 25,  # Port is of smart hosts
        messages_per_connection=connector.smtp_max_messages_per_connection,
    )


def _bracketed(host: str) -> str:
    """Return a smart host as a queue shows it."""
    with suppress(ValueError):
        return f"[{IPv4Address(host)}]"
    return host


def tls_policy(connector: SendConnector, domain: str) -> TlsPolicy:
    """Read RequireTLS, TlsAuthLevel, TlsDomain, IgnoreSTARTTLS and SmartHostAuthMechanism as a demand."""
    basic = connector.smart_host_auth_mechanism is SmartHostAuthMechanism.BASIC_AUTH_REQUIRE_TLS
    if connector.ignore_starttls:
        setting = f"IgnoreSTARTTLS True of {connector.name!r}"
        return TlsPolicy(TlsDemand.NEVER, "", setting, connector.source("IgnoreSTARTTLS"))
    if not connector.require_tls and basic:
        setting = f"SmartHostAuthMechanism BasicAuthRequireTLS of {connector.name!r}"
        return TlsPolicy(TlsDemand.ENCRYPTED, "", setting, connector.source("SmartHostAuthMechanism"))
    if not connector.require_tls:
        setting = f"RequireTLS False of {connector.name!r}"
        return TlsPolicy(TlsDemand.OPPORTUNISTIC, "", setting, connector.source("RequireTLS"))
    level = connector.tls_auth_level
    shown = f"TlsAuthLevel {level.value}" if level else "RequireTLS True"
    # an empty TlsDomain compares the recipient's domain
    name = (connector.tls_domain or domain) if level is TlsAuthLevel.DOMAIN_VALIDATION else ""
    source = connector.source("TlsAuthLevel" if level else "RequireTLS")
    return TlsPolicy(_DEMANDS[level], name, f"{shown} of {connector.name!r}", source)


def judge(at: PointOfView, relay: Relay, offer: Offer) -> Decision[Reply | None]:
    """Judge the TLS of a next hop: what it offers, whether our own certificate is there, what it shows.

    With BasicAuthRequireTLS the smart host's certificate must have its name.
    """
    tls = judge_offer(
        at,
        relay,
        offer,
        word_tls_problem,
        cite=TLS,
        diligence=look_at_next_hop(at),
        fallback=fall_back(at),
    )
    connector = connector_of(at, relay)
    if tls.value is not None or connector is None or offer.tls_failed:
        return tls
    if offer.tls is None:
        return _with_own_certificate(at, connector, offer, tls)
    if connector.smart_host_auth_mechanism is not SmartHostAuthMechanism.BASIC_AUTH_REQUIRE_TLS:
        return tls
    named = _names_smart_host(connector, offer)
    refused = replies.certificate_refused("SubjectMismatch") if named.failed else None
    return Decision(tls.question, refused, (*tls.because, named), "refused" if refused else tls.answer)


def _with_own_certificate(
    at: PointOfView, connector: SendConnector, offer: Offer, tls: Decision[Reply | None]
) -> Decision[Reply | None]:
    """Refuse to start TLS where TlsCertificateName names a certificate that is not there."""
    starts = offer.capabilities.offers("STARTTLS") and not connector.ignore_starttls
    if connector.tls_certificate_name is None or not starts:
        return tls
    own = client_certificate(at, connector)
    refused = None if own.value else replies.OWN_CERTIFICATE_MISSING
    return Decision(tls.question, refused, (*tls.because, own), "refused" if refused else tls.answer)


def _names_smart_host(connector: SendConnector, offer: Offer) -> Check:
    """Whether the certificate has a smart host's name as it is configured; a wildcard is not that name."""
    names = offer.tls.peer.all_names if offer.tls and offer.tls.peer else ()
    configured = {host.lower() for host in connector.smart_hosts}
    wanted = {offer.host.lower()} & configured or configured
    return check(
        any(name.lower() in wanted for name in names),
        f"SmartHostAuthMechanism BasicAuthRequireTLS of {connector.name!r}",
        saw=f"the certificate names {', '.join(names) or 'nothing'}",
        wanted=f"the exact name of the smart host: {', '.join(sorted(wanted))}",
        cite=SIGN_IN,
        source=connector.source("SmartHosts"),
    )


# --- queues ----------------------------------------------------------------------------------------------------


def schedule_of(at: PointOfView) -> Schedule:
    """Return when the queues of this server retry."""
    config, minutes = config_of(at), int(at.assumed(MESSAGE_RETRY_INTERVAL).partition(" ")[0])
    return schedule(config.transport_service, config.role, timedelta(minutes=minutes))


def after(at: PointOfView, item: Item, waiting: Waiting) -> Next:
    """Say when to try again: a message that was refused for now by itself, a connection by the queue's intervals."""
    following = schedule_of(at).next(at.now, item, waiting)
    assumed = tuple(_rests_on(at, waiting))
    if not assumed:
        return following
    return replace(following, because=Decision("retry", None, (following.because, *assumed)))


def _rests_on(at: PointOfView, waiting: Waiting) -> Iterator[Check]:
    """Yield the open points that the last error and the next attempt rest on."""
    written = config_of(at).transport_service.message_retry_interval is not None
    if waiting.refused and not written:
        choice = at.assumed(MESSAGE_RETRY_INTERVAL)
        cite = MESSAGE_RETRY_INTERVAL.cite(choice)
        yield check(True, "MessageRetryInterval", saw=f"not written: {choice}", cite=cite)
    if waiting.last_error.enhanced == "4.4.1" or "Primary target IP" in waiting.last_error.text:
        choice = at.assumed(CONNECTION_ERROR)
        cite = CONNECTION_ERROR.cite(choice)
        yield check(True, "wording of the last error", saw=waiting.last_error.text, cite=cite)


def hold_unreachable(at: PointOfView, item: Item, choice: Choice[SendConnector]) -> Decision[Hold | Refuse]:
    """Step 7: no connector. Excluded only by size fails at once, everything else waits in Unreachable."""
    by_size = [
        candidate
        for candidate in choice.candidates
        if [each.rule for each in candidate.checks if each.failed] == ["MaxMessageSize"]
    ]
    if by_size:
        return Decision("queue", Refuse(replies.SIZE_EXCLUDES_ALL), (), "refused")
    waits = check(
        True,
        "Unreachable queue",
        saw="the message is resubmitted when the routing configuration changes",
        wanted="a Send connector whose AddressSpaces cover the recipient",
        cite=UNREACHABLE,
    )
    return Decision("queue", _unreachable(at, item, replies.UNREACHABLE), (waits,), "Unreachable")


def hold_homeless(at: PointOfView, item: Item) -> Hold:
    """Keep what is for a server that no site link leads to."""
    return _unreachable(at, item, replies.NO_ROUTE_TO_MAILBOX)


def _unreachable(at: PointOfView, item: Item, error: Reply) -> Hold:
    queue = schedule_of(at)
    return Hold("Unreachable", error, item.arrived + queue.expires_after, queue.expired, queue.warn_at(item))


# --- last errors, reports --------------------------------------------------------------------------------------


def word_tls_problem(
    problem: TlsProblem, verdict: ChainVerdict | None, _peer: PresentedCertificate | None
) -> Reply:
    """Word the last error of a session without the TLS that the connector wants."""
    if problem is TlsProblem.UNTRUSTED and verdict is not None:
        return replies.certificate_refused(verdict.reason)
    if problem is TlsProblem.UNTRUSTED:
        return replies.certificate_refused("EmptyCertificate")
    if problem in (
        TlsProblem.WRONG_NAME,
        TlsProblem.WRONG_USAGE,
        TlsProblem.WEAK_KEY,
        TlsProblem.REVOKED,
    ):
        return replies.certificate_refused(problem.value)
    if problem is TlsProblem.NO_VERSION:
        return replies.CONNECTION_DROPPED
    if problem is TlsProblem.HANDSHAKE:
        return Reply(451, "4.4.0", ("Security status InvalidToken",))
    return replies.TLS_REQUIRED


def report(
    at: PointOfView, item: Item, notices: tuple[Notice, ...], name: str, action: Action
) -> Decision[Item | None]:
    """Report to people of the organization as the Microsoft Exchange recipient, to others as postmaster."""
    how = reporting_to(at, who_is_told(item), action)
    if any(each.failed for each in how.settings):
        return Decision("report", None, how.settings)
    made = exchange_report(
        at,
        item,
        notices,
        name,
        action=action,
        sender=how.sender,
        context=Trust(internal=True),
        whole_up_to=how.whole_up_to,
    )
    return Decision("report", made, how.settings)
