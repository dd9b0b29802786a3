"""The state file by which ``mailsim send`` finds a running topology.

``mailsim up`` writes it into a folder of its own that only the user may read, and removes it when it stops.
"""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from mailsim.cli.new_file import PRIVATE, write_new
from mailsim.errors import LiveError


@dataclass(frozen=True, slots=True)
class Reachable:
    """One listener: who, where it is modelled, and where it can be reached."""

    host: str
    fqdn: str
    address: str
    port: int
    loopback: str
    actual_port: int


@dataclass(frozen=True, slots=True)
class Login:
    """How a client host signs in: where it connects, by its modelled address, and as whom."""

    address: str
    port: int
    user: str
    password: str


@dataclass(frozen=True, slots=True)
class State:
    """A running topology as another process needs to know it.

    Args:
        scenario: its file.
        pid: the process that runs it.
        control: port of the control endpoint on 127.0.0.1.
        token: proves to it that the caller may read this file.
        ca: the file with the certificates of the public authorities.
        certificates: the folder with the hosts' certificates and keys.
        addresses: loopback address of each host, by id.
        client_files: PEM file of each host that has a certificate, by id.
        endpoints: the listeners.
        names: every name by which the scenario may call a host, lower case, with its id.
        dns: address and port of the DNS server, UDP and TCP.
        mx: the host that receives mail for a domain, by id.
        logins: of each client host that signs in, by id.
    """

    scenario: str
    pid: int
    control: int
    token: str
    ca: str
    certificates: str
    addresses: dict[str, str]
    client_files: dict[str, str]
    endpoints: list[Reachable]
    names: dict[str, str]
    dns: str
    mx: dict[str, str]
    logins: dict[str, Login]


def state_folder() -> Path:
    """Return the folder of state files, made with mode 0700."""
    base = os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir()
    folder = Path(base) / f"mailsim-{os.getuid()}"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.stat().st_uid != os.getuid():
        raise LiveError(f"{folder} belongs to somebody else; wanted a folder of your own (XDG_RUNTIME_DIR)")
    return folder


def write_state(path: Path, state: State) -> None:
    """Write a state file for the owner only; whoever reads it finds all of it or nothing."""
    content = json.dumps(asdict(state), indent=2).encode()
    being_written = path.with_name(f".{path.name}.{os.getpid()}")
    write_new(being_written, content, PRIVATE)
    being_written.replace(path)


def read_state(path: Path) -> State:
    """Read a state file.

    Raises:
        LiveError: if it is missing or not one.
    """
    try:
        known = json.loads(path.read_text())
        known["endpoints"] = [Reachable(**each) for each in known["endpoints"]]
        known["logins"] = {host: Login(**each) for host, each in known["logins"].items()}
        return State(**known)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise LiveError(f"{path} is no state file of a running topology: {error}") from error


def find_state() -> State:
    """Return the only running topology of this user.

    Raises:
        LiveError: when none or several run.
    """
    states = [state for path in sorted(state_folder().glob("*.json")) if _alive(state := read_state(path))]
    if len(states) == 1:
        return states[0]
    if not states:
        raise LiveError("no topology is running; start one with `mailsim up SCENARIO`")
    names = ", ".join(f"{state.scenario} (pid {state.pid})" for state in states)
    raise LiveError(f"several topologies are running: {names}; name the state file of one with --state")


def _alive(state: State) -> bool:
    try:
        os.kill(state.pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
