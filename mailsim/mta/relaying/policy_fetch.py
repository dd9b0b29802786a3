"""Fetching an MTA-STS policy from its host, and which policies a sender still has.

Called when the next hop is looked for. The host's answer is part of the scenario; its certificate is judged like that of any
web server (rfc8461:3.3). The policies kept belong to the MTA and are held by ``flow``, as the answers of the DNS are.

Unmodelled: policies are not fetched anew before they are too old; the host needs no address; revocation.
"""

from __future__ import annotations

from mailsim.mta.asked_through import through
from mailsim.mta.kind import PointOfView
from mailsim.mta.resolver import Resolver
from mailsim.reason.decision import Decision
from mailsim.sender_authentication.mta_sts import CachedPolicy, Fetched, is_named, refresh


def current_policy(at: PointOfView, domain: str, dns: Resolver) -> Decision[CachedPolicy | None]:
    """Decide by which policy mail to a domain is sent, and keep it.

    Args:
        at: the sending MTA.
        domain: the policy domain.
        dns: what asks; its clock goes on.
    """
    decision = refresh(
        domain,
        lookup=through(dns, at.pki),
        fetch=lambda name: fetch(at, name),
        cached=at.policies.get(domain),
        at=at.now,
    )
    if decision.value is not None:
        at.policies[domain] = decision.value
    return decision


def fetch(at: PointOfView, domain: str) -> Fetched:
    """Fetch the policy of a domain as it is now."""
    host = at.world.policy_hosts.get(domain)
    if host is None or not host.answers(at.now):
        return Fetched(problem=f"mta-sts.{domain} does not answer")
    problem = _certificate_problem(at, host.certificate, host.name) if host.certificate else ""
    return Fetched(problem=problem) if problem else Fetched(text=host.text)


def _certificate_problem(at: PointOfView, certificate: str, name: str) -> str:
    """Say why the certificate of a policy host is not accepted; empty where it is."""
    shown = at.pki.presented(certificate)
    verdict = at.pki.judge(shown, trusts=at.mta.trusts, at=at.now)
    if not verdict.trusted:
        return f"the certificate of {name} is not trusted: {verdict.saw}"
    if not is_named(name, shown.names):
        return f"the certificate of {name} names {', '.join(shown.names) or 'nothing'}"
    return ""
