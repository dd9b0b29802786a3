"""What objects of a directory let in: lists, proof of the sender, sizes, and who is exempt."""

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
    service,
    session,
    submitted,
    tenant,
    view,
)

from mailsim.mail.address import Mailbox
from mailsim.mail.message import Message
from mailsim.mta.kind import Deliver, Drop, Refuse
from mailsim.mta.report_kind import ReportKind, report_kind
from mailsim.mta.restrictions import counted_size
from mailsim.reason.decision import unknowns
from mailsim.world.directory import (
    Directory,
    DirectoryRecipient,
    Forwarding,
    Group,
    RecipientType,
    Restrictions,
)

ALICE, BOB, TEAM = (Mailbox(name, "contoso.com") for name in ("alice", "bob", "team"))


def entry(
    address: Mailbox, kind: RecipientType = RecipientType.MAILBOX, limits: Restrictions | None = None, **more
) -> DirectoryRecipient:
    """Make an object of a directory."""
    told = {"proxies": (address,), "restrictions": limits or Restrictions()} | more
    return DirectoryRecipient(kind=kind, primary=address, **told)


def group(address: Mailbox, *members: Mailbox, limits: Restrictions | None = None, **more):
    """Make a distribution group."""
    return entry(address, RecipientType.GROUP, limits, group=Group(members=members, **more))


def server(*objects: DirectoryRecipient, **more):
    """Look from an on-premises server with these objects."""
    return view(on_premises(directory=Directory(objects), send_connectors=(send_connector("out"),), **more))


def from_outside(at, to: Mailbox, message: Message | None = None) -> object:
    """Return the fate of mail from the internet."""
    more = {"message": message} if message else {}
    (copy,) = kind(at).categorize(at, accepted(at, session(at), "ann@fabrikam.com", str(to), **more)).copies
    return copy.fate


# --- lists ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entries", "sender", "listed"),
    [
        (["alice@contoso.com"], "ALICE@contoso.com", True),
        (["al@contoso.com"], "alice@contoso.com", True),
        (["alice@contoso.com"], "al@contoso.com", True),
        (["team@contoso.com"], "al@contoso.com", True),
        (["outer@contoso.com"], "alice@contoso.com", True),
        (["outer@contoso.com"], "bob@contoso.com", False),
        (["ann@contoso.com"], "ann@fabrikam.com", True),
        (["stranger@x.example"], "stranger@x.example", True),
        (["nobody@contoso.com"], "alice@contoso.com", False),
        ([], "alice@contoso.com", False),
    ],
)
def test_who_is_in_a_list(entries, sender, listed):
    """By any address, through groups that contain each other, and a contact by the address it points to."""
    outer, al, ann = (Mailbox(name, "contoso.com") for name in ("outer", "al", "ann"))
    people = Directory(
        [
            entry(ALICE, proxies=(ALICE, al)),
            entry(BOB),
            entry(ann, RecipientType.MAIL_CONTACT, target=Mailbox("ann", "fabrikam.com")),
            group(TEAM, ALICE, outer),
            group(outer, TEAM),
        ]
    )
    assert people.lists(map(Mailbox.parse, entries), Mailbox.parse(sender)) is listed


def test_the_null_reverse_path_is_in_no_list():
    """Nobody's mail is not accepted where senders are listed, and not rejected either."""
    at = server(
        entry(ALICE, limits=Restrictions(accept_only_from=(BOB,))),
        entry(BOB, limits=Restrictions(reject_from=(ALICE,))),
    )
    item = accepted(at, session(at), "", str(ALICE), str(BOB))
    found = fates(at, item)
    assert isinstance(found[str(ALICE)], Refuse)
    assert isinstance(found[str(BOB)], Deliver)


# --- sizes ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "counted"),
    [("", "all"), ("10", 10), ("1" * 18, "all"), ("x", "all"), ("\u0663", "all"), ("1" * 400, "all")],
)
def test_the_original_size_counts_where_it_is_lower(header, counted):
    """The lower of the size and X-MS-Exchange-Organization-OriginalSize; nonsense in the header is left alone."""
    field = f"X-MS-Exchange-Organization-OriginalSize: {header}\r\n" if header else ""
    message = Message.from_bytes(f"{field}Subject: x\r\n\r\nbody\r\n".encode())
    assert counted_size(message) == (message.size if counted == "all" else counted)


@pytest.mark.parametrize(("size", "taken"), [(37_748_736, True), (37_748_737, False)])
def test_a_mailbox_in_the_cloud_takes_36_megabytes(size, taken):
    """The MaxReceiveSize of its plan holds for a mailbox that has none of its own."""
    at = view(service(tenant(directory=directory("alice@contoso.com"))))
    header = b"X-MS-Exchange-Organization-OriginalSize: %d\r\n\r\n" % size
    item = submitted(at, "alice@contoso.com", "alice@contoso.com")
    big = Message.from_bytes(header.ljust(size, b"x"))
    (fate,) = fates(
        at, replace(item, envelope=replace(item.envelope, reverse_path=None), message=big)
    ).values()
    assert isinstance(fate, Deliver) is taken


RELAYED = (
    "--x\r\nContent-Type: message/delivery-status\r\n\r\nAction: relayed\r\n--x\r\n"
    "Content-Type: message/rfc822\r\n\r\n\r\nAction: failed\r\n--x--"
)
"""A report of success about a message with such a line."""


# --- reports ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "body", "found"),
    [
        ("Content-Type: multipart/report; report-type=delivery-status", "Action: failed", ReportKind.NDR),
        ("Content-Type: Multipart/Report", "action:failed", ReportKind.NDR),
        ("Content-Type: multipart/report; report-type=delivery-status", "Action: delayed", ReportKind.DSN),
        (
            "Content-Type: multipart/report; report-type=disposition-notification",
            "Action: failed",
            ReportKind.MDN,
        ),
        (
            "Content-Type: multipart/report; boundary=x",
            RELAYED,
            ReportKind.DSN,
        ),
        ("Auto-Submitted: auto-replied (vacation)", "", ReportKind.AUTOMATIC_REPLY),
        ("Auto-Submitted: no", "Action: failed", None),
        ("Content-Type: text/plain", "Action: failed", None),
    ],
)
def test_what_kind_of_report(header, body, found):
    """By the header (RFC 6522, RFC 3834), and a failure by what it says of its recipients."""
    at = server(entry(ALICE))
    message = Message.from_bytes(f"{header}\r\n\r\n{body}\r\n".encode())
    item = replace(submitted(at, str(ALICE), str(ALICE)), message=message)
    assert report_kind(item) is found


def test_a_report_to_a_manager_who_is_the_group_itself_is_deleted():
    """A group that manages itself hears of nothing."""
    itself = group(TEAM, ALICE, managed_by=(TEAM,), report_to_manager=True, report_to_originator=False)
    at = server(entry(ALICE), itself)
    report = Message.from_bytes(b"Content-Type: multipart/report\r\n\r\nAction: failed\r\n")
    item = replace(submitted(at, str(ALICE), str(TEAM)), message=report)
    assert [type(fate) for fate in fates(at, item).values()] == [Drop]


@pytest.mark.parametrize(
    "shown", ["postmaster@contoso.com", "MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@x"]
)
def test_only_proved_senders_are_exempt(shown):
    """Whoever writes the postmaster into his From field from outside is restricted like everybody."""
    at = server(entry(ALICE, limits=Restrictions(accept_only_from=(BOB,))))
    forged = Message.from_bytes(f"From: Exchange <{shown}>\r\n\r\nx\r\n".encode())
    assert isinstance(from_outside(at, ALICE, forged), Refuse)
    inside = replace(submitted(at, str(BOB), str(ALICE)), message=forged)
    inside = replace(inside, envelope=replace(inside.envelope, reverse_path=None))
    assert isinstance(fates(at, inside)[str(ALICE)], Deliver)


# --- forwarding -------------------------------------------------------------------------------------------------


def redirect(*to: Mailbox) -> tuple[Forwarding, ...]:
    """Make rules of a user."""
    return tuple(Forwarding(to=each, keeps_copy=True, setting="InboxRules") for each in to)


def test_rules_run_on_what_the_mailbox_gets():
    """A mailbox that only forwards runs no rules; one that keeps its copy forwards to all of them."""
    onward = Forwarding(to=BOB, keeps_copy=False, setting="ForwardingAddress")
    carol = Mailbox("carol", "contoso.com")
    moved = server(entry(ALICE, forwarding=onward, redirects=redirect(carol)), entry(BOB), entry(carol))
    assert set(fates(moved, accepted(moved, session(moved), "ann@fabrikam.com", str(ALICE)))) == {str(BOB)}
    kept = replace(onward, keeps_copy=True)
    both = server(entry(ALICE, forwarding=kept, redirects=redirect(carol)), entry(BOB), entry(carol))
    found = kind(both).categorize(both, accepted(both, session(both), "ann@fabrikam.com", str(ALICE)))
    assert {str(to.path) for copy in found.copies for to in copy.recipients} == {
        str(ALICE),
        str(BOB),
        str(carol),
    }
    assert [f"{step.before.local_part} {step.after.local_part}" for step in found.resolved] == [
        "alice bob",
        "alice carol",
        "alice alice",
    ]


def test_mutual_rules_are_harmless():
    """Two mailboxes whose rules redirect to each other get one copy each."""
    at = server(entry(ALICE, redirects=redirect(BOB)), entry(BOB, redirects=redirect(ALICE)))
    found = fates(at, accepted(at, session(at), "ann@fabrikam.com", str(ALICE)))
    assert found == {str(ALICE): Deliver(ALICE), str(BOB): Deliver(BOB)}


# --- settings that are not modelled -------------------------------------------------------------------------------


def test_unmodelled_transport_settings_colour_answers():
    """GenerateCopyOfDSNFor is known and not modelled, so what rests on the settings is uncertain."""
    from mailsim.mta.exchange_server.transport_config import TransportConfig

    at = server(entry(ALICE), transport_config=TransportConfig(unmodelled=("GenerateCopyOfDSNFor",)))
    item = accepted(at, session(at), "ann@fabrikam.com", str(ALICE))
    (copy,) = kind(at).categorize(at, item).copies
    assert [each.rule for each in unknowns(copy.because)] == ["GenerateCopyOfDSNFor"]


def test_only_a_proved_sender_has_limits_of_his_own():
    """Whoever claims from outside to be Alice is not held against her RecipientLimits; she is."""
    at = server(entry(ALICE, limits=Restrictions(recipient_limits=1)), entry(BOB))
    both = (str(ALICE), str(BOB))
    forged = fates(at, accepted(at, session(at), str(ALICE), *both))
    assert [type(fate) for fate in forged.values()] == [Deliver, Deliver]
    assert [type(fate) for fate in fates(at, submitted(at, str(ALICE), *both)).values()] == [Refuse, Refuse]
