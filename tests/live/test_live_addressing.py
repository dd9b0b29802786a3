"""Which loopback address carries which modelled address, and that nothing gets out."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network

import pytest
from builders import internet_mta, topology, two_mtas

from mailsim.errors import Bug, LiveError
from mailsim.live import sockets
from mailsim.live.addressing import AddressPlan, require_loopback
from mailsim.world.dns import A, RecordSet


def test_plan_follows_the_modelled_addresses():
    """The plan depends on the addresses of the topology in their order, and on nothing else."""
    plan = AddressPlan.of(two_mtas())
    assert plan.carrier(IPv4Address("192.0.2.20")) == IPv4Address("127.1.0.1")
    assert plan.carrier(IPv4Address("192.0.2.30")) == IPv4Address("127.1.0.2")


def test_plan_leads_back():
    """A peer's loopback address tells its modelled one."""
    plan = AddressPlan.of(two_mtas())
    assert plan.modelled("127.1.0.2") == IPv4Address("192.0.2.30")


@pytest.mark.parametrize("peer", ["127.0.0.1", "127.0.0.53", "127.1.0.3", "127.255.255.254"])
def test_unknown_peer_is_a_stranger(peer):
    """Whoever comes from a loopback address outside the plan has the stranger's modelled address."""
    world = two_mtas()
    assert AddressPlan.of(world).modelled(peer) == world.stranger


def test_addresses_only_in_dns_are_in_the_plan():
    """A host that has an address but is no MTA can be connected to, and refuses."""
    dead = IPv4Address("192.0.2.99")
    world = two_mtas()
    zones = world.zones.plus([RecordSet("dead.example", 60, (A(dead),))])
    assert AddressPlan.of(replace(world, zones=zones)).carrier(dead) == IPv4Address("127.1.0.3")


def test_address_outside_the_topology_has_no_carrier():
    """What the topology does not have cannot be reached."""
    assert AddressPlan.of(two_mtas()).carrier(IPv4Address("8.8.8.8")) is None


def test_many_addresses():
    """Every address has one of its own, none is the machine's, and no last octet is 0 or 255."""
    mta = replace(
        internet_mta("mx.example", "10.0.0.1"), addresses=tuple(IPv4Network("10.0.0.0/15").hosts())[:70_000]
    )
    carriers = list(AddressPlan.of(topology(mta)).carriers.values())
    assert len(set(carriers)) == 70_000
    assert all(address.is_loopback and address.packed[3] not in (0, 255) for address in carriers)
    assert not any(address in IPv4Network("127.0.0.0/16") for address in carriers)
    assert carriers[254] == IPv4Address("127.1.1.1")
    assert carriers[256 * 254] == IPv4Address("127.2.0.1")


@pytest.mark.parametrize("address", ["192.0.2.20", "0.0.0.0", "128.0.0.1", "::1", "localhost", ""])
def test_nothing_leaves_loopback(address):
    """An address outside 127.0.0.0/8, and any name, is refused before a socket sees it."""
    with pytest.raises(Bug, match=r"outside 127\.0\.0\.0/8"):
        require_loopback(address)


def test_bind_passes_the_guard():
    """A socket cannot be bound elsewhere."""
    with pytest.raises(Bug, match="never leaves the loopback network"):
        sockets.bound_socket(IPv4Address("0.0.0.0"), 0, whose="test")


def test_connect_passes_the_guard():
    """A socket cannot be connected elsewhere."""

    async def connect():
        with socket.socket() as near:
            await sockets.connect(near, IPv4Address("192.0.2.1"), 25)

    with pytest.raises(Bug, match="never leaves the loopback network"):
        asyncio.run(connect())


def test_port_in_use():
    """A port that another program has is named, with whose it is."""
    with sockets.bound_socket(IPv4Address("127.1.0.2"), 0, whose="a") as first:
        first.listen()
        port = first.getsockname()[1]
        with pytest.raises(
            LiveError, match=rf"port {port} of 127\.1\.0\.2 \(mail\.contoso\.com:25\) is in use; "
        ):
            sockets.bound_socket(IPv4Address("127.1.0.2"), port, whose="mail.contoso.com:25")


def test_port_that_does_not_exist():
    """A port beyond 65535 is a refusal like the others."""
    with pytest.raises(LiveError, match=r"cannot bind port 70000 of 127\.1\.0\.2"):
        sockets.bound_socket(IPv4Address("127.1.0.2"), 70_000, whose="mail.contoso.com:25")
