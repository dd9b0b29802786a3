"""Delivery status notifications, held against RFC 3464 by the standard library's parser."""

from __future__ import annotations

import email
from datetime import UTC, datetime
from email import policy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsim.mail.address import Mailbox
from mailsim.mail.date import mail_date
from mailsim.mail.dsn import RecipientStatus, Report, write_report
from mailsim.mail.message import Message, header_field
from mailsim.mail.reply import Reply, reply
from mailsim.mail.xtext import decode_xtext, encode_xtext, typed_address

ORIGINAL = Message.from_bytes(b"From: ann@fabrikam.com\r\nSubject: hi\r\n\r\nhello\r\n--report--\r\n")
UNKNOWN = reply(550, "5.1.1", "User unknown")
HEADER = (header_field("From", "postmaster@contoso.com"), header_field("To", "ann@fabrikam.com"))


def status(path: str = "bob@contoso.com", **more) -> RecipientStatus:
    """Describe a failed recipient."""
    told = {"orcpt": "", "action": "failed", "reply": UNKNOWN, "remote_mta": ""} | more
    return RecipientStatus(final=Mailbox.parse(path), **told)


def report(*recipients: RecipientStatus, **more) -> Report:
    """Describe a report about ORIGINAL."""
    told = {
        "reporting_mta": "mail.contoso.com",
        "received_from": "mx.fabrikam.com",
        "arrival": datetime(2026, 1, 2, 9, 0, tzinfo=UTC),
        "envid": "",
        "human": "Sorry.\n",
        "original": ORIGINAL,
        "headers_only": False,
    } | more
    return Report(recipients=recipients or (status(),), **told)


def parsed(made: Report) -> email.message.EmailMessage:
    """Write a report and read it as any mail program would."""
    data = write_report(made, HEADER, "<m1.dsn@mail.contoso.com>").to_bytes()
    return email.message_from_bytes(data, policy=policy.default)


def fields(made: Report, block: int) -> dict[str, str]:
    """Return a block of the machine-readable part: 0 is about the message, the others about recipients."""
    part = parsed(made).get_payload(1)
    return dict(part.get_payload(block).items())


def test_the_structure():
    """Three parts: words, status, the original (RFC 6522 section 3)."""
    message = parsed(report())
    assert message.get_content_type() == "multipart/report"
    assert message.get_param("report-type") == "delivery-status"
    assert not message.defects
    kinds = [part.get_content_type() for part in message.get_payload()]
    assert kinds == ["text/plain", "message/delivery-status", "message/rfc822"]
    assert message.get_payload(0).get_content().splitlines() == ["Sorry."]
    assert message["Message-ID"] == "<m1.dsn@mail.contoso.com>"


def test_the_original_is_returned_whole():
    """The third part is the message, octet for octet."""
    data = write_report(report(), HEADER, "<m1.dsn@x.example>").to_bytes()
    assert ORIGINAL.to_bytes() in data


def test_only_the_header_is_returned_on_demand():
    """RET=HDRS, or a large message, returns text/rfc822-headers (RFC 3461 section 4.3)."""
    part = parsed(report(headers_only=True)).get_payload(2)
    assert part.get_content_type() == "text/rfc822-headers"
    assert "Subject: hi" in part.get_payload()
    assert "hello" not in part.get_payload()


def test_the_fields_about_the_message():
    """RFC 3464 section 2.2: reporting MTA, where it came from, when, and the envelope id as it was meant."""
    assert fields(report(envid="a+20b"), 0) == {
        "Original-Envelope-Id": "a b",
        "Reporting-MTA": "dns;mail.contoso.com",
        "Received-From-MTA": "dns;mx.fabrikam.com",
        "Arrival-Date": "Fri, 2 Jan 2026 09:00:00 +0000",
    }


def test_what_is_not_known_is_left_out():
    """Optional fields without content do not appear."""
    assert set(fields(report(received_from=""), 0)) == {"Reporting-MTA", "Arrival-Date"}
    assert set(fields(report(), 1)) == {"Final-Recipient", "Action", "Status", "Diagnostic-Code"}


def test_the_fields_about_a_recipient():
    """RFC 3464 section 2.3: original and final recipient, action, status, the reply and who gave it."""
    about = status(orcpt="rfc822;al+2Bice@contoso.com", remote_mta="mx.contoso.com")
    assert fields(report(about), 1) == {
        "Original-Recipient": "rfc822;al+ice@contoso.com",
        "Final-Recipient": "rfc822;bob@contoso.com",
        "Action": "failed",
        "Status": "5.1.1",
        "Diagnostic-Code": "smtp;550 5.1.1 User unknown",
        "Remote-MTA": "dns;mx.contoso.com",
    }


def test_each_recipient_has_a_block():
    """One block a recipient, in order."""
    made = report(status("a@contoso.com"), status("b@contoso.com"))
    assert [fields(made, block)["Final-Recipient"][7:8] for block in (1, 2)] == ["a", "b"]


@pytest.mark.parametrize(
    ("answer", "code"),
    [(reply(550, "5.7.54", "x"), "5.7.54"), (reply(550, "", "x"), "5.0.0"), (reply(421, "", "x"), "4.0.0")],
)
def test_the_status_code(answer, code):
    """Without an enhanced code the class of the basic code counts (RFC 3463 section 2)."""
    assert status(reply=answer).status == code


@pytest.mark.parametrize(
    ("answer", "shown"),
    [
        (Reply(550, "5.1.1", ("No", "such user")), "smtp;550 5.1.1 No 5.1.1 such user"),
        (reply(550, "", "caf\udce9"), "smtp;550 caf"),
    ],
)
def test_what_remote_hosts_say_is_reported(answer, shown):
    """Many lines become one, and words in an unknown encoding are no obstacle."""
    assert fields(report(status(reply=answer)), 1)["Diagnostic-Code"].startswith(shown)


def test_addresses_beyond_ascii_are_escaped():
    """An internationalized recipient keeps the status part in ASCII (RFC 6533 section 3)."""
    about = status("ü@contoso.com", orcpt=r"utf-8;\x{FC}@contoso.com")
    found = fields(report(about), 1)
    assert found["Final-Recipient"] == found["Original-Recipient"] == r"utf-8;\x{FC}@contoso.com"


def test_the_same_report_has_the_same_bytes():
    """Nothing in a report is random: two are equal octet for octet."""
    first, second = (write_report(report(), HEADER, "<m1.dsn@x.example>") for _ in range(2))
    assert first.to_bytes() == second.to_bytes()


_ASCII = st.text(st.characters(max_codepoint=0x7F))


@given(_ASCII)
def test_xtext_is_undone(text):
    """Decoding what was encoded gives the text back, and the code needs only printable characters."""
    encoded = encode_xtext(text)
    assert decode_xtext(encoded) == text
    assert all("!" <= letter <= "~" and letter != "=" for letter in encoded)


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_typed_addresses_fit_into_a_parameter(text):
    """Whatever the address, ORCPT is printable ASCII without spaces."""
    assert all("!" <= letter <= "~" and letter != "=" for letter in typed_address(text))


@pytest.mark.parametrize(
    ("at", "text"),
    [
        (datetime(2026, 1, 2, 9, 0, tzinfo=UTC), "Fri, 2 Jan 2026 09:00:00 +0000"),
        (datetime(2024, 2, 29, 23, 59, 59, tzinfo=UTC), "Thu, 29 Feb 2024 23:59:59 +0000"),
    ],
)
def test_dates(at, text):
    """Days and months are English whatever the machine's locale (RFC 5322 section 3.3)."""
    assert mail_date(at) == text
