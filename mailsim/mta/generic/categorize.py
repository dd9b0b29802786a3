"""Where an internet MTA sends a message: its own mailboxes, a smart host, or the MX of each domain."""

from __future__ import annotations

from mailsim.mail.envelope import Recipient
from mailsim.mta.copies import gather, single
from mailsim.mta.generic.receive import RELAYING, UNKNOWN_USER, config_of
from mailsim.mta.generic.replies import user_unknown
from mailsim.mta.kind import Categorized, Copy, Deliver, Fate, Item, PointOfView, Refuse, Relay
from mailsim.mta.relaying.tls_policy import TlsPolicy
from mailsim.reason.check import Check, check


def route(at: PointOfView, item: Item) -> Categorized:
    """Make one copy for each local mailbox and one for each next hop."""
    return Categorized(gather(_copy(at, item, recipient) for recipient in item.envelope.recipients))


def _copy(at: PointOfView, item: Item, recipient: Recipient) -> Copy:
    fate, why = _fate(at, recipient)
    envelope = single(item.envelope, recipient, item.envelope.reverse_path)
    return Copy(envelope=envelope, message=item.message, fate=fate, because=why)


def _fate(at: PointOfView, recipient: Recipient) -> tuple[Fate, Check]:
    config, path = config_of(at), recipient.path
    if not path.domain or path.domain in config.domains:
        known = config.has(path)
        why = check(known, f"mailboxes of {at.mta.id}", saw=str(path), wanted="a mailbox", cite=UNKNOWN_USER)
        return (Deliver(path) if known else Refuse(user_unknown(path))), why
    why = check(
        True,
        f"smart_hosts of {at.mta.id}",
        saw=", ".join(config.smart_hosts) or f"none, so the MX of {path.domain}",
        cite=RELAYING,
    )
    return _relay(at, path.domain), why


def _relay(at: PointOfView, domain: str) -> Relay:
    config = config_of(at)
    return Relay(
        via="smart host" if config.smart_hosts else "MX",
        domain="" if config.smart_hosts else domain,
        smart_hosts=config.smart_hosts,
        tls=TlsPolicy(
            config.tls, config.tls_name, f"tls {config.tls.name.lower()}", str(config.origin or "")
        ),
        certificate=at.certificate,
        helo=at.mta.fqdn,
        source=at.mta.addresses[0],
        messages_per_connection=config.messages_per_connection,
    )
