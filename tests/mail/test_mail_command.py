"""SMTP commands by RFC 5321 section 4.1 and the extensions' own grammars."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsim.mail.address import Mailbox
from mailsim.mail.command import (
    Auth,
    Bdat,
    Data,
    Ehlo,
    Help,
    Mail,
    Malformed,
    Noop,
    Quit,
    Rcpt,
    Rset,
    StartTls,
    Unknown,
    Vrfy,
    read_command,
)

ANN = Mailbox("ann", "fabrikam.com")


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("EHLO mx.fabrikam.com", Ehlo("mx.fabrikam.com")),
        ("ehlo [192.0.2.1]", Ehlo("[192.0.2.1]")),
        ("EHLO my_host", Ehlo("my_host")),
        ("HELO mx.fabrikam.com", Ehlo("mx.fabrikam.com", extended=False)),
        ("STARTTLS", StartTls()),
        ("starttls  ", StartTls()),
        ("MAIL FROM:<>", Mail(None)),
        ("mail from:<ann@fabrikam.com>", Mail(ANN)),
        ("MAIL FROM: <ann@fabrikam.com>", Mail(ANN)),  # Microsoft's telnet examples write a space
        (
            "MAIL FROM:<ann@fabrikam.com> SIZE=12  BODY=8BITMIME",
            Mail(ANN, {"SIZE": "12", "BODY": "8BITMIME"}),
        ),
        ("MAIL FROM:<ann@fabrikam.com> smtputf8 ret=hdrs", Mail(ANN, {"SMTPUTF8": "", "RET": "hdrs"})),
        ("MAIL FROM:<ann@fabrikam.com> ENVID=a+20b", Mail(ANN, {"ENVID": "a+20b"})),
        ("MAIL FROM:<ann@fabrikam.com> XOORG=fabrikam.com", Mail(ANN, {"XOORG": "fabrikam.com"})),
        ("RCPT TO:<ann@fabrikam.com>", Rcpt(ANN)),
        ("RCPT TO:<Postmaster>", Rcpt(Mailbox("Postmaster", ""))),
        (
            "RCPT TO:<ann@fabrikam.com> NOTIFY=SUCCESS,delay ORCPT=rfc822;ann+2Bx@fabrikam.com",
            Rcpt(ANN, {"NOTIFY": "SUCCESS,delay", "ORCPT": "rfc822;ann+2Bx@fabrikam.com"}),
        ),
        ("DATA", Data()),
        ("BDAT 10", Bdat(10, last=False)),
        ("BDAT 0 last", Bdat(0, last=True)),
        ("RSET", Rset()),
        ("NOOP whatever", Noop()),
        ("QUIT", Quit()),
        ("VRFY ann", Vrfy()),
        ("EXPN list", Vrfy()),
        ("HELP MAIL", Help()),
        ("XYZZY now", Unknown("XYZZY")),
        ("", Unknown("")),
        ("auth login", Auth("LOGIN")),
        ("AUTH PLAIN AGEAYg==", Auth("PLAIN", "AGEAYg==")),
    ],
)
def test_lines_become_commands(line, command):
    """Verbs and keywords are read in any case; a verb not spoken here is kept by name."""
    assert read_command(line) == command


@pytest.mark.parametrize(
    ("line", "in_path"),
    [
        ("EHLO", False),
        ("EHLO two words", False),
        ("EHLO caf\udce9", False),
        ("STARTTLS now", False),
        ("DATA now", False),
        ("RSET now", False),
        ("QUIT now", False),
        ("MAIL", False),
        ("MAIL <ann@fabrikam.com>", False),
        ("MAIL FROM:ann@fabrikam.com", True),
        ("MAIL FROM:<ann>", True),
        ("MAIL FROM:<Postmaster>", True),
        ("MAIL FROM:<ann@fabrikam.com>SIZE=1", False),
        ("MAIL FROM:<ann@fabrikam.com> SIZE=", False),
        ("MAIL FROM:<ann@fabrikam.com> SIZE=-1", False),
        ("MAIL FROM:<ann@fabrikam.com> SIZE=1 size=2", False),
        ("MAIL FROM:<ann@fabrikam.com> SIZE=123456789012345678901", False),  # rfc1870:4 up to 20 digits
        ("MAIL FROM:<ann@fabrikam.com> BODY", False),
        ("MAIL FROM:<ann@fabrikam.com> BODY=9BIT", False),
        ("MAIL FROM:<ann@fabrikam.com> RET=SOME", False),
        ("MAIL FROM:<ann@fabrikam.com> SMTPUTF8=yes", False),
        ("MAIL FROM:<ann@fabrikam.com> =x", False),
        ("MAIL FROM:<ann@fabrikam.com> X=a=b", False),  # rfc5321:4.1.2 esmtp-value has no "="
        ("MAIL FROM:<ann@fabrikam.com> X=a\tb", False),
        ("MAIL FROM:<ann@fabrikam.com> ENVID=a+2", False),  # rfc3461:4 xtext
        ("MAIL FROM:<ann@fabrikam.com> ENVID=a+0D+0AX:+20y", False),  # rfc3461:4.4 printable only
        ("MAIL FROM:<ann@fabrikam.com> ENVID=" + "x" * 101, False),
        ("RCPT TO:<>", True),
        ("RCPT TO:<ann@fabrikam.com", True),
        ("RCPT TO:<ann@fabrikam.com> NOTIFY=NEVER,SUCCESS", False),  # rfc3461:4.1 NEVER stands alone
        ("RCPT TO:<ann@fabrikam.com> NOTIFY=", False),
        ("RCPT TO:<ann@fabrikam.com> ORCPT=ann@fabrikam.com", False),
        ("RCPT TO:<ann@fabrikam.com> ORCPT=rfc822;a+0Ab", False),
        ("RCPT FROM:<ann@fabrikam.com>", False),
        ("BDAT", False),
        ("BDAT x", False),
        ("BDAT -1 LAST", False),
        ("BDAT 1 FIRST", False),
        ("BDAT ² LAST", False),
    ],
)
def test_arguments_outside_the_grammar(line, in_path):
    """A known verb with a wrong argument is Malformed, and says whether the address is to blame."""
    command = read_command(line)
    assert isinstance(command, Malformed)
    assert command.verb == line.split(" ")[0].upper()
    assert command.in_path is in_path


@given(
    st.text(max_size=60),
    st.sampled_from(["", "EHLO ", "MAIL FROM:<a@b> ", "RCPT TO:", "RCPT TO:<a@b> ORCPT=", "BDAT "]),
)
def test_reading_never_crashes(text, verb):
    """Any line is a command, a Malformed or an Unknown."""
    read_command(verb + text)
