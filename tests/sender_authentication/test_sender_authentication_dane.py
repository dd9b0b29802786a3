"""DANE: which records SMTP can use, what they fit, and when TLS alone is demanded."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from dns_tables import Table

from mailsim.sender_authentication.tlsa import DaneOutcome, Usage, evaluate, read_tlsa, write_tlsa

HOST = "mail.corp.example"
AUTHORITY = trustme.CA(organization_name="Corp", organization_unit_name="CA")
NOW = datetime.now(UTC)


def der(pem):
    """Return a certificate in DER."""
    return x509.load_pem_x509_certificate(pem).public_bytes(Encoding.DER)


def chain(*names, **more):
    """Return a chain with its authority."""
    leaf = AUTHORITY.issue_cert(*names, organization_name="Corp", organization_unit_name="Mail", **more)
    return [der(leaf.cert_chain_pems[0].bytes()), der(AUTHORITY.cert_pem.bytes())]


GOOD = chain(HOST)
OTHER = chain("other.example")
EXPIRED = chain(HOST, not_after=NOW - timedelta(days=1))


def judge(records, sent=GOOD, *, signed=True, at=NOW, **more):
    """Evaluate the session with the host."""
    dns = Table({(f"_25._tcp.{HOST}", "TLSA"): tuple(records)} if records else {}, signed=signed)
    return evaluate(HOST, sent, lookup=dns, at=at, **more).outcome


@pytest.mark.shows("rfc7672", "3.1.1")
@pytest.mark.parametrize("selector", [0, 1])
@pytest.mark.parametrize("matching", [0, 1, 2])
def test_the_certificate_itself_is_enough(selector, matching):
    """DANE-EE fits certificate or key, whole or by digest, whatever name and dates are."""
    for sent in (GOOD, OTHER, EXPIRED):
        record = write_tlsa(sent[0], selector=selector, matching=matching)
        assert judge([record], sent) is DaneOutcome.AUTHENTICATED
        assert judge([record], GOOD[1:]) is DaneOutcome.FAILED


@pytest.mark.shows("rfc7672", "3.1.2")
@pytest.mark.parametrize(
    ("sent", "outcome"),
    [
        (GOOD, DaneOutcome.AUTHENTICATED),
        (GOOD[:1], DaneOutcome.FAILED),
        (OTHER, DaneOutcome.FAILED),
        (EXPIRED, DaneOutcome.FAILED),
        ([], DaneOutcome.FAILED),
        ([*EXPIRED[:1], *GOOD], DaneOutcome.FAILED),
    ],
)
def test_an_anchor_wants_chain_dates_and_name(sent, outcome):
    """DANE-TA: the anchor is sent, the chain leads to it, all is in time, and the host is named."""
    assert judge([write_tlsa(GOOD[1], usage=Usage.DANE_TA)], sent) is outcome


def test_the_recipient_domain_may_be_named():
    """With DANE-TA the name may be that of the domain instead of the host's."""
    record = write_tlsa(GOOD[1], usage=Usage.DANE_TA)
    assert judge([record], OTHER, names=("other.example",)) is DaneOutcome.AUTHENTICATED


@pytest.mark.shows("rfc7672", "3.1.3")
@pytest.mark.parametrize(
    "record",
    [write_tlsa(GOOD[0], usage=Usage.PKIX_EE), "9 1 1 00", "3 7 1 00", "3 1 7 00", "nonsense"],
    ids=["pkix", "usage", "selector", "matching", "nonsense"],
)
def test_without_usable_records_only_tls_is_demanded(record):
    """PKIX usages and unknown numbers say nothing of the certificate; another record beside them may."""
    assert judge([record]) is DaneOutcome.TLS_ONLY
    assert judge([record], [], encrypted=False) is DaneOutcome.FAILED
    assert judge([record, write_tlsa(GOOD[0])]) is DaneOutcome.AUTHENTICATED
    assert judge([record, write_tlsa(OTHER[0])]) is DaneOutcome.FAILED


@pytest.mark.shows("rfc7672", "2.2")
def test_without_secure_records_dane_does_not_apply():
    """No records, or records that DNSSEC does not vouch for, demand nothing."""
    assert judge([], encrypted=False) is DaneOutcome.NOT_APPLICABLE
    assert judge([write_tlsa(OTHER[0])], signed=False, encrypted=False) is DaneOutcome.NOT_APPLICABLE
    assert DaneOutcome.NOT_APPLICABLE.usable


@pytest.mark.shows("rfc7672", "2.1.1")
def test_a_look_up_that_fails_makes_the_host_unusable():
    """Whoever suppresses the answer must not get the mail in clear text."""
    dns = Table({}, broken=frozenset({f"_25._tcp.{HOST}"}))
    verdict = evaluate(HOST, GOOD, lookup=dns, at=NOW)
    assert verdict.outcome is DaneOutcome.UNKNOWN
    assert not verdict.outcome.usable


@pytest.mark.parametrize("text", ["", "3 1 1", "3 1 x 00", "3 1 1 xy"])
def test_what_is_no_record(text):
    """Three numbers and hexadecimal data."""
    with pytest.raises(ValueError):
        read_tlsa(text)
