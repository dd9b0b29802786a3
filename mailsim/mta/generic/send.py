"""How an internet MTA sends: TLS judgement, last errors, retries and bounces."""

from __future__ import annotations

from datetime import timedelta

from mailsim.mail.date import mail_date
from mailsim.mail.dsn import Action
from mailsim.mail.message import header_field
from mailsim.mail.reply import Reply, reply
from mailsim.mta.generic.replies import EXPIRED
from mailsim.mta.kind import (
    Item,
    Notice,
    PointOfView,
    Target,
)
from mailsim.mta.relaying.certificate_flaws import Diligence, Look
from mailsim.mta.relaying.offer import Fallback, TlsProblem
from mailsim.mta.relaying.reports import make_report
from mailsim.mta.relaying.retry import Schedule
from mailsim.reason.assumption import Assumption
from mailsim.reason.cite import documented, rfc
from mailsim.reason.decision import Decision
from mailsim.world.certificate import ChainVerdict, PresentedCertificate

OPPORTUNISTIC_TLS = rfc(3207, "4.1")

REVOCATION = Assumption(
    key="generic-revocation",
    question="does an internet MTA look at the revocation of a next hop's certificate?",
    choices={"ignored": "revocation is not looked at", "checked": "a revoked certificate is refused"},
    evidence="Postfix and Exim fetch no revocation lists by themselves, and look at one only where a file is configured",
)

FAILED_HANDSHAKE = Assumption(
    key="generic-failed-handshake",
    question="does an internet MTA with opportunistic TLS send in clear text after a failed TLS handshake?",
    choices={
        "clear-text": "yes: it connects once more and sends without TLS",
        "waits": "no: the message waits, and TLS is tried again",
    },
    evidence="Postfix and Exim try once more without TLS where it is opportunistic; RFC 3207 leaves it to the client",
)

BOUNCE_SIZE_LIMIT = 50_000  # postfix: bounce_size_limit

SCHEDULE = Schedule(
    # postfix: minimal_backoff_time 300 s doubled up to maximal_backoff_time 4000 s, maximal_queue_lifetime 5 d
    steps=tuple((1, timedelta(seconds=seconds)) for seconds in (300, 600, 1200, 2400)),
    then=timedelta(seconds=4000),
    expires_after=timedelta(days=5),
    expired=EXPIRED,
    cite=documented("postfix:qmgr", "minimal_backoff_time, maximal_queue_lifetime"),
)


def word_tls_problem(
    problem: TlsProblem, verdict: ChainVerdict | None, _peer: PresentedCertificate | None
) -> Reply:
    """Word the last error of an attempt that did not get the TLS it needs."""
    reason = f": {verdict.saw}" if verdict and problem is TlsProblem.UNTRUSTED else ""
    return reply(454, "4.7.5", f"TLS is required, but {problem.value}{reason}")


def word_unreachable(target: Target, cause: str) -> Reply:
    """Word the last error of a failed connection."""
    return reply(451, "4.4.1", f"connect to {target.host}[{target.address}]:{target.port}: {cause}")


def look_at_next_hop(at: PointOfView) -> Diligence:
    """Return what an internet MTA looks at that validates the next hop's certificate, as OpenSSL does for it."""
    return Diligence(
        usage=Look(does=True, cite=documented("openssl:verification-options", "sslserver")),
        key=Look(does=True, cite=documented("openssl:security-level", "level 2")),
        revocation=Look.assumed(at, REVOCATION, "checked"),
    )


def fall_back(at: PointOfView) -> Fallback:
    """Return what an internet MTA does after a failed handshake."""
    in_clear = Look.assumed(at, FAILED_HANDSHAKE, "clear-text")
    return Fallback(in_clear=in_clear, no_version=OPPORTUNISTIC_TLS)


_SUBJECTS = {
    Action.FAILED: "Undelivered Mail Returned to Sender",
    Action.DELAYED: "Delayed Mail (still being retried)",
}
_OPENINGS = {
    Action.FAILED: "Your message could not be delivered.",
    Action.DELAYED: "Your message could not be delivered yet. It will be retried until it expires.",
}
_SUCCESS = (
    "Successful Mail Delivery Report",
    "Your message was delivered, or handed on without further reports.",
)


def report(
    at: PointOfView, item: Item, notices: tuple[Notice, ...], name: str, action: Action
) -> Decision[Item | None]:
    """Report to the sender as MAILER-DAEMON (Postfix's subjects)."""
    lines = "\n".join(f"<{each.recipient.path}>: {each.reply}" for each in notices)
    subject = _SUBJECTS.get(action, _SUCCESS[0])
    header = (
        header_field("Date", mail_date(at.now)),
        header_field("From", f"Mail Delivery System <MAILER-DAEMON@{at.mta.fqdn}>"),
        header_field("To", str(item.envelope.reverse_path)),
        header_field("Subject", subject),
        header_field("Auto-Submitted", "auto-replied"),
    )
    told = _OPENINGS.get(action, _SUCCESS[1])
    human = f"This is the mail system at host {at.mta.fqdn}.\n\n{told}\n\n{lines}\n"
    made = make_report(
        at, item, notices, name, action=action, header=header, human=human, whole_up_to=BOUNCE_SIZE_LIMIT
    )
    return Decision("report", made, ())
