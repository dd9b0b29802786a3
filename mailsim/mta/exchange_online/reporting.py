"""Who reports to whom, and whether at all: what a tenant says about its notifications.

Sources: Set-TransportConfig (delay notifications, postmaster), Set-RemoteDomain (NDREnabled, DeliveryReportEnabled), "NDRs in
Exchange Online".
"""

from __future__ import annotations

from mailsim.mail.address import Mailbox
from mailsim.mail.dsn import Action
from mailsim.mta.exchange_online.config import Tenant
from mailsim.mta.exchange_online.leaving import remote_domain_of
from mailsim.mta.kind import PointOfView


def postmaster_of(at: PointOfView, tenant: Tenant, *, internal: bool) -> Mailbox:
    """Return who reports: the postmaster of the default domain, to people outside ExternalPostmasterAddress where it is set."""
    written = None if internal else tenant.transport_config.external_postmaster_address
    return written or Mailbox("postmaster", tenant.default_domain or at.mta.fqdn)


def is_told(at: PointOfView, tenant: Tenant, to: Mailbox, action: Action) -> bool:
    """Tell whether somebody hears of what became of his recipients."""
    if action is Action.DELAYED:
        return tenant.transport_config.delay_dsn_enabled(internal=tenant.accepted(to.domain) is not None)
    choice = remote_domain_of(at, tenant, to)
    if choice is None or choice.chosen is None:
        return True
    return choice.chosen.ndr_enabled if action is Action.FAILED else choice.chosen.delivery_report_enabled
