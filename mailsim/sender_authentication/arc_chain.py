"""dkimpy's ARC, with the keys looked up and judged by us.

Only ``arc.verify`` and ``arc.seal`` import this module, when they are first called.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import dkim

from mailsim.mail.message import HeaderField, Message
from mailsim.reason.check import Check, check
from mailsim.reason.cite import rfc
from mailsim.reason.decision import Decision, Reason
from mailsim.sender_authentication import dkim_key
from mailsim.sender_authentication.arc import VALIDATION, ArcResult, ArcSet, ArcVerdict
from mailsim.sender_authentication.dkim import SigningKey
from mailsim.sender_authentication.dkim_library import BAD_INPUT, Arc, Log, at_time
from mailsim.sender_authentication.lookup import Lookup, record_exists

SETS = rfc(8617, "4.1")
KEYS = rfc(8617, "4.1.3")

HASHED = "rsa-sha256"


class _Keys:
    """The keys of a chain, each looked up once.

    Args:
        lookup: the DNS.
    """

    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup
        self._known: dict[str, bytes | None] = {}
        self.made: list[Check] = []

    def __call__(self, name: bytes, timeout: int = 0) -> bytes | None:
        """Answer dkimpy: the record, or None where there is none that may be used."""
        del timeout
        text = name.decode("utf-8", "surrogateescape").rstrip(".").lower()
        if text not in self._known:
            self._known[text] = self._find(text)
        return self._known[text]

    def _find(self, name: str) -> bytes | None:
        answer = self._lookup(name, "TXT")
        self.made.append(record_exists(name, "TXT", answer, KEYS))
        if not answer.records:
            return None
        key = dkim_key.read_key(answer.records[0])
        wanted = (dkim_key.can_be_read(key), dkim_key.allows_hash(key, HASHED), dkim_key.is_for_email(key))
        failed = [each for each in wanted if each.failed]
        self.made += failed
        return None if failed else key.text.encode("utf-8", "surrogateescape")


def examine(message: Message, lookup: Lookup) -> ArcVerdict:
    """Answer ``arc.verify``."""
    keys, log = _Keys(lookup), Log()
    try:
        word, found, reason = Arc(message.to_bytes(), logger=log).verify(dnsfunc=keys)
    except BAD_INPUT as fault:
        word, found, reason = dkim.CV_Fail, [], str(fault) or type(fault).__name__
    result = (
        ArcResult(word.decode()) if word else ArcResult.FAIL
    )  # no word: a seal said that the chain had failed
    sets = tuple(_read_set(each) for each in found)
    problem = "; ".join([*log.errors, reason]) if result is ArcResult.FAIL else ""
    made: tuple[Reason, ...] = (*keys.made, *(_is_sealed(each) for each in sets), _passes(result, reason))
    return ArcVerdict(
        result=result,
        sets=sets,
        oldest_pass=_oldest_pass(sets),
        problem=problem,
        because=Decision("ARC chain", result.value, made, result.value),
    )


def _read_set(found: dict[str, Any]) -> ArcSet:
    """Return a set as dkimpy describes it."""
    return ArcSet(
        instance=found["instance"],
        domain=_text(found["as-domain"]).lower(),
        selector=_text(found["as-selector"]),
        chain=_text(found["cv"]),
        sealed=found["as-valid"],
        signed=found["ams-valid"],
        results=_text(found["aar-value"]).strip(),
    )


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")


def _oldest_pass(sets: Sequence[ArcSet]) -> int:
    """Return the oldest instance up to which, from the newest, every message signature verifies; 0 for all."""
    changed = next((each.instance for each in sets if not each.signed), 0)
    return changed + 1 if changed else 0


def _is_sealed(each: ArcSet) -> Check:
    state = f"{'sealed' if each.sealed else 'seal broken'}, {'unchanged' if each.signed else 'changed'} since"
    saw = f"i={each.instance} by {each.domain}: cv={each.chain}, {state}"
    return check(each.sealed, "ARC set", saw=saw, wanted="a seal that verifies", cite=SETS)


def _passes(result: ArcResult, reason: str) -> Check:
    met = result is ArcResult.PASS
    return check(met, "chain", saw="passes" if met else reason, wanted="a chain that passes", cite=VALIDATION)


def make_set(
    message: Message,
    key: SigningKey,
    *,
    at: datetime,
    authserv_id: str,
    fields: Sequence[str],
    standardize: bool,
) -> tuple[HeaderField, ...]:
    """Answer ``arc.seal``."""
    made: list[bytes] = []
    problem = f"it has no Authentication-Results of {authserv_id}, or none of the chain it bears"
    try:
        sealer = dkim.ARC(message.to_bytes(), logger=Log(), signature_algorithm=key.algorithm.value.encode())
        made = at_time(dkim.ARC.sign, at)(
            sealer,
            key.selector.encode(),
            key.domain.encode(),
            key.private_key.encode(),
            authserv_id.encode(),
            include_headers=[name.lower().encode() for name in fields] or None,
            timestamp=int(at.timestamp()),
            standardize=standardize,
        )
    except BAD_INPUT as fault:
        problem = str(fault) or type(fault).__name__
    if not made:
        raise ValueError(f"the message cannot be sealed by {key.domain}: {problem}")
    return tuple(HeaderField(raw) for raw in made)
