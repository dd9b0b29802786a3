"""``mailsim predict``: the answer of ``mailsim run`` without a socket."""

from __future__ import annotations

from pathlib import Path

import click

from mailsim.cli.answer import Answers, answer_options


@click.command("predict")
@click.argument("scenario", type=click.Path(dir_okay=False))
@answer_options
def command(*, scenario: str, trace: str | None, deliver: Path | None, as_json: bool) -> int:
    """Predict SCENARIO: every decision, every reply, every expectation, without sockets."""
    from mailsim import api

    loaded = api.load(scenario)
    answers = Answers(loaded, trace=trace, deliver=deliver, as_json=as_json)
    with answers.listening("predicting") as listener:
        predicted = api.predict(loaded, on_event=listener)
    return answers.give(predicted)
