"""What Exchange Online asks the DNS about a sender, and what a message without records costs."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from ipaddress import IPv4Address

import pytest
from builders import START
from dns_tables import txt

from mailsim.mail.message import Message
from mailsim.mta.asked_through import through
from mailsim.mta.resolver import DnsCache, Resolver
from mailsim.pki import Pki
from mailsim.sender_authentication import arc, dkim
from mailsim.sender_authentication.lookup import DnsAnswer, DnsOutcome
from mailsim.sender_authentication.spf import check_host
from mailsim.world.dns import A, Cname, DnsStatus, Fault, Mx, RecordSet, Txt, Zones
from mailsim.world.topology import Topology

SETS = (
    RecordSet("fabrikam.com", 300, (Txt((b"v=spf1 ", b"-all")),)),
    RecordSet("mx.fabrikam.com", 300, (A(IPv4Address("192.0.2.20")),)),
    RecordSet("alias.example", 300, (Cname("fabrikam.com"),)),
    RecordSet("octets.example", 300, (Txt((b"\xff",)),)),
    RecordSet("mx.example", 300, (Mx(10, "mx.fabrikam.com"),)),
)
FAULTS = (
    Fault(owner="broken.example", fail=DnsStatus.SERVFAIL),
    Fault(owner="silent.example", fail=DnsStatus.TIMEOUT),
)
PREDICTED = """
import sys
from pathlib import Path
from mailsim.api import load, predict
predict(load(Path(sys.argv[1])))
print([name for name in sys.argv[2:] if name in sys.modules])
"""
NO_KEYS = Pki((), ())
LIBRARIES = ("spf", "dkim", "publicsuffixlist")
JUDGEMENT = "mailsim.mta.exchange_online.authentication.judgement"


@pytest.mark.parametrize(
    ("name", "kind", "status", "records"),
    [
        ("fabrikam.com", "TXT", DnsOutcome.FOUND, ("v=spf1 -all",)),
        ("Alias.Example", "TXT", DnsOutcome.FOUND, ("v=spf1 -all",)),
        ("mx.fabrikam.com", "A", DnsOutcome.FOUND, ("192.0.2.20",)),
        ("mx.example", "MX", DnsOutcome.FOUND, ("10 mx.fabrikam.com",)),
        ("octets.example", "TXT", DnsOutcome.FOUND, ("\udcff",)),
        ("fabrikam.com", "A", DnsOutcome.NODATA, ()),
        ("nobody.example", "TXT", DnsOutcome.NXDOMAIN, ()),
        ("broken.example", "TXT", DnsOutcome.SERVFAIL, ()),
        ("silent.example", "TXT", DnsOutcome.TIMEOUT, ()),
    ],
)
def test_the_resolver_answers_in_the_words_of_sender_authentication(name, kind, status, records):
    """Aliases are followed, strings of a TXT record joined, and faults told apart."""
    world = Topology(start=START, mtas={}, zones=Zones.of(SETS, FAULTS))
    answer = through(Resolver(world, "eop", START, DnsCache()), NO_KEYS)(name, kind)
    assert answer == DnsAnswer(status=status, records=records, ttl=300 if records else 0)


def test_an_answer_of_the_cache_is_an_answer():
    """What the MTA still has is not asked again, until its TTL is over."""
    cache = DnsCache()
    before = Topology(start=START, mtas={}, zones=Zones.of(SETS))
    through(Resolver(before, "eop", START, cache), NO_KEYS)("fabrikam.com", "TXT")
    after = Topology(start=START, mtas={}, zones=Zones.of(()))
    later = [START + timedelta(seconds=seconds) for seconds in (299, 301)]
    found = [
        through(Resolver(after, "eop", now, cache), NO_KEYS)("fabrikam.com", "TXT").status for now in later
    ]
    assert found == [DnsOutcome.FOUND, DnsOutcome.NXDOMAIN]


@pytest.mark.parametrize("sender", ["ann@fabrikam.com", "ann@Fabrikam.com", ""])
@pytest.mark.parametrize("records", [{}, {"fabrikam.com": "MS=ms1", "mx.fabrikam.com": "x"}])
def test_without_a_record_spf_says_the_same_with_and_without_its_library(sender, records):
    """The short way gives the verdict and the reasons of the evaluation."""
    from mailsim.sender_authentication.spf_query import evaluate

    client, helo, lookup = IPv4Address("192.0.2.20"), "mx.fabrikam.com", txt(records)
    short = check_host(client, sender, helo, lookup=lookup, at=START)
    assert short == evaluate(client, sender, helo, lookup=lookup, at=START, receiver="unknown")


def test_without_a_chain_arc_says_the_same_with_and_without_its_library():
    """The short way gives the verdict and the reasons of the evaluation."""
    from mailsim.sender_authentication.arc_chain import examine

    plain = Message.from_bytes(b"From: ann@fabrikam.com\r\n\r\nHello\r\n")

    assert arc.verify(plain, lookup=txt({})) == examine(plain, txt({}))
    assert dkim.verify(plain, lookup=txt({}), at=START) == ()


@pytest.mark.parametrize(
    ("scenario", "loaded"),
    [
        ("scenarios/certificates/profiles.yaml", []),
        ("scenarios/hybrid/wizard.yaml", [JUDGEMENT]),
        ("scenarios/pains/p24-signing-moved.yaml", ["spf", "dkim", JUDGEMENT]),
    ],
)
def test_what_examining_needs_is_loaded_when_it_is_needed(scenario, loaded):
    """Without mail from outside nothing is; domains without records need no library."""
    ran = subprocess.run(
        [sys.executable, "-c", PREDICTED, scenario, *LIBRARIES, JUDGEMENT],
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout.strip() == str(loaded)
