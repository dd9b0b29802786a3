"""How Exchange Server sends: the choice of a Send connector, its TLS demands, last errors, reports.

Sources: "Connector selection in external message routing", Set-SendConnector, "Message retry, resubmit, and
expiration intervals".
"""

from __future__ import annotations

from mailsim.mail.dsn import Action
from mailsim.mail.reply import Reply
from mailsim.mta.exchange_report import exchange_report
from mailsim.mta.exchange_server import defaults, replies
from mailsim.mta.exchange_server.receive import Trust
from mailsim.mta.exchange_server.reporting import reporting_to
from mailsim.mta.exchange_server.send_connector import SendConnector, TlsAuthLevel
from mailsim.mta.kind import Hold, Item, Notice, PointOfView, Refuse, Relay
from mailsim.mta.relaying.offer import TlsProblem
from mailsim.mta.relaying.tls_policy import TlsDemand, TlsPolicy
from mailsim.reason.choice import Choice
from mailsim.reason.cite import documented
from mailsim.world.certificate import ChainVerdict, PresentedCertificate

TLS = documented("ms:set-sendconnector", "RequireTLS, TlsAuthLevel, TlsDomain")

_DEMANDS = {
    None: TlsDemand.ENCRYPTED,
    TlsAuthLevel.ENCRYPTION_ONLY: TlsDemand.ENCRYPTED,
    TlsAuthLevel.CERTIFICATE_VALIDATION: TlsDemand.VALID_CHAIN,
    TlsAuthLevel.DOMAIN_VALIDATION: TlsDemand.VALID_NAME,
}


def relay_by(at: PointOfView, connector: SendConnector, domain: str) -> Relay:
    """Turn the chosen connector into a route."""
    return Relay(
        via=connector.name,
        domain="" if connector.smart_hosts else domain,
        smart_hosts=connector.smart_hosts,
        tls=tls_policy(connector, domain),
        certificate=at.certificate,
        helo=connector.fqdn or at.mta.fqdn,
        source=at.mta.addresses[0],
        messages_per_connection=connector.smtp_max_messages_per_connection,
    )


def tls_policy(connector: SendConnector, domain: str) -> TlsPolicy:
    """Read RequireTLS, TlsAuthLevel, TlsDomain and IgnoreSTARTTLS as a demand."""
    if connector.ignore_starttls:
        setting = f"IgnoreSTARTTLS True of {connector.name!r}"
        return TlsPolicy(TlsDemand.NEVER, "", setting, connector.source("IgnoreSTARTTLS"))
    if not connector.require_tls:
        setting = f"RequireTLS False of {connector.name!r}"
        return TlsPolicy(TlsDemand.OPPORTUNISTIC, "", setting, connector.source("RequireTLS"))
    level = connector.tls_auth_level
    shown = f"TlsAuthLevel {level.value}" if level else "RequireTLS True"
    # an empty TlsDomain compares the recipient's domain
    name = (connector.tls_domain or domain) if level is TlsAuthLevel.DOMAIN_VALIDATION else ""
    source = connector.source("TlsAuthLevel" if level else "RequireTLS")
    return TlsPolicy(_DEMANDS[level], name, f"{shown} of {connector.name!r}", source)


def hold_unreachable(item: Item, choice: Choice[SendConnector]) -> Hold | Refuse:
    """Step 7: no connector. Excluded only by size fails at once, everything else waits in Unreachable."""
    by_size = [
        candidate
        for candidate in choice.candidates
        if [each.rule for each in candidate.checks if each.failed] == ["MaxMessageSize"]
    ]
    if by_size:
        return Refuse(replies.SIZE_EXCLUDES_ALL)
    schedule = defaults.SCHEDULE
    expires = item.arrived + schedule.expires_after
    return Hold("Unreachable", replies.UNREACHABLE, expires, schedule.expired, schedule.warn_at(item))


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
) -> Item | None:
    """Report to people of the organization as the Microsoft Exchange recipient, to others as postmaster."""
    to = item.envelope.reverse_path
    how = reporting_to(at, to, action) if to is not None else None
    if how is None or not how.wanted:
        return None
    return exchange_report(
        at,
        item,
        notices,
        name,
        action=action,
        sender=how.sender,
        context=Trust(internal=True),
        whole_up_to=how.whole_up_to,
    )
