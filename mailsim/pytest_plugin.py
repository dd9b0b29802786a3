"""Scenario files as pytest tests: pytest finds them, predicts them, runs them, and shows what was not as expected.

A YAML file whose first key is ``mailsim`` is one. Every message with expectations is a test of the prediction,
``predicted::m1``, and of the live run, ``live::m1``; ``compare`` holds the two against each other. A file is predicted
once and run once, when a test first needs it. pytest loads this module in every session of an environment with mailsim,
so it imports nothing of mailsim until a scenario is found.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import pytest

if TYPE_CHECKING:
    from _pytest._code import ExceptionInfo

    from mailsim.api import Result
    from mailsim.errors import UnsupportedError
    from mailsim.flow.compare import Difference
    from mailsim.flow.scenario import Scenario
    from mailsim.pki import Pki

PREDICT, LIVE, BOTH = "predict", "live", "both"

LONGEST_LINE = 1000
"""Characters looked at in one go; a file without line ends is not read to its end."""

_FIRST_KEY = re.compile(r"""(["']?)mailsim\1\s*:""")
_SAYS_NOTHING = re.compile(r"\s*(#|$|---\s*$|%)")

T = TypeVar("T")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--mailsim-mode``."""
    parser.getgroup("mailsim").addoption(
        "--mailsim-mode",
        choices=(PREDICT, LIVE, BOTH),
        default=BOTH,
        help="how scenario files are tested: predicted without sockets, run on loopback, or both and compared",
    )


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> ScenarioFile | None:
    """Take the scenarios among the YAML files."""
    if file_path.suffix not in (".yaml", ".yml") or not is_scenario(file_path):
        return None
    return ScenarioFile.from_parent(parent, path=file_path)


def is_scenario(path: Path) -> bool:
    """Tell whether the first key of a YAML file is ``mailsim``; an unreadable file is none."""
    try:
        with path.open(encoding="utf-8-sig", errors="replace") as file:
            lines = iter(lambda: file.readline(LONGEST_LINE), "")
            first = next((line for line in lines if not _SAYS_NOTHING.match(line)), "")
    except OSError:
        return False
    return _FIRST_KEY.match(first) is not None


class _Once(Generic[T]):
    """A result that is worked out when it is first asked for.

    Where that fails, the first to ask gets the error and all others a line that names it; what the machine cannot do is told
    to all.
    """

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._results: list[T] = []
        self._error = ""
        self._unsupported: UnsupportedError | None = None

    def __call__(self) -> T:
        from mailsim.errors import MailsimError, UnsupportedError

        if self._unsupported is not None:
            raise self._unsupported
        if self._error:
            raise MailsimError(f"there is no result: {self._error}; an earlier test shows more")
        if not self._results:
            try:
                self._results.append(self._make())
            except UnsupportedError as error:
                self._unsupported = error
                raise
            except Exception as error:
                self._error = f"{type(error).__name__}: {error}"
                raise
        return self._results[0]


class _Answers:
    """What came of one scenario, each way worked out at most once and with the same certificates."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self._pki = _Once(self._make_pki)
        self.predicted = _Once(self._predict)
        self.observed = _Once(self._run)

    def differences(self) -> tuple[Difference, ...]:
        from mailsim.flow.compare import differences

        return differences(self.predicted().events, self.observed().events)

    def _make_pki(self) -> Pki:
        from mailsim.api import pki_of

        return pki_of(self.scenario)

    def _predict(self) -> Result:
        from mailsim.api import predict

        return predict(self.scenario, pki=self._pki())

    def _run(self) -> Result:
        from mailsim.api import run

        return run(self.scenario, pki=self._pki())


class ScenarioFile(pytest.File):
    """One scenario file."""

    def collect(self) -> Iterator[pytest.Item | pytest.Collector]:
        """Yield the tests of the file.

        Raises:
            ScenarioError: the text is wrong; ``repr_failure`` shows every diagnostic.
        """
        from mailsim.api import load

        answers = _Answers(load(self._shown_path))
        mode = self.config.getoption("--mailsim-mode")
        if mode in (PREDICT, BOTH):
            yield Messages.from_parent(
                self, name="predicted", scenario=answers.scenario, result=answers.predicted
            )
        if mode in (LIVE, BOTH):
            yield Messages.from_parent(self, name="live", scenario=answers.scenario, result=answers.observed)
        if mode == BOTH:
            yield ComparisonItem.from_parent(self, name="compare", answers=answers)

    def repr_failure(
        self,
        excinfo: ExceptionInfo[BaseException],
        style: Any = None,  # noqa: ARG002 - a collector is asked without it
    ) -> Any:
        """Show the faults of a scenario instead of a traceback."""
        from mailsim.errors import ScenarioError

        if isinstance(excinfo.value, ScenarioError):
            return str(excinfo.value)
        return super().repr_failure(excinfo)

    @property
    def _shown_path(self) -> str:
        """The path as diagnostics and explanations shall show it: from where pytest was started."""
        here = self.config.invocation_params.dir
        return str(self.path.relative_to(here) if self.path.is_relative_to(here) else self.path)


class Messages(pytest.Collector):
    """The messages of a scenario, tested one way."""

    def __init__(self, *, scenario: Scenario, result: Callable[[], Result], **others: Any) -> None:
        super().__init__(**others)
        self._scenario = scenario
        self._result = result

    def collect(self) -> Iterator[pytest.Item]:
        """Yield one test for each message with expectations."""
        for message in self._scenario.expectations:
            yield MessageItem.from_parent(self, name=message, scenario=self._scenario, result=self._result)


class _ScenarioItem(pytest.Item):
    """A test that fails with a text of its own."""

    def repr_failure(self, excinfo: ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Show what happened instead of a traceback, unless mailsim itself failed."""
        from mailsim.errors import Bug, ExpectationFailed, MailsimError

        error = excinfo.value
        if isinstance(error, ExpectationFailed | MailsimError) and not isinstance(error, Bug):
            return str(excinfo.value)
        excinfo.traceback = excinfo.traceback.cut(path=__file__)
        return super().repr_failure(excinfo, style or "short")


class MessageItem(_ScenarioItem):
    """The expectations of one message."""

    def __init__(self, *, scenario: Scenario, result: Callable[[], Result], **others: Any) -> None:
        super().__init__(**others)
        self._scenario = scenario
        self._result = result

    def runtest(self) -> None:
        """Want every expectation of the message met.

        Raises:
            ExpectationFailed: one was not; the text says what happened and why.
        """
        from mailsim.errors import ExpectationFailed
        from mailsim.report.text import finding_lines

        result = _unless_unsupported(self._result)
        findings = [finding for finding in result.findings if finding.message == self.name]
        if not all(finding.met for finding in findings):
            raise ExpectationFailed(_text([*finding_lines(findings), "", *self._journey(result)]))

    def _journey(self, result: Result) -> Iterator[str]:
        """Yield what became of the message and of the reports about it, after what the reader warned of."""
        from mailsim.report.text import in_reading_order, message_lines
        from mailsim.trace.paths import trees

        yield from map(str, self._scenario.warnings)
        for tree, about in in_reading_order(trees(result.events)):
            if self.name in (tree.message, about):
                yield from message_lines(tree, about=about, since=self._scenario.topology.start)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Return the place of the expectations, and a name."""
        origin = self._scenario.expectations[self.name].origin
        name = f"{self.parent.name if self.parent else ''} {self.name}"
        return self.path, origin.line - 1 if origin else None, name


class ComparisonItem(_ScenarioItem):
    """The prediction against the live run."""

    def __init__(self, *, answers: _Answers, **others: Any) -> None:
        super().__init__(**others)
        self._answers = answers

    def runtest(self) -> None:
        """Want the live run to be as predicted.

        Raises:
            ExpectationFailed: it was not; the text lists every difference.
        """
        from mailsim.errors import ExpectationFailed

        found = _unless_unsupported(self._answers.differences)
        if found:
            heading = f"the live run differs from the prediction in {len(found)} places"
            raise ExpectationFailed(_text([heading, *(f"  {each}" for each in found)]))

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Return the file and a name."""
        return self.path, None, "compare"


def _unless_unsupported(make: Callable[[], T]) -> T:
    """Return a result; what this machine cannot do skips the test."""
    from mailsim.errors import UnsupportedError

    try:
        return make()
    except UnsupportedError as error:
        pytest.skip(str(error))


def _text(lines: Iterable[str]) -> str:
    return "\n".join(lines)
