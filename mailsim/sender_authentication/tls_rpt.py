"""TLS-RPT: where a domain wants failures of TLS reported.

Source: rfc8460 section 3 (normative).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from mailsim.reason.check import check
from mailsim.reason.cite import rfc
from mailsim.reason.decision import Decision
from mailsim.sender_authentication.lookup import Lookup
from mailsim.sender_authentication.tag_list import read_tags

RECORD = rfc(8460, "3")

_URI = re.compile(r"(?:mailto|https):[^\s,;!]+")


@dataclass(frozen=True, slots=True)
class TlsReporting:
    """The record of a domain.

    Args:
        addresses: the URIs of ``rua=``, in order: ``mailto:`` or ``https:``.
    """

    addresses: tuple[str, ...]


def read_reporting(text: str) -> TlsReporting:
    """Read ``v=TLSRPTv1; rua=...``.

    Raises:
        ValueError: if it is not such a record, or has no address that can be used.
    """
    tags = read_tags(text)
    if next(iter(tags)) != "v" or tags["v"] != "TLSRPTv1":
        raise ValueError(f"{text!r} does not begin with v=TLSRPTv1")
    addresses = tuple(part.strip() for part in tags.get("rua", "").split(","))
    usable = tuple(each for each in addresses if _URI.fullmatch(each))
    if not usable:
        raise ValueError(f"rua={tags.get('rua', '')} has no mailto: or https: address")
    return TlsReporting(usable)


def find_reporting(domain: str, *, lookup: Lookup) -> Decision[TlsReporting | None]:
    """Look a domain's record up; None where it wants no reports, or has more than one record."""
    name = f"_smtp._tls.{domain}"
    answer = lookup(name, "TXT")
    found = [text for text in answer.records if text.startswith("v=TLSRPTv1;")]
    value, saw = None, "; ".join(found) or answer.status.value
    if len(found) == 1:
        try:
            value = read_reporting(found[0])
        except ValueError as fault:
            saw = str(fault)
    made = check(value is not None, f"TXT {name}", saw=saw, wanted="one v=TLSRPTv1; rua=...", cite=RECORD)
    return Decision(
        f"TLS reporting of {domain}", value, (made,), ", ".join(value.addresses) if value else "none"
    )
