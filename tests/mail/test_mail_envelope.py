"""Envelopes: who hears of a failure, and under which address a recipient was first known (RFC 3461)."""

from __future__ import annotations

import pytest

from mailsim.mail.address import Mailbox
from mailsim.mail.envelope import Recipient, orcpt_of

ALICE, ROUTED = Mailbox("alice", "contoso.com"), Mailbox("alice", "contoso.mail.onmicrosoft.com")


@pytest.mark.parametrize(
    ("notify", "wants"),
    [
        ((), True),
        (("FAILURE",), True),
        (("SUCCESS", "FAILURE"), True),
        (("NEVER",), False),
        (("SUCCESS", "DELAY"), False),
    ],
)
def test_who_wants_to_hear_of_failures(notify, wants):
    """Without NOTIFY failures are reported; with it only where FAILURE is named (RFC 3461 section 4.1)."""
    assert Recipient(ALICE, notify=frozenset(notify)).wants("FAILURE") is wants


@pytest.mark.parametrize(
    ("recipient", "new", "orcpt"),
    [
        (Recipient(ALICE), ROUTED, "rfc822;alice@contoso.com"),
        (Recipient(ALICE), ALICE, ""),
        (Recipient(ROUTED, "rfc822;first@contoso.com"), ALICE, "rfc822;first@contoso.com"),
        (Recipient(Mailbox("a+b", "contoso.com")), ROUTED, "rfc822;a+2Bb@contoso.com"),
        (Recipient(Mailbox("ü", "contoso.com")), ROUTED, r"utf-8;\x{FC}@contoso.com"),  # rfc6533:3
    ],
)
def test_the_first_address_is_kept(recipient, new, orcpt):
    """The first change writes ORCPT, later ones leave it alone (RFC 3461 section 5.2.3)."""
    assert orcpt_of(recipient, new) == orcpt
