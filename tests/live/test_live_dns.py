"""The DNS server: one message in, one out, and over the sockets of the loopback network with dnspython's own resolver."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from ipaddress import IPv4Address, IPv6Address

import dns.asyncquery
import dns.asyncresolver
import dns.exception
import dns.flags
import dns.message
import dns.opcode
import dns.rcode
import dns.rdatatype
import dns.resolver
import pytest
from builders import START, pipeline, two_mtas

from mailsim.errors import Bug, LiveError
from mailsim.live import dns_server
from mailsim.live.addressing import AddressPlan
from mailsim.live.dns_wire import Horizon, respond
from mailsim.live.worker import LiveRun
from mailsim.world.dns import (
    A,
    Aaaa,
    Cname,
    Dnssec,
    DnsStatus,
    Fault,
    Mx,
    Other,
    Ptr,
    RecordSet,
    Soa,
    Tlsa,
    Txt,
    View,
    Zones,
)
from mailsim.world.dns.change import DnsChange
from mailsim.world.topology import Topology

HOME = IPv4Address("127.0.0.1")
OUTSIDE = IPv4Address("192.0.2.30")
RECORDS = Zones.of(
    [
        RecordSet("northwind.com", 3600, (Soa("ns.northwind.com", "h.northwind.com", 1, 2, 3, 4, 300),)),
        RecordSet("mx.northwind.com", 3600, (A(OUTSIDE),)),
        RecordSet("northwind.com", 600, (Mx(20, "b.northwind.com"), Mx(10, "mx.northwind.com"))),
        RecordSet("six.northwind.com", 60, (Aaaa(IPv6Address("2001:db8::1")),)),
        RecordSet("www.northwind.com", 60, (Cname("mx.northwind.com"),)),
        RecordSet("dangling.northwind.com", 60, (Cname("nowhere.northwind.com"),)),
        RecordSet("*.wild.northwind.com", 60, (Txt((b"wild",)),)),
        RecordSet("long.northwind.com", 60, (Txt(tuple(bytes([65 + n]) * 250 for n in range(8))),)),
        RecordSet("30.2.0.192.in-addr.arpa", 60, (Ptr("mx.northwind.com"),)),
        RecordSet("_25._tcp.mx.northwind.com", 60, (Tlsa(3, 1, 1, bytes(32)),)),
        RecordSet("_sip._tls.northwind.com", 60, (Other("SRV", "0 0 443 sip.northwind.com."),)),
    ],
    [
        Fault(owner="broken.example", fail=DnsStatus.SERVFAIL),
        Fault(owner="silent.example", fail=DnsStatus.TIMEOUT),
        Fault(owner="gone.northwind.com", fail=DnsStatus.NXDOMAIN),
        Fault(owner="mx.northwind.com", type="TXT", delay=timedelta(milliseconds=5)),
    ],
)
WORLD = replace(two_mtas(), zones=RECORDS)
PLAN = AddressPlan.of(WORLD)
CARRIER = str(PLAN.carrier(OUTSIDE))
HORIZON = Horizon(RECORDS, START, PLAN)


def asked(name: str, kind: str = "A", *, stream: bool = False, **more) -> dns.message.Message | None:
    """Ask one question without sockets."""
    response = respond(dns.message.make_query(name, kind, **more).to_wire(), HORIZON, stream=stream)
    return dns.message.from_wire(response.octets) if response else None


def texts(message: dns.message.Message) -> list[str]:
    """Return the data of an answer."""
    return [data.to_text() for rrset in message.answer for data in rrset]


@pytest.mark.parametrize(
    ("name", "kind", "rcode", "answer"),
    [
        ("mx.northwind.com", "A", "NOERROR", [CARRIER]),
        ("MX.Northwind.com", "A", "NOERROR", [CARRIER]),
        ("northwind.com", "MX", "NOERROR", ["20 b.northwind.com.", "10 mx.northwind.com."]),
        ("www.northwind.com", "A", "NOERROR", ["mx.northwind.com.", CARRIER]),
        ("x.wild.northwind.com", "TXT", "NOERROR", ['"wild"']),
        ("_25._tcp.mx.northwind.com", "TLSA", "NOERROR", [f"3 1 1 {'00' * 32}"]),
        ("_sip._tls.northwind.com", "SRV", "NOERROR", ["0 0 443 sip.northwind.com."]),
        ("mx.northwind.com", "MX", "NOERROR", []),
        ("six.northwind.com", "AAAA", "NOERROR", []),  # what it names lies outside of this machine
        ("nowhere.northwind.com", "A", "NXDOMAIN", []),
        ("dangling.northwind.com", "A", "NXDOMAIN", ["nowhere.northwind.com."]),
        ("gone.northwind.com", "A", "NXDOMAIN", []),
        ("broken.example", "A", "SERVFAIL", []),
    ],
)
def test_answers(name, kind, rcode, answer):
    """The rules of the authority reach the wire; addresses are those that carry the modelled ones."""
    reply = asked(name, kind)
    assert (dns.rcode.to_text(reply.rcode()), sorted(texts(reply))) == (rcode, sorted(answer))
    assert reply.flags & dns.flags.AA
    assert reply.flags & dns.flags.RA


@pytest.mark.parametrize(
    ("name", "flags", "rcode", "authentic"),
    [
        ("mx.northwind.com", dns.flags.AD, "NOERROR", True),
        ("nowhere.northwind.com", dns.flags.AD, "NXDOMAIN", True),
        ("mx.northwind.com", 0, "NOERROR", False),
        ("plain.example", dns.flags.AD, "NXDOMAIN", False),
        ("wrong.example", dns.flags.AD, "SERVFAIL", False),
    ],
)
def test_answers_about_signed_zones_bear_the_ad_bit(name, flags, rcode, authentic):
    """For those who ask for it (RFC 6840 section 5.8); what is bogus fails."""
    states = (("northwind.com", Dnssec.SIGNED), ("wrong.example", Dnssec.BOGUS))
    horizon = replace(HORIZON, zones=replace(RECORDS, dnssec=states))
    query = dns.message.make_query(name, "A")
    query.flags |= flags
    reply = dns.message.from_wire(respond(query.to_wire(), horizon, stream=False).octets)
    assert (dns.rcode.to_text(reply.rcode()), bool(reply.flags & dns.flags.AD)) == (rcode, authentic)


@pytest.mark.shows("rfc2308", "3")
@pytest.mark.parametrize("name", ["nowhere.northwind.com", "mx.northwind.com", "six.northwind.com"])
def test_that_there_is_nothing_comes_with_the_soa(name):
    """Its TTL is the lesser of its own and its last field (RFC 2308 section 3)."""
    reply = asked(name, "AAAA")
    assert [(rrset.name.to_text(), rrset.ttl) for rrset in reply.authority] == [("northwind.com.", 300)]


def test_a_carrier_has_the_name_of_what_it_carries():
    """Software that looks up the address it sees gets the PTR record of the modelled one."""
    reverse = ".".join(reversed(CARRIER.split("."))) + ".in-addr.arpa"
    reply = asked(reverse, "PTR")
    assert texts(reply) == ["mx.northwind.com."]
    assert reply.answer[0].name.to_text() == reverse + "."
    assert texts(asked("30.2.0.192.in-addr.arpa", "PTR")) == ["mx.northwind.com."]
    assert asked("9.9.0.127.in-addr.arpa", "PTR").rcode() == dns.rcode.NXDOMAIN


def test_any():
    """ANY gives what a name has, NXDOMAIN where there is no name."""
    kinds = {rrset.rdtype for rrset in asked("northwind.com", "ANY").answer}
    assert kinds == {dns.rdatatype.SOA, dns.rdatatype.MX}
    assert asked("nowhere.northwind.com", "ANY").rcode() == dns.rcode.NXDOMAIN
    assert asked("tcp.northwind.com", "ANY").rcode() == dns.rcode.NXDOMAIN


def test_truncation():
    """A datagram holds 512 octets, or what EDNS says; a stream holds everything (RFC 1035 section 4.2, RFC 6891)."""
    small = asked("long.northwind.com", "TXT", use_edns=False)
    assert small.flags & dns.flags.TC
    assert len(small.to_wire()) <= 512
    large = asked("long.northwind.com", "TXT", use_edns=0, payload=4096)
    assert not large.flags & dns.flags.TC
    assert large.edns == 0
    for more in ({"use_edns": False}, {"use_edns": 0, "payload": 512}):
        whole = asked("long.northwind.com", "TXT", stream=True, **more)
        assert not whole.flags & dns.flags.TC
        assert len(whole.answer[0][0].strings) == 8


@pytest.mark.parametrize(
    ("change", "rcode"),
    [
        (lambda query: query.set_opcode(dns.opcode.NOTIFY), dns.rcode.NOTIMP),
        (lambda query: query.use_edns(1), dns.rcode.BADVERS),
        (lambda query: query.question.clear(), dns.rcode.FORMERR),
        (
            lambda query: query.question.append(query.question[0].copy()),
            dns.rcode.FORMERR,
        ),
    ],
)
def test_what_is_no_question(change, rcode):
    """Each is refused in its own way."""
    query = dns.message.make_query("mx.northwind.com", "A")
    change(query)
    reply = dns.message.from_wire(respond(query.to_wire(), HORIZON, stream=False).octets)
    assert reply.rcode() == rcode


@pytest.mark.parametrize(("name", "kind", "rdclass"), [("northwind.com", "AXFR", "IN"), ("x", "TXT", "CH")])
def test_refused(name, kind, rdclass):
    """Zones are not transferred, and there is one class."""
    assert asked(name, kind, rdclass=rdclass).rcode() == dns.rcode.REFUSED


def test_noise():
    """What is no message is answered as such where it has a header, an answer never."""
    query = dns.message.make_query("mx.northwind.com", "A").to_wire()
    reply = dns.message.from_wire(respond(query[:-3], HORIZON, stream=False).octets)
    assert (reply.id, reply.rcode()) == (int.from_bytes(query[:2]), dns.rcode.FORMERR)
    assert respond(b"", HORIZON, stream=False) is None
    assert respond(query[:11], HORIZON, stream=False) is None
    answer = respond(query, HORIZON, stream=False).octets
    assert respond(answer, HORIZON, stream=False) is None
    assert respond(answer[:-3], HORIZON, stream=False) is None


def test_faults():
    """A question that times out is met with silence, a late answer says how late it is."""
    assert asked("silent.example") is None
    query = dns.message.make_query("mx.northwind.com", "TXT").to_wire()
    assert respond(query, HORIZON, stream=False).delay == timedelta(milliseconds=5)


# --- over sockets -------------------------------------------------------------------------------------------


def serve(work, world: Topology = WORLD, view: str = "", port: int = 0):
    """Run ``work(resolver, endpoint, live)`` while the DNS of a world is served."""

    async def run():
        async with LiveRun(pipeline(world)) as live:
            endpoint = await live.serve_dns(HOME, port, view=view)
            resolver = dns.asyncresolver.Resolver(configure=False)
            resolver.nameservers, resolver.port = [str(endpoint.address)], endpoint.port
            resolver.lifetime = 20
            return await work(resolver, endpoint, live)

    return asyncio.run(run())


def test_a_resolver_of_others_uses_it():
    """Dnspython's resolver finds what the scenario says, by UDP and, where that is cut off, by TCP."""

    async def work(resolver, _endpoint, _live):
        mx = await resolver.resolve("northwind.com", "MX")
        assert sorted(each.exchange.to_text() for each in mx) == ["b.northwind.com.", "mx.northwind.com."]
        assert [each.address for each in await resolver.resolve("www.northwind.com", "A")] == [CARRIER]
        assert len((await resolver.resolve("long.northwind.com", "TXT"))[0].strings) == 8
        with pytest.raises(dns.resolver.NXDOMAIN):
            await resolver.resolve("nowhere.northwind.com", "A")
        with pytest.raises(dns.resolver.NoAnswer):
            await resolver.resolve("mx.northwind.com", "MX")
        with pytest.raises(dns.resolver.NoNameservers):
            await resolver.resolve("broken.example", "A")
        with pytest.raises(dns.resolver.NoAnswer):
            await resolver.resolve("mx.northwind.com", "TXT")  # answered late

    serve(work)


def test_several_questions_on_one_connection():
    """A TCP client may ask on; one whose question times out is left alone."""

    async def work(_resolver, endpoint, _live):
        reader, writer = await asyncio.open_connection(str(endpoint.address), endpoint.port)
        for name, kind in (("mx.northwind.com", "A"), ("mx.northwind.com", "TXT"), ("northwind.com", "MX")):
            query = dns.message.make_query(name, kind)
            writer.write(len(query.to_wire()).to_bytes(2) + query.to_wire())
            size = int.from_bytes(await reader.readexactly(2))
            assert query.is_response(dns.message.from_wire(await reader.readexactly(size)))
        silent = dns.message.make_query("silent.example", "A").to_wire()
        writer.write(len(silent).to_bytes(2) + silent)
        with suppress(ConnectionError):
            assert await reader.read() == b""
        writer.close()

    serve(work)


def test_what_is_under_way_ends_with_the_run():
    """Open connections and late answers do not keep the run from ending."""
    slow = RECORDS.plus(faults=[Fault(owner="slow.example", delay=timedelta(hours=1))])

    async def work(_resolver, endpoint, _live):
        query = dns.message.make_query("slow.example", "A").to_wire()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.sendto(query, (str(endpoint.address), endpoint.port))
        _, writer = await asyncio.open_connection(str(endpoint.address), endpoint.port)
        writer.write(len(query).to_bytes(2) + query)
        _, idle = await asyncio.open_connection(str(endpoint.address), endpoint.port)
        known = dns.message.make_query("mx.northwind.com", "A")
        await dns.asyncquery.udp(known, str(endpoint.address), port=endpoint.port)
        await dns.asyncquery.tcp(known, str(endpoint.address), port=endpoint.port)
        writer.close()
        idle.close()

    serve(work, replace(WORLD, zones=slow))


def test_it_follows_the_clock_and_the_view():
    """What is served is what the view has at the simulated instant."""
    other = RecordSet("northwind.com", 60, (Mx(0, "new.northwind.com"),))
    view = View.of("inside", frozenset(), Zones.of([RecordSet("in.example", 60, (A(OUTSIDE),))]), RECORDS)
    change = DnsChange(at=START + timedelta(hours=1), owner="northwind.com", sets=(other,))
    world = replace(WORLD, views=(view,), changes=(change,))

    async def work(resolver, _endpoint, live):
        assert [each.address for each in await resolver.resolve("in.example", "A")] == [CARRIER]
        live.pipeline.now = START + timedelta(hours=1)
        mx = await resolver.resolve("northwind.com", "MX")
        assert [each.exchange.to_text() for each in mx] == ["new.northwind.com."]

    serve(work, world, view="inside")


def test_a_port_that_is_taken():
    """It is refused in one line, whichever of the two protocols has it."""

    async def work(_resolver, endpoint, live):
        with pytest.raises(LiveError, match="is in use"):
            await live.serve_dns(HOME, endpoint.port)

    serve(work)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind((str(HOME), 0))
        with pytest.raises(LiveError, match="the DNS server"):
            serve(work, port=taken.getsockname()[1])


def test_a_free_port_is_free_for_both(monkeypatch):
    """When UDP has the port that TCP got, another one is tried, and not for ever."""
    refusals = [LiveError("taken")]
    bind = dns_server.bound_datagram_socket

    def taken_first(address, port, *, whose):
        if refusals:
            raise refusals.pop()
        return bind(address, port, whose=whose)

    async def nothing(_resolver, _endpoint, _live):
        return None

    monkeypatch.setattr(dns_server, "bound_datagram_socket", taken_first)
    serve(nothing)
    refusals += [LiveError("taken")] * dns_server.TRIES
    with pytest.raises(LiveError, match="taken"):
        serve(nothing)


def test_only_on_loopback():
    """It never listens elsewhere."""

    async def run():
        async with LiveRun(pipeline(WORLD)) as live:
            with pytest.raises(Bug, match="outside"):
                await live.serve_dns(IPv4Address("192.0.2.1"))

    asyncio.run(run())
