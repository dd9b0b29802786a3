"""One DNS record as a scenario writes it: ``MX 0 mx.fabrikam.com 3600`` or ``A 192.0.2.20``."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address

from mailsim.mail.address import parse_domain
from mailsim.world.dns import MxRecord

DEFAULT_TTL = 3600
_WANTED = "wanted 'MX preference host [TTL]' or 'A address [TTL]'"


@dataclass(frozen=True, slots=True)
class RecordText:
    """A record without its owner.

    Args:
        data: what it says, by its type.
    """

    data: MxRecord | IPv4Address

    @classmethod
    def parse(cls, text: str) -> RecordText:
        """Read a record.

        Raises:
            ValueError: if it is none that is modelled.
        """
        match [word.lower() for word in text.split()]:
            case ["mx", preference, host, *rest] if len(rest) <= 1 and _are_numbers(preference, *rest):
                exchange = host if host == "." else parse_domain(host)
                return cls(MxRecord(int(preference), exchange, int(rest[0]) if rest else DEFAULT_TTL))
            case ["a", address, *rest] if len(rest) <= 1 and _are_numbers(*rest):
                return cls(IPv4Address(address))
        raise ValueError(f"{text!r} is not a record that is modelled; {_WANTED}")


def _are_numbers(*words: str) -> bool:
    return all(word.isascii() and word.isdigit() for word in words)
