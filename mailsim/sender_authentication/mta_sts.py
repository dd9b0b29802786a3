"""MTA-STS: what a domain demands of TLS by a policy at a web host, and whether a session meets it.

``refresh`` says which policy a sender goes by: the TXT record tells whether the cached one is still current, a fetched one
replaces it, and a cached one counts until its ``max_age`` is over, whatever becomes of record and host (rfc8461:5.1).
``judge`` holds a host and its session against it. Fetching is the caller's: it hands over what came back.

Source: rfc8461 (normative).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from mailsim.reason.check import Check, check
from mailsim.reason.cite import rfc
from mailsim.reason.decision import Decision, Reason
from mailsim.sender_authentication.lookup import Lookup
from mailsim.sender_authentication.tag_list import read_tags
from mailsim.world.certificate import ChainVerdict

RECORD = rfc(8461, "3.1")
POLICY = rfc(8461, "3.2")
FETCHING = rfc(8461, "3.3")
HOSTS = rfc(8461, "4.1")
CERTIFICATES = rfc(8461, "4.2")
APPLYING = rfc(8461, "5")
CACHING = rfc(8461, "5.1")

LONGEST_AGE = 31_557_600
_ID = re.compile(r"[A-Za-z0-9]{1,32}")
_MX = re.compile(r"(?:\*\.)?[a-z0-9-]+(?:\.[a-z0-9-]+)*")


class StsMode(Enum):
    """What a policy wants."""

    ENFORCE = "enforce"
    TESTING = "testing"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class StsPolicy:
    """A policy.

    Args:
        mode: what is wanted.
        hosts: the patterns of ``mx:``, lower case.
        max_age: seconds for which it counts; more than a year counts as a year.
    """

    mode: StsMode
    hosts: tuple[str, ...]
    max_age: int

    def covers(self, host: str) -> bool:
        """Tell whether a pattern fits a host; ``*`` stands for one label, the leftmost."""
        return is_named(host, self.hosts)


@dataclass(frozen=True, slots=True, kw_only=True)
class CachedPolicy:
    """A policy as a sender keeps it.

    Args:
        policy: the policy.
        record_id: the ``id=`` under which it was fetched.
        fetched_at: when, aware UTC.
    """

    policy: StsPolicy
    record_id: str
    fetched_at: datetime

    def counts(self, at: datetime) -> bool:
        """Tell whether its age is within ``max_age``."""
        return at < self.fetched_at + timedelta(seconds=self.policy.max_age)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """What came of fetching ``https://mta-sts.<domain>/.well-known/mta-sts.txt``.

    Args:
        text: of the policy; empty where nothing usable came.
        problem: what went wrong, such as ``HTTP 302`` or ``certificate invalid``; empty where nothing did.
    """

    text: str = ""
    problem: str = ""


Fetch = Callable[[str], Fetched]
"""Fetch the policy of a domain; asked only where a new one is needed."""


class StsAction(Enum):
    """What a sender does with a host."""

    DELIVER = "deliver"
    SKIP_HOST = "do not use this MX"
    DEFER = "defer"


@dataclass(frozen=True, slots=True, kw_only=True)
class StsVerdict:
    """What MTA-STS says of a host and its session.

    Args:
        action: what a sender does; after SKIP_HOST another host may do.
        valid: whether the policy is met; a failure is reported (rfc8460) also where mail is delivered.
        because: the checks.
    """

    action: StsAction
    valid: bool
    because: Decision[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class StsSession:
    """What the TLS of a session showed.

    Args:
        encrypted: whether STARTTLS was offered and succeeded.
        chain: how the certificate's chain was judged at the time; None without a certificate.
        names: the DNS names in its subjectAltName.
    """

    encrypted: bool
    chain: ChainVerdict | None = None
    names: tuple[str, ...] = ()


def read_policy(text: str) -> StsPolicy:
    """Read a policy.

    Args:
        text: lines of ``key: value``, ended by LF or CRLF; unknown keys do not count.

    Raises:
        ValueError: if it is not valid; the message says why.
    """
    pairs = [line.partition(":") for line in text.splitlines() if line.strip()]
    fields = [(key.strip(), value.strip()) for key, colon, value in pairs if colon]
    first = dict(reversed(fields))  # rfc8461:3.2 has the first of several count
    if first.get("version") != "STSv1":
        raise ValueError(f"version is {first.get('version')!r}; wanted STSv1")
    if first.get("mode") not in {each.value for each in StsMode}:
        raise ValueError(f"mode is {first.get('mode')!r}; wanted enforce, testing or none")
    age = first.get("max_age", "")
    if not (age.isascii() and age.isdigit()) or len(age) > 10:
        raise ValueError(f"max_age is {age!r}; wanted seconds")
    hosts = tuple(value.lower() for key, value in fields if key == "mx")
    wrong = [host for host in hosts if not _MX.fullmatch(host)]
    mode = StsMode(first["mode"])
    if wrong or (not hosts and mode is not StsMode.NONE):
        raise ValueError(f"mx is {wrong[0]!r}" if wrong else "mx is missing")
    return StsPolicy(mode=mode, hosts=hosts, max_age=min(int(age), LONGEST_AGE))


def read_id(records: tuple[str, ...]) -> str:
    """Return the ``id=`` of the one MTA-STS record among TXT records; empty where none counts."""
    found = [text for text in records if re.match(r"v=STSv1[ \t]*;", text)]
    if len(found) != 1:
        return ""
    try:
        written = read_tags(found[0]).get("id", "")
    except ValueError:
        return ""
    return written if _ID.fullmatch(written) else ""


def refresh(
    domain: str, *, lookup: Lookup, fetch: Fetch, cached: CachedPolicy | None, at: datetime
) -> Decision[CachedPolicy | None]:
    """Decide by which policy mail to a domain is sent now.

    Args:
        domain: of the recipient, not of its host.
        lookup: the DNS.
        fetch: asked when the record has another id than the cached policy, or none is cached.
        cached: what is kept from before; may be too old.
        at: when.

    Returns:
        The policy to go by and to keep; None where there is none.
    """
    name = f"_mta-sts.{domain}"
    answer = lookup(name, "TXT")
    current = read_id(answer.records)
    saw = "; ".join(answer.records) or answer.status.value
    made: list[Reason] = [
        check(bool(current), f"TXT {name}", saw=saw, wanted="one v=STSv1; id=...", cite=RECORD)
    ]
    kept = cached if cached is not None and cached.counts(at) else None
    if cached is not None:
        made.append(_is_kept(cached, at))
    if current and (kept is None or kept.record_id != current):
        new = _read_fetched(fetch(domain), current, at)
        made.append(new)
        kept = new.value or kept
    shown = kept.policy.mode.value if kept else "no policy"
    return Decision(f"MTA-STS policy of {domain}", kept, tuple(made), shown)


def _is_kept(cached: CachedPolicy, at: datetime) -> Check:
    until = cached.fetched_at + timedelta(seconds=cached.policy.max_age)
    saw = f"{cached.policy.mode.value}, counts until {until:%Y-%m-%d %H:%M:%S} UTC"
    return check(cached.counts(at), "cached policy", saw=saw, wanted="one that still counts", cite=CACHING)


def _read_fetched(fetched: Fetched, record_id: str, at: datetime) -> Decision[CachedPolicy | None]:
    """Make a policy of what was fetched."""
    came = check(
        not fetched.problem,
        "policy host",
        saw=fetched.problem or "answered",
        wanted="HTTP 200",
        cite=FETCHING,
    )
    if came.failed:
        return Decision("fetched policy", None, (came,), "none")
    try:
        policy = read_policy(fetched.text)
    except ValueError as fault:
        wrong = check(False, "policy", saw=str(fault), wanted="a valid policy", cite=POLICY)
        return Decision("fetched policy", None, (came, wrong), "none")
    right = check(True, "policy", saw=policy.mode.value, cite=POLICY)
    value = CachedPolicy(policy=policy, record_id=record_id, fetched_at=at)
    return Decision("fetched policy", value, (came, right), policy.mode.value)


def judge(policy: StsPolicy | None, host: str, session: StsSession) -> StsVerdict:
    """Hold a host and the session with it against a policy.

    Args:
        policy: of the recipient's domain; None where there is none.
        host: the MX, as the record names it.
        session: what its TLS showed.
    """
    question = f"MTA-STS for {host}"
    if policy is None or policy.mode is StsMode.NONE:
        nothing = check(True, "mode", saw=policy.mode.value if policy else "no policy", cite=APPLYING)
        return StsVerdict(
            action=StsAction.DELIVER, valid=True, because=Decision(question, "deliver", (nothing,), "deliver")
        )
    listed = check(policy.covers(host), "mx", saw=host, wanted=" or ".join(policy.hosts), cite=HOSTS)
    made = (listed, *_session_checks(host, session))
    valid = not any(each.failed for each in made)
    action = _action(policy.mode, listed, valid=valid)
    shown = f"{action.value}{'' if valid else ', reported'}"
    return StsVerdict(action=action, valid=valid, because=Decision(question, action.value, made, shown))


def _action(mode: StsMode, listed: Check, *, valid: bool) -> StsAction:
    if valid or mode is StsMode.TESTING:
        return StsAction.DELIVER
    return StsAction.SKIP_HOST if listed.failed else StsAction.DEFER


def _session_checks(host: str, session: StsSession) -> tuple[Check, ...]:
    """Want TLS, a chain to a public authority and the host's name (rfc8461:4.2)."""
    encrypted = check(
        session.encrypted,
        "STARTTLS",
        saw="TLS" if session.encrypted else "clear text",
        wanted="TLS",
        cite=CERTIFICATES,
    )
    if not session.encrypted:
        return (encrypted,)
    chain = session.chain
    trusted = check(
        chain is not None and chain.trusted,
        "certificate chain",
        saw=chain.saw if chain else "no certificate",
        wanted="a trusted one",
        cite=CERTIFICATES,
    )
    named = check(
        is_named(host, session.names),
        "certificate name",
        saw=", ".join(session.names),
        wanted=host,
        cite=CERTIFICATES,
    )
    return (encrypted, trusted, named)


def is_named(host: str, names: tuple[str, ...]) -> bool:
    """Tell whether names fit a host; ``*`` stands for its leftmost label (rfc6125:6.4.3, rfc8461:4.1)."""
    name = host.lower().rstrip(".")
    return any(each.lower() in (name, f"*.{name.partition('.')[2]}") for each in names)
