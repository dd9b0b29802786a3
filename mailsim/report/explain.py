"""Render the reasons of a decision so that an administrator can follow it and knows what to change.

A choice lists its winner with ``+`` and every loser with ``-`` and why it lost; a decision lists its checks, ``+`` met,
``-`` not met, ``?`` not judged. Lines end with ``file:line`` where the scenario says so; the sources of the rules stand
below, with their grade. What is assumed or not judged says so in the line. Pure; order is the order of evaluation.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from mailsim.flow.evidence import says, says_of
from mailsim.reason.check import Check, Verdict
from mailsim.reason.choice import Candidate, Choice
from mailsim.reason.cite import Citation, Grade
from mailsim.reason.decision import Decision, Reason
from mailsim.report.style import PLAIN, WIDTH, Style, fold
from mailsim.trace.events import Event

WIDEST_NAME = 32
"""Names of candidates are aligned up to this width."""

_MARKS = {Verdict.YES: "+", Verdict.NO: "-", Verdict.UNKNOWN: "?", Verdict.NOT_REACHED: "."}


def explain(reason: Reason, style: Style = PLAIN, *, indent: str = "", by: str = "") -> list[str]:
    """Return a reason as lines.

    Args:
        reason: a check, a choice or a decision with everything it rests on.
        style: how lines look.
        indent: begins every line.
        by: the MTA that decided, named in the first line; empty names none.
    """
    if isinstance(reason, Choice):
        return _choice(reason, style, indent, by)
    if isinstance(reason, Decision):
        return _decision(reason, style, indent, by)
    heading = _heading(by, style, indent) if by else []
    inner = indent + "  " if by else indent
    return [*heading, *_check(reason, style, inner), *_sources((reason.cite,), style, inner)]


def explain_event(event: Event, style: Style = PLAIN, *, indent: str = "") -> list[str]:
    """Return the reason of an event as lines; empty when nothing was decided."""
    return explain(event.because, style, indent=indent, by=event.mta) if event.because is not None else []


def _heading(text: str, style: Style, indent: str) -> list[str]:
    return [style.paint("strong", line) for line in fold(text, first=indent, rest=indent + "  ")]


def _decision(decision: Decision[Any], style: Style, indent: str, by: str = "") -> list[str]:
    """Show what was asked and answered, and what that rests on."""
    answer = f" -> {decision.answer}" if decision.answer else ""
    lines = _heading(f"{by}: {decision.question}{answer}".removeprefix(": "), style, indent)
    inner = indent + "  "
    for part in decision.because:
        if not isinstance(part, Check):
            lines += explain(part, style, indent=inner)
        elif part.verdict is not Verdict.NOT_REACHED:
            lines += _check(part, style, inner)
    checks = [part for part in decision.because if isinstance(part, Check)]
    return [
        *lines,
        *_not_reached(checks, style, inner),
        *_sources((each.cite for each in _made(checks)), style, inner),
    ]


def _made(checks: list[Check]) -> list[Check]:
    return [check for check in checks if check.verdict is not Verdict.NOT_REACHED]


def _not_reached(checks: list[Check], style: Style, indent: str) -> list[str]:
    """Name the gates that an earlier one had answered for, in one line."""
    missed = [check.rule for check in checks if check.verdict is Verdict.NOT_REACHED]
    if not missed:
        return []
    lines = fold(f"not reached: {', '.join(missed)}", first=f"{indent}. ", rest=f"{indent}  ")
    return [style.paint("dim", line) for line in lines]


def _check(check: Check, style: Style, indent: str) -> list[str]:
    lines = _with_source(f"{indent}{_MARKS[check.verdict]} ", says(check), check.source, indent + "    ")
    return [style.paint(_tone(check), line) for line in lines]


def _tone(check: Check) -> str:
    if check.verdict is Verdict.UNKNOWN or check.cite.grade is Grade.ASSUMED:
        return "unsure"
    return "bad" if check.failed else ""


def _choice(choice: Choice[Any], style: Style, indent: str, by: str = "") -> list[str]:
    """Show the winner, then who lost and why."""
    chosen = f'"{choice.winner.name}"' if choice.winner else "none"
    lines = _heading(f"{by}: {choice.question} -> {chosen}".removeprefix(": "), style, indent)
    inner = indent + "  "
    names = [len(each.name) for each in choice.candidates if len(each.name) <= WIDEST_NAME]
    for candidate in sorted(choice.candidates, key=lambda each: not each.chosen):
        lines += _candidate(choice, candidate, max(names, default=0), style, inner)
    if not choice.candidates:
        lines.append(style.paint("dim", f"{inner}there is no candidate"))
    doubtful = (check.cite for candidate in choice.candidates for check in _reserved(candidate))
    return [*lines, *_sources((choice.cite, *doubtful), style, inner)]


def _candidate(
    choice: Choice[Any], candidate: Candidate[Any], width: int, style: Style, indent: str
) -> list[str]:
    """Show one candidate: what it won by or lost by, and under it what about it is assumed or not judged."""
    mark, tone = ("+", "good") if candidate.chosen else ("-", "")
    failed = next((check for check in candidate.checks if check.failed), None)
    source = (failed.source if failed else "") or candidate.source
    name = f"{indent}{mark} {candidate.name:<{width}}  "
    lines = _with_source(name, says_of(choice, candidate), source, indent + "    ")
    notes = [line for check in _reserved(candidate) for line in _check(check, style, indent + "    ")]
    return [*(style.paint(tone, line) for line in lines), *notes]


def _reserved(candidate: Candidate[Any]) -> list[Check]:
    """Return what a winner rests on without being sure."""
    doubtful = [
        each for each in candidate.checks if each.verdict is Verdict.UNKNOWN or _tone(each) == "unsure"
    ]
    return doubtful if candidate.chosen else []


def _with_source(first: str, text: str, source: str, rest: str) -> list[str]:
    """Fold a text and put its place behind it, on a line of its own where it does not fit."""
    lines = fold(text, first=first, rest=rest)
    if not source:
        return lines
    if len(lines[-1]) + 2 + len(source) <= WIDTH:
        return [*lines[:-1], f"{lines[-1]}  {source}"]
    return [*lines, f"{rest}{source}"]


def _sources(cites: Iterable[Citation], style: Style, indent: str) -> list[str]:
    """Name the sources of rules, each once and on a line of its own."""
    lines: list[str] = []
    for cite in dict.fromkeys(map(str, cites)):
        lines += fold(cite, first=indent + (" " * 8 if lines else "source: "), rest=indent + " " * 10)
    return [style.paint("dim", line) for line in lines]
