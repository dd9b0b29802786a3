"""Signing in on a session, and that no record of it tells a secret."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address
from pathlib import Path

import pytest

from mailsim import api
from mailsim.mail.sasl import Claim, encoded
from mailsim.trace.connection import AUTH, DATA, stage_of
from mailsim.trace.file import json_line
from mailsim.world.facts import SessionFacts, TlsFacts

FILE = Path(__file__).parents[1] / "conformance" / "submission" / "exchange-server" / "sign-in.yaml"
USER, SECRET = "alice@contoso.com", "Winter-2026"
EVERYTHING = encoded(f"\0{USER}\0{SECRET}")
SECRETS = (SECRET, "Summer-2026", *map(encoded, (SECRET, "Summer-2026")), EVERYTHING)


def told(events) -> str:
    """Write a whole trace down, reasons included."""
    text = "".join(map(json_line, events)) + repr(events)
    assert text.count('"event"') == len(events)
    return text


def dialogue(*lines: str, port: int = 587) -> tuple[list[str], list]:
    """Say lines over TLS to the server on Client Frontend; return the replies and the trace."""
    scenario = api.load(FILE)
    pipeline = api.pipeline_of(scenario)
    server = next(iter(scenario.topology.mtas.values()))
    facts = SessionFacts(peer_ip=IPv4Address("192.0.2.1"), local_ip=server.addresses[0], local_port=port)
    session = pipeline.open_session(server, facts, "")
    session.greet()
    session.secured(TlsFacts("TLS1_3", None))
    replies = []
    for line in ("EHLO c.example", *lines):
        if session.closed:
            break
        answer = session.handle(line)
        pipeline.exchanged(session, line, answer)
        replies.append(f"{answer.reply.code} {answer.reply.lines[0]}")
    return replies[1:], pipeline.log.events


@pytest.mark.parametrize("run", [api.predict, api.run])
def test_no_trace_tells_a_secret(run):
    """Neither as typed nor as it crossed the wire, in the right case and in the wrong ones, predicted and live."""
    events = run(api.load(FILE)).events
    text = told(events)
    assert "<credentials>" in text
    assert not [secret for secret in SECRETS if secret in text]


@pytest.mark.parametrize(
    "lines",
    [
        (f"AUTH PLAIN {EVERYTHING}",),
        (f"auth plain {EVERYTHING}",),
        (f"AUTH PLAIN {EVERYTHING} {EVERYTHING}",),
        (f"AUTH \t PLAIN {EVERYTHING}",),
        ("AUTH LOGIN", encoded(USER), encoded(SECRET), f"AUTH PLAIN {EVERYTHING}"),
        ("MAIL FROM:<>", f"AUTH PLAIN {EVERYTHING}"),
        (f"AUTH LOGIN {encoded(USER)}", f"{encoded(SECRET)} "),
        ("AUTH LOGIN", SECRET, encoded(SECRET)),
        ("AUTH PLAIN", encoded(USER), encoded(SECRET)),
    ],
    ids=[
        "not offered",
        "lower case",
        "malformed",
        "spaces",
        "again",
        "in a transaction",
        "a space",
        "garbage",
        "does not wait",
    ],
)
def test_no_record_of_a_refused_auth_tells_a_secret(lines):
    """AUTH that is not offered, out of order or malformed stands in the trace without what it said."""
    text = told(dialogue(*lines)[1])
    assert not [secret for secret in SECRETS if secret in text]


def test_logons_that_fail_end_the_connection():
    """Three are answered 535, the fourth 421, and TLS does not forget them (MaxLogonFailures)."""
    wrong = ("AUTH LOGIN", encoded(USER), encoded("guess"))
    replies, _ = dialogue(*wrong * 5)
    assert [reply for reply in replies if not reply.startswith("334")] == [
        *["535 Authentication unsuccessful"] * 3,
        "421 Too many errors on this connection, closing transmission channel",
    ]


def test_a_cancelled_logon_is_no_failure():
    """A star is answered 501 (RFC 4954 section 4) and counts among nobody's failures."""
    replies, _ = dialogue(*("AUTH LOGIN", "*") * 5, "AUTH LOGIN", encoded(USER), encoded(SECRET))
    assert replies[-1] == "235 Authentication successful"
    assert replies[1] == "501 Authentication cancelled"


def test_a_user_signs_in_once():
    """After 235 there is no other AUTH (RFC 4954 section 4)."""
    replies, _ = dialogue("AUTH LOGIN", encoded(USER), encoded(SECRET), "AUTH LOGIN")
    assert replies[-2:] == ["235 Authentication successful", "503 Send hello first"]


def test_protocol_errors_end_the_connection():
    """Five are borne, the sixth is answered 421 (MaxProtocolErrors)."""
    replies, _ = dialogue(*["XYZZY"] * 9)
    assert [reply[:3] for reply in replies] == ["500"] * 5 + ["421"]


def test_what_is_said_to_sign_in_is_of_stage_auth():
    """The command and the lines after it; content stays content."""
    stages = [stage_of(each) for each in ("AUTH LOGIN", "<credentials>", "<10 octets>")]
    assert stages == [AUTH, AUTH, DATA]


def test_a_relay_shows_no_password():
    """What a client host is told stays out of its description, and so does what it says."""
    client = api.load(FILE).topology.mtas["scanner"]
    assert SECRET not in repr(replace(client))
    assert SECRET not in repr(Claim(USER, SECRET))
