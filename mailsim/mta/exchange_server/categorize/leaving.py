"""What does not leave the organization though it has a route: what a remote domain wants none of.

Automatic replies and what users forward by rules are deleted, and nobody is told. Sources: Set-RemoteDomain, "Recipient
resolution in Exchange Server".
"""

from __future__ import annotations

from mailsim.mail.address import Mailbox
from mailsim.mta.exchange_server.categorize.recipient_assumptions import ADMIN_FORWARDS
from mailsim.mta.exchange_server.categorize.remote_domain import (
    RemoteDomain,
    lets_out_forwards,
    lets_out_replies,
)
from mailsim.mta.exchange_server.config import organization_of
from mailsim.mta.kind import Drop, Item, PointOfView
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
from mailsim.reason.check import Check
from mailsim.reason.choice import Choice
from mailsim.reason.decision import Decision, Gate, admit


def remote_domain_of(at: PointOfView, path: Mailbox) -> Choice[RemoteDomain] | None:
    """Choose the remote domain of an address; None for one inside the organization."""
    organization = organization_of(at)
    own = organization.accepted(path.domain) is not None and at.assumed(OWN_DOMAINS) == "no"
    if own or organization.directory.keeps(path):
        return None
    return choose_remote_domain(organization.every_remote_domain, path.domain)


def leaving(
    at: PointOfView, item: Item, resolution: Resolution, sender: Sender
) -> Decision[Drop | None] | None:
    """Judge whether a remote domain takes the message for a recipient; None where it is ordinary mail."""
    organization, path = organization_of(at), resolution.recipient.path
    choice = choose_remote_domain(organization.every_remote_domain, path.domain)
    if choice.chosen is None or organization.directory.keeps(path):
        return None
    gates = [*_forwards(choice.chosen, resolution), *_answers(choice.chosen, item, path, sender)]
    if not gates:
        return None
    administered, own = tuple[Check, ...](), tuple[Check, ...]()
    if resolution.forwarder is not None and not resolution.forwarded_by_user:
        forwards, administered = in_effect(at, ADMIN_FORWARDS, gates[:1])
        gates = [*forwards, *gates[1:]]
    if organization.accepted(path.domain) is not None:
        gates, own = in_effect(at, OWN_DOMAINS, gates)
    return admit(f"remote domain of {path}", gates, (choice, *administered, *own))


def _forwards(remote: RemoteDomain, resolution: Resolution) -> list[Gate[Drop]]:
    """AutoForwardEnabled holds for what users forward by rules; for what administrators set by assumption."""
    if resolution.forwarder is None:
        return []
    saw = (
        f"{resolution.forwarded_by} of {resolution.forwarder.primary} sends it to {resolution.recipient.path}"
    )
    return [Gate("AutoForwardEnabled", lambda: lets_out_forwards(remote, saw), FORWARD, REMOTE_DOMAIN)]


def _answers(remote: RemoteDomain, item: Item, path: Mailbox, sender: Sender) -> list[Gate[Drop]]:
    """AutoReplyEnabled holds for automatic replies of the organization's own mailboxes."""
    if not sender.authenticated or report_kind(item) is not ReportKind.AUTOMATIC_REPLY:
        return []
    saw = f"an automatic reply to {path}"
    return [Gate("AutoReplyEnabled", lambda: lets_out_replies(remote, saw), REPLY, REMOTE_DOMAIN)]
