"""dkimpy without the clock, the resolver and the log of the machine.

dkimpy reads the time in one function that checks ``t=`` and ``x=`` with ten hours of grace, and in the two that sign. They
are run here with another set of globals: a check that leaves times to us, and a clock that stands at the time given. Nothing
is patched, so other users of dkimpy in the process are not touched.

Only the modules that verify or sign import this one, and they are themselves imported when they are first needed.
"""

from __future__ import annotations

import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import FunctionType
from typing import Any

import dkim
from dkim.crypto import UnparsableKeyError
from dkim.util import InvalidTagValueList

from mailsim.mail.message import HeaderField, Message
from mailsim.sender_authentication.dkim import SigningKey

BAD_INPUT = (
    dkim.DKIMException, InvalidTagValueList, UnparsableKeyError, binascii.Error, ValueError, TypeError, KeyError,
    IndexError, AssertionError, AttributeError,
)  # fmt: skip
"""What dkimpy raises for messages, signatures and keys that are not as they should be."""


@dataclass(slots=True)
class Log:
    """What dkimpy has to say, kept instead of logged."""

    errors: list[str] = field(default_factory=list)

    def debug(self, *_: object) -> None:
        """Forget it."""

    def error(self, text: str) -> None:
        """Keep it."""
        self.errors.append(text)


@dataclass(frozen=True, slots=True)
class _Standing:
    """A clock that stands."""

    at: datetime

    def time(self) -> float:
        return self.at.timestamp()


def _timeless(sig: dict[bytes, bytes], *arguments: Any, **options: Any) -> None:
    """Check a signature's tags as dkimpy does, but for times, unless they are no numbers."""
    kept = {tag: value for tag, value in sig.items() if tag not in (b"t", b"x") or not value.isdigit()}
    dkim.validate_signature_fields(kept, *arguments, **options)


def _elsewhere(function: Any, **replaced: Any) -> Callable[..., Any]:
    """Return a function of dkimpy with some of its globals replaced."""
    names = {**function.__globals__, **replaced}
    return FunctionType(
        function.__code__, names, function.__name__, function.__defaults__, function.__closure__
    )


def at_time(function: Any, at: datetime) -> Callable[..., Any]:
    """Return a function of dkimpy for which the clock stands."""
    return _elsewhere(function, time=_Standing(at))


class Dkim(dkim.DKIM):  # type: ignore[misc]
    """dkimpy's verifier that does not look at the clock."""

    verify_headerprep = _elsewhere(dkim.DKIM.verify_headerprep, validate_signature_fields=_timeless)


class Arc(dkim.ARC):  # type: ignore[misc]
    """The same for ARC."""

    verify_instance = _elsewhere(dkim.ARC.verify_instance, validate_signature_fields=_timeless)


def make_signature(
    message: Message,
    key: SigningKey,
    *,
    at: datetime,
    fields: Sequence[str],
    canonicalization: tuple[str, str],
    identity: str,
) -> HeaderField:
    """Answer ``dkim.sign``."""
    algorithm = key.algorithm.value.encode()
    make = at_time(dkim.DKIM.sign, at)
    try:
        signer = dkim.DKIM(message.to_bytes(), logger=Log(), signature_algorithm=algorithm)
        raw = make(
            signer,
            key.selector.encode(),
            key.domain.encode(),
            key.private_key.encode(),
            identity=identity.encode() or None,
            canonicalize=tuple(each.encode() for each in canonicalization),
            include_headers=[name.encode() for name in fields] or None,
        )
    except BAD_INPUT as fault:
        raise ValueError(f"the message cannot be signed for {key.domain}: {fault}") from fault
    return HeaderField(raw)
