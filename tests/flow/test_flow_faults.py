"""Which fault strikes: the first in order, on its own occasions, by chance that depends on names alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from builders import START, internet_mta, topology

from mailsim import api
from mailsim.config.load import load, load_text
from mailsim.flow.faults import Faults, Occasion, stage_of
from mailsim.flow.pipeline import Pipeline
from mailsim.flow.predict import carry
from mailsim.mta.registry import Kinds
from mailsim.pki import Pki
from mailsim.trace.events import Delivered, Hindered
from mailsim.trace.log import EventLog
from mailsim.world.fault import Before, Drop, Fault, Refuse, Stage

WORLD = topology(internet_mta("mx.fabrikam.com", "192.0.2.20"))


def fault(number: int = 1, **more) -> Fault:
    """Make a fault of mx.fabrikam.com."""
    return Fault(**{"number": number, "to": "mx.fabrikam.com", "since": START, "effect": Refuse()} | more)


def connection(name: str, client: str = "mx.northwind.com", server: str = "mx.fabrikam.com") -> Occasion:
    """Make the occasion of a connection."""
    return Occasion(client, server, Before.OPEN, name)


def struck(*plan: Fault, seed: str = "", count: int = 6) -> list[int]:
    """Return which of several connections are struck, from 1."""
    faults, world = Faults(), replace(WORLD, faults=plan, seed=seed)
    return [n for n in range(1, count + 1) if faults.strike(world, START, connection(f"s{n}"))]


@pytest.mark.shows("mailsim:scenario-file")
def test_occasions_are_counted():
    """The n-th alone, each n-th, or all."""
    assert struck(fault()) == [1, 2, 3, 4, 5, 6]
    assert struck(fault(nth=2)) == [2]
    assert struck(fault(every=3)) == [3, 6]


def test_the_first_that_strikes_is_the_only_one():
    """What stands behind it does not count that occasion."""
    first, second = fault(1, nth=1), fault(2, nth=2, effect=Drop())
    faults, world = Faults(), replace(WORLD, faults=(first, second))
    found = [faults.strike(world, START, connection(f"s{n}")) for n in range(3)]
    assert found == [first, None, second]


def test_chance_is_drawn_from_seed_and_names():
    """The same seed gives the same, another one something else, in about the wanted share."""
    often = struck(fault(probability=0.3), seed="a", count=1000)
    assert often == struck(fault(probability=0.3), seed="a", count=1000)
    assert often != struck(fault(probability=0.3), seed="b", count=1000)
    assert 250 < len(often) < 350


def test_chance_does_not_depend_on_order():
    """Whether a connection is struck is its own matter."""
    world = replace(WORLD, faults=(fault(probability=0.5),))
    names = [f"s{n}" for n in range(50)]
    there, back = Faults(), Faults()
    forwards = {name: there.strike(world, START, connection(name)) for name in names}
    assert forwards == {name: back.strike(world, START, connection(name)) for name in reversed(names)}


def test_only_its_own_hosts_and_time():
    """A link has two ends, and a fault a beginning and an end."""
    plan = fault(
        client="mx.northwind.com", since=START + timedelta(hours=1), until=START + timedelta(hours=2)
    )
    faults, world = Faults(), replace(WORLD, faults=(plan,))
    hours = [START + timedelta(hours=n) for n in range(3)]
    assert [bool(faults.strike(world, at, connection("s1"))) for at in hours] == [False, True, False]
    assert faults.strike(world, hours[1], connection("s1", client="other.example")) is None
    assert faults.strike(world, hours[1], connection("s1", server="other.example")) is None


def test_two_days_in_a_queue_take_few_steps():
    """Time is data: Exchange's 295 attempts of two days are some hundred pieces of work, whatever the clock says."""
    scenario = load(str(Path(__file__).parents[2] / "scenarios" / "faults" / "expiry.yaml"))
    world, log = scenario.topology, EventLog()
    pipeline = Pipeline(world, Kinds(), Pki(world.authorities.values(), world.certificates.values()), log)
    for each in scenario.submissions:
        pipeline.submit(each)
    steps = 0
    while pipeline.next_due is not None:
        steps += 1
        attempt = pipeline.step()
        if attempt is not None:
            carry(pipeline, attempt)
    assert pipeline.now - world.start == timedelta(days=2)
    assert sum(isinstance(event.what, Hindered) for event in log.events) == 295
    assert steps < 2 * 295
    assert len(log.events) < 4 * 295


@pytest.mark.parametrize(
    ("line", "stage"),
    [
        ("MAIL FROM:<>", Stage.MAIL),
        ("helo x", Stage.EHLO),
        ("CONNECT host:443 HTTP/1.1", None),
        ("message", None),
    ],
)
def test_only_commands_are_stages(line, stage):
    """What a proxy's client says is no greeting, and counts as no occasion of its faults."""
    assert stage_of(line) is stage


DELAYED = """mailsim: 1
organizations:
  contoso:
    AcceptedDomains: [{DomainName: contoso.com}]
    SendConnectors: [{Name: out, AddressSpaces: "*"}]
    servers: {mbx1: {fqdn: mail.contoso.com, ip: 198.51.100.10, certificate: old.example}}
    recipients: {mailboxes: [alice]}
certificates: {old.example: {}, new.example: {}}
internet: {fabrikam.com: {ip: 192.0.2.20, mailboxes: [ann]}}
faults: [{to: mx.fabrikam.com, delay: 30m}]
changes: [{at: +10m, certificate: {mbx1: new.example}}]
messages: {m1: {from: alice@contoso.com, to: ann@fabrikam.com}}
"""


def test_an_attempt_is_delayed_once():
    """Also where the settings of its host change while it waits."""
    events = api.predict(load_text(DELAYED, "s.yaml")).events
    assert len([each for each in events if isinstance(each.what, Hindered)]) == 1
    assert [each.at - START for each in events if isinstance(each.what, Delivered)] == [timedelta(minutes=30)]
