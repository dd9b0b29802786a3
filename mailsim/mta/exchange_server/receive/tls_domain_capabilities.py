"""TlsDomainCapabilities of a Receive connector: what a host with a certificate for a domain may do.

Source: Set-ReceiveConnector, TlsDomainCapabilities.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import Enum

from mailsim.mail.pattern import DomainPattern

NO_TLS = "NO-TLS"
"""Stands for sessions in clear text, which have no certificate."""


class Capability(Enum):
    """What a validated remote domain may do."""

    ACCEPT_CLOUD_SERVICES_MAIL = "AcceptCloudServicesMail"
    ACCEPT_OORG_PROTOCOL = "AcceptOorgProtocol"


_KNOWN = {each.value.lower(): each for each in Capability}


@dataclass(frozen=True, slots=True)
class DomainCapabilities:
    """One entry of TlsDomainCapabilities, ``domain:capability``.

    Args:
        domain: lower case, ``*.contoso.com`` stands for one label below contoso.com; ``NO-TLS`` for sessions in clear
            text; empty for the domain of the entry before, as in ``domain:capability1,capability2``.
        capability: what a client with a certificate for it may do.
    """

    domain: str
    capability: Capability

    @classmethod
    def parse(cls, text: str) -> DomainCapabilities:
        """Read ``domain:capability``, or a further ``capability`` of the same domain.

        Raises:
            ValueError: if it is not of that form.
        """
        domain, _, word = text.strip().rpartition(":")
        if word.strip().lower() not in _KNOWN or (":" in text and not domain):
            wanted = ", ".join(each.value for each in Capability)
            raise ValueError(f"{text!r} is not domain:capability; wanted one of {wanted}")
        return cls(_domain(domain), _KNOWN[word.strip().lower()])

    def __str__(self) -> str:
        return f"{self.domain}:{self.capability.value}"


def _domain(text: str) -> str:
    if not text or text.upper() == NO_TLS:
        return text.upper()
    return str(DomainPattern.parse(text))


def each_with_its_domain(entries: Iterable[DomainCapabilities]) -> Iterator[DomainCapabilities]:
    """Give further capabilities the domain of the entry before.

    Raises:
        ValueError: if the first entry has no domain.
    """
    domain = ""
    for entry in entries:
        domain = entry.domain or domain
        if not domain:
            raise ValueError(f"{entry.capability.value} is given without a domain; wanted domain:capability")
        yield replace(entry, domain=domain)
