"""What a sender does when a host refuses STARTTLS that its domain publishes a demand for."""

from __future__ import annotations

import pytest

from mailsim.config.load import load_text
from mailsim.flow.predict import MemoryWire
from mailsim.flow.wire import Heard, Operation, Result, Say
from mailsim.mail.reply import reply
from tests.builders import pipeline
from tests.flow.test_flow_attempt import carried

SCENARIO = """\
mailsim: 1
certificates: {mx: {names: [mx.fabrikam.com]}}
exchange_online:
  tenants:
    contoso: {AcceptedDomains: [{DomainName: contoso.com}], recipients: {mailboxes: [bob]}}
internet:
  fabrikam.com: {ip: 192.0.2.20, certificate: mx, mailboxes: [ann]}
messages:
  m1: {from: bob@contoso.com, to: ann@fabrikam.com}
"""
SIGNED = "dnssec: {fabrikam.com: signed}\ndns: {_25._tcp.mx.fabrikam.com: ['TLSA 3 1 1 certificate:mx']}\n"


class Refusing(MemoryWire):
    """A wire whose server has no TLS at the moment."""

    def do(self, operation: Operation) -> Result:
        """Refuse STARTTLS."""
        if isinstance(operation, Say) and operation.lines == ("STARTTLS",):
            return Heard((reply(454, "4.7.0", "TLS not available"),))
        return super().do(operation)


@pytest.mark.parametrize(
    ("published", "error"),
    [
        ("", None),
        (SIGNED, "4.7.321"),
        ("mta_sts: {fabrikam.com: {mode: enforce, mx: [mx.fabrikam.com]}}\n", "4.4.317"),
        ("mta_sts: {fabrikam.com: {mode: testing, mx: [mx.fabrikam.com]}}\n", None),
    ],
)
def test_a_refused_starttls_ends_the_talk_where_tls_is_demanded(published, error):
    """Elsewhere mail goes on in clear text."""
    scenario = load_text(SCENARIO + published, "s.yaml")
    run = pipeline(scenario.topology)
    run.submit(scenario.submissions[0])
    attempt = None
    while attempt is None:
        attempt = run.step()
    (outcome,) = carried(attempt, Refusing(run, attempt.mta_id))
    assert (outcome.error.enhanced if outcome.error else None) == error
