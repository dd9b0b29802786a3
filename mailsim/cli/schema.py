"""``mailsim schema``: the JSON Schema of a scenario."""

from __future__ import annotations

import json

import click


@click.command("schema")
def command() -> None:
    """Print the JSON Schema of scenario files.

    Save it and name it on a scenario's first line, and editors complete and check while you type:
    `# yaml-language-server: $schema=mailsim.schema.json`
    """
    from mailsim.config.format import ScenarioText
    from mailsim.config.json_schema import json_schema

    click.echo(json.dumps(json_schema(ScenarioText), indent=2))
