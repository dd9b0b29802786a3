"""Non-delivery reports: to whom, from whom, about what, and about what never.

Sources: RFC 5321 section 6.1, RFC 3461, RFC 3464, "DSNs and NDRs in Exchange Server", "NDRs in Exchange Online", layout
observed in published reports.
"""

from __future__ import annotations

import email
from dataclasses import replace
from email import policy
from ipaddress import IPv4Address

import pytest
from builders import START, internet_mta
from exchange_worlds import (
    directory,
    fates,
    inbound,
    kind,
    on_premises,
    path,
    send_connector,
    service,
    session,
    submitted,
    tenant,
    view,
)

from mailsim.flow.notices import Due, Notices
from mailsim.mail.address import Mailbox
from mailsim.mail.date import mail_date
from mailsim.mail.dsn import Action
from mailsim.mail.envelope import Recipient
from mailsim.mail.message import Message
from mailsim.mail.reply import Reply, reply
from mailsim.mta.kind import Deliver, Item, LastTry, Notice
from mailsim.trace.events import Notified, Withheld
from mailsim.world.directory import Directory

SENDER = "alice@contoso.com"
UNKNOWN = reply(550, "5.1.1", "User unknown")
ORIGINAL = Message.from_bytes(
    b"X-MS-Exchange-Organization-AuthAs: Internal\r\nX-MS-Exchange-CrossPremises-AuthAs: Internal\r\n"
    b"Subject: hi\r\nMessage-ID: <m1@contoso.com>\r\n\r\nhello\r\n"
)


def exchange_server(**more):
    """Look from an on-premises server."""
    people = directory("alice@contoso.com")
    return view(on_premises(directory=people, send_connectors=(send_connector("out"),), **more))


def exchange_online():
    """Look from the service with the tenant contoso."""
    people = directory("alice@contoso.com")
    contoso = tenant(directory=people, inbound_connectors=(inbound(addresses="192.0.2.66/32"),))
    return view(service(contoso))


def internet():
    """Look from an internet MTA of contoso.com."""
    people = Directory(plain_mailboxes=["alice@contoso.com"])
    return view(
        internet_mta("mx.contoso.com", "192.0.2.20", domains=frozenset({"contoso.com"}), mailboxes=people)
    )


ALL = pytest.mark.parametrize("world", [exchange_server, exchange_online, internet])


def failure(
    to: str = "bob@fabrikam.com", answer: Reply = UNKNOWN, remote: str = "mx.fabrikam.com", **more
) -> Notice:
    """Describe a recipient that did not get through."""
    return Notice(Recipient(Mailbox.parse(to), **more), answer, remote)


def item_from(at, sender: str, message: Message = ORIGINAL, **more) -> Item:
    """Make an item handed in by alice, with another reverse-path where one is given."""
    item = submitted(at, "alice@contoso.com", "bob@fabrikam.com", message=message)
    return replace(item, message=message, envelope=replace(item.envelope, reverse_path=path(sender), **more))


def reported(at, *failures: Notice, sender: str = "alice@contoso.com", **more) -> Item | None:
    """Have failures reported about a message."""
    return (
        kind(at)
        .report(at, item_from(at, sender, **more), failures or (failure(),), "m1.dsn", Action.FAILED)
        .value
    )


def tell(at, item: Item, *failures: Notice, action: Action = Action.FAILED):
    """Have a run tell of failures, as far as somebody is to be told; return the reports, and what was written down."""
    reports, written = [], []
    notices = Notices(
        {at.mta.kind: kind(at)},
        record=lambda _at, _about, what, because: written.append((what, because)),
        spool=lambda _at, report: reports.append(report),
    )
    notices.tell(at, item, item.name, [Due(action, item.envelope.reverse_path, failures or (failure(),))])
    return reports, written


def parsed(report: Item) -> email.message.EmailMessage:
    """Read a report as any mail program would."""
    return email.message_from_bytes(report.message.to_bytes(), policy=policy.default)


@pytest.mark.shows("rfc5321", "6.1")
@ALL
def test_no_report_about_a_null_reverse_path(world):
    """A message with the null reverse-path is never reported about (RFC 5321 section 6.1)."""
    at = world()
    reports, ((what, because),) = tell(at, item_from(at, ""))
    assert reports == []
    assert what == Withheld(None, (Mailbox("bob", "fabrikam.com"),), "failed")
    assert because.cite.key == "rfc5321"


@pytest.mark.shows("rfc3461", "4.1")
@ALL
@pytest.mark.parametrize(
    ("notify", "told"), [((), True), (("FAILURE", "DELAY"), True), (("NEVER",), False), (("SUCCESS",), False)]
)
def test_notify_is_obeyed(world, notify, told):
    """NOTIFY without FAILURE, or NEVER, suppresses the report (RFC 3461 section 4.1)."""
    at = world()
    reports, ((what, because),) = tell(at, item_from(at, SENDER), failure(notify=frozenset(notify)))
    assert bool(reports) is told
    assert isinstance(what, Notified if told else Withheld)
    assert told or because.rule == "NOTIFY of bob@fabrikam.com"


@ALL
def test_only_those_who_want_to_know(world):
    """Of two failures the one with NOTIFY=NEVER does not appear, and that is written down."""
    at = world()
    silent = failure("a@b.example", notify=frozenset({"NEVER"}))
    (report,), written = tell(at, item_from(at, SENDER), silent, failure())
    assert b"a@b.example" not in report.message.to_bytes()
    assert [type(what) for what, _ in written] == [Withheld, Notified]
    assert [str(path) for path in written[0][0].about] == ["a@b.example"]


@ALL
def test_only_of_failures_it_is_written_that_nobody_is_told(world):
    """Nobody expects to hear of every delivery, so that it is not told is no news."""
    at = world()
    assert tell(at, item_from(at, SENDER), action=Action.DELIVERED) == ([], [])
    assert tell(at, item_from(at, ""), action=Action.DELAYED) == ([], [])


@pytest.mark.shows("rfc5321", "6.1")
@ALL
def test_a_report_goes_back_with_a_null_reverse_path(world):
    """The envelope of a report: from <>, to the sender (RFC 5321 section 6.1)."""
    at = world()
    report = reported(at)
    assert report is not None
    assert report.envelope.reverse_path is None
    assert report.envelope.paths == (Mailbox("alice", "contoso.com"),)
    assert report.report
    assert fates(at, report) == {"alice@contoso.com": Deliver(Mailbox("alice", "contoso.com"))}


@ALL
def test_a_failing_report_ends_there(world):
    """No report about a report."""
    at = world()
    report = reported(at)
    assert report is not None
    reports, written = tell(at, report, failure("alice@contoso.com"))
    assert reports == []
    assert [type(what) for what, _ in written] == [Withheld]


@pytest.mark.shows("rfc3464", "2")
@ALL
def test_the_machine_readable_part(world):
    """The remote's own code and text, who gave it, and the ENVID and ORCPT the sender gave."""
    report = reported(world(), failure(orcpt="rfc822;rob@fabrikam.com"), envid="x+2By")
    assert report is not None
    message = parsed(report)
    assert message.get_content_type() == "multipart/report"
    assert not message.defects
    about, who = (dict(block.items()) for block in message.get_payload(1).get_payload())
    assert about["Original-Envelope-Id"] == "x+y"
    assert who == {
        "Original-Recipient": "rfc822;rob@fabrikam.com",
        "Final-Recipient": "rfc822;bob@fabrikam.com",
        "Action": "failed",
        "Status": "5.1.1",
        "Diagnostic-Code": "smtp;550 5.1.1 User unknown",
        "Remote-MTA": "dns;mx.fabrikam.com",
        **({"X-Display-Name": "bob@fabrikam.com"} if world is exchange_online else {}),
    }


@pytest.mark.shows("rfc3461", "4.3")
@ALL
def test_ret_hdrs_returns_the_header(world):
    """RET=HDRS limits a failure report to the header (RFC 3461 section 4.3)."""
    report = reported(world(), ret="HDRS")
    assert report is not None
    assert parsed(report).get_payload(2).get_content_type() == "text/rfc822-headers"


@pytest.mark.parametrize(
    ("world", "limit"), [(exchange_server, 10 * 1024**2), (exchange_online, 10 * 1024**2), (internet, 50_000)]
)
def test_large_originals_are_not_returned(world, limit):
    """ExternalDsnMaxMessageAttachSize 10 MB, Postfix bounce_size_limit 50 000: beyond, only the header."""
    for size, kept in ((limit, "message/rfc822"), (limit + 1, "text/rfc822-headers")):
        big = Message.from_bytes(b"Subject: x\r\n\r\n".ljust(size, b"x"))
        report = reported(world(), message=big)
        assert report is not None
        assert f"Content-Type: {kept}".encode() in report.message.body


@ALL
def test_remote_words_in_any_encoding(world):
    """A refusal in Latin-1 is reported, not crashed over."""
    report = reported(world(), failure(answer=reply(550, "5.1.1", "caf\udce9")))
    assert report is not None
    assert b"caf\xe9" in report.message.to_bytes()


@ALL
def test_a_sender_beyond_ascii(world):
    """The report to an internationalized sender needs SMTPUTF8 too (RFC 6531 section 3.7.3)."""
    report = reported(world(), sender="ü@contoso.com", smtputf8=True)
    assert report is not None
    assert report.envelope.smtputf8


# --- Exchange's own layout -----------------------------------------------------------------------------------


@pytest.mark.parametrize("world", [exchange_server, exchange_online])
def test_the_header_of_an_exchange_report(world):
    """Undeliverable, auto-replied, marked as NDR, in reply to the original."""
    report = reported(world())
    assert report is not None
    value = report.message.value
    assert value("Subject") == "Undeliverable: hi"
    assert value("Auto-Submitted") == "auto-replied"
    assert report.message.values("X-MS-Exchange-Message-Is-Ndr") == ("",)
    assert value("In-Reply-To") == value("References") == "<m1@contoso.com>"


def words_of(report) -> str:
    """Return the part for people."""
    assert report is not None
    return parsed(report).get_payload(0).get_content().replace("\r\n", "\n")


def test_the_words_of_exchange_server():
    """Recipients first, then eight empty lines and the administrator's block with server, reply and header."""
    at = exchange_server()
    text = words_of(reported(at))
    assert text.startswith(
        "Delivery has failed to these recipients or groups:\n\nbob@fabrikam.com<mailto:bob@fabrikam.com>\n"
    )
    block = f"Diagnostic information for administrators:\n\nGenerating server: {at.mta.fqdn}\n"
    assert "\n" * 9 + block in text
    assert "Remote Server returned '550 5.1.1 User unknown'" in text
    assert "Original message headers:\n\n" in text


def test_the_words_of_exchange_online():
    """What was refused is told with Error Details and the server that generated the report."""
    at = exchange_online()
    text = words_of(reported(at, replace(failure(), address=IPv4Address("192.0.2.20"))))
    assert text.startswith("Your message to bob@fabrikam.com couldn't be delivered.\n")
    assert (
        "Error Details\nRecipient Address: bob@fabrikam.com\nReported error: 550 5.1.1 User unknown\n"
        f"DSN generated by: {at.mta.fqdn}\nRemote server: mx.fabrikam.com (192.0.2.20)\n"
    ) in text


def test_what_expired_in_exchange_online():
    """The legacy block, with the expiry above the last attempt."""
    at = exchange_online()
    error = reply(450, "4.4.316", "Connection refused [Message=Socket error code 10061]")
    last = LastTry(START, error, "mx.fabrikam.com", IPv4Address("192.0.2.20"))
    expired = reply(550, "5.4.316", "Message expired, connection refused(Socket error code 10061)")
    text = words_of(reported(at, replace(failure(answer=expired, remote=""), last_try=last)))
    assert (
        f"bob@fabrikam.com\n{mail_date(START)} - Server at {at.mta.fqdn} returned '{expired}'\n"
        f"{mail_date(START)} - Server at mx.fabrikam.com (192.0.2.20) returned '{error}'\n"
    ) in text


@pytest.mark.parametrize("world", [exchange_server, exchange_online])
def test_the_original_in_a_report_passes_the_firewall(world):
    """Organization fields of the original are stripped; CrossPremises ones were seen to survive in copies."""
    report = reported(world())
    assert report is not None
    assert b"X-MS-Exchange-Organization-AuthAs: Internal" not in report.message.body
    assert b"X-MS-Exchange-CrossPremises-AuthAs: Internal" in report.message.body


@pytest.mark.parametrize(
    ("sender", "who"),
    [
        ("alice@contoso.com", "MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@contoso.com"),
        ("ann@fabrikam.com", "postmaster@contoso.com"),
    ],
)
def test_who_reports_on_premises(sender, who):
    """The Microsoft Exchange recipient to people inside, postmaster of the default domain to others."""
    report = reported(exchange_server(), sender=sender)
    assert report is not None
    assert report.message.value("From") == f"Microsoft Outlook <{who}>"


def test_who_reports_without_an_accepted_domain():
    """A server without accepted domains reports as postmaster of its own name."""
    at = exchange_server()
    config = replace(at.mta.config, organization=replace(at.mta.config.organization, accepted_domains=()))
    at = replace(at, mta=replace(at.mta, config=config))
    report = reported(at)
    assert report is not None
    assert report.message.value("From") == "Microsoft Outlook <postmaster@mail.contoso.com>"


def test_who_reports_elsewhere():
    """The tenant's postmaster, and MAILER-DAEMON of an internet MTA."""
    online, generic = reported(exchange_online()), reported(internet())
    assert online is not None
    assert online.message.value("From") == "Microsoft Outlook <postmaster@contoso.com>"
    assert generic is not None
    assert generic.message.value("From") == "Mail Delivery System <MAILER-DAEMON@mx.contoso.com>"


@pytest.mark.parametrize(
    ("answer", "remote", "shown"),
    [
        (
            reply(550, "", "No such user"),
            "mx.fabrikam.com",
            "550 5.1.351 Remote server returned unknown recipient or mailbox unavailable -> 550 No such user",
        ),
        (UNKNOWN, "mx.fabrikam.com", "550 5.1.1 User unknown"),
        (reply(554, "", "Go away"), "mx.fabrikam.com", "554 Go away"),
        (
            reply(550, "5.1.10", "RESOLVER.ADR.RecipientNotFound"),
            "",
            "550 5.1.10 RESOLVER.ADR.RecipientNotFound",
        ),
    ],
)
def test_exchange_online_wraps_a_bare_550(answer, remote, shown):
    """Observed: a remote 550 without enhanced code becomes 5.1.351, others are reported unchanged."""
    report = reported(exchange_online(), failure(answer=answer, remote=remote))
    assert report is not None
    assert dict(parsed(report).get_payload(1).get_payload(1).items())["Diagnostic-Code"] == f"smtp;{shown}"


def test_a_report_about_a_message_that_came_by_smtp():
    """Received-From-MTA is the name the client gave, absent for mail handed in."""
    at = exchange_server()
    item = replace(item_from(at, "ann@fabrikam.com"), facts=session(at).facts)
    report = kind(at).report(at, item, (failure(),), "m1.dsn", Action.FAILED).value
    assert report is not None
    about = dict(parsed(report).get_payload(1).get_payload(0).items())
    assert about["Received-From-MTA"] == "dns;client.example"
    handed_in = reported(at)
    assert handed_in is not None
    assert "Received-From-MTA" not in parsed(handed_in).get_payload(1).get_payload(0)
