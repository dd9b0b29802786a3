"""The laws hold whatever goes wrong with connections."""

from __future__ import annotations

from breakages import broken_cases
from cases import Case, without_end
from laws import law_of
from runs import OTHER_KEYS, observe, predict

from mailsim.flow.compare import differences
from mailsim.trace.events import Hindered
from mailsim.trace.hop import Disposition
from mailsim.trace.paths import final_dispositions, orphans

law = law_of(case=broken_cases(), runs=2)


@law
def test_predicted_is_observed_under_faults(case: Case):
    """Over real sockets a run with faults is the predicted one, event by event."""
    predicted, observed = predict(case), observe(case)
    assert differences(predicted, observed) == ()
    assert observed == predicted


@law
def test_every_accepted_recipient_ends_once_under_faults(case: Case):
    """Of a message that was accepted twice each ends once."""
    assert orphans(predict(case)) == ()


@law
def test_only_an_end_leaves_mail_in_queues_under_faults(case: Case):
    """What never gets through expires."""
    outcomes = final_dispositions(predict(without_end(case)))
    assert {each.message for each in outcomes} >= {each.name for each in case.submissions}
    assert [each for each in outcomes if each.disposition is Disposition.QUEUED] == []


@law
def test_an_end_only_cuts_off_under_faults(case: Case):
    """What happens before the end of a run is what would have happened without one."""
    whole, part = predict(without_end(case)), predict(case)
    assert differences(part, whole[: len(part)]) == ()
    assert all(case.until and event.at > case.until for event in whole[len(part) :])


@law
def test_the_same_seed_gives_the_same_trace(case: Case):
    """Two predictions are alike, even with different keys."""
    assert differences(predict(case), predict(case, OTHER_KEYS)) == ()


def test_every_effect_is_reached():
    """The generator has every kind of fault strike, and a message accepted without its client's knowing."""
    found: set[str] = set()

    def look(case: Case) -> None:
        struck = [event.what for event in predict(case) if isinstance(event.what, Hindered)]
        found.update(each.fault.split()[0] for each in struck)
        found.update("duplicate" for each in struck if each.consequence)

    law_of(case=broken_cases())(look)()
    assert found == {"refuse", "drop", "delay", "reset", "reply", "close", "duplicate"}
