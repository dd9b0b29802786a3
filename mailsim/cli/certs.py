"""``mailsim certs``: the CA and host certificates of a scenario as PEM files for outside tools."""

from __future__ import annotations

import json
from pathlib import Path

import click

from mailsim.cli.pem import read_pems, stored_pki, write_pems


@click.command("certs")
@click.argument("scenario", type=click.Path(dir_okay=False))
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="Where to write."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def command(scenario: str, out: Path, *, as_json: bool) -> None:
    """Write the certificates and keys of SCENARIO as PEM files.

    What lies in the folder already is kept, so that a CA once given to a client stays valid. Use the folder with
    `mailsim run --certs` and `mailsim up --certs`. Keys get mode 0600; never put them into version control.
    """
    from mailsim.api import load

    pki = stored_pki(load(scenario), read_pems(out))
    written = write_pems(out, pki.export())
    if as_json:
        click.echo(json.dumps({"folder": str(out), "files": written}))
        return
    click.echo(f"{len(written)} files in {out}")
    for name in written:
        click.echo(f"  {name}")
    click.echo(f"Give clients {out / 'ca.pem'} as their CA.")
