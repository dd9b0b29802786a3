"""How the laws are tried when they look for new cases."""

from __future__ import annotations

import os
import subprocess
import sys

from pages import ROOT


def test_looking_for_new_cases_is_not_cut_off() -> None:
    """Hypothesis takes a test that runs out of time for a case that breaks the law, and shows it as one."""
    command = [sys.executable, "-m", "pytest", "-q", "-o", "timeout=0.0001", "tests/laws/test_laws_found.py"]
    found = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, "MAILSIM_LAWS": "long"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, found.stdout[-2000:]
