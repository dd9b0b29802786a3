"""One DKIM signature put through its gates, in the order of rfc6376:6.1.

Called by ``dkim.verify``. A gate is only asked when all before it were passed, so each may rely on them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from dkim import evaluate_pk

from mailsim.mail.message import Message
from mailsim.reason.check import Check, check
from mailsim.reason.cite import rfc
from mailsim.reason.decision import Gate, admit
from mailsim.sender_authentication import dkim_key
from mailsim.sender_authentication.dkim import Algorithm, DkimFault, DkimVerdict
from mailsim.sender_authentication.dkim_key import RECORD, RETRIEVAL
from mailsim.sender_authentication.dkim_library import BAD_INPUT, Dkim, Log
from mailsim.sender_authentication.lookup import DnsAnswer, Lookup, is_answered, record_exists
from mailsim.sender_authentication.tag_list import read_tags, without_space

SIGNATURE = rfc(6376, "3.5")
VALIDATE = rfc(6376, "6.1.1")
COMPUTE = rfc(6376, "6.1.3")
ALGORITHMS = rfc(8301, "3.1")
KEY_SIZES = rfc(8301, "3.2")

SHORTEST_KEY = 1024
REQUIRED = ("v", "a", "b", "bh", "d", "h", "s")
_ALGORITHMS = tuple(each.value for each in Algorithm)


def examine(message: Message, number: int, text: str, *, lookup: Lookup, at: datetime) -> DkimVerdict:
    """Judge one signature.

    Args:
        message: as received.
        number: of the signature, the topmost is 0.
        text: of its field.
        lookup: the DNS.
        at: when.
    """
    looked = _Examined(message, number, text, lookup, at)
    decision = admit(f"DKIM signature {number + 1} of {looked.domain or 'no domain'}", looked.gates())
    fault = decision.value or DkimFault.NONE
    return DkimVerdict(
        result=fault.result,
        fault=fault,
        domain=looked.domain,
        selector=looked.tags.get("s", ""),
        identity=looked.identity,
        algorithm=looked.algorithm,
        testing=looked.saw_key and looked.key.testing,
        because=decision,
    )


@dataclass
class _Examined:
    """A signature, and what is found out about it on the way.

    Args:
        message: that bears it.
        number: of the signature.
        text: of its field.
        lookup: the DNS.
        at: when.
    """

    message: Message
    number: int
    text: str
    lookup: Lookup
    at: datetime
    saw_key: bool = False

    def gates(self) -> tuple[Gate[DkimFault], ...]:
        """Return the gates in their order."""
        return (
            Gate("tags of the signature", self._is_written_right, DkimFault.SYNTAX, SIGNATURE),
            Gate("v=", self._has_version, DkimFault.VERSION, VALIDATE),
            Gate("h= has From", self._signs_from, DkimFault.FROM_NOT_SIGNED, VALIDATE),
            Gate("i= within d=", self._has_own_identity, DkimFault.DOMAIN_MISMATCH, VALIDATE),
            Gate("a=", self._has_algorithm, DkimFault.ALGORITHM, ALGORITHMS),
            Gate("x=", self._is_in_time, DkimFault.EXPIRED, SIGNATURE),
            Gate("key is answered", self._is_answered, DkimFault.KEY_UNAVAILABLE, RETRIEVAL),
            Gate("key exists", self._has_key, DkimFault.NO_KEY, RETRIEVAL),
            Gate("key record", lambda: dkim_key.can_be_read(self.key), DkimFault.KEY_SYNTAX, RECORD),
            Gate("p= of the key", lambda: dkim_key.is_not_revoked(self.key), DkimFault.KEY_REVOKED, RECORD),
            Gate(
                "k= of the key",
                lambda: dkim_key.is_of_type(self.key, self.algorithm),
                DkimFault.KEY_ALGORITHM,
                RETRIEVAL,
            ),
            Gate(
                "h= of the key",
                lambda: dkim_key.allows_hash(self.key, self.algorithm),
                DkimFault.HASH_ALGORITHM,
                RECORD,
            ),
            Gate("s= of the key", lambda: dkim_key.is_for_email(self.key), DkimFault.SERVICE_TYPE, RECORD),
            Gate("t= of the key", self._allows_identity, DkimFault.IDENTITY, RECORD),
            Gate("key size", self._is_long_enough, DkimFault.KEY_SIZE, KEY_SIZES),
            Gate("body hash", self._has_body, DkimFault.BODY_HASH, COMPUTE),
            Gate("signature", self._verifies, DkimFault.SIGNATURE, COMPUTE),
        )

    @cached_property
    def tags(self) -> dict[str, str]:
        """Return the tags, none where they cannot be read."""
        try:
            return read_tags(self.text)
        except ValueError:
            return {}

    @cached_property
    def domain(self) -> str:
        """Return d= in the form that is compared."""
        return self.tags.get("d", "").lower().rstrip(".")

    @property
    def identity(self) -> str:
        """Return i=, or what stands for it."""
        return self.tags.get("i", f"@{self.domain}" if self.domain else "")

    @property
    def algorithm(self) -> str:
        """Return a=."""
        return self.tags.get("a", "").lower()

    @property
    def _key_name(self) -> str:
        return f"{self.tags['s']}._domainkey.{self.domain}"

    @cached_property
    def _answer(self) -> DnsAnswer:
        return self.lookup(self._key_name, "TXT")

    @cached_property
    def key(self) -> dkim_key.KeyRecord:
        """Return the key record; of several the first, which rfc6376:6.1.2 leaves open."""
        self.saw_key = True
        return dkim_key.read_key(self._answer.records[0])

    @cached_property
    def _outcome(self) -> tuple[str, str]:
        """Ask dkimpy: why the body and why the signature do not verify; both empty when they do."""
        log = Log()
        record = self.key.text.encode("utf-8", "surrogateescape")
        try:
            verifier = Dkim(self.message.to_bytes(), logger=log, minkey=0)
            if verifier.verify(self.number, dnsfunc=lambda *_, **__: record):
                return "", ""
        except BAD_INPUT as fault:
            problem = str(fault) or type(fault).__name__
            return (problem, "") if problem.startswith("body hash") else ("", problem)
        return "", "; ".join(log.errors) or "does not fit the signed fields and the key"

    def _is_written_right(self) -> Check:
        missing = [f"{tag}=" for tag in REQUIRED if not self.tags.get(tag)]
        try:
            read_tags(self.text)
            saw = f"missing: {', '.join(missing)}" if missing else "all tags"
        except ValueError as fault:
            saw = str(fault)
        return check(not missing, "tags of the signature", saw=saw, wanted="v a b bh d h s", cite=SIGNATURE)

    def _has_version(self) -> Check:
        return check(self.tags["v"] == "1", "v=", saw=self.tags["v"], wanted="1", cite=VALIDATE)

    def _signs_from(self) -> Check:
        signed = without_space(self.tags["h"]).lower().split(":")
        return check("from" in signed, "h= has From", saw=":".join(signed), wanted="from", cite=VALIDATE)

    def _has_own_identity(self) -> Check:
        given = self.identity.rpartition("@")[2].lower().rstrip(".")
        met = given == self.domain or given.endswith(f".{self.domain}")
        return check(met, "i= within d=", saw=self.identity, wanted=f"{self.domain} or below", cite=VALIDATE)

    def _has_algorithm(self) -> Check:
        known = self.algorithm in _ALGORITHMS
        return check(known, "a=", saw=self.algorithm, wanted=" or ".join(_ALGORITHMS), cite=ALGORITHMS)

    def _is_in_time(self) -> Check:
        signed, until = self.tags.get("t", ""), self.tags.get("x", "")
        numbers = all(each.isdecimal() or not each for each in (signed, until))
        late = numbers and until and self.at.timestamp() > int(until)
        before = numbers and until and signed and int(until) < int(signed)
        saw = f"x={until or '(none)'} at {int(self.at.timestamp())}" + (f", t={signed}" if before else "")
        return check(
            numbers and not late and not before, "x=", saw=saw, wanted="a later time", cite=SIGNATURE
        )

    def _is_answered(self) -> Check:
        return is_answered(self._key_name, "TXT", self._answer, RETRIEVAL)

    def _has_key(self) -> Check:
        return record_exists(self._key_name, "TXT", self._answer, RETRIEVAL)

    def _allows_identity(self) -> Check:
        return dkim_key.allows_identity(self.key, self.identity, self.domain)

    def _is_long_enough(self) -> Check:
        record = self.key.text.encode("utf-8", "surrogateescape")
        try:
            _, bits, kind, _ = evaluate_pk(self._key_name, record)
        except BAD_INPUT as fault:
            return check(False, "key size", saw=f"no key: {fault}", wanted="a key", cite=KEY_SIZES)
        met = kind == b"ed25519" or bits >= SHORTEST_KEY
        return check(
            met, "key size", saw=f"{bits} bits", wanted=f"{SHORTEST_KEY} or more of RSA", cite=KEY_SIZES
        )

    def _has_body(self) -> Check:
        problem, _ = self._outcome
        return check(not problem, "body hash", saw=problem or "as signed", wanted="as signed", cite=COMPUTE)

    def _verifies(self) -> Check:
        _, problem = self._outcome
        return check(not problem, "signature", saw=problem or "verified", wanted="verified", cite=COMPUTE)
