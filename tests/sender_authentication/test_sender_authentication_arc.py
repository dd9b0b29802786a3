"""ARC: both suites, sealing, and whom a receiver may believe."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml
from dns_tables import Table, txt

from mailsim.mail.message import Message, header_field
from mailsim.sender_authentication.arc import ArcResult, seal, trusted_sets, verify
from mailsim.sender_authentication.dkim import SigningKey
from mailsim.sender_authentication.tag_list import read_tags, without_space

SUITES = Path(__file__).parents[1] / "corpora" / "arc"
AT = datetime(2026, 1, 2, 9, tzinfo=UTC)


def scenarios(name):
    """Return the scenarios of a suite."""
    return [each for each in yaml.safe_load_all((SUITES / name).read_text(encoding="utf-8")) if each]


def cases(name):
    """Return every test of a suite with its scenario."""
    return [
        pytest.param(test, scenario, id=title)
        for scenario in scenarios(name)
        for title, test in scenario["tests"].items()
    ]


def mail(text):
    """Return a message of a suite as it would be sent."""
    return Message.from_bytes(text.encode().replace(b"\n", b"\r\n"))


def keys(scenario):
    """Return the DNS of a scenario."""
    return txt({name: text.replace("\n", "") for name, text in scenario["txt-records"].items()})


VALIDATION = cases("arc-draft-validation-tests.yml")
SIGNING = cases("arc-draft-sign-tests.yml")
SCENARIO = scenarios("arc-draft-sign-tests.yml")[0]
DNS = keys(SCENARIO)
KEY = SigningKey(domain="example.org", selector="dummy", private_key=SCENARIO["privatekey"])
PLAIN = Message.from_bytes(
    b"Authentication-Results: lists.example.org; spf=pass smtp.mailfrom=d1.example; arc=none\r\n"
    b"From: Ann <ann@d1.example>\r\nTo: list@example.org\r\nSubject: hello\r\n\r\nHello\r\n"
)


def sealed(message, results="arc=pass", key=KEY):
    """Return a message with one more set, by the same host."""
    bare = message.without(lambda name: name == "authentication-results")
    told = bare.with_top(header_field("Authentication-Results", f"lists.example.org; {results}"))
    return told.with_top(*seal(told, key, at=AT, authserv_id="lists.example.org"))


def test_the_suites_are_complete():
    """171 tests of validation, 17 of signing."""
    assert (len(VALIDATION), len(SIGNING)) == (171, 17)


@pytest.mark.shows("rfc8617", "4.1")
@pytest.mark.shows("rfc8617", "5.2")
@pytest.mark.parametrize(("test", "scenario"), VALIDATION)
def test_the_validation_suite_agrees(test, scenario):
    """Each test has the chain status that the suite gives; an empty one says that a seal reports failure: the chain ended."""
    verdict = verify(mail(test["message"]), lookup=keys(scenario))
    assert verdict.result.value == (test["cv"] or "fail").lower()


@pytest.mark.parametrize(("test", "scenario"), SIGNING)
def test_the_signing_suite_agrees(test, scenario):
    """The message signature is the suite's own, and the new chain verifies.

    The seal is not compared: it covers ARC-Authentication-Results, from which dkimpy drops comments.
    """
    message = mail(test["message"])
    key = SigningKey(domain=scenario["domain"], selector=scenario["sel"], private_key=scenario["privatekey"])
    options = {
        "at": datetime.fromtimestamp(test["t"], UTC),
        "authserv_id": test["srv-id"],
        "fields": test["sig-headers"].split(":"),
        "standardize": True,
    }
    if not test["AMS"]:
        with pytest.raises(ValueError, match="cannot be sealed"):
            seal(message, key, **options)
        return
    made = seal(message, key, **options)
    wanted, got = (read_tags(text) for text in (test["AMS"], made[1].value))
    assert without_space(got["b"]) == without_space(wanted["b"])
    assert [each.name for each in made] == ["ARC-Seal", "ARC-Message-Signature", "ARC-Authentication-Results"]
    status = "fail" if read_tags(test["AS"])["cv"] == "fail" else "pass"
    assert verify(message.with_top(*made), lookup=keys(scenario)).result.value == status


def test_a_chain_grows_and_names_its_sealers():
    """Every set says who sealed it and what was found then."""
    verdict = verify(sealed(sealed(PLAIN, "spf=pass; arc=none")), lookup=DNS)
    assert verdict.result is ArcResult.PASS
    assert [(each.instance, each.domain, each.chain) for each in verdict.sets] == [
        (2, "example.org", "pass"),
        (1, "example.org", "none"),
    ]
    assert "spf=pass" in verdict.sets[1].results
    assert not any(each.failed for each in verdict.because.because)


def test_sealing_twice_gives_the_same():
    """Nothing is random, and the time is the one given."""
    first, second = (seal(PLAIN, KEY, at=AT, authserv_id="lists.example.org") for _ in range(2))
    assert first == second
    assert f"t={int(AT.timestamp())}" in first[0].value


def test_a_change_breaks_the_newest_signature():
    """A footer under a sealed message makes the chain fail."""
    message = sealed(PLAIN, "arc=none")
    changed = Message(message.header, message.separator, message.body + b"footer\r\n")
    verdict = verify(changed, lookup=DNS)
    assert (verdict.result, verdict.sets[0].signed) == (ArcResult.FAIL, False)
    assert "Most recent ARC-Message-Signature did not validate" in verdict.problem


def test_a_change_between_two_seals_is_told():
    """A sealer that adds a footer seals again: the chain passes, and oldest_pass says since when it is unchanged."""
    first = sealed(PLAIN, "arc=none")
    changed = Message(first.header, first.separator, first.body + b"footer\r\n")
    verdict = verify(sealed(changed), lookup=DNS)
    assert (verdict.result, verdict.oldest_pass) == (ArcResult.PASS, 2)
    assert verify(sealed(first), lookup=DNS).oldest_pass == 0


@pytest.mark.shows("rfc8617", "4.1.3")
@pytest.mark.parametrize(
    "key",
    ["v=DKIM1; h=sha1; p=", "v=DKIM1; s=web; p=", "v=DKIM1; p", ""],
    ids=["hash", "service", "syntax", "none"],
)
def test_a_key_that_forbids_its_use_is_none(key):
    """What DKIM wants of a key record holds for ARC."""
    (name, record) = next((owner, text[0]) for (owner, _), text in DNS.records.items())
    replaced = key + record.partition("p=")[2] if key.endswith("p=") else key
    dns = txt({name: replaced}) if key else txt({})
    verdict = verify(sealed(PLAIN, "arc=none"), lookup=dns)
    assert verdict.result is ArcResult.FAIL
    assert any(each.failed for each in verdict.because.because)


def test_a_silent_server_makes_the_chain_fail():
    """ARC has no temporary result; the look-up that failed stands in the verdict."""
    verdict = verify(
        sealed(PLAIN, "arc=none"), lookup=Table({}, silent=frozenset({"dummy._domainkey.example.org"}))
    )
    assert verdict.result is ArcResult.FAIL
    assert verdict.because.because[0].saw == "no answer"


@pytest.mark.parametrize(
    ("sealers", "believed"), [({"EXAMPLE.org"}, [2, 1]), ({"other.example"}, []), (set(), [])]
)
def test_only_sets_of_trusted_sealers_are_believed(sealers, believed):
    """From the newest set on, as long as every sealer is trusted."""
    verdict = verify(sealed(sealed(PLAIN, "arc=none")), lookup=DNS)
    assert [each.instance for each in trusted_sets(verdict, sealers)] == believed


def test_a_stranger_in_between_ends_the_trust():
    """What lies below a sealer that is not trusted is not believed, and of a broken chain nothing is."""
    other = SigningKey(domain="other.example", selector="dummy", private_key=SCENARIO["privatekey"])
    message = sealed(sealed(sealed(PLAIN, "arc=none"), key=other))
    record = next(iter(DNS.records.values()))[0]
    dns = txt({"dummy._domainkey.example.org": record, "dummy._domainkey.other.example": record})
    verdict = verify(message, lookup=dns)
    assert verdict.result is ArcResult.PASS
    assert [each.instance for each in trusted_sets(verdict, {"example.org"})] == [3]
    assert trusted_sets(verify(message, lookup=txt({})), {"example.org"}) == ()


@pytest.mark.parametrize(
    "raw",
    [
        b"\r\n",
        b"ARC-Seal: i=1\r\n\r\n",
        b"ARC-Seal: i=x; cv=none\r\nARC-Message-Signature: i=1; h\r\n\r\n",
        b" x\r\n",
    ],
)
def test_no_message_breaks_the_verifier(raw):
    """Whatever arrives is judged, and nothing of it passes."""
    assert verify(Message.from_bytes(raw), lookup=DNS).result is not ArcResult.PASS


def test_without_own_results_nothing_is_sealed():
    """A seal reports what this host found; there must be something."""
    with pytest.raises(ValueError, match="no Authentication-Results of elsewhere"):
        seal(PLAIN, KEY, at=AT, authserv_id="elsewhere.example")
