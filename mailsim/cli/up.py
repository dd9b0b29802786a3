"""``mailsim up``: keep a topology running for mail clients and other software."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import shutil
import signal
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from ipaddress import IPv4Address
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from mailsim.cli.deliver import DeliveredFiles
from mailsim.cli.pem import read_pems, stored_pki, write_pems
from mailsim.cli.state import Login, Reachable, State, state_folder, write_state

if TYPE_CHECKING:
    from mailsim.flow.scenario import Scenario
    from mailsim.live.worker import LiveRun
    from mailsim.pki import Pki
    from mailsim.trace.events import Event
    from mailsim.world.topology import Topology


@click.command("up")
@click.argument("scenario", type=click.Path(dir_okay=False))
@click.option(
    "--port-offset", default=10000, show_default=True, help="Added to every modelled port; 0 needs root."
)
@click.option("--free-ports", is_flag=True, help="Listen on ports that the system picks instead.")
@click.option(
    "--certs", type=click.Path(file_okay=False, path_type=Path), help="PEM files written by `mailsim certs`."
)
@click.option(
    "--deliver", type=click.Path(file_okay=False, path_type=Path), help="Write delivered copies here."
)
@click.option("--state", type=click.Path(dir_okay=False, path_type=Path), help="Where the state file goes.")
@click.option(
    "--dns-port",
    default=0,
    show_default=True,
    help="UDP and TCP port of the DNS server; 0 takes a free one, 53 needs root.",
)
@click.option(
    "--dns-address",
    default="127.0.0.1",
    show_default=True,
    callback=lambda _context, _option, text: _loopback(text),
    help="Loopback address of the DNS server.",
)
@click.option(
    "--dns-view", default="", help="Serve what this view of dns_views sees; by default the public records."
)
@click.option("--json", "as_json", is_flag=True, help="JSON lines: the endpoints first, then every event.")
def command(
    *,
    scenario: str,
    port_offset: int,
    free_ports: bool,
    certs: Path | None,
    deliver: Path | None,
    state: Path | None,
    dns_port: int,
    dns_address: IPv4Address,
    dns_view: str,
    as_json: bool,
) -> int:
    """Keep the topology of SCENARIO running until ^C.

    Clients connect to the loopback addresses shown; the scenario's own messages are not sent. Hand messages in with any
    SMTP client, or with `mailsim send`. The scenario's DNS is served as well, with the loopback addresses as answers.
    """
    from mailsim.api import load

    loaded = load(scenario)
    views = [each.name for each in loaded.topology.views]
    if dns_view and dns_view not in views:
        raise click.BadParameter(
            f"{dns_view!r} is none of {', '.join(views) or 'no view'}", param_hint="--dns-view"
        )
    folder = Path(tempfile.mkdtemp(prefix="certs-", dir=state_folder())) if certs is None else certs
    try:
        pki = stored_pki(loaded, read_pems(folder))
        write_pems(folder, pki.export())
        path = state or state_folder() / f"{Path(scenario).stem}-{os.getpid()}.json"
        up = _Up(loaded, scenario, pki, folder, path, as_json=as_json)
        if deliver is not None:
            up.listen(DeliveredFiles(deliver))
        served = DnsWanted(dns_address, dns_port, dns_view)
        asyncio.run(up.serve(None if free_ports else port_offset, served))
    finally:
        if certs is None:
            shutil.rmtree(folder, ignore_errors=True)
    return 0


def _loopback(text: str) -> IPv4Address:
    """Read an address of 127.0.0.0/8."""
    with suppress(ValueError):
        if (address := IPv4Address(text)).is_loopback:
            return address
    raise click.BadParameter(f"{text!r} is no address of 127.0.0.0/8")


class DnsWanted(NamedTuple):
    """Where the DNS is to be served, and which view of it."""

    address: IPv4Address
    port: int
    view: str


class _Up:
    """One running topology with its control endpoint and its state file."""

    def __init__(
        self, scenario: Scenario, file: str, pki: Pki, certs: Path, state: Path, *, as_json: bool
    ) -> None:
        from mailsim.flow.pipeline import Pipeline
        from mailsim.mta.registry import Kinds
        from mailsim.trace.log import EventLog

        self._scenario = scenario
        self._file = file
        self._certs = certs
        self._pki = pki
        self._state = state
        self._as_json = as_json
        self._handed_in = 0
        self._token = secrets.token_urlsafe(24)
        self._pipeline = Pipeline(scenario.topology, Kinds(), pki, EventLog())

    def listen(self, listener: Callable[[Event], None]) -> None:
        """Call a listener with every event."""
        self._pipeline.log.listen(listener)

    async def serve(self, port_offset: int | None, wanted: DnsWanted) -> None:
        """Run until the process is asked to stop; leave nothing behind."""
        from mailsim.live.control import ControlEndpoint
        from mailsim.live.worker import LiveRun

        stop = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        async with LiveRun(self._pipeline, port_offset=port_offset) as live:
            control = ControlEndpoint(self._token, lambda request: self._control(live, request))
            served = await live.serve_dns(wanted.address, wanted.port, view=wanted.view)
            state = self._describe(live, await control.open(), str(served))
            write_state(self._state, state)
            try:
                self._announce(state)
                self.listen(self._show_json if self._as_json else self._lines())
                await live.serve(stop)
            finally:
                self._state.unlink(missing_ok=True)
                await control.close()

    def _describe(self, live: LiveRun, control: int, dns: str) -> State:
        from mailsim.live.addressing import AddressPlan

        world = self._scenario.topology
        plan = AddressPlan.of(world)
        used = {mta.id: world.certificate_of(mta, world.start) for mta in world.mtas.values()}
        return State(
            scenario=self._file,
            pid=os.getpid(),
            control=control,
            token=self._token,
            ca=str((self._certs / "ca.pem").resolve()),
            certificates=str(self._certs.resolve()),
            addresses={mta.id: str(plan.carrier(mta.addresses[0])) for mta in world.mtas.values()},
            client_files={
                mta: str((self._certs / self._pki.file_of(name)).resolve())
                for mta, name in used.items()
                if name
            },
            endpoints=[
                Reachable(
                    each.mta_id, each.fqdn, str(each.address), each.port, str(each.loopback), each.actual_port
                )
                for each in live.endpoints
            ],
            names={name: mta.id for mta in world.mtas.values() for name in (*mta.names, mta.id.lower())},
            dns=dns,
            mx=_receivers(world),
            logins=_logins(world),
        )

    def _announce(self, state: State) -> None:
        from mailsim.cli.output import endpoint_table

        if self._as_json:
            shown = {
                "endpoints": [asdict(each) for each in state.endpoints],
                "dns": state.dns,
                "ca": state.ca,
                "state": str(self._state),
            }
            click.echo(json.dumps(shown))
            return
        endpoint_table(state, self._state)

    def _show_json(self, event: Event) -> None:
        from mailsim.trace.file import json_line

        click.echo(json_line(event).rstrip())

    def _lines(self) -> Callable[[Event], None]:
        from mailsim.cli.output import event_printer

        return event_printer()

    def _control(self, live: LiveRun, request: dict[str, Any]) -> dict[str, Any]:
        """Answer ``mailsim send``."""
        from mailsim.cli.hand_in import submission_from

        self._handed_in += 1
        name = str(request.get("name") or f"in{self._handed_in}")
        submission = submission_from(request, name, self._scenario.topology, self._pipeline.now)
        live.submit(submission)
        return {"accepted": name, "at": submission.mta_id}


def _logins(world: Topology) -> dict[str, Login]:
    """Return how each client host signs in that does."""
    from mailsim.mta.client import ClientConfig
    from mailsim.world.dns import addresses_of

    found = {}
    for mta in world.mtas.values():
        config = mta.config
        if isinstance(config, ClientConfig) and config.login is not None:
            address = next(map(str, addresses_of(world.zones_of(mta.id), config.server)), config.server)
            found[mta.id] = Login(address, config.port, config.login.user, config.login.password)
    return found


def _receivers(world: Topology) -> dict[str, str]:
    """Return the host that the first MX of each domain leads to, by the domain."""
    from mailsim.world.dns import addresses_of, mx_of

    owners = {address: mta.id for mta in world.mtas.values() for address in mta.addresses}
    found = {}
    for domain in world.zones.owners_of("MX"):
        hosts = (mx.exchange for mx in mx_of(world.zones, domain).exchanges)
        addresses = (each for host in hosts for each in addresses_of(world.zones, host))
        first = next((owners[each] for each in addresses if each in owners), None)
        if first is not None:
            found[domain] = first
    return found
