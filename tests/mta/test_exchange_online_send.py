"""How Exchange Online sends: which outbound connector, how much TLS, what the deferred copy says.

Sources: "Set up connectors to route mail between Microsoft 365 and your own email servers" with its worked example,
New-OutboundConnector, "NDRs in Exchange Online".
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from ipaddress import IPv4Address

import pytest
from exchange_worlds import certificate, facts, kind, nameless, outbound, service, tenant, view

from mailsim.mail.address import Mailbox
from mailsim.mail.capability import Capabilities
from mailsim.mail.reply import reply
from mailsim.mta.exchange_online import replies
from mailsim.mta.exchange_online.connector import ConnectorType
from mailsim.mta.exchange_online.send.outbound_connector import OutboundConnector, TlsSettings
from mailsim.mta.exchange_online.send.selection import Leaving, choose_outbound_connector
from mailsim.mta.exchange_online.send.sending import relay_by
from mailsim.mta.exchange_online.transport_config import TransportConfig
from mailsim.mta.kind import (
    Offer,
    RouteProblem,
    Target,
)
from mailsim.world.facts import TlsFacts

DOMAINS = ("contoso.com", "sales.contoso.com", "fabrikam.com", "contoso.onmicrosoft.com")
C1 = outbound("C1", all_accepted_domains=True, connector_type=ConnectorType.ON_PREMISES)
C2 = outbound("C2", "contoso.com")
C3 = outbound("C3", "*.contoso.com")


def choose(domain: str, *connectors: OutboundConnector, domains=DOMAINS):
    """Choose the outbound connector for a recipient at a domain."""
    contoso = tenant("contoso", *domains, outbound_connectors=connectors)
    return choose_outbound_connector(view(service(contoso)), Leaving(contoso, Mailbox("x", domain)))


@pytest.mark.shows("ms:set-up-connectors-to-route-mail")
@pytest.mark.parametrize("order", [(C1, C2, C3), (C3, C2, C1), (C2, C1, C3)])
@pytest.mark.parametrize(
    ("domain", "name"), [("fabrikam.com", "C1"), ("contoso.com", "C2"), ("sales.contoso.com", "C3")]
)
def test_the_worked_example(order, domain, name):
    """The documented example with three connectors, in whatever order they are listed."""
    choice = choose(domain, *order)
    assert choice.chosen is not None
    assert choice.chosen.name == name
    assert not choice.tied


STAR = outbound("star", "*")


@pytest.mark.parametrize(
    ("connectors", "domain", "name"),
    [
        ((STAR,), "northwind.com", "star"),
        ((STAR, C1), "fabrikam.com", "C1"),  # the place of the star is inferred
        ((STAR, C1), "northwind.com", "star"),
        ((C3,), "contoso.com", None),  # *.contoso.com means the subdomains (inferred)
        ((C3, outbound("deep", "*.eu.contoso.com")), "a.eu.contoso.com", "deep"),
        ((C1,), "northwind.com", None),
        ((), "northwind.com", None),
        ((outbound("off", "northwind.com", enabled=False), STAR), "northwind.com", "star"),
        # IsTransportRuleScoped connectors never take part
        ((outbound("scoped", "northwind.com", is_transport_rule_scoped=True),), "northwind.com", None),
        ((outbound("scoped", "northwind.com", is_transport_rule_scoped=True), STAR), "northwind.com", "star"),
        ((STAR,), "[192.0.2.1]", "star"),
    ],
)
def test_the_order_of_selection(connectors, domain, name):
    """Exact, longest wildcard, all accepted domains, star; nobody means the MX of the domain."""
    choice = choose(domain, *connectors)
    assert (choice.chosen.name if choice.chosen else None) == name


def test_equal_connectors_are_a_visible_assumption():
    """Ties are not documented: the first is taken and the choice says so."""
    choice = choose("northwind.com", outbound("a", "northwind.com"), outbound("b", "northwind.com"))
    assert choice.chosen is not None
    assert (choice.chosen.name, choice.tied) == ("a", True)


@pytest.mark.parametrize(
    "more",
    [
        {"use_mx_record": False},
        {"smart_hosts": ("a.example",)},
        {"tls_settings": TlsSettings.DOMAIN_VALIDATION},
        {"tls_domain": "a.example"},
        {"tls_settings": TlsSettings.CERTIFICATE_VALIDATION, "tls_domain": "a.example"},
        {"all_accepted_domains": True},
        {"route_all_messages_via_on_premises": True},
        {"sender_rewriting_enabled": True},
    ],
)
def test_what_the_cmdlet_refuses(more):
    """UseMXRecord and SmartHosts exclude each other, TlsDomain goes with DomainValidation; some want OnPremises."""
    with pytest.raises(ValueError, match="outbound connector 'x'"):
        outbound("x", "*", **more)


# --- routes --------------------------------------------------------------------------------------------------


def test_without_connector_the_mx_leads_the_way():
    """No connector: MX, opportunistic TLS, the service's own certificate."""
    at = view(service(tenant()))
    relay = relay_by(at, None, "northwind.com")
    assert (relay.via, relay.domain, relay.smart_hosts) == ("MX", "northwind.com", ())
    assert relay.certificate == "mail.protection.outlook.com"
    assert not relay.tls.demand.mandatory


def test_smart_hosts_replace_the_domain():
    """UseMXRecord False: the smart hosts are the next hop."""
    at = view(service(tenant()))
    relay = relay_by(
        at, outbound("x", "*", use_mx_record=False, smart_hosts=("mail.contoso.com",)), "contoso.com"
    )
    assert (relay.next_hop, relay.domain) == ("mail.contoso.com", "")


# --- TLS -----------------------------------------------------------------------------------------------------

GOOD = certificate("good", "mail.contoso.com")
OTHER = certificate("other", "exchangeserver01", common_name="ExchangeServer01")
SELF = certificate("self", "mail.contoso.com", authority=None)
PREFIX = "450 4.4.317 Cannot connect to remote server [Message="
ATTEMPTED = (
    "] [LastAttemptedServerName=mail.contoso.com] [LastAttemptedIP=198.51.100.10:25] [SmtpSecurity=-1;-1]"
)
REQUIRED = PREFIX + "451 5.7.3 STARTTLS is required to send mail" + ATTEMPTED
UNTRUSTED = PREFIX + "UntrustedRoot" + ATTEMPTED


def offered(settings: TlsSettings | None, domain: str, shown: str) -> str | None:
    """Judge a next hop that shows a certificate, none, nothing at all, or breaks the handshake."""
    connector = outbound("x", "*", tls_settings=settings, tls_domain=domain)
    at = view(service(tenant(outbound_connectors=(connector,))), GOOD, OTHER, SELF)
    starttls = Capabilities((("STARTTLS", ""),))
    offers = {
        "clear": Offer("mail.contoso.com", Capabilities(())),
        "before": Offer("mail.contoso.com", starttls),
        "broken": Offer("mail.contoso.com", starttls, tls_failed="alert"),
        "nothing": Offer("mail.contoso.com", starttls, TlsFacts("TLS1_3", None)),
        "bare": Offer("mail.contoso.com", starttls, TlsFacts("TLS1_3", nameless(at, "good"))),
    }
    offer = offers.get(shown) or Offer(
        "mail.contoso.com", starttls, TlsFacts("TLS1_3", at.pki.presented(shown))
    )
    offer = replace(offer, address=IPv4Address("198.51.100.10"))
    value = kind(at).on_offer(at, relay_by(at, connector, "contoso.com"), offer).value
    return None if value is None else str(value)


ENCRYPTION, CHAIN, DOMAIN = (
    TlsSettings.ENCRYPTION_ONLY,
    TlsSettings.CERTIFICATE_VALIDATION,
    TlsSettings.DOMAIN_VALIDATION,
)


@pytest.mark.shows("ms:new-outboundconnector")
@pytest.mark.parametrize(
    ("settings", "domain", "shown", "error"),
    [
        (None, "", "clear", None),
        (None, "", "self", None),
        (ENCRYPTION, "", "clear", REQUIRED),
        (ENCRYPTION, "", "before", None),
        (ENCRYPTION, "", "self", None),
        (CHAIN, "", "self", UNTRUSTED),
        (CHAIN, "", "nothing", UNTRUSTED),
        (CHAIN, "", "other", None),
        (DOMAIN, "mail.contoso.com", "clear", REQUIRED),
        (DOMAIN, "mail.contoso.com", "good", None),
        (DOMAIN, "*.contoso.com", "good", None),
        (DOMAIN, "mail.contoso.com", "self", UNTRUSTED),
        (
            DOMAIN,
            "*.contoso.com",
            "other",
            PREFIX
            + "SubjectMismatch Expected Subject: *.contoso.com. Presented Subject: CN=ExchangeServer01,OU=Simulated hosts,O=mailsim."
            + ATTEMPTED,
        ),
        (
            DOMAIN,
            "mail.contoso.com",
            "bare",
            PREFIX + "SubjectMismatch Expected Subject: mail.contoso.com. Presented Subject: ." + ATTEMPTED,
        ),
        (None, "", "broken", PREFIX + "451 4.4.0 Security status InvalidToken" + ATTEMPTED),
    ],
)
def test_what_a_next_hop_must_show(settings, domain, shown, error):
    """TlsSettings x TlsDomain against what the next hop offers; a failure defers with 4.4.317, never clear text."""
    assert offered(settings, domain, shown) == error


# --- words ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("problem", "reply"),
    [
        (RouteProblem.NO_SUCH_DOMAIN, "550 5.4.310 DNS domain northwind.com does not exist"),
        (RouteProblem.NO_ADDRESS, "450 4.4.312 DNS query failed [Message=InfoNoRecords]"),
        (RouteProblem.NULL_MX, "556 5.1.10 Recipient domain does not accept mail (null MX)"),
        (RouteProblem.BACK_HERE, "554 5.4.14 Hop count exceeded - possible mail loop ATTR34"),
    ],
)
def test_routes_that_lead_nowhere(problem, reply):
    """A domain that does not exist fails at once and is named; missing addresses are retried."""
    at = view(service(tenant()))
    assert str(kind(at).on_no_route(at, relay_by(at, None, "northwind.com"), problem)) == reply


@pytest.mark.parametrize(
    ("cause", "code"), [("connection refused", "4.4.316"), ("connection reset", "4.4.318")]
)
def test_failed_connections(cause, code):
    """The last error names the host and address attempted."""
    at = view(service(tenant()))
    error = kind(at).on_unreachable(at, Target("mail.contoso.com", facts(at).peer_ip), cause)
    assert error.enhanced == code
    attempted = (
        "[LastAttemptedServerName=mail.contoso.com] [LastAttemptedIP=192.0.2.66:25] [SmtpSecurity=-2;-2]"
    )
    assert error.text.endswith(attempted)


@pytest.mark.parametrize(
    ("last", "expired"),
    [
        (
            PREFIX + "UntrustedRoot" + ATTEMPTED,
            "550 5.4.317 Message expired, cannot connect to remote server(UntrustedRoot)",
        ),
        (
            "450 4.4.312 DNS query failed [Message=InfoNoRecords]",
            "550 5.4.312 Message expired, DNS query failed(InfoNoRecords)",
        ),
        ("451 4.3.0 busy", None),
    ],
)
def test_how_an_expiry_is_worded(last, expired):
    """The last error gives the reply, without what it says about the last attempt; others have none of their own."""
    code, enhanced, text = last.split(" ", 2)
    wording = replies.expired(reply(int(code), enhanced, text))
    assert (str(wording) if wording else None) == expired


@pytest.mark.parametrize("hours", [11, 25])
def test_message_expiration_has_limits(hours):
    """Set-TransportConfig takes twelve hours to a day."""
    with pytest.raises(ValueError, match="MessageExpiration"):
        TransportConfig(message_expiration=timedelta(hours=hours))


# --- centralized mail transport ------------------------------------------------------------------------------

CENTRAL = outbound(
    "central",
    "*",
    route_all_messages_via_on_premises=True,
    connector_type=ConnectorType.ON_PREMISES,
    use_mx_record=False,
    smart_hosts=("mail.contoso.com",),
)


@pytest.mark.parametrize(
    ("domain", "visited", "name"),
    [
        ("northwind.com", False, "central"),
        ("northwind.com", True, "exact"),  # not sent back; other connectors still serve
        ("fabrikam.com", False, "C1"),  # an accepted domain is no mail to the outside
        ("tailspin.com", True, None),
    ],
)
def test_centralized_mail_transport(domain, visited, name):
    """It pulls mail to the outside before any other connector, unless the mail came from on-premises (KB 3194415)."""
    contoso = tenant(
        "contoso", *DOMAINS, outbound_connectors=(outbound("exact", "northwind.com"), CENTRAL, C1)
    )
    leaving = Leaving(contoso, Mailbox("x", domain), from_on_premises=visited)
    chosen = choose_outbound_connector(view(service(contoso)), leaving).chosen
    assert (chosen.name if chosen else None) == name
