"""What a domain asks for: DMARC policy records.

A record is read leniently: what cannot be read of it is as if it were not there, but for ``v=``, which must come first and be
exact (rfc7489:6.3, rfc9989:4.7). The two editions differ in what a missing ``p=`` means, and in ``pct=`` and ``t=``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum


class Edition(Enum):
    """By which RFC DMARC is evaluated."""

    RFC7489 = "rfc7489"
    """The public suffix list says what an organization is; ``pct=`` samples."""
    RFC9989 = "rfc9989"
    """The DNS is walked up instead; ``psd=``, ``np=`` and ``t=`` count, ``pct=`` does not."""


class DmarcPolicy(Enum):
    """What is asked for a message that fails, mildest first."""

    NONE = "none"
    QUARANTINE = "quarantine"
    REJECT = "reject"

    @property
    def milder(self) -> DmarcPolicy:
        """Return the policy one step below."""
        return DmarcPolicy.QUARANTINE if self is DmarcPolicy.REJECT else DmarcPolicy.NONE


_POLICIES = {each.value: each for each in DmarcPolicy}
_VERSION = re.compile(r"v[ \t]*=[ \t]*DMARC1[ \t]*(?:;|$)")
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s,]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class DmarcRecord:
    """A policy record.

    Args:
        text: as it stands.
        tags: by name, values in lower case.
        edition: by which it is read.
    """

    text: str
    tags: dict[str, str]
    edition: Edition

    @property
    def policy(self) -> DmarcPolicy | None:
        """Return p=; None where the record says too little to be applied (rfc7489:6.6.3 step 6)."""
        own, subdomains = self.tags.get("p"), self.tags.get("sp")
        if own in _POLICIES and (subdomains is None or subdomains in _POLICIES):
            return _POLICIES[own]
        may_be_missing = self.edition is Edition.RFC9989 and own is None and subdomains is None
        reported_to = _URI.search(self.tags.get("rua", "")) is not None
        return DmarcPolicy.NONE if reported_to or may_be_missing else None

    def below(self, *, exists: bool) -> tuple[str, DmarcPolicy | None]:
        """Return the tag that counts for a domain below the record's, and its policy.

        Args:
            exists: whether that domain exists; if not, rfc9989 has ``np=`` for it.
        """
        tags = ("np", "sp") if self.edition is Edition.RFC9989 and not exists else ("sp",)
        found = next((tag for tag in tags if self.tags.get(tag) in _POLICIES), "")
        general = self.policy
        if not found or self.tags.get("p") not in _POLICIES:
            return "p", general
        return found, _POLICIES[self.tags[found]]

    @property
    def strict_spf(self) -> bool:
        """Whether SPF must have checked the very domain (aspf=s)."""
        return self.tags.get("aspf") == "s"

    @property
    def strict_dkim(self) -> bool:
        """Whether d= must be the very domain (adkim=s)."""
        return self.tags.get("adkim") == "s"

    @property
    def percent(self) -> int:
        """Return the share of messages that the policy is asked for; always 100 since rfc9989."""
        written = self.tags.get("pct", "")
        known = self.edition is Edition.RFC7489 and written.isascii() and written.isdigit()
        return min(int(written[:3]), 100) if known else 100

    @property
    def testing(self) -> bool:
        """Whether one step less than the policy is asked for (t=y, rfc9989:4.7)."""
        return self.edition is Edition.RFC9989 and self.tags.get("t") == "y"

    @property
    def psd(self) -> str:
        """Return psd=: y at a public suffix, n at an organization, u where nothing is said."""
        written = self.tags.get("psd", "u")
        return written if self.edition is Edition.RFC9989 and written in ("y", "n") else "u"


def read_record(text: str, edition: Edition) -> DmarcRecord | None:
    """Read a TXT record; None where it is no DMARC record."""
    if not _VERSION.match(text.strip()):
        return None
    tags: dict[str, str] = {}
    for part in text.split(";"):
        tag, equals, value = part.partition("=")
        if equals:
            tags.setdefault(tag.strip().lower(), value.strip().lower())
    return DmarcRecord(text=text, tags=tags, edition=edition)
