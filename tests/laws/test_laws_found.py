"""What the laws have found, each as the smallest case that showed it."""

from __future__ import annotations

from dataclasses import replace

from builders import internet_mta, submission, topology
from cases import Case
from runs import observe, predict
from topologies import ADDRESSES, CERTIFICATES, DAY, SERVICE, SERVICE_HOST, START

from mailsim.mail.address import Mailbox
from mailsim.mta.client import ClientConfig
from mailsim.mta.exchange_online import config as online_config
from mailsim.mta.exchange_online import connector as online_connector
from mailsim.mta.exchange_online.categorize import accepted_domain as online_accepted_domain
from mailsim.mta.exchange_online.receive import inbound_connector as online_inbound_connector
from mailsim.mta.exchange_server import config as onprem_config
from mailsim.mta.exchange_server.receive import receive_connector as onprem_receive_connector
from mailsim.mta.relaying.tls_policy import TlsDemand
from mailsim.trace.events import Event, Exchanged, Failed, Hindered, Notified
from mailsim.trace.paths import orphans
from mailsim.world.directory import Directory, DirectoryRecipient, RecipientType
from mailsim.world.fault import Delay, Fault
from mailsim.world.topology import CertificateUse, Mta, Topology

ALICE, CAROL = Mailbox("alice", "contoso.com"), Mailbox("carol", "contoso.com")


def service(**tenant) -> Mta:
    """Make Exchange Online with the tenant contoso."""
    accepted = (online_accepted_domain.AcceptedDomain(domain_name="contoso.com"),)
    return Mta(
        id=SERVICE,
        kind="exchange_online",
        fqdn=SERVICE_HOST,
        addresses=(ADDRESSES[SERVICE_HOST],),
        certificates=(CertificateUse("mail.protection.outlook.com"),),
        config=online_config.ExchangeOnlineConfig(
            tenants=(online_config.Tenant(name="contoso", accepted_domains=accepted, **tenant),)
        ),
    )


def case(*mtas: Mta, mx: dict[str, str], sent: tuple[str, ...]) -> Case:
    """Make a case with one message; certificates are those of the generator."""
    world: Topology = topology(*mtas, mx=mx)
    used = {use.certificate for mta in mtas for use in mta.certificates}
    world = replace(world, certificates={name: CERTIFICATES[name] for name in sorted(used)})
    return Case(world, (submission("m1", *sent),), None)


def what(events: list[Event], kind: type) -> list:
    """Return what happened of one kind."""
    return [event.what for event in events if isinstance(event.what, kind)]


def test_report_about_a_recipient_who_points_outside():
    """A tenant reports about a mail user whose target is in nobody's domain: the mail came for the tenant."""
    target = Mailbox("carol", "gone.example")
    carol = DirectoryRecipient(kind=RecipientType.MAIL_USER, primary=CAROL, proxies=(CAROL,), target=target)
    fabrikam = internet_mta("mx.fabrikam.com", "192.0.2.20", domains=frozenset({"fabrikam.com"}))
    events = predict(
        case(
            service(directory=Directory([carol])),
            fabrikam,
            mx={"contoso.com": SERVICE_HOST, "fabrikam.com": "mx.fabrikam.com"},
            sent=("mx.fabrikam.com", "postmaster@fabrikam.com", str(CAROL)),
        )
    )
    assert [failed.reply.enhanced for failed in what(events, Failed)] == ["5.4.310"]
    assert [notified.about for notified in what(events, Notified)] == [(target,)]
    assert orphans(events) == ()


def test_report_after_the_certificate_expired():
    """Mail belongs to the tenant that it belonged to on arrival, also when the client's certificate ends meanwhile."""
    inbound = online_inbound_connector.InboundConnector(
        name="Inbound",
        connector_type=online_connector.ConnectorType.ON_PREMISES,
        tls_sender_certificate_name="printer.contoso.com",
    )
    printer = Mta(
        id="printer.contoso.com",
        kind="client",
        fqdn="printer.contoso.com",
        addresses=(ADDRESSES["printer.contoso.com"],),
        ports=(),
        certificates=(CertificateUse("printer.contoso.com, ends after 12 h"),),
        config=ClientConfig(SERVICE_HOST),
    )
    dark = internet_mta("dark.example", "192.0.2.99", certificate=False, ports=())
    events = predict(
        case(
            service(inbound_connectors=(inbound,)),
            printer,
            dark,
            mx={},
            sent=("printer.contoso.com", str(ALICE), "bob@dark.example"),
        )
    )
    # nobody has alice's mailbox, so what she is told after 4 hours and at the end bounces
    assert [failed.disposition for failed in what(events, Failed)] == ["bounced", "expired", "bounced"]
    told = [(event.at - START, event.what.action) for event in events if isinstance(event.what, Notified)]
    assert told == [(DAY / 6, "delayed"), (DAY, "failed")]


def test_enhanced_code_of_another_class():
    """A client reads ``451 5.7.3``, which RFC 2034 forbids and Exchange sends, as the server meant it."""
    receive = onprem_receive_connector.ReceiveConnector(
        name="Receive",
        permission_groups=(onprem_receive_connector.PermissionGroup.ANONYMOUS_USERS,),
        require_tls=True,
    )
    contoso = Mta(
        id="mail.contoso.com",
        kind="exchange_server",
        fqdn="mail.contoso.com",
        addresses=(ADDRESSES["mail.contoso.com"],),
        certificates=(CertificateUse("mail.contoso.com"),),
        config=onprem_config.ExchangeServerConfig(
            organization=onprem_config.Organization(name="contoso", accepted_domains=()),
            receive_connectors=(receive,),
        ),
    )
    printer = internet_mta("mx.fabrikam.com", "192.0.2.20", tls=TlsDemand.NEVER)
    one = case(
        contoso,
        printer,
        mx={"contoso.com": "mail.contoso.com"},
        sent=("mx.fabrikam.com", "ann@fabrikam.com", str(ALICE)),
    )
    one = replace(one, until=START)
    assert "451 5.7.3" in {
        f"{each.reply.code} {each.reply.enhanced}" for each in what(predict(one), Exchanged)
    }
    assert observe(one) == predict(one)


def test_what_is_put_off_beyond_the_end_still_waits():
    """A copy whose first attempt a fault delays past the end of the run is in its queue, and not lost."""
    late = Fault(number=1, to="mx.fabrikam.com", since=START, effect=Delay(7 * DAY))
    world = topology(
        internet_mta("mx.northwind.com", "192.0.2.30"),
        internet_mta("mx.fabrikam.com", "192.0.2.20", domains=frozenset({"fabrikam.com"})),
        mx={"fabrikam.com": "mx.fabrikam.com"},
    )
    sent = submission("m1", "mx.northwind.com", "bob@northwind.com", "alice@fabrikam.com")
    case = Case(replace(world, faults=(late,)), (sent,), START + DAY)
    events = predict(case)
    assert isinstance(events[-1].what, Hindered)
    assert orphans(events) == ()


def test_what_was_put_off_and_then_lost_is_lost():
    """Once its attempt has begun, a copy that was delayed must end like every other."""
    late = Fault(number=1, to="mx.fabrikam.com", since=START, effect=Delay(DAY))
    world = topology(
        internet_mta("mx.northwind.com", "192.0.2.30"),
        internet_mta("mx.fabrikam.com", "192.0.2.20", domains=frozenset({"fabrikam.com"})),
        mx={"fabrikam.com": "mx.fabrikam.com"},
    )
    sent = submission("m1", "mx.northwind.com", "bob@northwind.com", "alice@fabrikam.com")
    events = predict(Case(replace(world, faults=(late,)), (sent,), None))
    assert orphans(events) == ()
    lost = [event for event in events if not (isinstance(event.what, Failed) and event.message == "m1")]
    assert len(lost) == len(events) - 1
    assert [each.message for each in orphans(lost)] == ["m1"]
