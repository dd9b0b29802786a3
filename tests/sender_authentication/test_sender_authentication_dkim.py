"""DKIM: the vectors of our own and of RFC 8463, the gates one by one, and signing."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from dns_tables import Table, txt

from mailsim.mail.message import Message, header_field
from mailsim.sender_authentication.dkim import (
    Algorithm,
    DkimFault,
    DkimResult,
    SigningKey,
    sign,
    verify,
)

CORPORA = Path(__file__).parents[1] / "corpora"
OWN = CORPORA / "own" / "dkim"
VECTORS = json.loads((OWN / "vectors.json").read_text(encoding="utf-8"))
DNS = txt(VECTORS["dns_txt"])
AT = datetime(2026, 11, 25, 9, tzinfo=UTC)
MESSAGE = Message.from_bytes(
    b"From: Ann <ann@corp.example>\r\nTo: bob@fabrikam.example\r\nSubject: hello\r\n"
    b"Date: Fri, 2 Jan 2026 09:00:00 +0000\r\n\r\nHello Bob\r\n"
)
RSA = SigningKey(domain="corp.example", selector="s2048", private_key=VECTORS["private_keys_pem"]["s2048"])
ED25519 = SigningKey(
    domain="corp.example",
    selector="ed",
    private_key=VECTORS["ed25519_private_b64"],
    algorithm=Algorithm.ED25519_SHA256,
)


def judge(message, *, lookup=DNS, at=AT):
    """Verify the only signature of a message."""
    (verdict,) = verify(message, lookup=lookup, at=at)
    return verdict


def overall(verdicts) -> str:
    """Return pass where any signature passes, else the first result, none without a signature."""
    words = [each.result.value for each in verdicts] or ["none"]
    return "pass" if "pass" in words else words[0]


def test_there_are_35_vectors():
    """Every vector has its message."""
    assert len(VECTORS["expected"]) == 35
    assert {path.stem for path in OWN.glob("*.eml")} == set(VECTORS["expected"])


@pytest.mark.shows("rfc6376", "3.5")
@pytest.mark.shows("rfc6376", "3.6.1")
@pytest.mark.shows("rfc6376", "6.1.1")
@pytest.mark.shows("rfc6376", "6.1.2")
@pytest.mark.shows("rfc6376", "6.1.3")
@pytest.mark.parametrize("name", VECTORS["expected"])
def test_our_vectors_agree(name):
    """Every message of the vectors gets the result that the RFCs give it."""
    message = Message.from_bytes((OWN / f"{name}.eml").read_bytes())
    assert overall(verify(message, lookup=DNS, at=AT)) == VECTORS["expected"][name]["result"]


@pytest.mark.parametrize(
    ("name", "algorithms"), [("001", ["ed25519-sha256", "rsa-sha256"]), ("002", ["rsa-sha256"])]
)
def test_the_examples_of_the_rfcs_verify(name, algorithms):
    """The message of RFC 8463 passes by both of its signatures, that of RFC 6376 by its one."""
    raw = (CORPORA / "dkim" / f"{name}.txt").read_bytes().replace(b"\r\n", b"\n")
    records, _, mail = raw.partition(b"\n\n")
    keys = dict(line.split(" ", 1) for line in records.decode().splitlines())
    message = Message.from_bytes(mail.replace(b"\n", b"\r\n"))
    verdicts = verify(message, lookup=txt(keys), at=AT)
    assert [each.algorithm for each in verdicts] == algorithms
    assert {each.result for each in verdicts} == {DkimResult.PASS}


@pytest.mark.parametrize("key", [RSA, ED25519], ids=["rsa", "ed25519"])
def test_what_is_signed_verifies(key):
    """A signature made here is judged good here, and names its signer."""
    verdict = judge(MESSAGE.with_top(sign(MESSAGE, key, at=AT)))
    assert (verdict.result, verdict.domain, verdict.identity) == (
        DkimResult.PASS,
        "corp.example",
        "@corp.example",
    )
    assert not any(each.failed for each in verdict.because.because)


@pytest.mark.parametrize("key", [RSA, ED25519], ids=["rsa", "ed25519"])
def test_signing_twice_gives_the_same(key):
    """Nothing is random, and the time is the one given."""
    first, second = (sign(MESSAGE, key, at=AT) for _ in range(2))
    assert first == second
    assert f"t={int(AT.timestamp())}" in first.value
    assert sign(MESSAGE, key, at=AT + timedelta(days=1)) != first


def test_named_fields_are_signed_as_asked():
    """The fields, the canonicalization and the identity are the caller's."""
    made = sign(
        MESSAGE,
        RSA,
        at=AT,
        fields=("From", "Subject"),
        canonicalization=("simple", "simple"),
        identity="ann@corp.example",
    )
    assert "h=from : subject" in made.value
    assert "c=simple/simple" in made.value
    assert judge(MESSAGE.with_top(made)).identity == "ann@corp.example"


def test_without_from_nothing_is_signed():
    """A signature must cover From."""
    with pytest.raises(ValueError, match="From header field MUST be signed"):
        sign(MESSAGE, RSA, at=AT, fields=("Subject",))


@pytest.mark.parametrize(
    "key", ["no key", "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----"]
)
def test_what_is_no_key_does_not_sign(key):
    """A key that cannot be read is an error of the caller's."""
    wrong = SigningKey(domain="corp.example", selector="s", private_key=key)
    with pytest.raises(ValueError, match="cannot be signed"):
        sign(MESSAGE, wrong, at=AT)


def test_a_private_key_is_not_shown():
    """What is printed of a key has nothing secret in it."""
    assert "PRIVATE" not in repr(RSA)


@pytest.mark.shows("rfc8301", "3.1")
@pytest.mark.shows("rfc8301", "3.2")
@pytest.mark.parametrize(
    ("was", "becomes", "fault"),
    [
        ("d=corp.example", "d corp.example", DkimFault.SYNTAX),
        ("v=1", "v=2", DkimFault.VERSION),
        ("from", "fram", DkimFault.FROM_NOT_SIGNED),
        ("i=@corp.example", "i=@other.example", DkimFault.DOMAIN_MISMATCH),
        ("a=rsa-sha256", "a=rsa-sha1", DkimFault.ALGORITHM),
        ("t=1", "x=1; t=1", DkimFault.EXPIRED),
        ("t=1", "x=soon; t=1", DkimFault.EXPIRED),
        ("s=s2048", "s=nobody", DkimFault.NO_KEY),
        ("s=s2048", "s=revoked", DkimFault.KEY_REVOKED),
        ("s=s2048", "s=ed", DkimFault.KEY_ALGORITHM),
        ("s=s2048", "s=sha1only", DkimFault.HASH_ALGORITHM),
        ("s=s2048", "s=web", DkimFault.SERVICE_TYPE),
        ("s=s2048", "s=unreadable", DkimFault.KEY_SYNTAX),
        ("s=s2048", "s=old", DkimFault.KEY_SYNTAX),
        ("s=s2048", "s=broken", DkimFault.KEY_SIZE),
        ("s=s2048", "s=short", DkimFault.KEY_SIZE),
        ("s=s2048", "s=wrongkey", DkimFault.SIGNATURE),
    ],
)
def test_each_gate_names_its_fault(was, becomes, fault):
    """What is wrong first is what the verdict says, and the gate that says no is the last one reached."""
    short = "MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAJ8kKzN2kT1jF9Y8b0q0c2K1m4m8r2mTQb1Fz2x9p1v0JQ3o8y1F3w2z6v6c5b4a3Z2Y1X0W9V8U7T6S5R4Q3P0CAwEAAQ=="
    more = {
        "unreadable._domainkey.corp.example": "nonsense",
        "old._domainkey.corp.example": "v=DKIM2; p=AAAA",
        "broken._domainkey.corp.example": "v=DKIM1; p=AAAA",
        "short._domainkey.corp.example": f"v=DKIM1; p={short}",
    }
    made = sign(MESSAGE, RSA, at=AT)
    assert was in made.value
    changed = header_field("DKIM-Signature", made.value.replace(was, becomes))
    verdict = judge(MESSAGE.with_top(changed), lookup=txt(VECTORS["dns_txt"] | more))
    assert (verdict.fault, verdict.result) == (fault, fault.result)
    assert [each.failed for each in verdict.because.because if each.saw != "not reached"][-1] is True


def test_a_key_that_is_not_answered_may_be_there_later():
    """A silent name server leaves a temporary error."""
    silent = Table({}, silent=frozenset({"s2048._domainkey.corp.example"}))
    verdict = judge(MESSAGE.with_top(sign(MESSAGE, RSA, at=AT)), lookup=silent)
    assert (verdict.result, verdict.fault) == (DkimResult.TEMPERROR, DkimFault.KEY_UNAVAILABLE)


def test_a_key_that_tests_is_said_to():
    """t=y changes no result; the verdict says that it was there."""
    message = Message.from_bytes((OWN / "ok-testing-key.eml").read_bytes())
    assert judge(message).testing
    assert not judge(MESSAGE.with_top(sign(MESSAGE, RSA, at=AT))).testing


@pytest.mark.parametrize(("seconds", "fault"), [(0, DkimFault.SIGNATURE), (1, DkimFault.EXPIRED)])
def test_a_signature_ends_exactly_at_x(seconds, fault):
    """The time is an argument, and compared without grace."""
    until = AT + timedelta(hours=1)
    made = sign(MESSAGE, RSA, at=AT).value.replace("t=", f"x={int(until.timestamp())}; t=", 1)
    message = MESSAGE.with_top(header_field("DKIM-Signature", made))
    assert judge(message, at=until + timedelta(seconds=seconds)).fault is fault


@pytest.mark.parametrize(
    "raw",
    [
        b"\r\n",
        b"DKIM-Signature: \r\n\r\n",
        b"DKIM-Signature: v=1; a=rsa-sha256; b=!; bh=!; d=corp.example; s=s2048; h=from\r\n\r\nx",
        b"DKIM-Signature: v=1; a=rsa-sha256; b=AAAA; bh=AAAA; d=corp.example; s=s2048; h=from; l=x\r\n\r\n",
        b" DKIM-Signature: x\r\nDKIM-Signature: v=1; a=rsa-sha256; b=AA==; bh=AA==; d=corp.example; s=s2048; h=from\r\n",
        b"caf\xe9: x\r\nDKIM-Signature: v=1; a=rsa-sha256; b=AA==; bh=AA==; d=corp.example; s=s2048; h=from\r\n\r\n",
        b"DKIM-Signature: v=1; a=rsa-sha256; c=x/y; b=AA==; bh=AA==; d=corp.example; s=s2048; h=from\r\n\r\n",
    ],
)
def test_no_message_breaks_the_verifier(raw):
    """Whatever arrives is judged, and nothing of it is good."""
    verdicts = verify(Message.from_bytes(raw), lookup=DNS, at=AT)
    assert all(each.result is not DkimResult.PASS for each in verdicts)
