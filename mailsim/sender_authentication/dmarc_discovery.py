"""Where a domain's DMARC record is, and to which organization a domain belongs.

By rfc7489 the record is at the domain or at its organizational domain, which the public suffix list tells (section 3.2). By
rfc9989 the DNS is walked from the domain upwards, at most eight names (section 4.10).

Sources: rfc7489 section 6.6.3, rfc9989 section 4.10 (normative).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from mailsim.reason.check import Check, check
from mailsim.reason.cite import Citation, rfc
from mailsim.sender_authentication.dmarc_record import DmarcRecord, Edition, read_record
from mailsim.sender_authentication.lookup import DnsAnswer, Lookup

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList

DISCOVERY = rfc(7489, "6.6.3")
SUFFIXES = rfc(7489, "3.2")
WALK = rfc(9989, "4.10")
ORGANIZATION = rfc(9989, "4.10.2")

LONGEST_WALK = 8


@dataclass(frozen=True, slots=True)
class Place:
    """One name that was asked.

    Args:
        domain: without ``_dmarc.``.
        record: the one DMARC record there, None where there is none or more than one.
        several: whether there is more than one.
        failed: whether the DNS gave no answer.
        seen: the look-up.
    """

    domain: str
    record: DmarcRecord | None
    several: bool
    failed: bool
    seen: Check


@dataclass(frozen=True, slots=True)
class Discovered:
    """The record that counts for a domain.

    Args:
        place: where it is; None where there is none.
        failed: whether that is not known, since the DNS gave no answer.
        because: the names that were asked.
    """

    place: Place | None
    failed: bool
    because: tuple[Check, ...]


class Organizations:
    """Records and organizational domains, each looked up once.

    Args:
        lookup: the DNS.
        edition: by which rules.
    """

    def __init__(self, lookup: Lookup, edition: Edition) -> None:
        self._lookup = lookup
        self._edition = edition
        self._places: dict[str, Place] = {}

    def discover(self, domain: str) -> Discovered:
        """Find the record that counts for an author's domain."""
        if self._edition is Edition.RFC9989:
            return self._by_walk(domain)
        first = self._at(domain)
        organization = self.of(domain)
        if first.record or first.several or first.failed or organization == domain:
            return _discovered([first], first)
        second = self._at(organization)
        return _discovered([first, second], second)

    def of(self, domain: str) -> str:
        """Return the organizational domain of a domain, itself where it has none above it."""
        if self._edition is Edition.RFC7489:
            # two labels are a suffix or stand right below one: no list is needed
            return domain if domain.count(".") < 2 else public_suffixes().privatesuffix(domain) or domain
        return _organization(domain, self._walk(domain))

    def why(self, domain: str) -> Check:
        """Say what the organizational domain is and how it is known."""
        organization = self.of(domain)
        how = "by the public suffix list" if self._edition is Edition.RFC7489 else "by the records above it"
        return check(
            True,
            "organizational domain",
            saw=f"{organization} of {domain}, {how}",
            cite=SUFFIXES if self._edition is Edition.RFC7489 else ORGANIZATION,
        )

    def _by_walk(self, domain: str) -> Discovered:
        walked = self._walk(domain)
        organization = _organization(domain, walked)
        with_record = [place for place in walked if place.record]
        wanted = (
            next((place for place in with_record if place.domain == domain), None)
            or next((place for place in with_record if place.domain == organization), None)
            or next((place for place in with_record if place.record and place.record.psd == "y"), None)
        )
        failed = next((place for place in walked if place.failed), None)
        return _discovered(walked, wanted or failed or walked[0])

    def _walk(self, domain: str) -> list[Place]:
        """Ask upwards until a record says what it is (rfc9989:4.10)."""
        walked = []
        for name in names_of_walk(domain):
            place = self._at(name)
            walked.append(place)
            says = place.record.psd if place.record else "u"
            if place.failed or says == "n" or (says == "y" and name != domain):
                break
        return walked

    def _at(self, domain: str) -> Place:
        if domain not in self._places:
            name = f"_dmarc.{domain}"
            answer = self._lookup(name, "TXT")
            found = [record for text in answer.records if (record := read_record(text, self._edition))]
            seen = _seen(name, answer, found, DISCOVERY if self._edition is Edition.RFC7489 else WALK)
            only = found[0] if len(found) == 1 else None
            self._places[domain] = Place(domain, only, len(found) > 1, answer.failed, seen)
        return self._places[domain]


def names_of_walk(domain: str) -> tuple[str, ...]:
    """Return the names that a walk asks, at most eight: a long domain loses its middle (rfc9989:4.10)."""
    labels = domain.split(".")
    above = labels[1:] if len(labels) < LONGEST_WALK else labels[1 - LONGEST_WALK :]
    return (domain, *(".".join(above[start:]) for start in range(len(above))))


@lru_cache(maxsize=1)
def public_suffixes() -> PublicSuffixList:
    """Return the list that came with publicsuffixlist; nothing is fetched."""
    from publicsuffixlist import PublicSuffixList

    return PublicSuffixList()


def _organization(domain: str, walked: list[Place]) -> str:
    """Choose the organizational domain (rfc9989:4.10.2), the records from the longest name to the shortest."""
    found = [(place.domain, place.record) for place in walked if place.record]
    for name, record in found:
        if record.psd == "n":
            return name
        if record.psd == "y" and name != domain:
            below = len(name.split(".")) + 1
            return ".".join(domain.split(".")[-below:])
    return found[-1][0] if found else domain


def _discovered(asked: list[Place], place: Place) -> Discovered:
    made = tuple(each.seen for each in asked)
    return Discovered(place if place.record else None, place.failed, made)


def _seen(name: str, answer: DnsAnswer, found: list[DmarcRecord], cite: Citation) -> Check:
    saw = "; ".join(record.text for record in found) or "no DMARC record"
    if not answer.records:
        saw = answer.status.value
    if len(found) > 1:
        saw = f"{len(found)} DMARC records, so none counts"
    return check(len(found) == 1, f"TXT {name}", saw=saw, wanted="one DMARC record", cite=cite)
