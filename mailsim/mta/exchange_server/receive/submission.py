"""Client submission to Exchange Server: who may sign in on a Receive connector, as whom a user sends, and how often.

LOGIN alone is offered, where AuthMechanism has BasicAuth: Exchange announces NTLM and GSSAPI beside it, which are not spoken here.
Signing in wants the password of a mailbox, and the right to submit on the connector. A user sends as its own addresses and those
of SendAs unless the connector grants it the rights to other senders.

Sources: New-ReceiveConnector (AuthMechanism, MaxLogonFailures, MessageRateLimit, MessageRateSource), "Receive connector
permissions"; replies and the stage of the sender check are observed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial

from mailsim.mail.address import Mailbox, ReversePath
from mailsim.mail.reply import Reply
from mailsim.mail.sasl import Claim
from mailsim.mta.exchange_server import replies
from mailsim.mta.exchange_server.categorize.accepted_domain import DomainType
from mailsim.mta.exchange_server.config import organization_of
from mailsim.mta.exchange_server.receive.permissions import (
    GROUPS,
    Permissions,
    authenticated_user,
    has,
    permissions,
)
from mailsim.mta.exchange_server.receive.receive_assumptions import SEND_AS_FROM, SEND_AS_STAGE
from mailsim.mta.exchange_server.receive.receive_connector import (
    ReceiveConnector,
    bears_logon_failure,
    offers_login,
    within_rate,
)
from mailsim.mta.exchange_server.receive.rights import Principal, Right
from mailsim.mta.kind import PointOfView, Session
from mailsim.mta.users import is_proved, owns, senders_of, user_named, what_was_wrong
from mailsim.reason.check import Check, check
from mailsim.reason.cite import documented, observed
from mailsim.reason.decision import Decision, Gate, admit
from mailsim.world.directory import DirectoryRecipient

LOGON = observed("observed:exchange-auth-login", "535 5.7.3 Authentication unsuccessful")
SEND_AS = documented(
    "ms:fix-issues-with-printers", "5.7.60: the sender is the login, or one it has Send As for"
)

_MINUTE = timedelta(minutes=1)


def mechanisms(session: Session) -> tuple[str, ...]:
    """Return what users may sign in with now."""
    return () if offers_login(session.receiving, session.facts).failed else ("LOGIN",)


def judge_logon(at: PointOfView, session: Session, claim: Claim) -> Decision[Reply | None]:
    """Sign a user in: its password, and the right to submit here. One failure too many ends the connection."""
    connector: ReceiveConnector = session.receiving
    user = user_named(organization_of(at).directory, claim.user)
    granted = permissions(at, replace(session, facts=replace(session.facts, user=claim.user)))
    patience = bears_logon_failure(at, connector, session.facts.logon_failures + 1)
    refusal = replies.TOO_MANY_LOGON_FAILURES if patience.failed else replies.AUTHENTICATION_FAILED
    gates = (
        Gate("user and password", lambda: _proved(user, claim), refusal, LOGON),
        Gate("right to submit", lambda: has(connector, Right.SUBMIT, granted), refusal, GROUPS),
    )
    decision = admit("AUTH", gates)
    if decision.value is None:
        return decision
    return Decision("AUTH", decision.value, (*decision.because, patience), decision.answer)


def _proved(user: DirectoryRecipient | None, claim: Claim) -> Check:
    return check(
        is_proved(user, claim),
        "user and password",
        saw=what_was_wrong(user, claim),
        wanted="the primary address of a mailbox with its password",
        cite=LOGON,
        source=user.source("password") if user else "",
    )


# --- senders -----------------------------------------------------------------------------------------------------


def is_own(at: PointOfView, session: Session, sender: Mailbox) -> bool:
    """Tell whether a sender is an address of the user who signed in, or one that it may send as."""
    user = _user(at, session)
    return user is not None and owns(user, sender)


def judged_at_mail(at: PointOfView, granted: Permissions) -> bool:
    """Tell whether a session hears at MAIL that it may not use a sender; of users this is assumed."""
    user = granted.principal is Principal.AUTHENTICATED_USERS
    return not user or at.assumed(SEND_AS_STAGE) == "mail"


def sender_gates(
    at: PointOfView,
    session: Session,
    granted: Decision[Permissions],
    sender: ReversePath,
    author: Mailbox | None,
) -> Iterator[Gate[Reply]]:
    """Yield what a user's message must pass at its end: the senders that were not judged at MAIL."""
    if granted.value.principal is not Principal.AUTHENTICATED_USERS:
        return
    named = [] if judged_at_mail(at, granted.value) else [("MAIL FROM", sender)]
    named += [("From", author)] if at.assumed(SEND_AS_FROM) == "both" else []
    for field, each in named:
        yield Gate(
            f"{field} is the user's own",
            partial(_may_send_as, at, session, granted, field, each),
            replies.SEND_AS_DENIED,
            SEND_AS,
        )


def _may_send_as(
    at: PointOfView, session: Session, granted: Decision[Permissions], field: str, sender: ReversePath
) -> Check:
    """Want an own address, one of SendAs, or the rights to other senders."""
    user, open_point = _user(at, session), SEND_AS_STAGE if field == "MAIL FROM" else SEND_AS_FROM
    lacks = [right for right in _wanted_for(at, sender) if has(session.receiving, right, granted).failed]
    own = user is not None and sender is not None and owns(user, sender)
    return check(
        sender is None or own or not lacks,
        f"{field} is the user's own, or in SendAs of {authenticated_user(session)}",
        saw=str(sender or "<>"),
        wanted=f"one of {senders_of(user)}" if user else "a mailbox",
        cite=SEND_AS if own else open_point.cite(at.assumed(open_point)),
        source=user.source("SendAs") if user else "",
    )


def _wanted_for(at: PointOfView, sender: ReversePath) -> tuple[Right, ...]:
    """Return the rights to a sender that is not the user's own; one more in an authoritative domain."""
    accepted = organization_of(at).accepted(sender.domain) if sender else None
    if accepted is None or accepted.domain_type is not DomainType.AUTHORITATIVE:
        return (Right.ACCEPT_ANY_SENDER,)
    return (Right.ACCEPT_ANY_SENDER, Right.ACCEPT_AUTHORITATIVE_DOMAIN_SENDER)


def _user(at: PointOfView, session: Session) -> DirectoryRecipient | None:
    return user_named(organization_of(at).directory, authenticated_user(session))


# --- rate --------------------------------------------------------------------------------------------------------


def is_within_rate(at: PointOfView, session: Session, sender: ReversePath) -> Check:
    """Hold the last minute's messages on the connector against MessageRateLimit; a user is who MAIL FROM names."""
    connector: ReceiveConnector = session.receiving
    before = [
        each
        for each in at.history.since(at.now - _MINUTE)
        if each.connector == connector.name and each.at > at.now - _MINUTE
    ]
    return within_rate(
        connector,
        by_user=sum(sender is not None and each.reverse_path == sender for each in before),
        by_host=sum(each.peer_ip == session.facts.peer_ip for each in before),
    )
