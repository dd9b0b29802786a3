"""The categorizer of Exchange Server: what every recipient becomes, and how it goes on."""

from __future__ import annotations

from dataclasses import replace

import pytest
from exchange_worlds import (
    accepted,
    directory,
    fates,
    kind,
    on_premises,
    send_connector,
    session,
    submitted,
    view,
)

from mailsim.mail.address import Mailbox
from mailsim.mta.kind import Deliver, Refuse, Relay

PEOPLE = directory(
    "alice@contoso.com",
    "postmaster@contoso.com",
    proxies={"alice@contoso.com": "al@contoso.com"},
    remote={"bob@contoso.com": "bob@contoso.mail.onmicrosoft.com"},
    mail_users={
        "ext@contoso.com": "lena@fabrikam.com",
        "chain@contoso.com": "bob@contoso.com",
        "inside@contoso.com": "al@contoso.com",
        "gone@contoso.com": "nobody@contoso.com",
        "same@contoso.com": "Same@contoso.com",
        "loop1@contoso.com": "loop2@contoso.com",
        "loop2@contoso.com": "loop1@contoso.com",
    },
)
UNKNOWN = "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup"


def server(*connectors, people=PEOPLE, domains=("contoso.com", "relay:partner.contoso.com")):
    """Look from a server with these Send connectors, by default one for everything."""
    return view(
        on_premises(*domains, directory=people, send_connectors=connectors or (send_connector("out"),))
    )


def one(to: str, at=None):
    """Categorize a message from the internet to one recipient."""
    at = at or server()
    result = kind(at).categorize(at, accepted(at, session(at), "ann@fabrikam.com", to))
    (copy,) = result.copies
    return copy, result


@pytest.mark.shows("ms:recipient-resolution")
@pytest.mark.parametrize(
    ("to", "mailbox"),
    [
        ("alice@contoso.com", "alice@contoso.com"),
        ("ALICE@contoso.com", "alice@contoso.com"),
        ("al@contoso.com", "alice@contoso.com"),
        ("inside@contoso.com", "alice@contoso.com"),
        ("Postmaster", "postmaster@contoso.com"),
    ],
)
def test_who_is_delivered(to, mailbox):
    """Any proxy address, in any case, and a mail user that points inside end in the mailbox."""
    assert one(to)[0].fate == Deliver(Mailbox.parse(mailbox))


@pytest.mark.shows("ms:recipient-resolution")
@pytest.mark.parametrize(
    ("to", "final", "via"),
    [
        ("bob@contoso.com", "bob@contoso.mail.onmicrosoft.com", "cloud"),
        ("ext@contoso.com", "lena@fabrikam.com", "out"),
        ("chain@contoso.com", "bob@contoso.mail.onmicrosoft.com", "cloud"),
        ("same@contoso.com", "same@contoso.com", "out"),
        ("x@partner.contoso.com", "x@partner.contoso.com", "out"),
    ],
)
def test_who_is_routed(to, final, via):
    """The address pointed at selects the connector; unknown recipients of relay domains are routed."""
    at = server(send_connector("out"), send_connector("cloud", "contoso.mail.onmicrosoft.com"))
    copy, _ = one(to, at)
    assert isinstance(copy.fate, Relay)
    assert (copy.fate.via, str(copy.recipients[0].path)) == (via, final)


@pytest.mark.shows("ms:recipient-resolution")
@pytest.mark.parametrize(
    ("to", "reply"),
    [
        ("nobody@contoso.com", UNKNOWN),
        ("gone@contoso.com", UNKNOWN),
        # IMCEA-encapsulated addresses are decoded for nobody here: the address is unknown
        ("IMCEAEX-_O=CONTOSO_OU=X_CN=ALICE@contoso.com", UNKNOWN),
        (
            "loop1@contoso.com",
            "550 5.4.6 RESOLVER.FWD.Loop; there is a forwarding loop configured in the directory",
        ),
    ],
)
def test_who_fails(to, reply):
    """Unknown in an authoritative domain, and pointing in a circle, are NDRs after acceptance."""
    fate = one(to)[0].fate
    assert isinstance(fate, Refuse)
    assert str(fate.reply) == reply


@pytest.mark.parametrize("length", [2, 11, 30])
def test_a_long_chain_is_no_loop(length):
    """However many objects point at each other, only a circle is a loop."""
    chain = {f"u{n}@contoso.com": f"u{n + 1}@contoso.com" for n in range(length)}
    at = server(people=directory(f"u{length}@contoso.com", mail_users=chain))
    copy, result = one("u0@contoso.com", at)
    assert copy.fate == Deliver(Mailbox(f"u{length}", "contoso.com"))
    assert len(result.resolved) == length


@pytest.mark.parametrize(
    ("to", "steps", "orcpt"),
    [
        ("alice@contoso.com", [], ""),
        ("ALICE@contoso.com", [], ""),
        ("al@contoso.com", ["alice@contoso.com UserMailbox"], "rfc822;al@contoso.com"),
        (
            "chain@contoso.com",
            ["bob@contoso.com MailUser", "bob@contoso.mail.onmicrosoft.com RemoteUserMailbox"],
            "rfc822;chain@contoso.com",
        ),
        ("Postmaster", ["postmaster@contoso.com default domain"], "rfc822;Postmaster"),
    ],
)
def test_every_change_of_address_is_kept(to, steps, orcpt):
    """Each step is a RESOLVE event, and the first address travels on in ORCPT (Recipient resolution)."""
    copy, result = one(to)
    assert [f"{step.after} {step.kind}".lower() for step in result.resolved] == [
        each.lower() for each in steps
    ]
    assert copy.recipients[0].orcpt == orcpt


def test_postmaster_without_a_default_domain():
    """A server without accepted domains routes even that; nothing crashes."""
    at = view(on_premises(directory=directory(), send_connectors=(send_connector("out"),)))
    bare = view(
        type(at.mta)(
            id="m",
            kind="exchange_server",
            fqdn="mail.contoso.com",
            addresses=at.mta.addresses,
            config=replace(
                at.mta.config, organization=replace(at.mta.config.organization, accepted_domains=())
            ),
        )
    )
    copy, _ = one("Postmaster", bare)
    assert kind(bare).targets(bare, copy.fate).value.problem is not None


def test_a_message_forks_by_next_hop():
    """Delivered, routed and refused recipients part; those that go together share a copy."""
    at = server()
    found = fates(
        at,
        submitted(
            at,
            "alice@contoso.com",
            "al@contoso.com",
            "lena@fabrikam.com",
            "eve@fabrikam.com",
            "no@contoso.com",
        ),
    )
    assert isinstance(found["alice@contoso.com"], Deliver)
    assert found["lena@fabrikam.com"] is found["eve@fabrikam.com"]
    assert isinstance(found["no@contoso.com"], Refuse)


def test_two_addresses_of_one_mailbox_are_one_delivery():
    """Primary and proxy in one envelope give one copy."""
    at = server()
    item = submitted(at, "alice@contoso.com", "alice@contoso.com", "al@contoso.com")
    (copy,) = kind(at).categorize(at, item).copies
    assert [str(each.path) for each in copy.recipients] == ["alice@contoso.com"]


@pytest.mark.parametrize("to", ["x@[192.0.2.9]", "x@[IPv6:2001:db8::1]", "x@[tag:y]"])
def test_address_literals_are_routed(to):
    """A literal as recipient domain goes to that address, or nowhere when there is no such kind of address."""
    at = server()
    item = submitted(at, "alice@contoso.com", to)
    (copy,) = kind(at).categorize(at, item).copies
    targets = kind(at).targets(at, copy.fate).value
    assert bool(targets.found) == ("192" in to)
    if targets.problem is not None:
        assert kind(at).on_no_route(at, copy.fate, targets.problem).transient


@pytest.mark.parametrize(
    ("domain", "accepted_as"),
    [
        ("contoso.com", "contoso.com"),
        ("eu.contoso.com", "*.contoso.com"),
        ("partner.contoso.com", "partner.contoso.com"),
    ],
)
def test_the_most_specific_accepted_domain(domain, accepted_as):
    """An exact accepted domain counts before a wildcard."""
    mta = on_premises("*.contoso.com", "contoso.com", "relay:partner.contoso.com")
    found = mta.config.organization.accepted(domain)
    assert str(found.domain_name) == accepted_as
