"""Does a domain publish SPF at all? Asked first, so that whoever does not costs no library.

Only ``spf.check_host`` asks. Where the domain has no record the result is ``none`` (rfc7208:4.5), with the same reasons that
``spf_query`` would give; in every other case pyspf decides, and is given the answer that came already.
"""

from __future__ import annotations

from mailsim.reason.check import Check, check
from mailsim.reason.cite import rfc
from mailsim.reason.decision import Decision, Reason
from mailsim.sender_authentication.lookup import DnsAnswer, Lookup, record_exists
from mailsim.sender_authentication.spf import ClientAddress, SpfIdentity, SpfResult, SpfVerdict

RECORD = rfc(7208, "4.5")
LOOKUPS = rfc(7208, "4.6.4")
INITIAL = rfc(7208, "4.3")

VERSION = "v=spf1"


def look_for_record(
    client: ClientAddress, reverse_path: str, helo: str, lookup: Lookup
) -> tuple[SpfVerdict | None, Lookup]:
    """Look for the record of the domain that is judged.

    Returns:
        The verdict ``none`` where there is certainly no record, None else; and a look-up that has the answer.
    """
    sender = reverse_path or f"postmaster@{helo}"
    domain = sender.partition("@")[2]
    name = domain.lower()
    if "@" in domain or not can_be_asked(name):
        return None, lookup
    answer = lookup(name, "TXT")
    if answer.failed or any(_may_be_record(text) for text in answer.records):
        return None, _knowing(name, answer, lookup)
    result = SpfResult.NONE
    because = (
        record_exists(name, "TXT", answer, LOOKUPS),
        has_record(domain, None),
        Decision(f"SPF of {domain}", result.value, (), result.value),
        starts_evaluation(record=False),
    )
    return _none(client, reverse_path, helo, sender, because), lookup


def _none(
    client: ClientAddress, reverse_path: str, helo: str, sender: str, because: tuple[Reason, ...]
) -> SpfVerdict:
    domain, word = sender.partition("@")[2], SpfResult.NONE.value
    return SpfVerdict(
        result=SpfResult.NONE,
        identity=SpfIdentity.MAIL_FROM if reverse_path else SpfIdentity.HELO,
        domain=domain.lower(),
        sender=sender,
        client=client,
        helo=helo,
        mechanism="",
        problem="",
        explanation="",
        because=Decision(f"SPF of {domain} for {client}", word, because, word),
    )


def _knowing(domain: str, answer: DnsAnswer, lookup: Lookup) -> Lookup:
    """Return a look-up that does not ask again."""

    def known(name: str, rdtype: str) -> DnsAnswer:
        return answer if (name, rdtype) == (domain, "TXT") else lookup(name, rdtype)

    return known


def _may_be_record(text: str) -> bool:
    """Tell whether pyspf has to look at a TXT record: at what may be SPF, and at what it cannot read."""
    return text.lower().startswith(VERSION) or not text.isascii()


def can_be_asked(name: str) -> bool:
    """Tell whether every label has 1 to 63 octets; others are answered like names that do not exist."""
    return all(0 < len(label) < 64 for label in name.split("."))


def has_record(domain: str, record: str | None) -> Check:
    """Want one record among the TXT records of a domain."""
    return check(
        record is not None,
        f"SPF record of {domain}",
        saw=record or "none",
        wanted=f"one that begins with {VERSION}",
        cite=RECORD,
    )


def starts_evaluation(*, record: bool) -> Check:
    """Want a record to evaluate."""
    return check(record, "domain has a record", saw="one" if record else "none", wanted="one", cite=INITIAL)
