"""How long properties are tried: ``ci`` finds the same examples each time, ``MAILSIM_LAWS=long`` looks for new ones."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

SLOW_IS_FINE = (HealthCheck.too_slow, HealthCheck.data_too_large)

settings.register_profile(
    "ci", derandomize=True, database=None, deadline=None, max_examples=12, suppress_health_check=SLOW_IS_FINE
)
settings.register_profile(
    "long", deadline=None, max_examples=100, print_blob=True, suppress_health_check=SLOW_IS_FINE
)
settings.load_profile("long" if os.environ.get("MAILSIM_LAWS") == "long" else "ci")
