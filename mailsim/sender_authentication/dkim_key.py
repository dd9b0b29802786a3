"""The public key of a signer as the DNS shows it, and what it allows.

Every check wants something of a key record by rfc6376:3.6.1. dkimpy does not look at ``h=`` and at ``t=s``; all of them are
judged here, before it is asked.
"""

from __future__ import annotations

from dataclasses import dataclass

from mailsim.reason.check import Check, check
from mailsim.reason.cite import rfc
from mailsim.sender_authentication.tag_list import read_tags, without_space

RECORD = rfc(6376, "3.6.1")
RETRIEVAL = rfc(6376, "6.1.2")


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """A key record.

    Args:
        text: as it stands.
        tags: by name; empty where it cannot be read.
        problem: why it cannot be read; empty where it can.
    """

    text: str
    tags: dict[str, str]
    problem: str = ""

    @property
    def testing(self) -> bool:
        """Whether the domain only tests DKIM."""
        return "y" in _listed(self.tags, "t")


def read_key(text: str) -> KeyRecord:
    """Read a key record; one that cannot be read says why."""
    try:
        tags = read_tags(text)
    except ValueError as fault:
        return KeyRecord(text, {}, str(fault))
    if "v" in tags and (next(iter(tags)) != "v" or tags["v"] != "DKIM1"):
        return KeyRecord(text, tags, f"v={tags['v']} must be DKIM1 and stand first")
    return KeyRecord(text, tags, "" if "p" in tags else "p= is missing")


def _listed(tags: dict[str, str], tag: str, default: str = "") -> tuple[str, ...]:
    """Return the parts of a value that colons separate."""
    return tuple(without_space(tags.get(tag, default)).split(":"))


def can_be_read(key: KeyRecord) -> Check:
    """Want a list of tags with a key in it."""
    return check(
        not key.problem, "key record", saw=key.problem or key.text, wanted="v=DKIM1; p=...", cite=RECORD
    )


def is_not_revoked(key: KeyRecord) -> Check:
    """p=: an empty one revokes the key."""
    given = without_space(key.tags.get("p", ""))
    return check(bool(given), "p= of the key", saw="a key" if given else "empty", wanted="a key", cite=RECORD)


def is_of_type(key: KeyRecord, algorithm: str) -> Check:
    """k=: the key must be of the kind that the signature says."""
    kind, wanted = key.tags.get("k", "rsa"), algorithm.partition("-")[0]
    return check(kind == wanted, "k= of the key", saw=kind, wanted=wanted, cite=RETRIEVAL)


def allows_hash(key: KeyRecord, algorithm: str) -> Check:
    """h=: where the key lists hash algorithms, the signature's must be one."""
    wanted = algorithm.partition("-")[2]
    listed = _listed(key.tags, "h", wanted)
    return check(wanted in listed, "h= of the key", saw=":".join(listed), wanted=wanted, cite=RECORD)


def is_for_email(key: KeyRecord) -> Check:
    """s=: where the key lists services, email or * must be one."""
    listed = _listed(key.tags, "s", "*")
    met = "*" in listed or "email" in listed
    return check(met, "s= of the key", saw=":".join(listed), wanted="email or *", cite=RECORD)


def allows_identity(key: KeyRecord, identity: str, domain: str) -> Check:
    """t=s: the domain in i= must be d= itself, not one below."""
    strict = "s" in _listed(key.tags, "t")
    given = identity.rpartition("@")[2].lower()
    saw = f"{'strict' if strict else 'subdomains allowed'}, i={identity}"
    return check(not strict or given == domain, "t= of the key", saw=saw, wanted=f"i=@{domain}", cite=RECORD)
