"""Who reports to whom, and whether at all: what a tenant says about its notifications.

Sources: Set-TransportConfig (delay notifications, postmaster), Set-RemoteDomain (NDREnabled, DeliveryReportEnabled), "NDRs in
Exchange Online".
"""

from __future__ import annotations

from mailsim.mail.address import Mailbox
from mailsim.mail.dsn import Action
from mailsim.mta.exchange_online.categorize.leaving import remote_domain_of
from mailsim.mta.exchange_online.config import Tenant
from mailsim.mta.exchange_online.transport_config import tells_of_delay
from mailsim.mta.kind import PointOfView
from mailsim.mta.remote_domains import lets_out_reports
from mailsim.reason.check import Check


def postmaster_of(at: PointOfView, tenant: Tenant, *, internal: bool) -> Mailbox:
    """Return who reports: the postmaster of the default domain, to people outside ExternalPostmasterAddress where it is set."""
    written = None if internal else tenant.transport_config.external_postmaster_address
    return written or Mailbox("postmaster", tenant.default_domain or at.mta.fqdn)


def reported_by(at: PointOfView, tenant: Tenant, to: Mailbox, action: Action) -> tuple[Check, ...]:
    """Return the settings by which somebody hears of his recipients at all; one that failed withholds the report."""
    if action is Action.DELAYED:
        return (tells_of_delay(tenant.transport_config, internal=tenant.accepted(to.domain) is not None),)
    choice = remote_domain_of(at, tenant, to)
    return (lets_out_reports(choice.chosen, action),) if choice and choice.chosen else ()
