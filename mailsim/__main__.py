"""``python -m mailsim``."""

from __future__ import annotations

from mailsim.cli import main

main()
