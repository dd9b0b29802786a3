"""The command line: ``mailsim run``, ``predict``, ``expand``, ``explain``, ``up``, ``send``, ``certs``, ``schema``.

Exit status: 0 all expectations met; 1 not met; 2 bad input; 3 mailsim or the machine failed. Commands import what they
need when they are called, so that ``--help`` answers at once.
"""

from __future__ import annotations

import sys

from mailsim.errors import MailsimError, ScenarioError

MET, NOT_MET, BAD_INPUT, FAILED = 0, 1, 2, 3


def main() -> None:
    """Run the command line and leave with its status."""
    sys.exit(run_command(sys.argv[1:]))


def run_command(arguments: list[str]) -> int:
    """Run one command and return its exit status; errors are printed, one line each."""
    import click

    from mailsim.cli.group import mailsim

    try:
        status = mailsim.main(args=arguments, prog_name="mailsim", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return BAD_INPUT
    except click.Abort:
        return 130
    except ScenarioError as error:
        for diagnostic in error.diagnostics:
            print(diagnostic, file=sys.stderr)
        return BAD_INPUT
    except MailsimError as error:
        print(f"mailsim: {type(error).__name__}: {error}", file=sys.stderr)
        return FAILED
    except OSError as error:
        print(f"mailsim: {error.filename or 'machine'}: {error.strerror or error}", file=sys.stderr)
        return FAILED
    except Exception:  # noqa: BLE001 - a bug must never look like an unmet expectation
        import traceback

        traceback.print_exc()
        print("mailsim: this is a bug of mailsim, not a verdict about the scenario", file=sys.stderr)
        return FAILED
    return int(status or 0)
