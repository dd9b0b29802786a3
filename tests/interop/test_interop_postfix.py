"""A real Postfix as on-premises MTA in front of the simulated cloud."""

from __future__ import annotations

import json
import smtplib
from collections.abc import Iterator
from pathlib import Path

import pytest
from interop.postfix import Postfix, why_not
from running import Running

pytestmark = [pytest.mark.interop, pytest.mark.skipif(bool(why_not()), reason=why_not() or "-")]

SCENARIO = Path(__file__).parent / "relay.yaml"
SERVICE = "contoso-com.mail.protection.outlook.com"
SENT = "From: alice@contoso.com\r\nTo: ann@fabrikam.com\r\nSubject: from Postfix\r\n\r\nhello\r\n"


@pytest.fixture
def up(tmp_path) -> Iterator[Running]:
    """Keep the cloud running."""
    running = Running(tmp_path, str(SCENARIO))
    yield running
    assert running.stop() == 0


@pytest.fixture
def relay(up, request) -> Iterator[Postfix]:
    """Run a Postfix whose next hop is the cloud, with or without its certificate."""
    state = json.loads(up.state.read_text())
    host, port = up.endpoints["Exchange Online"]
    shown = {"smtp_tls_cert_file": state["client_files"]["postfix"]} if request.param else {}
    shown |= {"smtp_tls_key_file": state["client_files"]["postfix"]} if request.param else {}
    postfix = Postfix(
        "mail.contoso.com",
        relayhost=f"[{host}]:{port}",
        smtp_bind_address=state["addresses"]["postfix"],
        smtp_tls_security_level="verify",
        smtp_tls_verify_cert_match=SERVICE,
        smtp_tls_CAfile=up.ca,
        **shown,
    )
    yield postfix
    postfix.stop()


def hand_in(postfix: Postfix) -> None:
    """Hand a message in by SMTP."""
    with smtplib.SMTP("127.0.0.1", postfix.port, timeout=20) as client:
        client.sendmail("alice@contoso.com", ["ann@fabrikam.com"], SENT)


@pytest.mark.parametrize("relay", [True], indirect=True)
def test_mail_of_postfix_is_originating(up: Running, relay: Postfix) -> None:
    """Postfix verifies the cloud's name and shows its certificate: its mail is the tenant's, and goes out."""
    hand_in(relay)
    attributed = up.wait_for("Attributed", mta="Exchange Online")
    assert (attributed["connector"], attributed["direction"]) == ("From on-premises", "Originating")
    up.wait_for("Delivered", mta="mx.fabrikam.com", recipient="ann@fabrikam.com")


@pytest.mark.parametrize("relay", [False], indirect=True)
def test_without_its_certificate_postfix_may_not_relay(up: Running, relay: Postfix) -> None:
    """The same Postfix without a certificate is nobody, and hears so."""
    hand_in(relay)
    refused = up.wait_for(
        "Exchanged", mta="Exchange Online", command="RCPT TO:<ann@fabrikam.com> ORCPT=rfc822;ann@fabrikam.com"
    )
    assert "5.7.64" in json.dumps(refused)
