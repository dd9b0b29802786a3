"""The law on which the architecture rests: what is predicted is what happens over sockets."""

from __future__ import annotations

from cases import Case
from laws import law
from runs import observe, predict

from mailsim.flow.compare import differences


@law
def test_predicted_is_observed(case: Case):
    """Over real connections and real TLS every event of a run is the predicted one, in order and in every field."""
    predicted, observed = predict(case), observe(case)
    assert differences(predicted, observed) == ()
    assert observed == predicted
