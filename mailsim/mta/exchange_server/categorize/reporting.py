"""Who reports to whom, and whether at all: what the organization says about its notifications.

Inside is whoever has an address in an accepted domain. Sources: "DSNs and NDRs in Exchange Server", Set-TransportConfig
(delay notifications, sizes, postmaster), Set-RemoteDomain (NDREnabled, DeliveryReportEnabled).
"""

from __future__ import annotations

from dataclasses import dataclass

from mailsim.mail.address import Mailbox
from mailsim.mail.dsn import Action
from mailsim.mta.exchange_server.categorize.leaving import remote_domain_of
from mailsim.mta.exchange_server.config import organization_of
from mailsim.mta.exchange_server.transport_config import tells_of_delay
from mailsim.mta.kind import PointOfView
from mailsim.mta.remote_domains import lets_out_reports
from mailsim.mta.restrictions import MICROSOFT_EXCHANGE
from mailsim.reason.check import Check


@dataclass(frozen=True, slots=True, kw_only=True)
class Reporting:
    """How somebody is told.

    Args:
        settings: by which it is told at all; one that failed withholds it.
        sender: the From field.
        whole_up_to: octets; of a larger message only the header is returned.
    """

    settings: tuple[Check, ...]
    sender: str
    whole_up_to: int


def postmaster_of(at: PointOfView) -> Mailbox:
    """Return the external postmaster address: as set, else that of the default domain."""
    organization = organization_of(at)
    written = organization.transport_config.external_postmaster_address
    return written or Mailbox("postmaster", organization.default_domain or at.mta.fqdn)


def reporting_to(at: PointOfView, to: Mailbox, action: Action) -> Reporting:
    """Say how somebody is told of what became of his recipients.

    Args:
        at: the reporting server.
        to: who is told.
        action: what has become of them.
    """
    organization = organization_of(at)
    internal = organization.accepted(to.domain) is not None
    inside = f"{MICROSOFT_EXCHANGE}@{organization.default_domain or at.mta.fqdn}"
    config = organization.transport_config
    return Reporting(
        settings=_settings(at, to, action, internal=internal),
        sender=f"Microsoft Outlook <{inside if internal else postmaster_of(at)}>",
        whole_up_to=config.dsn_max_message_attach_size(internal=internal),
    )


def _settings(at: PointOfView, to: Mailbox, action: Action, *, internal: bool) -> tuple[Check, ...]:
    if action is Action.DELAYED:
        return (tells_of_delay(organization_of(at).transport_config, internal=internal),)
    choice = remote_domain_of(at, to)
    return (lets_out_reports(choice.chosen, action),) if choice and choice.chosen else ()
