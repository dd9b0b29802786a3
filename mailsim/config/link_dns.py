"""From the DNS of a scenario to zones, views and changes.

Records come from three places, the first that has a type of a name counts: ``dns:``, zone files, and what goes without saying
(the addresses of hosts, the host names by which every tenant is reached, the MX of internet domains, PTR records, the TXT records of
MTA-STS policies).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address

from mailsim.config.document import Mark
from mailsim.config.files import beside, read_text
from mailsim.config.format import ChangeText, DnsFaultText, DnsViewText, FailWord
from mailsim.config.hosts import host_named
from mailsim.config.link_policies import records_of_policies
from mailsim.config.link_service import domains_of, inbound_host
from mailsim.config.linking import Linking
from mailsim.config.names import mark_of, require_known
from mailsim.config.record import DEFAULT_TTL, OwnerText, RecordText
from mailsim.config.record_sets import RecordSets
from mailsim.errors import ScenarioError
from mailsim.mta.client import ClientConfig
from mailsim.mta.exchange_online.config import ExchangeOnlineConfig
from mailsim.mta.exchange_online.defaults import LEGACY_SUBMISSION_HOST, SUBMISSION_HOST
from mailsim.mta.generic.config import GenericConfig
from mailsim.world.dns import A, Data, Mx, Ptr, RecordSet, Tlsa, View, Zones, follow
from mailsim.world.dns.change import DnsChange
from mailsim.world.dns.name import normal, reverse_name
from mailsim.world.topology import Mta


@dataclass(frozen=True, slots=True)
class Names:
    """The DNS of a topology.

    Args:
        zones: the public records.
        views: what some hosts see instead.
        changes: what becomes of them.
    """

    zones: Zones
    views: tuple[View, ...]
    changes: tuple[DnsChange, ...]


def link_dns(linking: Linking, mtas: Mapping[str, Mta]) -> Names:
    """Return the DNS of a scenario; every fault goes to the diagnostics.

    Args:
        linking: the scenario.
        mtas: its MTAs by id.
    """
    at = mark_of(linking.text.origin, "dns")
    written = RecordSets(linking, at, "dns", may_deny=True)
    written.add_table(linking.text.dns)
    imported = _imported(linking)
    policies = {(each.owner, each.type): each for each in records_of_policies(linking)}
    sources = (written.sets, imported.sets, _implied(mtas.values()), policies)
    dnssec = tuple(sorted((str(zone), state) for zone, state in linking.text.dnssec.items()))
    public = Zones.of(_first_of(*sources, denied=written.denied), written.faults, dnssec)
    views = tuple(_views(linking, mtas, public))
    changes = tuple(_changes(linking, views))
    for zones in (public, *(view.own for view in views)):
        _require_certificates(linking, zones.sets, at)
    for change in changes:
        _require_certificates(linking, change.sets, mark_of(linking.text.origin, "changes"))
    _warn_of_aliases(linking, public, at)
    return Names(public, views, changes)


# --- where records come from ---------------------------------------------------------------------------------


def _first_of(
    *sources: Mapping[tuple[str, str], RecordSet], denied: set[tuple[str, str]]
) -> Iterator[RecordSet]:
    """Yield the sets of each source that no earlier one has, and that do not stand beside an alias of an earlier one."""
    taken: dict[tuple[str, str], RecordSet] = {}
    for source in sources:
        owners = {owner for owner, _ in taken}
        for (owner, kind), records in source.items():
            alias = (owner, "CNAME") in taken or (kind == "CNAME" and owner in owners)
            if (owner, kind) not in taken and (owner, kind) not in denied and not alias:
                taken[owner, kind] = records
                yield records


def _imported(linking: Linking) -> RecordSets:
    """Read the zone files."""
    named, at = linking.text.zone_files, mark_of(linking.text.origin, "zone_files")
    files: list[tuple[str, str]] = []
    files += [(path, origin) for origin, path in named.items()] if isinstance(named, Mapping) else []
    files += [(path, "") for path in named] if not isinstance(named, Mapping) else []
    found = RecordSets(linking, at, "zone file")
    for path, origin in files:
        _import(linking, beside(linking.file, path), origin, found, at)
    return found


def _import(linking: Linking, path: str, origin: str, found: RecordSets, at: Mark | None) -> None:
    from mailsim.config.zone_file import read_zone  # noqa: PLC0415 - dnspython takes 160 ms

    try:
        text = read_text(path, named_at=at)
    except ScenarioError as error:
        for diagnostic in error.diagnostics:
            linking.diagnostics.error(at, str(diagnostic).removeprefix(f"{at}: "))
        return
    for each in read_zone(text, path, origin, linking.diagnostics):
        found.add(each.owner, each.ttl, each.data, each.mark)


def _implied(mtas: Iterable[Mta]) -> Mapping[tuple[str, str], RecordSet]:
    """Return what goes without saying."""
    found: dict[tuple[str, str], RecordSet] = {}
    for mta in mtas:
        for owner, *data in _implied_by(mta):
            name = normal(owner)
            found.setdefault((name, data[0].type), RecordSet(name, DEFAULT_TTL, tuple(data)))
    return found


def _implied_by(mta: Mta) -> Iterator[tuple[str, *tuple[Data, ...]]]:
    """Yield what one host implies."""
    config, addresses = mta.config, _published(mta)
    yield mta.fqdn, *map(A, addresses)
    if not isinstance(config, ClientConfig):
        for address in addresses:
            yield reverse_name(address), Ptr(normal(mta.fqdn))
    if isinstance(config, GenericConfig):
        for domain in config.domains:
            yield domain, Mx(0, mta.fqdn)
    if isinstance(config, ExchangeOnlineConfig):
        if config.submission_address is not None:
            yield SUBMISSION_HOST, A(config.submission_address)
        if config.legacy_submission_address is not None:
            yield LEGACY_SUBMISSION_HOST, A(config.legacy_submission_address)
        for domain in domains_of(config.tenants):
            yield inbound_host(domain), *map(A, addresses)
            if domain.endswith(".onmicrosoft.com"):
                yield domain, Mx(0, inbound_host(domain))


def _published(mta: Mta) -> tuple[IPv4Address, ...]:
    """Return the addresses in the DNS: of the service not the relay pool's, from which mail only leaves."""
    return mta.addresses[:1] if isinstance(mta.config, ExchangeOnlineConfig) else mta.addresses


def _require_certificates(linking: Linking, sets: Iterable[RecordSet], at: Mark | None) -> None:
    """Report TLSA records of certificates and authorities that are not defined."""
    for records in sets:
        for each in (data for data in records.data if isinstance(data, Tlsa)):
            where = f"dns: TLSA of {records.owner}:"
            if each.certificate:
                require_known(
                    each.certificate, linking.certificates, linking.diagnostics, at, f"{where} certificate"
                )
            if each.authority:
                require_known(
                    each.authority, linking.authorities, linking.diagnostics, at, f"{where} authority"
                )


# --- views --------------------------------------------------------------------------------------------------


def _views(linking: Linking, mtas: Mapping[str, Mta], public: Zones) -> Iterator[View]:
    taken: dict[str, str] = {}
    for name, text in linking.text.dns_views.items():
        hosts = frozenset(_hosts(linking, mtas, name, text))
        for host in sorted(hosts):
            other = taken.setdefault(host, name)
            if other != name:
                problem = f"DNS view {name!r}: {host} asks in view {other!r} already"
                linking.diagnostics.error(mark_of(text.origin, "for"), problem, wanted="one view a host")
        owners = RecordSets(linking, mark_of(text.origin, "dns"), f"DNS view {name!r}")
        owners.add_table(text.dns)
        yield View.of(name, hosts, Zones.of(owners.sets.values(), owners.faults), public)


def _hosts(linking: Linking, mtas: Mapping[str, Mta], view: str, text: DnsViewText) -> Iterator[str]:
    """Yield the hosts of a view; those that nobody bears are reported."""
    at = mark_of(text.origin, "for")
    for host in text.hosts:
        found = host_named(linking, mtas, host, at, f"DNS view {view!r}: host")
        if found is not None:
            yield found.id


def _warn_of_aliases(linking: Linking, zones: Zones, at: Mark | None) -> None:
    """Warn of MX records that name an alias (RFC 2181 section 10.3)."""
    for records in zones.sets:
        for each in records.data:
            if isinstance(each, Mx) and follow(zones.ask, each.exchange, "A").aliases:
                problem = f"dns: the MX of {records.owner} names {each.exchange}, which is an alias"
                linking.diagnostics.warning(at, problem, wanted="the name that it stands for")


# --- changes ------------------------------------------------------------------------------------------------


def _changes(linking: Linking, views: tuple[View, ...]) -> Iterator[DnsChange]:
    for text in linking.text.changes:
        if text.view:
            known = [view.name for view in views]
            require_known(
                text.view, known, linking.diagnostics, mark_of(text.origin, "view"), "changes: view"
            )
        for owner, entries in text.dns.items():
            yield _change(linking, text, owner, entries)


def _change(
    linking: Linking,
    text: ChangeText,
    owner: OwnerText,
    entries: tuple[RecordText | DnsFaultText, ...] | None,
) -> DnsChange:
    """Return what becomes of one name."""
    owners = RecordSets(linking, mark_of(text.origin, "dns"), "changes")
    when = linking.start + text.at
    records = [each for each in entries or () if isinstance(each, RecordText)]
    faults = [each for each in entries or () if isinstance(each, DnsFaultText)]
    owners.add_table({owner: tuple(each for each in records if each.data is not None)})
    come = [each for each in faults if each.fail is not FailWord.NONE]
    return DnsChange(
        at=when,
        owner=owner,
        removes=frozenset(each.type for each in records if each.data is None) if entries else None,
        sets=tuple(owners.sets.values()),
        faults=tuple(fault for each in come for fault in owners.fault(owner, each)),
        mends=frozenset(each.type.upper() for each in faults if each.fail is FailWord.NONE),
        view=text.view,
    )
