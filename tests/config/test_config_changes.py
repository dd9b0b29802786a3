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
    assert "nothing is changed here; wanted dns, down, up, certificate or a list of connectors" in found[4]


ORGANIZATIONS = """\
mailsim: 1
organizations:
  contoso:
    AcceptedDomains: [{DomainName: contoso.com}]
    servers: {mbx1: {fqdn: mail.contoso.com, ip: 198.51.100.10}}
    SendConnectors:
      - {Name: Out, AddressSpaces: "*", RequireTLS: $true}
      - {Name: Contoso alone, AddressSpaces: a.example}
  tailspin:
    AcceptedDomains: [{DomainName: tailspin.com}]
    servers: {mbx2: {fqdn: mail.tailspin.com, ip: 198.51.100.20}}
    SendConnectors: {Name: Out, AddressSpaces: "*"}
changes:
"""


def test_properties_of_a_connector_are_set():
    """Others stay as they were, also as an earlier change left them; the list needs no order of time."""
    text = """\
  - {at: +2h, organization: contoso, SendConnectors: {Name: out, RequireTLS: $false}}
  - {at: +1h, organization: contoso, SendConnectors: {Name: Out, Enabled: $false}}
"""
    world = load_text(ORGANIZATIONS + text, "s.yaml").topology
    assert [str(change) for change in world.changes] == [
        "Send connector 'Out' of contoso: Enabled False",
        "Send connector 'Out' of contoso: RequireTLS False",
    ]
    states = [
        each.mtas["mail.contoso.com"].config.organization.send_connectors for each in world.every_state()
    ]
    assert [(one.enabled, one.require_tls) for one, _ in states] == [
        (True, True),
        (False, True),
        (False, False),
    ]
    assert (states[2][0].source("RequireTLS"), states[2][0].source("AddressSpaces")) == (
        "s.yaml:14",
        "s.yaml:7",
    )
    *_, last = world.every_state()
    assert last.mtas["mail.tailspin.com"].config.organization.send_connectors[0].enabled


def test_a_connector_must_be_known_and_stay_right():
    """Each mistake stands at its line: no such name, one name twice, properties that exclude each other."""
    text = """\
  - {at: +1h, SendConnectors: {Name: Contoso alon, Enabled: $false}}
  - {at: +1h, SendConnectors: {Name: Out, Enabled: $false}}
  - {at: +1h, organization: contoso, SendConnectors: {Name: Out, IgnoreSTARTTLS: $true}}
"""
    with pytest.raises(ScenarioError) as caught:
        load_text(ORGANIZATIONS + text, "s.yaml")
    found = [str(each) for each in caught.value.diagnostics]
    assert "s.yaml:14:" in found[0]
    assert "'Contoso alon' is not defined" in found[0]
    assert "did you mean 'Contoso alone'?" in found[0]
    assert "s.yaml:15:" in found[1]
    assert "'Out' is in several organizations" in found[1]
    assert "s.yaml:16:" in found[2]
    assert "IgnoreSTARTTLS" in found[2]
    assert len(found) == 3
