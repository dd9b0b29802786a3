"""Changes of hosts in a scenario: what they become, and what is wrong with them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from mailsim.config.load import load_text
from mailsim.errors import ScenarioError

HEAD = """\
mailsim: 1
certificates: {other.example: }
internet:
  fabrikam.com: {ip: 192.0.2.20, mailboxes: [ann]}
clients:
  printer: {ip: 192.0.2.66, server: mx.fabrikam.com}
changes:
"""


def faults(text: str) -> list[str]:
    """Return what is wrong with a scenario that has these changes."""
    with pytest.raises(ScenarioError) as found:
        load_text(HEAD + text, "s.yaml")
    return [str(each) for each in found.value.diagnostics]


def test_hosts_go_down_and_come_up():
    """A host is found by any of its names, listens no more from then on, and listens again later."""
    text = "  - {at: +1h, down: [fabrikam.com]}\n  - {at: +2h, up: [mx.fabrikam.com]}\n"
    world = load_text(HEAD + text, "s.yaml").topology
    hour = timedelta(hours=1)
    assert [world.at(world.start + n * hour).down for n in range(3)] == [set(), {"mx.fabrikam.com"}, set()]
    assert [str(change) for change in world.changes] == [
        "mx.fabrikam.com is down",
        "mx.fabrikam.com is up again",
    ]


def test_changes_stand_in_order_of_time():
    """Whatever they change, and in whatever order they are written."""
    text = "  - {at: +2h, down: [fabrikam.com]}\n  - {at: +1h, dns: {a.example: [A 192.0.2.1]}}\n"
    changes = load_text(HEAD + text, "s.yaml").topology.changes
    assert [str(change) for change in changes] == [
        "DNS: a.example A 192.0.2.1 (TTL 3600)",
        "mx.fabrikam.com is down",
    ]


def test_a_certificate_comes_and_goes():
    """A host has the certificate of the change and no other; without one it has none."""
    text = "  - {at: +1h, certificate: {mx.fabrikam.com: other.example}}\n"
    text += "  - {at: +2h, certificate: {mx.fabrikam.com: $null}}\n"
    world = load_text(HEAD + text, "s.yaml").topology
    states = [
        (each.certificate_of(each.mtas["mx.fabrikam.com"], world.start)) for each in world.every_state()
    ]
    assert states == [None, "other.example", None]


def test_every_fault_is_reported_at_once():
    """Unknown hosts and certificates, hosts that never listen, what goes both ways, and a change of nothing."""
    text = """\
  - {at: +1h, down: [mx.fabrikan.com]}
  - {at: +1h, up: [printer]}
  - {at: +1h, certificate: {mx.fabrikam.com: othr.example}}
  - {at: +1h, down: [fabrikam.com], up: [fabrikam.com]}
  - {at: +1h}
"""
    found = faults(text)
    assert len(found) == 5
    assert all(f"s.yaml:{line}:" in each for line, each in zip(range(8, 13), found, strict=True))
    assert "changes: down: host 'mx.fabrikan.com' is not defined" in found[0]
    assert "changes: up: 'printer' never listens" in found[1]
    assert "changes: certificate 'othr.example' is not defined" in found[2]
    assert "goes down and up at once" in found[3]
    assert "nothing is changed here; wanted dns, down, up or certificate" in found[4]
