"""The law that deleting a loser changes nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from cases import Case
from laws import law
from runs import choices, predict, without_reasons

from mailsim.flow.compare import differences
from mailsim.mta.exchange_online.config import ExchangeOnlineConfig
from mailsim.mta.exchange_online.receive.attribution import Claim
from mailsim.mta.exchange_server.config import ExchangeServerConfig
from mailsim.reason.check import Check
from mailsim.trace.events import Event, Routed
from mailsim.world.topology import Mta


def needed(events: list[Event]) -> set[int]:
    """Return the identities of the connectors that something depended on."""
    found = set()
    for choice in (choice for event in events for choice in choices(event.because)):
        for candidate in choice.candidates:
            subject = (
                candidate.subject.connector if isinstance(candidate.subject, Claim) else candidate.subject
            )
            if candidate.chosen or (choice.winner is None and only_too_small(candidate.checks)):
                found.add(id(subject))
    return found


def only_too_small(checks: tuple[Check, ...]) -> bool:
    """Tell whether a Send connector was left out by size alone: where none is left, that gives the reply."""
    return [check.rule for check in checks if check.failed] == ["MaxMessageSize"]


def without_losers(mta: Mta, events: list[Event]) -> Mta:
    """Take away every connector that never won and that no rule used."""
    used, by_rule = needed(events), {each.what.via for each in events if isinstance(each.what, Routed)}

    def kept(connectors: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(each for each in connectors if id(each) in used or each.name in by_rule)

    def of(owner: Any, *lists: str) -> Any:
        return replace(owner, **{name: kept(getattr(owner, name)) for name in lists})

    if isinstance(mta.config, ExchangeServerConfig):
        organization = of(mta.config.organization, "send_connectors")
        return replace(mta, config=replace(of(mta.config, "receive_connectors"), organization=organization))
    if isinstance(mta.config, ExchangeOnlineConfig):
        tenants = [of(each, "inbound_connectors", "outbound_connectors") for each in mta.config.tenants]
        return replace(mta, config=replace(mta.config, tenants=tuple(tenants)))
    return mta


@law
def test_deleting_losers_changes_nothing(case: Case):
    """Connectors that won nowhere can be deleted: every path, time and reply stays as it was."""
    events = predict(case)
    rest = {name: without_losers(mta, events) for name, mta in case.world.mtas.items()}
    fewer = predict(replace(case, world=replace(case.world, mtas=rest)))
    assert differences(without_reasons(events), without_reasons(fewer)) == ()


@law
def test_choices_keep_every_candidate(case: Case):
    """A choice keeps all candidates with their checks, one winner at most, and says why each of the others lost."""
    for choice in (choice for event in predict(case) for choice in choices(event.because)):
        won = [candidate for candidate in choice.candidates if candidate.chosen]
        assert [candidate.subject for candidate in won] == ([choice.chosen] if choice.chosen else [])
        assert all(candidate.checks for candidate in choice.candidates)
        assert all(bool(candidate.lost_by) != candidate.chosen for candidate in choice.candidates)
        assert bool(won) == any(candidate.eligible for candidate in choice.candidates)
