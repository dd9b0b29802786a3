"""The top of the command line: names and one-line helps, nothing else imported."""

from __future__ import annotations

from importlib import import_module

import click

import mailsim as package

COMMANDS = {
    "run": "Run a scenario on loopback servers and judge its expectations.",
    "predict": "Predict a scenario without sockets and judge its expectations.",
    "expand": "Print a scenario with what is in short form written out.",
    "explain": "Explain every decision on the way of one message.",
    "up": "Keep a scenario's topology running for mail clients and other software.",
    "send": "Hand a message to a running topology.",
    "certs": "Write a scenario's certificates and keys as PEM files.",
    "schema": "Print the JSON Schema of scenario files, for editors.",
}


class LateCommands(click.Group):
    """A group whose commands are imported when they are called."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"mailsim.cli.{cmd_name}").command
        return command

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=LateCommands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package.__version__, prog_name="mailsim")
def mailsim() -> None:
    """Simulate SMTP mail flow between Exchange on-premises, Exchange Online and the internet.

    Everything happens on this machine's loopback addresses; nothing is sent or looked up outside.

    Exit status: 0 all expectations met, 1 not met, 2 bad input, 3 mailsim or the machine failed.
    """
