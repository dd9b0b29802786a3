"""What goes wrong with connections in a drawn world: the generator behind the laws of faults.

``broken_cases()`` draws a case with one to four faults, so that most messages meet one.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from cases import Case, cases
from hypothesis import strategies as st
from topologies import START, mostly

from mailsim.mail.reply import Reply
from mailsim.world.change import Listening
from mailsim.world.fault import Answer, Close, Delay, Drop, Effect, Fault, Refuse, Reset, Stage, When
from mailsim.world.topology import Topology

WITHIN_A_SESSION = [stage for stage in Stage if stage.value.isupper()]
REPLIES = st.sampled_from(
    (
        Reply(451, "4.7.1", ("Try again later",)),
        Reply(554, "5.7.1", ("Go away",)),
        Reply(421, "4.3.2", ("Service not available",)),
        Reply(452, "", ("no enhanced code",)),
    )
)
EFFECTS: st.SearchStrategy[Effect] = st.one_of(
    st.sampled_from((Refuse(), Drop(), Reset(), *map(Close, When), *map(Close, When))),
    st.builds(Reset, st.sampled_from([*WITHIN_A_SESSION[1:], Stage.MESSAGE])),
    st.builds(Answer, st.sampled_from([*WITHIN_A_SESSION, Stage.MESSAGE]), REPLIES),
    st.builds(Delay, st.sampled_from((timedelta(seconds=30), timedelta(hours=7)))),
)
OFTEN = st.sampled_from(
    ({}, {"nth": 1}, {"nth": 2}, {"every": 2}, {"every": 3}, {"probability": 0.5}, {"probability": 0.9})
)
TIMES = mostly((0, None), (0, 10), (4, 200), (1500, 3000))


@st.composite
def breakages(draw: st.DrawFn, world: Topology, number: int) -> Fault:
    """Draw one fault of a host that listens."""
    hosts = [mta.id for mta in world.mtas.values() if mta.kind != "client"]
    first, last = draw(TIMES)
    return Fault(
        number=number,
        to=draw(st.sampled_from(hosts)),
        client=draw(mostly("", *world.mtas)),
        since=START + timedelta(minutes=first),
        until=None if last is None else START + timedelta(minutes=last),
        effect=draw(EFFECTS),
        **draw(OFTEN),
    )


@st.composite
def outages(draw: st.DrawFn, world: Topology) -> Topology:
    """Draw a host that is down for some time; mostly none is."""
    minutes = draw(mostly((), (2, 90), (2, 6000)))
    host = frozenset({draw(st.sampled_from([mta.id for mta in world.mtas.values() if mta.kind != "client"]))})
    times = [START + timedelta(minutes=each) for each in minutes]
    made = (Listening(at=at, **{key: host}) for at, key in zip(times, ("down", "up"), strict=False))
    return replace(world, changes=tuple(sorted((*world.changes, *made), key=lambda change: change.at)))


@st.composite
def broken_cases(draw: st.DrawFn) -> Case:
    """Draw a case with faults."""
    case = draw(cases())
    numbers = range(1, draw(st.integers(1, 4)) + 1)
    plan = tuple(draw(breakages(case.world, number)) for number in numbers)
    world = replace(draw(outages(case.world)), faults=plan, seed=draw(mostly("", "another")))
    return replace(case, world=world)
