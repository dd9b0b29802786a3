"""How this package asks the DNS, and what it is told.

Whoever calls gives a ``Lookup``: a function from a name and a record type to a ``DnsAnswer``. The simulated resolver
is one, a table in a test another. It follows CNAME records itself, as a resolver does, and never raises.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from mailsim.reason.check import Check, check
from mailsim.reason.cite import Citation


class DnsOutcome(Enum):
    """How a look-up ended."""

    FOUND = "found"
    NODATA = "no such record"
    NXDOMAIN = "no such name"
    SERVFAIL = "server failure"
    TIMEOUT = "no answer"


@dataclass(frozen=True, slots=True, kw_only=True)
class DnsAnswer:
    """What a resolver answers.

    Args:
        status: how the look-up ended; records are there only when FOUND.
        records: in presentation form, without a class and without trailing dots: ``192.0.2.1``, ``10 mail.example``,
            ``host.example``, ``3 1 1 0d6f...``. Of a TXT record the strings are joined without anything between them
            (rfc7208:3.3), without quotes; octets beyond ASCII are UTF-8 with ``surrogateescape``.
        ttl: seconds for which it may be kept.
        authentic: whether DNSSEC vouches for it (the AD bit), also for the absence of records.
        named: how the records are shown, where their own text depends on keys of the moment; empty shows the text.
    """

    status: DnsOutcome
    records: tuple[str, ...] = ()
    ttl: int = 0
    authentic: bool = False
    named: tuple[str, ...] = ()

    @property
    def shown(self) -> str:
        """Return the records as people read them, else how the look-up ended."""
        return "; ".join(self.named or self.records) or self.status.value

    @property
    def failed(self) -> bool:
        """Whether nothing is known: another try may end otherwise."""
        return self.status in (DnsOutcome.SERVFAIL, DnsOutcome.TIMEOUT)


class Lookup(Protocol):
    """Ask the DNS."""

    def __call__(self, name: str, rdtype: str) -> DnsAnswer:
        """Answer a question.

        Args:
            name: lower case or not, without trailing dot.
            rdtype: ``A``, ``AAAA``, ``MX``, ``PTR``, ``TXT``, ``TLSA``.
        """


def record_exists(name: str, rdtype: str, answer: DnsAnswer, cite: Citation) -> Check:
    """Return the check that a look-up is: what was asked and what was found."""
    saw = "; ".join(answer.records) if answer.records else answer.status.value
    found = answer.status is DnsOutcome.FOUND
    return check(found, f"{rdtype} {name}", saw=saw, wanted="a record", cite=cite)


def is_answered(name: str, rdtype: str, answer: DnsAnswer, cite: Citation) -> Check:
    """Want an answer, be it that there is nothing."""
    saw = "; ".join(answer.records) if answer.records else answer.status.value
    return check(not answer.failed, f"{rdtype} {name}", saw=saw, wanted="an answer", cite=cite)
