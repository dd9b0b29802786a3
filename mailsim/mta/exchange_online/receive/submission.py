"""Client submission to Exchange Online: who may sign in at smtp.office365.com, as whom a mailbox sends, and how often.

The endpoint is the addresses of smtp.office365.com and smtp-legacy.office365.com on ports 25 and 587, and port 587 of every
address of the service; the inbound hosts, which an MX names, offer no AUTH. TLS comes before AUTH, and of LOGIN and XOAUTH2, which the service announces, LOGIN
alone is offered, since the other is not spoken here. Mail of a mailbox is Originating mail of its tenant, written inside, by
whatever connector its address would meet: it is no Direct Send. TLS 1.0 and 1.1 make a handshake and are then refused, but for tenants
that opted in at smtp-legacy.office365.com.

Sources: "How to set up a multifunction device or application to send email", "Enable or disable authenticated client SMTP
submission", "Fix issues with printers, scanners, and LOB apps", "Message storage and concurrent connection throttling for SMTP
Authenticated Submission"; texts and the stage of the sender check from reports of clients.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial

from mailsim.mail.address import Mailbox, ReversePath
from mailsim.mail.reply import Reply
from mailsim.mail.sasl import Claim
from mailsim.mta.exchange_online import defaults, replies
from mailsim.mta.exchange_online.config import ExchangeOnlineConfig, Tenant
from mailsim.mta.exchange_online.receive.receive_assumptions import (
    MESSAGE_RATE,
    NOT_AUTHENTICATED,
    SEND_AS_DENIED,
    SMTP_AUTH_DISABLED,
    WRONG_PASSWORD,
)
from mailsim.mta.exchange_online.transport_config import (
    LEGACY_TLS,
    SMTP_AUTH,
    lets_legacy_tls_in,
    lets_mailbox_sign_in,
    lets_tenant_sign_in,
)
from mailsim.mta.kind import PointOfView
from mailsim.mta.users import is_proved, owns, senders_of, user_named, what_was_wrong
from mailsim.reason.check import Check, check
from mailsim.reason.cite import documented
from mailsim.reason.decision import Decision, Gate, admit
from mailsim.world.directory import DirectoryRecipient
from mailsim.world.facts import SessionFacts
from mailsim.world.tls_version import TlsVersion, TlsVersions

DEVICES = documented("ms:multifunction-devices", "SMTP AUTH client submission")
SENDER = documented("ms:fix-issues-with-printers", "the sender is the login, or one it has Send As for")
OLD_TLS = documented("ms:opt-in-legacy-tls", "421 4.7.66; that it answers AUTH is observed")
LIMIT = documented("ms:smtp-submission-improvements", "30 messages per minute")

_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class User:
    """A mailbox that signed in, and whose it is."""

    tenant: Tenant
    mailbox: DirectoryRecipient


def user_of(at: PointOfView, name: str) -> User | None:
    """Return the mailbox of any tenant whose primary address a user gave, None when there is none."""
    config: ExchangeOnlineConfig = at.mta.config
    owner = config.owner_of(name.rpartition("@")[2].lower())
    mailbox = user_named(owner.directory, name) if owner else None
    return User(owner, mailbox) if owner and mailbox else None


def is_endpoint(at: PointOfView, facts: SessionFacts) -> bool:
    """Tell whether a session came to where mailboxes sign in."""
    config: ExchangeOnlineConfig = at.mta.config
    hosts = (config.submission_address, config.legacy_submission_address)
    return facts.local_port == defaults.SUBMISSION_PORT or facts.local_ip in hosts


def versions(at: PointOfView, facts: SessionFacts) -> TlsVersions:
    """Return what a listener speaks: where mailboxes sign in old versions too, which are told so after the handshake."""
    spoken = at.mta.tls
    return TlsVersions(TlsVersion.TLS1_0, spoken.highest) if is_endpoint(at, facts) else spoken


def mechanisms(at: PointOfView, facts: SessionFacts) -> tuple[str, ...]:
    """Return what mailboxes may sign in with now: LOGIN, over TLS."""
    return ("LOGIN",) if is_endpoint(at, facts) and facts.tls is not None else ()


# --- AUTH --------------------------------------------------------------------------------------------------------


def judge_logon(at: PointOfView, facts: SessionFacts, claim: Claim) -> Decision[Reply | None]:
    """Sign a mailbox in: TLS, its password, then SMTP AUTH enabled for the tenant or for the mailbox itself."""
    user = user_of(at, claim.user)
    wrong = replies.AUTHENTICATION_FAILED
    if at.assumed(WRONG_PASSWORD) == "5.7.139":
        wrong = replies.WRONG_CREDENTIALS
    gates = (
        *_new_enough(at, facts),
        Gate("user and password", lambda: _proved(at, user, claim), wrong, DEVICES),
        *_enabled(at, user),
        *_allowed_to_be_old(at, facts, user),
    )
    return admit("AUTH", gates)


def _is_legacy(at: PointOfView, facts: SessionFacts) -> bool:
    config: ExchangeOnlineConfig = at.mta.config
    return facts.local_ip == config.legacy_submission_address


def _is_old(facts: SessionFacts) -> bool:
    return facts.tls is not None and TlsVersion[facts.tls.version].deprecated


def _new_enough(at: PointOfView, facts: SessionFacts) -> Iterator[Gate[Reply]]:
    """Yield what a session in TLS 1.0 or 1.1 fails at smtp.office365.com."""
    if _is_old(facts) and not _is_legacy(at, facts):
        made = check(
            False,
            "TLS of the session",
            saw=facts.tls.version if facts.tls else "none",
            wanted=f"TLS 1.2, or {defaults.LEGACY_SUBMISSION_HOST}",
            cite=OLD_TLS,
        )
        yield Gate("TLS of the session", lambda: made, replies.OLD_TLS, OLD_TLS)


def _allowed_to_be_old(at: PointOfView, facts: SessionFacts, user: User | None) -> Iterator[Gate[Reply]]:
    """Yield what a session in TLS 1.0 or 1.1 must pass at smtp-legacy.office365.com."""
    if user is not None and facts.tls is not None and _is_old(facts) and _is_legacy(at, facts):
        config, version = user.tenant.transport_config, facts.tls.version
        test = partial(lets_legacy_tls_in, config, version)
        yield Gate("AllowLegacyTLSClients", test, replies.OLD_TLS_OF_TENANT, LEGACY_TLS)


def _proved(at: PointOfView, user: User | None, claim: Claim) -> Check:
    mailbox = user.mailbox if user else None
    return check(
        is_proved(mailbox, claim),
        "user and password",
        saw=what_was_wrong(mailbox, claim),
        wanted="the primary address of a mailbox with its password",
        cite=DEVICES if is_proved(mailbox, claim) else WRONG_PASSWORD.cite(at.assumed(WRONG_PASSWORD)),
        source=mailbox.source("password") if mailbox else "",
    )


def _enabled(at: PointOfView, user: User | None) -> Iterator[Gate[Reply]]:
    """Yield what lets a mailbox sign in: SMTP AUTH not disabled for its tenant, nor for itself."""
    if user is None:
        return
    older = at.assumed(SMTP_AUTH_DISABLED) == "5.7.3"
    told = {of: replies.smtp_auth_disabled(of) for of in ("Tenant", "Mailbox")}
    told = dict.fromkeys(told, replies.AUTHENTICATION_FAILED) if older else told
    tenant, mailbox = user.tenant, user.mailbox
    yield Gate(
        "SMTP AUTH of the tenant",
        lambda: _answered(at, lets_tenant_sign_in(tenant.transport_config, mailbox)),
        told["Tenant"],
        SMTP_AUTH,
    )
    yield Gate(
        "SMTP AUTH of the mailbox",
        lambda: _answered(at, lets_mailbox_sign_in(mailbox)),
        told["Mailbox"],
        SMTP_AUTH,
    )


def _answered(at: PointOfView, made: Check) -> Check:
    """Name, where a logon is refused, what is assumed about the answer."""
    assumed = SMTP_AUTH_DISABLED.cite(at.assumed(SMTP_AUTH_DISABLED))
    return replace(made, cite=assumed) if made.failed else made


# --- MAIL --------------------------------------------------------------------------------------------------------


def mail_gates(at: PointOfView, facts: SessionFacts) -> Iterator[Gate[Reply]]:
    """Yield what MAIL must pass where mailboxes sign in: somebody has, and not too often in the last minute."""
    if not is_endpoint(at, facts):
        return
    older = at.assumed(NOT_AUTHENTICATED) == "older"
    unknown = replies.NOT_AUTHENTICATED_OLDER if older else replies.NOT_AUTHENTICATED
    yield Gate("signed in", lambda: _signed_in(at, facts), unknown, DEVICES)
    if at.assumed(MESSAGE_RATE) == "421":
        yield Gate("messages a minute", lambda: _few(at, facts, 1), replies.RATE_EXCEEDED, LIMIT)


def _signed_in(at: PointOfView, facts: SessionFacts) -> Check:
    choice = at.assumed(NOT_AUTHENTICATED)
    return check(
        bool(facts.user),
        f"signed in at {defaults.SUBMISSION_HOST}",
        saw=facts.user or "nobody",
        wanted="a mailbox; without one, the host that an MX of the tenant names (Direct Send or relay)",
        cite=DEVICES if facts.user else NOT_AUTHENTICATED.cite(choice),
    )


# --- DATA --------------------------------------------------------------------------------------------------------


def content_gates(
    at: PointOfView, facts: SessionFacts, sender: ReversePath, author: Mailbox | None
) -> Iterator[Gate[Reply]]:
    """Yield what a mailbox's message must pass at its end: both senders its own, and not too many in a minute."""
    user = user_of(at, facts.user)
    if user is None:
        return
    for field, each in (("MAIL FROM", sender), ("From", author)):
        yield Gate(
            f"{field} is the user's own",
            partial(_may_send_as, at, user.mailbox, field, each),
            _denied(at, user.mailbox, each),
            SENDER,
        )
    if at.assumed(MESSAGE_RATE) == "432":
        # this message is among those begun
        yield Gate("messages a minute", lambda: _few(at, facts, 0), replies.SENDER_LIMIT, LIMIT)


def _may_send_as(at: PointOfView, user: DirectoryRecipient, field: str, sender: ReversePath) -> Check:
    own = sender is None or owns(user, sender)
    return check(
        own,
        f"{field} is the user's own, or in SendAs of {user.primary}",
        saw=str(sender or "<>"),
        wanted=f"one of {senders_of(user)}",
        cite=SENDER if own else SEND_AS_DENIED.cite(at.assumed(SEND_AS_DENIED)),
        source=user.source("SendAs"),
    )


def _denied(at: PointOfView, user: DirectoryRecipient, sender: ReversePath) -> Reply:
    """Return the refusal of a sender, in the form that is assumed."""
    forms = {
        "5.2.252": replies.send_as_denied(str(user.primary), str(sender or "<>")),
        "5.2.0": replies.SEND_AS_DENIED_OLDER,
        "5.7.60": replies.SEND_AS_DENIED_OLDEST,
    }
    return forms[at.assumed(SEND_AS_DENIED)]


def _few(at: PointOfView, facts: SessionFacts, this: int) -> Check:
    """Count the messages that a mailbox began over SMTP in the last minute, and ``this`` one where it is not among them."""
    begun = sum(
        each.peer_ip is not None and each.user.lower() == facts.user.lower() and each.at > at.now - _MINUTE
        for each in at.history.since(at.now - _MINUTE)
    )
    few = begun + this <= defaults.MESSAGES_A_MINUTE
    return check(
        few,
        f"messages a minute of {facts.user}",
        saw=f"message {begun + this} in the last minute",
        wanted=f"at most {defaults.MESSAGES_A_MINUTE}",
        cite=LIMIT if few else MESSAGE_RATE.cite(at.assumed(MESSAGE_RATE)),
    )
