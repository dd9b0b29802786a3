"""The web host from which senders fetch the MTA-STS policy of a domain. Nothing is fetched by HTTP: its answer is stated.

Source: RFC 8461 sections 3.2 and 3.3.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyHost:
    """What ``https://mta-sts.<domain>/.well-known/mta-sts.txt`` answers.

    Args:
        domain: whose policy it is, lower case.
        text: the policy.
        record_id: the ``id=`` that the domain's TXT record goes with.
        certificate: the name of the certificate it shows; empty for a right one of a public authority.
        unreachable_since: from when on nobody answers, UTC; None never.
    """

    domain: str
    text: str
    record_id: str = "1"
    certificate: str = ""
    unreachable_since: datetime | None = None

    @property
    def name(self) -> str:
        """Return its host name."""
        return f"mta-sts.{self.domain}"

    def answers(self, at: datetime) -> bool:
        """Tell whether it can be reached at an instant."""
        return self.unreachable_since is None or at < self.unreachable_since
