"""The categorizer of Exchange Server: resolve every recipient, route it, make one copy a next hop.

Sources: "Recipient resolution in Exchange Server", "Accepted domains in Exchange Server".
"""

from __future__ import annotations

from dataclasses import replace

from mailsim.mail.envelope import Recipient, orcpt_of
from mailsim.mta.exchange_server import defaults, headers, replies
from mailsim.mta.exchange_server.config import DomainType
from mailsim.mta.exchange_server.receive import config_of
from mailsim.mta.exchange_server.send import choose_send_connector, hold_unreachable, relay_by
from mailsim.mta.kind import Categorized, Copy, Deliver, Fate, Item, PointOfView, Refuse, Resolved
from mailsim.reason.check import check
from mailsim.reason.cite import documented
from mailsim.reason.decision import Decision, Reason

RESOLUTION = documented("ms:recipient-resolution", "Recipient resolution in Exchange Server")


def categorize(at: PointOfView, item: Item) -> Categorized:
    """Give every recipient its fate; recipients with the same next hop share a copy."""
    copies: dict[Fate, Copy] = {}
    resolved: list[Resolved] = []
    for recipient in item.envelope.recipients:
        final, steps, because = resolve(at, recipient)
        resolved += steps
        copy = _copy(at, item, final, because)
        known = copies.get(copy.fate)
        together = (*known.recipients, final) if known else (final,)
        copies[copy.fate] = replace(copy, recipients=together)
    return Categorized(tuple(copies.values()), tuple(resolved))


def resolve(at: PointOfView, recipient: Recipient) -> tuple[Recipient, list[Resolved], Decision[Fate | None]]:
    """Follow a recipient through the directory until it ends in a mailbox, outside, or nowhere.

    Returns:
        The recipient as finally addressed, the steps, and a decision: ``Deliver``, ``Refuse``, or None to route it.
    """
    config, steps, because = config_of(at), list[Resolved](), list[Reason]()
    current = recipient
    for _ in range(defaults.LONGEST_CHAIN):
        found = config.directory.find(current.path)
        saw = f"{current.path} is {found.kind.value if found else 'not in the directory'}"
        source = found.source if found else ""
        because.append(
            check(True, f"directory of {config.organization}", saw=saw, cite=RESOLUTION, source=source)
        )
        if found is None:
            return current, steps, _not_found(at, current, because)
        if found.target is None:
            final = replace(current, path=found.primary, orcpt=orcpt_of(current, found.primary))
            if final.path != current.path:  # a proxy address becomes the primary one
                steps.append(Resolved(current.path, final.path, found.kind.value))
            fate = Deliver(found.primary)
            return final, steps, Decision("recipient", fate, tuple(because), "delivered here")
        steps.append(Resolved(current.path, found.target, found.kind.value))
        if found.target == current.path:
            return current, steps, Decision("recipient", None, tuple(because), "to be routed")
        current = replace(current, path=found.target, orcpt=orcpt_of(current, found.target))
    return current, steps, Decision("recipient", Refuse(replies.FORWARDING_LOOP), tuple(because), "a loop")


def _not_found(at: PointOfView, recipient: Recipient, because: list[Reason]) -> Decision[Fate | None]:
    """Refuse an unknown recipient of an authoritative domain; everything else is routed."""
    config = config_of(at)
    accepted = config.accepted(recipient.path.domain)
    authoritative = accepted is not None and accepted.domain_type is DomainType.AUTHORITATIVE
    saw = accepted.domain_type.value if accepted else "not an accepted domain"
    source = str(accepted.origin or "") if accepted else ""
    because.append(
        check(
            not authoritative,
            f"DomainType of {recipient.path.domain}",
            saw=saw,
            wanted="a known recipient, or a domain that is not Authoritative",
            cite=RESOLUTION,
            source=source,
        )
    )
    if authoritative:
        fate = Refuse(replies.UNKNOWN_RECIPIENT)
        return Decision("recipient", fate, tuple(because), "unknown in an authoritative domain")
    return Decision("recipient", None, tuple(because), "to be routed")


def _copy(at: PointOfView, item: Item, recipient: Recipient, resolution: Decision[Fate | None]) -> Copy:
    """Turn a resolved recipient into a copy: its fate, or the Send connector's."""
    if resolution.value is not None:
        return Copy(recipients=(recipient,), message=item.message, fate=resolution.value, because=resolution)
    choice = choose_send_connector(at, recipient.path, item.message.size)
    because = Decision("route", None, (*resolution.because, choice), choice.question)
    if choice.chosen is None:
        fate = hold_unreachable(item, choice)
        return Copy(recipients=(recipient,), message=item.message, fate=fate, because=because)
    message = headers.leave(at, item.message, choice.chosen)
    relay = relay_by(at, choice.chosen, recipient.path.domain)
    return Copy(recipients=(recipient,), message=message, fate=relay, because=because)
