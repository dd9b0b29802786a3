"""Authentication-Results and Received-SPF in the form of the RFCs, written and read."""

from __future__ import annotations

from datetime import UTC, datetime
from ipaddress import ip_address

import pytest
from dns_tables import Table, txt

from mailsim.mail.message import Message
from mailsim.sender_authentication import dmarc
from mailsim.sender_authentication.arc import verify as verify_arc
from mailsim.sender_authentication.authentication_results import (
    MethodResult,
    authentication_results,
    read_results,
    received_spf,
)
from mailsim.sender_authentication.dkim import verify as verify_dkim
from mailsim.sender_authentication.spf import check_host

AT = datetime(2026, 1, 2, 9, tzinfo=UTC)
DNS = txt({"corp.example": "v=spf1 ip4:192.0.2.0/24 -all", "_dmarc.corp.example": "v=DMARC1; p=reject"})
MESSAGE = Message.from_bytes(
    b"DKIM-Signature: v=1; a=rsa-sha256; d=corp.example; s=gone; h=from; bh=AAAA; b=AAAA\r\n"
    b"From: ann@corp.example\r\n\r\nHello\r\n"
)


def spf(client="192.0.2.1", sender="ann@corp.example", lookup=DNS):
    """Evaluate SPF."""
    return check_host(ip_address(client), sender, "mail.corp.example", lookup=lookup, at=AT)


@pytest.mark.shows("rfc8601", "2.2")
def test_all_results_stand_in_one_field():
    """The host, then one result a method with what it was found for."""
    checked, signed = spf(), verify_dkim(MESSAGE, lookup=DNS, at=AT)
    judged = dmarc.evaluate(["corp.example"], dmarc.identifiers(checked, signed), lookup=DNS)
    made = authentication_results(
        "mx.example", spf=checked, dkim=signed, dmarc=judged, arc=verify_arc(MESSAGE, lookup=DNS)
    )
    assert made.raw.decode().split("\r\n") == [
        "Authentication-Results: mx.example;",
        "\tspf=pass smtp.mailfrom=corp.example;",
        '\tdkim=permerror reason="no key for signature" header.d=corp.example header.s=gone;',
        "\tdmarc=pass header.from=corp.example policy.published-domain-policy=reject;",
        "\tarc=none",
        "",
    ]
    assert read_results(made.value)[:2] == (
        MethodResult("spf", "pass", {"smtp.mailfrom": "corp.example"}),
        MethodResult("dkim", "permerror", {"header.d": "corp.example", "header.s": "gone"}),
    )


def test_nothing_evaluated_and_nothing_signed():
    """A host that checked nothing says none; no signature is a result of DKIM; a null reverse-path has HELO's name."""
    assert authentication_results("mx.example").value == "mx.example;\tnone"
    assert authentication_results("mx.example", dkim=()).value == "mx.example;\tdkim=none"
    written = authentication_results("mx.example", spf=spf(sender="")).value
    assert written == "mx.example;\tspf=none smtp.helo=mail.corp.example"


@pytest.mark.shows("rfc7208", "9.1")
def test_received_spf_says_what_matched():
    """The result, a comment for people, and what it was found for."""
    assert received_spf(spf(), "mx.example").raw.decode().split("\r\n\t") == [
        "Received-SPF: pass (mx.example: domain of ann@corp.example designates 192.0.2.1 as permitted sender)",
        "client-ip=192.0.2.1;",
        'envelope-from="ann@corp.example";',
        "helo=mail.corp.example;",
        "receiver=mx.example;",
        "identity=mailfrom;",
        "mechanism=ip4:192.0.2.0/24\r\n",
    ]


def test_received_spf_names_the_problem():
    """An error says what it was."""
    silent = spf(lookup=Table({}, silent=frozenset({"corp.example"})))
    assert 'problem="DNS no answer for TXT corp.example"' in received_spf(silent, "mx.example").value


def test_results_of_another_host_are_read():
    """Comments, also nested ones, versions and quoted values do not disturb."""
    text = (
        "i=1; mx.microsoft.com 1; spf=pass (sender ip is 192.0.2.1 (x)) smtp.rcpttodomain=a.example "
        'smtp.mailfrom=corp.example; dmarc=pass (p=reject sp=none pct=100) action=none header.from="corp.example"; '
        "DKIM/1=Pass (signature was verified) header.d=corp.example; arc=none (0)"
    )
    assert read_results(text) == (
        MethodResult("spf", "pass", {"smtp.rcpttodomain": "a.example", "smtp.mailfrom": "corp.example"}),
        MethodResult("dmarc", "pass", {"header.from": "corp.example"}),
        MethodResult("dkim", "pass", {"header.d": "corp.example"}),
        MethodResult("arc", "none"),
    )
