"""How Exchange Online words what a next hop does not meet that its domain publishes."""

import pytest

from mailsim.mta.exchange_online import defaults, replies
from mailsim.mta.exchange_online.send.outbound_connector import MtaStsMode, SmtpDaneMode
from mailsim.mta.exchange_online.send.published_policies import asks_of
from mailsim.mta.relaying.published import Published, Use
from mailsim.sender_authentication.lookup import DnsAnswer, DnsOutcome
from mailsim.sender_authentication.mta_sts import StsMode, StsPolicy
from tests.mta.exchange_worlds import outbound


@pytest.mark.parametrize("code", replies.DANE_ERRORS)
def test_expiry_repeats_the_last_error_as_permanent(code):
    """A report has the text of the queue with class 5, without the host tried last."""
    expired = replies.expired(replies.dane_failed(code, "mx.fabrikam.com", "192.0.2.20"))
    assert str(expired) == f"550 5{code[1:]} {replies.DANE_ERRORS[code]}"


def test_expiry_after_mta_sts():
    """The page on NDRs has 4.4.8 with 5.4.8, and 4.7.5 with 5.7.5."""
    hosts = replies.expired(replies.sts_hosts("fabrikam.com"))
    assert str(hosts) == "550 5.4.8 MX hosts of fabrikam.com failed MTA-STS validation"
    certificate = replies.expired(replies.sts_certificate("UntrustedRoot", "mx.fabrikam.com", "192.0.2.20"))
    assert str(certificate) == "550 5.7.5 Remote certificate failed MTA-STS validation. Reason: UntrustedRoot"


def test_retries_after_dane():
    """Twice after a quarter of an hour, then every hour."""
    waits = [defaults.PUBLISHED_SCHEDULE.interval(attempts).total_seconds() / 60 for attempts in (1, 2, 3, 4)]
    assert waits == [15, 15, 60, 60]


def test_modes_are_opportunistic_by_default():
    """With and without a connector."""
    plain = asks_of(None), asks_of(outbound("C"))
    assert {(each.dane, each.sts) for each in plain} == {(Use.IF_THERE, Use.IF_THERE)}


def test_modes_of_a_connector():
    """None asks for nothing; Mandatory is of DANE alone."""
    off = asks_of(outbound("C", smtp_dane_mode=SmtpDaneMode.NONE, mta_sts_mode=MtaStsMode.NONE))
    assert (off.dane, off.sts) == (Use.NEVER, Use.NEVER)
    must = asks_of(outbound("C", smtp_dane_mode=SmtpDaneMode.MANDATORY))
    assert must.dane is Use.ALWAYS
    assert must.dane_setting == "SmtpDaneMode Mandatory of 'C'"


def test_what_published_records_demand():
    """Unusable TLSA records demand TLS and no certificate; a policy in testing mode demands nothing."""
    unusable = Published(tlsa=DnsAnswer(status=DnsOutcome.FOUND, records=("1 1 1 00",), authentic=True))
    assert (unusable.demands_tls, unusable.verifies) == (True, False)
    testing = Published(policy=StsPolicy(mode=StsMode.TESTING, hosts=("mx.fabrikam.com",), max_age=60))
    assert (testing.demands_tls, testing.verifies) == (False, False)
