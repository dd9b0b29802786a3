"""When a deferred copy is tried again, and when it is given up."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from builders import START
from exchange_worlds import envelope, service, view

from mailsim.mail.message import Message
from mailsim.mail.reply import reply
from mailsim.mta.exchange_online import defaults as online
from mailsim.mta.exchange_online.send.sending import after
from mailsim.mta.exchange_server.organization_server import Role
from mailsim.mta.exchange_server.send.transport_service import TransportService, schedule
from mailsim.mta.generic import send as generic
from mailsim.mta.kind import Item, Waiting

ITEM = Item(name="m1", envelope=envelope("a@b.example"), message=Message((), b"", b""), arrived=START)
ONPREM = schedule(TransportService(), Role.MAILBOX, timedelta(minutes=15))
BUSY = reply(451, "4.3.0", "busy")


def timeline(schedule, first: timedelta = timedelta()):
    """Let every attempt fail; return the offsets of the attempts after the first, and how it ended."""
    now, offsets = START + first, []
    for attempt in range(1, 1000):
        following = schedule.next(now, ITEM, Waiting(attempt, BUSY))
        if following.expired is not None:
            return offsets, following
        now = following.due
        offsets.append(now - START)
    raise AssertionError("never expires")


def minutes(*numbers: int) -> list[timedelta]:
    """Return offsets in minutes."""
    return [timedelta(minutes=number) for number in numbers]


@pytest.mark.shows("ms:message-intervals")
@pytest.mark.shows("observed:qa-234456")
def test_exchange_server_timeline():
    """Message retry, resubmit, and expiration intervals: four times 1 minute, six times 5, then every 10."""
    offsets, _ = timeline(ONPREM)
    assert offsets[:13] == minutes(1, 2, 3, 4, 9, 14, 19, 24, 29, 34, 44, 54, 64)
    # the published case: the 17th retry 104 minutes after the first failure
    assert offsets[16] == timedelta(minutes=104)


def test_a_refused_message_waits_by_itself():
    """MessageRetryInterval: 15 minutes each time for a message that the next hop refused for now."""
    refused = Waiting(1, BUSY, refused=True)
    assert ONPREM.next(START, ITEM, refused).due == START + timedelta(minutes=15)
    assert ONPREM.next(START, ITEM, replace(refused, attempts=9)).due == START + timedelta(minutes=15)


@pytest.mark.parametrize(
    ("settings", "role", "offsets"),
    [
        ({}, Role.EDGE, [1, 2, 3, 4, 14, 24, 34, 44, 54, 64, 94, 124]),
        ({"transient_failure_retry_count": 1}, Role.MAILBOX, [1, 2, 3, 4, 9, 19, 29]),
        ({"transient_failure_retry_interval": timedelta(minutes=2)}, Role.EDGE, [1, 2, 3, 4, 6, 8, 10, 12, 14]),
        ({"queue_glitch_retry_count": 0}, Role.MAILBOX, [5, 10, 15, 20, 25, 30, 40]),
        ({"outbound_connection_failure_retry_interval": timedelta(hours=1)}, Role.MAILBOX, [
            1, 2, 3, 4, 9, 14, 19, 24, 29, 34, 94,
        ]),
    ],
)  # fmt: skip
def test_settings_of_the_transport_service(settings, role, offsets):
    """Set-TransportService and EdgeTransport.exe.config change the schedule; an Edge server has longer defaults."""
    found, _ = timeline(schedule(TransportService(**settings), role, timedelta(minutes=15)))
    assert found[: len(offsets)] == minutes(*offsets)


def test_the_end_of_a_message_is_a_setting():
    """MessageExpirationTimeout and DelayNotificationTimeout of Set-TransportService."""
    settings = TransportService(
        message_expiration_timeout=timedelta(hours=12), delay_notification_timeout=timedelta(hours=1)
    )
    own = schedule(settings, Role.MAILBOX, timedelta(minutes=15))
    assert timeline(own)[1].due == START + timedelta(hours=12)
    assert own.warn_at(ITEM) == START + timedelta(hours=1)


def test_intervals_are_positive():
    """No interval of the Transport service is zero."""
    with pytest.raises(ValueError, match="not positive"):
        TransportService(message_retry_interval=timedelta())


@pytest.mark.shows("ms:message-intervals")
@pytest.mark.shows("postfix:qmgr")
@pytest.mark.parametrize(
    ("schedule", "lifetime", "code", "enhanced"),
    [
        (ONPREM, timedelta(days=2), 550, "4.4.7"),  # MessageExpirationTimeout
        (online.SCHEDULE, timedelta(hours=24), 550, "5.4.300"),  # MessageExpiration
        (generic.SCHEDULE, timedelta(days=5), 550, "4.4.7"),  # postfix: maximal_queue_lifetime
    ],
)
def test_expiry(schedule, lifetime, code, enhanced):
    """A copy is given up exactly when its time is over, and never tried at or after that instant."""
    offsets, end = timeline(schedule)
    assert end.due == START + lifetime
    assert (end.expired.code, end.expired.enhanced) == (code, enhanced)
    assert max(offsets) < lifetime


def test_a_late_failure_expires_at_once():
    """An attempt that fails after the time is over is given up now, not in the past."""
    now = START + timedelta(days=3)
    assert ONPREM.next(now, ITEM, Waiting(1, BUSY)).due == now


@pytest.mark.shows("exo-retry")
def test_exchange_online_timeline():
    """5, 10, 15, 15, 30 and then 60 minutes: assumed between two pages that disagree."""
    offsets, _ = timeline(online.SCHEDULE)
    assert offsets[:7] == minutes(5, 15, 30, 45, 75, 135, 195)


@pytest.mark.parametrize(
    ("last", "expired"),
    [
        (
            reply(
                450, "4.4.316", "Connection refused [Message=Socket error code 10061] [LastAttemptedIP=x:25]"
            ),
            "550 5.4.316 Message expired, connection refused(Socket error code 10061)",
        ),
        (
            reply(450, "4.4.317", "Cannot connect to remote server [Message=UntrustedRoot]"),
            "550 5.4.317 Message expired, cannot connect to remote server(UntrustedRoot)",
        ),
        (
            reply(450, "4.4.317", "Cannot connect to remote server [Message=451 5.7.3 STARTTLS is required]"),
            "550 5.4.317 Message expired, cannot connect to remote server(451 5.7.3 STARTTLS is required)",
        ),
        (
            reply(450, "4.4.312", "DNS query failed [Message=InfoNoRecords]"),
            "550 5.4.312 Message expired, DNS query failed(InfoNoRecords)",
        ),
        (
            reply(450, "4.4.318", "Connection was closed abruptly (SuspiciousRemoteServerError)"),
            "550 5.4.318 Message expired, connection reset(SuspiciousRemoteServerError)",
        ),
        (BUSY, "550 5.4.300 Message expired"),
        (
            reply(450, "4.4.317", "{0} {x} [Message={y}]"),
            "550 5.4.317 Message expired, cannot connect to remote server({y})",
        ),
    ],
)
def test_exchange_online_words_the_expiry_after_the_last_error(last, expired):
    """NDRs in Exchange Online: 4.4.31x becomes 5.4.31x, everything else 5.4.300."""
    at = view(service(), now=START + timedelta(hours=23, minutes=30))
    following = after(at, ITEM, Waiting(30, last))
    assert following.due == START + timedelta(hours=24)
    assert str(following.expired) == expired
