"""Attribution: whose mail does a session carry, and by which connector?

The host name a client used is irrelevant; every tenant is reached by the same addresses. The service looks, across
all tenants, at (1) the client certificate, (2) the client's address together with the domain in MAIL FROM, and then at
(3) the recipient's domain. The first two make mail *Originating*: it counts as sent by the tenant. The third makes it
*Incoming*: anonymous mail for the tenant, which may still meet one of its Partner connectors (``partner``).

Mail of a mailbox that signed in is Originating mail of its tenant, whatever else the session shows (``submission``).

Sources: "Office 365 message attribution" (Exchange Team), New-InboundConnector, MC1226222 (certificate domain before
MAIL FROM before RCPT TO); a chain that does not reach a trusted root counts as no match (KB 3212877).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from mailsim.mail.address import Mailbox, ReversePath
from mailsim.mta.exchange_online.authentication.judged import Judged
from mailsim.mta.exchange_online.config import ExchangeOnlineConfig, Tenant
from mailsim.mta.exchange_online.connector import ConnectorType
from mailsim.mta.exchange_online.receive.inbound_connector import (
    InboundConnector,
    associates_on_premises,
    is_enabled,
    is_of_type,
    lists_address,
    names_certificate,
    shows_trusted_certificate,
)
from mailsim.mta.exchange_online.receive.partner import choose_partner
from mailsim.mta.exchange_online.receive.submission import User, user_of
from mailsim.mta.kind import Attribution, PointOfView
from mailsim.mta.relaying.tls_policy import name_matches
from mailsim.mta.unmodelled import unmodelled
from mailsim.reason.check import Check, check
from mailsim.reason.choice import Choice, Rank, select
from mailsim.reason.cite import assumed, documented
from mailsim.reason.decision import Decision, Reason
from mailsim.world.facts import SessionFacts

ATTRIBUTION = documented("ms:message-attribution", "Office 365 message attribution")

USER = assumed(
    "ms:multifunction-devices", "that mail of a mailbox is Originating mail of its tenant is inferred"
)

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
    """The outcome.

    Args:
        tenant: whose mail it is, None for nobody's.
        connector: the OnPremises connector of Originating mail, the Partner connector of Incoming mail, or None.
        direction: ``Originating``, ``Incoming`` or empty.
        unused: the OnPremises connector that the session meets and that no accepted domain makes good.
        missed: of Incoming mail, what alone kept OnPremises connectors of the recipient's tenant from being met.
        user: the mailbox that signed in, empty for nobody.
    """

    tenant: Tenant | None
    connector: InboundConnector | None
    direction: str
    unused: Claim | None = None
    missed: tuple[Check, ...] = ()
    user: str = ""

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
        judged: what was found out about the sender; None for mail that did not come from outside.
    """

    first: str
    others: Mapping[Mailbox, str] = field(default_factory=dict, hash=False)
    judged: Judged | None = None

    def of(self, recipient: Mailbox) -> str:
        """Return the tenant whose mail it is for a recipient, as addressed when the item arrived."""
        return self.others.get(recipient, self.first)


def attribute(
    at: PointOfView, facts: SessionFacts, sender: ReversePath, recipient: Mailbox
) -> Decision[Attributed]:
    """Decide whose mail this is: the user, else certificate, then address with sender domain, then recipient domain."""
    user = user_of(at, facts.user)
    if user is not None:
        return _by_user(user)
    because: list[Reason] = []
    looked_at: list[Choice[Claim]] = []
    for choose in (by_certificate, by_address):
        choice = choose(at, facts, sender, recipient)
        because.append(choice)
        looked_at.append(choice)
        if choice.chosen is not None:
            claim = choice.chosen
            value = Attributed(claim.tenant, claim.connector, ORIGINATING)
            return Decision("attribution", value, tuple(because), f"{ORIGINATING} from {claim.name}")
    met = by_session(at, facts, sender, recipient)
    because += [met] if met.chosen else []
    owner = _config(at).owner_of(recipient.domain)
    owned = _by_recipient(recipient, owner)
    if owner is None:
        value = Attributed(None, None, NOBODY, met.chosen)
        return Decision("attribution", value, (*because, owned), "nobody's mail")
    # the recipient decides and stands last: to be without a Partner connector is no fault
    partner = choose_partner(at, owner.inbound_connectors, facts, sender, recipient)
    missed = tuple(_missed(looked_at, owner))
    value = Attributed(owner, partner.chosen, INCOMING, met.chosen, missed)
    return Decision("attribution", value, (*because, partner, owned), f"{INCOMING} for {owner.name}")


def _missed(looked_at: list[Choice[Claim]], owner: Tenant) -> Iterator[Check]:
    """Yield, of each connector of a tenant that lacked one configured thing, what that was."""
    for candidate in (each for choice in looked_at for each in choice.candidates):
        failed = [each for each in candidate.checks if each.failed]
        if candidate.subject.tenant is owner and len(failed) == 1 and failed[0].source:
            yield replace(failed[0], rule=f"{failed[0].rule} of {candidate.subject.connector.name!r}")


def _by_user(user: User) -> Decision[Attributed]:
    name = str(user.mailbox.primary)
    why = check(True, "signed in", saw=f"{name}, a mailbox of {user.tenant.name}", cite=USER)
    value = Attributed(user.tenant, None, ORIGINATING, user=name)
    return Decision("attribution", value, (why,), f"{ORIGINATING} from {user.tenant.name} by {name}")


def by_certificate(
    at: PointOfView, facts: SessionFacts, sender: ReversePath, recipient: Mailbox
) -> Choice[Claim]:
    """Choose the OnPremises connector that the client's certificate names.

    A name in an accepted domain of the tenant counts before one that only sender or recipient make good; then the
    most exact name wins, then the tenant that has the sender's domain, then the one that has the recipient's.
    """
    shown = _shown_certificate(facts)
    chain = shows_trusted_certificate(at, facts)
    return select(
        f"inbound connector for {shown}",
        _claims(_config(at)),
        name=lambda claim: claim.name,
        source=lambda claim: claim.connector.source(),
        checks=lambda claim: (
            is_enabled(claim.connector),
            is_of_type(claim.connector, ConnectorType.ON_PREMISES),
            *chain,
            names_certificate(at, claim.connector, facts),
            *associates_on_premises(at, claim.connector, sender, recipient),
            _domain_accepted(claim, sender, recipient),
            *unmodelled(claim.connector),
        ),
        ranks=lambda claim: (
            _accepted_domain(claim, sender),
            _exactness(claim, facts),
            _rank("has the sender", met=_has_sender(claim.tenant, sender)),
            _rank("has the recipient", met=claim.tenant.accepted(recipient.domain) is not None),
        ),
        cite=ATTRIBUTION,
    )


def by_address(
    at: PointOfView, facts: SessionFacts, sender: ReversePath, recipient: Mailbox
) -> Choice[Claim]:
    """Choose the OnPremises connector that lists the client's address, of the tenant that has the sender's domain."""
    return select(
        f"inbound connector for address {facts.peer_ip}",
        _claims(_config(at)),
        name=lambda claim: claim.name,
        source=lambda claim: claim.connector.source(),
        checks=lambda claim: (
            is_enabled(claim.connector),
            is_of_type(claim.connector, ConnectorType.ON_PREMISES),
            lists_address(claim.connector, facts),
            *associates_on_premises(at, claim.connector, sender, recipient),
            _sender_accepted(claim, sender),
            *unmodelled(claim.connector),
        ),
        cite=ATTRIBUTION,
    )


def by_session(
    at: PointOfView, facts: SessionFacts, sender: ReversePath, recipient: Mailbox
) -> Choice[Claim]:
    """Choose the OnPremises connector that the session meets, though no accepted domain makes it good.

    It grants nothing, but it changes what is answered. One of the recipient's tenant comes first.
    """
    chain = shows_trusted_certificate(at, facts)
    return select(
        "inbound connector that is met without an accepted domain",
        _claims(_config(at)),
        name=lambda claim: claim.name,
        source=lambda claim: claim.connector.source(),
        checks=lambda claim: (
            is_enabled(claim.connector),
            is_of_type(claim.connector, ConnectorType.ON_PREMISES),
            *_met(at, claim.connector, facts, chain),
            *associates_on_premises(at, claim.connector, sender, recipient),
            *unmodelled(claim.connector),
        ),
        ranks=lambda claim: (
            _rank("has the recipient", met=claim.tenant.accepted(recipient.domain) is not None),
        ),
        cite=ATTRIBUTION,
    )


def _met(
    at: PointOfView, connector: InboundConnector, facts: SessionFacts, chain: tuple[Check, ...]
) -> tuple[Check, ...]:
    """Want the session's address, or else its certificate."""
    listed = lists_address(connector, facts)
    return (*chain, names_certificate(at, connector, facts)) if listed.failed else (listed,)


def certificate_domain_accepted(tenant: Tenant, connector: InboundConnector) -> bool:
    """Tell whether the domain in TlsSenderCertificateName is an accepted one.

    ``*.contoso.com`` is satisfied by contoso.com and by any accepted domain right below it.
    """
    wanted = connector.certificate_name
    if not wanted.name:
        return False
    if tenant.accepted(wanted.domain) is not None:
        return True
    own = (each.domain_name.lower() for each in tenant.accepted_domains)
    return wanted.wildcard and any(name_matches(wanted.name, domain) for domain in own)


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


def _domain_accepted(claim: Claim, sender: ReversePath, recipient: Mailbox) -> Check:
    """Want the certificate's domain among the tenant's; where it is not, the sender's or the recipient's."""
    tenant, connector = claim.tenant, claim.connector
    by_recipient = tenant.accepted(recipient.domain) is not None
    domains = ", ".join(each.domain_name for each in tenant.accepted_domains)
    saw = f"certificate domain {connector.certificate_name.domain or '(none)'}, sender {sender or '<>'}"
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


def _rank(name: str, *, met: bool) -> Rank:
    return Rank(name, not met, "yes" if met else "no")


def _exactness(claim: Claim, facts: SessionFacts) -> Rank:
    """Rank the name that the certificate bears literally first, a host before a wildcard, the longer before the shorter."""
    wanted = claim.connector.certificate_name
    peer = facts.tls.peer if facts.tls else None
    literal = peer is not None and wanted.name in wanted.names(peer)
    return Rank("most exact name", (not literal, wanted.wildcard, -len(wanted.name)), wanted.name)


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
