"""Mailboxes and paths by RFC 5321 section 4.1.2 and RFC 6531 section 3.3."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsim.mail.address import Mailbox, parse_domain, read_path, show_path

CASES = json.loads((Path(__file__).parent / "data" / "address-cases.json").read_text(encoding="utf-8"))[
    "cases"
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["path"][:40])
def test_the_public_cases(case):
    """A path is read exactly when the grammar has it, with nothing left over."""
    try:
        path, rest = read_path(case["path"], postmaster=True)
    except ValueError:
        assert not case["valid"]
        return
    assert case["valid"] == (rest == "")
    if case["valid"]:
        assert (path is not None and path.needs_smtputf8) == case["needs_smtputf8"]


@pytest.mark.parametrize(
    ("text", "path", "rest"),
    [
        ("<>", None, ""),
        ("<> SIZE=1", None, " SIZE=1"),
        ("<Ann@Fabrikam.COM>", Mailbox("Ann", "fabrikam.com"), ""),
        ('<"a b"@b.example> X', Mailbox("a b", "b.example"), " X"),
        (r'<"a\"b"@b.example>', Mailbox('a"b', "b.example"), ""),
        ("<@x.example,@y.example:a@b.example>", Mailbox("a", "b.example"), ""),
        ("<a@[192.0.2.1]>", Mailbox("a", "[192.0.2.1]"), ""),
        ("<a@[IPv6:2001:DB8::1]>", Mailbox("a", "[ipv6:2001:db8::1]"), ""),
    ],
)
def test_a_path_becomes_a_mailbox_and_the_rest(text, path, rest):
    """Domains lose their case, local parts keep it; quotes and source routes are dropped (RFC 5321 2.4, appendix C)."""
    assert read_path(text) == (path, rest)


@pytest.mark.parametrize("text", ["<Postmaster>", "<postmaster>", "<POSTMASTER>"])
def test_postmaster_needs_no_domain_as_a_recipient(text):
    """Only RCPT allows <Postmaster>, in any case (RFC 5321 section 4.1.1.3)."""
    assert read_path(text, postmaster=True) == (Mailbox(text[1:-1], ""), "")
    with pytest.raises(ValueError, match="is not a path"):
        read_path(text)


@pytest.mark.parametrize(
    "text", ["<a@[IPv6:fe80::1%eth0]>", "<a@[IPv6:]>", "<a@[2001:db8::1]>", "<a@[tag:]>"]
)
def test_literals_outside_the_grammar(text):
    """An address literal has no zone, no empty content and no IPv6 without its tag (RFC 5321 section 4.1.3)."""
    with pytest.raises(ValueError):
        read_path(text)


def test_a_lone_surrogate_is_no_address():
    """Octets that are not UTF-8 make a path invalid instead of failing later."""
    with pytest.raises(ValueError):
        read_path("<a\udcff@b.example>")


@pytest.mark.parametrize(
    "mailbox",
    [
        Mailbox("ann", "fabrikam.com"),
        Mailbox("a b", "fabrikam.com"),
        Mailbox('a"b\\c', "fabrikam.com"),
        Mailbox("", "fabrikam.com"),
        Mailbox(".a.", "fabrikam.com"),
        Mailbox("ü", "bücher.example"),
        Mailbox("ann", "[192.0.2.1]"),
    ],
)
def test_writing_a_mailbox_quotes_where_it_must(mailbox):
    """What is written is read again as the same mailbox."""
    assert Mailbox.parse(str(mailbox)) == mailbox
    assert read_path(show_path(mailbox)) == (mailbox, "")


_LOCAL = st.text(
    st.characters(min_codepoint=0x20, max_codepoint=0x2FF, exclude_characters="\x7f"), max_size=20
)


@given(_LOCAL)
def test_any_printable_local_part_survives(local):
    """Quoting is undone by reading, whatever the local part holds."""
    mailbox = Mailbox(local, "b.example")
    assert read_path(f"<{mailbox}>") == (mailbox, "")


@given(st.text(max_size=80))
def test_reading_a_path_never_crashes(text):
    """Any text is a path or a ValueError."""
    for candidate in (text, f"<{text}>", f"<{text}@{text}>"):
        try:
            read_path(candidate, postmaster=True)
        except ValueError:
            continue


def test_keys_ignore_case():
    """Directories look addresses up without regard to case, as Exchange does."""
    assert Mailbox("Ann", "fabrikam.com").key == Mailbox("aNN", "fabrikam.com").key


@pytest.mark.parametrize(
    ("text", "domain"),
    [
        ("Contoso.COM", "contoso.com"),
        ("contoso.com.", "contoso.com"),
        (" a.b ", "a.b"),
        ("bücher.example",) * 2,
    ],
)
def test_domains_are_compared_in_lower_case(text, domain):
    """A domain has no trailing dot and no capitals once it is parsed."""
    assert parse_domain(text) == domain


@pytest.mark.parametrize(
    "text", ["", ".", "a..b", "-a.b", "a_b.example", "*.contoso.com", "[192.0.2.1]", "a" * 64]
)
def test_what_is_no_domain(text):
    """Empty labels, wildcards, literals and long labels are refused."""
    with pytest.raises(ValueError, match="is not a domain name"):
        parse_domain(text)
