"""The result of a run as JSON."""

from __future__ import annotations

import json

from mailsim.flow.expectation import DeliveredTo, Expectations
from mailsim.flow.judge import judge
from mailsim.report.document import document
from tests.trace.runs import busy


def made() -> dict:
    """Make the document of a run with a failed expectation."""
    scenario, events = busy()
    findings = judge({"m1": Expectations(delivered=(DeliveredTo(),))}, scenario, events)
    return document(scenario, events, findings)


def test_the_document_is_json_and_the_same_each_time() -> None:
    """Nothing in it is of this run only."""
    assert json.loads(json.dumps(made())) == made()


def test_outcomes_tell_how_each_recipient_ended() -> None:
    """A failure has its reply, a delivery its path."""
    first = made()["messages"][0]
    assert (first["name"], first["reports"], first["reverse_path"]) == ("m1", ["m1.dsn"], "ann@fabrikam.com")
    delivered, bounced = first["outcomes"]
    assert delivered["hops"] == ["mx.fabrikam.com", "mx.northwind.com"]
    assert (delivered["disposition"], delivered["reply"]) == ("delivered", None)
    assert (bounced["disposition"], bounced["reply"]["enhanced"]) == ("bounced", "5.1.1")


def test_the_journey_holds_the_sessions_too() -> None:
    """A journey is in order, and shows the connections the message took."""
    journey = made()["messages"][0]["journey"]
    assert [line["seq"] for line in journey] == sorted(line["seq"] for line in journey)
    assert {"Submitted", "Connected", "Secured", "Sent", "Delivered", "Notified"} <= {
        line["event"] for line in journey
    }


def test_a_report_names_its_message() -> None:
    """Reports are messages of their own that know what they are about."""
    report = next(each for each in made()["messages"] if each["name"] == "m1.dsn")
    assert (report["reports_about"], report["reverse_path"]) == ("m1", "<>")


def test_findings_keep_their_reasons() -> None:
    """A failed expectation names the decisions that led there, with the MTA that made them."""
    whole = made()
    (finding,) = whole["expectations"]
    assert (whole["met"], finding["met"]) == (False, False)
    assert finding["because"][0]["mta"] == "mx.northwind.com"
    assert finding["because"][0]["kind"] == "decision"
