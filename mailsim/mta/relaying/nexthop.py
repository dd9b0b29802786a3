"""From a route to the hosts to try, by the simulated DNS.

MX records in preference order, the address record where there is none, null MX, own host among the MX (RFC 5321
section 5.1, RFC 7505). Records of equal preference are taken in a fixed order, which is a named assumption: the RFC wants
them spread, a prediction wants them fixed. Smart hosts are tried as configured; that their MX records come before their
address is inferred.

A bad MX is one whose exchange has no address. Tolerance is Exchange's word: a lenient sender passes over bad records, any
other gives up those of the same and of worse preference too ("DNS query failure sensitivity", DnsFaultTolerance).
"""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address

from mailsim.mta.kind import PointOfView, Relay, RouteProblem, Target, Targets
from mailsim.reason.assumption import Assumption
from mailsim.reason.check import Check, check
from mailsim.reason.cite import documented, rfc
from mailsim.reason.decision import Decision
from mailsim.world.dns import DnsStatus, MxRecord

MX_LOOKUP = rfc(5321, "5.1")
FAULT_TOLERANCE = documented("ms:dns-query-failure-sensitivity", "DnsFaultTolerance")

EQUAL_MX = Assumption(
    key="equal-mx-order",
    question="in which order are hosts of equal preference tried?",
    choices={"by name": "by name", "by name, reversed": "by name, from the end of the alphabet"},
    evidence="RFC 5321 section 5.1 wants the sender to spread over them at random, so any order may happen",
)


def choose_targets(
    at: PointOfView, relay: Relay, *, avoid_self: bool, lenient: bool = True
) -> Decision[Targets]:
    """Find the addresses that a route leads to.

    Args:
        at: the sending MTA.
        relay: the route.
        avoid_self: whether an MX that is this MTA, and all it outranks, is left out.
        lenient: whether a bad MX costs only itself.

    Returns:
        A decision whose checks are the look-ups made.
    """
    looked_up: list[Check] = []
    if relay.smart_hosts:
        found = tuple(target for host in relay.smart_hosts for target in _smart_host(at, host, looked_up))
        targets = Targets(found, None if found else RouteProblem.NO_ADDRESS)
    else:
        targets = _by_mx(at, relay.domain, looked_up, avoid_self=avoid_self, lenient=lenient)
    targets = replace(targets, found=tuple(replace(each, port=relay.port) for each in targets.found))
    answer = ", ".join(f"{target.host} [{target.address}]" for target in targets.found)
    if targets.problem:
        answer = targets.problem.value
    return Decision(f"next hop for {relay.next_hop}", targets, tuple(looked_up), answer)


def _smart_host(at: PointOfView, host: str, looked_up: list[Check]) -> tuple[Target, ...]:
    """Resolve a smart host: a literal, else its MX records, else its address."""
    address = _literal(host)
    if address is not None:
        return (Target(str(address), address),)
    records = at.world.zones.mx(host.lower()).records
    if records:
        looked_up.append(_looked_up(f"MX of {host}", _shown(records), found=True))
        return _addresses(at, records, looked_up)
    return _address_records(at, host, looked_up)


def _by_mx(
    at: PointOfView, domain: str, looked_up: list[Check], *, avoid_self: bool, lenient: bool
) -> Targets:
    if domain.startswith("["):
        return _by_literal(at, domain, looked_up, avoid_self=avoid_self)
    answer = at.world.zones.mx(domain)
    if answer.status is DnsStatus.NXDOMAIN:
        looked_up.append(_looked_up(f"MX of {domain}", "NXDOMAIN", found=False))
        return Targets((), RouteProblem.NO_SUCH_DOMAIN)
    if not answer.records:
        looked_up.append(_looked_up(f"MX of {domain}", "none, the address record counts", found=True))
        # rfc5321:5.1 treated as an MX of preference 0 that names the domain itself
        return _usable(at, (MxRecord(0, domain, 0),), looked_up, avoid_self=avoid_self)
    null = answer.records[0].exchange == "."  # rfc7505:3
    looked_up.append(_looked_up(f"MX of {domain}", _shown(answer.records), found=not null))
    if null:
        return Targets((), RouteProblem.NULL_MX)
    records = answer.records if lenient else _before_the_first_bad(at, answer.records, looked_up)
    return _usable(at, records, looked_up, avoid_self=avoid_self)


def _before_the_first_bad(
    at: PointOfView, records: tuple[MxRecord, ...], looked_up: list[Check]
) -> tuple[MxRecord, ...]:
    """Drop the first bad MX with all of the same or worse preference (DnsFaultTolerance Normal)."""
    bad = next((mx for mx in records if not at.world.zones.addresses(mx.exchange).addresses), None)
    if bad is None:
        return records
    looked_up.append(
        check(
            False,
            "DnsFaultTolerance Normal",
            saw=f"{bad.exchange} has no address",
            wanted="an address for every MX, or DnsFaultTolerance Lenient",
            cite=FAULT_TOLERANCE,
        )
    )
    return tuple(mx for mx in records if mx.preference < bad.preference)


def _by_literal(at: PointOfView, domain: str, looked_up: list[Check], *, avoid_self: bool) -> Targets:
    """Read the address in ``user@[192.0.2.1]``; the simulated network has no other kind of address."""
    address = _literal(domain)
    if address is None:
        looked_up.append(_looked_up("address literal", f"{domain}, not an IPv4 address", found=False))
        return Targets((), RouteProblem.NO_ADDRESS)
    if avoid_self and address in at.mta.addresses:
        looked_up.append(_looked_up("address literal", f"{domain}, this host itself", found=False))
        return Targets((), RouteProblem.BACK_HERE)
    return Targets((Target(domain, address),))


def _literal(host: str) -> IPv4Address | None:
    """Return the address that stands where a name could, with or without brackets; None for a name."""
    try:
        return IPv4Address(host.removeprefix("[").removesuffix("]"))
    except ValueError:
        return None


def _usable(
    at: PointOfView, records: tuple[MxRecord, ...], looked_up: list[Check], *, avoid_self: bool
) -> Targets:
    """Drop this host and whatever it outranks, then resolve the rest."""
    own = [mx.preference for mx in records if _is_self(at, mx)] if avoid_self else []
    kept = tuple(mx for mx in records if not own or mx.preference < min(own))
    if own and not kept:
        looked_up.append(_looked_up("MX other than this host", "none left", found=False))
        return Targets((), RouteProblem.BACK_HERE)
    found = _addresses(at, kept, looked_up)
    return Targets(found, None if found else RouteProblem.NO_ADDRESS)


def _is_self(at: PointOfView, mx: MxRecord) -> bool:
    return any(address in at.mta.addresses for address in at.world.zones.addresses(mx.exchange).addresses)


def _addresses(at: PointOfView, records: tuple[MxRecord, ...], looked_up: list[Check]) -> tuple[Target, ...]:
    ordered = _in_order(at, records, looked_up)
    return tuple(target for mx in ordered for target in _address_records(at, mx.exchange, looked_up))


def _in_order(at: PointOfView, records: tuple[MxRecord, ...], looked_up: list[Check]) -> tuple[MxRecord, ...]:
    """Put records of equal preference in the order that is assumed."""
    if len({mx.preference for mx in records}) == len(records):
        return records
    order = at.assumed(EQUAL_MX)
    looked_up.append(check(True, "order of equal preference", saw=order, cite=EQUAL_MX.cite(order)))
    if order == EQUAL_MX.default:
        return records
    backwards = sorted(records, key=lambda mx: mx.exchange, reverse=True)
    return tuple(sorted(backwards, key=lambda mx: mx.preference))


def _address_records(at: PointOfView, host: str, looked_up: list[Check]) -> tuple[Target, ...]:
    answer = at.world.zones.addresses(host)
    saw = ", ".join(str(address) for address in answer.addresses) or answer.status.value
    looked_up.append(
        check(bool(answer.addresses), f"A of {host}", saw=saw, wanted="an address", cite=MX_LOOKUP)
    )
    return tuple(Target(host, address) for address in answer.addresses)


def _shown(records: tuple[MxRecord, ...]) -> str:
    return ", ".join(f"{mx.preference} {mx.exchange}" for mx in records)


def _looked_up(rule: str, saw: str, *, found: bool) -> Check:
    return check(found, rule, saw=saw, wanted="" if found else "a record", cite=MX_LOOKUP)
