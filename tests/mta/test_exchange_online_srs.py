"""Rewritten senders: their forms, the way back, and which departures get one.

Source: "Sender Rewriting Scheme (SRS) in Microsoft 365".
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from builders import START
from exchange_worlds import service, tenant, view

from mailsim.mail.address import Mailbox
from mailsim.mta.exchange_online.send import srs
from mailsim.mta.history import History, Transaction

BOB, WORK = Mailbox.parse("Bob@fabrikam.com"), Mailbox.parse("john.work@contoso.com")
LONG = Mailbox("j" * 50, "contoso.com")
CONTOSO = tenant("contoso", "contoso.com", "fourth.contoso.com")


def test_the_documented_form():
    """mailbox+SRS=hash=timestamp=domain=user@domain, as in the page's example."""
    written = str(srs.rewrite(BOB, WORK, CONTOSO, START))
    assert re.fullmatch(r"john\.work\+SRS=[a-z2-7]{5}=[A-Z2-7]{2}=fabrikam\.com=Bob@contoso\.com", written)


def test_it_is_the_same_each_time_and_another_the_next_day():
    """Hash and timestamp follow from the addresses and the simulated day."""
    assert srs.rewrite(BOB, WORK, CONTOSO, START) == srs.rewrite(BOB, WORK, CONTOSO, START)
    later = srs.rewrite(BOB, WORK, CONTOSO, START + timedelta(days=1))
    assert srs.rewrite(BOB, WORK, CONTOSO, START) != later


@pytest.mark.parametrize("mailbox", [LONG, Mailbox("j" * 36, "contoso.com")])
def test_a_long_local_part(mailbox):
    """Over 64 characters: bounces+SRS=hash=timestamp at the default accepted domain."""
    written = str(srs.rewrite(BOB, mailbox, CONTOSO, START))
    assert re.fullmatch(r"bounces\+SRS=[a-z2-7]{5}=[A-Z2-7]{2}@contoso\.com", written)


def test_the_longest_local_part_that_fits():
    """64 characters are allowed."""
    written = srs.rewrite(BOB, Mailbox("j" * 34, "contoso.com"), CONTOSO, START)
    assert len(written.local_part) == 64


@pytest.mark.parametrize(
    "original",
    ["Bob@fabrikam.com", "a=b@fabrikam.com", '"a b"@fabrikam.com', "x@[192.0.2.1]", "ö@fabrikam.com"],
)
def test_the_way_back(original):
    """A bounce goes to the sender as it was, whatever is in its local part."""
    sender = Mailbox.parse(original)
    assert srs.returns_to(CONTOSO, srs.rewrite(sender, Mailbox("j", "contoso.com"), CONTOSO, START)) == sender


@pytest.mark.parametrize(
    "address",
    [
        "john@contoso.com",
        "john+tag@contoso.com",
        "john.work+SRS=aaaaa=IX=fabrikam.com=bob@contoso.com",  # the hash is wrong
        "john.work+SRS=44ldt@contoso.com",
        "john.work+SRS=44ldt=IX@contoso.com",
        "john.work+SRS=44ldt=IX=fabrikam.com=bob@fabrikam.com",  # no domain of the tenant
    ],
)
def test_addresses_that_are_no_rewritten_senders(address):
    """Nobody can have mail relayed by writing such an address."""
    assert srs.returns_to(CONTOSO, Mailbox.parse(address)) is None


def test_the_short_form_returns_to_the_mailbox_for_bounces():
    """It says nothing of the original sender."""
    short = srs.rewrite_relayed(BOB, CONTOSO, START)
    assert srs.returns_to(CONTOSO, short) == Mailbox("bounces", "contoso.com")
    assert not srs.is_known(CONTOSO, short)


def test_our_own_reports_find_the_original_of_the_short_form():
    """Among the senders that were here before."""
    at = view(service(CONTOSO))
    history = History()
    for sender in (WORK, BOB, None):
        history.add(Transaction(START, None, "", sender))
    at = replace(at, history=history)
    short = srs.rewrite_relayed(BOB, CONTOSO, START)
    assert srs.original_of(at, CONTOSO, short) == BOB
    assert srs.original_of(at, CONTOSO, srs.rewrite(BOB, WORK, CONTOSO, START)) == BOB
    assert srs.original_of(at, CONTOSO, WORK) == WORK
    unseen = srs.rewrite_relayed(Mailbox.parse("x@y.example"), CONTOSO, START)
    assert srs.original_of(at, CONTOSO, unseen) == unseen
