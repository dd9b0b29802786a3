"""Judge expectations about what was delivered, and about what the explanations say."""

from __future__ import annotations

from difflib import get_close_matches

from mailsim.flow.case import Case, Verdict, listed
from mailsim.flow.evidence import behind, distinct, explains, statements
from mailsim.flow.expectation import Because, HeaderOf, HeaderOrder
from mailsim.mail.address import Mailbox
from mailsim.mail.message import Message
from mailsim.trace.connection import DATA, stage_of
from mailsim.trace.events import Delivered, Event, Routed

MOST_STATEMENTS_LISTED = 3
"""A missing explanation is answered with what was decided instead, in one line."""


def judge_header(case: Case, expected: HeaderOf) -> Verdict:
    """Every copy looked at has the field so."""
    copies = _copies(case, expected.of)
    met = bool(copies) and all(_fits(message, expected) for _, message in copies)
    saw = listed((_field(message, expected.name) for _, message in copies), _undelivered(case, expected.of))
    made = _departures if expected.name.lower() == "return-path" else _stamps
    return Verdict(met, saw, distinct((*made(case, expected.of), *_routes(case, expected.of))))


def judge_header_order(case: Case, expected: HeaderOrder) -> Verdict:
    """Every copy has the fields in this order from top to bottom."""
    copies = _copies(case, None)
    met = bool(copies) and all(_ordered(message, expected.names) for _, message in copies)
    wanted = {name.lower() for name in expected.names}
    saw = listed((_order(message, wanted) for _, message in copies), _undelivered(case, None))
    return Verdict(met, saw, _routes(case, None))


def judge_because(case: Case, expected: Because) -> Verdict:
    """Some decision about the message says so."""
    decided = [event for event in case.tree.events if explains(event)]
    saying = [event for event in decided if _says(event, expected.text)]
    if saying:
        return Verdict(met=True, saw=_first_line(saying[0], expected.text), because=distinct(saying))
    said = [line for event in decided if event.because for line in statements(event.because)]
    nearest = get_close_matches(expected.text, dict.fromkeys(said), n=MOST_STATEMENTS_LISTED, cutoff=0.3)
    saw = listed(map(repr, nearest), "no decision said anything like it")
    return Verdict(met=False, saw=f"no decision says so; nearest: {saw}")


def _copies(case: Case, of: Mailbox | None) -> list[tuple[Event, Message]]:
    """Return the copies delivered to a recipient, by its first or its last address."""
    keys = {outcome.final.key for outcome in case.outcomes(of)}
    delivered = ((event, event.what) for event in case.delivered())
    return [
        (event, what.message)
        for event, what in delivered
        if isinstance(what, Delivered) and (of is None or what.recipient.key in keys)
    ]


def _fits(message: Message, expected: HeaderOf) -> bool:
    values = message.values(expected.name)
    if expected.unwanted:
        return not values
    if expected.equals is not None:
        return expected.equals in values
    wanted = (expected.contains or "").lower()
    return any(wanted in value.lower() for value in values)


def _field(message: Message, name: str) -> str:
    return "; ".join(f"{name}: {value}" for value in message.values(name)) or f"no {name}"


def _ordered(message: Message, names: tuple[str, ...]) -> bool:
    """Tell whether the names are found one below the other."""
    present = iter(field.name.lower() for field in message.header)
    return all(name.lower() in present for name in names)


def _order(message: Message, wanted: set[str]) -> str:
    found = [field.name for field in message.header if field.name.lower() in wanted]
    return f"from the top: {', '.join(found)}" if found else "none of them"


def _undelivered(case: Case, of: Mailbox | None) -> str:
    return "not delivered; " + listed(map(case.describe, case.outcomes(of)), "the message never entered")


def _stamps(case: Case, of: Mailbox | None) -> tuple[Event, ...]:
    """Return what each MTA decided about the header when it took the message, the last one first: stamps, and by whom."""
    found: list[Event] = []
    for hop in (hop for outcome in case.outcomes(of) for hop in reversed(outcome.hops)):
        if hop.connection:
            exchanged = hop.connection.about.get(hop.message, ())
            found += (each for each in exchanged if stage_of(getattr(each.what, "command", "")) == DATA)
            found += hop.connection.attributed_to(hop.names)
    return distinct(found)


def _departures(case: Case, of: Mailbox | None) -> tuple[Event, ...]:
    """Return how the message left each MTA, the last one first: with which sender is decided there."""
    hops = (hop for outcome in case.outcomes(of) for hop in reversed(outcome.hops))
    return distinct(event for hop in hops for event in hop.events if isinstance(event.what, Routed))


def _routes(case: Case, of: Mailbox | None) -> tuple[Event, ...]:
    return distinct(event for outcome in case.outcomes(of) for event in behind(outcome))


def _says(event: Event, text: str) -> bool:
    return event.because is not None and any(
        text.lower() in line.lower() for line in statements(event.because)
    )


def _first_line(event: Event, text: str) -> str:
    lines = statements(event.because) if event.because else ()
    return f"{event.mta}: " + next(line for line in lines if text.lower() in line.lower())
