"""DMARC: our table by RFC 7489, the tree walk of RFC 9989, and what a verdict says of itself."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from dns_tables import Table, txt

from mailsim.sender_authentication.dmarc import DmarcResult, Identifier, evaluate
from mailsim.sender_authentication.dmarc_discovery import Organizations, names_of_walk
from mailsim.sender_authentication.dmarc_record import DmarcPolicy, Edition, read_record

TABLE = Path(__file__).parents[1] / "corpora" / "own" / "dmarc-cases.json"
CASES = json.loads(TABLE.read_text(encoding="utf-8"))["cases"]
SPF_PASS = Identifier("spf", "corp.example", "pass")
SPF_FAIL = Identifier("spf", "corp.example", "fail")


def judge(records, *found, author="corp.example", edition=Edition.RFC7489, draw=0):
    """Evaluate a message of one author."""
    return evaluate([author], found, lookup=txt(records), edition=edition, draw=draw)


def test_there_are_31_cases():
    """The whole table is run."""
    assert len(CASES) == 31


@pytest.mark.shows("rfc7489", "3.1")
@pytest.mark.shows("rfc7489", "3.2")
@pytest.mark.shows("rfc7489", "6.3")
@pytest.mark.shows("rfc7489", "6.6.1")
@pytest.mark.shows("rfc7489", "6.6.3")
@pytest.mark.shows("rfc7489", "6.6.4")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_our_table_agrees(case):
    """Every case has the result and the disposition that RFC 7489 gives it."""
    written = case["header_from"]
    authors = [each.rpartition("@")[2] for each in ([written] if isinstance(written, str) else written)]
    spf = Identifier("spf", case["spf"]["domain"], case["spf"]["result"])
    dkim = [Identifier("dkim", each["domain"], each["result"]) for each in case["dkim"]]
    verdict = evaluate(authors, [spf, *dkim], lookup=txt(case["dns_txt"]))
    assert verdict.result.value in case["expect"]["dmarc"].split("-or-")
    assert verdict.requested.value in case["expect"]["disposition"].split("-or-")


def test_a_verdict_says_why():
    """The names asked, the alignment of each identifier and the tag that counts stand in the verdict."""
    records = {"_dmarc.corp.example": "v=DMARC1; p=none; sp=reject"}
    verdict = judge(records, Identifier("spf", "other.example", "pass"), author="mail.corp.example")
    assert (verdict.result, verdict.found_at, verdict.published) == (
        DmarcResult.FAIL,
        "corp.example",
        DmarcPolicy.REJECT,
    )
    assert [(each.rule, each.failed) for each in verdict.because.because] == [
        ("TXT _dmarc.mail.corp.example", True),
        ("TXT _dmarc.corp.example", False),
        ("organizational domain", False),
        ("spf aligned", True),
        ("sp=", False),
    ]


def test_what_would_pass_without_a_record_is_known():
    """Without a record the result is none; which identifiers fit is said all the same."""
    verdict = judge({}, SPF_PASS)
    assert (verdict.result, verdict.aligned) == (DmarcResult.NONE, (SPF_PASS,))


@pytest.mark.shows("rfc7489", "6.6.2")
@pytest.mark.parametrize("found", [SPF_FAIL, Identifier("dkim", "corp.example", "temperror")])
def test_what_failed_for_a_while_asks_for_nothing(found):
    """An identifier that may pass later leaves temperror, and no policy is asked for."""
    verdict = judge({"_dmarc.corp.example": "v=DMARC1; p=reject"}, found)
    if found.result == "temperror":
        assert (verdict.result, verdict.requested) == (DmarcResult.TEMPERROR, DmarcPolicy.NONE)
    else:
        assert (verdict.result, verdict.requested) == (DmarcResult.FAIL, DmarcPolicy.REJECT)


@pytest.mark.parametrize("edition", Edition)
def test_a_silent_server_leaves_temperror(edition):
    """Whether there is a record is not known."""
    dns = Table({}, silent=frozenset({"_dmarc.corp.example"}))
    verdict = evaluate(["corp.example"], [SPF_FAIL], lookup=dns, edition=edition)
    assert verdict.result is DmarcResult.TEMPERROR


@pytest.mark.parametrize(
    ("draw", "policy", "asked"),
    [
        (29, "reject", DmarcPolicy.REJECT),
        (30, "reject", DmarcPolicy.QUARANTINE),
        (30, "quarantine", DmarcPolicy.NONE),
        (30, "none", DmarcPolicy.NONE),
    ],
)
def test_a_share_is_drawn_by_the_caller(draw, policy, asked):
    """pct=30 takes the draws 0 to 29; others get one step less."""
    verdict = judge({"_dmarc.corp.example": f"v=DMARC1; p={policy}; pct=30"}, SPF_FAIL, draw=draw)
    assert verdict.requested is asked


def test_a_public_suffix_is_aligned_with_nobody():
    """A signature by co.uk does not authenticate corp.co.uk."""
    verdict = judge(
        {"_dmarc.corp.co.uk": "v=DMARC1; p=reject"}, Identifier("dkim", "co.uk", "pass"), author="corp.co.uk"
    )
    assert verdict.result is DmarcResult.FAIL


@pytest.mark.shows("rfc9989", "4.10")
def test_a_walk_has_eight_names_at_most():
    """A long domain loses the labels between itself and the seven rightmost."""
    assert names_of_walk("a.mail.example.com") == (
        "a.mail.example.com",
        "mail.example.com",
        "example.com",
        "com",
    )
    long = "a.b.c.d.e.f.g.h.i.j.mail.example.com"
    assert names_of_walk(long)[:3] == (long, "g.h.i.j.mail.example.com", "h.i.j.mail.example.com")
    assert len(names_of_walk(long)) == 8
    assert len(names_of_walk("a.b.c.d.e.f.example.com")) == 8


@pytest.mark.shows("rfc9989", "4.10.2")
@pytest.mark.parametrize(
    ("records", "domain", "organization"),
    [
        ({"mail.example.com": "", "example.com": ""}, "a.mail.example.com", "example.com"),
        ({"com": "psd=y"}, "a.mail.example.com", "example.com"),
        ({"mail.example.com": "psd=n", "example.com": ""}, "a.mail.example.com", "mail.example.com"),
        ({}, "a.mail.example.com", "a.mail.example.com"),
        (
            {"giant.bank.example": "", "bank.example": "psd=y"},
            "mail.giant.bank.example",
            "giant.bank.example",
        ),
        ({"example": "psd=y"}, "example", "example"),
    ],
)
def test_the_organization_by_the_tree_walk(records, domain, organization):
    """psd=n is the organization, psd=y lies right above it, else it is the shortest name with a record."""
    dns = txt({f"_dmarc.{name}": f"v=DMARC1; p=none; {tags}" for name, tags in records.items()})
    assert Organizations(dns, Edition.RFC9989).of(domain) == organization


@pytest.mark.shows("rfc9989", "4.7")
@pytest.mark.parametrize(
    ("records", "author", "result", "asked"),
    [
        ({"corp.example": "p=reject"}, "corp.example", "fail", "reject"),
        ({"corp.example": "p=reject; t=y"}, "corp.example", "fail", "quarantine"),
        ({"corp.example": "p=reject; pct=0"}, "corp.example", "fail", "reject"),
        ({"corp.example": ""}, "corp.example", "fail", "none"),
        ({"corp.example": "p=maybe"}, "corp.example", "none", "none"),
        ({"corp.example": "p=maybe; rua=mailto:a@corp.example"}, "corp.example", "fail", "none"),
        ({"corp.example": "p=none; sp=quarantine; np=reject"}, "gone.corp.example", "fail", "reject"),
        ({"corp.example": "p=none; sp=quarantine; np=reject"}, "here.corp.example", "fail", "quarantine"),
        ({"example": "p=none; sp=reject; psd=y"}, "corp.example", "fail", "reject"),
        ({"example": "p=reject; psd=u"}, "corp.example", "fail", "reject"),
    ],
)
def test_policies_by_rfc_9989(records, author, result, asked):
    """np= counts where the domain does not exist, t= takes a step back, pct= is gone, p= may be missing."""
    tables = {(f"_dmarc.{name}", "TXT"): (f"v=DMARC1; {tags}",) for name, tags in records.items()}
    dns = Table({**tables, ("here.corp.example", "A"): ("192.0.2.1",)})
    verdict = evaluate([author], [SPF_FAIL], lookup=dns, edition=Edition.RFC9989)
    assert (verdict.result.value, verdict.requested.value) == (result, asked)


def test_two_records_stop_nothing_in_a_walk():
    """Several records at one name are as if there were none, and the walk goes on."""
    dns = txt(
        {
            "_dmarc.a.corp.example": ["v=DMARC1; p=none", "v=DMARC1"],
            "_dmarc.corp.example": "v=DMARC1; p=reject",
        }
    )
    verdict = evaluate(["a.corp.example"], [SPF_FAIL], lookup=dns, edition=Edition.RFC9989)
    assert verdict.requested is DmarcPolicy.REJECT


@pytest.mark.shows("rfc9989", "5.3.1")
def test_several_authors_are_exempt_by_rfc_9989():
    """Two domains in From are not evaluated; the same one twice is one."""
    dns = txt({"_dmarc.corp.example": "v=DMARC1; p=reject"})
    two = evaluate(["corp.example", "b.example"], [SPF_FAIL], lookup=dns, edition=Edition.RFC9989)
    same = evaluate(["corp.example", "CORP.example"], [SPF_FAIL], lookup=dns, edition=Edition.RFC9989)
    assert (two.result, same.result) == (DmarcResult.NONE, DmarcResult.FAIL)


@pytest.mark.parametrize("text", ["", "v=DMARC1x; p=none", "p=none", "V=DMARC1; p=none", "v=dmarc1; p=none"])
def test_what_is_no_record(text):
    """The version stands first and is compared exactly."""
    assert read_record(text, Edition.RFC7489) is None
