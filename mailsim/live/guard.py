"""What a client that is not ours may cost this machine: time, memory, connections.

Given to a live run; everything here is wall time and real memory, and no verdict of a simulated product. Our own clients are
held to the time only, since a scenario may want any number of messages of any size.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

try:
    import resource
except ImportError:  # pragma: no cover - not on Windows
    resource = None  # type: ignore[assignment]


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """The limits of a live run's listeners.

    Args:
        idle_seconds: for a command line to be complete, for content to come, for a reply to be read.
        handshake_seconds: for a TLS handshake.
        closing_seconds: for a client to see the end of the connection.
        octets_per_second: a client that sends content faster than that may go on for longer.
        connections: of outside programs, for each listener.
        commands: of an outside program between two messages that are accepted.
        held_octets: of messages in transfer from outside programs, in all.
        content_octets: of one message or chunk, kept or not.
    """

    # rfc5321:4.5.3.2.7 at least 5 minutes; postfix: smtpd_timeout = 300 s
    idle_seconds: float = 300.0
    # postfix: smtpd_starttls_timeout = 300 s; OpenSSL's and asyncio's own peers give up after 60
    handshake_seconds: float = 60.0
    # a dead peer never sees it
    closing_seconds: float = 5.0
    # postfix: smtpd_min_data_rate = 500
    octets_per_second: float = 500.0
    # postfix: default_process_limit = 100
    connections: int = 200
    # Exchange's connector Default takes 5000 recipients
    commands: int = 20_000
    # three messages of the 150 MB that Exchange Online takes
    held_octets: int = 512 * 1024 * 1024
    content_octets: int = 1024 * 1024 * 1024


class Patience:
    """Until when one thing is waited for.

    Args:
        seconds: the longest wait without progress.
        octets_per_second: less is no progress.
        now: the monotonic clock.
    """

    def __init__(self, seconds: float, octets_per_second: float, now: Callable[[], float]) -> None:
        self._seconds = seconds
        self._rate = octets_per_second
        self._now = now
        self.deadline = 0.0
        self.begin()

    def begin(self) -> None:
        """Begin to wait for the next thing."""
        self.deadline = self._now() + self._seconds

    def came(self, octets: int) -> None:
        """Wait longer, as some content has come; never longer than from now on for something new."""
        self.deadline = min(self.deadline + octets / self._rate, self._now() + self._seconds)


class Store:
    """The memory that messages in transfer share.

    Args:
        limit: octets.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self.held = 0

    def change(self, before: int, after: int) -> bool:
        """Hold so many octets instead of so many before; refused where there is no room for more."""
        if after > before and self.held - before + after > self._limit:
            return False
        self.held += after - before
        return True


def most_connections() -> int:
    """Return how many connections of outside programs all listeners together may have: half of the files allowed."""
    if resource is None:  # pragma: no cover - not on Windows
        return 400
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return 10_000 if files == resource.RLIM_INFINITY else max(1, files // 2)
