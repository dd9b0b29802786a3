"""Where a route of an Exchange server leads now, and how its connector takes errors on the way.

Sources: Set-SendConnector (SmartHosts, ErrorPolicies), "DNS query failure sensitivity" (DnsFaultTolerance).
"""

from __future__ import annotations

from dataclasses import replace

from mailsim.mail.reply import Reply
from mailsim.mta.exchange_server import replies
from mailsim.mta.exchange_server.categorize.inside import INTRA_ORGANIZATION, targets_inside
from mailsim.mta.exchange_server.config import config_of, organization_of
from mailsim.mta.exchange_server.send.send_assumptions import (
    CONNECTION_ERROR,
    DNS_FAILURE_TEXT,
    SMART_HOST_ORDER,
)
from mailsim.mta.exchange_server.send.send_connector import ALL_OF_THE_SITE, ErrorPolicy, SendConnector
from mailsim.mta.exchange_server.send.transport_service import DnsFaultTolerance
from mailsim.mta.kind import (
    PointOfView,
    Relay,
    RouteProblem,
    Target,
    Targets,
)
from mailsim.mta.relaying.nexthop import choose_targets
from mailsim.reason.check import Check, check
from mailsim.reason.decision import Decision


def connector_of(at: PointOfView, relay: Relay) -> SendConnector | None:
    """Return the Send connector of a route; None for the implicit one between servers."""
    connectors = organization_of(at).send_connectors
    return next((each for each in connectors if each.name == relay.via), None)


def targets(at: PointOfView, relay: Relay) -> Decision[Targets]:
    """Find the addresses that a route leads to now."""
    connector = connector_of(at, relay)
    if relay.via == INTRA_ORGANIZATION or (connector and connector.smart_hosts == (ALL_OF_THE_SITE,)):
        return targets_inside(at, relay)
    lenient = config_of(at).transport_service.dns_fault_tolerance is DnsFaultTolerance.LENIENT
    ordered, why = _ordered(at, relay)
    found = choose_targets(at, ordered, avoid_self=True, lenient=lenient)
    why += _assumed_words(at, found.value)
    return Decision(found.question, found.value, (*why, *found.because), found.answer)


def _assumed_words(at: PointOfView, found: Targets) -> tuple[Check, ...]:
    """Say which words of the last error are assumed, where the DNS did not answer."""
    if found.problem is not RouteProblem.DNS_FAILED:
        return ()
    choice = at.assumed(DNS_FAILURE_TEXT)
    return (check(True, "words of a DNS failure", saw=choice, cite=DNS_FAILURE_TEXT.cite(choice)),)


def _ordered(at: PointOfView, relay: Relay) -> tuple[Relay, tuple[Check, ...]]:
    """Put several smart hosts into the order that is assumed."""
    if len(relay.smart_hosts) < 2:
        return relay, ()
    choice = at.assumed(SMART_HOST_ORDER)
    hosts = relay.smart_hosts if choice == "listed" else tuple(reversed(relay.smart_hosts))
    why = check(True, "order of SmartHosts", saw=", ".join(hosts), cite=SMART_HOST_ORDER.cite(choice))
    return replace(relay, smart_hosts=hosts), (why,)


def word_no_route(at: PointOfView, relay: Relay, problem: RouteProblem) -> Reply:
    """Word the failure of a next hop that leads nowhere; DowngradeDnsFailures makes it temporary."""
    if problem is RouteProblem.DNS_FAILED:
        return replies.DNS_FAILED[at.assumed(DNS_FAILURE_TEXT)]
    connector = connector_of(at, relay)
    if connector and ErrorPolicy.DOWNGRADE_DNS_FAILURES in connector.error_policies:
        return replies.NO_ROUTE[RouteProblem.NO_ADDRESS]
    return replies.NO_ROUTE[problem]


def word_unreachable(at: PointOfView, target: Target, cause: str) -> Reply:
    """Word the last error of a connection that could not be made or broke."""
    if at.assumed(CONNECTION_ERROR) == "441":
        return replies.connection_failed(target.address, cause)
    return replies.primary_target_responded(target.address, cause)
