"""mailsim: a local SMTP mail-flow simulator and test harness.

import mailsim

scenario = mailsim.load("hybrid.yaml")
result = mailsim.predict(scenario)
assert result.met
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mailsim.api import Comparison, Result, compare, load, predict, run

__version__ = "0.1.0"
__all__ = ["Comparison", "Result", "compare", "load", "predict", "run"]


def __getattr__(name: str) -> Any:
    """Import the interface when it is first used, so that ``import mailsim`` costs nothing."""
    if name not in __all__:
        raise AttributeError(f"module 'mailsim' has no attribute {name!r}")
    from mailsim import api  # noqa: PLC0415 - the point of this function

    return getattr(api, name)
