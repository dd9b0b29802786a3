"""What a change sets of an object is written like the cmdlet: its name, and the properties that become others.

Called by ``load`` before the document is bound. Each such object becomes the whole one that it makes, in order of time, so that
binding judges it like any other; a property keeps the place where it was written last. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from mailsim.config.diagnostic import Diagnostics
from mailsim.config.document import MappingNode, Node, ScalarNode, SequenceNode, elements
from mailsim.config.words import parse_duration

ON_PREMISES, IN_THE_CLOUD = ("SendConnectors",), ("InboundConnectors", "OutboundConnectors")
"""What may be set, by where it stands."""


@dataclass(frozen=True, slots=True)
class _Key:
    """One object: its list, whose it is, its name in lower case."""

    objects: str
    owner: str
    name: str


def complete_changes(document: MappingNode, diagnostics: Diagnostics) -> MappingNode:
    """Return the document with whole objects in its changes; one that nothing bears is reported and left out."""
    changes = document.get("changes")
    if not isinstance(changes, SequenceNode):
        return document
    known = dict(_objects(document))
    entries = list(changes.items)
    for index in sorted(range(len(entries)), key=lambda index: _at(entries[index])):
        entry = entries[index]
        if isinstance(entry, MappingNode):
            entries[index] = _completed(entry, known, diagnostics)
    return _with(document, "changes", SequenceNode(tuple(entries), changes.mark))


def _at(entry: Node) -> timedelta:
    try:
        return parse_duration((isinstance(entry, MappingNode) and entry.text("at")) or "")
    except ValueError:
        return timedelta()  # binding reports it


def _objects(document: MappingNode) -> Iterator[tuple[_Key, MappingNode]]:
    online = document.get("exchange_online")
    tenants = online.get("tenants") if isinstance(online, MappingNode) else None
    for owners, lists in ((document.get("organizations"), ON_PREMISES), (tenants, IN_THE_CLOUD)):
        for owner, text in owners if isinstance(owners, MappingNode) else ():
            for objects in lists:
                for node in _listed(text, objects):
                    yield _Key(objects, owner.text.lower(), (node.text("Name") or "").lower()), node


def _listed(text: Node, objects: str) -> Iterator[MappingNode]:
    given = text.get_any_case(objects) if isinstance(text, MappingNode) else None
    yield from (node for node in elements(given) if isinstance(node, MappingNode)) if given else ()


def _completed(entry: MappingNode, known: dict[_Key, MappingNode], diagnostics: Diagnostics) -> MappingNode:
    for objects in (*ON_PREMISES, *IN_THE_CLOUD):
        given = entry.get(objects)
        if given is not None:
            owner = (entry.text("organization") or "").lower()
            made = [_whole(node, objects, owner, known, diagnostics) for node in elements(given)]
            whole = SequenceNode(tuple(node for node in made if node is not None), given.mark)
            entry = _with(entry, objects, whole)
    return entry


def _whole(
    node: Node, objects: str, owner: str, known: dict[_Key, MappingNode], diagnostics: Diagnostics
) -> Node | None:
    """Return the object that stands after a change of it, and remember it."""
    if not isinstance(node, MappingNode):
        return node
    name = node.text("Name") or ""
    of_kind = [key for key in known if key.objects == objects and owner in ("", key.owner)]
    found = [key for key in of_kind if key.name == name.lower()]
    if len(found) != 1:
        names = [known[key].text("Name") or "" for key in of_kind]
        problem = f"changes: {objects}: {name!r} is {'in several organizations' if found else 'not defined'}"
        wanted = "organization: NAME beside it" if found else f"Name: one of {', '.join(names[:8]) or 'none'}"
        diagnostics.error(node, problem, wanted=wanted, did_you_mean=(name, [] if found else names))
        return None
    set_now = tuple(item for item in node.items if item[0].text.lower() != "name")
    names_set = {key.text.lower() for key, _ in set_now}
    kept = tuple(item for item in known[found[0]].items if item[0].text.lower() not in names_set)
    known[found[0]] = MappingNode((*kept, *set_now), node.mark)
    return known[found[0]]


def _with(node: MappingNode, key: str, value: Node) -> MappingNode:
    """Return a mapping with another value of a key."""

    def replaced(item: tuple[ScalarNode, Node]) -> tuple[ScalarNode, Node]:
        return (item[0], value) if item[0].text == key else item

    return MappingNode(tuple(map(replaced, node.items)), node.mark)
