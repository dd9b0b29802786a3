"""The transport settings of a tenant (Set-TransportConfig)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import ClassVar

from mailsim.world.source import Origin

LEAST, MOST = timedelta(hours=12), timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class TransportConfig:
    """Set-TransportConfig of a tenant."""

    SPELLING: ClassVar[str] = "exchange"

    message_expiration: timedelta = MOST
    origin: Origin | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Refuse what the cmdlet refuses.

        Raises:
            ValueError: for an expiration outside twelve hours to a day.
        """
        if not LEAST <= self.message_expiration <= MOST:
            raise ValueError(
                f"TransportConfig: MessageExpiration {self.message_expiration} is out of range; "
                "wanted 12:00:00 to 1.00:00:00"
            )

    def source(self, name: str = "") -> str:
        """Return ``file:line`` of a property, or of the object."""
        return self.origin.of(name) if self.origin else ""
