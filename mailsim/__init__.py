"""mailsim: a local SMTP mail-flow simulator and test harness."""

from __future__ import annotations

__version__ = "0.1.0"
