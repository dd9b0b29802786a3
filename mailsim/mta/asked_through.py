"""The resolver of a point of view, asked in the way of ``sender_authentication``.

``through`` turns a ``Resolver`` into a ``Lookup``: aliases, faults, views and the cache of the MTA are the resolver's. Whoever
examines a message asks all of it through one resolver, so that its clock goes on while answers are awaited.

Unmodelled: DNSSEC, so no answer is authentic.
"""

from __future__ import annotations

from mailsim.mta.resolver import Resolver
from mailsim.sender_authentication.lookup import DnsAnswer, DnsOutcome, Lookup
from mailsim.world.dns import Data, DnsStatus, Txt

_OUTCOMES = {
    DnsStatus.FOUND: DnsOutcome.FOUND,
    DnsStatus.NODATA: DnsOutcome.NODATA,
    DnsStatus.NXDOMAIN: DnsOutcome.NXDOMAIN,
    DnsStatus.SERVFAIL: DnsOutcome.SERVFAIL,
    DnsStatus.TIMEOUT: DnsOutcome.TIMEOUT,
}


def through(dns: Resolver) -> Lookup:
    """Return a look-up that asks a resolver."""

    def ask(name: str, rdtype: str) -> DnsAnswer:
        asked = dns.lookup(name, rdtype)
        records = asked.found.records
        if records is None:
            return DnsAnswer(status=_OUTCOMES[asked.status])
        texts = tuple(_presented(each) for each in records.data)
        return DnsAnswer(status=DnsOutcome.FOUND, records=texts, ttl=records.ttl)

    return ask


def _presented(data: Data) -> str:
    if isinstance(data, Txt):
        return data.joined.decode("utf-8", "surrogateescape")
    return str(data)
