"""How long properties are tried: ``ci`` finds the same examples each time, ``MAILSIM_LAWS=long`` looks for new ones."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

SLOW_IS_FINE = (HealthCheck.too_slow, HealthCheck.data_too_large)

settings.register_profile(
    "ci", derandomize=True, database=None, deadline=None, max_examples=12, suppress_health_check=SLOW_IS_FINE
)
settings.register_profile(
    "long", deadline=None, max_examples=100, print_blob=True, suppress_health_check=SLOW_IS_FINE
)
LONG = os.environ.get("MAILSIM_LAWS") == "long"
settings.load_profile("long" if LONG else "ci")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let what looks for new cases take its time: hypothesis takes running out of it for a case that breaks the law."""
    for item in items if LONG else []:
        item.add_marker(pytest.mark.timeout(0))
