"""Says below a run of the conformance cases how many there are, by grade and area."""

from __future__ import annotations

import pytest

from tests.conformance.register import conformance_cases, lines


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the register."""
    terminalreporter.section("conformance")
    for line in lines(conformance_cases()):
        terminalreporter.line(line)
