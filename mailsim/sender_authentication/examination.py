"""A message examined once by every method, for whoever decides what becomes of it.

Source: the order is that of rfc7489 section 6.6.2: SPF and DKIM first, then DMARC on what they found.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from email.utils import getaddresses

from mailsim.mail.message import Message
from mailsim.sender_authentication import arc, dkim, dmarc, spf
from mailsim.sender_authentication.dmarc_record import Edition
from mailsim.sender_authentication.lookup import Lookup


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    """What all methods say of a message.

    Args:
        spf: of the client.
        dkim: of every signature, topmost first.
        dmarc: of the author's domain.
        arc: of the chain.
    """

    spf: spf.SpfVerdict
    dkim: tuple[dkim.DkimVerdict, ...]
    dmarc: dmarc.DmarcVerdict
    arc: arc.ArcVerdict


def examine(
    message: Message,
    client: spf.ClientAddress,
    reverse_path: str,
    helo: str,
    *,
    lookup: Lookup,
    at: datetime,
    edition: Edition = Edition.RFC7489,
    draw: int = 0,
) -> Examination:
    """Examine a message as it was received.

    Args:
        message: without what the receiver put on top.
        client: the address that is judged by SPF: the connecting one, or the one behind known relays.
        reverse_path: ``local@domain``, empty for null.
        helo: the name the client gave.
        lookup: the DNS.
        at: when, aware UTC.
        edition: of DMARC.
        draw: for ``pct=``, see ``dmarc.evaluate``.
    """
    checked = spf.check_host(client, reverse_path, helo, lookup=lookup, at=at)
    signed = dkim.verify(message, lookup=lookup, at=at)
    found = dmarc.identifiers(checked, signed)
    judged = dmarc.evaluate(author_domains(message), found, lookup=lookup, edition=edition, draw=draw)
    return Examination(spf=checked, dkim=signed, dmarc=judged, arc=arc.verify(message, lookup=lookup))


def author_domains(message: Message) -> tuple[str, ...]:
    """Return the domain of every address in every From field, lower case, in order (rfc7489:6.6.1)."""
    addresses = [address for _, address in getaddresses(list(message.values("From")))]
    return tuple(address.rpartition("@")[2].lower() for address in addresses if "@" in address)
