"""``mailsim expand``: a scenario with what it says in short form written out."""

from __future__ import annotations

import json

import click


@click.command("expand")
@click.argument("scenario", type=click.Path(dir_okay=False))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def command(scenario: str, *, as_json: bool) -> None:
    """Print SCENARIO with `hybrid:` written out as ordinary objects.

    The output is a scenario that means the same. A comment above each object says which line made it and from which source
    it is known that the Hybrid Configuration Wizard makes it. Keep it beside SCENARIO if that names other files.
    """
    from mailsim.config.load import expand
    from mailsim.config.to_yaml import generated_in, to_json, to_yaml

    document = expand(scenario)
    if not as_json:
        click.echo(to_yaml(document), nl=False)
        return
    made = [
        {
            "path": path,
            "by": f"{mark.macro}:",
            "at": str(mark),
            "source": mark.cite.key,
            "grade": mark.cite.grade.value,
        }
        for path, mark in generated_in(document)
    ]
    click.echo(json.dumps({"scenario": to_json(document), "generated": made}, indent=2))
