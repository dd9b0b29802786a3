"""What sender authentication never does: ask the real DNS, look at the clock, or cost those who do without."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path

import pytest
from dns_tables import Table, txt

from mailsim.mail.message import Message
from mailsim.sender_authentication import arc, dkim, dmarc, mta_sts, tls_rpt, tlsa
from mailsim.sender_authentication.dmarc_record import Edition
from mailsim.sender_authentication.spf import SpfResult, check_host

VECTORS = Path(__file__).parents[1] / "corpora" / "own" / "dkim"
AT = datetime(2026, 1, 2, 9, tzinfo=UTC)
LIBRARIES = ("spf", "dkim", "nacl", "authres", "publicsuffixlist", "dns")


class OutsideTouchedError(Exception):
    """Something was asked that is not the caller's."""


@pytest.fixture
def nothing_outside(monkeypatch):
    """Make every socket and resolver an error, and the clock show another century."""

    def refuse(*_, **__):
        raise OutsideTouchedError

    for name in ("socket", "getaddrinfo", "gethostbyname", "create_connection"):
        monkeypatch.setattr(socket, name, refuse)
    monkeypatch.setattr(time, "time", lambda: 4_000_000_000.0)


def everything(message, key, lookup):
    """Ask all of it, and return what does not depend on objects."""
    signed = message.with_top(dkim.sign(message, key, at=AT))
    spf = check_host(ip_address("192.0.2.1"), "ann@corp.example", "mail.corp.example", lookup=lookup, at=AT)
    found = dkim.verify(signed, lookup=lookup, at=AT)
    for edition in Edition:
        dmarc.evaluate(["a.corp.example"], dmarc.identifiers(spf, found), lookup=lookup, edition=edition)
    arc.verify(signed, lookup=lookup)
    mta_sts.refresh("corp.example", lookup=lookup, fetch=lambda _: mta_sts.Fetched(), cached=None, at=AT)
    tlsa.evaluate("mail.corp.example", [], lookup=lookup, at=AT)
    tls_rpt.find_reporting("corp.example", lookup=lookup)
    return spf.result, [each.result for each in found], signed.header[0].raw


def test_neither_network_nor_clock_is_touched(nothing_outside):
    """With sockets forbidden and a clock a century ahead, everything is as it was."""
    vectors = json.loads((VECTORS / "vectors.json").read_text(encoding="utf-8"))
    key = dkim.SigningKey(
        domain="corp.example", selector="s2048", private_key=vectors["private_keys_pem"]["s2048"]
    )
    message = Message.from_bytes(b"From: ann@corp.example\r\nSubject: x\r\n\r\nHello\r\n")
    records = vectors["dns_txt"] | {"corp.example": "v=spf1 mx ptr a:x.example exists:%{i}.example -all"}
    result, signatures, raw = everything(message, key, txt(records))
    assert result is SpfResult.PERMERROR
    assert signatures == [dkim.DkimResult.PASS]
    assert f"t={int(AT.timestamp())}".encode() in raw


def test_a_silent_dns_asks_nobody_else(nothing_outside):
    """A time-out of the caller's DNS is a temporary error, not a reason to ask elsewhere."""
    message = Message.from_bytes((VECTORS / "ok-rsa2048-relaxed-relaxed.eml").read_bytes())
    names = frozenset({"corp.example", "s2048._domainkey.corp.example"})
    (verdict,) = dkim.verify(message, lookup=Table({}, silent=names), at=AT)
    assert verdict.result is dkim.DkimResult.TEMPERROR


@pytest.mark.parametrize(
    "program",
    [
        "import mailsim.cli.group",
        "import mailsim.api, mailsim.config.load, mailsim.mta.registry; list(mailsim.mta.registry.Kinds().items())",
        "import mailsim.sender_authentication.authentication_results, mailsim.sender_authentication.mta_sts",
    ],
)
def test_who_does_without_pays_nothing(program):
    """Neither the command line nor a scenario nor the results alone import the libraries."""
    check = f"{program}\nimport sys; print([name for name in {LIBRARIES!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
