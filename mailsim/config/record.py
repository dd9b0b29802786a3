"""One DNS record as a scenario writes it: a line of a zone file without its owner.

``MX 0 mx.fabrikam.com 3600``, ``A 192.0.2.20``, ``3600 IN TXT "v=spf1 -all"``. The TTL may stand before the type, as in zone files, or
at the end. Names are absolute, with or without their last dot. Types that have no class in ``world.dns`` are read by dnspython,
which is only imported for them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

from mailsim.mail.address import parse_domain
from mailsim.world.dns import A, Aaaa, Cname, Data, Mx, Ns, Other, Ptr, Soa, Tlsa, Txt
from mailsim.world.dns.name import parse_name

DEFAULT_TTL = 3600
LONGEST_TTL = 2**31 - 1  # rfc2181:8
_WANTED = "wanted 'MX preference host [TTL]', 'A address [TTL]' or another type as in a zone file"
_TOKEN = re.compile(r'"((?:[^"\\]|\\.)*)"|([^\s";]+)')
_TTL = re.compile(r"(?:\d+[smhdw]?)+", re.ASCII | re.IGNORECASE)
_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_ABSENT = ("$null", "null")


class OwnerText(str):
    """The name that records belong to, as names are compared."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> OwnerText:
        """Read a name.

        Raises:
            ValueError: if it is none.
        """
        return cls(parse_name(text))


@dataclass(frozen=True, slots=True)
class _Word:
    """One word of a record; within quotes it is nothing but text."""

    text: str
    quoted: bool = False

    @property
    def octets(self) -> bytes:
        """Return what stands for itself and what is escaped, as octets (RFC 1035 section 5.1)."""
        plain, *escapes = re.split(r"\\(\d{3}|.)", self.text)
        pairs = zip(escapes[::2], escapes[1::2], strict=True)
        return plain.encode() + b"".join(_escaped(escape) + after.encode() for escape, after in pairs)


def _escaped(text: str) -> bytes:
    if not text.isdigit() or len(text) < 3:
        return text.encode()
    if int(text) > 255:
        raise ValueError(f"\\{text} is no octet")
    return bytes((int(text),))


@dataclass(frozen=True, slots=True)
class RecordText:
    """A record without its owner.

    Args:
        type: in capitals.
        data: what it says; None says that there is no record of the type any more.
        ttl: seconds.
    """

    type: str
    data: Data | None
    ttl: int = DEFAULT_TTL

    @classmethod
    def parse(cls, text: str) -> RecordText:
        """Read a record.

        Raises:
            ValueError: if it is none.
        """
        try:
            return _read(text)
        except ValueError as problem:
            raise ValueError(f"{text!r} is not a record: {problem}; {_WANTED}") from None


def _read(text: str) -> RecordText:
    words = _words(text)
    ttl = _leading_ttl(words)
    if not words:
        raise ValueError("it has no type")
    kind = words.pop(0).text.upper()
    if len(words) == 1 and words[0].text.lower() in _ABSENT:
        return RecordText(kind, None)
    if kind not in _READERS:
        return RecordText(kind, _by_dnspython(kind, text), DEFAULT_TTL if ttl is None else ttl)
    count, read = _READERS[kind]
    if ttl is None and (len(words) > count if count else len(words) > 1) and _is_ttl(words[-1]):
        ttl = _seconds(words.pop().text)
    if count and len(words) != count:
        raise ValueError(f"{kind} has {count} {'part' if count == 1 else 'parts'}, here are {len(words)}")
    return RecordText(kind, read(words), DEFAULT_TTL if ttl is None else ttl)


def _words(text: str) -> list[_Word]:
    """Split a record into its words.

    Raises:
        ValueError: for a quote that does not end.
    """
    words, place = [], 0
    while place < len(text):
        if text[place].isspace():
            place += 1
            continue
        match = _TOKEN.match(text, place)
        if match is None:
            raise ValueError(f"{text[place:]!r} cannot be read")
        quoted, plain = match.groups()
        words.append(_Word(plain) if quoted is None else _Word(quoted, quoted=True))
        place = match.end()
    return words


def _leading_ttl(words: list[_Word]) -> int | None:
    """Take TTL and class off the front, in either order."""
    ttl = None
    while words and (_is_ttl(words[0]) or words[0].text.upper() == "IN"):
        word = words.pop(0)
        ttl = ttl if word.text.upper() == "IN" else _seconds(word.text)
    return ttl


def _is_ttl(word: _Word) -> bool:
    return not word.quoted and _TTL.fullmatch(word.text) is not None


def _seconds(text: str) -> int:
    parts = re.findall(r"(\d+)([smhdw]?)", text.lower())
    seconds = sum(int(number) * _UNITS[unit] for number, unit in parts)
    if seconds > LONGEST_TTL:
        raise ValueError(f"a TTL of {text} is too long")
    return seconds


def _number(word: _Word, most: int = 2**32 - 1) -> int:
    if not (word.text.isascii() and word.text.isdigit()) or int(word.text) > most:
        raise ValueError(f"{word.text!r} is not a number up to {most}")
    return int(word.text)


def _mx(words: list[_Word]) -> Data:
    host = words[1].text
    return Mx(_number(words[0], 65535), host if host == "." else parse_domain(host))


def _txt(words: list[_Word]) -> Data:
    strings = tuple(word.octets for word in words)
    if not strings:
        raise ValueError("TXT has no text")
    # one that is too long is cut, as DNS providers do
    return Txt(tuple(each[n : n + 255] for each in strings for n in range(0, max(len(each), 1), 255)))


def _soa(words: list[_Word]) -> Data:
    numbers = [_seconds(each.text) if _is_ttl(each) else _number(each) for each in words[3:]]
    return Soa(parse_name(words[0].text), parse_name(words[1].text), _number(words[2]), *numbers)


def _tlsa(words: list[_Word]) -> Data:
    """Read TLSA, whose last part is hexadecimal, or ``certificate:NAME`` or ``authority:NAME`` of the scenario."""
    of, colon, name = words[3].text.partition(":")
    if colon and of in ("certificate", "authority"):
        usage, selector, matching = (
            _number(each, most) for each, most in zip(words, (3, 1, 2), strict=False)
        )
        return Tlsa(usage, selector, matching, b"", **{of: name})
    try:
        association = bytes.fromhex(words[3].text)
    except ValueError:
        raise ValueError(
            f"{words[3].text!r} is not hexadecimal, nor certificate:NAME or authority:NAME"
        ) from None
    usage, selector, matching = (_number(each, 255) for each in words[:3])
    return Tlsa(usage, selector, matching, association)


_READERS: dict[str, tuple[int, Callable[[list[_Word]], Data]]] = {
    "MX": (2, _mx),
    "A": (1, lambda words: A(IPv4Address(words[0].text))),
    "AAAA": (1, lambda words: Aaaa(IPv6Address(words[0].text))),
    "TXT": (0, _txt),
    "CNAME": (1, lambda words: Cname(parse_name(words[0].text))),
    "PTR": (1, lambda words: Ptr(parse_name(words[0].text))),
    "NS": (1, lambda words: Ns(parse_name(words[0].text))),
    "SOA": (7, _soa),
    "TLSA": (4, _tlsa),
}
"""How many parts a record of a type has (0 for any number), and what makes data of them."""


def _by_dnspython(kind: str, text: str) -> Data:
    """Read a record of a type that no decision looks at."""
    import dns.exception  # noqa: PLC0415 - 160 ms that most scenarios need not wait for
    import dns.name  # noqa: PLC0415
    import dns.rdata  # noqa: PLC0415
    import dns.rdataclass  # noqa: PLC0415
    import dns.rdatatype  # noqa: PLC0415

    _, _, rest = text.upper().partition(kind)
    written = text[len(text) - len(rest) :]
    try:
        known = dns.rdatatype.from_text(kind)
        data = dns.rdata.from_text(dns.rdataclass.IN, known, written, origin=dns.name.root, relativize=False)
    except dns.rdatatype.UnknownRdatatype:
        raise ValueError(f"{kind!r} is not a record type") from None
    except (dns.exception.DNSException, ValueError) as error:
        raise ValueError(str(error).lower()) from None
    return Other(kind, data.to_text())
