"""``mailsim send``: hand a message to a running topology, as a mailbox or as a host."""

from __future__ import annotations

import json
import smtplib
import socket
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from mailsim.cli.hand_in import request_for
from mailsim.cli.state import Reachable, State, find_state, read_state
from mailsim.errors import LiveError
from mailsim.live.addressing import require_loopback

SMTP_PORT = 25


@click.command("send")
@click.option("--from", "sender", required=True, help="The reverse-path.")
@click.option(
    "--to", "recipients", required=True, multiple=True, help="A recipient; may be given several times."
)
@click.option("--at", default="", help="The MTA whose mailbox hands it in; by default the one that has it.")
@click.option("--as", "host", default="", help="Send by SMTP from this host's address instead.")
@click.option(
    "--server",
    default="",
    help="With --as: the host to connect to; by default the MX of the first recipient, or where the host signs in.",
)
@click.option(
    "--eml", type=click.Path(dir_okay=False, path_type=Path), help="The message; by default a short one."
)
@click.option("--subject", default="Test", show_default=True, help="Subject of the short message.")
@click.option("--state", type=click.Path(dir_okay=False, path_type=Path), help="State file of the topology.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def command(
    *,
    sender: str,
    recipients: tuple[str, ...],
    at: str,
    host: str,
    server: str,
    eml: Path | None,
    subject: str,
    state: Path | None,
    as_json: bool,
) -> int:
    """Hand a message to a topology that `mailsim up` keeps running.

    As a mailbox it is handed in without SMTP. With --as it is sent by ordinary SMTP over STARTTLS from the host's own
    address, with its certificate where it has one; a client host that signs in does so, where it would by itself.
    """
    running = read_state(state) if state else find_state()
    content = eml.read_bytes() if eml else _short(sender, recipients, subject)
    if host:
        answer = _as_host(running, host, server, _Letter(sender, recipients, content))
    else:
        answer = _as_mailbox(running, at, _Letter(sender, recipients, content))
    if as_json:
        click.echo(json.dumps(answer))
    elif "error" in answer:
        click.echo(f"mailsim: {answer['error']}", err=True)
    else:
        click.echo(f"accepted: {answer['accepted']} at {answer['at']}")
    return 1 if "error" in answer else 0


@dataclass(frozen=True, slots=True)
class _Letter:
    """What is handed over."""

    sender: str
    to: tuple[str, ...]
    content: bytes

    @property
    def reverse_path(self) -> str:
        """Return the sender as smtplib wants it: empty for the null reverse-path."""
        return "" if self.sender == "<>" else self.sender


def _short(sender: str, recipients: tuple[str, ...], subject: str) -> bytes:
    """Write a short message; the first MTA adds what is missing."""
    lines = (f"From: {sender}", f"To: {', '.join(recipients)}", f"Subject: {subject}", "", "Hello.", "")
    return "\r\n".join(lines).encode()


def _as_mailbox(state: State, at: str, letter: _Letter) -> dict[str, Any]:
    """Hand the message to the control endpoint."""
    request = request_for(
        token=state.token, sender=letter.sender, to=letter.to, at=at, content=letter.content, name=""
    )
    try:
        with socket.create_connection(("127.0.0.1", state.control), timeout=30) as connection:
            connection.sendall(json.dumps(request).encode() + b"\n")
            with connection.makefile("rb") as file:
                answer: dict[str, Any] = json.loads(file.readline())
    except (OSError, ValueError) as error:
        raise LiveError(f"the topology of {state.scenario} does not answer: {error}") from error
    return answer


def _as_host(state: State, host: str, server: str, letter: _Letter) -> dict[str, Any]:
    """Send by SMTP from a host's loopback address; the first refusal is the answer."""
    own = _host(state, host, "--as")
    login = state.logins.get(own)
    told = server or (login.address if login else _receiver(state, letter.to[0]))
    listener = _listener(state, told, login.port if login else SMTP_PORT)
    source = require_loopback(state.addresses[own])
    try:
        with smtplib.SMTP(source_address=(source, 0), local_hostname=own, timeout=60) as client:
            client.connect(require_loopback(listener.loopback), listener.actual_port)
            client.ehlo()
            if client.has_extn("starttls"):
                _start_tls(client, state, own, listener.fqdn)
            if login is not None:
                client.login(login.user, login.password)
            refused = client.sendmail(letter.reverse_path, letter.to, letter.content)
    except smtplib.SMTPRecipientsRefused as error:
        return _refusal(listener.host, *next(iter(error.recipients.values())))
    except smtplib.SMTPResponseException as error:
        return _refusal(listener.host, error.smtp_code, error.smtp_error)
    except (smtplib.SMTPException, OSError) as error:
        return {"error": f"{listener.host}: {error}"}
    if refused:
        return _refusal(listener.host, *next(iter(refused.values())))
    return {"accepted": f"message from {letter.sender}", "at": listener.host}


def _refusal(host: str, code: int, text: bytes | str) -> dict[str, Any]:
    shown = text if isinstance(text, str) else text.decode(errors="replace")
    return {"error": f"{host} refused: {code} {shown}"}


def _start_tls(client: smtplib.SMTP, state: State, host: str, name: str) -> None:
    """Verify the server against the simulation's CA and show the host's certificate where it has one."""
    context = ssl.create_default_context(cafile=state.ca)
    own = {each.lower(): path for each, path in state.client_files.items()}.get(host.lower())
    if own is not None:
        context.load_cert_chain(own)
    client._host = name  # type: ignore[attr-defined]  # noqa: SLF001 - smtplib verifies this name; it has no setter
    client.starttls(context=context)
    client.ehlo()


def _listener(state: State, server: str, port: int) -> Reachable:
    """Return where a host listens, called by any of its names, its FQDN or its address; by a port where it has that one."""
    wanted = state.names.get(server.lower(), server).lower()
    known = [
        each for each in state.endpoints if wanted in (each.host.lower(), each.fqdn.lower(), each.address)
    ]
    found = min(known, key=lambda each: each.port != port, default=None)
    if found is None:
        hosts = ", ".join(dict.fromkeys(each.host for each in state.endpoints))
        raise click.BadParameter(f"no host {server!r} listens; known are {hosts}", param_hint="--server")
    return found


def _receiver(state: State, recipient: str) -> str:
    """Return the host that the MX of a recipient's domain leads to."""
    domain = recipient.rpartition("@")[2].lower()
    if domain not in state.mx:
        raise click.BadParameter(
            f"no MX leads to a host for {domain!r}; name the host to connect to", param_hint="--server"
        )
    return state.mx[domain]


def _host(state: State, name: str, option: str) -> str:
    """Return the id of a host called by any of its names."""
    found = state.names.get(name.lower(), "")
    if found not in state.addresses:
        raise click.BadParameter(
            f"no host is called {name!r}; known are {', '.join(state.addresses)}", param_hint=option
        )
    return found
