"""From a route to the hosts to try, by the simulated DNS.

MX records in preference order, the address record where there is none, null MX, own host among the MX (RFC 5321
section 5.1, RFC 7505). A look-up that fails leaves the mail in the queue. Records of equal preference are taken in a fixed order,
which is a named assumption: the RFC wants them spread, a prediction wants them fixed. Smart hosts are tried as configured; that
their MX records come before their address is inferred.

A bad MX is one whose exchange has no address, or whose address is not to be learned now. Tolerance is Exchange's word: a lenient
sender passes over bad records, any other gives up those of the same and of worse preference too ("DNS query failure sensitivity",
DnsFaultTolerance).

Unmodelled: IPv6. A host that has AAAA records only cannot be reached, and the answer says why.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from hashlib import sha256
from ipaddress import IPv4Address

from mailsim.mta.kind import PointOfView, Relay, RouteProblem, Target, Targets
from mailsim.mta.resolver import NEGATIVE_TTL, PATIENCE, Asked, Resolver
from mailsim.mta.unmodelled import NOT_MODELLED
from mailsim.reason.assumption import Assumption
from mailsim.reason.check import Check, check, unknown
from mailsim.reason.cite import documented, rfc
from mailsim.reason.decision import Decision
from mailsim.world.dns import Dnssec, DnsStatus, Mx

MX_LOOKUP = rfc(5321, "5.1")
NULL_MX = rfc(7505, "3")
NEGATIVE = rfc(2308, "5")
FAULT_TOLERANCE = documented("ms:dns-query-failure-sensitivity", "DnsFaultTolerance")

BOGUS_SAID = "its signatures do not fit (DNSSEC)"

EQUAL_MX = Assumption(
    key="equal-mx-order",
    question="in which order are hosts of equal preference tried?",
    choices={
        "by name": "by name",
        "by name, reversed": "by name, from the end of the alphabet",
        "spread": "spread evenly, by a number made of the sender, the instant and the host, so that each run does the same",
    },
    evidence="RFC 5321 section 5.1 wants the sender to spread over them at random, so any order may happen",
)
MX_ALIAS = Assumption(
    key="mx-is-alias",
    question="is a host tried whose name in an MX record is an alias?",
    choices={
        "followed": "yes: its address is that of the name it stands for",
        "unusable": "no: it counts as a host without address",
    },
    evidence="RFC 5321 section 5.1 and RFC 2181 section 10.3 forbid such records and leave open what a sender does; the "
    "page on DNS query failures says that most servers do not support them, common resolvers follow the alias",
)
NEXT_HOP = (EQUAL_MX, MX_ALIAS, NEGATIVE_TTL, PATIENCE)
"""The open points of whoever looks for a next hop."""


@dataclass(frozen=True, slots=True)
class _Search:
    """One search: who looks, whom it asks, and what was looked up by now."""

    at: PointOfView
    dns: Resolver
    made: list[Check] = field(default_factory=list)
    _hosts: dict[str, Asked] = field(default_factory=dict)

    def addresses(self, host: str) -> Asked:
        """Ask for the addresses of a host, once."""
        if host not in self._hosts:
            self._hosts[host] = self.dns.addresses(host)
        return self._hosts[host]

    def note(
        self, rule: str, saw: str, *, found: bool, asked: Asked | None = None, wanted: str = "a record"
    ) -> None:
        """Keep a look-up for the explanation."""
        aside = asked.aside if asked is not None else ""
        self.made.extend(self._reserved(asked) if asked is not None else ())
        shown = "" if found else wanted
        self.made.append(check(found, rule, saw=saw, wanted=shown, cite=MX_LOOKUP, aside=aside))

    def _reserved(self, asked: Asked) -> list[Check]:
        """Return what an answer rests on besides the records."""
        if asked.status is DnsStatus.TIMEOUT:
            patience = self.at.assumed(PATIENCE)
            return [check(True, "an answer is waited for", saw=patience, cite=PATIENCE.cite(patience))]
        if not asked.age or asked.status is DnsStatus.FOUND or asked.status.passes:
            return []
        choice, rule = self.at.assumed(NEGATIVE_TTL), "that there is none is remembered"
        cite, saw = (NEGATIVE_TTL.cite(choice), choice) if asked.assumed else (NEGATIVE, "as the SOA says")
        return [check(True, rule, saw=saw, cite=cite)]


def choose_targets(
    at: PointOfView,
    relay: Relay,
    *,
    avoid_self: bool,
    lenient: bool = True,
    dns: Resolver | None = None,
) -> Decision[Targets]:
    """Find the addresses that a route leads to.

    Args:
        at: the sending MTA.
        relay: the route.
        avoid_self: whether an MX that is this MTA, and all it outranks, is left out.
        lenient: whether a bad MX costs only itself.
        dns: what asks; None asks without DNSSEC.

    Returns:
        A decision whose checks are the look-ups made.
    """
    search = _Search(at, dns or at.dns)
    if relay.smart_hosts:
        targets = _by_smart_hosts(search, relay.smart_hosts)
    else:
        targets = _by_mx(search, relay.domain, avoid_self=avoid_self, lenient=lenient)
    found = tuple(replace(each, port=relay.port) for each in targets.found)
    targets = replace(targets, found=found, took=search.dns.now - at.now)
    answer = ", ".join(f"{target.host} [{target.address}]" for target in targets.found)
    if targets.problem:
        answer = targets.problem.value
    return Decision(f"next hop for {relay.next_hop}", targets, tuple(search.made), answer)


# --- smart hosts --------------------------------------------------------------------------------------------


def _by_smart_hosts(search: _Search, hosts: tuple[str, ...]) -> Targets:
    each = [_smart_host(search, host) for host in hosts]
    found = tuple(target for targets in each for target in targets.found)
    if found:
        return Targets(found)
    problems = {targets.problem for targets in each}
    passing = (each for each in (RouteProblem.BOGUS, RouteProblem.DNS_FAILED) if each in problems)
    return Targets((), next(passing, RouteProblem.NO_ADDRESS))


def _smart_host(search: _Search, host: str) -> Targets:
    """Resolve a smart host: a literal, else its MX records, else its address."""
    address = _literal(host)
    if address is not None:
        return Targets((Target(str(address), address),))
    asked = search.dns.mx(host)
    if asked.status.passes:
        search.note(f"MX of {host}", _failure(asked), found=False, asked=asked, wanted="an answer")
        return Targets((), _problem(asked))
    records = asked.found.exchanges
    if not records:
        return _addresses(search, (Mx(0, host),), written=False)
    search.note(f"MX of {host}", _shown(records), found=True, asked=asked)
    return _addresses(search, records)


# --- MX -----------------------------------------------------------------------------------------------------


def _by_mx(search: _Search, domain: str, *, avoid_self: bool, lenient: bool) -> Targets:
    if domain.startswith("["):
        return _by_literal(search, domain, avoid_self=avoid_self)
    if not domain:
        search.note("MX of the domain", "there is no domain", found=False)
        return Targets((), RouteProblem.NO_SUCH_DOMAIN)
    asked, rule = search.dns.mx(domain), f"MX of {domain}"
    if asked.status.passes:
        # rfc5321:5.1 a temporary error leaves the message in the queue
        search.note(rule, _failure(asked), found=False, asked=asked, wanted="an answer")
        return Targets((), _problem(asked))
    if asked.status is DnsStatus.NXDOMAIN:
        search.note(rule, _by_alias(asked, "NXDOMAIN"), found=False, asked=asked)
        return Targets((), RouteProblem.NO_SUCH_DOMAIN)
    records = asked.found.exchanges
    if not records:
        saw = _by_alias(asked, "none, the address record counts")
        search.note(rule, saw, found=True, asked=asked)
        # rfc5321:5.1 treated as an MX of preference 0 that names the domain itself
        return _usable(search, (Mx(0, domain),), avoid_self=avoid_self, written=False)
    if records[0].exchange == ".":
        made = check(False, rule, saw=_shown(records), wanted="a host", cite=NULL_MX, aside=asked.aside)
        search.made.append(made)
        return Targets((), RouteProblem.NULL_MX)
    search.note(rule, _by_alias(asked, _shown(records)), found=True, asked=asked)
    if not lenient and (bad := _first_bad(search, records)) is not None:
        records = tuple(mx for mx in records if mx.preference < bad.preference)
        if not records:
            failed = search.addresses(bad.exchange).status.passes
            return Targets((), RouteProblem.DNS_FAILED if failed else RouteProblem.NO_ADDRESS)
    return _usable(search, records, avoid_self=avoid_self)


def _first_bad(search: _Search, records: tuple[Mx, ...]) -> Mx | None:
    """Return the first bad MX, which costs all of the same or worse preference (DnsFaultTolerance Normal)."""
    bad = next((mx for mx in records if not search.addresses(mx.exchange).found.addresses), None)
    if bad is not None:
        asked = search.addresses(bad.exchange)
        saw = (
            f"{bad.exchange} has no address"
            if not asked.status.passes
            else f"{bad.exchange}: {asked.status.value}"
        )
        wanted = "an address for every MX, or DnsFaultTolerance Lenient"
        made = check(False, "DnsFaultTolerance Normal", saw=saw, wanted=wanted, cite=FAULT_TOLERANCE)
        search.made.append(made)
    return bad


def _by_literal(search: _Search, domain: str, *, avoid_self: bool) -> Targets:
    """Read the address in ``user@[192.0.2.1]``; the simulated network has no other kind of address."""
    address = _literal(domain)
    if address is None:
        search.note("address literal", f"{domain}, not an IPv4 address", found=False)
        return Targets((), RouteProblem.NO_ADDRESS)
    if avoid_self and address in search.at.mta.addresses:
        search.note("address literal", f"{domain}, this host itself", found=False)
        return Targets((), RouteProblem.BACK_HERE)
    return Targets((Target(domain, address),))


def _literal(host: str) -> IPv4Address | None:
    """Return the address that stands where a name could, with or without brackets; None for a name."""
    try:
        return IPv4Address(host.removeprefix("[").removesuffix("]"))
    except ValueError:
        return None


def _usable(search: _Search, records: tuple[Mx, ...], *, avoid_self: bool, written: bool = True) -> Targets:
    """Drop this host and whatever it outranks, then resolve the rest."""
    own = [mx.preference for mx in records if _is_self(search, mx)] if avoid_self else []
    kept = tuple(mx for mx in records if not own or mx.preference < min(own))
    if not kept:
        search.note("MX other than this host", "none left", found=False)
        return Targets((), RouteProblem.BACK_HERE)
    return _addresses(search, kept, written=written)


def _is_self(search: _Search, mx: Mx) -> bool:
    """Tell whether an MX is this host, by its name or by an address."""
    mta = search.at.mta
    return mx.exchange == mta.fqdn.lower() or any(
        address in mta.addresses for address in search.addresses(mx.exchange).found.addresses
    )


# --- addresses ----------------------------------------------------------------------------------------------


def _addresses(search: _Search, records: tuple[Mx, ...], *, written: bool = True) -> Targets:
    """Resolve hosts; those that have no address, or whose address is not to be learned now, are passed over.

    ``written`` says whether the records are MX records, or stand for a host that has none.
    """
    found: list[Target] = []
    failed: RouteProblem | None = None
    for mx in _in_order(search, records):
        asked = search.addresses(mx.exchange)
        failed = failed or (_problem(asked) if asked.status.passes else None)
        usable = _usable_addresses(search, mx.exchange, asked, written=written)
        found += [Target(mx.exchange, each) for each in usable]
    if found:
        return Targets(tuple(found))
    return Targets((), failed or RouteProblem.NO_ADDRESS)


def _problem(asked: Asked) -> RouteProblem:
    """Return what a failed look-up means for the route."""
    return RouteProblem.BOGUS if asked.found.dnssec is Dnssec.BOGUS else RouteProblem.DNS_FAILED


def _failure(asked: Asked) -> str:
    """Say how a look-up failed."""
    return f"{asked.status.value}: {BOGUS_SAID}" if asked.found.dnssec is Dnssec.BOGUS else asked.status.value


def _in_order(search: _Search, records: tuple[Mx, ...]) -> tuple[Mx, ...]:
    """Put records of equal preference in the order that is assumed."""
    if len({mx.preference for mx in records}) == len(records):
        return records
    order = search.at.assumed(EQUAL_MX)
    search.made.append(check(True, "order of equal preference", saw=order, cite=EQUAL_MX.cite(order)))
    if order == EQUAL_MX.default:
        return records
    if order == "spread":
        return tuple(sorted(records, key=lambda mx: (mx.preference, _lot(search.at, mx.exchange))))
    backwards = sorted(records, key=lambda mx: mx.exchange, reverse=True)
    return tuple(sorted(backwards, key=lambda mx: mx.preference))


def _lot(at: PointOfView, host: str) -> bytes:
    """Return a host's number in the draw of one attempt."""
    return sha256(f"{at.mta.id} {at.now.isoformat()} {host}".encode()).digest()


def _usable_addresses(search: _Search, host: str, asked: Asked, *, written: bool) -> tuple[IPv4Address, ...]:
    addresses = asked.found.addresses
    saw = ", ".join(map(str, addresses)) or _failure(asked)
    usable = bool(addresses) and not (written and _is_faulty_alias(search, host, asked))
    search.note(f"A of {host}", _by_alias(asked, saw), found=usable, asked=asked, wanted="an address")
    if asked.status is DnsStatus.NODATA:
        _note_ipv6(search, host)
    return addresses if usable else ()


def _is_faulty_alias(search: _Search, host: str, asked: Asked) -> bool:
    """Tell whether the name in an MX record is an alias, and that is not borne."""
    if not asked.found.aliases:
        return False
    choice = search.at.assumed(MX_ALIAS)
    search.made.append(check(True, f"{host} is an alias", saw=choice, cite=MX_ALIAS.cite(choice)))
    return choice != MX_ALIAS.default


def _note_ipv6(search: _Search, host: str) -> None:
    """Say so where a host can be reached by IPv6 only."""
    found = search.dns.lookup(host, "AAAA").found.records
    if found is not None:
        saw = f"{', '.join(map(str, found.data))}; IPv6 is not modelled"
        search.made.append(unknown(f"AAAA of {host}", saw=saw, cite=NOT_MODELLED))


def _by_alias(asked: Asked, saw: str) -> str:
    """Show what was found, and the name it was found under where that is another."""
    return f"{saw}, as alias of {asked.found.name}" if asked.found.aliases else saw


def _shown(records: tuple[Mx, ...]) -> str:
    return ", ".join(map(str, records))
