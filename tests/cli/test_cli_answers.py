"""``run``, ``predict``, ``explain``, ``certs`` and ``schema``: exit status, text and documents."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from mailsim.cli import run_command
from mailsim.cli.state import State, read_state, write_state

HYBRID = str(Path(__file__).parents[2] / "scenarios" / "hybrid" / "two-connectors.yaml")

ONE = """\
mailsim: 1
internet:
  fabrikam.com: {ip: 192.0.2.20, mailboxes: [ann]}
  northwind.com: {ip: 192.0.2.30, mailboxes: [bob]}
messages:
  m1: {from: ann@fabrikam.com, to: bob@northwind.com}
expect:
  m1: {delivered: {to: bob@northwind.com, at: northwind.com}}
"""


@pytest.fixture
def one(tmp_path: Path) -> Path:
    """Write a scenario with one message whose expectation is met."""
    path = tmp_path / "one.yaml"
    path.write_text(ONE)
    return path


def test_the_hybrid_scenario_runs_as_predicted(capsys) -> None:
    """The main job: every message, every expectation met, no difference, exit 0."""
    assert run_command(["run", HYBRID, "--compare"]) == 0
    shown = capsys.readouterr().out
    assert "no difference" in shown
    assert "✗ after-renewal" not in shown


def test_an_unmet_expectation_is_exit_1_with_its_reason(one: Path, capsys) -> None:
    """The disposition reached and the decision that led there are printed."""
    one.write_text(ONE.replace("mailboxes: [bob]", "mailboxes: []"))
    assert run_command(["predict", str(one)]) == 1
    shown = capsys.readouterr().out
    assert "0 of 1 expectations met" in shown
    assert "bounced" in shown
    assert "no such mailbox" in shown


def test_bad_input_is_exit_2_and_names_every_fault(one: Path, capsys) -> None:
    """Nothing is started; each fault is a line of its own on standard error."""
    one.write_text(ONE.replace("mailboxes: [bob]", "mailboxs: [bob]").replace(": ann@", ": ann@@"))
    assert run_command(["run", str(one)]) == 2
    errors = capsys.readouterr().err.splitlines()
    assert len(errors) == 2
    assert "did you mean 'mailboxes'?" in errors[0]


@pytest.mark.parametrize(
    "arguments", [["run"], ["run", "missing.yaml"], ["dance"], ["send", "--from", "a@b.c"]]
)
def test_a_wrong_call_is_exit_2(arguments: list[str], capsys) -> None:
    """Missing arguments, missing files and unknown commands are bad input."""
    assert run_command(arguments) == 2
    assert capsys.readouterr().err


@pytest.mark.parametrize("command", ["run", "predict"])
def test_json_is_one_document(command: str, one: Path, capsys) -> None:
    """``--json`` prints a document with messages and findings, and nothing else."""
    assert run_command([command, str(one), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert [each["met"] for each in document["expectations"]] == [True]


def test_both_drivers_write_the_same_trace_and_copies(one: Path, tmp_path: Path) -> None:
    """``--trace`` and ``--deliver`` give equal files for a prediction and a run."""
    for command in ("predict", "run"):
        out = tmp_path / command
        arguments = [command, str(one), "--trace", f"{out}.jsonl", "--deliver", str(out)]
        assert run_command(arguments) == 0
    assert (tmp_path / "predict.jsonl").read_text() == (tmp_path / "run.jsonl").read_text()
    (copy,) = sorted((tmp_path / "run").iterdir())
    assert copy.name == "m1.bob@northwind.com.eml"
    assert copy.read_bytes() == (tmp_path / "predict" / copy.name).read_bytes()
    assert b"Return-Path: <ann@fabrikam.com>" in copy.read_bytes()


def test_explain_shows_losers_lines_and_sources(capsys) -> None:
    """Every decision on the way is shown with what it saw, where it is configured and its source."""
    assert run_command(["explain", HYBRID, "--from", "bob@contoso.com", "--to", "lena@fabrikam.com"]) == 0
    shown = capsys.readouterr().out
    assert "outbound connector for lena@fabrikam.com" in shown
    assert "- To on-premises" in shown
    assert "two-connectors.yaml:" in shown
    assert "source:" in shown


def test_a_state_file_is_for_its_owner(tmp_path: Path) -> None:
    """Also where an older file of that name was not; it holds a token and passwords."""
    path = tmp_path / "state.json"
    path.write_text("{}")
    path.chmod(0o644)
    write_state(path, State("s.yaml", 1, 2, "t", "ca", "certs", {}, {}, [], {}, "127.0.0.1:53", {}, {}))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert read_state(path).token == "t"
    assert list(tmp_path.iterdir()) == [path]


def test_certs_are_kept_and_keys_are_private(tmp_path: Path, capsys) -> None:
    """Writing twice keeps the CA; files with a key are for the owner only; ``run --certs`` uses them."""
    out = tmp_path / "certs"
    assert run_command(["certs", HYBRID, "--out", str(out)]) == 0
    before = (out / "ca.pem").read_bytes()
    assert run_command(["certs", HYBRID, "--out", str(out), "--json"]) == 0
    assert (out / "ca.pem").read_bytes() == before
    for path in out.iterdir():
        private = b"PRIVATE KEY" in path.read_bytes()
        assert stat.S_IMODE(path.stat().st_mode) == (0o600 if private else 0o644), path.name
    capsys.readouterr()
    assert run_command(["run", HYBRID, "--certs", str(out)]) == 0


def test_schema_describes_a_scenario_with_exchange_names(capsys) -> None:
    """The schema knows the cmdlets' spelling."""
    assert run_command(["schema"]) == 0
    schema = capsys.readouterr().out
    assert json.loads(schema)["$schema"].endswith("2020-12/schema")
    for name in ("DNSRoutingEnabled", "TlsSenderCertificateName", "RequireTLS", "IsTransportRuleScoped"):
        assert f'"{name}"' in schema
