"""What DNS records say, by type.

Each class holds the data of one record, without its owner and TTL. ``str`` shows it to people; ``zone_text`` is the form of
a zone file with absolute names, which the DNS server hands on. Types without a class of their own are ``Other``, kept as text.
Sources: RFC 1035 section 3.3, RFC 3596, RFC 6698.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import ClassVar, TypeAlias

from mailsim.world.dns.name import ROOT


def absolute(name: str) -> str:
    """Return a name with its last dot, as zone files want it."""
    return name if name == ROOT else f"{name}."


@dataclass(frozen=True, slots=True)
class _Shown:
    @property
    def zone_text(self) -> str:
        """Return the data as a zone file has it."""
        return str(self)


@dataclass(frozen=True, slots=True)
class A(_Shown):
    """An IPv4 address."""

    type: ClassVar[str] = "A"
    address: IPv4Address

    def __str__(self) -> str:
        return str(self.address)


@dataclass(frozen=True, slots=True)
class Aaaa(_Shown):
    """An IPv6 address."""

    type: ClassVar[str] = "AAAA"
    address: IPv6Address

    def __str__(self) -> str:
        return str(self.address)


@dataclass(frozen=True, slots=True)
class Mx(_Shown):
    """A mail exchanger.

    Args:
        preference: the lower, the earlier tried.
        exchange: the host name; ``.`` is the null MX (RFC 7505).
    """

    type: ClassVar[str] = "MX"
    preference: int
    exchange: str

    def __str__(self) -> str:
        return f"{self.preference} {self.exchange}"

    @property
    def zone_text(self) -> str:
        """Return the data as a zone file has it."""
        return f"{self.preference} {absolute(self.exchange)}"


@dataclass(frozen=True, slots=True)
class Txt(_Shown):
    """Text, in strings of at most 255 octets each."""

    type: ClassVar[str] = "TXT"
    strings: tuple[bytes, ...]

    @property
    def joined(self) -> bytes:
        """Return the strings put together without space between (RFC 7208 section 3.3)."""
        return b"".join(self.strings)

    def __str__(self) -> str:
        return " ".join(f'"{"".join(map(_shown_octet, each))}"' for each in self.strings)


def _shown_octet(octet: int) -> str:
    if octet in b'"\\':
        return f"\\{chr(octet)}"
    return chr(octet) if 0x20 <= octet < 0x7F else f"\\{octet:03}"


@dataclass(frozen=True, slots=True)
class _Pointing(_Shown):
    target: str

    def __str__(self) -> str:
        return self.target

    @property
    def zone_text(self) -> str:
        """Return the data as a zone file has it."""
        return absolute(self.target)


@dataclass(frozen=True, slots=True)
class Cname(_Pointing):
    """The name that the owner is an alias of."""

    type: ClassVar[str] = "CNAME"


@dataclass(frozen=True, slots=True)
class Ptr(_Pointing):
    """The name of a host, below in-addr.arpa."""

    type: ClassVar[str] = "PTR"


@dataclass(frozen=True, slots=True)
class Ns(_Pointing):
    """A name server. It is data like any other: no look-up follows it."""

    type: ClassVar[str] = "NS"


@dataclass(frozen=True, slots=True)
class Soa(_Shown):
    """The top of a zone.

    Args:
        mname: the primary server.
        rname: the mailbox of who is responsible, as a name.
        serial: version of the zone.
        refresh: seconds, for secondary servers, as are the next two.
        retry: seconds.
        expire: seconds.
        minimum: how long, in seconds, it may be remembered that a record does not exist (RFC 2308).
    """

    type: ClassVar[str] = "SOA"
    mname: str
    rname: str
    serial: int
    refresh: int
    retry: int
    expire: int
    minimum: int

    def __str__(self) -> str:
        return f"{self.mname} {self.rname} {self._numbers}"

    @property
    def zone_text(self) -> str:
        """Return the data as a zone file has it."""
        return f"{absolute(self.mname)} {absolute(self.rname)} {self._numbers}"

    @property
    def _numbers(self) -> str:
        return f"{self.serial} {self.refresh} {self.retry} {self.expire} {self.minimum}"


@dataclass(frozen=True, slots=True)
class Tlsa(_Shown):
    """What DANE says about a certificate (RFC 6698 section 2.1).

    Args:
        usage: 0 to 3; 3 is the host's own certificate.
        selector: 0 the whole certificate, 1 its public key.
        matching: 0 the thing itself, 1 its SHA-256, 2 its SHA-512.
        association: the thing or its digest; empty where it is that of a certificate of the simulation.
        certificate: the name of a host certificate whose association is meant; empty for none.
        authority: the same of a certificate authority.
    """

    type: ClassVar[str] = "TLSA"
    usage: int
    selector: int
    matching: int
    association: bytes
    certificate: str = ""
    authority: str = ""

    def __str__(self) -> str:
        meant = f"certificate:{self.certificate}" if self.certificate else ""
        meant = f"authority:{self.authority}" if self.authority else meant
        return f"{self.usage} {self.selector} {self.matching} {meant or self.association.hex()}"


@dataclass(frozen=True, slots=True)
class Other(_Shown):
    """A record of a type that no decision looks at, such as SRV or CAA.

    Args:
        type: in capitals.
        text: as a zone file has it, with absolute names.
    """

    type: str
    text: str

    def __str__(self) -> str:
        return self.text


Data: TypeAlias = A | Aaaa | Mx | Txt | Cname | Ptr | Ns | Soa | Tlsa | Other
