"""What does not leave the organization though it has a route: what a remote domain wants none of.

Automatic replies and what users forward by rules are deleted, and nobody is told. Sources: Set-RemoteDomain, "Recipient
resolution in Exchange Server".
"""

from __future__ import annotations

from mailsim.mail.address import Mailbox
from mailsim.mta.exchange_server.config import organization_of
from mailsim.mta.exchange_server.recipient_assumptions import ADMIN_FORWARDS
from mailsim.mta.exchange_server.remote_domain import RemoteDomain, lets_out_forwards, lets_out_replies
from mailsim.mta.kind import Drop, Item, PointOfView
from mailsim.mta.remote_domains import OWN_DOMAINS, REMOTE_DOMAIN, choose_remote_domain, judged_as_own
from mailsim.mta.report_kind import ReportKind, report_kind
from mailsim.mta.resolution import Resolution
from mailsim.mta.restrictions import Sender
from mailsim.reason.check import Check, check
from mailsim.reason.choice import Choice
from mailsim.reason.decision import Decision, Gate, admit

FORWARD = Drop("what users forward by rules does not go to this remote domain")
REPLY = Drop("automatic replies do not go to this remote domain")


def remote_domain_of(at: PointOfView, path: Mailbox) -> Choice[RemoteDomain] | None:
    """Choose the remote domain of an address; None for one inside the organization."""
    organization = organization_of(at)
    own = organization.accepted(path.domain) is not None and at.assumed(OWN_DOMAINS) == "no"
    found = organization.directory.find(path)
    if own or (found is not None and found.is_mailbox):
        return None
    return choose_remote_domain(organization.every_remote_domain, path.domain)


def _administered(at: PointOfView, resolution: Resolution) -> tuple[Check, ...]:
    """Say whether AutoForwardEnabled holds for what an administrator forwards; nothing where none did."""
    if not resolution.forwarded_by or resolution.forwarded_by_user:
        return ()
    held = at.assumed(ADMIN_FORWARDS)
    what = f"AutoForwardEnabled for {resolution.forwarded_by}"
    return (check(True, what, saw=held, cite=ADMIN_FORWARDS.cite(held)),)


def _own(at: PointOfView, path: Mailbox) -> tuple[Check, ...]:
    """Say that a remote domain is asked for an own domain; nothing for others."""
    if organization_of(at).accepted(path.domain) is None:
        return ()
    return (judged_as_own(at.assumed(OWN_DOMAINS), path.domain),)


def leaving(
    at: PointOfView, item: Item, resolution: Resolution, sender: Sender
) -> Decision[Drop | None] | None:
    """Judge whether a remote domain takes the message for a recipient; None where it is ordinary mail."""
    administered = _administered(at, resolution)
    forwarded = resolution.forwarded_by_user or any(each.saw == "yes" for each in administered)
    replied = sender.authenticated and report_kind(item) is ReportKind.AUTOMATIC_REPLY
    if not (forwarded or replied or administered):
        return None
    path = resolution.recipient.path
    choice = remote_domain_of(at, path)
    if choice is None or choice.chosen is None:
        return None
    remote, gates = choice.chosen, []
    if forwarded and resolution.forwarder is not None:
        saw = f"{resolution.forwarded_by} of {resolution.forwarder.primary} sends it to {path}"
        gates.append(
            Gate("AutoForwardEnabled", lambda: lets_out_forwards(remote, saw), FORWARD, REMOTE_DOMAIN)
        )
    if replied:
        gates.append(
            Gate(
                "AutoReplyEnabled",
                lambda: lets_out_replies(remote, f"an automatic reply to {path}"),
                REPLY,
                REMOTE_DOMAIN,
            )
        )
    return admit(f"remote domain of {path}", gates, (choice, *administered, *_own(at, path)))
