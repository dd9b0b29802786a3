"""ARC: what earlier hosts found out about a message, vouched for by a chain of seals.

``verify`` judges the chain, ``seal`` adds a set to it, ``trusted_sets`` says how much of it a receiver may believe who
trusts some sealers. Cryptography is dkimpy's. What a receiver makes of a trusted set is its own matter (rfc8617:7.2.1).

Rules: a chain passes when the newest message signature and every seal verify (rfc8617:5.2); a key that forbids the use is
as good as none. A name server that does not answer makes the chain fail, since ARC knows no temporary result; the reason
tells.

Source: rfc8617 (normative).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from mailsim.mail.message import HeaderField, Message
from mailsim.reason.check import check
from mailsim.reason.cite import rfc
from mailsim.reason.decision import Decision
from mailsim.sender_authentication.dkim import SigningKey
from mailsim.sender_authentication.lookup import Lookup

VALIDATION = rfc(8617, "5.2")

FIELDS = ("ARC-Seal", "ARC-Message-Signature", "ARC-Authentication-Results")
NOT_SEALED = "Message is not ARC signed"


class ArcResult(Enum):
    """The results of rfc8617:4.4."""

    NONE = "none"
    PASS = "pass"  # noqa: S105 - a result
    FAIL = "fail"


@dataclass(frozen=True, slots=True, kw_only=True)
class ArcSet:
    """The three fields of one sealer.

    Args:
        instance: ``i=``, 1 for the oldest.
        domain: ``d=`` of the seal, lower case.
        selector: ``s=`` of the seal.
        chain: ``cv=`` as the sealer found it.
        sealed: whether the seal verifies.
        signed: whether its message signature verifies still; only the newest must.
        results: the text of its ARC-Authentication-Results.
    """

    instance: int
    domain: str
    selector: str
    chain: str
    sealed: bool
    signed: bool
    results: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ArcVerdict:
    """What a chain is worth.

    Args:
        result: the word.
        sets: newest first, as far as the chain was looked at.
        oldest_pass: the instance since which nobody changed the message; 0 where all signatures verify (rfc8617:5.2).
        problem: why the chain does not pass; empty where it does.
        because: the keys and sets.
    """

    result: ArcResult
    sets: tuple[ArcSet, ...] = ()
    oldest_pass: int = 0
    problem: str = ""
    because: Decision[str]


def verify(message: Message, *, lookup: Lookup) -> ArcVerdict:
    """Judge the chain of a message.

    Args:
        message: as received.
        lookup: the DNS.
    """
    if not any(message.values(name) for name in FIELDS):  # and no library to load
        nothing = check(False, "chain", saw=NOT_SEALED, wanted="a chain that passes", cite=VALIDATION)
        result = ArcResult.NONE
        return ArcVerdict(
            result=result, because=Decision("ARC chain", result.value, (nothing,), result.value)
        )
    from mailsim.sender_authentication.arc_chain import examine

    return examine(message, lookup)


def seal(
    message: Message,
    key: SigningKey,
    *,
    at: datetime,
    authserv_id: str,
    fields: Sequence[str] = (),
    standardize: bool = False,
) -> tuple[HeaderField, ...]:
    """Seal a message.

    Args:
        message: with the Authentication-Results fields of this host; ``arc=`` in them is the chain so far.
        key: whose, of RSA.
        at: the time in ``t=``, aware UTC.
        authserv_id: by which those fields are known.
        fields: the names to sign, From among them; empty for those rfc6376:5.4.1 recommends.
        standardize: write tags sorted and without folding, as the signing suite wants them.

    Returns:
        ARC-Seal, ARC-Message-Signature and ARC-Authentication-Results, in the order in which they are put on top.

    Raises:
        ValueError: if the message or the key cannot be used, or the fields of this host are missing.
    """
    from mailsim.sender_authentication.arc_chain import make_set

    return make_set(message, key, at=at, authserv_id=authserv_id, fields=fields, standardize=standardize)


def trusted_sets(verdict: ArcVerdict, sealers: Collection[str]) -> tuple[ArcSet, ...]:
    """Return the sets a receiver may believe: newest first, as long as each was sealed by a trusted domain.

    Args:
        verdict: of the chain; none is believed unless it passes.
        sealers: domains, in any case.
    """
    trusted = {each.lower() for each in sealers}
    believed: list[ArcSet] = []
    for each in verdict.sets if verdict.result is ArcResult.PASS else ():
        if each.domain not in trusted:
            break
        believed.append(each)
    return tuple(believed)
