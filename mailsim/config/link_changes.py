"""From ``changes`` of a scenario to what becomes different while time passes, in order of time.

Each key of an entry makes changes of its own; those of the DNS are ``link_dns``'s matter, which knows the views.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta

from mailsim.config.format import ChangeText
from mailsim.config.hosts import host_named
from mailsim.config.link_set_objects import link_set_objects
from mailsim.config.linking import Linking
from mailsim.config.names import mark_of, require_known
from mailsim.config.set_objects import IN_THE_CLOUD, ON_PREMISES
from mailsim.world.change import Certificate, Listening
from mailsim.world.topology import Change, Mta


def link_changes(linking: Linking, mtas: Mapping[str, Mta], of_dns: Iterable[Change]) -> tuple[Change, ...]:
    """Return every change; every fault goes to the diagnostics.

    Args:
        linking: the scenario.
        mtas: its MTAs by id.
        of_dns: the changes of the DNS.
    """
    found: list[Change] = list(of_dns)
    for text in linking.text.changes:
        at = mark_of(text.origin)
        written = text.origin.properties if text.origin else {}
        sets = any(objects in written for objects in (*ON_PREMISES, *IN_THE_CLOUD))
        if not (sets or text.dns or text.down or text.up or text.certificate):
            wanted = "dns, down, up, certificate or a list of connectors"
            linking.diagnostics.error(at, "changes: nothing is changed here", wanted=wanted)
        if text.at < timedelta():
            linking.diagnostics.error(at, "changes: at lies before the start", wanted="a time after it")
        found += [*_listening(linking, mtas, text), *_certificates(linking, mtas, text)]
    found += link_set_objects(linking)
    return tuple(sorted(found, key=lambda change: change.at))


def _listening(linking: Linking, mtas: Mapping[str, Mta], text: ChangeText) -> Iterator[Listening]:
    down, up = (
        frozenset(_listeners(linking, mtas, text, key, hosts))
        for key, hosts in (("down", text.down), ("up", text.up))
    )
    for host in sorted(down & up):
        linking.diagnostics.error(mark_of(text.origin, "up"), f"changes: {host} goes down and up at once")
    if down or up:
        yield Listening(at=linking.start + text.at, down=down, up=up)


def _listeners(
    linking: Linking, mtas: Mapping[str, Mta], text: ChangeText, key: str, hosts: Iterable[str]
) -> Iterator[str]:
    """Yield hosts that listen; one that never does is a mistake."""
    at = mark_of(text.origin, key)
    for host in hosts:
        found = host_named(linking, mtas, host, at, f"changes: {key}: host")
        if found is not None and found.kind == "client":
            linking.diagnostics.error(at, f"changes: {key}: {host!r} never listens", wanted="no client host")
        elif found is not None:
            yield found.id


def _certificates(linking: Linking, mtas: Mapping[str, Mta], text: ChangeText) -> Iterator[Certificate]:
    at = mark_of(text.origin, "certificate")
    for host, certificate in text.certificate.items():
        found = host_named(linking, mtas, host, at, "changes: certificate: host")
        if certificate is not None:
            known = linking.certificates
            require_known(certificate, known, linking.diagnostics, at, "changes: certificate")
        if found is not None and (certificate is None or certificate in linking.certificates):
            yield Certificate(at=linking.start + text.at, host=found.id, certificate=certificate)
