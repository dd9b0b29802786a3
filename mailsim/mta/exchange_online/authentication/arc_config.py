"""The ARC settings of a tenant (Set-ArcConfig); ``arc_sealers`` reads them. Names are those of the cmdlet, snake_cased."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from mailsim.world.source import Written


@dataclass(frozen=True, slots=True, kw_only=True)
class ArcConfig(Written):
    """The ARC settings of a tenant (Set-ArcConfig)."""

    SPELLING: ClassVar[str] = "exchange"
    IGNORED: ClassVar[frozenset[str]] = frozenset({"Identity"})

    arc_trusted_sealers: tuple[str, ...] = ()
