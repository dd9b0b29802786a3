"""MTA kinds by name: the built-in folders and third parties' entry points in the group ``mailsim.kinds``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from importlib.metadata import entry_points

from mailsim.errors import Bug
from mailsim.mta.kind import MtaKind

BUILT_IN = {
    "generic": "mailsim.mta.generic",
    "client": "mailsim.mta.client",
    "exchange_server": "mailsim.mta.exchange_server",
    "exchange_online": "mailsim.mta.exchange_online",
}


class Kinds(Mapping[str, MtaKind]):
    """All kinds; each is imported when first asked for."""

    def __init__(self) -> None:
        self._loaded: dict[str, MtaKind] = {}

    def __getitem__(self, name: str) -> MtaKind:
        if name not in self._loaded:
            self._loaded[name] = _load(name)
        return self._loaded[name]

    def __iter__(self) -> Iterator[str]:
        return iter((*BUILT_IN, *sorted(_foreign())))

    def __len__(self) -> int:
        return len(BUILT_IN) + len(_foreign())


def _load(name: str) -> MtaKind:
    if name in BUILT_IN:
        kind: MtaKind = import_module(BUILT_IN[name]).KIND
        return kind
    foreign = _foreign()
    if name not in foreign:
        raise KeyError(name)
    return foreign[name]


def _foreign() -> dict[str, MtaKind]:
    """Load the kinds of other packages; a name taken twice is a bug of the installation."""
    kinds: dict[str, MtaKind] = {}
    for entry in entry_points(group="mailsim.kinds"):
        kind: MtaKind = entry.load()
        if kind.name in kinds or kind.name in BUILT_IN:
            raise Bug(f"two MTA kinds are called {kind.name!r}")
        kinds[kind.name] = kind
    return kinds
