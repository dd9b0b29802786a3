"""From a route to the hosts to try, by the simulated DNS.

MX records in preference order, the address record where there is none, null MX, own host among the MX (RFC 5321
section 5.1, RFC 7505). Records of equal preference are taken by name: the RFC wants them spread, a prediction
wants them fixed, so this is a named assumption.
"""

from __future__ import annotations

from ipaddress import IPv4Address

from mailsim.mta.kind import PointOfView, Relay, RouteProblem, Target, Targets
from mailsim.reason.check import Check, check
from mailsim.reason.cite import rfc
from mailsim.reason.decision import Decision
from mailsim.world.dns import DnsStatus, MxRecord

MX_LOOKUP = rfc(5321, "5.1")


def choose_targets(at: PointOfView, relay: Relay, *, avoid_self: bool) -> Decision[Targets]:
    """Find the addresses that a route leads to.

    Args:
        at: the sending MTA.
        relay: the route.
        avoid_self: whether an MX that is this MTA, and all it outranks, is left out.

    Returns:
        A decision whose checks are the look-ups made.
    """
    looked_up: list[Check] = []
    if relay.smart_hosts:
        found = tuple(target for host in relay.smart_hosts for target in _smart_host(at, host, looked_up))
        targets = Targets(found, None if found else RouteProblem.NO_ADDRESS)
    else:
        targets = _by_mx(at, relay.domain, looked_up, avoid_self=avoid_self)
    answer = ", ".join(f"{target.host} [{target.address}]" for target in targets.found)
    if targets.problem:
        answer = targets.problem.value
    return Decision(f"next hop for {relay.next_hop}", targets, tuple(looked_up), answer)


def _smart_host(at: PointOfView, host: str, looked_up: list[Check]) -> tuple[Target, ...]:
    """Resolve a smart host: a literal, else its MX records, else its address."""
    literal = host.strip("[]")
    if literal.replace(".", "").isdigit():
        return (Target(literal, IPv4Address(literal)),)
    records = at.world.zones.mx(host.lower()).records
    if records:
        return _addresses(at, records, looked_up)
    return _address_records(at, host, looked_up)


def _by_mx(at: PointOfView, domain: str, looked_up: list[Check], *, avoid_self: bool) -> Targets:
    if domain.startswith("["):
        return Targets((Target(domain, IPv4Address(domain[1:-1])),))
    answer = at.world.zones.mx(domain)
    if answer.status is DnsStatus.NXDOMAIN:
        looked_up.append(_looked_up(f"MX of {domain}", "NXDOMAIN", found=False))
        return Targets((), RouteProblem.NO_SUCH_DOMAIN)
    if not answer.records:
        looked_up.append(_looked_up(f"MX of {domain}", "none, the address record counts", found=True))
        found = _address_records(at, domain, looked_up)
        return Targets(found, None if found else RouteProblem.NO_ADDRESS)
    saw = ", ".join(f"{mx.preference} {mx.exchange}" for mx in answer.records)
    looked_up.append(_looked_up(f"MX of {domain}", saw, found=True))
    if answer.records[0].exchange == ".":
        return Targets((), RouteProblem.NULL_MX)
    return _usable(at, answer.records, looked_up, avoid_self=avoid_self)


def _usable(
    at: PointOfView, records: tuple[MxRecord, ...], looked_up: list[Check], *, avoid_self: bool
) -> Targets:
    """Drop this host and whatever it outranks, then resolve the rest."""
    own = [mx.preference for mx in records if _is_self(at, mx)] if avoid_self else []
    kept = tuple(mx for mx in records if not own or mx.preference < min(own))
    if not kept:
        looked_up.append(_looked_up("MX other than this host", "none left", found=False))
        return Targets((), RouteProblem.BACK_HERE)
    found = _addresses(at, kept, looked_up)
    return Targets(found, None if found else RouteProblem.NO_ADDRESS)


def _is_self(at: PointOfView, mx: MxRecord) -> bool:
    return any(address in at.mta.addresses for address in at.world.zones.addresses(mx.exchange).addresses)


def _addresses(at: PointOfView, records: tuple[MxRecord, ...], looked_up: list[Check]) -> tuple[Target, ...]:
    return tuple(target for mx in records for target in _address_records(at, mx.exchange, looked_up))


def _address_records(at: PointOfView, host: str, looked_up: list[Check]) -> tuple[Target, ...]:
    answer = at.world.zones.addresses(host)
    saw = ", ".join(str(address) for address in answer.addresses) or answer.status.value
    looked_up.append(
        check(bool(answer.addresses), f"A of {host}", saw=saw, wanted="an address", cite=MX_LOOKUP)
    )
    return tuple(Target(host, address) for address in answer.addresses)


def _looked_up(rule: str, saw: str, *, found: bool) -> Check:
    return check(found, rule, saw=saw, wanted="" if found else "a record", cite=MX_LOOKUP)
