"""The resolver of a point of view, asked in the way of ``sender_authentication``.

``through`` turns a ``Resolver`` into a ``Lookup``: aliases, faults, views and the cache of the MTA are the resolver's. Whoever
examines a message asks all of it through one resolver, so that its clock goes on while answers are awaited. A TLSA record that
stands for a certificate of the simulation is answered with its digest.
"""

from __future__ import annotations

from mailsim.mta.resolver import Asked, Resolver
from mailsim.pki import Pki
from mailsim.sender_authentication.lookup import DnsAnswer, DnsOutcome, Lookup
from mailsim.sender_authentication.tlsa import Usage, write_tlsa
from mailsim.world.dns import Data, DnsStatus, Tlsa, Txt

_OUTCOMES = {
    DnsStatus.FOUND: DnsOutcome.FOUND,
    DnsStatus.NODATA: DnsOutcome.NODATA,
    DnsStatus.NXDOMAIN: DnsOutcome.NXDOMAIN,
    DnsStatus.SERVFAIL: DnsOutcome.SERVFAIL,
    DnsStatus.TIMEOUT: DnsOutcome.TIMEOUT,
}


def through(dns: Resolver, pki: Pki) -> Lookup:
    """Return a look-up that asks a resolver."""

    def ask(name: str, rdtype: str) -> DnsAnswer:
        return answer_of(dns.lookup(name, rdtype), pki)

    return ask


def answer_of(asked: Asked, pki: Pki) -> DnsAnswer:
    """Return an answer in the words of ``sender_authentication``."""
    found = asked.found
    data = found.records.data if found.records is not None else ()
    keyed = any(isinstance(each, Tlsa) and not each.association for each in data)
    return DnsAnswer(
        status=_OUTCOMES[found.status],
        records=tuple(_text(each, pki) for each in data),
        ttl=found.records.ttl if found.records is not None else 0,
        authentic=found.dnssec.authentic,
        named=tuple(map(str, data)) if keyed else (),
    )


def _text(data: Data, pki: Pki) -> str:
    if isinstance(data, Txt):
        return data.joined.decode("utf-8", "surrogateescape")
    return tlsa_text(data, pki) if isinstance(data, Tlsa) else str(data)


def tlsa_text(record: Tlsa, pki: Pki) -> str:
    """Return a TLSA record as a zone file has it, that of a certificate of the simulation with its digest."""
    if record.association or not (record.certificate or record.authority):
        return record.zone_text
    der = (
        pki.certificate_der(record.certificate) if record.certificate else pki.authority_der(record.authority)
    )
    return write_tlsa(der, usage=Usage(record.usage), selector=record.selector, matching=record.matching)
