"""A trace on disk."""

from __future__ import annotations

import json

from mailsim.trace.codec import encode
from mailsim.trace.file import BATCH, TraceFile, write_json_lines
from tests.trace.runs import bounced


def test_a_trace_is_one_event_a_line(tmp_path) -> None:
    """Every line is the JSON of one event, in order."""
    path, events = tmp_path / "trace.jsonl", bounced()
    write_json_lines(str(path), events)
    assert [json.loads(line) for line in path.read_text().splitlines()] == [encode(event) for event in events]


def test_lines_are_written_in_batches(tmp_path) -> None:
    """A full batch is on disk at once, the rest when the file is closed."""
    path, event = tmp_path / "trace.jsonl", bounced()[0]
    with TraceFile(str(path)) as file:
        for _ in range(BATCH + 1):
            file(event)
        assert len(path.read_text().splitlines()) == BATCH
    file.close()
    assert len(path.read_text().splitlines()) == BATCH + 1


def test_any_reply_can_be_written(tmp_path) -> None:
    """Bytes that are no UTF-8, as a reply may hold them, do not break the file."""
    path, event = tmp_path / "trace.jsonl", bounced()[0]
    odd = type(event)(seq=1, at=event.at, mta="caf\udce9", message="", session="", what=event.what)
    write_json_lines(str(path), [odd])
    assert json.loads(path.read_text())["mta"] == "caf\udce9"
