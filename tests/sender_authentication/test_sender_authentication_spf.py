"""SPF: the openspf suite through our own look-ups, and what a verdict says of itself."""

from __future__ import annotations

from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path

import pytest
import yaml
from dns_tables import Table, suite_zone, txt

from mailsim.reason.check import Check
from mailsim.reason.decision import Decision
from mailsim.sender_authentication.spf import SpfIdentity, SpfResult, check_host

SUITE = Path(__file__).parents[1] / "corpora" / "spf" / "rfc7208-tests.yml"
AT = datetime(2026, 1, 2, 9, tzinfo=UTC)

SCENARIOS = [each for each in yaml.safe_load_all(SUITE.read_text(encoding="utf-8")) if each]
CASES = [
    pytest.param(test, scenario["zonedata"], id=f"{number}-{name}")
    for number, scenario in enumerate(SCENARIOS)
    for name, test in scenario["tests"].items()
]


def checks(decision: Decision) -> list[Check]:
    """Return every check of a decision, however deep."""
    return [
        each for part in decision.because for each in ([part] if isinstance(part, Check) else checks(part))
    ]


def judge(lookup, client="192.0.2.1", sender="ann@contoso.example", helo="mail.contoso.example"):
    """Evaluate SPF."""
    return check_host(ip_address(client), sender, helo, lookup=lookup, at=AT, receiver="mx.fabrikam.example")


def test_the_suite_is_complete():
    """The openspf suite of 2014 has 203 tests."""
    assert len(CASES) == 203


@pytest.mark.shows("rfc7208", "4.5")
@pytest.mark.shows("rfc7208", "4.3")
@pytest.mark.shows("rfc7208", "4.6.2")
@pytest.mark.shows("rfc7208", "4.6.4")
@pytest.mark.shows("rfc7208", "5")
@pytest.mark.parametrize(("test", "zone"), CASES)
def test_the_suite_agrees(test, zone):
    """Each test has one of the results the suite allows, and the explanation where it gives one."""
    mail_from = test.get("mailfrom") or ""
    verdict = judge(suite_zone(zone), test["host"], mail_from, test["helo"])
    allowed = test["result"] if isinstance(test["result"], list) else [test["result"]]
    assert verdict.result.value in allowed
    if "explanation" in test:
        wanted = "" if test["explanation"] == "DEFAULT" else test["explanation"]
        assert verdict.explanation == wanted


def test_the_null_reverse_path_is_judged_by_helo():
    """Without a reverse-path the identity is postmaster at the HELO name (rfc7208:2.4)."""
    verdict = judge(txt({"mail.contoso.example": "v=spf1 ip4:192.0.2.1 -all"}), sender="")
    assert (verdict.result, verdict.identity) == (SpfResult.PASS, SpfIdentity.HELO)
    assert (verdict.sender, verdict.domain) == ("postmaster@mail.contoso.example", "mail.contoso.example")


def test_a_verdict_says_what_matched_and_why():
    """The records that were followed, the addresses compared and the directive stand in the verdict."""
    zone = txt(
        {
            "contoso.example": "v=spf1 include:_spf.example ~all",
            "_spf.example": "v=spf1 ip4:198.51.100.0/24 ip4:192.0.2.0/28 -all",
        }
    )
    verdict = judge(zone)
    assert (verdict.result, verdict.mechanism) == (SpfResult.PASS, "include:_spf.example")
    made = [(each.rule, each.failed, each.wanted) for each in checks(verdict.because)]
    assert ("client address", True, "198.51.100.0/24") in made
    assert ("client address", False, "192.0.2.0/28") in made
    assert [each.question for each in verdict.because.because if isinstance(each, Decision)] == [
        "SPF of contoso.example"
    ]


def test_a_missing_record_is_none_and_a_silent_server_temperror():
    """No record is no opinion; no answer may be one later."""
    assert judge(txt({})).result is SpfResult.NONE
    silent = judge(Table({}, silent=frozenset({"contoso.example"})))
    broken = judge(Table({}, broken=frozenset({"contoso.example"})))
    assert silent.result is broken.result is SpfResult.TEMPERROR
    assert "no answer" in silent.problem


@pytest.mark.parametrize(
    ("exists", "problem"), [(True, "Too many DNS lookups"), (False, "Void lookup limit of 2 exceeded")]
)
def test_the_limit_that_was_passed_is_named(exists, problem):
    """Ten look-ups are allowed, and two that find nothing; the verdict says which limit ended it."""
    record = "v=spf1 " + " ".join(f"a:host{number}.example" for number in range(11)) + " -all"
    hosts = {(f"host{number}.example", "A"): ("198.51.100.1",) for number in range(11)} if exists else {}
    verdict = judge(Table({("contoso.example", "TXT"): (record,)} | hosts))
    assert (verdict.result, verdict.problem) == (SpfResult.PERMERROR, problem)


def test_the_time_is_an_argument():
    """The macro t in an explanation is the time given, not the clock's."""
    zone = txt({"contoso.example": "v=spf1 -all exp=why.contoso.example", "why.contoso.example": "at %{t}"})
    assert judge(zone).explanation == f"at {int(AT.timestamp())}"


def test_a_question_is_asked_once():
    """The same record is not looked up twice in one evaluation."""
    zone = txt({"contoso.example": "v=spf1 a:x.example a:x.example -all"})
    judge(zone)
    assert zone.asked.count(("x.example", "A")) == 1
