"""Which remote domain an address belongs to: what an organization lets out to a domain besides ordinary mail.

Both Exchanges choose alike and have classes and defaults of their own. A remote domain selects no connector. Pure.
Sources: Set-RemoteDomain, "Remote domains in Exchange Online"; that an exact domain counts before a wildcard, and that
``*.contoso.com`` covers contoso.com too, follow the other domain patterns of the products and are inferred.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from mailsim.mail.dsn import Action
from mailsim.mail.pattern import DomainPattern
from mailsim.mta.kind import Drop, PointOfView
from mailsim.mta.unmodelled import Configured, unmodelled
from mailsim.reason.assumption import Assumption
from mailsim.reason.check import Check, check
from mailsim.reason.choice import Choice, Rank, select
from mailsim.reason.cite import documented
from mailsim.reason.decision import Gate

REMOTE_DOMAIN = documented("ms:set-remotedomain", "Set-RemoteDomain")
REMOTE_DOMAINS = documented("ms:remote-domains-exo", "Remote domains in Exchange Online")

FORWARD = Drop("what users forward by rules does not go to this remote domain")
REPLY = Drop("automatic replies do not go to this remote domain")

OWN_DOMAINS = Assumption(
    key="remote-domains-own-domains",
    question="does a remote domain, such as Default, count for addresses in accepted domains that live on the other side?",
    choices={
        "no": "remote domains are for domains that the organization does not accept",
        "yes": "they count for whoever has no mailbox here, so forwards to colleagues on the other side are blocked too",
    },
    evidence="the article calls a domain external when the organization does not list it; administrators report forwards "
    "to colleagues who were not migrated yet as blocked",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteDomain(Configured):
    """What a remote domain of either product has.

    Args:
        domain_name: which domains it covers.
        delivery_report_enabled: whether people there hear that mail was delivered or handed on.
        ndr_enabled: whether they hear that it was not.
    """

    domain_name: DomainPattern
    delivery_report_enabled: bool = True
    ndr_enabled: bool = field(default=True, metadata={"name": "NDREnabled"})


R = TypeVar("R", bound=RemoteDomain)


def with_default(written: tuple[R, ...], default: R) -> tuple[R, ...]:
    """Return the remote domains there are: those written, and Default unless ``*`` is among them."""
    everything = any(str(each.domain_name) == "*" for each in written)
    return written if everything else (*written, default)


def choose_remote_domain(remote_domains: Iterable[R], domain: str) -> Choice[R]:
    """Choose the remote domain that a domain belongs to: of those that cover it, the most specific one."""
    return select(
        f"remote domain of {domain}",
        remote_domains,
        name=lambda each: str(each.domain_name),
        source=lambda each: each.source(),
        checks=lambda each: (_covers(each, domain), *unmodelled(each)),
        ranks=lambda each: (_specificity(each),),
        cite=REMOTE_DOMAIN,
    )


def _covers(remote_domain: RemoteDomain, domain: str) -> Check:
    return check(
        remote_domain.domain_name.covers(domain, apex=True),
        "DomainName",
        saw=str(remote_domain.domain_name),
        wanted=f"a pattern that covers {domain}",
        cite=REMOTE_DOMAIN,
        source=remote_domain.source("DomainName"),
    )


def _specificity(remote_domain: RemoteDomain) -> Rank:
    exact, length = remote_domain.domain_name.specificity
    return Rank("most specific DomainName", (-exact, -length), str(remote_domain.domain_name))


def allows(remote_domain: RemoteDomain, setting: str, *, enabled: bool, saw: str) -> Check:
    """Hold a message of one kind against the setting of a remote domain that lets the kind out.

    Args:
        remote_domain: of the recipient.
        setting: such as ``AutoForwardEnabled``.
        enabled: its value.
        saw: what the message is.
    """
    return check(
        enabled,
        f"{setting} of remote domain {str(remote_domain.domain_name)!r}",
        saw=saw,
        wanted=f"{setting} $true",
        cite=REMOTE_DOMAINS,
        source=remote_domain.source(setting),
    )


def lets_out_reports(remote_domain: RemoteDomain, action: Action) -> Check:
    """NDREnabled, DeliveryReportEnabled: whether a report of a failure, or of anything else, reaches the domain."""
    setting, enabled = "DeliveryReportEnabled", remote_domain.delivery_report_enabled
    if action is Action.FAILED:
        setting, enabled = "NDREnabled", remote_domain.ndr_enabled
    return allows(remote_domain, setting, enabled=enabled, saw=f"a report, {action.value}")


def in_effect(
    at: PointOfView, assumption: Assumption, gates: list[Gate[Any]]
) -> tuple[list[Gate[Any]], tuple[Check, ...]]:
    """Leave gates out where an assumption exempts the message from them.

    Returns:
        The gates that hold, and the assumption where they would stop the message, since then it decides.
    """
    if not any(gate.test().failed for gate in gates):
        return gates, ()
    choice = at.assumed(assumption)
    note = check(True, gates[0].rule, saw=choice, cite=assumption.cite(choice))
    return gates if choice == "yes" else [], (note,)
