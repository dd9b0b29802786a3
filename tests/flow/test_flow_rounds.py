"""Mail that goes round: it ends, and the longest of loops can be read."""

from __future__ import annotations

import pytest

from mailsim import api
from mailsim.config.load import load_text
from mailsim.report.why import why
from mailsim.trace.hop import Disposition
from mailsim.trace.paths import final_dispositions, orphans, trees

ROUND = """mailsim: 1
organizations:
  contoso:
    AcceptedDomains: [{{DomainName: contoso.com}}, {{DomainName: partner.example, DomainType: InternalRelay}}]
    SendConnectors: [{{Name: Out, AddressSpaces: "*", SmartHosts: mx.fabrikam.com}}]
    servers:
      mbx1:
        fqdn: mail.contoso.com
        ip: 198.51.100.11
        ReceiveConnectors: [{{Name: In, Bindings: "0.0.0.0:25", PermissionGroups: [AnonymousUsers], {setting}}}]
    recipients: {{mailboxes: [alice]}}
internet:
  fabrikam.com: {{ip: 192.0.2.20, mailboxes: [ann], relay_from: [198.51.100.0/24], smart_hosts: [mail.contoso.com]}}
messages:
  m1: {{from: alice@contoso.com, to: bob@partner.example}}
"""
STRIPS = "RemovedRights: {ANONYMOUS LOGON: [ms-Exch-Accept-Headers-Routing]}"


@pytest.fixture(scope="module")
def endless():
    """Predict a loop in which one host takes the Received fields away, so that no host counts."""
    return api.predict(load_text(ROUND.format(setting=STRIPS), "s.yaml")).events


@pytest.mark.shows("mailsim-endless-loop")
def test_a_loop_that_no_host_counts_is_ended(endless):
    """The recipient ends as looped, once, and the reason says that mailsim ended it."""
    (outcome,) = [each for each in final_dispositions(endless) if each.message == "m1"]
    assert outcome.disposition is Disposition.LOOPED
    assert outcome.event is not None
    assert str(outcome.event.what.reply).startswith("554 5.4.14 Stopped by mailsim: came round 60 times")
    assert outcome.event.because.saw == "61"
    assert orphans(endless) == ()


def test_its_sender_is_told(endless):
    """As of any other failure."""
    (report,) = [each for each in final_dispositions(endless) if each.message == "m1.dsn"]
    assert report.disposition is Disposition.DELIVERED


def test_hosts_that_count_are_never_forestalled():
    """The largest MaxHopCount of a Receive connector comes first, and its 250 rounds can be read."""
    events = api.predict(load_text(ROUND.format(setting="MaxHopCount: 500"), "s.yaml")).events
    (outcome,) = [each for each in final_dispositions(events) if each.message == "m1"]
    assert outcome.event is not None
    assert "mailsim" not in str(outcome.event.what.reply)
    assert len(outcome.hops) == len(trees(events)[0].hops)


def test_the_way_round_is_told(endless):
    """Both hosts that pass it on are named, also where the run ended before it was passed on once more."""
    (outcome,) = [each for each in final_dispositions(endless) if each.message == "m1"]
    first, second, last = why(outcome)
    assert first.startswith("mail.contoso.com: passes it on to mx.fabrikam.com by Out (AddressSpaces: *")
    assert second == "mx.fabrikam.com: passes it on to mail.contoso.com by smart host"
    assert last.startswith("mail.contoso.com: rounds without a further Received field: 61")
