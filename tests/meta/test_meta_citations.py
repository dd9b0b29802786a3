"""Citations are found in the text of the code with all who use them, and cases and marks where they are written."""

from __future__ import annotations

from textwrap import dedent

import pytest

from mailsim.reason.cite import Grade
from tests.meta.citations import rules
from tests.meta.shown import Shown, cases, marked, scenarios, switches


def found(tmp_path, **modules: str):
    """Read a package of these modules."""
    (tmp_path / "mailsim").mkdir()
    head = "from mailsim.reason.cite import Citation, assumed, documented, observed, rfc\n"
    for name, text in modules.items():
        (tmp_path / "mailsim" / f"{name}.py").write_text(head + dedent(text), encoding="utf-8")
    return rules(tmp_path)


@pytest.mark.parametrize(
    ("call", "key", "at", "grade"),
    [
        ("rfc(5321, '4.1')", "rfc5321", "section 4.1", Grade.NORMATIVE),
        ("rfc(number=5321, section='4.1')", "rfc5321", "section 4.1", Grade.NORMATIVE),
        ("documented('ms:x')", "ms:x", "", Grade.DOCUMENTED),
        ("observed('observed:x', 'a ' 'place')", "observed:x", "a place", Grade.OBSERVED),
        ("assumed(key='x', at='why')", "x", "why", Grade.ASSUMED),
        ("documented(PAGE, f'step {n}')", "ms:page", "f'step {n}'", Grade.DOCUMENTED),
        ("documented(f'ms:{n}')", "", "", Grade.DOCUMENTED),
        ("Citation('ms:x', 'y', Grade.OBSERVED)", "ms:x", "y", None),
    ],
)
def test_each_constructor(tmp_path, call, key, at, grade):
    """Key and place are read where they stand; what is computed has no key, and a grade by hand counts as none."""
    (rule,) = found(tmp_path, a=f"PAGE = 'ms:page'\nX = {call}\n")
    assert (rule.key, rule.at, rule.grade) == (key, at, grade)
    assert (rule.file, rule.line, rule.name) == ("mailsim/a.py", 3, "X")


def test_users_of_a_constant(tmp_path):
    """Functions and methods that read it, in any module, by name or by module, also by way of another constant."""
    (rule,) = found(
        tmp_path,
        a="""
            X = documented("ms:x")
            TABLE = {1: X}
            def direct(): return X
            def inner(): return lambda: TABLE[1]
            def other(): return None
        """,
        b="""
            from mailsim.a import X as RENAMED
            from mailsim import a
            class Kind:
                CITE = RENAMED
                def method(self): return self.CITE
            def by_module(): return a.X.key
        """,
    )
    assert rule.users == ("b.Kind.method", "b.by_module", "direct", "inner")


def test_a_citation_made_in_a_function(tmp_path):
    """The function is its only user."""
    (rule,) = found(tmp_path, a="def make(): return documented('ms:x')\n")
    assert (rule.name, rule.users) == ("make", ("make",))


def test_a_citation_nobody_uses(tmp_path):
    """A constant that is read by no function has no users."""
    (rule,) = found(tmp_path, a="X = documented('ms:x')\n")
    assert rule.users == ()


ASSUMPTIONS = """
    from mailsim.reason.assumption import Assumption
    A = Assumption(key="a", question="?", choices={"x": ""}, evidence="")
    B = Assumption(key="b", question="?", choices={"x": ""}, evidence="")
"""


@pytest.mark.parametrize(
    ("code", "keys"),
    [
        ("def f(at): return A.cite('x')", ["a"]),
        ("def f(at): return A.cite(at.assumed(A))", ["a"]),
        ("def f(at):\n    point = A if at else B\n    return point.cite('x')", ["a", "b"]),
        ("def f(point): return point.cite('x')\ndef g(): return f(A)\ndef h(): return f(B)", ["a", "b"]),
        ("def f(point): return point.cite('x')", [""]),
    ],
)
def test_citations_of_assumptions(tmp_path, code, keys):
    """The assumption named, those the function chooses from, or those its callers pass."""
    made = found(tmp_path, assumptions=ASSUMPTIONS, a="from mailsim.assumptions import A, B\n" + code)
    assert [rule.key for rule in made] == keys
    assert {rule.grade for rule in made} == {Grade.ASSUMED}


@pytest.mark.parametrize(
    ("case", "cited", "shows"),
    [
        (("ms:x", ""), ("ms:x", "step 3"), True),
        (("ms:x", "step 1"), ("ms:x", "step 3"), True),
        (("ms:x", ""), ("ms:y", ""), False),
        (("rfc5321", "section 5.1"), ("rfc5321", "section 5.1"), True),
        (("rfc5321", "5.1"), ("rfc5321", "section 5.1"), True),
        (("rfc5321", "section 4.1.4"), ("rfc5321", "section 4.1"), True),
        (("rfc5321", "section 4.1"), ("rfc5321", "section 4.1.4"), False),
        (("rfc5321", "section 4.10"), ("rfc5321", "section 4.1"), False),
        (("rfc5321", ""), ("rfc5321", "section 5.1"), True),
    ],
)
def test_what_shows_what(case, cited, shows):
    """The source counts, of an RFC the section or one above it too."""
    assert Shown("f.yaml", "m1", *case).shows(*cited) is shows


def test_cases_are_read_as_they_are_written(tmp_path):
    """Numbers stay texts, a file that is no YAML is left to its own test, and switched assumptions are shown."""
    folder = tmp_path / "tests" / "conformance" / "area"
    folder.mkdir(parents=True)
    (folder / "a.yaml").write_text(
        "mailsim: 1\nassumptions: {open: way}\nexpect:\n  m1: {source: {key: rfc1, at: 5.10}, ndr: none}\n",
        encoding="utf-8",
    )
    (folder / "broken.yaml").write_text("mailsim: 1\nexpect: {", encoding="utf-8")
    (folder / "other.yaml").write_text("something: else\n", encoding="utf-8")
    texts = scenarios(tmp_path)
    file = "tests/conformance/area/a.yaml"
    assert cases(texts) == (Shown(file, "m1", "rfc1", "5.10"),)
    assert switches(texts) == (Shown(file, "m1", "open", "way"),)
    assert cases(texts)[0].area == "area"


def test_marks_are_found(tmp_path):
    """On a test, on one of its parameters, on a class, or on the whole file."""
    (tmp_path / "tests").mkdir()
    mark = "pytest.mark." + "shows"
    (tmp_path / "tests" / "test_x.py").write_text(
        f"pytestmark = {mark}('all')\n"
        f"@{mark}('k', '5.1')\n@pytest.mark.parametrize('x', [pytest.param(1, marks={mark}('p'))])\n"
        "def test_one(x): pass\n",
        encoding="utf-8",
    )
    file = "tests/test_x.py"
    assert marked(tmp_path) == (
        Shown(file, "", "all", ""),
        Shown(file, "test_one", "k", "5.1"),
        Shown(file, "test_one", "p", ""),
    )
