"""The register of what mailsim's answers rest on, written to ``docs/reference/fidelity.md``.

Run ``python -m tests.meta.fidelity`` after a change of rules, cases, sources or assumptions. Everything is sorted, and a
line says one thing, so that a diff of the register can be read.
"""

from __future__ import annotations

import pkgutil
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import mailsim
from mailsim.config.link_assumptions import every_assumption
from mailsim.mta.registry import Kinds
from mailsim.reason.cite import Grade
from tests.meta.citations import Rule, rules
from tests.meta.shown import ScenarioText, Shown, cases, marked, scenarios, switches
from tests.meta.sources import Source, Sources

ROOT = Path(__file__).parents[2]
REGISTER = Path("docs/reference/fidelity.md")
COMMAND = "python -m tests.meta.fidelity"

AREAS = (
    ("mailsim/mail/", "Mail"),
    ("mailsim/pki/", "Certificates"),
    ("mailsim/sender_authentication/", "Sender authentication"),
    ("mailsim/flow/", "Sessions and queues"),
    ("mailsim/mta/relaying/", "Relaying"),
    ("mailsim/mta/rules/", "Mail flow rules"),
    ("mailsim/mta/generic/", "Internet MTAs and clients"),
    ("mailsim/mta/client.py", "Internet MTAs and clients"),
    ("mailsim/mta/exchange_server/", "Exchange Server"),
    ("mailsim/mta/exchange_online/", "Exchange Online"),
    ("mailsim/mta/", "Common to MTAs"),
    ("mailsim/", "Elsewhere"),
)
"""Where a rule belongs, by the beginning of its file; the first that fits counts."""

NOT_SHOWN = "Shown by nothing yet."

HEAD = f"""\
# Fidelity

What the answers rest on. Written by `{COMMAND}`; a test holds it up to date.

Grades: **normative**, an RFC says so; **documented**, the vendor does; **observed**, a published capture shows it; **assumed**, nobody
says so. [docs/sources](../sources/README.md) says what a source key stands for.
"""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything the register is made of.

    Args:
        rules: the citations of the code.
        texts: the scenario files.
        cases: their messages with expectations.
        shown: the cases, the switched assumptions and the marked tests.
        sources: what the keys stand for.
    """

    rules: tuple[Rule, ...]
    texts: tuple[ScenarioText, ...]
    cases: tuple[Shown, ...]
    shown: tuple[Shown, ...]
    sources: Sources


def collect(root: Path = ROOT) -> Evidence:
    """Read the code, the scenarios, the tests and the sources of the project."""
    texts = scenarios(root)
    found = cases(texts)
    return Evidence(
        rules=rules(root),
        texts=texts,
        cases=found,
        shown=(*found, *switches(texts), *marked(root)),
        sources=Sources(root / "docs" / "sources"),
    )


def register(evidence: Evidence) -> str:
    """Write the register."""
    parts = (
        [HEAD],
        _summary(evidence),
        *(_area(evidence, area) for area in _areas(evidence.rules)),
        _uncited(evidence),
        _assumptions(evidence),
        _not_modelled(),
    )
    return "\n".join(line for part in parts for line in part)


def area_of(rule: Rule) -> str:
    """Return the area of a rule."""
    return next(title for beginning, title in AREAS if rule.file.startswith(beginning))


def _areas(found: Iterable[Rule]) -> list[str]:
    present = {area_of(rule) for rule in found}
    return [title for title in dict.fromkeys(title for _, title in AREAS) if title in present]


def _summary(evidence: Evidence) -> Iterator[str]:
    graded = [case for case in evidence.cases if case.area]
    yield "## Summary\n"
    yield from _shares("rules", Counter(rule.grade.value for rule in evidence.rules if rule.grade))
    yield from _shares("conformance cases", Counter(case.grade or "none" for case in graded))
    unshown = [rule for rule in evidence.rules if not _showing(evidence, [rule])]
    yield f"Rules that nothing shows yet: {len(unshown)}.\n"
    yield from _by_area(graded)


def _shares(what: str, counted: Counter[str]) -> Iterator[str]:
    total = sum(counted.values())
    yield from _table(
        (f"grade of {what}", "count", "share"),
        [
            *((grade, counted[grade], share(counted[grade], total)) for grade in grades(counted)),
            ("all", total, share(total, total)),
        ],
    )


def grades(counted: Iterable[str]) -> list[str]:
    """Return all grades, best first, then whatever else was counted."""
    known = [grade.value for grade in Grade]
    return [*known, *sorted(set(counted) - set(known))]


def share(part: int, whole: int) -> str:
    """Return a share in percent, one digit after the point."""
    return f"{100 * part / whole:.1f} %" if whole else "-"


def _by_area(graded: list[Shown]) -> Iterator[str]:
    counted: dict[str, Counter[str]] = defaultdict(Counter)
    for case in graded:
        counted[case.area][case.grade or "none"] += 1
    columns = grades(case.grade or "none" for case in graded)
    yield from _table(
        ("conformance cases", *columns, "all"),
        [
            (area, *(by_grade[grade] for grade in columns), by_grade.total())
            for area, by_grade in sorted(counted.items())
        ],
    )


def _area(evidence: Evidence, area: str) -> Iterator[str]:
    mine = [rule for rule in evidence.rules if area_of(rule) == area]
    yield f"## {area}\n"
    for key in sorted({rule.key for rule in mine}):
        yield from _source(evidence, key, [rule for rule in mine if rule.key == key])


def _source(evidence: Evidence, key: str, citing: list[Rule]) -> Iterator[str]:
    yield f"### {key}\n"
    yield f"{_described(evidence.sources.find(key))}\n"
    yield from _table(("grade", "place", "code", "used by"), [_row(rule) for rule in citing])
    yield from _tests(_showing(evidence, citing))


def _described(source: Source | None) -> str:
    if source is None:
        return "Not listed."
    title = f"[{source.title}]({source.url})" if source.url else source.title
    return ", ".join(part for part in (title, source.publisher, source.date) if part)


def _row(rule: Rule) -> tuple[str, str, str, str]:
    grade = rule.grade.value if rule.grade else "none"
    made_inline = rule.users == (rule.name,)
    code = f"{rule.file}:{rule.line}" + ("" if made_inline else f" `{rule.name}`")
    return grade, rule.at, code, ", ".join(rule.users)


def _showing(evidence: Evidence, citing: Iterable[Rule]) -> list[Shown]:
    """Return what shows any of some rules."""
    return [each for each in evidence.shown if any(each.shows(rule.key, rule.at) for rule in citing)]


def _tests(showing: Iterable[Shown]) -> Iterator[str]:
    """Say file by file what shows a rule."""
    names: dict[str, list[str]] = defaultdict(list)
    for each in showing:
        if each.name not in names[each.file]:
            names[each.file].append(each.name)
    if not names:
        yield f"{NOT_SHOWN}\n"
        return
    yield "Shown by:\n"
    yield from (f"- {file}: {', '.join(filter(None, names[file])) or 'all'}" for file in sorted(names))
    yield ""


def _uncited(evidence: Evidence) -> Iterator[str]:
    """List what is shown although no rule cites it: conduct that is no decision, such as the form of a report."""
    cited = [(rule.key, rule.at) for rule in evidence.rules] + [(key, "") for key in every_assumption()]
    rest = [each for each in evidence.shown if each.key and not any(each.shows(key, at) for key, at in cited)]
    yield "## Shown without a rule that cites it\n"
    yield "Conduct that is no decision, such as the form of a report or the order of a dialogue.\n"
    for key in sorted({each.key for each in rest}):
        yield f"### {key}\n"
        yield f"{_described(evidence.sources.find(key))}\n"
        yield from _tests(each for each in rest if each.key == key)
    if not rest:
        yield "None.\n"


def _assumptions(evidence: Evidence) -> Iterator[str]:
    declared = every_assumption()
    yield "## Assumptions\n"
    yield "Open points that a scenario decides under `assumptions:`; the first choice is the default.\n"
    for key, assumption in sorted(declared.items()):
        kinds = sorted(name for name, kind in Kinds().items() if assumption in kind.assumptions)
        yield f"### {key}\n"
        yield f"{assumption.question} ({', '.join(kinds)})\n"
        yield f"- default: `{assumption.default}`"
        yield from (f"- `{choice}`: {meaning}" for choice, meaning in assumption.choices.items())
        yield f"- evidence: {assumption.evidence}\n"
        yield from _tests(each for each in evidence.shown if each.key == key)
    if not declared:
        yield "None.\n"
    yield "Assumed and not to be switched:\n"
    fixed = [rule for rule in evidence.rules if rule.grade is Grade.ASSUMED and rule.key not in declared]
    yield from (f"- {rule.key}: {rule.at} ({rule.file}:{rule.line})" for rule in fixed)
    yield ""


def _not_modelled() -> Iterator[str]:
    yield "## Known and not modelled\n"
    yield "Properties that are accepted with a warning; every answer that rests on such an object says so.\n"
    for name, properties in sorted(unmodelled().items()):
        yield f"### {name}\n"
        yield from (f"- {each}" for each in sorted(properties))
        yield ""


def unmodelled() -> dict[str, frozenset[str]]:
    """Return by class, with its module, the properties it knows and does not model."""
    found: dict[str, frozenset[str]] = {}
    for info in pkgutil.walk_packages(mailsim.__path__, "mailsim."):
        if info.name == "mailsim.__main__":
            continue
        for each in vars(import_module(info.name)).values():
            if isinstance(each, type) and each.__module__ == info.name and vars(each).get("UNMODELLED"):
                found[f"{info.name.removeprefix('mailsim.mta.')}.{each.__name__}"] = each.UNMODELLED
    return found


def _table(head: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> Iterator[str]:
    yield _cells(head)
    yield _cells("-" for _ in head)
    yield from (_cells(row) for row in rows)
    yield ""


def _cells(values: Iterable[object]) -> str:
    return f"| {' | '.join(str(value).replace('|', chr(92) + '|') for value in values)} |"


def main() -> None:
    """Write the register."""
    (ROOT / REGISTER).write_text(register(collect()), encoding="utf-8")


if __name__ == "__main__":
    main()
