"""Predicted runs that readers of a trace are tested with."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from ipaddress import IPv4Address, ip_network

from mailsim.flow.predict import run_until_quiet
from mailsim.flow.scenario import Scenario
from mailsim.flow.spool import Submission
from mailsim.mta.client import ClientConfig
from mailsim.mta.relaying.tls_policy import TlsDemand
from mailsim.trace.events import Event
from mailsim.world.directory import Directory
from mailsim.world.topology import CertificateUse, Mta, Topology
from tests.builders import START, internet_mta, pipeline, submission, topology, two_mtas

FABRIKAM, NORTHWIND, ADATUM, PRINTER = "mx.fabrikam.com", "mx.northwind.com", "mx.adatum.com", "printer"


def predict(world: Topology, *submissions: Submission, until: timedelta | None = None) -> list[Event]:
    """Predict a run and return its events."""
    run = pipeline(world)
    for each in submissions:
        run.submit(each)
    run_until_quiet(run, None if until is None else START + until)
    return run.log.events


def bounced() -> list[Event]:
    """Bob gets his copy, zed does not exist at the next hop, and ann, who sent it, gets a copy and a report."""
    people = ("bob@northwind.com", "zed@northwind.com", "ann@fabrikam.com")
    return predict(two_mtas(), submission("m1", FABRIKAM, "ann@fabrikam.com", *people))


def unreachable() -> Topology:
    """Make a topology in which nobody answers for northwind.com."""
    world = two_mtas()
    deaf = replace(world.mtas[NORTHWIND], ports=())
    return replace(world, mtas={**world.mtas, NORTHWIND: deaf})


def deferred(until: timedelta | None = timedelta(hours=1)) -> list[Event]:
    """Bob's copy waits for a host that does not answer."""
    return predict(
        unreachable(), submission("m1", FABRIKAM, "ann@fabrikam.com", "bob@northwind.com"), until=until
    )


def looped() -> list[Event]:
    """Two smart hosts send bob's copy to each other."""
    everyone = (ip_network("192.0.2.0/24"),)
    one = internet_mta("a.fabrikam.com", "192.0.2.20", smart_hosts=("b.fabrikam.com",), relay_from=everyone)
    other = internet_mta("b.fabrikam.com", "192.0.2.30", smart_hosts=("a.fabrikam.com",), relay_from=everyone)
    return predict(topology(one, other), submission("m1", "a.fabrikam.com", "", "bob@northwind.com"))


def without_tls() -> list[Event]:
    """The sender wants a verified certificate, the next hop has none to show."""
    world = two_mtas()
    sender = internet_mta(FABRIKAM, "192.0.2.20", tls=TlsDemand.VALID_CHAIN)
    bare = replace(world.mtas[NORTHWIND], certificates=())
    world = replace(world, mtas={FABRIKAM: sender, NORTHWIND: bare})
    note = submission("m1", FABRIKAM, "ann@fabrikam.com", "bob@northwind.com")
    return predict(world, note, until=timedelta(minutes=5))


def busy_world() -> Topology:
    """Make four hosts: a strict sender, two receivers of which one is deaf, and a printer."""
    ann, people = Directory(plain_mailboxes=["ann@fabrikam.com"]), ["bob@northwind.com", "eve@northwind.com"]
    printer = Mta(
        id=PRINTER,
        kind="client",
        fqdn="printer.fabrikam.com",
        addresses=(IPv4Address("192.0.2.99"),),
        ports=(),
        names=frozenset({"the printer"}),
        certificates=(CertificateUse(PRINTER),),
        config=ClientConfig(NORTHWIND),
    )
    return topology(
        internet_mta(
            FABRIKAM,
            "192.0.2.20",
            domains=frozenset({"fabrikam.com"}),
            mailboxes=ann,
            tls=TlsDemand.VALID_CHAIN,
        ),
        internet_mta(
            NORTHWIND,
            "192.0.2.30",
            domains=frozenset({"northwind.com"}),
            mailboxes=Directory(plain_mailboxes=people),
            asks_client_certificate=True,
        ),
        internet_mta(ADATUM, "192.0.2.40", ports=(), domains=frozenset({"adatum.com"})),
        printer,
        mx={"fabrikam.com": FABRIKAM, "northwind.com": NORTHWIND, "adatum.com": ADATUM},
    )


def busy() -> tuple[Scenario, list[Event]]:
    """Run messages that are delivered, bounced, queued and refused, for an hour."""
    sent = (
        submission("m1", FABRIKAM, "ann@fabrikam.com", "bob@northwind.com", "zed@northwind.com"),
        submission("m2", FABRIKAM, "ann@fabrikam.com", "kim@adatum.com"),
        submission("m3", PRINTER, "scan@fabrikam.com", "kim@adatum.com"),
        submission("m4", FABRIKAM, "ann@fabrikam.com", "bob@northwind.com"),
    )
    world, until = busy_world(), timedelta(hours=1)
    scenario = Scenario(name="busy", topology=world, until=START + until, submissions=sent)
    return scenario, predict(world, *sent, until=until)
