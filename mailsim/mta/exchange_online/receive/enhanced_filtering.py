"""Enhanced Filtering for Connectors: which address a message is judged by when a known relay stands in between.

The addresses a message came by are walked from the newest to the oldest: the connecting one, then those in its Received
fields. EFSkipLastIP drops the connecting address; else those in EFSkipIPs are dropped; private ones (RFC 1918) always. The
first that is left is the original one. Two fields show it: one that skipping succeeded, one that the recipients are in
scope too, which they are when EFUsers is empty or lists all of them.

How the walk reads Received fields is inferred: the last address before ``by`` counts, a field without one is passed over,
and an address that is dropped is dropped wherever it stands.

Source: "Enhanced filtering for connectors in Exchange Online"; the forms of both fields are observed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

from mailsim.mail.address import Mailbox
from mailsim.mail.message import HeaderField, Message, header_field
from mailsim.mta.exchange_online.receive.inbound_connector import InboundConnector
from mailsim.reason.check import Check, check
from mailsim.reason.cite import documented
from mailsim.reason.decision import Decision
from mailsim.world.facts import SessionFacts

SKIPPING = documented("ms:enhanced-filtering", "Enhanced filtering for connectors")

SKIP_LISTED = "X-MS-Exchange-SkipListedInternetSender"
ORIGINAL = "X-MS-Exchange-ExternalOriginalInternetSender"

_PRIVATE = tuple(IPv4Network(each) for each in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))
_FROM = re.compile(r"\s*from\s+(\S+)(.*?)(?:\sby\s|$)", re.IGNORECASE | re.DOTALL)
_ADDRESS = re.compile(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])")


@dataclass(frozen=True, slots=True)
class Hop:
    """One host that a message came from, by its address and the name it gave."""

    address: IPv4Address
    name: str

    def __str__(self) -> str:
        return f"ip=[{self.address}];domain={self.name}"


@dataclass(frozen=True, slots=True)
class Skipped:
    """The original sender behind the relays that were skipped, and whether the recipients are in scope."""

    original: Hop
    in_scope: bool

    @property
    def fields(self) -> tuple[HeaderField, ...]:
        """Return the header fields that show it."""
        names = (SKIP_LISTED, ORIGINAL) if self.in_scope else (SKIP_LISTED,)
        return tuple(header_field(name, str(self.original)) for name in names)


def skip_relays(
    connector: InboundConnector, facts: SessionFacts, message: Message, recipients: tuple[Mailbox, ...]
) -> Decision[Skipped | None]:
    """Find the original sender of a message; the value is None where nothing was skipped.

    Args:
        connector: by which it came, of either type.
        facts: the session.
        message: as received, without this service's own Received field.
        recipients: all of the message.
    """
    question = f"original sender behind {connector.name!r}"
    if not (connector.ef_skip_last_ip or connector.ef_skip_ips):
        return Decision(question, None, (), "enhanced filtering is off")
    walked = tuple(hops_of(facts, message))
    skipped = [each for each in walked if _is_skipped(connector, facts, each)]
    original = next((each for each in walked if each not in skipped), None)
    found = _found(connector, walked, original)
    scope = _scope(connector, recipients)
    if found.failed or original is None:
        return Decision(question, None, (found,), "the connecting address")
    value = Skipped(original, in_scope=not scope.failed)
    return Decision(question, value, (found, scope), str(original.address))


def _is_skipped(connector: InboundConnector, facts: SessionFacts, hop: Hop) -> bool:
    if any(hop.address in network for network in _PRIVATE):
        return True
    if connector.ef_skip_last_ip:
        return hop.address == facts.peer_ip
    return any(hop.address in each for each in connector.ef_skip_ips)


def hops_of(facts: SessionFacts, message: Message) -> Iterator[Hop]:
    """Yield the hosts from the newest to the oldest."""
    yield Hop(facts.peer_ip, facts.ehlo)
    for value in message.values("Received"):
        said = _FROM.match(value)
        found = _read_address(said[1] + said[2]) if said else None
        if said and found:
            yield Hop(found, said[1])


def _read_address(text: str) -> IPv4Address | None:
    written = _ADDRESS.findall(text)
    try:
        return IPv4Address(written[-1]) if written else None
    except ValueError:
        return None


def _found(connector: InboundConnector, walked: tuple[Hop, ...], original: Hop | None) -> Check:
    """Want the walk to pass the connecting address and to end before the message began."""
    name = "EFSkipLastIP" if connector.ef_skip_last_ip else "EFSkipIPs"
    listed = ", ".join(map(str, connector.ef_skip_ips))
    return check(
        original is not None and original != walked[0],
        name,
        saw=f"the message came by {', '.join(str(hop.address) for hop in walked)}",
        wanted="an address behind the connecting one" + (f", which is in {listed}" if listed else ""),
        cite=SKIPPING,
        source=connector.source(name),
    )


def _scope(connector: InboundConnector, recipients: tuple[Mailbox, ...]) -> Check:
    """Want all recipients among EFUsers, each written literally; an empty list means everybody."""
    listed = {each.key for each in connector.ef_users}
    missing = [str(each) for each in recipients if each.key not in listed] if listed else []
    return check(
        not missing,
        "EFUsers",
        saw=f"not listed: {', '.join(missing)}" if missing else "every recipient is in scope",
        wanted="every recipient of the message, by the address it is sent to",
        cite=SKIPPING,
        source=connector.source("EFUsers"),
    )
