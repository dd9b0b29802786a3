"""One DNS message in, one out: the simulated zones as outside software sees them.

Called by the server for every query. It answers like an authority that also recurses, since it knows everything there is: along
aliases, with the SOA where there is nothing, NXDOMAIN apart from NODATA, SERVFAIL or silence where a fault says so. Modelled IPv4
addresses are given as the loopback addresses that carry them, and names for those are looked up as names for the modelled ones. Pure.

Records of one set come in any order, as from real servers: dnspython shuffles them.

Unmodelled: IPv6 (AAAA records are kept back, since what they name lies outside of this machine), signatures, zone transfer. Addresses in
TXT records stay as they are modelled. No signature is ever sent: of zones that a scenario states to be signed answers bear the AD bit,
as from a resolver that has validated them, and what is stated to be bogus fails.
Sources: RFC 1035 section 4, RFC 2308 section 3, RFC 6891, RFC 7766, RFC 8482.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from mailsim.live.addressing import AddressPlan
from mailsim.world.dns import (
    A,
    Answer,
    Data,
    Dnssec,
    DnsStatus,
    Lookup,
    RecordSet,
    Soa,
    Tlsa,
    Zones,
    follow,
)
from mailsim.world.dns.follow import Ask
from mailsim.world.dns.name import normal, reverse_name, reversed_address

LARGEST_STREAM = 65535
SMALLEST_DATAGRAM = 512  # rfc1035:4.2.1
OUR_DATAGRAM = 1232
"""What fits everywhere without fragments (DNS flag day 2020)."""

_TRANSFERS = (dns.rdatatype.AXFR, dns.rdatatype.IXFR)


@dataclass(frozen=True, slots=True)
class Horizon:
    """What is answered from.

    Args:
        zones: the records, as one view has them.
        now: the simulated instant, UTC.
        plan: which loopback address carries which modelled one.
        tlsa: writes a TLSA record as a zone file has it.
    """

    zones: Zones
    now: datetime
    plan: AddressPlan
    tlsa: Callable[[Tlsa], str] = str


@dataclass(frozen=True, slots=True)
class Response:
    """An answer.

    Args:
        octets: the message.
        delay: how late it is to be sent.
    """

    octets: bytes
    delay: timedelta = timedelta()


def respond(octets: bytes, horizon: Horizon, *, stream: bool) -> Response | None:
    """Answer one message.

    Args:
        octets: as it came.
        horizon: what is answered from.
        stream: whether it came over TCP, where nothing is cut off.

    Returns:
        The answer; None for silence: a question that times out, an answer instead of a question, or noise.
    """
    try:
        query = dns.message.from_wire(octets)
    except dns.exception.DNSException:
        return _malformed(octets)
    if query.flags & dns.flags.QR:
        return None  # answering answers would never end
    refusal = _refusal(query)
    if refusal is not None:
        return Response(_wire(_reply(query, refusal), query, stream=stream))
    return _answer(query, horizon, stream=stream)


def _malformed(octets: bytes) -> Response | None:
    """Answer what cannot be read; of less than a header not even its number is known."""
    if len(octets) < 12 or octets[2] & 0x80:
        return None
    number, flags = struct.unpack("!HH", octets[:4])
    opcode = flags & 0x7800
    return Response(struct.pack("!HHHHHH", number, 0x8000 | opcode | dns.rcode.FORMERR, 0, 0, 0, 0))


def _refusal(query: dns.message.Message) -> dns.rcode.Rcode | None:
    """Return why a message is no question for us, None when it is one."""
    if query.opcode() != dns.opcode.QUERY:
        return dns.rcode.NOTIMP
    if query.edns > 0:
        return dns.rcode.BADVERS
    if len(query.question) != 1:
        return dns.rcode.FORMERR
    asked = query.question[0]
    if asked.rdclass != dns.rdataclass.IN or asked.rdtype in _TRANSFERS:
        return dns.rcode.REFUSED
    return None


def _reply(query: dns.message.Message, rcode: dns.rcode.Rcode) -> dns.message.Message:
    reply = dns.message.make_response(query, recursion_available=True, our_payload=OUR_DATAGRAM)
    reply.set_rcode(rcode)
    return reply


def _wire(reply: dns.message.Message, query: dns.message.Message, *, stream: bool) -> bytes:
    # a reply is limited to what the client's EDNS says, on a stream too, unless told otherwise
    largest = LARGEST_STREAM if stream else max(SMALLEST_DATAGRAM, query.payload)
    return reply.to_wire(max_size=largest, prefer_truncation=True)


def _answer(query: dns.message.Message, horizon: Horizon, *, stream: bool) -> Response | None:
    asked = query.question[0]
    name, delay = _modelled(normal(asked.name.to_text()), horizon.plan), timedelta()

    def ask(name: str, kind: str) -> Answer:
        nonlocal delay
        answer = horizon.zones.ask(name, kind, horizon.now)
        delay += answer.delay
        return _validated(answer)

    kind = dns.rdatatype.to_text(asked.rdtype)
    found = _everything(ask, horizon.zones, name) if kind == "ANY" else [follow(ask, name, kind)]
    status = found[0].status
    if status is DnsStatus.TIMEOUT:
        return None
    reply = _reply(query, _RCODES.get(status, dns.rcode.NOERROR))
    reply.flags |= dns.flags.AA
    if found[0].dnssec.authentic and (query.flags & dns.flags.AD or query.ednsflags & dns.flags.DO):
        reply.flags |= dns.flags.AD  # rfc6840:5.8
    if not status.passes:
        records = [*found[0].aliases, *(each.records for each in found if each.records is not None)]
        reply.answer.extend(_rrsets(asked.name, name, records, horizon))
        if len(reply.answer) == len(found[0].aliases):
            reply.authority.extend(_denial(horizon.zones.soa_of(found[0].name)))
    return Response(_wire(reply, query, stream=stream), delay)


def _validated(answer: Answer) -> Answer:
    """Return what a validating resolver hands on (RFC 4035 section 5.5)."""
    return Answer(DnsStatus.SERVFAIL, dnssec=answer.dnssec) if answer.dnssec is Dnssec.BOGUS else answer


_RCODES = {DnsStatus.NXDOMAIN: dns.rcode.NXDOMAIN, DnsStatus.SERVFAIL: dns.rcode.SERVFAIL}


def _everything(ask: Ask, zones: Zones, name: str) -> list[Lookup]:
    """Look up all that a name has (RFC 8482 lets us give less)."""
    kinds = list(zones.at(name) or ())
    return [follow(ask, name, kind) for kind in kinds or ["ANY"]]


def _modelled(name: str, plan: AddressPlan) -> str:
    """Return the name to look up: that of the modelled address where one asks about its carrier."""
    carrier = reversed_address(name)
    modelled = plan.modelled(carrier) if carrier is not None else None
    if modelled is None or plan.carrier(modelled) != carrier:
        return name
    return reverse_name(modelled)


def _rrsets(
    asked: dns.name.Name, name: str, found: list[RecordSet], horizon: Horizon
) -> Iterator[dns.rrset.RRset]:
    """Yield records as the wire has them, under the name that was asked for."""
    for records in found:
        texts = [text for data in records.data if (text := _text(data, horizon))]
        owner = asked if records.owner == name else dns.name.from_text(records.owner)
        if texts:
            yield dns.rrset.from_text(owner, records.ttl, dns.rdataclass.IN, records.type, *texts)


def _text(data: Data, horizon: Horizon) -> str:
    """Return data as a zone file has it, empty where it is kept back."""
    if isinstance(data, A):
        return str(horizon.plan.carrier(data.address) or "")
    if isinstance(data, Tlsa):
        return horizon.tlsa(data)
    return "" if data.type == "AAAA" else data.zone_text


def _denial(soa: RecordSet | None) -> Iterator[dns.rrset.RRset]:
    """Yield the SOA that says how long to remember that there is nothing (RFC 2308 section 3)."""
    data = soa.data[0] if soa is not None else None
    if soa is not None and isinstance(data, Soa):
        lasts = min(soa.ttl, data.minimum)
        yield dns.rrset.from_text(soa.owner + ".", lasts, dns.rdataclass.IN, "SOA", data.zone_text)
