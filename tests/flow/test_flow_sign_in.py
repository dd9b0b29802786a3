"""Signing in on a session: no record of it tells a secret, whether it is offered or not."""

from __future__ import annotations

from ipaddress import IPv4Address
from pathlib import Path

import pytest

from mailsim import api
from mailsim.mail.sasl import Claim, encoded
from mailsim.mta.exchange_server.kind import ExchangeServer
from mailsim.reason.decision import Decision
from mailsim.trace.connection import AUTH, DATA, stage_of
from mailsim.trace.file import json_line
from mailsim.world.facts import SessionFacts, TlsFacts

FILE = Path(__file__).parents[2] / "scenarios" / "hybrid" / "two-connectors.yaml"
USER, SECRET = "alice@contoso.com", "Winter-2026"
EVERYTHING = encoded(f"\0{USER}\0{SECRET}")
SECRETS = (SECRET, encoded(SECRET), EVERYTHING)

SAYINGS = {
    "plain": (f"AUTH PLAIN {EVERYTHING}",),
    "login": ("AUTH LOGIN", encoded(USER), encoded(SECRET)),
    "lower case": (f"auth plain {EVERYTHING}",),
    "malformed": (f"AUTH PLAIN {EVERYTHING} {EVERYTHING}",),
    "spaces": (f"AUTH \t PLAIN {EVERYTHING}",),
    "again": ("AUTH LOGIN", encoded(USER), encoded(SECRET), f"AUTH PLAIN {EVERYTHING}"),
    "in a transaction": ("MAIL FROM:<>", f"AUTH PLAIN {EVERYTHING}"),
    "a space": (f"AUTH LOGIN {encoded(USER)}", f"{encoded(SECRET)} "),
    "garbage": ("AUTH LOGIN", SECRET, encoded(SECRET)),
    "does not wait": ("AUTH PLAIN", encoded(USER), encoded(SECRET)),
}


@pytest.fixture(params=[True, False], ids=["offered", "not offered"])
def offered(request, monkeypatch) -> bool:
    """Let Exchange servers offer both mechanisms and believe everybody, or leave them as they are."""
    if request.param:
        monkeypatch.setattr(ExchangeServer, "mechanisms", lambda *_: ("LOGIN", "PLAIN"))
        monkeypatch.setattr(ExchangeServer, "on_auth", lambda *_: Decision("user", None, ()))
    return request.param


def dialogue(*lines: str) -> tuple[list[int], list]:
    """Say lines over TLS to the Exchange server; return the codes of the replies and the trace."""
    scenario = api.load(FILE)
    pipeline = api.pipeline_of(scenario)
    server = next(each for each in scenario.topology.mtas.values() if each.kind == "exchange_server")
    facts = SessionFacts(peer_ip=IPv4Address("192.0.2.20"), local_ip=server.addresses[0], local_port=25)
    session = pipeline.open_session(server, facts, "")
    session.greet()
    session.secured(TlsFacts("TLS1_3", None))
    codes = []
    for line in ("EHLO c.example", *lines):
        answer = session.handle(line)
        pipeline.exchanged(session, line, answer)
        codes.append(answer.reply.code)
    return codes[1:], pipeline.log.events


@pytest.mark.parametrize("saying", SAYINGS)
def test_no_record_tells_a_secret(offered, saying):
    """AUTH that succeeds, is not offered, out of order or malformed stands in the trace without what it said."""
    events = dialogue(*SAYINGS[saying])[1]
    text = "".join(map(json_line, events)) + repr(events)
    assert "AUTH" in text.upper()
    assert not [secret for secret in SECRETS if secret in text]


def test_signing_in_is_recorded_as_such(offered):
    """The command and each answer have a line of their own, of stage AUTH."""
    codes, events = dialogue(*SAYINGS["login"])
    assert codes == ([334, 334, 235] if offered else [504, 500, 500])
    said = [each.what.command for each in events if hasattr(each.what, "command")][-3:]
    assert said[0] == "AUTH LOGIN"
    assert [stage_of(each) for each in said[: 3 if offered else 2]] == [AUTH] * (3 if offered else 2)


def test_stages_of_what_has_no_verb():
    """What says who somebody is belongs to AUTH, content to DATA."""
    assert [stage_of(each) for each in ("<credentials>", "<10 octets>")] == [AUTH, DATA]


def test_no_description_shows_a_password():
    """What stands in a failed assertion or a crash does not say it."""
    assert SECRET not in repr(Claim(USER, SECRET))
