"""Who the recipients of a message are in Exchange Online: whose mail it is, resolution, restrictions, rules, and who is nobody.

A recipient is resolved in the directory of the tenant that the mail is attributed to; transport rules run on the resolved
recipient, unless it was refused before. Sources: "Manage accepted domains", "Mail flow rules", "NDRs in Exchange Online".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from mailsim.errors import Bug
from mailsim.mail.envelope import Envelope, Recipient
from mailsim.mta.copies import single
from mailsim.mta.cross_premises import auth_as
from mailsim.mta.exchange_online import defaults, replies
from mailsim.mta.exchange_online.categorize.reporting import postmaster_of
from mailsim.mta.exchange_online.config import ExchangeOnlineConfig, Tenant
from mailsim.mta.exchange_online.receive.attribution import Owners
from mailsim.mta.kind import Item, Notice, PointOfView
from mailsim.mta.report_kind import report_kind
from mailsim.mta.resolution import Resolution, Resolver, not_of_domain
from mailsim.mta.restrictions import Doorkeeper, Sender, counted_size, speaks_for_exchange
from mailsim.mta.rules.rule import TransportRule
from mailsim.mta.rules.run import rules_for
from mailsim.reason.check import Check
from mailsim.reason.cite import documented
from mailsim.reason.order import Evaluated
from mailsim.world.directory import DirectoryRecipient

RESOLUTION = documented("ms:accepted-domains-exo", "Manage accepted domains in Exchange Online")


@dataclass(frozen=True, slots=True)
class Addressee:
    """One recipient of an item.

    Args:
        tenant: whose mail it is.
        sender: who the mail is from, as the tenant sees it.
        resolution: what the recipient became in the tenant's directory.
        rules: the transport rules that apply to it.
    """

    tenant: Tenant
    sender: Sender
    resolution: Resolution
    rules: tuple[Evaluated[TransportRule], ...]

    @property
    def recipient(self) -> Recipient:
        """Return the recipient as it is now addressed."""
        return self.resolution.recipient

    def envelope(self, item: Item) -> Envelope:
        """Return the envelope of a copy for this recipient alone."""
        return single(item.envelope, self.recipient, self.resolution.reverse_path)


def by_owner(at: PointOfView, item: Item) -> Iterator[tuple[Tenant, tuple[Recipient, ...]]]:
    """Yield each tenant whose mail a message is, with the recipients for whom it is so."""
    found: dict[str, tuple[Tenant, list[Recipient]]] = {}
    for recipient in item.envelope.recipients:
        tenant = owner_of(at, item, recipient)
        found.setdefault(tenant.name, (tenant, []))[1].append(recipient)
    for tenant, recipients in found.values():
        yield tenant, tuple(recipients)


def sender_of(at: PointOfView, item: Item, tenant: Tenant) -> Sender:
    """Say who a message is from, as a tenant's restrictions see it: AuthAs decides."""
    author = auth_as(item.message) or "Anonymous"
    internal = author == "Internal"
    postmaster = postmaster_of(at, tenant, internal=False)
    return Sender(
        address=item.envelope.reverse_path,
        authenticated=internal,
        proof=f"AuthAs {author}",
        exempt=item.report or (internal and speaks_for_exchange(item.message, postmaster)),
    )


def owner_of_notice(at: PointOfView, item: Item, notices: tuple[Notice, ...]) -> Tenant:
    """Return the tenant whose recipient is told of first, also where it was resolved to somebody outside."""
    told = notices[0].recipient.path
    became = (
        (each, recipient)
        for recipient in item.envelope.recipients
        for each in addressees(at, item, recipient)
    )
    found = (each.tenant for each, recipient in became if told in (recipient.path, each.recipient.path))
    return next(found, None) or owner_of(at, item, item.envelope.recipients[0])


def owner_of(at: PointOfView, item: Item, recipient: Recipient) -> Tenant:
    """Return the tenant whose mail this is for one recipient as it arrived."""
    config: ExchangeOnlineConfig = at.mta.config
    owners: Owners = item.context
    tenant = config.tenant(owners.of(recipient.path))
    if tenant is None:
        raise Bug(f"{item.name} belongs to no tenant")
    return tenant


def addressees(at: PointOfView, item: Item, recipient: Recipient) -> Iterator[Addressee]:
    """Yield everybody whom one recipient of a message stands for, with the rules that apply."""
    tenant = owner_of(at, item, recipient)
    sender = sender_of(at, item, tenant)
    resolver = Resolver(
        tenant.directory,
        owner=tenant.name,
        default_domain=tenant.default_domain,
        admit=Doorkeeper(
            directory=tenant.directory,
            sender=sender,
            size=None if item.report else counted_size(item.message),
            refusals=replies.REFUSALS,
            largest=_largest,
        ),
        report=report_kind(item),
        cite=RESOLUTION,
    )
    for resolution in resolver.resolve(recipient, item.envelope.reverse_path):
        exempt = resolution.settled or _is_report(item)
        ran = () if exempt else rules_for(tenant.transport_rules, resolution.last_seen)
        yield Addressee(tenant, sender, resolution, tuple(rule for rule in ran if rule.applies))


def _largest(found: DirectoryRecipient) -> int | None:
    """Return the MaxReceiveSize of an object that has none written: mailboxes have that of their plan."""
    return defaults.MAX_RECEIVE_SIZE if found.is_mailbox else None


def _is_report(item: Item) -> bool:
    """Tell whether transport rules leave the message alone: non-delivery reports, made here or elsewhere."""
    kind = item.message.value("Content-Type").lower()
    arrived = item.envelope.reverse_path is None and kind.startswith("multipart/report")
    return item.report or arrived


def not_found(addressee: Addressee) -> tuple[Check, ...]:
    """Hold against a recipient that is not in the directory that its domain is authoritative, or that it points nowhere."""
    tenant, resolution = addressee.tenant, addressee.resolution
    accepted = tenant.accepted(resolution.recipient.path.domain)
    return not_of_domain(
        resolution,
        accepted.domain_type.value if accepted else "",
        owner=tenant.name,
        cite=RESOLUTION,
        source=accepted.source("DomainType") if accepted else "",
    )
