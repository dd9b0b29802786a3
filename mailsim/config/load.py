"""Load a scenario: read, bind, link. Everything that is wrong is reported at once, and nothing is started."""

from __future__ import annotations

from mailsim.config.bind import bind_what_is_right
from mailsim.config.diagnostic import Diagnostics
from mailsim.config.document import MappingNode, ScalarNode
from mailsim.config.files import read_text
from mailsim.config.format import ScenarioText
from mailsim.config.from_yaml import read_yaml
from mailsim.config.hybrid import expand_hybrid
from mailsim.config.link_expectations import check_names
from mailsim.config.link_lints import link_lints
from mailsim.config.link_messages import link_message
from mailsim.config.link_world import WorldLinker
from mailsim.config.set_objects import complete_changes
from mailsim.errors import ScenarioError
from mailsim.flow.scenario import Scenario

FORMAT_VERSION = 1


def load(path: str) -> Scenario:
    """Load a scenario from a file.

    Args:
        path: the file; other files it names lie beside it.

    Raises:
        ScenarioError: with every fault found.
    """
    return load_text(read_text(path), path)


def load_text(text: str, file: str) -> Scenario:
    """Load a scenario from its text; ``file`` is its name in messages and for files beside it."""
    diagnostics = Diagnostics()
    document = read_yaml(text, file, diagnostics)
    scenario = _link(document, file, diagnostics) if document is not None else None
    diagnostics.raise_if_errors()
    if scenario is None:  # pragma: no cover - every None has its diagnostic
        raise ScenarioError(diagnostics.found)
    return scenario


def expand(path: str) -> MappingNode:
    """Return a scenario as nodes with what is written in short form written out.

    Raises:
        ScenarioError: with every fault found on the way; what is only wrong in its meaning is not found here.
    """
    diagnostics = Diagnostics()
    document = read_yaml(read_text(path), path, diagnostics)
    if document is not None and _right_version(document, diagnostics):
        document = expand_hybrid(document, path, diagnostics)
    diagnostics.raise_if_errors()
    if document is None:  # pragma: no cover - every None has its diagnostic
        raise ScenarioError(diagnostics.found)
    return document


def _link(document: MappingNode, file: str, diagnostics: Diagnostics) -> Scenario | None:
    if not _right_version(document, diagnostics):
        return None
    document = complete_changes(expand_hybrid(document, file, diagnostics), diagnostics)
    bound = bind_what_is_right(document, ScenarioText, diagnostics, where="")
    if bound is None:
        return None
    world = WorldLinker(bound, file, diagnostics).link()
    link_lints(world, diagnostics)
    linked = [link_message(name, text, world, file, diagnostics) for name, text in bound.messages.items()]
    check_names(bound, world, diagnostics)
    return Scenario(
        name=bound.name or file,
        topology=world,
        until=world.start + bound.until if bound.until is not None else None,
        submissions=tuple(each for each in linked if each is not None),
        expectations=bound.expect,
        warnings=diagnostics.warnings,
    )


def _right_version(document: MappingNode, diagnostics: Diagnostics) -> bool:
    """Want ``mailsim: 1`` as the first key; by it a scenario is known among other YAML files."""
    first = document.items[0] if document.items else None
    if first is None or first[0].text != "mailsim":
        wanted = f"mailsim: {FORMAT_VERSION}"
        diagnostics.error(document, "the first key is not mailsim", wanted=wanted)
        return False
    value = first[1]
    if not isinstance(value, ScalarNode) or value.value != FORMAT_VERSION:
        seen = value.text if isinstance(value, ScalarNode) else "something else"
        diagnostics.error(
            value, f"version {seen!r} of the format is not known here", wanted=str(FORMAT_VERSION)
        )
        return False
    return True
