"""From ``mta_sts:`` of a scenario to policy hosts, and the TXT records that go without saying (RFC 8461 section 3.1)."""

from __future__ import annotations

from collections.abc import Iterator

from mailsim.config.format import PolicyHostText
from mailsim.config.linking import Linking
from mailsim.config.names import mark_of, require_known
from mailsim.config.record import DEFAULT_TTL
from mailsim.sender_authentication.mta_sts import read_id, read_policy
from mailsim.world.dns import RecordSet, Txt
from mailsim.world.policy_host import PolicyHost


def link_policies(linking: Linking) -> dict[str, PolicyHost]:
    """Return every policy host by its domain; what RFC 8461 does not allow is reported."""
    found = {}
    for domain, text in linking.text.mta_sts.items():
        host = found[str(domain)] = _policy_host(linking, str(domain), text)
        _check(linking, host, text)
    return found


def _policy_host(linking: Linking, domain: str, text: PolicyHostText) -> PolicyHost:
    since = linking.start if text.unreachable else None
    if text.unreachable_since is not None:
        since = linking.start + text.unreachable_since
    return PolicyHost(
        domain=domain,
        text=_policy(text),
        record_id=text.id,
        certificate=text.certificate,
        unreachable_since=since,
    )


def _policy(text: PolicyHostText) -> str:
    """Write the policy as its host does (rfc8461:3.2)."""
    lines = ["version: STSv1", f"mode: {text.mode.value}"]
    lines += [f"mx: {host}" for host in text.mx]
    lines += [f"max_age: {int(text.max_age.total_seconds())}"]
    return "".join(f"{line}\r\n" for line in lines)


def _check(linking: Linking, host: PolicyHost, text: PolicyHostText) -> None:
    where = f"mta_sts: {host.domain}"
    if text.certificate:
        at = mark_of(text.origin, "certificate")
        require_known(
            text.certificate, linking.certificates, linking.diagnostics, at, f"{where}: certificate"
        )
    try:
        read_policy(host.text)
    except ValueError as problem:
        linking.diagnostics.error(mark_of(text.origin), f"{where}: {problem}")
    if not read_id((_record(host),)):
        wanted = "1 to 32 letters and digits"
        linking.diagnostics.error(mark_of(text.origin, "id"), f"{where}: id is {text.id!r}", wanted=wanted)


def records_of_policies(linking: Linking) -> Iterator[RecordSet]:
    """Yield the TXT record that tells of each policy."""
    for domain, text in linking.text.mta_sts.items():
        record = _record(_policy_host(linking, str(domain), text))
        yield RecordSet(f"_mta-sts.{domain}", DEFAULT_TTL, (Txt((record.encode(),)),))


def _record(host: PolicyHost) -> str:
    return f"v=STSv1; id={host.record_id};"
