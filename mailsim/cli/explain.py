"""``mailsim explain``: every decision on the way of one message, with the losers."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import click

from mailsim.cli.output import show, style, warn


@click.command("explain")
@click.argument("scenario", type=click.Path(dir_okay=False))
@click.option("--from", "sender", required=True, help="The reverse-path.")
@click.option(
    "--to", "recipients", required=True, multiple=True, help="A recipient; may be given several times."
)
@click.option("--at", default="", help="The MTA or client host it starts at; by default the sender's.")
@click.option("--size", type=int, help="Octets of the message.")
@click.option("--when", default="", help="When it is handed in, after the start, such as +25h.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def command(
    *,
    scenario: str,
    sender: str,
    recipients: tuple[str, ...],
    at: str,
    size: int | None,
    when: str,
    as_json: bool,
) -> int:
    """Explain what would happen to a message in SCENARIO, decision by decision.

    Each decision is shown with its losing candidates, what each check saw and wanted, the line of the configuration and
    the source of the rule.
    """
    from mailsim import api
    from mailsim.config.diagnostic import Diagnostics
    from mailsim.config.format import MessageText
    from mailsim.config.link_messages import link_message
    from mailsim.report.document import document
    from mailsim.report.text import decision_lines, in_reading_order, message_lines
    from mailsim.trace.paths import trees

    loaded = api.load(scenario)
    warn(loaded.warnings)
    mta = loaded.topology.named(at) if at else None
    client = at if mta is not None and mta.kind == "client" else ""
    diagnostics = Diagnostics()
    text = MessageText(
        sender=sender, to=recipients, at="" if client else at, client=client, size=size, when=_delay(when)
    )
    submission = link_message("message", text, loaded.topology, scenario, diagnostics)
    diagnostics.raise_if_errors()
    asked = replace(loaded, submissions=(submission,) if submission else (), expectations={})
    result = api.predict(asked)
    if as_json:
        click.echo(json.dumps(document(asked, result.events, ()), indent=2))
        return 0
    chosen = style()
    for tree, about in in_reading_order(trees(result.events)):
        lines = message_lines(tree, chosen, about=about, since=loaded.topology.start)
        show([*lines, "", *decision_lines(tree, chosen), ""])
    return 0


def _delay(text: str) -> timedelta:
    """Read how long after the start a message is handed in."""
    from mailsim.config.words import parse_duration

    try:
        return parse_duration(text) if text else timedelta()
    except ValueError as problem:
        raise click.BadParameter(str(problem), param_hint="--when") from problem
