"""DANE for SMTP: does a host's certificate fit the TLSA records that DNSSEC vouches for?

``evaluate`` answers for one host of a domain. Records of usage PKIX-TA (0) and PKIX-EE (1) cannot be used with SMTP
(rfc7672:3.1.3), nor can those of unknown numbers; where all are such, TLS is demanded and nothing of the certificate.

Rules: without a secure answer DANE does not apply; a look-up that failed makes the host unusable (rfc7672:2.1.1, 2.2). DANE-EE
(3) looks neither at names nor at dates (3.1.1), DANE-TA (2) at both (3.1.2).

Sources: rfc6698, rfc7671, rfc7672 (normative).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum
from itertools import pairwise

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from mailsim.reason.check import Check, check
from mailsim.reason.cite import rfc
from mailsim.reason.decision import Decision, Reason
from mailsim.sender_authentication.lookup import DnsAnswer, Lookup
from mailsim.sender_authentication.mta_sts import is_named

RECORDS = rfc(7672, "2.2")
ERRORS = rfc(7672, "2.1.1")
USAGES = rfc(7672, "3.1.3")
DANE_EE = rfc(7672, "3.1.1")
DANE_TA = rfc(7672, "3.1.2")

PORT = 25


class Usage(Enum):
    """What a record is compared with (rfc6698:2.1.1)."""

    PKIX_TA = 0
    PKIX_EE = 1
    DANE_TA = 2
    DANE_EE = 3


class DaneOutcome(Enum):
    """What DANE says of a host."""

    NOT_APPLICABLE = "DANE does not apply"
    TLS_ONLY = "TLS is demanded, no certificate"
    AUTHENTICATED = "authenticated"
    FAILED = "not authenticated"
    UNKNOWN = "TLSA records cannot be looked up"

    @property
    def usable(self) -> bool:
        """Whether mail may go to the host, over TLS where TLS is demanded."""
        return self not in (DaneOutcome.FAILED, DaneOutcome.UNKNOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsaRecord:
    """A TLSA record.

    Args:
        usage: the number.
        selector: 0 for the certificate, 1 for its key (SPKI).
        matching: 0 for all of it, 1 for SHA-256, 2 for SHA-512.
        data: what must be found.
        named: how it is shown; empty shows the beginning of the data.
    """

    usage: int
    selector: int
    matching: int
    data: bytes
    named: str = field(default="", compare=False)

    @property
    def usable(self) -> bool:
        """Whether SMTP can use it: DANE-TA or DANE-EE, with a known selector and digest."""
        known = self.selector in (0, 1) and self.matching in (0, 1, 2)
        return known and self.usage in (Usage.DANE_TA.value, Usage.DANE_EE.value)

    def matches(self, certificate: x509.Certificate) -> bool:
        """Tell whether a certificate is the one meant."""
        return self.data == _association(certificate, self.selector, self.matching)

    def __str__(self) -> str:
        return self.named or f"{self.usage} {self.selector} {self.matching} {self.data.hex()[:16]}..."


@dataclass(frozen=True, slots=True, kw_only=True)
class DaneVerdict:
    """What DANE says of one host.

    Args:
        outcome: in a word.
        because: the look-up and every record.
    """

    outcome: DaneOutcome
    because: Decision[str]


def read_tlsa(text: str) -> TlsaRecord:
    """Read ``3 1 1 0d6f...``; the data may have spaces in it.

    Raises:
        ValueError: if it is no TLSA record.
    """
    parts = text.split(None, 3)
    if len(parts) != 4:
        raise ValueError(f"{text!r} is not usage, selector, matching type and data")
    usage, selector, matching = (int(part) for part in parts[:3])
    return TlsaRecord(usage=usage, selector=selector, matching=matching, data=bytes.fromhex(parts[3]))


def write_tlsa(
    certificate: bytes, *, usage: Usage = Usage.DANE_EE, selector: int = 1, matching: int = 1
) -> str:
    """Return the record that a certificate (DER) fits, ``3 1 1`` unless told otherwise."""
    data = _association(x509.load_der_x509_certificate(certificate), selector, matching)
    return f"{usage.value} {selector} {matching} {data.hex()}"


def _association(certificate: x509.Certificate, selector: int, matching: int) -> bytes:
    """Return what a record of this selector and matching type holds of a certificate."""
    if selector == 0:
        selected = certificate.public_bytes(Encoding.DER)
    else:
        selected = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    if matching == 0:
        return selected
    return (hashlib.sha256 if matching == 1 else hashlib.sha512)(selected).digest()


def evaluate(
    host: str,
    chain: Sequence[bytes],
    *,
    lookup: Lookup,
    at: datetime,
    encrypted: bool = True,
    names: Sequence[str] = (),
    port: int = PORT,
) -> DaneVerdict:
    """Judge the session with a host.

    Args:
        host: the TLSA base domain: the MX, as its securely looked-up record names it.
        chain: the certificates as sent, DER, leaf first; empty without TLS.
        lookup: the DNS.
        at: when, for the dates of DANE-TA.
        encrypted: whether the session has TLS.
        names: what the certificate may be named beside the host: the recipient's domain (rfc7672:3.2.2).
        port: of the service.
    """
    name = f"_{port}._tcp.{host}"
    answer = lookup(name, "TLSA")
    return judge_answer(host, chain, answer, at=at, encrypted=encrypted, names=names, port=port)


def judge_answer(
    host: str,
    chain: Sequence[bytes],
    answer: DnsAnswer,
    *,
    at: datetime,
    encrypted: bool = True,
    names: Sequence[str] = (),
    port: int = PORT,
) -> DaneVerdict:
    """Judge the session with a host by TLSA records that were looked up before; the arguments are those of ``evaluate``."""
    name = f"_{port}._tcp.{host}"
    records, because = _read_answer(name, answer)
    if records is None:
        outcome = DaneOutcome.UNKNOWN if answer.failed else DaneOutcome.NOT_APPLICABLE
        return _verdict(host, outcome, because)
    tls = check(encrypted, "STARTTLS", saw="TLS" if encrypted else "clear text", wanted="TLS", cite=RECORDS)
    usable = [each for each in records if each.usable]
    if not encrypted:
        return _verdict(host, DaneOutcome.FAILED, (*because, tls))
    if not usable:
        none = check(False, "usable records", saw="none", wanted="usage 2 or 3", cite=USAGES)
        return _verdict(host, DaneOutcome.TLS_ONLY, (*because, tls, none))
    read = [x509.load_der_x509_certificate(each) for each in chain]
    made = [_fits(each, read, (host, *names), at) for each in usable]
    met = any(not each.failed for each in made)
    return _verdict(host, DaneOutcome.AUTHENTICATED if met else DaneOutcome.FAILED, (*because, tls, *made))


def _verdict(host: str, outcome: DaneOutcome, because: tuple[Reason, ...]) -> DaneVerdict:
    return DaneVerdict(
        outcome=outcome, because=Decision(f"DANE for {host}", outcome.value, because, outcome.value)
    )


def _read_answer(name: str, answer: DnsAnswer) -> tuple[tuple[TlsaRecord, ...] | None, tuple[Reason, ...]]:
    """Return the records, None where DANE does not go by them."""
    saw = answer.shown
    if answer.failed:
        return None, (check(False, f"TLSA {name}", saw=saw, wanted="an answer", cite=ERRORS),)
    secure = answer.authentic and bool(answer.records)
    vouched = "secure" if answer.authentic else "not secured by DNSSEC"
    made = check(secure, f"TLSA {name}", saw=f"{saw}; {vouched}", wanted="secure records", cite=RECORDS)
    if not secure:
        return None, (made,)
    return read_records(answer), (made,)


def read_records(answer: DnsAnswer) -> tuple[TlsaRecord, ...]:
    """Return the TLSA records of an answer; what cannot be read is left out."""
    shown = answer.named or ("",) * len(answer.records)
    read = zip(map(_read_or_none, answer.records), shown, strict=True)
    return tuple(replace(record, named=name) for record, name in read if record is not None)


def _read_or_none(text: str) -> TlsaRecord | None:
    try:
        return read_tlsa(text)
    except ValueError:
        return None


def _fits(record: TlsaRecord, chain: Sequence[x509.Certificate], names: Sequence[str], at: datetime) -> Check:
    if record.usage == Usage.DANE_EE.value:
        met = bool(chain) and record.matches(chain[0])
        saw = "the certificate" if met else "another certificate"
        return check(met, f"TLSA {record}", saw=saw, wanted="the certificate of the host", cite=DANE_EE)
    problem = _anchor_problem(record, chain, names, at)
    wanted = "a valid chain from the host's name to the anchor"
    return check(not problem, f"TLSA {record}", saw=problem or "such a chain", wanted=wanted, cite=DANE_TA)


def _anchor_problem(
    record: TlsaRecord, chain: Sequence[x509.Certificate], names: Sequence[str], at: datetime
) -> str:
    """Say why a chain does not lead to the anchor of a DANE-TA record; empty where it does."""
    depth = next((index for index, each in enumerate(chain) if record.matches(each)), None)
    if depth is None:
        return "the anchor was not sent"
    path = chain[: depth + 1]
    for lower, upper in pairwise(path):
        try:
            lower.verify_directly_issued_by(upper)
        except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
            return f"{lower.subject.rfc4514_string()} is not issued by {upper.subject.rfc4514_string()}"
    for each in path:
        if not each.not_valid_before_utc <= at <= each.not_valid_after_utc:
            return f"{each.subject.rfc4514_string()} is not valid now"
    given = _names(path[0])
    if not any(is_named(name, given) for name in names):
        return f"named {', '.join(given) or 'nothing'}"
    return ""


def _names(certificate: x509.Certificate) -> tuple[str, ...]:
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return ()
    return tuple(found.value.get_values_for_type(x509.DNSName))
