"""Faults in a scenario: what they become, and every mistake at its place."""

from __future__ import annotations

from datetime import timedelta

import pytest

from mailsim.config.load import load_text
from mailsim.errors import ScenarioError
from mailsim.mail.reply import reply
from mailsim.world.fault import Answer, Close, Delay, Drop, Refuse, Reset, Stage, When

HEAD = """\
mailsim: 1
seed: a
internet:
  fabrikam.com: {ip: 192.0.2.20, mailboxes: [ann]}
  northwind.com: {ip: 192.0.2.30, mailboxes: [bob]}
clients:
  printer: {ip: 192.0.2.66, server: mx.fabrikam.com}
faults:
"""


def mistakes(*entries: str) -> list[str]:
    """Return what is wrong with a scenario that has these faults, one a line from line 9 on."""
    with pytest.raises(ScenarioError) as found:
        load_text(HEAD + "".join(f"  - {{{entry}}}\n" for entry in entries), "s.yaml")
    return [str(each) for each in found.value.diagnostics]


@pytest.mark.parametrize(
    ("written", "effect"),
    [
        ("refuse: true", Refuse()),
        ("drop: true", Drop()),
        ("delay: 30s", Delay(timedelta(seconds=30))),
        ("reset: connect", Reset()),
        ("reset: RCPT", Reset(Stage.RCPT)),
        (
            "reply: {at: ehlo, text: 451 4.7.1 Try again later}",
            Answer(Stage.EHLO, reply(451, "4.7.1", "Try again later")),
        ),
        ("close: before-reply", Close(When.BEFORE_REPLY)),
        ("close: after-reply", Close(When.AFTER_REPLY)),
    ],
)
def test_each_effect_has_its_key(written, effect):
    """A fault does one thing."""
    (fault,) = load_text(HEAD + f"  - {{to: fabrikam.com, {written}}}\n", "s.yaml").topology.faults
    assert fault.effect == effect


def test_where_when_and_how_often():
    """Hosts are called by any of their names; times are counted from the start."""
    text = HEAD + "  - {to: fabrikam.com, from: northwind.com, at: +1h, until: +2h, nth: 3, drop: true}\n"
    world = load_text(text, "s.yaml").topology
    (fault,) = world.faults
    assert (world.seed, fault.to, fault.client, fault.nth) == ("a", "mx.fabrikam.com", "mx.northwind.com", 3)
    assert (fault.since - world.start, fault.until - world.start) == (timedelta(hours=1), timedelta(hours=2))
    assert fault.source() == "s.yaml:9"


def test_every_mistake_is_reported_at_once():
    """Each stands with its line."""
    found = mistakes(
        "to: mx.fabrikan.com, drop: true",
        "to: printer, drop: true",
        "to: fabrikam.com, from: mx.fabrikam.com, drop: true",
        "to: fabrikam.com, at: +2h, until: +1h, drop: true",
        "to: fabrikam.com, nth: 1, probability: 0.5, drop: true",
        "to: fabrikam.com, nth: 0, drop: true",
        "to: fabrikam.com, probability: 30, drop: true",
        "to: fabrikam.com",
        "to: fabrikam.com, drop: true, refuse: true",
        "to: fabrikam.com, reply: {at: message, text: 250 2.0.0 Ok}",
        "to: fabrikam.com, reply: {at: RCPT, text: later}",
    )
    wanted = [
        "to: host 'mx.fabrikan.com' is not defined",
        "nobody connects to 'printer'",
        "is the host of to",
        "until lies before the beginning",
        "nth and probability exclude each other",
        "nth: 0 is no occasion",
        "probability: 30 is none",
        "nothing goes wrong here; wanted one of refuse, drop, delay",
        "several things go wrong here",
        "reply: '250 2.0.0 Ok' refuses nothing",
        "reply: 'later' refuses nothing",
    ]
    assert len(found) == len(wanted)
    for line, (seen, words) in enumerate(zip(found, wanted, strict=True), 9):
        assert seen.startswith(f"s.yaml:{line}:")
        assert words in seen
