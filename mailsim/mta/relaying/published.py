"""What the next hop's domain publishes about TLS, as a sender has learned it before it connects.

``targets`` collects it for each host, ``flow`` hands it to ``on_offer`` with the session it is held against. Pure data.

Sources: RFC 7672 section 2.2 (TLSA records), RFC 8461 section 5 (MTA-STS policies).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from mailsim.reason.decision import Reason
from mailsim.sender_authentication.lookup import DnsAnswer
from mailsim.sender_authentication.mta_sts import StsMode, StsPolicy
from mailsim.sender_authentication.tlsa import read_records


class Use(Enum):
    """How a sender goes by what is published."""

    NEVER = "not looked at"
    IF_THERE = "where there is some"
    ALWAYS = "mail waits where there is none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asks:
    """What a route asks for.

    Args:
        dane: whether TLSA records are looked up.
        sts: whether an MTA-STS policy is; ALWAYS is not known of any sender.
        dane_setting: the property it comes from, such as ``SmtpDaneMode Mandatory of 'Partner'``.
        sts_setting: the same.
        dane_source: ``file:line`` of the property, empty for a default.
        sts_source: the same.
    """

    dane: Use = Use.NEVER
    sts: Use = Use.NEVER
    dane_setting: str = ""
    sts_setting: str = ""
    dane_source: str = ""
    sts_source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What is published about a host.

    Args:
        tlsa: its TLSA records, with DNSSEC; None where DANE does not apply.
        policy: the MTA-STS policy of the domain; None where there is none, or none that wants anything.
        policy_because: how the sender came by it; None without one.
    """

    tlsa: DnsAnswer | None = None
    policy: StsPolicy | None = None
    policy_because: Reason | None = field(default=None, compare=False)

    @property
    def demands_tls(self) -> bool:
        """Whether nothing may be sent in clear text."""
        return self.tlsa is not None or self._enforced

    @property
    def verifies(self) -> bool:
        """Whether the certificate decides."""
        usable = self.tlsa is not None and any(each.usable for each in read_records(self.tlsa))
        return usable or self._enforced

    @property
    def _enforced(self) -> bool:
        return self.policy is not None and self.policy.mode is StsMode.ENFORCE


NOTHING_PUBLISHED = Published()
