"""The parts of docs/reference/cli.md that click knows better: usage, options, defaults.

``python tests/meta/cli_tables.py`` writes them into the page, between a line ``<!-- options of NAME -->`` and the next
``<!-- end -->``; test_meta_docs.py holds the page equal to them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click

from mailsim.cli.group import COMMANDS, mailsim

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "cli.md"

_PART = re.compile(r"(<!-- options of ([\w ]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def names() -> list[str]:
    """Return the names of all parts: the program and its commands."""
    return ["mailsim", *(f"mailsim {name}" for name in COMMANDS)]


def command_of(name: str) -> tuple[click.Command, click.Context]:
    """Return a command with the context in which it describes itself."""
    top = click.Context(mailsim, info_name="mailsim", **mailsim.context_settings)
    if name == "mailsim":
        return mailsim, top
    command = mailsim.get_command(top, name.removeprefix("mailsim "))
    assert command is not None, name
    return command, click.Context(command, info_name=command.name, parent=top)


def options_of(name: str) -> set[str]:
    """Return every spelling of every option of a command."""
    command, context = command_of(name)
    options = (each for each in command.get_params(context) if isinstance(each, click.Option))
    return {spelling for each in options for spelling in (*each.opts, *each.secondary_opts)}


def part_of(name: str) -> str:
    """Return the generated part of the page about a command."""
    command, context = command_of(name)
    usage = " ".join([name, *command.collect_usage_pieces(context)])
    rows = (_row(each, context) for each in command.get_params(context) if isinstance(each, click.Option))
    return "\n".join([f"`{usage}`", "", "| option | default | what |", "|---|---|---|", *rows]) + "\n"


def with_tables(page: str) -> str:
    """Return the page with every generated part as it should be."""
    return _PART.sub(lambda found: f"{found[1]}{part_of(found[2])}{found[3]}", page)


def parts_in(page: str) -> list[str]:
    """Return the names of the parts that a page has, in order."""
    return [found[2] for found in _PART.finditer(page)]


def _row(option: click.Option, context: click.Context) -> str:
    return f"| {', '.join(_spelled(option, context))} | {_default(option, context)} | {_help(option)} |"


def _spelled(option: click.Option, context: click.Context) -> Iterator[str]:
    value = "" if option.is_flag else f" {option.make_metavar(context)}"
    yield from (f"`{spelling}{value}`" for spelling in option.opts)


def _default(option: click.Option, context: click.Context) -> str:
    if option.required:
        return "required"
    default = None if option.is_flag else option.get_default(context)
    return f"`{default}`" if isinstance(default, str | int) and default != "" else ""


def _help(option: click.Option) -> str:
    return (option.help or "").replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(with_tables(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
