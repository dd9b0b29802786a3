"""MTA-STS: our table, the policy file, what is cached for how long; and TLS-RPT records."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from dns_tables import Table, txt

from mailsim.sender_authentication.mta_sts import (
    LONGEST_AGE,
    CachedPolicy,
    Fetched,
    StsAction,
    StsMode,
    StsSession,
    judge,
    read_id,
    read_policy,
    refresh,
)
from mailsim.sender_authentication.tls_rpt import find_reporting, read_reporting
from mailsim.world.certificate import ChainVerdict

TABLE = Path(__file__).parents[1] / "corpora" / "own" / "mta-sts-cases.json"
CASES = json.loads(TABLE.read_text(encoding="utf-8"))["cases"]
AT = datetime(2026, 1, 2, 9, tzinfo=UTC)
POLICY = "version: STSv1\nmode: enforce\nmx: mail.corp.example\nmax_age: 86400\n"
TRUSTED = ChainVerdict(trusted=True, reason="Valid", saw="issued by a public authority")
UNTRUSTED = ChainVerdict(trusted=False, reason="UntrustedRoot", saw="issued by nobody known")
EXPIRED = ChainVerdict(trusted=False, reason="Expired", saw="expired yesterday")
SESSIONS = {
    "no STARTTLS": lambda _: StsSession(encrypted=False),
    "trusted, name matches": lambda mx: StsSession(encrypted=True, chain=TRUSTED, names=(mx,)),
    "trusted, other name": lambda _: StsSession(encrypted=True, chain=TRUSTED, names=("other.example",)),
    "untrusted CA": lambda mx: StsSession(encrypted=True, chain=UNTRUSTED, names=(mx,)),
    "expired": lambda mx: StsSession(encrypted=True, chain=EXPIRED, names=(mx,)),
}
RECORD = {"_mta-sts.corp.example": "v=STSv1; id=20260101T000000;"}


def kept(text=POLICY, record_id="20260101T000000", at=AT - timedelta(hours=1)):
    """Return a policy as a sender keeps it."""
    return CachedPolicy(policy=read_policy(text), record_id=record_id, fetched_at=at)


def situation(written):
    """Return what a case says was fetched, and what was cached before."""
    if written.startswith("fetch: "):
        return Fetched(problem=written.removeprefix("fetch: ")), None
    before, cached, text = written.rpartition("cached: ")
    if cached:
        return Fetched(problem="no answer" if before else ""), kept(text)
    return Fetched(text=written), None


def test_there_are_24_cases():
    """The whole table is run."""
    assert len(CASES) == 24


@pytest.mark.shows("rfc8461", "3.1")
@pytest.mark.shows("rfc8461", "3.2")
@pytest.mark.shows("rfc8461", "3.3")
@pytest.mark.shows("rfc8461", "4.1")
@pytest.mark.shows("rfc8461", "4.2")
@pytest.mark.shows("rfc8461", "5")
@pytest.mark.shows("rfc8461", "5.1")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_our_table_agrees(case):
    """Record, policy, host and session of each case lead to what the case says is done."""
    fetched, cached = situation(case["policy"])
    dns = txt({"_mta-sts.corp.example": case["txt"]} if case["txt"] else {})
    found = refresh("corp.example", lookup=dns, fetch=lambda _: fetched, cached=cached, at=AT)
    verdict = judge(
        found.value.policy if found.value else None, case["mx"], SESSIONS[case["tls"]](case["mx"])
    )
    action, _, remark = case["expect"].partition(" (")
    assert verdict.action.value == action
    assert verdict.valid is not (action != "deliver" or remark == "report)")
    assert (found.value is None) is (remark == "no policy)")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "version"),
        ("version: STSv2", "version"),
        ("version: STSv1\nmode: maybe", "mode"),
        ("version: STSv1\nmode: none", "max_age"),
        ("version: STSv1\nmode: none\nmax_age: -1", "max_age"),
        ("version: STSv1\nmode: enforce\nmax_age: 1\nmx: a..b", "mx is 'a..b'"),
        ("version: STSv1\nmode: testing\nmax_age: 1", "mx is missing"),
    ],
)
def test_a_policy_that_is_not_valid_says_why(text, problem):
    """Each field has its own fault."""
    with pytest.raises(ValueError, match=problem):
        read_policy(text)


def test_the_first_of_several_fields_counts():
    """A second mode is ignored, every mx counts, and more than a year is a year."""
    policy = read_policy(
        "version: STSv1\nmode: testing\nmode: enforce\nmx: A.example\nmx: *.b.example\nmax_age: 99999999\n"
    )
    assert (policy.mode, policy.hosts, policy.max_age) == (
        StsMode.TESTING,
        ("a.example", "*.b.example"),
        LONGEST_AGE,
    )


@pytest.mark.parametrize(
    ("records", "found"),
    [
        (("v=STSv1; id=1;",), "1"),
        (("x", "v=STSv1; id=1"), "1"),
        (("v=STSv1; id=1", "v=STSv1; id=2"), ""),
        (("v=STSv1; id=1; id=2",), ""),
        (("v=STSv1; id=a-b",), ""),
        (("v=STSv2; id=1",), ""),
    ],
)
def test_the_record_must_be_one(records, found):
    """Other TXT records do not disturb; two MTA-STS records are none."""
    assert read_id(records) == found


@pytest.mark.parametrize(
    ("hours", "record", "fetched", "used"),
    [
        (1, RECORD, None, "old"),
        (1, {"_mta-sts.corp.example": "v=STSv1; id=2;"}, POLICY.replace("86400", "1000"), "new"),
        (1, {"_mta-sts.corp.example": "v=STSv1; id=2;"}, "nonsense", "old"),
        (1, {}, None, "old"),
        (24, {}, None, "none"),
        (24, RECORD, POLICY.replace("86400", "1000"), "new"),
    ],
)
def test_a_cached_policy_counts_until_its_age_is_over(hours, record, fetched, used):
    """It is fetched anew when the id changed or it is too old, and only then."""
    asked = []

    def fetch(domain):
        asked.append(domain)
        return Fetched(text=fetched)

    cached = kept(at=AT - timedelta(hours=hours))
    found = refresh("corp.example", lookup=txt(record), fetch=fetch, cached=cached, at=AT).value
    assert {None: "none", 86_400: "old", 1_000: "new"}[found and found.policy.max_age] == used
    assert asked == ([] if fetched is None else ["corp.example"])


def test_a_silent_server_leaves_the_cached_policy():
    """A look-up that fails takes no protection away."""
    dns = Table({}, silent=frozenset({"_mta-sts.corp.example"}))
    found = refresh("corp.example", lookup=dns, fetch=lambda _: Fetched(), cached=kept(), at=AT)
    assert found.value == kept()


def test_a_verdict_says_what_is_missing():
    """The checks name the host pattern, the chain and the name."""
    verdict = judge(read_policy(POLICY), "mail.corp.example", SESSIONS["untrusted CA"]("*.corp.example"))
    assert verdict.action is StsAction.DEFER
    assert [(each.rule, each.failed) for each in verdict.because.because] == [
        ("mx", False),
        ("STARTTLS", False),
        ("certificate chain", True),
        ("certificate name", False),
    ]


@pytest.mark.shows("rfc8460", "3")
@pytest.mark.parametrize(
    ("records", "found"),
    [
        (["v=TLSRPTv1; rua=mailto:a@corp.example"], ("mailto:a@corp.example",)),
        (
            ["v=TLSRPTv1;rua=mailto:a@corp.example, https://r.example/v1"],
            ("mailto:a@corp.example", "https://r.example/v1"),
        ),
        (["v=TLSRPTv1; rua=ftp:x"], None),
        (["v=TLSRPTv1;"], None),
        (["v=TLSRPTv1; rua=mailto:a@x", "v=TLSRPTv1; rua=mailto:b@x"], None),
        (["other"], None),
        ([], None),
    ],
)
def test_where_failures_are_reported(records, found):
    """One record with one address that can be used, or no reports."""
    value = find_reporting("corp.example", lookup=txt({"_smtp._tls.corp.example": records})).value
    assert (value.addresses if value else None) == found


def test_another_version_is_no_record():
    """The version stands first."""
    with pytest.raises(ValueError, match="does not begin"):
        read_reporting("rua=mailto:a@x; v=TLSRPTv1")
