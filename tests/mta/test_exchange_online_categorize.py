"""The categorizer of Exchange Online: tenants, resolution, transport rules and the fate of every recipient."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from builders import START
from exchange_worlds import (
    accepted,
    certificate,
    directory,
    fates,
    inbound,
    kind,
    outbound,
    service,
    session,
    submitted,
    tenant,
    view,
)

from mailsim.mail.address import Mailbox
from mailsim.mail.dsn import Action
from mailsim.mail.envelope import Recipient
from mailsim.mail.message import Message
from mailsim.mail.reply import reply
from mailsim.mta.kind import Deliver, Notice, Refuse, Relay
from mailsim.mta.rules.rule import AttributeWords, TransportRule

PEOPLE = directory(
    "bob@contoso.com",
    "dave@contoso.com",
    proxies={"bob@contoso.com": "bob@contoso.onmicrosoft.com"},
    mail_users={
        "alice@contoso.com": "alice@contoso.com",
        "ext@contoso.com": "lena@northwind.com",
        "loop1@contoso.com": "loop2@contoso.com",
        "loop2@contoso.com": "loop1@contoso.com",
        "gone@contoso.com": "nobody@contoso.com",
    },
    city={
        "bob@contoso.com": "New Orleans",
        "ext@contoso.com": "East New Orleans",
        "dave@contoso.com": "Newark",
    },
)
ON_PREMISES = outbound("To on-premises", "contoso.com")
SCOPED = outbound("New Orleans", "x.example", is_transport_rule_scoped=True)
RULE = TransportRule(
    name="by city",
    route_message_outbound_connector="New Orleans",
    recipient_ad_attribute_contains_words=(AttributeWords.parse("City:New Orleans"),),
)
CONTOSO = certificate("contoso", "mail.contoso.com")
UNKNOWN = "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup"


def world(*rules: TransportRule, connectors=(ON_PREMISES, SCOPED), people=PEOPLE, others=()):
    """Look from a service with the tenant contoso, which has an inbound connector by certificate."""
    contoso = tenant(
        "contoso",
        "contoso.com",
        "contoso.onmicrosoft.com",
        "relay:shared.contoso.com",
        inbound_connectors=(inbound(names="*.contoso.com"),),
        outbound_connectors=connectors,
        transport_rules=rules,
        directory=people,
    )
    return view(service(contoso, *others), CONTOSO)


def one(at, to: str, **more):
    """Categorize a message of the tenant's own server to one recipient."""
    item = accepted(at, session(at, shows="contoso"), "alice@contoso.com", to, **more)
    result = kind(at).categorize(at, item)
    (copy,) = result.copies
    return copy, result


@pytest.mark.shows("ms:accepted-domains-exo")
@pytest.mark.parametrize(
    ("to", "fate"),
    [
        ("bob@contoso.com", "bob@contoso.com"),
        ("bob@contoso.onmicrosoft.com", "bob@contoso.com"),
        ("alice@contoso.com", "via To on-premises"),  # mailboxes first, then by the domain pointed at
        ("ext@contoso.com", "via MX"),
        ("x@shared.contoso.com", "via MX"),
        ("lena@northwind.com", "via MX"),
        ("nobody@contoso.com", UNKNOWN),  # Originating mail is judged after acceptance (KB 2730609)
        ("gone@contoso.com", UNKNOWN),
        ("IMCEAEX-_O=CONTOSO_CN=BOB@contoso.com", UNKNOWN),
        (
            "loop1@contoso.com",
            "550 5.4.6 RESOLVER.FWD.Loop; there is a forwarding loop configured in the directory",
        ),
    ],
)
def test_how_recipients_go_on(to, fate):
    """Mailboxes are delivered, mail users follow their address, the unknown of an authoritative domain fail."""
    found = one(world(), to)[0].fate
    shown = {Deliver: "mailbox", Refuse: "reply", Relay: "via"}[type(found)]
    value = str(getattr(found, shown))
    assert (f"via {value}" if isinstance(found, Relay) else value) == fate


@pytest.mark.parametrize(
    ("city", "wanted", "found"),
    [
        ("New Orleans", "City:New Orleans", True),
        ("new orleans, LA", "city:New Orleans", True),
        ("New Orleanska", "City:New Orleans", False),
        ("Paris", "City:New Orleans,Paris", True),
        ("", "City:New Orleans", False),
        ("New Orleans", "Department:New Orleans", False),
    ],
)
def test_words_in_an_attribute(city, wanted, found):
    """RecipientADAttributeContainsWords finds whole words in any case; a comma stands between alternatives."""
    people = directory("bob@contoso.com", city={"bob@contoso.com": city})
    rule = replace(RULE, recipient_ad_attribute_contains_words=(AttributeWords.parse(wanted),))
    copy, result = one(world(rule, people=people), "bob@contoso.com")
    assert isinstance(copy.fate, Relay if found else Deliver)
    assert [each.rule for each in result.rules] == (["by city"] if found else [])


@pytest.mark.parametrize("text", ["City", ":x", "City:", "City:,"])
def test_attribute_words_outside_the_grammar(text):
    """The condition is Attribute:words."""
    with pytest.raises(ValueError, match="is not Attribute:words"):
        AttributeWords.parse(text)


@pytest.mark.parametrize(
    ("text", "what"),
    [("Citi:x", "is no attribute that rules know; wanted one of City, "), ("Notes:x", "is not modelled")],
)
def test_an_attribute_that_never_matches_is_refused(text, what):
    """A misspelt attribute would be a condition that never holds."""
    with pytest.raises(ValueError, match=what):
        AttributeWords.parse(text)


@pytest.mark.parametrize(
    ("wanted", "value", "found"),
    [
        ("title:(EMEA)", "Sales(EMEA)West", True),
        ("Title:or", "Director", False),
        ("Title:R&D", "Head of R&D.", True),
        ("Title:C++", "C++11", True),
    ],
)
def test_a_word_is_whole_where_it_has_letters(wanted, value, found):
    """A sign at an end of the word bounds it already."""
    assert AttributeWords.parse(wanted).found_in(value) is found


@pytest.mark.shows("ms:conditional-mail-routing")
@pytest.mark.parametrize(
    ("to", "via"),
    [
        ("bob@contoso.com", "New Orleans"),  # a mailbox too goes out by the rule's connector
        ("bob@contoso.onmicrosoft.com", "New Orleans"),
        ("ext@contoso.com", "New Orleans"),  # the mail user's city, though the address is now outside
        ("dave@contoso.com", None),
        ("lena@northwind.com", "MX"),
    ],
)
def test_routing_by_city(to, via):
    """Conditional mail routing: the rule sends by a connector that domains never choose."""
    fate = one(world(RULE), to)[0].fate
    assert (fate.via if isinstance(fate, Relay) else None) == via


def test_a_rule_forks_the_message():
    """Where the condition holds for some recipients only, they part from the others."""
    at = world(RULE)
    item = accepted(
        at, session(at, shows="contoso"), "alice@contoso.com", "bob@contoso.com", "dave@contoso.com"
    )
    found = fates(at, item)
    assert isinstance(found["bob@contoso.com"], Relay)
    assert isinstance(found["dave@contoso.com"], Deliver)


EVERYBODY = replace(RULE, recipient_ad_attribute_contains_words=())


@pytest.mark.shows("ms:new-transportrule")
@pytest.mark.parametrize(
    ("rules", "ran", "via"),
    [
        ((EVERYBODY,), ["by city"], "New Orleans"),
        ((replace(EVERYBODY, enabled=False),), [], None),
        (
            (EVERYBODY, replace(EVERYBODY, name="2", route_message_outbound_connector="To on-premises")),
            ["by city", "2"],
            "To on-premises",
        ),
        (
            (
                replace(EVERYBODY, stop_rule_processing=True),
                replace(EVERYBODY, name="2", route_message_outbound_connector="To on-premises"),
            ),
            ["by city"],
            "New Orleans",
        ),
        ((replace(EVERYBODY, route_message_outbound_connector="no such"),), ["by city"], None),
    ],
)
def test_rules_in_order(rules, ran, via):
    """Disabled rules do nothing, StopRuleProcessing ends the list, a missing connector leaves the route alone."""
    copy, result = one(world(*rules), "bob@contoso.com")
    assert [each.rule for each in result.rules] == ran
    assert (copy.fate.via if isinstance(copy.fate, Relay) else None) == via


def test_reports_pass_the_rules():
    """A non-delivery report, made here or arriving, is not redirected by rules."""
    at = world(EVERYBODY)
    arriving = Message.from_bytes(b"Content-Type: multipart/report; report-type=delivery-status\r\n\r\n")
    item = accepted(at, session(at, shows="contoso"), "", "bob@contoso.com", message=arriving)
    assert fates(at, item) == {"bob@contoso.com": Deliver(Mailbox("bob", "contoso.com"))}


# --- tenants -------------------------------------------------------------------------------------------------


def test_copies_of_two_tenants_stay_apart():
    """Two tenants' mail to one next hop is two copies: each names its own tenant."""
    people = directory(mail_users={"ext@tailspin.com": "lena@northwind.com"})
    at = world(others=(tenant("tailspin", directory=people),))
    item = accepted(at, session(at), "ann@fabrikam.com", "ext@contoso.com", "ext@tailspin.com")
    copies = kind(at).categorize(at, item).copies
    assert [copy.message.value("X-OriginatorOrg") for copy in copies] == ["contoso.com", "tailspin.com"]


def test_attribution_is_kept_with_the_item():
    """Whose mail an item is does not change when the client's certificate expires a year later."""
    at = world()
    item = accepted(at, session(at, shows="contoso"), "alice@contoso.com", "lena@northwind.com")
    late = replace(at, now=START + timedelta(days=400))
    assert fates(late, item)["lena@northwind.com"].via == "MX"


@pytest.mark.parametrize(
    ("failed", "postmaster"),
    [
        ("lena@northwind.com", "contoso.com"),
        ("zoe@northwind.com", "tailspin.com"),
        ("bob@tailspin.com", "tailspin.com"),
        ("never@seen.example", "contoso.com"),
    ],
)
def test_reports_come_from_the_tenant_whose_recipient_failed(failed, postmaster):
    """Also where a mail user was resolved to somebody outside, whose domain belongs to nobody."""
    people = directory("bob@tailspin.com", mail_users={"zoe@tailspin.com": "zoe@northwind.com"})
    at = world(others=(tenant("tailspin", directory=people),))
    item = accepted(
        at, session(at), "ann@fabrikam.com", "ext@contoso.com", "zoe@tailspin.com", "bob@tailspin.com"
    )
    failure = Notice(Recipient(Mailbox.parse(failed)), reply(550, "5.1.1", "no"), "mx.northwind.com")
    report = kind(at).report(at, item, (failure,), "m1.dsn", Action.FAILED).value
    assert report is not None
    assert report.message.value("From") == f"Microsoft Outlook <postmaster@{postmaster}>"
    assert fates(at, report)["ann@fabrikam.com"].via == "MX"


def test_the_postmaster_of_a_tenant():
    """<Postmaster> in a session of the tenant's own server means the default domain."""
    copy, _ = one(world(people=directory("postmaster@contoso.com")), "Postmaster")
    assert copy.fate == Deliver(Mailbox("postmaster", "contoso.com"))


@pytest.mark.parametrize("to", ["x@[192.0.2.9]", "x@[IPv6:2001:db8::1]", "x@[tag:y]"])
def test_address_literals_are_routed(to):
    """A literal goes to its address, or nowhere when there is no such kind of address."""
    at = world()
    copy, _ = one(at, to)
    targets = kind(at).targets(at, copy.fate).value
    assert bool(targets.found) == ("192" in to)


def test_a_mailbox_hands_mail_in():
    """Mail of a tenant's mailbox belongs to that tenant."""
    at = world(others=(tenant("tailspin"),))
    assert (
        fates(at, submitted(at, "bob@contoso.com", "alice@contoso.com"))["alice@contoso.com"].via
        == "To on-premises"
    )
