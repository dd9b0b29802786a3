"""The errors of mailsim, by who is to blame.

    MailsimError
      ScenarioError        the user's text; holds every diagnostic found, not only the first
      LiveError            the machine refused: a port in use, a loopback alias missing
        UnsupportedError   the machine cannot do what a scenario asks for, such as an old version of TLS
      Bug                  mailsim contradicts itself; never shown as an SMTP verdict
    ExpectationFailed      an AssertionError: a scenario's expectation was not met

An SMTP refusal is never an exception: it is a ``Reply`` in a ``Decision``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class Located(Protocol):
    """What a diagnostic must be able to do here: print itself as one line."""

    def __str__(self) -> str: ...


class MailsimError(Exception):
    """Any error that mailsim raises on purpose."""


class ScenarioError(MailsimError):
    """The scenario cannot be used; nothing was started and nothing was changed.

    Args:
        diagnostics: every fault found, in the order of the text.
    """

    def __init__(self, diagnostics: Sequence[Located]) -> None:
        self.diagnostics = tuple(diagnostics)
        super().__init__("\n".join(str(diagnostic) for diagnostic in self.diagnostics))


class LiveError(MailsimError):
    """The machine refused something the live run needs; what had been started was stopped."""


class UnsupportedError(LiveError):
    """The machine cannot do what the scenario asks for; nothing was started, and a test may be skipped."""


class Bug(MailsimError):
    """Mailsim contradicts itself; the answer at hand must not be trusted."""


class ExpectationFailed(AssertionError):
    """A scenario's expectation was not met; the text says what happened and why."""
