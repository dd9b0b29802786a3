"""How Exchange Server sends: which Send connector, how much TLS, and what the queue's last error says."""

from __future__ import annotations

from dataclasses import replace

import pytest
from exchange_worlds import certificate, facts, kind, nameless, on_premises, send_connector, submitted, view

from mailsim.mail.address import Mailbox
from mailsim.mail.capability import Capabilities
from mailsim.mail.message import Message
from mailsim.mta.exchange_server.send.address_space import AddressSpace
from mailsim.mta.exchange_server.send.connector_selection import choose_send_connector
from mailsim.mta.exchange_server.send.send_connector import SmartHostAuthMechanism, TlsAuthLevel
from mailsim.mta.exchange_server.send.sending import relay_by, tls_policy
from mailsim.mta.kind import (
    Hold,
    Offer,
    Refuse,
    Relay,
    Target,
)
from mailsim.mta.relaying.tls_policy import TlsDemand
from mailsim.world.facts import TlsFacts

NONE, ENCRYPTION, CHAIN, DOMAIN = (
    None,
    TlsAuthLevel.ENCRYPTION_ONLY,
    TlsAuthLevel.CERTIFICATE_VALIDATION,
    TlsAuthLevel.DOMAIN_VALIDATION,
)


def choose(domain: str, *connectors, size: int = 1000):
    """Choose the Send connector for a recipient at a domain."""
    at = view(on_premises(send_connectors=connectors))
    return choose_send_connector(at, Mailbox("ann", domain), size)


# --- Connector selection in external message routing ---------------------------------------------------------


@pytest.mark.shows("ms:connector-selection")
@pytest.mark.parametrize(
    ("connectors", "domain", "name"),
    [
        # step 3: marketing.contoso.com > *.contoso.com > *
        (
            (("star", "*"), ("wild", "*.contoso.com"), ("exact", "marketing.contoso.com")),
            "marketing.contoso.com",
            "exact",
        ),
        ((("star", "*"), ("wild", "*.contoso.com")), "marketing.contoso.com", "wild"),
        ((("star", "*"), ("wild", "*.contoso.com")), "fabrikam.com", "star"),
        ((("short", "*.com"), ("long", "*.contoso.com")), "eu.contoso.com", "long"),
        # *.contoso.com is the domain and all subdomains
        ((("star", "*"), ("wild", "*.contoso.com")), "contoso.com", "wild"),
        ((("wild", "*.contoso.com"), ("exact", "contoso.com")), "contoso.com", "exact"),
        ((("star", "*"), ("exact", "contoso.com")), "eu.contoso.com", "star"),
        # specificity is judged before cost
        ((("cheap", "*;1"), ("dear", "fabrikam.com;100")), "fabrikam.com", "dear"),
        # step 4: the lowest cost
        ((("dear", "*;20"), ("cheap", "*;10")), "fabrikam.com", "cheap"),
        ((("a", "fabrikam.com;5", "*;1"), ("b", "fabrikam.com;4", "*;9")), "fabrikam.com", "b"),
        # step 6: the lowest alphanumeric name, whatever the order
        ((("Beta", "*"), ("alpha", "*")), "fabrikam.com", "alpha"),
        ((("alpha", "*"), ("Beta", "*")), "fabrikam.com", "alpha"),
        # an address literal is covered by the star alone
        ((("star", "*"), ("exact", "contoso.com")), "[192.0.2.1]", "star"),
    ],
)
def test_the_order_of_selection(connectors, domain, name):
    """Most specific space, then cost, then name (Connector selection in external message routing)."""
    choice = choose(domain, *(send_connector(who, *spaces) for who, *spaces in connectors))
    assert choice.chosen is not None
    assert choice.chosen.name == name
    assert not choice.tied


@pytest.mark.shows("ms:connector-selection")
@pytest.mark.parametrize(
    ("first", "rule"),
    [
        (send_connector("a", "fabrikam.com", enabled=False), "Enabled"),
        (send_connector("a", "fabrikam.com", max_message_size=999), "MaxMessageSize"),
        (send_connector("a", "northwind.com"), "AddressSpaces"),
    ],
)
def test_who_is_left_out(first, rule):
    """Steps 1 and 2: too small, disabled or out of scope falls through to a less specific connector."""
    choice = choose("fabrikam.com", first, send_connector("b", "*"))
    assert choice.chosen is not None
    assert choice.chosen.name == "b"
    assert [check.rule for check in choice.candidates[0].checks if check.failed] == [rule]


@pytest.mark.shows("ms:connector-selection")
def test_no_connector_keeps_the_message_in_unreachable():
    """Step 7: SMTP mail without a connector waits in Unreachable until it expires after two days."""
    at = view(on_premises(send_connectors=(send_connector("a", "northwind.com"),)))
    item = submitted(at, "alice@contoso.com", "ann@fabrikam.com")
    (copy,) = kind(at).categorize(at, item).copies
    assert isinstance(copy.fate, Hold)
    assert copy.fate.queue == "Unreachable"
    assert copy.fate.last_error.lines == (
        "A matching connector cannot be found to route the external recipient",
    )
    assert (copy.fate.expires - item.arrived).days == 2


@pytest.mark.shows("ms:connector-selection")
@pytest.mark.parametrize(
    ("connectors", "refused"),
    [
        ((send_connector("a", max_message_size=10),), True),
        ((send_connector("a", max_message_size=10), send_connector("b", "northwind.com")), True),
        ((send_connector("a", enabled=False, max_message_size=10),), False),
        ((), False),
    ],
)
def test_size_excludes_all(connectors, refused):
    """Step 7: where only the size stands in the way the sender is told at once, 5.3.4."""
    at = view(on_premises(send_connectors=connectors))
    (copy,) = kind(at).categorize(at, submitted(at, "alice@contoso.com", "ann@fabrikam.com")).copies
    assert isinstance(copy.fate, Refuse if refused else Hold)
    assert not refused or copy.fate.reply.enhanced == "5.3.4"


@pytest.mark.parametrize(("original", "refused"), [("9", False), ("11", True), ("", True)])
def test_the_size_on_entry_counts_where_it_is_smaller(original, refused):
    """A connector, like every other limit, looks at what the message was before it grew ("Message size limits")."""
    at = view(on_premises(send_connectors=(send_connector("a", max_message_size=10),)))
    header = f"X-MS-Exchange-Organization-OriginalSize: {original}\r\n" if original else ""
    message = Message.from_bytes(f"{header}Subject: x\r\n\r\nhello\r\n".encode())
    item = submitted(at, "alice@contoso.com", "ann@fabrikam.com")
    (copy,) = kind(at).categorize(at, replace(item, message=message)).copies
    assert isinstance(copy.fate, Refuse) is refused


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("*", "SMTP:*;1"),
        ("contoso.com;5", "SMTP:contoso.com;5"),
        ("smtp:*.contoso.com;100", "SMTP:*.contoso.com;100"),
        ("SMTP:*.com", "SMTP:*.com;1"),
        ("--", "SMTP:--;1"),
        ("X400:c=us;a=adatum;p=contoso;5", "X400:c=us;a=adatum;p=contoso;5"),
        ("FAX:*;3", "FAX:*;3"),
    ],
)
def test_address_spaces(text, shown):
    """AddressSpaces is Type:Space;Cost with SMTP and 1 as defaults (New-SendConnector)."""
    assert str(AddressSpace.parse(text)) == shown


@pytest.mark.parametrize(
    "text", ["", "*contoso.com", "SMTP:", "contoso.com;0", "contoso.com;101", "contoso.com;x", "FAX:a;0"]
)
def test_address_spaces_outside_the_grammar(text):
    """Costs outside 1 to 100 and embedded wildcards are refused."""
    with pytest.raises(ValueError):
        AddressSpace.parse(text)


# --- RequireTLS, TlsAuthLevel, TlsDomain ---------------------------------------------------------------------


@pytest.mark.shows("ms:set-sendconnector")
@pytest.mark.parametrize(
    ("settings", "demand", "name"),
    [
        ({}, TlsDemand.OPPORTUNISTIC, ""),
        ({"ignore_starttls": True}, TlsDemand.NEVER, ""),
        ({"require_tls": True}, TlsDemand.ENCRYPTED, ""),
        ({"require_tls": True, "tls_auth_level": ENCRYPTION}, TlsDemand.ENCRYPTED, ""),
        ({"require_tls": True, "tls_auth_level": CHAIN}, TlsDemand.VALID_CHAIN, ""),
        # an empty TlsDomain compares the recipient's domain
        ({"require_tls": True, "tls_auth_level": DOMAIN}, TlsDemand.VALID_NAME, "fabrikam.com"),
        (
            {"require_tls": True, "tls_auth_level": DOMAIN, "tls_domain": "mx.example"},
            TlsDemand.VALID_NAME,
            "mx.example",
        ),
    ],
)
def test_the_demand(settings, demand, name):
    """Set-SendConnector: how RequireTLS, TlsAuthLevel, TlsDomain and IgnoreSTARTTLS read together."""
    policy = tls_policy(send_connector("x", **settings), "fabrikam.com")
    assert (policy.demand, policy.name) == (demand, name)


@pytest.mark.parametrize(
    "settings",
    [
        {"tls_auth_level": CHAIN},
        {"ignore_starttls": True, "require_tls": True},
        {"require_tls": True, "tls_auth_level": DOMAIN, "smart_hosts": ("a.example",)},
        {"require_tls": True, "tls_auth_level": CHAIN, "tls_domain": "a.example"},
        {"dns_routing_enabled": True, "smart_hosts": ("a.example",)},
        {"dns_routing_enabled": False},
        {"smart_host_auth_mechanism": SmartHostAuthMechanism.BASIC_AUTH, "smart_hosts": ("a.example",)},
        {"smart_host_auth_mechanism": SmartHostAuthMechanism.EXTERNAL_AUTHORITATIVE},
        {"domain_secure_enabled": True, "smart_hosts": ("a.example",)},
        {"domain_secure_enabled": True, "ignore_starttls": True},
        {"port": 65536},
    ],
)
def test_what_the_cmdlet_refuses(settings):
    """What New- and Set-SendConnector document as excluding or needing each other."""
    with pytest.raises(ValueError, match="send connector 'x'"):
        send_connector("x", **settings)


GOOD = certificate("good", "mx.fabrikam.com")
APEX = certificate("apex", "fabrikam.com")
SELF = certificate("self", "fabrikam.com", authority=None)
UNTRUSTED = "454 4.7.5 Certificate validation failure, Reason:UntrustedRoot"
MISMATCH = "454 4.7.5 Certificate validation failure, Reason:SubjectMismatch"


def offered(require: bool, level: TlsAuthLevel | None, domain: str, shown: str):
    """Judge a next hop that shows a certificate, ``clear`` without STARTTLS, ``broken`` with a failed handshake."""
    connector = send_connector("x", require_tls=require, tls_auth_level=level, tls_domain=domain)
    at = view(on_premises(send_connectors=(connector,)), GOOD, APEX, SELF)
    relay = relay_by(at, connector, "fabrikam.com")
    starttls = Capabilities((("STARTTLS", ""),))
    offers = {
        "clear": Offer("mx.fabrikam.com", Capabilities(())),
        "before": Offer("mx.fabrikam.com", starttls),
        "broken": Offer("mx.fabrikam.com", starttls, tls_failed="alert"),
        "nothing": Offer("mx.fabrikam.com", starttls, TlsFacts("TLS1_3", None)),
        "bare": Offer("mx.fabrikam.com", starttls, TlsFacts("TLS1_3", nameless(at, "good"))),
    }
    offer = offers.get(shown) or Offer(
        "mx.fabrikam.com", starttls, TlsFacts("TLS1_3", at.pki.presented(shown))
    )
    value = kind(at).on_offer(at, relay, offer).value
    return None if value is None else str(value)


REQUIRED = "451 5.7.3 STARTTLS is required to send mail"


@pytest.mark.shows("ms:set-sendconnector")
@pytest.mark.shows("observed:qa-234456")
@pytest.mark.parametrize(
    ("require", "level", "domain", "shown", "error"),
    [
        (False, NONE, "", "clear", None),
        (False, NONE, "", "self", None),
        (False, NONE, "", "broken", "451 4.4.0 Security status InvalidToken"),  # no fallback was observed
        (True, NONE, "", "clear", REQUIRED),
        (True, NONE, "", "before", None),
        (True, NONE, "", "self", None),
        (True, ENCRYPTION, "", "self", None),
        (True, ENCRYPTION, "", "nothing", None),
        (True, CHAIN, "", "clear", REQUIRED),
        (True, CHAIN, "", "self", UNTRUSTED),
        (True, CHAIN, "", "nothing", "454 4.7.5 Certificate validation failure, Reason:EmptyCertificate"),
        (True, CHAIN, "", "good", None),
        (True, CHAIN, "", "bare", None),
        (True, DOMAIN, "", "good", MISMATCH),  # TlsDomain empty: fabrikam.com, not mx.fabrikam.com
        (True, DOMAIN, "", "apex", None),
        (True, DOMAIN, "mx.fabrikam.com", "good", None),
        (True, DOMAIN, "*.fabrikam.com", "good", None),
        (True, DOMAIN, "mx.fabrikam.com", "apex", MISMATCH),
        (True, DOMAIN, "mx.fabrikam.com", "bare", MISMATCH),
        (True, DOMAIN, "fabrikam.com", "self", UNTRUSTED),
        (True, DOMAIN, "", "broken", "451 4.4.0 Security status InvalidToken"),
    ],
)
def test_what_a_next_hop_must_show(require, level, domain, shown, error):
    """RequireTLS x TlsAuthLevel x TlsDomain against what the next hop offers (Set-SendConnector)."""
    assert offered(require, level, domain, shown) == error


def test_an_expired_certificate_fails_validation():
    """The chain is judged at the time of the attempt."""
    connector = send_connector("x", require_tls=True, tls_auth_level=CHAIN)
    at = view(on_premises(send_connectors=(connector,)), GOOD)
    late = replace(at, now=GOOD.not_after.replace(year=GOOD.not_after.year + 1))
    offer = Offer("mx.fabrikam.com", Capabilities(()), TlsFacts("TLS1_3", at.pki.presented("good")))
    value = kind(at).on_offer(late, relay_by(at, connector, "fabrikam.com"), offer).value
    assert str(value) == "454 4.7.5 Certificate validation failure, Reason:Expired"


# --- routes --------------------------------------------------------------------------------------------------


def test_a_route_by_smart_hosts():
    """Smart hosts keep their order; the connector's Fqdn is said in EHLO; 20 messages share a connection."""
    connector = send_connector("x", smart_hosts=("b.example", "a.example"), fqdn="out.contoso.com")
    at = view(on_premises(send_connectors=(connector,)))
    relay = relay_by(at, connector, "fabrikam.com")
    assert (relay.via, relay.next_hop, relay.helo) == ("x", "b.example,a.example", "out.contoso.com")
    assert relay.messages_per_connection == 20


def test_a_route_by_mx():
    """Without smart hosts the recipient's domain is the next hop, and EHLO says the server's name."""
    connector = send_connector("x")
    at = view(on_premises(send_connectors=(connector,)))
    relay = relay_by(at, connector, "fabrikam.com")
    assert (relay.domain, relay.helo, relay.certificate) == (
        "fabrikam.com",
        "mail.contoso.com",
        "mail.contoso.com",
    )


def test_recipients_with_one_next_hop_share_a_copy():
    """One copy a next hop, and its reasons tell of every recipient."""
    at = view(on_premises(send_connectors=(send_connector("x", smart_hosts=("a.example",)),)))
    item = submitted(at, "alice@contoso.com", "ann@fabrikam.com", "eve@northwind.com")
    (copy,) = kind(at).categorize(at, item).copies
    assert [str(each.path) for each in copy.recipients] == ["ann@fabrikam.com", "eve@northwind.com"]
    assert isinstance(copy.fate, Relay)
    assert len(copy.because.because) == 2


def test_the_last_error_of_a_failed_connection():
    """The observed text names the last endpoint and the Winsock error of a refusal."""
    at = view(on_premises())
    peer = facts(at).peer_ip
    error = str(kind(at).on_unreachable(at, Target("mx.fabrikam.com", peer), "connection refused"))
    assert error.startswith(
        "441 4.4.1 Error encountered while communicating with primary target IP address: "
    )
    assert "Winsock error code: 10061" in error
    assert error.endswith("The last endpoint attempted was 192.0.2.66:25")
