"""The register is up to date, every source that is cited is known, and every rule has one and is shown by something."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from importlib import import_module

import pytest

from mailsim.config.link_assumptions import every_assumption
from mailsim.reason.cite import Citation, Grade
from tests.meta import fidelity
from tests.meta.citations import GRADES
from tests.meta.sources import FIELDS, Sources, listed

# sources whose rules nothing shows yet; it may only shrink
NOT_SHOWN_YET: frozenset[str] = frozenset()

# citations that no function uses; it may only shrink
NOT_USED_YET: frozenset[str] = frozenset()

_DATE = re.compile(r"^(\d{4})(-\d\d){0,2}$")


@pytest.fixture(scope="module")
def evidence():
    """Everything the register is made of."""
    return fidelity.collect()


def cited(evidence) -> set[str]:
    """Return the keys that rules, cases and tests name."""
    return {each.key for each in (*evidence.rules, *evidence.shown)} - {""}


def test_the_register_is_up_to_date(evidence):
    """docs/reference/fidelity.md is what the code, the cases and the sources give now."""
    written = (fidelity.ROOT / fidelity.REGISTER).read_text(encoding="utf-8")
    assert written == fidelity.register(evidence), f"{fidelity.REGISTER} is old: run {fidelity.COMMAND}"


def test_every_cited_source_is_known(evidence):
    """A key that a rule, a case or a test names has an entry, is an RFC or is an assumption."""
    unknown = sorted(key for key in cited(evidence) if evidence.sources.find(key) is None)
    assert not unknown, "these keys have no entry in docs/sources"


def test_every_listed_source_is_cited(evidence):
    """No entry outlives the last rule or case that rests on it."""
    unused = sorted(
        f"{file.name}: {source.key}"
        for file, source in evidence.sources.entries
        if source.key not in cited(evidence)
    )
    assert not unused, "these entries are cited by no rule, case or test"


def test_a_source_is_described_once():
    """A key that stands twice would lose its first entry in silence."""
    text = "".join(path.read_text() for path in sorted((fidelity.ROOT / "docs" / "sources").glob("*.yaml")))
    keys = Counter(re.findall(r"^(\S.*):$", text, re.MULTILINE))
    assert keys
    assert [key for key, times in keys.items() if times > 1] == []


def test_sources_are_dated_and_in_order(evidence):
    """A date is a day, a month or a year, a url can be opened, and a file is in alphabetical order."""
    by_file = defaultdict(list)
    for file, source in evidence.sources.entries:
        by_file[file.name].append(source.key)
        assert _DATE.match(source.date), f"{file.name}: {source.key}: {source.date!r} is no date"
        assert source.url.startswith("https://") or not source.url, f"{file.name}: {source.key}: url"
    for name, keys in by_file.items():
        assert keys == sorted(keys), f"{name} is not in alphabetical order"


@pytest.mark.parametrize(
    "entry",
    ["{}", "{title: x, url: '', publisher: y}", "{title: '', url: '', publisher: y, date: 2026}", "x"],
)
def test_a_wrong_entry_is_refused(tmp_path, entry):
    """Every field is there, and only the url may be empty."""
    (tmp_path / "a.yaml").write_text(f"key: {entry}", encoding="utf-8")
    with pytest.raises(ValueError, match=r"wanted|empty"):
        list(listed(tmp_path))


def test_keys_that_need_no_entry(tmp_path):
    """An RFC is known by its number."""
    found = Sources(tmp_path).find("rfc5321")
    assert found is not None
    assert [getattr(found, name) for name in FIELDS] == [
        "RFC 5321",
        "https://www.rfc-editor.org/rfc/rfc5321",
        "RFC Editor",
        "",
    ]
    assert Sources(tmp_path).find("rfc0") is None
    assert Sources(tmp_path).find("ms:nowhere") is None


def test_every_rule_names_its_source(evidence):
    """The key of every citation stands in the code, as text or by the name of a constant."""
    nameless = [f"{rule.file}:{rule.line}" for rule in evidence.rules if not rule.key]
    assert not nameless, "these citations have no key that can be read"


def test_every_rule_is_graded_by_its_constructor(evidence):
    """``rfc`` is for RFCs, ``observed`` for captures; nobody grades by hand."""
    wrong = [f"{rule.file}:{rule.line}: {rule.maker} {rule.key}" for rule in evidence.rules if not fits(rule)]
    assert not wrong, "these citations are not of the grade that their key says"


def fits(rule) -> bool:
    """Tell whether a citation is made by the constructor that its key calls for."""
    if re.match(r"rfc\d", rule.key):
        return rule.grade is Grade.NORMATIVE
    if rule.key.startswith("observed:"):
        return rule.grade is Grade.OBSERVED
    return rule.grade in (Grade.DOCUMENTED, Grade.OBSERVED, Grade.ASSUMED)


def test_the_code_cites_what_its_text_says(evidence):
    """What is read from the text of a module is what the module has when it runs."""
    for rule in evidence.rules:
        value = getattr(import_module(rule.module), rule.name, None)
        if isinstance(value, Citation) and rule.maker in GRADES:
            assert value == Citation(rule.key, rule.at, rule.grade), f"{rule.file}:{rule.line}"


def test_every_rule_is_used(evidence):
    """No citation is kept that no function uses."""
    unused = {f"{rule.module}.{rule.name}" for rule in evidence.rules if not rule.users}
    assert not sorted(unused - NOT_USED_YET), "these citations are used by nobody"
    assert not sorted(NOT_USED_YET - unused), "these are used or gone: take them out of NOT_USED_YET"


def test_every_assumption_is_cited(evidence):
    """An open point that a decision asks for is named by a check that rests on it."""
    uncited = sorted(every_assumption().keys() - {rule.key for rule in evidence.rules})
    assert not uncited, "these assumptions are cited by no rule, so no answer shows them"


def test_every_source_of_a_rule_is_shown(evidence):
    """Every source a rule rests on is shown by a case or by a test marked ``shows``."""
    missing = sorted(not_shown(evidence) - NOT_SHOWN_YET)
    assert not missing, "nothing shows the rules of these sources: write a case with source.key"


def test_what_is_shown_is_not_excused(evidence):
    """The list of sources not shown yet only shrinks."""
    done = sorted(NOT_SHOWN_YET - not_shown(evidence))
    assert not done, "these are shown or cited no more: take them out of NOT_SHOWN_YET"


def not_shown(evidence) -> set[str]:
    """Return the sources of rules that no case and no marked test names."""
    return {rule.key for rule in evidence.rules} - {each.key for each in evidence.shown}
