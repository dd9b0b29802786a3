"""What does not leave a tenant though it has a route: forwards and automatic replies that a setting stops.

A forward to an external recipient is refused by the outbound spam policy, and the sender is told; a remote domain deletes
automatic replies and what users forward by rules, and nobody is told. Sources: "Configuring and controlling external email
forwarding", "Remote domains in Exchange Online".
"""

from __future__ import annotations

from mailsim.mail.address import Mailbox
from mailsim.mta.exchange_online import replies
from mailsim.mta.exchange_online.categorize.outbound_spam_policy import FORWARDING, lets_forward
from mailsim.mta.exchange_online.categorize.recipient_assumptions import (
    AUTOMATIC_FORWARDING,
    TWO_FORWARD_BLOCKS,
)
from mailsim.mta.exchange_online.categorize.remote_domain import (
    RemoteDomain,
    lets_out_forwards,
    lets_out_replies,
)
from mailsim.mta.exchange_online.config import Tenant
from mailsim.mta.kind import Drop, Item, PointOfView, Refuse
from mailsim.mta.remote_domains import (
    FORWARD,
    OWN_DOMAINS,
    REMOTE_DOMAIN,
    REPLY,
    choose_remote_domain,
    in_effect,
)
from mailsim.mta.report_kind import ReportKind, report_kind
from mailsim.mta.resolution import Resolution
from mailsim.mta.restrictions import Sender
from mailsim.mta.unmodelled import unmodelled
from mailsim.reason.check import check
from mailsim.reason.choice import Choice
from mailsim.reason.decision import Decision, Gate, Reason, admit

Stopped = Refuse | Drop


def remote_domain_of(at: PointOfView, tenant: Tenant, path: Mailbox) -> Choice[RemoteDomain] | None:
    """Choose the remote domain of an address; None for one of the tenant's own."""
    own = tenant.accepted(path.domain) is not None
    if (own and at.assumed(OWN_DOMAINS) == "no") or tenant.directory.keeps(path):
        return None
    return choose_remote_domain(tenant.every_remote_domain, path.domain)


def leaving(
    at: PointOfView, item: Item, tenant: Tenant, resolution: Resolution, sender: Sender
) -> Decision[Stopped | None] | None:
    """Judge whether a message may leave for a recipient; None where it is ordinary mail."""
    path, held = resolution.recipient.path, tuple[Reason, ...]()
    policy, because = _by_policy(at, tenant, resolution)
    choice = choose_remote_domain(tenant.every_remote_domain, path.domain)
    remote = None if tenant.directory.keeps(path) else choice.chosen
    forwards = _forwards(remote, resolution) if remote else []
    answers = _answers(remote, item, path, sender) if remote else []
    if not (policy or forwards or answers):
        return None
    choices = (choice,) if forwards or answers else ()
    if tenant.accepted(path.domain) is not None:
        gates, held = in_effect(at, OWN_DOMAINS, [*forwards, *answers])
    else:
        ordered, held = _in_order(at, policy, forwards)
        gates = [*ordered, *answers]
    return admit(f"leaving for {path}", gates, (*because, *choices, *held))


def _in_order(
    at: PointOfView, policy: list[Gate[Stopped]], forwards: list[Gate[Stopped]]
) -> tuple[list[Gate[Stopped]], tuple[Reason, ...]]:
    """Put the two settings that can stop a forward in order; which comes first decides where both would."""
    order = at.assumed(TWO_FORWARD_BLOCKS)
    gates = [*policy, *forwards] if order == "policy" else [*forwards, *policy]
    if not all(any(gate.test().failed for gate in each) for each in (policy, forwards)):
        return gates, ()
    cite = TWO_FORWARD_BLOCKS.cite(order)
    return gates, (check(True, "policy and remote domain", saw=f"{order} first", cite=cite),)


def _by_policy(
    at: PointOfView, tenant: Tenant, resolution: Resolution
) -> tuple[list[Gate[Stopped]], tuple[Reason, ...]]:
    """AutoForwardingMode holds for every forward to a domain that the tenant does not accept."""
    path, forwarder = resolution.recipient.path, resolution.forwarder
    if forwarder is None or tenant.accepted(path.domain) is not None:
        return [], ()
    policy = tenant.hosted_outbound_spam_filter_policy
    saw = f"{resolution.forwarded_by} of {forwarder.primary} sends it to {path}"
    gate: Gate[Stopped] = Gate(
        "AutoForwardingMode",
        lambda: lets_forward(policy, saw, automatic=at.assumed(AUTOMATIC_FORWARDING)),
        Refuse(replies.FORWARDING_NOT_ALLOWED),
        FORWARDING,
    )
    return [gate], unmodelled(policy)


def _forwards(remote: RemoteDomain, resolution: Resolution) -> list[Gate[Stopped]]:
    """AutoForwardEnabled holds for what users forward by rules, not for what administrators set."""
    if not resolution.forwarded_by_user or resolution.forwarder is None:
        return []
    saw = (
        f"{resolution.forwarded_by} of {resolution.forwarder.primary} sends it to {resolution.recipient.path}"
    )
    return [Gate("AutoForwardEnabled", lambda: lets_out_forwards(remote, saw), FORWARD, REMOTE_DOMAIN)]


def _answers(remote: RemoteDomain, item: Item, path: Mailbox, sender: Sender) -> list[Gate[Stopped]]:
    """AutoReplyEnabled holds for automatic replies of the tenant's own mailboxes."""
    if not sender.authenticated or report_kind(item) is not ReportKind.AUTOMATIC_REPLY:
        return []
    saw = f"an automatic reply to {path}"
    return [Gate("AutoReplyEnabled", lambda: lets_out_replies(remote, saw), REPLY, REMOTE_DOMAIN)]
