"""Versions of TLS, the range of them that a host speaks, and what two hosts agree on.

The version of a session follows from both sides' ranges (RFC 8446 section 4.2.1 and appendix D): the highest that both speak;
where there is none, the handshake fails. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class TlsVersion(Enum):
    """A version of TLS, as administrators write it; the members stand in their order."""

    TLS1_0 = "1.0"
    TLS1_1 = "1.1"
    TLS1_2 = "1.2"
    TLS1_3 = "1.3"

    @property
    def shown(self) -> str:
        """Return the version as Exchange prints it in Received lines: ``TLS1_2``."""
        return self.name

    @property
    def deprecated(self) -> bool:
        """Whether RFC 8996 withdrew it."""
        return self in (TlsVersion.TLS1_0, TlsVersion.TLS1_1)


_ORDER = tuple(TlsVersion)


@dataclass(frozen=True, slots=True)
class TlsVersions:
    """The versions that a host speaks: all from the lowest to the highest.

    Raises:
        ValueError: the lowest is above the highest.
    """

    lowest: TlsVersion = TlsVersion.TLS1_2
    highest: TlsVersion = TlsVersion.TLS1_3

    def __post_init__(self) -> None:
        if not self.spoken:
            raise ValueError(f"TLS {self.lowest.value} is above TLS {self.highest.value}")

    @property
    def spoken(self) -> tuple[TlsVersion, ...]:
        """Return every version of the range, in order."""
        return _ORDER[_ORDER.index(self.lowest) : _ORDER.index(self.highest) + 1]

    def agreed(self, other: TlsVersions) -> TlsVersion | None:
        """Return the version that two hosts use, None when they have none in common."""
        common = [version for version in self.spoken if version in other.spoken]
        return common[-1] if common else None

    def __str__(self) -> str:
        if self.lowest is self.highest:
            return f"TLS {self.lowest.value}"
        return f"TLS {self.lowest.value} to {self.highest.value}"


@dataclass(frozen=True, slots=True)
class NoCommonVersion:
    """Why a handshake failed: the two sides speak no common version.

    Args:
        client: what the client speaks.
        server: what the server speaks on that connection.
    """

    client: TlsVersions
    server: TlsVersions

    @classmethod
    def between(cls, client: TlsVersions, server: TlsVersions) -> NoCommonVersion | None:
        """Return why two sides cannot agree, None when they can."""
        return None if client.agreed(server) else cls(client, server)

    def __str__(self) -> str:
        return (
            f"the handshake failed: no common version, the client speaks {self.client}, "
            f"the server {self.server}"
        )
