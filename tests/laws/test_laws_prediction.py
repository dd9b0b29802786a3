"""Laws that every prediction obeys, whatever the topology."""

from __future__ import annotations

from collections.abc import Iterator

from cases import Case, directories, without_end
from laws import law
from runs import OTHER_KEYS, predict
from topologies import ORGANIZATIONS, team_of

from mailsim.flow.compare import differences
from mailsim.trace.events import Delivered, Event, Failed, Notified, Resolved, Submitted
from mailsim.trace.hop import Disposition, Outcome
from mailsim.trace.paths import final_dispositions, orphans
from mailsim.world.directory import DirectoryRecipient

# nobody comes to the same MTA so often unless in a loop; chains of pointers and both sides of a hybrid need four
LOOP_FROM = 6


def origin(message: str) -> str:
    """Return the message that a copy or a report descends from: copies are m1.1 and m1.2, a report is m1.2.dsn."""
    return message.partition(".")[0]


@law
def test_every_accepted_recipient_ends_once(case: Case):
    """Every recipient that an MTA accepted is delivered, passed on, given up or still queued, and only once."""
    assert orphans(predict(case)) == ()


@law
def test_only_an_end_leaves_mail_in_queues(case: Case):
    """A run without an end goes on until nothing waits."""
    outcomes = final_dispositions(predict(without_end(case)))
    assert {each.message for each in outcomes} >= {each.name for each in case.submissions}
    assert [each for each in outcomes if each.disposition is Disposition.QUEUED] == []


@law
def test_an_end_only_cuts_off(case: Case):
    """What happens before the end of a run is what would have happened without one."""
    whole, part = predict(without_end(case)), predict(case)
    assert differences(part, whole[: len(part)]) == ()
    assert all(case.until and event.at > case.until for event in whole[len(part) :])


@law
def test_nobody_reports_about_a_null_reverse_path(case: Case):
    """A report is sent by nobody, and no report is made about what nobody sent (RFC 5321 section 6.1)."""
    events = predict(case)
    from_nobody = {
        event.message
        for event in events
        if isinstance(event.what, Submitted) and event.what.envelope.reverse_path is None
    }
    silenced = passed_a_silent_group(case, events)
    for event in events:
        if isinstance(event.what, Notified):
            assert ".dsn" not in event.message
            assert origin(event.message) not in from_nobody
        if isinstance(event.what, Delivered):
            silent = ".dsn" in event.message or origin(event.message) in from_nobody
            nobody = event.what.reverse_path is None
            assert nobody or not silent
            assert silent or not nobody or origin(event.message) in silenced


def passed_a_silent_group(case: Case, events: list[Event]) -> set[str]:
    """Return the messages for which a group stood that reports to nobody: its copies have the null reverse-path."""
    silent = {group.primary for group in silent_groups(case)}
    return {
        origin(event.message)
        for event in events
        if isinstance(event.what, Resolved) and event.what.before in silent
    }


def silent_groups(case: Case) -> Iterator[DirectoryRecipient]:
    """Yield the groups whose failures neither the sender nor a manager hears of."""
    for known in directories(case.world):
        for found in filter(None, map(known.find, map(team_of, ORGANIZATIONS))):
            group = found.group
            if group and not (group.report_to_originator or (group.report_to_manager and group.managed_by)):
                yield found


@law
def test_loops_are_called_loops(case: Case):
    """Who comes to one MTA again and again ends as a loop, unless the trace fields outgrow a size limit before."""
    for outcome in final_dispositions(predict(without_end(case))):
        if most_visits(outcome) >= LOOP_FROM and not outgrown(outcome):
            assert outcome.disposition is Disposition.LOOPED


def most_visits(outcome: Outcome) -> int:
    """Return how often a recipient came to the MTA that it came to most often."""
    visited = [hop.mta for hop in outcome.hops]
    return max(map(visited.count, visited))


def outgrown(outcome: Outcome) -> bool:
    """Tell whether a recipient failed by size."""
    what = outcome.event.what if outcome.event else None
    return isinstance(what, Failed) and what.reply.enhanced in ("5.3.4", "5.2.3")


@law
def test_predictions_are_repeatable(case: Case):
    """Two predictions give the same events, even with different keys."""
    assert differences(predict(case), predict(case, OTHER_KEYS)) == ()
