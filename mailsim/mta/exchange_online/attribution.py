"""Attribution: whose mail does a session carry, and by which connector?

The host name a client used is irrelevant; every tenant is reached by the same addresses. The service looks, across
all tenants, at (1) the client certificate, (2) the client's address together with the domain in MAIL FROM, and then at
(3) the recipient's domain. The first two make mail *Originating*: it counts as sent by the tenant. The third makes it
*Incoming*: anonymous mail for the tenant.

Sources: "Office 365 message attribution" (Exchange Team), New-InboundConnector, "Updated requirements for SMTP relay
through Exchange Online"; a chain that does not reach a trusted root counts as no match (KB 3212877).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mailsim.mail.address import Mailbox, ReversePath
from mailsim.mta.exchange_online.config import ExchangeOnlineConfig, Tenant
from mailsim.mta.exchange_online.connector import ConnectorType
from mailsim.mta.exchange_online.inbound_connector import InboundConnector
from mailsim.mta.kind import Attribution, PointOfView
from mailsim.mta.relaying.tls_policy import name_matches
from mailsim.mta.unmodelled import unmodelled
from mailsim.reason.check import Check, check
from mailsim.reason.choice import Choice, Rank, select
from mailsim.reason.cite import documented
from mailsim.reason.decision import Decision, Reason
from mailsim.world.facts import SessionFacts

ATTRIBUTION = documented("ms:message-attribution", "Office 365 message attribution")
CONNECTOR = documented("ms:new-inboundconnector", "New-InboundConnector")
CHAIN = documented("kb3212877", "the chain must be sent with its intermediates")

ORIGINATING, INCOMING, NOBODY = "Originating", "Incoming", ""


@dataclass(frozen=True, slots=True)
class Claim:
    """One tenant's inbound connector, as a candidate."""

    tenant: Tenant
    connector: InboundConnector

    @property
    def name(self) -> str:
        """Return the connector's name with the tenant's."""
        return f"{self.connector.name} ({self.tenant.name})"


@dataclass(frozen=True, slots=True)
class Attributed:
    """The outcome: the tenant, the connector where one matched, and the direction; all empty for nobody's mail."""

    tenant: Tenant | None
    connector: InboundConnector | None
    direction: str

    @property
    def owner(self) -> str:
        """Return the tenant's name, empty for nobody's mail."""
        return self.tenant.name if self.tenant else ""

    @property
    def shown(self) -> Attribution:
        """Return it in the words of the trace."""
        return Attribution(self.owner, self.connector.name if self.connector else "", self.direction)


@dataclass(frozen=True, slots=True)
class Owners:
    """Whose mail an item is: decided once, when the service takes it, and kept with it.

    Args:
        first: the tenant of the first recipient, or of the mailbox that handed it in.
        others: the tenants of recipients that belong to another one.
    """

    first: str
    others: Mapping[Mailbox, str] = field(default_factory=dict, hash=False)

    def of(self, recipient: Mailbox) -> str:
        """Return the tenant whose mail it is for a recipient, as addressed when the item arrived."""
        return self.others.get(recipient, self.first)


def attribute(
    at: PointOfView, facts: SessionFacts, sender: ReversePath, recipient: Mailbox
) -> Decision[Attributed]:
    """Decide whose mail this is: certificate, then address with sender domain, then recipient domain."""
    because: list[Reason] = []
    for choose in (by_certificate, by_address):
        choice = choose(at, facts, sender, recipient)
        because.append(choice)
        if choice.chosen is not None:
            claim = choice.chosen
            value = Attributed(claim.tenant, claim.connector, ORIGINATING)
            return Decision("attribution", value, tuple(because), f"{ORIGINATING} from {claim.name}")
    owner = _config(at).owner_of(recipient.domain)
    because.append(_by_recipient(recipient, owner))
    if owner is None:
        return Decision("attribution", Attributed(None, None, NOBODY), tuple(because), "nobody's mail")
    value = Attributed(owner, None, INCOMING)
    return Decision("attribution", value, tuple(because), f"{INCOMING} for {owner.name}")


def by_certificate(
    at: PointOfView, facts: SessionFacts, sender: ReversePath, recipient: Mailbox
) -> Choice[Claim]:
    """Choose the OnPremises connector that the client's certificate names.

    A name in an accepted domain of the tenant counts before one that only sender or recipient make good; then the
    most exact name wins.
    """
    shown = _shown_certificate(facts)
    return select(
        f"inbound connector for {shown}",
        _claims(_config(at)),
        name=lambda claim: claim.name,
        source=lambda claim: claim.connector.source(),
        checks=lambda claim: (
            _enabled(claim),
            _on_premises(claim),
            _chain(at, facts),
            _certificate_name(claim, facts),
            _domain_accepted(claim, sender, recipient),
            *unmodelled(claim.connector),
        ),
        ranks=lambda claim: (_accepted_domain(claim, sender), _exactness(claim)),
        cite=ATTRIBUTION,
    )


def by_address(
    at: PointOfView, facts: SessionFacts, sender: ReversePath, _recipient: Mailbox
) -> Choice[Claim]:
    """Choose the OnPremises connector that lists the client's address, of the tenant that has the sender's domain."""
    return select(
        f"inbound connector for address {facts.peer_ip}",
        _claims(_config(at)),
        name=lambda claim: claim.name,
        source=lambda claim: claim.connector.source(),
        checks=lambda claim: (
            _enabled(claim),
            _on_premises(claim),
            _lists_address(claim, facts),
            _sender_accepted(claim, sender),
            *unmodelled(claim.connector),
        ),
        cite=ATTRIBUTION,
    )


def certificate_domain_accepted(tenant: Tenant, connector: InboundConnector) -> bool:
    """Tell whether the domain in TlsSenderCertificateName is an accepted one.

    ``*.contoso.com`` is satisfied by contoso.com and by any accepted domain right below it.
    """
    domain = connector.certificate_domain
    if not domain:
        return False
    if tenant.accepted(domain) is not None:
        return True
    wildcard = connector.tls_sender_certificate_name.startswith("*.")
    return wildcard and any(
        name_matches("*." + domain, each.domain_name.lower()) for each in tenant.accepted_domains
    )


def _config(at: PointOfView) -> ExchangeOnlineConfig:
    config: ExchangeOnlineConfig = at.mta.config
    return config


def _claims(config: ExchangeOnlineConfig) -> tuple[Claim, ...]:
    return tuple(
        Claim(tenant, connector) for tenant in config.tenants for connector in tenant.inbound_connectors
    )


def _shown_certificate(facts: SessionFacts) -> str:
    if facts.tls is None:
        return "a session without TLS"
    return (
        f"certificate {facts.tls.peer.subject}" if facts.tls.peer else "a session without client certificate"
    )


def _enabled(claim: Claim) -> Check:
    connector = claim.connector
    return check(
        connector.enabled,
        "Enabled",
        saw=str(connector.enabled),
        wanted="True",
        cite=CONNECTOR,
        source=connector.source("Enabled"),
    )


def _on_premises(claim: Claim) -> Check:
    connector = claim.connector
    return check(
        connector.connector_type is ConnectorType.ON_PREMISES,
        "ConnectorType",
        saw=connector.connector_type.value,
        wanted="OnPremises",
        cite=ATTRIBUTION,
        source=connector.source("ConnectorType"),
    )


def _chain(at: PointOfView, facts: SessionFacts) -> Check:
    peer = facts.tls.peer if facts.tls else None
    if peer is None:
        saw = "no client certificate" if facts.tls else "no TLS"
        return check(
            False, "client certificate", saw=saw, wanted="one with a trusted chain", cite=ATTRIBUTION
        )
    verdict = at.pki.judge(peer, trusts=at.mta.trusts, at=at.now)
    wanted = "a chain to a trusted CA, valid now"
    return check(verdict.trusted, "client certificate", saw=verdict.saw, wanted=wanted, cite=CHAIN)


def _certificate_name(claim: Claim, facts: SessionFacts) -> Check:
    connector = claim.connector
    peer = facts.tls.peer if facts.tls else None
    names = peer.all_names if peer else ()
    wanted = connector.tls_sender_certificate_name
    return check(
        bool(wanted) and any(name_matches(wanted, name) for name in names),
        "TlsSenderCertificateName",
        saw=f"the certificate presented names {', '.join(names)}" if names else "no certificate presented",
        wanted=wanted or "a certificate name (none is configured)",
        cite=CONNECTOR,
        source=connector.source("TlsSenderCertificateName"),
    )


def _domain_accepted(claim: Claim, sender: ReversePath, recipient: Mailbox) -> Check:
    """Want the certificate's domain among the tenant's; where it is not, the sender's or the recipient's."""
    tenant, connector = claim.tenant, claim.connector
    by_recipient = tenant.accepted(recipient.domain) is not None
    domains = ", ".join(each.domain_name for each in tenant.accepted_domains)
    saw = f"certificate domain {connector.certificate_domain or '(none)'}, sender {sender or '<>'}"
    return check(
        certificate_domain_accepted(tenant, connector) or _has_sender(tenant, sender) or by_recipient,
        "accepted domain",
        saw=f"{saw}, recipient {recipient}",
        wanted=f"one of {domains}",
        cite=ATTRIBUTION,
        source=claim.connector.source("TlsSenderCertificateName"),
    )


def _has_sender(tenant: Tenant, sender: ReversePath) -> bool:
    return sender is not None and tenant.accepted(sender.domain) is not None


def _accepted_domain(claim: Claim, sender: ReversePath) -> Rank:
    """Certificate domain before sender before recipient (MC1226222)."""
    if certificate_domain_accepted(claim.tenant, claim.connector):
        return Rank("whose domain is accepted", 0, "the certificate's")
    if _has_sender(claim.tenant, sender):
        return Rank("whose domain is accepted", 1, "the sender's")
    return Rank("whose domain is accepted", 2, "the recipient's")


def _exactness(claim: Claim) -> Rank:
    name = claim.connector.tls_sender_certificate_name
    return Rank("most exact name", (name.startswith("*."), -len(name)), name)


def _lists_address(claim: Claim, facts: SessionFacts) -> Check:
    connector = claim.connector
    return check(
        any(facts.peer_ip in network for network in connector.sender_ip_addresses),
        "SenderIPAddresses",
        saw=str(facts.peer_ip),
        wanted=", ".join(map(str, connector.sender_ip_addresses)) or "an address (none is configured)",
        cite=CONNECTOR,
        source=connector.source("SenderIPAddresses"),
    )


def _sender_accepted(claim: Claim, sender: ReversePath) -> Check:
    domains = ", ".join(each.domain_name for each in claim.tenant.accepted_domains)
    return check(
        _has_sender(claim.tenant, sender),
        "sender domain",
        saw=str(sender or "<>"),
        wanted=f"one of {domains}",
        cite=ATTRIBUTION,
    )


def _by_recipient(recipient: Mailbox, owner: Tenant | None) -> Check:
    return check(
        owner is not None,
        "recipient domain",
        saw=f"{recipient.domain} belongs to {owner.name}"
        if owner
        else f"{recipient.domain} belongs to no tenant",
        wanted="an accepted domain of a tenant",
        cite=ATTRIBUTION,
    )
