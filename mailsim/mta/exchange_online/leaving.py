"""What does not leave a tenant though it has a route: forwards and automatic replies that a setting stops.

A forward to an external recipient is refused by the outbound spam policy, and the sender is told; a remote domain deletes
automatic replies and what users forward by rules, and nobody is told. Sources: "Configuring and controlling external email
forwarding", "Remote domains in Exchange Online".
"""

from __future__ import annotations

from mailsim.mail.address import Mailbox
from mailsim.mta.exchange_online import replies
from mailsim.mta.exchange_online.config import Tenant
from mailsim.mta.exchange_online.outbound_spam_policy import FORWARDING, lets_forward
from mailsim.mta.exchange_online.recipient_assumptions import AUTOMATIC_FORWARDING, TWO_FORWARD_BLOCKS
from mailsim.mta.exchange_online.remote_domain import RemoteDomain, lets_out_forwards, lets_out_replies
from mailsim.mta.kind import Drop, Item, PointOfView, Refuse
from mailsim.mta.remote_domains import OWN_DOMAINS, REMOTE_DOMAIN, choose_remote_domain, judged_as_own
from mailsim.mta.report_kind import ReportKind, report_kind
from mailsim.mta.resolution import Resolution
from mailsim.mta.restrictions import Sender
from mailsim.mta.unmodelled import unmodelled
from mailsim.reason.check import check
from mailsim.reason.choice import Choice
from mailsim.reason.decision import Decision, Gate, Reason, admit

FORWARD = Drop("what users forward by rules does not go to this remote domain")
REPLY = Drop("automatic replies do not go to this remote domain")

Stopped = Refuse | Drop


def remote_domain_of(at: PointOfView, tenant: Tenant, path: Mailbox) -> Choice[RemoteDomain] | None:
    """Choose the remote domain of an address; None for one of the tenant's own.

    Where own domains count too, a mailbox here is in no remote domain; a mail user, whose mailbox is on the other side, is.
    """
    own, found = tenant.accepted(path.domain) is not None, tenant.directory.find(path)
    if (own and at.assumed(OWN_DOMAINS) == "no") or (found is not None and found.is_mailbox):
        return None
    return choose_remote_domain(tenant.every_remote_domain, path.domain)


def leaving(
    at: PointOfView, item: Item, tenant: Tenant, resolution: Resolution, sender: Sender
) -> Decision[Stopped | None] | None:
    """Judge whether a message may leave for a recipient; None where it is ordinary mail."""
    path = resolution.recipient.path
    policy, because = _by_policy(at, tenant, resolution)
    choice = remote_domain_of(at, tenant, path)
    forwards, answers = (
        (_forwards(choice.chosen, resolution), _answers(choice.chosen, item, path, sender))
        if choice is not None and choice.chosen is not None
        else ([], [])
    )
    if not (policy or forwards or answers):
        return None
    order = at.assumed(TWO_FORWARD_BLOCKS)
    gates = [*policy, *forwards] if order == "policy" else [*forwards, *policy]
    if policy and forwards:
        cite = TWO_FORWARD_BLOCKS.cite(order)
        because = (*because, check(True, "policy and remote domain", saw=f"{order} first", cite=cite))
    if choice is not None and tenant.accepted(path.domain) is not None:
        because = (*because, judged_as_own(at.assumed(OWN_DOMAINS), path.domain))
    choices = (choice,) if choice is not None and (forwards or answers) else ()
    return admit(f"leaving for {path}", (*gates, *answers), (*because, *choices))


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
