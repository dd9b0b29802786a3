"""``mailsim run``: a scenario on loopback servers, and with ``--compare`` its prediction beside it."""

from __future__ import annotations

from pathlib import Path

import click

from mailsim.cli.answer import Answers, answer_options


@click.command("run")
@click.argument("scenario", type=click.Path(dir_okay=False))
@click.option("--compare", is_flag=True, help="Predict it too, and report any difference.")
@click.option("--real-time", is_flag=True, help="Let time pass instead of jumping to what is due next.")
@click.option(
    "--certs", type=click.Path(file_okay=False, path_type=Path), help="PEM files written by `mailsim certs`."
)
@answer_options
def command(
    *,
    scenario: str,
    compare: bool,
    real_time: bool,
    certs: Path | None,
    trace: str | None,
    deliver: Path | None,
    as_json: bool,
) -> int:
    """Run SCENARIO on loopback: real servers, real TLS, every message, every expectation."""
    from mailsim import api
    from mailsim.cli.pem import read_pems, stored_pki

    loaded = api.load(scenario)
    pki = stored_pki(loaded, read_pems(certs)) if certs else api.pki_of(loaded)
    answers = Answers(loaded, trace=trace, deliver=deliver, as_json=as_json)
    with answers.listening("running") as listener:
        observed = api.run(loaded, pki=pki, real_time=real_time, on_event=listener)
    predicted = api.predict(loaded, pki=pki) if compare else None
    return answers.give(observed, compared_with=predicted, ordered=not real_time)
