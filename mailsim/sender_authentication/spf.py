"""SPF: may this address send for that domain?

``check_host`` answers for the MAIL FROM identity, or for HELO where the reverse-path is null (rfc7208:2.4). The
evaluation is pyspf's; every look-up goes through the caller's ``Lookup``. The verdict keeps the records that were
followed, the look-ups, each comparison of an address and the directive that matched.

Sources: rfc7208 (normative).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from ipaddress import IPv4Address, IPv6Address

from mailsim.reason.decision import Decision
from mailsim.sender_authentication.lookup import Lookup

ClientAddress = IPv4Address | IPv6Address


class SpfResult(Enum):
    """The results of rfc7208:2.6."""

    NONE = "none"
    NEUTRAL = "neutral"
    PASS = "pass"  # noqa: S105 - a result
    FAIL = "fail"
    SOFTFAIL = "softfail"
    TEMPERROR = "temperror"
    PERMERROR = "permerror"


class SpfIdentity(Enum):
    """Whose name was checked, in the words of Received-SPF (rfc7208:9.1)."""

    MAIL_FROM = "mailfrom"
    HELO = "helo"


@dataclass(frozen=True, slots=True, kw_only=True)
class SpfVerdict:
    """What SPF says of a client.

    Args:
        result: the word.
        identity: whose name was checked.
        domain: the domain that was asked, lower case.
        sender: the mailbox, ``postmaster@`` the HELO name for a null reverse-path.
        client: the address that was judged.
        helo: the name the client gave.
        mechanism: the directive of the domain's own record that matched, such as ``include:_spf.example``; empty where
            none did.
        problem: why the record could not be evaluated; empty where it could.
        explanation: what the domain says to those it refuses (rfc7208:6.2); empty unless ``fail`` and given.
        because: the records, look-ups and comparisons.
    """

    result: SpfResult
    identity: SpfIdentity
    domain: str
    sender: str
    client: ClientAddress
    helo: str
    mechanism: str
    problem: str
    explanation: str
    because: Decision[str]


def check_host(
    client: ClientAddress,
    reverse_path: str,
    helo: str,
    *,
    lookup: Lookup,
    at: datetime,
    receiver: str = "unknown",
) -> SpfVerdict:
    """Evaluate SPF for a client.

    Args:
        client: the address it connected from.
        reverse_path: ``local@domain`` of MAIL FROM, empty for the null reverse-path.
        helo: the name in EHLO or HELO.
        lookup: the DNS.
        at: when, for the macro ``t`` in explanations.
        receiver: the host that checks, for the macro ``r`` in explanations.
    """
    from mailsim.sender_authentication.spf_absence import look_for_record

    absent, lookup = look_for_record(client, reverse_path, helo, lookup)
    if absent is not None:
        return absent
    from mailsim.sender_authentication.spf_query import evaluate

    return evaluate(client, reverse_path, helo, lookup=lookup, at=at, receiver=receiver)
