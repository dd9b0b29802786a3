"""How Exchange Online judges senders: headers, what DMARC leads to, composite authentication, sealers, the address judged."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from ipaddress import IPv4Address, ip_address
from pathlib import Path

import pytest
from dns_tables import Table, txt
from exchange_worlds import facts, inbound, path, service, tenant, view

from mailsim.mail.message import Message, header_field
from mailsim.mta.exchange_online.authentication.anti_phish_policy import AntiPhishPolicy, Treatment
from mailsim.mta.exchange_online.authentication.arc_config import ArcConfig
from mailsim.mta.exchange_online.authentication.arc_sealers import override
from mailsim.mta.exchange_online.authentication.authentication_results import (
    authentication_results,
    choose_signatures,
    received_spf,
)
from mailsim.mta.exchange_online.authentication.composite_authentication import judge_composite
from mailsim.mta.exchange_online.authentication.dmarc_handling import handle
from mailsim.mta.exchange_online.authentication.judged_address import address_to_judge
from mailsim.mta.exchange_online.receive.enhanced_filtering import skip_relays
from mailsim.sender_authentication import arc, dkim, dmarc
from mailsim.sender_authentication.dmarc import Identifier, evaluate
from mailsim.sender_authentication.examination import author_domains, examine
from mailsim.sender_authentication.spf import check_host

VECTORS = Path(__file__).parents[1] / "corpora" / "own" / "dkim" / "vectors.json"
KEYS = json.loads(VECTORS.read_text(encoding="utf-8"))
AT = datetime(2026, 1, 2, 9, tzinfo=UTC)
CORP = dkim.SigningKey(domain="corp.example", selector="s2048", private_key=KEYS["private_keys_pem"]["s2048"])
MESSAGE = Message.from_bytes(b"From: ann@corp.example\r\nTo: bob@contoso.com\r\nSubject: x\r\n\r\nHello\r\n")
RECORDS = KEYS["dns_txt"] | {"corp.example": "v=spf1 ip4:192.0.2.0/24 -all"}
REJECT = {"_dmarc.corp.example": "v=DMARC1; p=reject"}


def point_of_view(**assumptions):
    """Look at the world from the service; open points are decided by name, _ for -."""
    at = view(service(tenant()))
    chosen = {name.replace("_", "-"): choice for name, choice in assumptions.items()}
    return replace(at, world=replace(at.world, assumptions=chosen))


def spf(client="192.0.2.1", sender="ann@corp.example", lookup=None):
    """Evaluate SPF."""
    return check_host(ip_address(client), sender, "mail.corp.example", lookup=lookup or txt(RECORDS), at=AT)


def judged(record, *passed, draw=0):
    """Evaluate DMARC of corp.example, with these identifiers that passed."""
    found = [Identifier(method, domain, "pass") for method, domain in passed]
    found = found or [Identifier("spf", "corp.example", "fail")]
    dns = txt({"_dmarc.corp.example": f"v=DMARC1; {record}"} if record else {})
    return evaluate(["corp.example"], found, lookup=dns, draw=draw)


def header(message, records, client="192.0.2.1", at=None, sender="ann@corp.example"):
    """Return Authentication-Results as the service writes it, unfolded."""
    at = at or point_of_view()
    found = examine(
        message, IPv4Address(client), sender, "mail.corp.example", lookup=txt(RECORDS | records), at=AT
    )
    done = handle(at, AntiPhishPolicy(), found.dmarc, true_source=True, overridden=False).value
    whole = judge_composite(at, found.dmarc, own_domain=False, true_source=True, overridden=False).value
    shown = choose_signatures(at, found.dkim, found.dmarc).value
    return authentication_results(found.spf, shown, found.dmarc, done.action, whole)


@pytest.mark.shows("observed:authentication-results")
@pytest.mark.shows("ms:message-headers-eop-mdo")
def test_the_header_of_a_message_that_passes():
    """Every method, the action and the composite result, folded at 78 columns."""
    signed = MESSAGE.with_top(dkim.sign(MESSAGE, CORP, at=AT))
    assert header(signed, REJECT).raw.decode().split("\r\n") == [
        "Authentication-Results: spf=pass (sender IP is 192.0.2.1)",
        " smtp.mailfrom=corp.example; dkim=pass (signature was verified)",
        " header.d=corp.example;dmarc=pass action=none",
        " header.from=corp.example;compauth=pass reason=100",
        "",
    ]


@pytest.mark.parametrize(
    ("records", "client", "sender", "wanted"),
    [
        (
            {},
            "192.0.2.1",
            "ann@corp.example",
            (
                "spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=corp.example; dkim=none (message not signed) header.d=none;"
                "dmarc=bestguesspass action=none header.from=corp.example;compauth=pass reason=109"
            ),
        ),
        (
            {},
            "198.51.100.1",
            "ann@corp.example",
            (
                "spf=fail (sender IP is 198.51.100.1) smtp.mailfrom=corp.example; dkim=none (message not signed) header.d=none;"
                "dmarc=none action=none header.from=corp.example;compauth=fail reason=001"
            ),
        ),
        (
            {"_dmarc.corp.example": "v=DMARC1; p=quarantine"},
            "198.51.100.1",
            "",
            (
                "spf=none (sender IP is 198.51.100.1) smtp.helo=mail.corp.example; dkim=none (message not signed) header.d=none;"
                "dmarc=fail action=quarantine header.from=corp.example;compauth=fail reason=000"
            ),
        ),
        (
            {"_dmarc.corp.example": "v=DMARC1; p=none"},
            "198.51.100.1",
            "ann@corp.example",
            (
                "spf=fail (sender IP is 198.51.100.1) smtp.mailfrom=corp.example; dkim=none (message not signed) header.d=none;"
                "dmarc=fail action=none header.from=corp.example;compauth=fail reason=001"
            ),
        ),
    ],
)
def test_headers_of_messages_that_are_not_signed(records, client, sender, wanted):
    """A guess says so; a null reverse-path shows the HELO name; a policy of none has no action."""
    assert header(MESSAGE, records, client, sender=sender).value == wanted


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (lambda value: value.replace("s=s2048", "s=gone"), "fail (no key for signature)"),
        (lambda value: value.replace("s=s2048", "s=wrongkey"), "fail (signature did not verify)"),
        (lambda value: value.replace("bh=", "bh=AAAA"), "fail (body hash did not verify)"),
    ],
)
def test_what_is_wrong_with_a_signature_stands_in_brackets(change, text):
    """The documented texts."""
    made = header_field("DKIM-Signature", change(dkim.sign(MESSAGE, CORP, at=AT).value))
    assert f"dkim={text} header.d=corp.example;" in header(MESSAGE.with_top(made), {}).value


def test_a_key_that_is_not_answered_is_a_timeout():
    """The service has a word of its own for it."""
    dns = Table(
        {}, silent=frozenset({"s2048._domainkey.corp.example", "corp.example", "_dmarc.corp.example"})
    )
    signed = MESSAGE.with_top(dkim.sign(MESSAGE, CORP, at=AT))
    found = examine(signed, IPv4Address("192.0.2.1"), "ann@corp.example", "x", lookup=dns, at=AT)
    at = point_of_view()
    whole = judge_composite(at, found.dmarc, own_domain=False, true_source=True, overridden=False).value
    written = authentication_results(found.spf, found.dkim, found.dmarc, "none", whole).value
    assert "dkim=timeout (key query timeout) header.d=corp.example;dmarc=temperror action=none" in written
    assert "DNS Timeout" in received_spf(found.spf).value


@pytest.mark.shows("exo-several-signatures")
@pytest.mark.parametrize(
    ("choice", "shown"), [("best", ["corp.example"]), ("all", ["esp.example", "corp.example"])]
)
def test_one_signature_of_several_is_shown(choice, shown):
    """By default the aligned one that passed."""
    other = replace(CORP, domain="esp.example")
    message = MESSAGE.with_top(dkim.sign(MESSAGE, CORP, at=AT))
    message = message.with_top(dkim.sign(MESSAGE, other, at=AT))
    dns = txt(RECORDS | {"s2048._domainkey.esp.example": RECORDS["s2048._domainkey.corp.example"]})
    found = examine(message, IPv4Address("198.51.100.1"), "", "x", lookup=dns, at=AT)
    made = choose_signatures(point_of_view(exo_several_signatures=choice), found.dkim, found.dmarc)
    assert [each.domain for each in made.value] == shown
    assert made.because[0].cite.key == f"assumptions: {{exo-several-signatures: {choice}}}"


@pytest.mark.parametrize(
    ("record", "text"),
    [
        (
            "v=spf1 ip4:192.0.2.0/24",
            (
                "Pass (protection.outlook.com: domain of corp.example designates 192.0.2.1 as permitted sender) "
                "receiver=protection.outlook.com; client-ip=192.0.2.1; helo=mail.corp.example; pr=C"
            ),
        ),
        (
            "v=spf1 -all",
            (
                "Fail (protection.outlook.com: domain of corp.example does not designate 192.0.2.1 as permitted sender) "
                "receiver=protection.outlook.com; client-ip=192.0.2.1; helo=mail.corp.example;"
            ),
        ),
        (
            "v=spf1 ~all",
            (
                "SoftFail (protection.outlook.com: domain of transitioning corp.example discourages use of 192.0.2.1 as "
                "permitted sender)"
            ),
        ),
        (
            "v=spf1 ?all",
            "Neutral (protection.outlook.com: 192.0.2.1 is neither permitted nor denied by domain of corp.example)",
        ),
        ("", "None (protection.outlook.com: corp.example does not designate permitted sender hosts)"),
        (
            "v=spf1 x",
            "PermError (protection.outlook.com: domain of corp.example used an invalid SPF mechanism)",
        ),
    ],
)
def test_received_spf_of_the_service(record, text):
    """Each result has its sentence; only pass and fail say for whom it was asked."""
    assert received_spf(spf(lookup=txt({"corp.example": record} if record else {}))).value == text


@pytest.mark.shows("ms:set-antiphishpolicy")
@pytest.mark.shows("ms:anti-phishing-policies-about")
@pytest.mark.parametrize(
    ("record", "policy", "more", "action", "treatment"),
    [
        ("p=reject", {}, {}, "reject", Treatment.REJECT),
        ("p=quarantine", {}, {}, "quarantine", Treatment.QUARANTINE),
        ("p=none", {}, {}, "none", Treatment.DELIVER),
        ("", {}, {}, "none", Treatment.DELIVER),
        ("p=reject", {}, {"overridden": True}, "none", Treatment.DELIVER),
        ("p=reject", {}, {"true_source": False}, "oreject", Treatment.DELIVER),
        ("p=reject", {"honor_dmarc_policy": False}, {}, "oreject", Treatment.MOVE_TO_JMF),
        (
            "p=quarantine",
            {"honor_dmarc_policy": False, "authentication_fail_action": Treatment.QUARANTINE},
            {},
            "quarantine",
            Treatment.QUARANTINE,
        ),
        ("p=reject", {"dmarc_reject_action": Treatment.QUARANTINE}, {}, "oreject", Treatment.QUARANTINE),
        (
            "p=quarantine",
            {"dmarc_quarantine_action": Treatment.MOVE_TO_JMF},
            {},
            "quarantine",
            Treatment.MOVE_TO_JMF,
        ),
        ("p=reject; pct=0", {}, {}, "pct.reject", Treatment.MOVE_TO_JMF),
        ("p=quarantine; pct=0", {}, {}, "pct.quarantine", Treatment.MOVE_TO_JMF),
    ],
)
def test_what_dmarc_leads_to(record, policy, more, action, treatment):
    """The domain asks, the policy of the tenant and the way the message came decide."""
    told = {"true_source": True, "overridden": False} | more
    done = handle(point_of_view(), AntiPhishPolicy(**policy), judged(record), **told).value
    assert (done.action, done.treatment) == (action, treatment)
    assert (done.reply is not None) is (treatment is Treatment.REJECT)


def test_the_refusal_names_the_domain():
    """550 5.7.509 is said at the end of the message."""
    done = handle(
        point_of_view(), AntiPhishPolicy(), judged("p=reject"), true_source=True, overridden=False
    ).value
    assert str(done.reply).startswith(
        "550 5.7.509 Access denied, sending domain corp.example does not pass DMARC"
    )


@pytest.mark.shows("exo-dmarc-not-honoured")
def test_an_overridden_policy_may_show_nothing():
    """How the header calls it is an assumption that can be switched, and is cited."""
    at = point_of_view(exo_dmarc_not_honoured="none")
    made = handle(at, AntiPhishPolicy(), judged("p=reject"), true_source=False, overridden=False)
    assert made.value.action == "none"
    assert made.because[4].because[0].cite.key == "assumptions: {exo-dmarc-not-honoured: none}"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("dmarc_reject_action", Treatment.MOVE_TO_JMF),
        ("dmarc_quarantine_action", Treatment.REJECT),
        ("authentication_fail_action", Treatment.DELIVER),
    ],
)
def test_an_action_that_the_cmdlet_refuses(name, value):
    """Each property takes two of the actions."""
    with pytest.raises(ValueError, match=f"is {value.value}; wanted"):
        AntiPhishPolicy(**{name: value})


@pytest.mark.shows("ms:email-auth-sec-ops-guide")
@pytest.mark.parametrize(
    ("record", "passed", "more", "wanted"),
    [
        ("p=reject", [("spf", "corp.example")], {}, "compauth=pass reason=100"),
        ("", [("dkim", "corp.example")], {}, "compauth=pass reason=109"),
        ("p=reject", [], {"overridden": True}, "compauth=pass reason=130"),
        ("p=reject", [], {}, "compauth=fail reason=000"),
        ("p=quarantine", [], {}, "compauth=fail reason=000"),
        ("p=reject", [], {"own_domain": True}, "compauth=fail reason=010"),
        ("p=reject", [], {"true_source": False}, "compauth=none reason=451"),
        ("p=none", [], {}, "compauth=fail reason=001"),
        ("", [("spf", "other.example")], {}, "compauth=fail reason=001"),
        ("", [], {"own_domain": True}, "compauth=fail reason=601"),
        ("p=none", [], {"own_domain": True}, "compauth=fail reason=601"),
    ],
)
def test_composite_authentication(record, passed, more, wanted):
    """DMARC first, then a sealer, then whose domain it is."""
    told = {"own_domain": False, "true_source": True, "overridden": False} | more
    assert str(judge_composite(point_of_view(), judged(record, *passed), **told).value) == wanted


@pytest.mark.shows("exo-implicit-authentication")
def test_implicit_authentication_can_be_switched():
    """A sender with a history softpasses; the choice is cited."""
    at = point_of_view(exo_implicit_authentication="softpass")
    made = judge_composite(at, judged(""), own_domain=False, true_source=True, overridden=False)
    assert str(made.value) == "compauth=softpass reason=202"
    assert made.because[-1].because[0].cite.key == "assumptions: {exo-implicit-authentication: softpass}"


def chain(*sealers, results="dmarc=pass header.from=corp.example"):
    """Seal the message by each of these domains, and verify the chain."""
    message, said = MESSAGE, f"{results}; arc=none"
    for domain in sealers:
        bare = message.without(lambda name: name == "authentication-results")
        told = bare.with_top(header_field("Authentication-Results", f"{domain}; {said}"))
        key = replace(CORP, domain=domain)
        message = told.with_top(*arc.seal(told, key, at=AT, authserv_id=domain))
        said = "arc=pass"
    record = RECORDS["s2048._domainkey.corp.example"]
    return arc.verify(message, lookup=txt({f"s2048._domainkey.{each}": record for each in sealers}))


@pytest.mark.shows("ms:set-arcconfig")
@pytest.mark.shows("ms:email-authentication-arc-configure")
@pytest.mark.parametrize(
    ("listed", "sealers", "results", "believed"),
    [
        (("gateway.example",), ["gateway.example"], "dmarc=pass header.from=corp.example", 1),
        ((), ["gateway.example"], "dmarc=pass header.from=corp.example", None),
        ((), ["microsoft.com"], "dmarc=pass header.from=corp.example", 1),
        (("gateway.example",), ["gateway.example"], "spf=pass smtp.mailfrom=corp.example", 1),
        (("gateway.example",), ["gateway.example"], "dkim=pass header.d=corp.example", 1),
        (("gateway.example",), ["gateway.example"], "dkim=pass header.d=other.example", None),
        (("gateway.example",), ["gateway.example"], "dmarc=fail header.from=corp.example", None),
        (
            ("gateway.example",),
            ["stranger.example", "gateway.example"],
            "dmarc=pass header.from=corp.example",
            None,
        ),
        (("gateway.example",), [], "", None),
    ],
)
def test_the_word_of_a_trusted_sealer(listed, sealers, results, believed):
    """It counts when the chain passes, the sealer is trusted and it found the author authentic."""
    found = override(
        point_of_view(),
        ArcConfig(arc_trusted_sealers=listed),
        chain(*sealers, results=results),
        "corp.example",
    )
    assert (found.value.instance if found.value else None) == believed


@pytest.mark.shows("exo-arc-sealers")
@pytest.mark.parametrize(("choice", "believed"), [("unbroken", 1), ("newest", None)])
def test_how_far_back_a_chain_is_believed(choice, believed):
    """Of two trusted sealers the older one's word counts, unless only the newest is believed."""
    config = ArcConfig(arc_trusted_sealers=("a.example", "b.example"))
    at = point_of_view(exo_arc_sealers=choice)
    found = override(at, config, chain("a.example", "b.example"), "corp.example")
    assert (found.value.instance if found.value else None) == believed
    assert found.because[-1].cite.key == f"assumptions: {{exo-arc-sealers: {choice}}}"


@pytest.mark.parametrize(
    ("settings", "wanted"),
    [
        ({}, "192.0.2.66"),
        ({"ef_skip_last_ip": True}, "198.51.100.7"),
        ({"ef_skip_last_ip": True, "ef_users": (path("x@contoso.com"),)}, "192.0.2.66"),
    ],
)
def test_spf_judges_the_address_behind_known_relays(settings, wanted):
    """Enhanced Filtering finds it; out of its scope the connecting address is judged."""
    at = point_of_view()
    received = header_field("Received", "from mail.corp.example ([198.51.100.7]) by gateway.example; now")
    seen = facts(at)
    skipped = skip_relays(inbound(**settings), seen, MESSAGE.with_top(received), (path("bob@contoso.com"),))
    assert str(address_to_judge(seen, skipped).value) == wanted
    assert str(address_to_judge(seen, None).value) == "192.0.2.66"


def test_all_addresses_in_from_count():
    """Comments, groups and several fields are read as RFC 5322 has them."""
    message = Message.from_bytes(
        b'From: "Ann, Dr." <ann@CORP.example>, bob@b.example\r\nFrom: c@c.example (x)\r\nTo: d@d.example\r\n\r\n'
    )
    assert author_domains(message) == ("corp.example", "b.example", "c.example")
    assert dmarc.evaluate(author_domains(message), [], lookup=txt({})).result is dmarc.DmarcResult.PERMERROR
