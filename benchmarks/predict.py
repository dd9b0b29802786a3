"""Predicted messages a second over three hops, every decision explained, against the same run live.

    python benchmarks/predict.py [rounds] [messages]

The message is ``on-premises-to-internet`` of the shipped hybrid scenario: an on-premises mailbox, the Exchange server,
Microsoft 365, the internet. In the last row every explanation is written out as text too.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

from rounds import Figures, Stopwatch, compare

from mailsim import api
from mailsim.flow.scenario import Scenario
from mailsim.pki import Pki
from mailsim.report.explain import explain_event

FILE = Path(__file__).parent.parent / "scenarios" / "hybrid" / "two-connectors.yaml"
MESSAGE = "on-premises-to-internet"


def copies(messages: int) -> Scenario:
    """Return the scenario with the one message so many times, and nothing expected."""
    loaded = api.load(FILE)
    one = next(each for each in loaded.submissions if each.name == MESSAGE)
    many = tuple(replace(one, name=f"m{n}") for n in range(messages))
    return replace(loaded, submissions=many, expectations={})


def predicted(scenario: Scenario, pki: Pki, *, in_words: bool = False) -> Figures:
    """Predict it and return the rate of messages."""
    watch = Stopwatch("messages")
    result = api.predict(scenario, pki=pki)
    if in_words and not all(explain_event(event) for event in result.events if event.because):
        raise SystemExit("a decision has no words")
    return watch.rates(len(scenario.submissions))


def live(scenario: Scenario, pki: Pki) -> Figures:
    """Run it and return the rate of messages."""
    watch = Stopwatch("messages")
    api.run(scenario, pki=pki)
    return watch.rates(len(scenario.submissions))


def main(rounds: int = 7, messages: int = 300) -> None:
    """Compare prediction and live run."""
    scenario = copies(messages)
    pki = api.pki_of(scenario)
    sides = {
        "live": partial(live, scenario, pki),
        "predicted": partial(predicted, scenario, pki),
        "predicted, in words": partial(predicted, scenario, pki, in_words=True),
    }
    compare(f"{messages} messages, 3 hops", rounds, sides)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
