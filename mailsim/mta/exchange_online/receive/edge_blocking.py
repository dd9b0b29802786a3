"""Directory-Based Edge Blocking: an unknown recipient of an authoritative domain is refused before any filter.

Any address of any mail-enabled object is valid; restrictions of the object are asked later. The edge looks into a copy of
the tenant's directory that lags behind it, so a new recipient is refused for a while. Originating mail is judged after
acceptance. What is refused here appears in no message trace.

Sources: "Use Directory-Based Edge Blocking"; the reply and its stage are observed; the lag is reported and not measured.
"""

from __future__ import annotations

from datetime import timedelta

from mailsim.mail.address import Mailbox
from mailsim.mta.exchange_online.categorize.accepted_domain import DomainType
from mailsim.mta.exchange_online.config import Tenant
from mailsim.mta.exchange_online.receive.attribution import INCOMING, Attributed
from mailsim.mta.exchange_online.receive.connection_filter import DEFAULT_BLOCK_MODE
from mailsim.mta.exchange_online.receive.receive_assumptions import EDGE_DELAY
from mailsim.mta.exchange_online.send import srs
from mailsim.mta.kind import PointOfView
from mailsim.mta.unmodelled import NOT_MODELLED, unmodelled
from mailsim.reason.check import Check, check, unknown
from mailsim.reason.cite import documented
from mailsim.reason.decision import Reason
from mailsim.world.directory import DirectoryRecipient

EDGE_BLOCKING = documented("ms:directory-based-edge-blocking", "Use Directory-Based Edge Blocking")

_DELAYS = {
    "none": timedelta(),
    "30m": timedelta(minutes=30),
    "2h": timedelta(hours=2),
    "24h": timedelta(hours=24),
}


def is_known_at_edge(at: PointOfView, attributed: Attributed, recipient: Mailbox) -> Check:
    """Want an address that the edge knows, or a domain whose recipients the tenant need not know."""
    tenant = attributed.tenant
    accepted = tenant.accepted(recipient.domain) if tenant else None
    authoritative = accepted is not None and accepted.domain_type is DomainType.AUTHORITATIVE
    judged = authoritative and attributed.direction == INCOMING
    found = tenant.directory.find(recipient) if tenant else None
    known, saw = _looked_up(at, recipient, found)
    if tenant is not None and srs.is_known(tenant, recipient):
        known, saw = True, f"{recipient} is a sender that was rewritten here"
    if authoritative and not judged:
        saw += ", but Originating mail is judged after acceptance"
    elif judged and not known:
        saw += "; refused at the edge, so no message trace shows it"
    kind = accepted.domain_type.value if accepted else "no accepted domain"
    new = found is not None and found.created
    return check(
        known or not judged,
        f"recipient of {tenant.name if tenant else 'nobody'} ({recipient.domain}: {kind})",
        saw=saw,
        wanted="an address that the edge's copy of the directory has, or DomainType InternalRelay",
        cite=EDGE_DELAY.cite(at.assumed(EDGE_DELAY)) if new else EDGE_BLOCKING,
        source=accepted.source("DomainType") if accepted else "",
    )


def doubts(attributed: Attributed, recipient: Mailbox) -> tuple[Reason, ...]:
    """Return what is configured about the recipient's domain and not modelled."""
    tenant = attributed.tenant
    if tenant is None:
        return ()
    accepted = tenant.accepted(recipient.domain)
    return (*_unknown_mode(tenant), *(unmodelled(accepted) if accepted else ()))


def _looked_up(at: PointOfView, recipient: Mailbox, found: DirectoryRecipient | None) -> tuple[bool, str]:
    """Tell whether the edge has an address now, and say what it saw."""
    if found is None:
        return False, f"{recipient} is not in the directory"
    since = (
        at.world.start + found.created + (_DELAYS[at.assumed(EDGE_DELAY)] if found.created else timedelta())
    )
    if at.now >= since:
        return True, f"{recipient} is known"
    return (
        False,
        f"{recipient} was created {found.created} after the start; the edge knows it from {since:%H:%M} on",
    )


def _unknown_mode(tenant: Tenant) -> tuple[Check, ...]:
    policy = tenant.hosted_connection_filter_policy
    mode = policy.directory_based_edge_block_mode
    if mode.lower() == DEFAULT_BLOCK_MODE.lower():
        return ()
    source = policy.source("DirectoryBasedEdgeBlockMode")
    saw = f"{mode}, of which only Default is known"
    return (unknown("DirectoryBasedEdgeBlockMode", saw=saw, cite=NOT_MODELLED, source=source),)
