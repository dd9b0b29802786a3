"""Whose mail a session carries: certificate, then address with sender, then recipient.

Sources: "Office 365 message attribution" (Exchange Team), New-InboundConnector, MC1226222 (certificate domain before
MAIL FROM before RCPT TO), KB 3212877 (the chain must reach a trusted root).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
import trustme
from builders import START
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from exchange_worlds import (
    certificate,
    directory,
    facts,
    inbound,
    nameless,
    path,
    service,
    tenant,
    view,
)

from mailsim.mta.exchange_online.categorize.accepted_domain import AcceptedDomain, DomainType
from mailsim.mta.exchange_online.config import Tenant
from mailsim.mta.exchange_online.connector import ConnectorType
from mailsim.mta.exchange_online.receive.attribution import attribute, certificate_domain_accepted
from mailsim.mta.exchange_online.receive.inbound_connector import InboundConnector
from mailsim.mta.kind import PointOfView
from mailsim.pki import read_presented
from mailsim.world.facts import TlsFacts

CERTIFICATES = (
    certificate("mail", "mail.contoso.com"),
    certificate("wild", "*.contoso.com"),
    certificate("gateway", "gw.example"),
    certificate("private", "mail.contoso.com", authority="private"),
    certificate("self", "mail.contoso.com", authority=None),
    certificate("old", "mail.contoso.com", not_after=START - timedelta(days=1)),
)
OURS, THEIRS = "alice@contoso.com", "ann@fabrikam.com"


def world(*tenants: Tenant, **more) -> PointOfView:
    """Look from a service with these tenants."""
    return view(service(*tenants, **more), *CERTIFICATES)


def outcome(at: PointOfView, sender: str, to: str, peer: str = "192.0.2.66", **more) -> tuple[str, str, str]:
    """Return owner, connector and direction."""
    shown = attribute(at, facts(at, peer, **more), path(sender), path(to)).value.shown
    return shown.owner, shown.connector, shown.direction


NOBODY = ("", "", "")


def contoso(*connectors: InboundConnector, domains=("contoso.com",), **more) -> Tenant:
    """Make the tenant contoso with inbound connectors."""
    return tenant("contoso", *domains, inbound_connectors=connectors, **more)


# --- by certificate ------------------------------------------------------------------------------------------


@pytest.mark.shows("ms:message-attribution")
@pytest.mark.parametrize(
    ("shows", "wanted", "matched"),
    [
        ("mail", "*.contoso.com", True),
        ("wild", "*.contoso.com", True),
        ("mail", "mail.contoso.com", False),  # mail.contoso.com is no accepted domain
        ("gateway", "*.contoso.com", False),
        ("private", "*.contoso.com", False),  # an unknown authority counts as no certificate
        ("self", "*.contoso.com", False),
        ("old", "*.contoso.com", False),
        (None, "*.contoso.com", False),
    ],
)
def test_the_certificate_names_the_connector(shows, wanted, matched):
    """A trusted certificate that matches TlsSenderCertificateName makes mail Originating, also to strangers."""
    at = world(contoso(inbound(names=wanted)))
    expected = ("contoso", "From on-premises", "Originating") if matched else NOBODY
    assert outcome(at, THEIRS, "lena@northwind.com", shows=shows, tls=True) == expected


def test_an_exact_name_needs_its_host_among_the_accepted_domains():
    """The cure for shared gateways: mail.contoso.com as an accepted domain and as the connector's name."""
    at = world(contoso(inbound(names="mail.contoso.com"), domains=("contoso.com", "mail.contoso.com")))
    assert outcome(at, THEIRS, "lena@northwind.com", shows="mail")[2] == "Originating"


@pytest.mark.parametrize(
    ("name", "domains", "accepted"),
    [
        ("*.contoso.com", ("contoso.com",), True),
        ("*.contoso.com", ("jpn.contoso.com",), True),  # the documented alternative
        ("*.contoso.com", ("a.jpn.contoso.com",), False),
        ("*.contoso.com", ("fabrikam.com",), False),
        ("mail.contoso.com", ("contoso.com",), False),
        ("mail.contoso.com", ("mail.contoso.com",), True),
        ("MAIL.Contoso.com", ("Mail.contoso.COM",), True),
        ("", ("contoso.com",), False),
    ],
)
def test_the_accepted_domain_test(name, domains, accepted):
    """*.contoso.com is satisfied by contoso.com or a domain right below it, an exact name by itself."""
    assert certificate_domain_accepted(tenant("contoso", *domains), inbound(names=name)) is accepted


def test_match_sub_domains_accepts_the_host():
    """An InternalRelay domain with MatchSubDomains has the host's name among its own."""
    whole = AcceptedDomain(
        domain_name="contoso.com", domain_type=DomainType.INTERNAL_RELAY, match_sub_domains=True
    )
    assert certificate_domain_accepted(
        Tenant(name="contoso", accepted_domains=(whole,)), inbound(names="mail.contoso.com")
    )


@pytest.mark.parametrize(
    ("sender", "to", "expected"),
    [
        (OURS, "lena@northwind.com", ("contoso", "From on-premises", "Originating")),
        (THEIRS, "bob@contoso.com", ("contoso", "From on-premises", "Originating")),
        (THEIRS, "lena@northwind.com", NOBODY),
        ("", "lena@northwind.com", NOBODY),
        ("", "bob@contoso.com", ("contoso", "From on-premises", "Originating")),
    ],
)
def test_a_name_that_is_not_accepted_needs_sender_or_recipient(sender, to, expected):
    """A matching connector without accepted domain counts only by MAIL FROM, else by RCPT TO."""
    at = world(contoso(inbound(names="gw.example")))
    assert outcome(at, sender, to, shows="gateway") == expected


def test_two_tenants_that_want_the_same_gateway():
    """The sender's domain decides between connectors for one gateway, before the recipient's."""
    fabrikam = tenant("fabrikam", inbound_connectors=(inbound(names="gw.example"),))
    at = world(fabrikam, contoso(inbound(names="gw.example")))
    assert outcome(at, OURS, THEIRS, shows="gateway")[0] == "contoso"
    assert outcome(at, THEIRS, OURS, shows="gateway")[0] == "fabrikam"


def test_the_most_exact_name_wins_across_tenants():
    """Of two tenants whose connectors match, the exact name beats the wildcard."""
    wild = contoso(inbound("wild", names="*.contoso.com"))
    exact = tenant(
        "exact", "mail.contoso.com", inbound_connectors=(inbound("exact", names="mail.contoso.com"),)
    )
    for tenants in ((wild, exact), (exact, wild)):
        assert outcome(world(*tenants), THEIRS, "x@y.example", shows="mail")[0] == "exact"


def test_an_accepted_certificate_domain_beats_an_exact_name_that_is_not():
    """Certificate domain before MAIL FROM: a wildcard of the owner wins against an exact name of another tenant."""
    fabrikam = tenant("fabrikam", inbound_connectors=(inbound(names="mail.contoso.com"),))
    at = world(fabrikam, contoso(inbound(names="*.contoso.com")))
    assert outcome(at, THEIRS, "x@y.example", shows="mail")[0] == "contoso"


def test_mail_to_another_tenant_is_ours_first():
    """What our server sends through our connector is ours, though another tenant has the recipient."""
    at = world(tenant("fabrikam"), contoso(inbound(names="*.contoso.com")))
    assert outcome(at, OURS, THEIRS, shows="mail") == ("contoso", "From on-premises", "Originating")


@pytest.mark.shows("ms:new-inboundconnector")
@pytest.mark.parametrize(
    ("more", "met"),
    [({"enabled": False}, ""), ({"connector_type": ConnectorType.PARTNER}, "From on-premises")],
)
def test_disabled_and_partner_connectors_make_nothing_originating(more, met):
    """Only an enabled OnPremises connector makes mail Originating; a Partner connector is met by Incoming mail."""
    at = world(contoso(inbound(names="*.contoso.com", **more)))
    assert outcome(at, OURS, "bob@contoso.com", shows="mail") == ("contoso", met, "Incoming")


def test_a_certificate_without_names_is_nobody():
    """A trusted chain whose leaf names nobody matches no connector."""
    at = world(contoso(inbound(names="*.contoso.com")))
    shown = TlsFacts("TLS1_3", nameless(at, "mail"))
    assert outcome(at, OURS, "bob@contoso.com", tls=shown)[2] == "Incoming"


def test_the_service_may_trust_a_private_authority():
    """The chain is judged by what the service trusts, at the time of the session."""
    at = world(contoso(inbound(names="*.contoso.com")), trusts=frozenset({"private"}))
    assert outcome(at, OURS, "bob@contoso.com", shows="private")[2] == "Originating"
    late = replace(at, now=START + timedelta(days=400))
    assert outcome(late, OURS, "bob@contoso.com", shows="private")[2] == "Incoming"


# --- by address ----------------------------------------------------------------------------------------------


@pytest.mark.shows("ms:message-attribution")
@pytest.mark.parametrize(
    ("peer", "sender", "expected"),
    [
        ("198.51.100.10", OURS, ("contoso", "From on-premises", "Originating")),
        ("198.51.100.11", OURS, ("contoso", "", "Incoming")),
        ("198.51.100.10", THEIRS, ("contoso", "", "Incoming")),
        ("198.51.100.10", "", ("contoso", "", "Incoming")),
        ("203.0.113.77", OURS, ("contoso", "From on-premises", "Originating")),
    ],
)
def test_by_address_and_sender_domain(peer, sender, expected):
    """SenderIPAddresses counts together with an accepted MAIL FROM domain; the null sender has none."""
    at = world(contoso(inbound(addresses="198.51.100.10/32,203.0.113.0/24")))
    assert outcome(at, sender, "bob@contoso.com", peer) == expected


def test_tenants_that_share_an_address():
    """Of two tenants with the same gateway address, the one that has the sender is meant."""
    both = [
        tenant(name, inbound_connectors=(inbound(addresses="192.0.2.66/32"),))
        for name in ("fabrikam", "contoso")
    ]
    assert outcome(world(*both), OURS, "x@y.example")[0] == "contoso"
    assert outcome(world(*both), THEIRS, "x@y.example")[0] == "fabrikam"


def test_a_chain_without_its_intermediate_is_no_match():
    """What counts is the chain as sent: the service does not fetch what the client leaves out (KB 3212877)."""
    at = world(contoso(inbound(names="*.contoso.com")))
    files = at.pki.export()
    root = trustme.CA.from_pem(files["public.ca.pem"], files["public.ca.key"])
    leaf = trustme.CA(root).issue_cert("mail.contoso.com", common_name="mail.contoso.com")
    pems = (x509.load_pem_x509_certificate(pem.bytes()) for pem in leaf.cert_chain_pems)
    chain = [link.public_bytes(Encoding.DER) for link in pems]
    for sent, direction in ((chain, "Originating"), (chain[:1], "")):
        shown = TlsFacts("TLS1_3", read_presented(sent))
        assert outcome(at, OURS, "x@y.example", tls=shown)[2] == direction


def test_a_literal_wildcard_is_more_exact_than_a_host_it_covers():
    """A certificate for *.contoso.com names the connector with that very name before one for a host below it."""
    host = tenant("host", "mail.contoso.com", inbound_connectors=(inbound("host", names="mail.contoso.com"),))
    at = world(host, contoso(inbound("wild", names="*.contoso.com")))
    assert outcome(at, THEIRS, "x@y.example", shows="wild")[1] == "wild"


@pytest.mark.parametrize(
    ("sender", "to", "owner"),
    [
        (OURS, "x@y.example", "contoso"),
        ("a@jpn.contoso.com", "x@y.example", "japan"),
        (THEIRS, "x@jpn.contoso.com", "japan"),
        (THEIRS, "x@y.example", "contoso"),
    ],
)
def test_tenants_that_share_a_wildcard(sender, to, owner):
    """Where *.contoso.com is good in two tenants, MAIL FROM decides before RCPT TO (MC1226222)."""
    japan = tenant("japan", "jpn.contoso.com", inbound_connectors=(inbound(names="*.contoso.com"),))
    at = world(contoso(inbound(names="*.contoso.com")), japan)
    assert outcome(at, sender, to, shows="mail")[0] == owner


def test_the_certificate_counts_before_the_address():
    """Certificate domain, then MAIL FROM: a session with both is decided by the certificate."""
    fabrikam = tenant("fabrikam", inbound_connectors=(inbound(addresses="192.0.2.66/32"),))
    at = world(fabrikam, contoso(inbound(names="*.contoso.com")))
    assert outcome(at, THEIRS, "x@y.example", shows="mail")[0] == "contoso"


def test_two_connectors_with_one_address_are_a_visible_assumption():
    """Which of two equal connectors is meant is not documented: the first, and the choice says so."""
    at = world(contoso(inbound("a", addresses="192.0.2.66/32"), inbound("b", addresses="192.0.2.0/24")))
    decision = attribute(at, facts(at), path(OURS), path("x@y.example"))
    assert decision.value.shown.connector == "a"
    assert decision.because[-1].tied


@pytest.mark.shows("ms:new-inboundconnector")
@pytest.mark.parametrize("network", ["192.0.2.0/23", "0.0.0.0/0"])
def test_large_ranges_are_refused(network):
    """SenderIPAddresses takes /24 to /32."""
    with pytest.raises(ValueError, match="larger than /24"):
        inbound(addresses=network)


# --- by recipient --------------------------------------------------------------------------------------------


@pytest.mark.shows("ms:message-attribution")
@pytest.mark.parametrize(
    ("to", "expected"),
    [
        ("bob@contoso.com", ("contoso", "", "Incoming")),
        ("ann@fabrikam.com", ("fabrikam", "", "Incoming")),
        ("x@sub.contoso.com", NOBODY),
        ("x@y.example", NOBODY),
        ("x@[192.0.2.1]", NOBODY),
        ("x@[IPv6:2001:db8::1]", NOBODY),
    ],
)
def test_incoming_mail_belongs_to_the_recipients_tenant(to, expected):
    """Without connector the recipient's domain decides; the host name a client used plays no part."""
    at = world(contoso(directory=directory("bob@contoso.com")), tenant("fabrikam"))
    assert outcome(at, THEIRS, to) == expected


def test_every_connector_of_every_tenant_is_kept():
    """The reasons hold all candidates with what each lost by."""
    at = world(
        tenant("fabrikam", inbound_connectors=(inbound("f"),)), contoso(inbound("c", names="*.contoso.com"))
    )
    decision = attribute(at, facts(at), path(OURS), path("bob@contoso.com"))
    assert [candidate.name for candidate in decision.because[0].candidates] == ["f (fabrikam)", "c (contoso)"]
    assert all(candidate.lost_by for candidate in decision.because[0].candidates)
