"""Which outbound connector a recipient leaves by: what domains, centralized mail transport and transport rules say.

Called by ``route`` for recipients that are not delivered in the tenant. Rules: (1) disabled and rule-scoped connectors take
no part; (2) RouteAllMessagesViaOnPremises pulls what leaves for the outside, unless it came from on-premises; (3) then the
most specific scope wins; (4) none leaves the MX of the domain. Pure; the order of listing matters only in a tie.

Sources: "Set up connectors to route mail between Microsoft 365 and your own email servers" (its worked example is followed
where the page contradicts itself), New-OutboundConnector, KB 3194415, "Conditional mail routing".
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from mailsim.mail.address import Mailbox
from mailsim.mta.exchange_online.config import Tenant
from mailsim.mta.exchange_online.send.outbound_connector import (
    SELECTION,
    OutboundConnector,
    doubts,
    is_enabled,
    is_open,
    routes_everything,
)
from mailsim.mta.exchange_online.send.send_assumptions import (
    CENTRALIZED_SCOPE,
    CONNECTOR_ORDER,
    WILDCARD_APEX,
)
from mailsim.mta.kind import PointOfView
from mailsim.mta.rules.rule import TransportRule
from mailsim.mta.unmodelled import unmodelled
from mailsim.reason.check import Check, check
from mailsim.reason.choice import Choice, Rank, select
from mailsim.reason.cite import Citation, documented
from mailsim.reason.order import Evaluated
from mailsim.world.topology import Topology

NOT_SENT_BACK = documented("kb3194415", "mail that came from on-premises is not sent back there")
BY_RULE = documented("ms:conditional-mail-routing", "RouteMessageOutboundConnector")

_EXACT, _WILDCARD, _ACCEPTED, _EVERYTHING = range(4)
_AS_LISTED = {_EXACT: 0, _ACCEPTED: 1, _WILDCARD: 2, _EVERYTHING: 3}


@dataclass(frozen=True, slots=True)
class Leaving:
    """One recipient that leaves a tenant.

    Args:
        tenant: whose mail it is.
        to: as it is now addressed.
        from_on_premises: whether the message came by an OnPremises inbound connector of the tenant.
    """

    tenant: Tenant
    to: Mailbox
    from_on_premises: bool = False

    @property
    def outside(self) -> bool:
        """Whether the recipient's domain is none of the tenant's: mail to the outside."""
        return self.tenant.accepted(self.to.domain) is None


@dataclass(frozen=True, slots=True)
class Reading:
    """How the open points about scopes are decided.

    Args:
        order: a choice of CONNECTOR_ORDER.
        apex: a choice of WILDCARD_APEX.
    """

    order: str = CONNECTOR_ORDER.default
    apex: str = WILDCARD_APEX.default

    @classmethod
    def of(cls, world: Topology) -> Reading:
        """Return what is assumed in a topology."""
        return cls(world.assumed(CONNECTOR_ORDER), world.assumed(WILDCARD_APEX))


@dataclass(frozen=True, slots=True)
class Scope:
    """How a connector covers a domain.

    Args:
        value: smaller is more specific.
        shown: the pattern, or the property.
    """

    value: tuple[int, int]
    shown: str

    @property
    def between(self) -> bool:
        """Whether it is a wildcard or all accepted domains, whose order is in doubt."""
        return self.value[0] in (1, 2)


def choose_outbound_connector(at: PointOfView, leaving: Leaving) -> Choice[OutboundConnector]:
    """Choose the outbound connector for a recipient that is not delivered in the tenant; None means MX."""
    reading = Reading.of(at.world)
    return select(
        f"outbound connector for {leaving.to}",
        leaving.tenant.outbound_connectors,
        name=lambda connector: connector.name,
        source=lambda connector: connector.source(),
        checks=lambda connector: (
            is_enabled(connector),
            is_open(connector),
            takes(at, connector, leaving, reading),
            *doubts(connector),
            *unmodelled(connector),
        ),
        ranks=lambda connector: (
            *_centralizes(connector, leaving),
            _specificity(connector, leaving, reading),
        ),
        cite=SELECTION,
    )


def choose_for_incoming(tenant: Tenant) -> Choice[OutboundConnector] | None:
    """Choose the connector that takes incoming mail on-premises before anybody looks for mailboxes.

    Returns:
        None where the tenant has no centralized mail transport.
    """
    if not any(each.route_all_messages_via_on_premises for each in tenant.outbound_connectors):
        return None
    return select(
        "centralized mail transport for incoming mail",
        tenant.outbound_connectors,
        name=lambda connector: connector.name,
        source=lambda connector: connector.source(),
        checks=lambda connector: (
            is_enabled(connector),
            is_open(connector),
            routes_everything(connector),
            *doubts(connector),
            *unmodelled(connector),
        ),
        cite=documented("ms:transport-routing", "incoming mail, centralized mail transport enabled"),
    )


def takes(at: PointOfView, connector: OutboundConnector, leaving: Leaving, reading: Reading) -> Check:
    """The connector takes the recipient: by its domains, or by centralized mail transport."""
    if not (connector.route_all_messages_via_on_premises and leaving.outside):
        served = serves(connector, leaving.tenant, leaving.to.domain, reading)
        if not (served.failed and connector.is_on_premises and leaving.outside):
            return served
        return replace(served, wanted=f"{served.wanted}, or RouteAllMessagesViaOnPremises True")
    source, rule = connector.source("RouteAllMessagesViaOnPremises"), "RouteAllMessagesViaOnPremises"
    if leaving.from_on_premises:
        saw = "True, but the message came from on-premises"
        wanted = "mail that did not come from there"
        return check(False, rule, saw=saw, wanted=wanted, cite=NOT_SENT_BACK, source=source)
    choice = at.assumed(CENTRALIZED_SCOPE)
    if choice != CENTRALIZED_SCOPE.default:
        return serves(connector, leaving.tenant, leaving.to.domain, reading, CENTRALIZED_SCOPE.cite(choice))
    saw = f"True: takes all mail to the outside, so also to {leaving.to.domain}"
    return check(True, rule, saw=saw, cite=CENTRALIZED_SCOPE.cite(choice), source=source)


def serves(
    connector: OutboundConnector, tenant: Tenant, domain: str, reading: Reading, cite: Citation = SELECTION
) -> Check:
    """RecipientDomains or AllAcceptedDomains covers the recipient's domain."""
    patterns = ", ".join(map(str, connector.recipient_domains)) or "none"
    every = ", AllAcceptedDomains" if connector.all_accepted_domains else ""
    return check(
        scope_of(connector, tenant, domain, reading) is not None,
        "RecipientDomains",
        saw=patterns + every,
        wanted=f"a domain that covers {domain}",
        cite=_rests_on(connector, tenant, domain, reading) or cite,
        source=connector.source("RecipientDomains"),
    )


def _rests_on(connector: OutboundConnector, tenant: Tenant, domain: str, reading: Reading) -> Citation | None:
    """Return the open point that the scope of a connector rests on; None where the page is plain."""
    if any(each.wildcard and each.base == domain for each in connector.recipient_domains):
        return WILDCARD_APEX.cite(reading.apex)
    scope = scope_of(connector, tenant, domain, reading)
    others = [
        each
        for each in tenant.outbound_connectors
        if each.all_accepted_domains != connector.all_accepted_domains
    ]
    contested = (
        scope is not None
        and scope.between
        and any(other.between for each in others if (other := scope_of(each, tenant, domain, reading)))
    )
    return CONNECTOR_ORDER.cite(reading.order) if contested else None


def scope_of(connector: OutboundConnector, tenant: Tenant, domain: str, reading: Reading) -> Scope | None:
    """Return how specifically a connector covers a domain; None when it does not.

    Args:
        connector: whose scope it is.
        tenant: whose accepted domains count.
        domain: lower case.
        reading: how open points are decided.
    """
    order = _AS_LISTED if reading.order == "as-listed" else {step: step for step in range(4)}
    covering = [
        Scope((order[_step(pattern.wildcard, pattern.base)], -len(pattern.base)), str(pattern))
        for pattern in connector.recipient_domains
        if pattern.covers(domain, apex=reading.apex == "apex-too")
    ]
    if connector.all_accepted_domains and tenant.accepted(domain) is not None:
        covering.append(Scope((order[_ACCEPTED], 0), "AllAcceptedDomains"))
    return min(covering, key=lambda scope: scope.value, default=None)


def _step(wildcard: bool, base: str) -> int:
    """Return the step of a pattern; that * is the last one is inferred."""
    if not wildcard:
        return _EXACT
    return _WILDCARD if base else _EVERYTHING


def _centralizes(connector: OutboundConnector, leaving: Leaving) -> tuple[Rank, ...]:
    """Centralized mail transport comes before any domain, where the tenant has it."""
    centralized = any(each.route_all_messages_via_on_premises for each in leaving.tenant.outbound_connectors)
    if not (centralized and leaving.outside):
        return ()
    pulls = connector.route_all_messages_via_on_premises
    return (Rank("RouteAllMessagesViaOnPremises", not pulls, str(pulls)),)


def _specificity(connector: OutboundConnector, leaving: Leaving, reading: Reading) -> Rank:
    """The most specific scope wins."""
    scope = scope_of(connector, leaving.tenant, leaving.to.domain, reading)
    return Rank(
        "most specific RecipientDomains", scope.value if scope else (9, 0), scope.shown if scope else ""
    )


# --- transport rules -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Named:
    """A rule that applies, and the connector it names; None where there is no such connector."""

    rule: TransportRule
    connector: OutboundConnector | None
    position: int


def choose_by_rule(
    tenant: Tenant, rules: tuple[Evaluated[TransportRule], ...], to: Mailbox
) -> Choice[Named] | None:
    """Choose the connector that the last rule names; None where no rule names one."""
    named = [
        Named(rule.subject, _named(tenant, rule.subject.route_message_outbound_connector), position)
        for position, rule in enumerate(rules)
        if rule.subject.route_message_outbound_connector
    ]
    if not named:
        return None
    return select(
        f"outbound connector by rule for {to}",
        named,
        name=lambda each: each.rule.name,
        source=lambda each: each.rule.source("RouteMessageOutboundConnector"),
        checks=lambda each: (_exists(each), *_of_connector(each.connector)),
        ranks=lambda each: (Rank("last rule", -each.position, f"rule {each.position + 1} that applies"),),
        cite=BY_RULE,
    )


def _named(tenant: Tenant, name: str) -> OutboundConnector | None:
    """Return the connector of a name, enabled or not."""
    return next((each for each in tenant.outbound_connectors if each.name.lower() == name.lower()), None)


def _exists(named: Named) -> Check:
    name = named.rule.route_message_outbound_connector
    return check(
        named.connector is not None,
        "RouteMessageOutboundConnector",
        saw=name,
        wanted="the name of an outbound connector",
        cite=BY_RULE,
        source=named.rule.source("RouteMessageOutboundConnector"),
    )


def _of_connector(connector: OutboundConnector | None) -> tuple[Check, ...]:
    return (is_enabled(connector), *doubts(connector), *unmodelled(connector)) if connector else ()
