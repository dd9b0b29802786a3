"""What an EHLO reply offers (RFC 5321 section 4.1.1.1)."""

from __future__ import annotations

import pytest

from mailsim.mail.capability import NONE_OFFERED, Capabilities
from mailsim.mail.reply import Reply


def offered(*lines: str) -> Capabilities:
    """Read the answer of mx.example with these keyword lines."""
    return Capabilities.from_reply(Reply(250, "", ("mx.example Hello", *lines)))


@pytest.mark.parametrize(
    ("lines", "names"),
    [
        ((), set()),
        (("STARTTLS", "PIPELINING"), {"STARTTLS", "PIPELINING"}),
        (("starttls", "Size 100"), {"STARTTLS", "SIZE"}),
        (("", "  DSN "), {"DSN"}),
        (("AUTH LOGIN PLAIN",), {"AUTH"}),
    ],
)
def test_keywords_are_read_in_any_case(lines, names):
    """The first line is a greeting, each further one a keyword with parameters."""
    capabilities = offered(*lines)
    assert capabilities.names == names
    assert all(capabilities.offers(name) for name in names)


def test_the_greeting_offers_nothing():
    """A host called STARTTLS does not offer it, and HELO offers nothing at all."""
    assert not Capabilities.from_reply(Reply(250, "", ("STARTTLS",))).offers("STARTTLS")
    assert not NONE_OFFERED.names


@pytest.mark.parametrize(
    ("line", "limit"),
    [
        ("SIZE 37748736", 37748736),
        ("SIZE", None),
        ("SIZE 0", None),
        ("SIZE x", None),
        ("SIZE ²", None),
        ("SIZE " + "9" * 5000, None),
        ("DSN", None),
    ],
)
def test_the_size_limit(line, limit):
    """No number and zero both mean that no fixed maximum is in force (RFC 1870 section 4)."""
    assert offered(line).size_limit == limit
