"""``up`` and ``send``: a topology that outside clients can use, over verified STARTTLS."""

from __future__ import annotations

import json
import os
import shutil
import smtplib
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from running import Running

from mailsim.cli import run_command

HYBRID = str(Path(__file__).parents[2] / "scenarios" / "hybrid" / "two-connectors.yaml")
SERVICE = "contoso-com.mail.protection.outlook.com"
DEVICES = str(
    Path(__file__).parents[1] / "conformance" / "submission" / "exchange-online" / "three-ways.yaml"
)


@pytest.fixture(scope="module")
def up(tmp_path_factory) -> Iterator[Running]:
    """Keep one topology running for the tests of this file; it stops cleanly."""
    running = Running(tmp_path_factory.mktemp("up"), HYBRID)
    yield running
    assert running.stop() == 0
    assert not running.state.exists()


@pytest.fixture(scope="module")
def devices(tmp_path_factory) -> Iterator[Running]:
    """Keep a tenant running at whose smtp.office365.com a printer may sign in."""
    running = Running(tmp_path_factory.mktemp("devices"), DEVICES)
    yield running
    assert running.stop() == 0


def test_smtplib_delivers_over_verified_starttls(up: Running) -> None:
    """A stock client that verifies the simulated host's name hands in, and the mail reaches the mailbox."""
    host, port = up.endpoints["Exchange Online"]
    with smtplib.SMTP(local_hostname="client.example") as client:
        client.connect(host, port)
        client._host = SERVICE  # what starttls verifies
        client.starttls(context=ssl.create_default_context(cafile=up.ca))
        client.sendmail("me@example.net", ["bob@contoso.com"], "Subject: from smtplib\r\n\r\nhello\r\n")
    delivered = up.wait_for("Delivered", mta="Exchange Online", recipient="bob@contoso.com")
    copy = up.copies / f"{delivered['message']}.bob@contoso.com.eml"
    assert b"Subject: from smtplib\r\n\r\nhello\r\n" in copy.read_bytes()


def test_the_dns_leads_to_the_listeners(up: Running) -> None:
    """What the DNS server says about the MX of a domain is where its host listens."""
    import dns.resolver

    resolver = dns.resolver.Resolver(configure=False)
    host, _, port = up.dns.rpartition(":")
    resolver.nameservers, resolver.port = [host], int(port)
    (mx,) = resolver.resolve("contoso.com", "MX")
    assert mx.exchange.to_text() == f"{SERVICE}."
    (address,) = resolver.resolve(mx.exchange, "A")
    assert address.to_text() == up.endpoints["Exchange Online"][0]


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (["--dns-address", "192.0.2.1"], "'192.0.2.1' is no address of 127.0.0.0/8"),
        (["--dns-address", "localhost"], "'localhost' is no address of 127.0.0.0/8"),
        (["--dns-view", "inside"], "'inside' is none of no view"),
    ],
)
def test_a_dns_server_that_cannot_be(options: list[str], problem: str, capsys) -> None:
    """It listens on loopback, and serves views that there are."""
    assert run_command(["up", HYBRID, *options]) == 2
    assert problem in capsys.readouterr().err


@pytest.mark.interop
def test_swaks_delivers_over_verified_starttls(up: Running) -> None:
    """Swaks hands in for an on-premises mailbox; the journey goes on through the hybrid connector."""
    if shutil.which("swaks") is None:
        pytest.skip("swaks is not installed")
    host, port = up.endpoints["Exchange Online"]
    command = [
        "swaks",
        "--server",
        host,
        "--port",
        str(port),
        "--tls",
        "--tls-verify",
        "--tls-ca-path",
        up.ca,
    ]
    command += ["--from", "me@example.net", "--to", "alice@contoso.com", "--helo", "client.example"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout
    assert "=== TLS started" in done.stdout
    up.wait_for("Delivered", mta="mail.contoso.com", recipient="alice@contoso.com")


@pytest.mark.interop
def test_curl_delivers_over_verified_starttls(up: Running, tmp_path: Path) -> None:
    """Curl verifies the host's name against the simulation's CA."""
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    host, port = up.endpoints["mx.fabrikam.com"]
    mail = tmp_path / "mail.eml"
    mail.write_bytes(b"Subject: from curl\r\n\r\nhello\r\n")
    command = ["curl", "--silent", "--show-error", "--ssl-reqd", "--cacert", up.ca]
    command += [
        "--connect-to",
        f"mx.fabrikam.com:{port}:{host}:{port}",
        f"smtp://mx.fabrikam.com:{port}/client.example",
    ]
    command += [
        "--mail-from",
        "me@example.net",
        "--mail-rcpt",
        "lena@fabrikam.com",
        "--upload-file",
        str(mail),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    up.wait_for("Delivered", mta="mx.fabrikam.com", recipient="lena@fabrikam.com")


def test_a_client_that_trusts_another_ca_refuses(up: Running) -> None:
    """The simulated host is not believed by a client without the simulation's CA."""
    host, port = up.endpoints["Exchange Online"]
    client = smtplib.SMTP(host, port, local_hostname="client.example")
    client._host = SERVICE
    with pytest.raises(ssl.SSLCertVerificationError):
        client.starttls(context=ssl.create_default_context())
    client.close()


def test_send_hands_in_as_a_mailbox(up: Running) -> None:
    """A mailbox hands in without SMTP; the topology is found by its state file."""
    done = up.send("--from", "alice@contoso.com", "--to", "bob@contoso.com", "--subject", "from a mailbox")
    assert done.returncode == 0, done.stderr
    assert done.stdout == "accepted: in1 at mail.contoso.com\n"
    up.wait_for("Delivered", message="in1", recipient="bob@contoso.com")


def test_send_as_a_host_is_seen_from_that_hosts_address(up: Running) -> None:
    """With its address and certificate the on-premises host may relay through the cloud."""
    arguments = ("--as", "mail.contoso.com", "--server", "Exchange Online")
    done = up.send(*arguments, "--from", "alice@contoso.com", "--to", "lena@fabrikam.com")
    assert done.returncode == 0, done.stderr
    attributed = up.wait_for("Attributed", mta="Exchange Online")
    assert (attributed["owner"], attributed["connector"]) == ("contoso", "From on-premises")
    up.wait_for("Delivered", mta="mx.fabrikam.com", recipient="lena@fabrikam.com")


def test_send_finds_the_receiver_by_mx(up: Running) -> None:
    """Without --server the MX of the recipient's domain is connected to, as a sending host would."""
    done = up.send("--as", "fabrikam.com", "--from", "ann@fabrikam.com", "--to", "bob@contoso.com")
    assert done.returncode == 0, done.stderr
    assert done.stdout == "accepted: message from ann@fabrikam.com at Exchange Online\n"


def test_send_shows_who_was_refused_among_others(up: Running) -> None:
    """Some get it, and the one who does not is the answer."""
    done = up.send(
        "--as",
        "mx.fabrikam.com",
        "--from",
        "ann@fabrikam.com",
        "--to",
        "bob@contoso.com",
        "--to",
        "x@nowhere.example",
    )
    assert done.returncode == 1
    assert "Exchange Online refused: 550" in done.stdout + done.stderr


def test_send_at_a_host_that_nobody_knows(up: Running) -> None:
    """A name that is none is said, and the mail is not handed in elsewhere."""
    done = up.send("--at", "nosuch", "--from", "alice@contoso.com", "--to", "bob@contoso.com")
    assert done.returncode == 1
    assert "no MTA is called 'nosuch'" in done.stdout + done.stderr


def test_send_with_an_unknown_host_is_a_wrong_call(up: Running) -> None:
    """A misspelt host is bad input, and the hosts that listen are named."""
    done = up.send(
        "--as", "mbx1", "--server", "mx.fabricam.com", "--from", "a@b.example", "--to", "c@d.example"
    )
    assert done.returncode == 2
    assert "known are" in done.stderr
    assert "mx.fabrikam.com" in done.stderr


def test_send_shows_a_refusal(up: Running) -> None:
    """A stranger may not relay, and is told so."""
    arguments = ("--as", "stranger.example", "--server", "Exchange Online", "--from", "a@b.example")
    done = up.send(*arguments, "--to", "lena@fabrikam.com")
    assert done.returncode == 1
    assert "550 5.7.64 TenantAttribution; Relay Access Denied" in done.stderr


def test_send_without_a_mailbox_says_what_to_do(up: Running) -> None:
    """An address nobody has a mailbox for cannot hand in."""
    done = up.send("--from", "zoe@nowhere.example", "--to", "lena@fabrikam.com")
    assert done.returncode == 1
    assert "no MTA has a mailbox zoe@nowhere.example" in done.stderr


def test_the_control_endpoint_wants_its_token(up: Running) -> None:
    """Who may not read the state file may not hand in."""
    import socket

    control = json.loads(up.state.read_text())["control"]
    with (
        socket.create_connection(("127.0.0.1", control), timeout=30) as connection,
        connection.makefile("rwb") as file,
    ):
        file.write(b'{"token": "guess", "from": "alice@contoso.com", "to": ["bob@contoso.com"]}\n')
        file.flush()
        assert json.loads(file.readline()) == {"error": "not allowed"}


def test_a_port_in_use_is_one_clear_line(up: Running, tmp_path: Path) -> None:
    """A second topology on the same ports says which port of which host is taken, and exits 3."""
    _, port = up.endpoints["mail.contoso.com"]
    command = [sys.executable, "-m", "mailsim", "up", HYBRID, "--port-offset", str(port - 25)]
    environment = {**os.environ, "XDG_RUNTIME_DIR": str(tmp_path)}
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment, check=False)
    assert done.returncode == 3
    (line,) = done.stderr.splitlines()
    assert str(port) in line
    assert "mail.contoso.com" in line


# --- signing in ------------------------------------------------------------------------------------------------


def test_smtplib_submits_as_a_user(devices: Running) -> None:
    """A stock client finds AUTH LOGIN behind STARTTLS on port 587, signs in, and may send to the outside."""
    with smtplib.SMTP(local_hostname="printer.example") as client:
        client.connect(*devices.submission)
        client._host = "smtp.office365.com"  # what starttls verifies
        client.starttls(context=ssl.create_default_context(cafile=devices.ca))
        client.ehlo()
        assert client.esmtp_features["auth"].split() == ["LOGIN"]
        client.login("printer@contoso.com", "secret")
        client.sendmail(
            "printer@contoso.com", ["ann@fabrikam.com"], "From: printer@contoso.com\r\n\r\nhello\r\n"
        )
    seen = devices.wait_for("Exchanged", command="<credentials>")
    assert "secret" not in json.dumps(seen)
    devices.wait_for("Delivered", mta="mx.fabrikam.com", recipient="ann@fabrikam.com")


def test_smtplib_is_told_of_a_wrong_password(devices: Running) -> None:
    """The refusal is the service's own."""
    with smtplib.SMTP(local_hostname="printer.example") as client:
        client.connect(*devices.submission)
        client._host = "smtp.office365.com"
        client.starttls(context=ssl.create_default_context(cafile=devices.ca))
        with pytest.raises(smtplib.SMTPAuthenticationError) as refused:
            client.login("printer@contoso.com", "guess")
    assert (refused.value.smtp_code, refused.value.smtp_error) == (535, b"5.7.3 Authentication unsuccessful")


@pytest.mark.interop
def test_swaks_submits_as_a_user(devices: Running) -> None:
    """Swaks signs in by AUTH LOGIN over verified TLS."""
    if shutil.which("swaks") is None:
        pytest.skip("swaks is not installed")
    host, port = devices.submission
    command = ["swaks", "--server", host, "--port", str(port), "--tls", "--tls-verify"]
    command += ["--tls-ca-path", devices.ca, "--helo", "printer.example", "--auth", "LOGIN"]
    command += ["--auth-user", "printer@contoso.com", "--auth-password", "secret"]
    command += ["--from", "printer@contoso.com", "--to", "bob@contoso.com"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout
    assert "235 2.7.0 Authentication successful" in done.stdout
    devices.wait_for("Delivered", mta="Exchange Online", recipient="bob@contoso.com")


def test_send_as_a_client_signs_in(devices: Running) -> None:
    """A client host of the scenario connects where it signs in, with its password."""
    mail = ("--from", "printer@contoso.com", "--to", "ann@fabrikam.com")
    done = devices.send("--as", "printer", *mail)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "accepted: message from printer@contoso.com at Exchange Online\n"
    devices.wait_for("Delivered", mta="mx.fabrikam.com", recipient="ann@fabrikam.com")


def test_send_as_a_client_elsewhere(devices: Running) -> None:
    """Where no AUTH is offered, a client that is to sign in does not hand over mail."""
    mail = ("--from", "printer@contoso.com", "--to", "ann@fabrikam.com")
    done = devices.send("--as", "direct-with-login", *mail)
    assert done.returncode == 1
    assert "SMTP AUTH extension not supported by server" in done.stderr
