"""Who is told, by whom, and who never is: the settings of organization and tenant about notifications."""

from __future__ import annotations

from dataclasses import replace

import pytest
from exchange_worlds import (
    directory,
    kind,
    on_premises,
    path,
    send_connector,
    service,
    submitted,
    tenant,
    view,
)

from mailsim.mail.address import Mailbox
from mailsim.mail.dsn import Action
from mailsim.mail.envelope import Recipient
from mailsim.mail.pattern import DomainPattern
from mailsim.mail.reply import reply
from mailsim.mta.exchange_online import transport_config as online_transport_config
from mailsim.mta.exchange_online.categorize import remote_domain as online_remote_domain
from mailsim.mta.exchange_server import transport_config
from mailsim.mta.exchange_server.categorize import remote_domain
from mailsim.mta.kind import Notice

PEOPLE = directory("alice@contoso.com")
HELPDESK = Mailbox("helpdesk", "contoso.com")
INSIDE, OUTSIDE = "alice@contoso.com", "ann@fabrikam.com"
NOTIFY = frozenset({"SUCCESS", "FAILURE", "DELAY"})


def exchange_server(remote: dict | None = None, **settings):
    """Look from an on-premises server with these transport settings and one remote domain."""
    domains = ({"remote_domains": (_remote(remote_domain, remote),)}) if remote else {}
    config = transport_config.TransportConfig(**settings)
    more = {"directory": PEOPLE, "send_connectors": (send_connector("out"),), "transport_config": config}
    return view(on_premises(**more, **domains))


def exchange_online(remote: dict | None = None, **settings):
    """Look from the service with these settings of the tenant contoso."""
    domains = ({"remote_domains": (_remote(online_remote_domain, remote),)}) if remote else {}
    config = online_transport_config.TransportConfig(**settings)
    return view(service(tenant(directory=PEOPLE, transport_config=config, **domains)))


def _remote(vendor, properties: dict):
    return vendor.RemoteDomain(domain_name=DomainPattern.parse("*"), **properties)


BOTH = pytest.mark.parametrize("world", [exchange_server, exchange_online])


def decided(at, sender: str, action: Action):
    """Decide whether something is reported to a sender."""
    notice = Notice(Recipient(Mailbox("bob", "northwind.com"), notify=NOTIFY), reply(550, "5.1.1", "no"), "")
    item = submitted(at, INSIDE, "bob@northwind.com")
    item = replace(item, envelope=replace(item.envelope, reverse_path=path(sender)))
    return kind(at).report(at, item, (notice,), "m1.dsn", action)


def told(at, sender: str, action: Action = Action.FAILED):
    """Have something reported to a sender; None when nothing is."""
    return decided(at, sender, action).value


def withheld_by(at, sender: str, action: Action) -> list[str]:
    """Return the settings by which nothing is reported."""
    return [each.rule for each in decided(at, sender, action).because if each.failed]


def author(report) -> str:
    """Return the address in the From field."""
    return report.message.value("From").partition("<")[2].rstrip(">")


@BOTH
def test_external_postmaster_address(world):
    """It replaces the postmaster of the default domain for people outside, and for nobody inside."""
    assert author(told(world(), OUTSIDE)) == "postmaster@contoso.com"
    assert author(told(world(external_postmaster_address=HELPDESK), OUTSIDE)) == str(HELPDESK)
    assert author(told(world(external_postmaster_address=HELPDESK), INSIDE)) != str(HELPDESK)


@BOTH
@pytest.mark.parametrize(("sender", "setting"), [(INSIDE, "internal"), (OUTSIDE, "external")])
def test_delay_notifications_can_be_turned_off(world, sender, setting):
    """InternalDelayDsnEnabled and ExternalDelayDsnEnabled each silence delays, not failures."""
    at = world(**{f"{setting}_delay_dsn_enabled": False})
    assert told(at, sender, Action.DELAYED) is None
    assert withheld_by(at, sender, Action.DELAYED) == [f"{setting.title()}DelayDsnEnabled of TransportConfig"]
    assert told(at, sender) is not None
    other = OUTSIDE if sender == INSIDE else INSIDE
    assert told(at, other, Action.DELAYED) is not None


@BOTH
@pytest.mark.parametrize(
    ("setting", "silenced"),
    [
        ("ndr_enabled", {Action.FAILED}),
        ("delivery_report_enabled", {Action.DELIVERED, Action.RELAYED}),
    ],
)
def test_remote_domains_silence_reports(world, setting, silenced):
    """NDREnabled is about failures, DeliveryReportEnabled about success; people inside hear of everything."""
    at = world({setting: False})
    assert {action for action in Action if told(at, OUTSIDE, action) is None} == silenced
    assert all(told(at, INSIDE, action) is not None for action in Action)
    name = setting.title().replace("_", "").replace("Ndr", "NDR")
    for action in silenced:
        assert withheld_by(at, OUTSIDE, action) == [f"{name} of remote domain '*'"]


@pytest.mark.parametrize(("sender", "setting"), [(INSIDE, "internal"), (OUTSIDE, "external")])
def test_how_much_is_returned(sender, setting):
    """InternalDsnMaxMessageAttachSize and ExternalDsnMaxMessageAttachSize: beyond, only the header; 0 never more."""
    at = exchange_server(**{f"{setting}_dsn_max_message_attach_size": 0})
    assert b"Content-Type: text/rfc822-headers" in told(at, sender).message.body
    assert b"Content-Type: message/rfc822" in told(exchange_server(), sender).message.body


def test_the_cmdlet_refuses_more_recipients_than_the_service_has():
    """MaxRecipientEnvelopeLimit of a tenant goes up to 1000."""
    with pytest.raises(ValueError, match="at most 1000"):
        online_transport_config.TransportConfig(max_recipient_envelope_limit=1001)
