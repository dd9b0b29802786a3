"""Partner connectors: what a tenant demands of Incoming mail, and which connector such mail meets.

A connector that restricts by address or certificate refuses mail of its SenderDomains from elsewhere. It comes before
one that allows by sender domain, so the second is no exception to the first. Originating mail never gets here, and
whoever is refused here may still be let in by an OnPremises connector with the same address or certificate.

Sources: New-InboundConnector, "Manage mail flow using a third-party cloud service", "Set up connectors for secure mail
flow with a partner organization", "Office 365 message attribution" (the lock-down commands).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from mailsim.mail.address import Mailbox, ReversePath
from mailsim.mta.exchange_online.connector import ConnectorType
from mailsim.mta.exchange_online.receive.inbound_connector import (
    CONNECTOR,
    InboundConnector,
    associates_partner,
    covers_sender,
    is_enabled,
    is_of_type,
    lists_address,
    names_certificate,
    pattern_covers,
    shows_trusted_certificate,
)
from mailsim.mta.exchange_online.receive.receive_assumptions import (
    PARTNER_ADDRESSES,
    REQUIRE_TLS_REPLY,
    SEVERAL_LOCKDOWNS,
)
from mailsim.mta.kind import PointOfView
from mailsim.mta.unmodelled import unmodelled
from mailsim.reason.check import Check, check
from mailsim.reason.choice import Choice, Rank, select
from mailsim.reason.cite import Citation, documented
from mailsim.world.facts import SessionFacts

PARTNER = documented("ms:mail-flow-third-party-cloud", "Partner connectors that lock a tenant down")
PRECEDENCE = documented("ms:use-connectors", "connectors that restrict come before those by sender domain")

_RESTRICTIONS = ("RestrictDomainsToIPAddresses", "RestrictDomainsToCertificate")


def choose_partner(
    at: PointOfView,
    connectors: tuple[InboundConnector, ...],
    facts: SessionFacts,
    sender: ReversePath,
    recipient: Mailbox,
) -> Choice[InboundConnector]:
    """Choose the Partner connector that Incoming mail meets.

    One that restricts is met whether the session satisfies it or not; ``is_let_in`` asks that. So where several do, one
    that is satisfied comes first, unless the scenario assumes that only the most specific counts.

    Args:
        at: the service.
        connectors: the inbound connectors of the recipient's tenant.
        facts: the session.
        sender: MAIL FROM.
        recipient: RCPT TO.
    """
    choice = at.assumed(SEVERAL_LOCKDOWNS)
    several = sum(each.restricts for each in connectors) > 1
    return select(
        f"partner connector for mail to {recipient}",
        connectors,
        name=lambda connector: connector.name,
        source=lambda connector: connector.source(),
        checks=lambda connector: (
            *_scope(at, connector, facts, sender, recipient),
            *unmodelled(connector),
        ),
        ranks=lambda connector: (
            _rank("restricts by address or certificate", met=connector.restricts),
            *_by_restriction(at, connector, facts, sender, most_specific=choice == "most-specific"),
            _rank("knows the session", met=knows_session(at, connector, facts)),
            _specificity(connector, sender),
        ),
        cite=SEVERAL_LOCKDOWNS.cite(choice) if several else PRECEDENCE,
    )


def is_let_in(
    at: PointOfView,
    connector: InboundConnector | None,
    facts: SessionFacts,
    of_tenant: tuple[InboundConnector, ...] = (),
) -> Check:
    """Want, where the connector that was met restricts its domains, a session that it restricts them to.

    Args:
        at: the service.
        connector: the Partner connector that was met, None for none.
        facts: the session.
        of_tenant: all of the recipient's tenant; one that lists senders and restricts nothing is named.
    """
    if connector is None or not connector.restricts:
        return _nothing_restricts(connector, of_tenant)
    made = _restrictions(at, connector, facts)
    decisive = next((each for each in made if each.failed), made[0])
    return replace(decisive, rule=f"{decisive.rule} of {connector.name!r}")


def _nothing_restricts(met: InboundConnector | None, of_tenant: tuple[InboundConnector, ...]) -> Check:
    """Say that anybody is let in, and which connector looks as if it kept others out."""
    saw = "the connector that was met restricts nothing" if met else "no Partner connector"
    lists = (each for each in of_tenant if not each.on_premises and each.enabled and not each.restricts)
    open_one = next((each for each in lists if each.sender_ip_addresses or each.certificate_name.name), None)
    if open_one is None:
        return check(True, " and ".join(_RESTRICTIONS), saw=saw, cite=PARTNER)
    by_address = bool(open_one.sender_ip_addresses)
    flag, listed = _RESTRICTIONS[0 if by_address else 1], "addresses" if by_address else "a certificate"
    return check(
        True,
        f"{flag} of {open_one.name!r}",
        saw=f"False: it names {listed}, and mail from elsewhere is taken too",
        cite=PARTNER,
        source=open_one.source(flag),
    )


def is_secured(at: PointOfView, connector: InboundConnector | None, facts: SessionFacts) -> Check:
    """Want TLS where the Partner connector that was met has RequireTls; how it is refused otherwise is assumed."""
    required = connector is not None and connector.require_tls and not connector.on_premises
    met = not required or facts.tls is not None
    return check(
        met,
        f"RequireTls of {connector.name!r}" if connector and required else "RequireTls",
        saw=facts.tls.version if facts.tls else "no TLS",
        wanted="TLS" if required else "",
        cite=CONNECTOR if met else REQUIRE_TLS_REPLY.cite(at.assumed(REQUIRE_TLS_REPLY)),
        source=connector.source("RequireTls") if connector else "",
    )


def knows_session(at: PointOfView, connector: InboundConnector | None, facts: SessionFacts) -> bool:
    """Tell whether a connector knows a session by its address or certificate, and not by the sender alone."""
    if connector is None:
        return False
    addresses_count = connector.restrict_domains_to_ip_addresses or at.assumed(PARTNER_ADDRESSES) == "scope"
    by_address = addresses_count and not lists_address(connector, facts).failed
    return by_address or _knows_certificate(at, connector, facts)


def known_by_mere_listing(
    at: PointOfView, connector: InboundConnector | None, facts: SessionFacts
) -> Citation | None:
    """Return the open point by which alone a connector knows a session or not: an address listed without the flag."""
    if connector is None or connector.on_premises or connector.restrict_domains_to_ip_addresses:
        return None
    if lists_address(connector, facts).failed or _knows_certificate(at, connector, facts):
        return None
    return PARTNER_ADDRESSES.cite(at.assumed(PARTNER_ADDRESSES))


def _knows_certificate(at: PointOfView, connector: InboundConnector, facts: SessionFacts) -> bool:
    return not _any_failed((names_certificate(at, connector, facts), *shows_trusted_certificate(at, facts)))


def _scope(
    at: PointOfView,
    connector: InboundConnector,
    facts: SessionFacts,
    sender: ReversePath,
    recipient: Mailbox,
) -> tuple[Check, ...]:
    """Say whether mail concerns a connector at all."""
    return (
        is_enabled(connector),
        is_of_type(connector, ConnectorType.PARTNER),
        covers_sender(connector, sender),
        *associates_partner(connector, recipient),
        *_identifying_addresses(at, connector, facts),
    )


def _identifying_addresses(
    at: PointOfView, connector: InboundConnector, facts: SessionFacts
) -> tuple[Check, ...]:
    """Hold a session against addresses that are listed without the flag that makes them a restriction."""
    if connector.restrict_domains_to_ip_addresses or not connector.sender_ip_addresses:
        return ()
    choice = at.assumed(PARTNER_ADDRESSES)
    listed = lists_address(connector, facts)
    return (
        check(
            choice == "ignored" or not listed.failed,
            listed.rule,
            saw=listed.saw,
            wanted=listed.wanted,
            cite=PARTNER_ADDRESSES.cite(choice) if listed.failed else listed.cite,
            source=listed.source,
        ),
    )


def _restrictions(at: PointOfView, connector: InboundConnector, facts: SessionFacts) -> tuple[Check, ...]:
    """Hold a session against what a Partner connector restricts its domains to."""
    made = []
    if connector.restrict_domains_to_ip_addresses:
        made.append(_restricts(connector, _RESTRICTIONS[0], lists_address(connector, facts)))
    if connector.restrict_domains_to_certificate:
        made += [
            _restricts(connector, _RESTRICTIONS[1], each)
            for each in (names_certificate(at, connector, facts), *shows_trusted_certificate(at, facts))
        ]
    return tuple(made)


def _restricts(connector: InboundConnector, flag: str, met: Check) -> Check:
    """Word a check as the restriction that rests on it."""
    source = connector.source(flag)
    cite = PARTNER if met.cite is CONNECTOR else met.cite
    return Check(flag, met.verdict, met.saw, met.wanted, cite, source)


def _by_restriction(
    at: PointOfView,
    connector: InboundConnector,
    facts: SessionFacts,
    sender: ReversePath,
    *,
    most_specific: bool,
) -> tuple[Rank, ...]:
    """Rank connectors that restrict: by whether they are satisfied, or by their SenderDomains first."""
    satisfied = _rank("satisfied", met=not _any_failed(_restrictions(at, connector, facts)))
    return (_specificity(connector, sender), satisfied) if most_specific else (satisfied,)


def _rank(name: str, *, met: bool) -> Rank:
    return Rank(name, not met, "yes" if met else "no")


def _specificity(connector: InboundConnector, sender: ReversePath) -> Rank:
    """Rank the most specific of the SenderDomains that cover the sender first."""
    covering = [each.pattern for each in connector.sender_domains if pattern_covers(each.pattern, sender)]
    best = max(covering, key=lambda pattern: pattern.specificity, default=None)
    exact, length = best.specificity if best else (0, 0)
    return Rank("most specific SenderDomains", (-exact, -length), str(best or ""))


def _any_failed(checks: Iterable[Check]) -> bool:
    return any(each.failed for each in checks)
