"""The ways into a tenant: who may hand over mail for it or through it, and with which words others are refused.

Called for every recipient, at RCPT and again at the end of the message. The order is: connection filter, attribution to
a tenant, Partner connectors, RequireTls, RejectDirectSend, the version of an Exchange server. Only that the filter comes
first is documented; the rest of the order is inferred. Permission to relay is no gate of its own: mail is attributed to a
tenant by an accepted domain or not at all.

Sources: "Updated requirements for SMTP relay through Exchange Online" (in force since November 2023), KB 3169958, "NDRs in
Exchange Online".
"""

from __future__ import annotations

from dataclasses import replace

from mailsim.mail.address import Mailbox, ReversePath
from mailsim.mail.envelope import Envelope
from mailsim.mail.reply import Reply
from mailsim.mta.exchange_online import replies
from mailsim.mta.exchange_online.categorize.accepted_domain import AcceptedDomain
from mailsim.mta.exchange_online.config import Tenant
from mailsim.mta.exchange_online.organization_config import (
    DIRECT_SEND,
    OrganizationConfig,
    allows_direct_send,
)
from mailsim.mta.exchange_online.receive import partner
from mailsim.mta.exchange_online.receive.attribution import (
    INCOMING,
    ORIGINATING,
    Attributed,
    Claim,
)
from mailsim.mta.exchange_online.receive.connection_filter import (
    FILTER,
    HostedConnectionFilterPolicy,
    passes_filter,
)
from mailsim.mta.exchange_online.receive.enforcement import ENFORCEMENT, enforced, is_still_taken
from mailsim.mta.exchange_online.receive.inbound_connector import CONNECTOR, InboundConnector
from mailsim.mta.exchange_online.receive.receive_assumptions import (
    NOT_PERMITTED,
    RECIPIENT_DOMAINS,
    REQUIRE_TLS_REPLY,
    UNATTRIBUTED,
)
from mailsim.mta.kind import PointOfView
from mailsim.reason.check import Check, check
from mailsim.reason.cite import documented
from mailsim.reason.decision import Gate
from mailsim.world.facts import SessionFacts

RELAY = documented("ms:updated-smtp-relay-requirements", "conditions for relay since 1 November 2023")


def ways_in(
    at: PointOfView, facts: SessionFacts, attributed: Attributed, sender: ReversePath, to: Mailbox
) -> tuple[Gate[Reply], ...]:
    """Return the gates between a session and a tenant, in order.

    A mailbox that signed in passes the only one that is documented to let it through; that the others are not for it is
    inferred.
    """
    tenant, server = attributed.tenant, at.mta.fqdn
    policy = tenant.hosted_connection_filter_policy if tenant else HostedConnectionFilterPolicy()
    met = attributed.connector if attributed.direction == INCOMING else None
    blocked = replies.blocked_by_customer(facts.peer_ip, to.domain)
    secured = replies.TLS_WANTED_FOR_GOOD
    if at.assumed(REQUIRE_TLS_REPLY) == "temporary":
        secured = replies.TLS_WANTED_FOR_NOW
    direct_send = Gate(
        "RejectDirectSend",
        lambda: _direct_send(at, facts, attributed, sender),
        replies.direct_send_rejected(server),
        DIRECT_SEND,
    )
    if attributed.user:
        return (direct_send,)
    return (
        Gate("IPBlockList", lambda: passes_filter(at, policy, facts.peer_ip), blocked, FILTER),
        Gate(
            "attributed to a tenant",
            lambda: _owned(attributed, sender, to),
            _denied(at, attributed),
            RELAY,
        ),
        Gate(
            "RestrictDomainsToIPAddresses and RestrictDomainsToCertificate",
            lambda: partner.is_let_in(at, met, facts, tenant.inbound_connectors if tenant else ()),
            replies.locked_down(server),
            partner.PARTNER,
        ),
        Gate("RequireTls", lambda: partner.is_secured(at, met, facts), secured, CONNECTOR),
        direct_send,
        *_version_gate(at, facts, attributed),
    )


def _version_gate(at: PointOfView, facts: SessionFacts, attributed: Attributed) -> tuple[Gate[Reply], ...]:
    """Return the gate of Exchange servers that come by an OnPremises connector with a version out of date."""
    tenant, connector = attributed.tenant, attributed.connector
    if tenant is None or connector is None or attributed.direction != ORIGINATING:
        return ()
    found = enforced(at, facts, tenant.tenant_exemption_info)
    if found is None:
        return ()
    rule = "version of the Exchange server"
    return (Gate(rule, lambda: is_still_taken(found, connector.name), found.refusal, ENFORCEMENT),)


def missed_way(attributed: Attributed) -> tuple[Check, ...]:
    """Return how the session could have come in as the tenant's own, where the tenant refuses others; else nothing."""
    tenant, connector = attributed.tenant, attributed.connector
    restricts = connector is not None and connector.restricts
    closed = restricts or (tenant is not None and tenant.organization_config.reject_direct_send)
    return attributed.missed if closed else ()


def _denied(at: PointOfView, attributed: Attributed) -> Reply:
    """Return the refusal of a recipient of no tenant, which depends on whether a connector was met."""
    if attributed.unused:
        return not_permitted(at)
    if at.assumed(UNATTRIBUTED) == "4.4.62":
        return replies.wrong_region(at.mta.fqdn)
    return replies.relay_denied(at.mta.fqdn)


def not_permitted(at: PointOfView) -> Reply:
    """Return the refusal of relay by a connector that no accepted domain makes good."""
    if at.assumed(NOT_PERMITTED) == "ATTR36":
        return replies.relay_not_permitted()
    return replies.relay_denied(at.mta.fqdn)


def words(at: PointOfView, attributed: Attributed) -> tuple[Check, ...]:
    """Say in which words nobody's mail is refused: that it is refused is documented, how is assumed."""
    if attributed.tenant is not None:
        return ()
    open_point = NOT_PERMITTED if attributed.unused else UNATTRIBUTED
    choice = at.assumed(open_point)
    return (check(True, "words of the refusal", saw=choice, cite=open_point.cite(choice)),)


def _owned(attributed: Attributed, sender: ReversePath, recipient: Mailbox) -> Check:
    owner, unused = attributed.tenant, attributed.unused
    wanted = "a matching OnPremises connector with an accepted domain, or a recipient of a tenant"
    if owner is not None:
        saw = f"{attributed.direction} mail of {owner.name}"
    elif unused is not None:
        saw, wanted = _not_made_good(unused, sender, recipient)
    else:
        saw = f"no tenant has {recipient.domain}, and "
        saw += "neither certificate nor address of the session belongs to an OnPremises connector"
    return check(
        owner is not None,
        "attributed to a tenant",
        saw=saw,
        wanted=wanted,
        cite=RELAY,
        source=_identified_by(unused.connector) if unused else "",
    )


def _not_made_good(unused: Claim, sender: ReversePath, recipient: Mailbox) -> tuple[str, str]:
    """Say what an OnPremises connector that is met lacks, and what would do."""
    name = unused.connector.certificate_name.domain or "none"
    domains = ", ".join(each.domain_name for each in unused.tenant.accepted_domains)
    saw = f"no tenant has {recipient.domain}, and {unused.name} is met, but neither sender {sender or '<>'} nor "
    saw += f"certificate domain ({name}) is accepted there"
    such = f"*.{unused.tenant.default_domain}" if unused.tenant.default_domain else "a name in one of them"
    return saw, f"a sender in {domains}, or TlsSenderCertificateName such as {such}"


def _identified_by(connector: InboundConnector) -> str:
    """Return the place of the property by which a connector knows its sessions."""
    by_name = bool(connector.tls_sender_certificate_name)
    return connector.source("TlsSenderCertificateName" if by_name else "SenderIPAddresses")


def has_one_domain(at: PointOfView, attributed: Attributed, envelope: Envelope, recipient: Mailbox) -> Check:
    """Want one recipient domain where the address of a connector matches and its sender domain does not."""
    owner, choice = attributed.tenant, at.assumed(RECIPIENT_DOMAINS)
    met = attributed.unused
    # a certificate would have been made good by the recipient, so it is an address that is met
    by_address = met is not None and met.tenant is owner
    others = {path.domain for path in envelope.paths} - {recipient.domain}
    saw = f"recipients of {', '.join((*sorted(others), recipient.domain))}"
    saw += f" by the address of {met.name}" if met and by_address else ""
    return check(
        not (by_address and others) or choice == "accepted",
        "recipient domains of a transaction",
        saw=saw,
        wanted="one, or an accepted sender domain",
        cite=RECIPIENT_DOMAINS.cite(choice) if by_address and others else RELAY,
        source=met.connector.source("SenderIPAddresses") if met and by_address else "",
    )


def _direct_send(at: PointOfView, facts: SessionFacts, attributed: Attributed, sender: ReversePath) -> Check:
    """Hold Incoming mail against RejectDirectSend; mail by an OnPremises connector or a user is no Direct Send."""
    tenant, connector = attributed.tenant, attributed.connector
    own = _accepted_sender(tenant, sender)
    known = connector is not None and (connector.on_premises or partner.knows_session(at, connector, facts))
    config = tenant.organization_config if tenant else OrganizationConfig()
    by = f"inbound connector {connector.name!r}" if connector and known else ""
    by = f"mailbox {attributed.user} signed in" if attributed.user else by
    made = allows_direct_send(config, sender, own, by)
    open_point = (
        partner.known_by_mere_listing(at, connector, facts) if config.reject_direct_send and own else None
    )
    return replace(made, cite=open_point) if open_point else made


def _accepted_sender(tenant: Tenant | None, sender: ReversePath) -> AcceptedDomain | None:
    return tenant.accepted(sender.domain) if tenant and sender else None
