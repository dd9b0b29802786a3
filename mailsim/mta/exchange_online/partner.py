"""Partner connectors: what a tenant demands of Incoming mail, and which connector such mail meets.

A connector that restricts by address or certificate refuses mail of its SenderDomains from elsewhere. It comes before
one that allows by sender domain, so the second is no exception to the first. Originating mail never gets here, and
whoever is refused here may still be let in by an OnPremises connector with the same address or certificate.

Sources: New-InboundConnector, "Manage mail flow using a third-party cloud service", "Set up connectors for secure mail
flow with a partner organization", "Office 365 message attribution" (the lock-down commands).
"""

from __future__ import annotations

from collections.abc import Iterable

from mailsim.mail.address import Mailbox, ReversePath
from mailsim.mta.exchange_online.assumptions import PARTNER_ADDRESSES, SEVERAL_LOCKDOWNS
from mailsim.mta.exchange_online.connector import ConnectorType
from mailsim.mta.exchange_online.inbound_connector import (
    CONNECTOR,
    InboundConnector,
    associates_partner,
    covers_sender,
    is_enabled,
    is_of_type,
    lists_address,
    names_certificate,
    pattern_covers,
    shows_trusted_chain,
)
from mailsim.mta.kind import PointOfView
from mailsim.mta.unmodelled import unmodelled
from mailsim.reason.check import Check, check
from mailsim.reason.choice import Choice, Rank, select
from mailsim.reason.cite import documented
from mailsim.world.facts import SessionFacts

PARTNER = documented("ms:mail-flow-third-party-cloud", "Partner connectors that lock a tenant down")
PRECEDENCE = documented("ms:use-connectors", "connectors that restrict come before those by sender domain")

_RESTRICTIONS = ("RestrictDomainsToIPAddresses", "RestrictDomainsToCertificate")


def choose_partner(
    at: PointOfView,
    connectors: Iterable[InboundConnector],
    facts: SessionFacts,
    sender: ReversePath,
    recipient: Mailbox,
) -> Choice[InboundConnector]:
    """Choose the Partner connector that Incoming mail meets.

    Args:
        at: the service.
        connectors: the inbound connectors of the recipient's tenant.
        facts: the session.
        sender: MAIL FROM.
        recipient: RCPT TO.
    """
    return select(
        f"partner connector for mail to {recipient}",
        connectors,
        name=lambda connector: connector.name,
        source=lambda connector: connector.source(),
        checks=lambda connector: (
            *_scope(at, connector, facts, sender, recipient),
            *_restrictions(at, connector, facts),
            *unmodelled(connector),
        ),
        ranks=lambda connector: (
            Rank("restricts by address or certificate", not connector.restricts),
            Rank("knows the session", not knows_session(at, connector, facts)),
            _specificity(connector, sender),
        ),
        cite=PRECEDENCE,
    )


def is_let_in(
    at: PointOfView,
    connectors: Iterable[InboundConnector],
    facts: SessionFacts,
    sender: ReversePath,
    recipient: Mailbox,
) -> Check:
    """Want, where connectors restrict mail from this sender, one whose restriction is met."""
    restricting = [
        each
        for each in connectors
        if each.restricts and not _any_failed(_scope(at, each, facts, sender, recipient))
    ]
    choice = at.assumed(SEVERAL_LOCKDOWNS)
    if choice == "most-specific":
        ranks = {each.name: _specificity(each, sender).value for each in restricting}
        restricting = [each for each in restricting if ranks[each.name] == min(ranks.values())]
    judged = [(each, _restrictions(at, each, facts)) for each in restricting]
    missed = [(each, next(one for one in made if one.failed)) for each, made in judged if _any_failed(made)]
    several = len(restricting) > 1
    return check(
        len(missed) < len(judged) or not judged,
        "; ".join(f"{one.rule} of {each.name!r}" for each, one in missed) or " and ".join(_RESTRICTIONS),
        saw="; ".join(one.saw for _, one in missed) or "no restriction that is not met",
        wanted=" or ".join(one.wanted for _, one in missed),
        cite=SEVERAL_LOCKDOWNS.cite(choice) if several else PARTNER,
        source=missed[0][1].source if missed else "",
    )


def is_secured(connector: InboundConnector | None, facts: SessionFacts) -> Check:
    """Want TLS where the Partner connector that was met has RequireTls."""
    required = connector is not None and connector.require_tls and not connector.on_premises
    return check(
        not required or facts.tls is not None,
        f"RequireTls of {connector.name!r}" if connector and required else "RequireTls",
        saw=facts.tls.version if facts.tls else "no TLS",
        wanted="TLS" if required else "",
        cite=CONNECTOR,
        source=connector.source("RequireTls") if connector else "",
    )


def knows_session(at: PointOfView, connector: InboundConnector | None, facts: SessionFacts) -> bool:
    """Tell whether a connector knows a session by its address or certificate, and not by the sender alone."""
    if connector is None:
        return False
    by_certificate = (names_certificate(at, connector, facts), shows_trusted_chain(at, facts))
    addresses_count = connector.restrict_domains_to_ip_addresses or at.assumed(PARTNER_ADDRESSES) == "scope"
    by_address = addresses_count and not lists_address(connector, facts).failed
    return by_address or not _any_failed(by_certificate)


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
            cite=PARTNER_ADDRESSES.cite(choice),
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
            for each in (names_certificate(at, connector, facts), shows_trusted_chain(at, facts))
        ]
    return tuple(made)


def _restricts(connector: InboundConnector, flag: str, met: Check) -> Check:
    """Word a check as the restriction that rests on it."""
    source = connector.source(flag)
    return Check(flag, met.verdict, met.saw, met.wanted, PARTNER, source)


def _specificity(connector: InboundConnector, sender: ReversePath) -> Rank:
    """Rank the most specific of the SenderDomains that cover the sender first."""
    covering = [each.pattern for each in connector.sender_domains if pattern_covers(each.pattern, sender)]
    best = max(covering, key=lambda pattern: pattern.specificity, default=None)
    exact, length = best.specificity if best else (0, 0)
    return Rank("most specific SenderDomains", (-exact, -length), str(best or ""))


def _any_failed(checks: Iterable[Check]) -> bool:
    return any(each.failed for each in checks)
