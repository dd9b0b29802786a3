"""From the events of a run to what happened to each message.

Called by expectations, reports and tests. ``trees`` follows every message from MTA to MTA, ``final_dispositions``
says how each recipient ended, ``orphans`` holds the trace against the law that every accepted recipient ends exactly
once. Pure; the beginning of a trace gives the state at that time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from mailsim.trace.events import Event, Sent
from mailsim.trace.hop import Attempt, Outcome, PathTree
from mailsim.trace.ledger import Ledger, Orphan, Stay

__all__ = ["Orphan", "families", "final_dispositions", "orphans", "trees"]


def trees(events: Iterable[Event]) -> tuple[PathTree, ...]:
    """Return what happened to each message, in the order in which they appeared.

    A stranger's message that was never accepted has no root, only the connections on which it was offered.
    """
    ledger = Ledger(events)
    for stay in reversed(
        ledger.stays
    ):  # what follows first, so that no hop of a long loop waits inside another
        stay.freeze()
    made = [(stay.arrived.seq, PathTree(message=stay.name, root=stay.freeze())) for stay in ledger.roots]
    for name, attempts in _refused(ledger).items():
        made.append(
            (attempts[0].exchanges[0].seq, PathTree(message=name, root=None, offered=tuple(attempts)))
        )
    return tuple(tree for _, tree in sorted(made, key=lambda pair: pair[0]))


def final_dispositions(events: Iterable[Event]) -> tuple[Outcome, ...]:
    """Return how each recipient of each message ended; what still waits is ``queued``."""
    return tuple(outcome for tree in trees(events) for outcome in tree.outcomes())


def families(paths: Iterable[PathTree]) -> dict[str, str]:
    """Return the message that each name of a copy belongs to."""
    found = {}
    for tree in paths:
        found[tree.message] = tree.message
        found.update({name: tree.message for hop in tree.hops for name in hop.names})
    return found


def orphans(events: Iterable[Event]) -> tuple[Orphan, ...]:
    """Return every accepted recipient that has no disposition or more than one; empty for a sound trace.

    Counted at every MTA by itself, and between MTAs by what was sent and never received. What waits must have been
    deferred or put off last, so the trace must not end in the middle of an attempt.
    """
    ledger = Ledger(events)
    unsettled = (orphan for stay in ledger.stays for orphan in _unsettled(stay, ledger.mtas))
    return (*ledger.strays, *unsettled)


def _refused(ledger: Ledger) -> dict[str, list[Attempt]]:
    """Return what was offered under names that no MTA ever held."""
    found: dict[str, list[Attempt]] = {}
    for connection in ledger.connections.values():
        for name in sorted(connection.about.keys() - ledger.names):
            found.setdefault(name, []).append(Attempt(connection, name, connection.about[name], ()))
    return found


def _unsettled(stay: Stay, mtas: frozenset[str]) -> Iterator[Orphan]:
    """Hold one stay against the law."""
    for held in stay.held:
        ended = held.ended.what if held.ended else None
        if ended is None and held.waiting is None and not held.put_off:
            yield Orphan(stay.mta, held.copy, held.now, "never ended")
        elif isinstance(ended, Sent) and held.next is None and ended.to in mtas:
            yield Orphan(stay.mta, held.copy, held.now, f"sent to {ended.to}, never received there")
    for key, count in stay.endings.items():
        same = [held for held in stay.held if held.now.key == key]
        if count > len(same):
            yield Orphan(stay.mta, same[0].copy, same[0].now, f"ended {count} times")
