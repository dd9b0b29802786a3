"""Which host an attempt says took over what, where one breaks off and the next goes on."""

from __future__ import annotations

from dataclasses import replace

from mailsim.flow.pipeline import Attempt
from mailsim.flow.predict import MemoryWire
from mailsim.flow.wire import Broken, Operation, Result, Say
from mailsim.trace.events import Sent
from mailsim.world.topology import Topology
from tests.builders import internet_mta, pipeline, submission, topology, zones


class BreakingOff(MemoryWire):
    """A wire whose first connection breaks when a second message begins."""

    begun = 0

    def do(self, operation: Operation) -> Result:
        """Break at the second MAIL FROM of the run."""
        if isinstance(operation, Say) and any(line.startswith("MAIL FROM") for line in operation.lines):
            self.begun += 1
            if self.begun == 2:
                return Broken("connection reset")
        return super().do(operation)


def carried(attempt: Attempt, wire: MemoryWire):
    """Run an attempt to its end and return its outcomes."""
    try:
        operation = next(attempt.steps)
        while True:
            operation = attempt.steps.send(wire.do(operation))
    except StopIteration as end:
        return end.value


def two_exchangers() -> Topology:
    """Make fabrikam.com, and northwind.com with two hosts that take its mail, a before b."""
    own = frozenset({"northwind.com"})
    hosts = [
        internet_mta(f"{name}.northwind.com", address, domains=own, accepts_everyone=True)
        for name, address in (("a", "192.0.2.30"), ("b", "192.0.2.31"))
    ]
    sender = internet_mta("mx.fabrikam.com", "192.0.2.20", domains=frozenset({"fabrikam.com"}))
    world = topology(sender, *hosts)
    exchangers = [(10 * n, host.fqdn) for n, host in enumerate(hosts, 1)]
    addresses = {mta.fqdn: mta.addresses for mta in world.mtas.values()}
    return replace(world, zones=zones({"northwind.com": exchangers}, addresses))


def test_each_message_says_who_took_it():
    """The first message went to a before it broke off; only the second went to b."""
    run = pipeline(two_exchangers())
    for name in ("m1", "m2"):
        run.submit(submission(name, "mx.fabrikam.com", "ann@fabrikam.com", "bob@northwind.com"))
    wire = None
    while run.next_due is not None:
        attempt = run.step()
        if attempt is not None:
            wire = wire or BreakingOff(run, attempt.mta_id)
            run.finish(carried(attempt, wire))
    sent = {each.message: each.what.to for each in run.log.events if isinstance(each.what, Sent)}
    assert sent == {"m1": "a.northwind.com", "m2": "b.northwind.com"}
