"""A message for a running topology: written here, read by ``mailsim up``."""

from __future__ import annotations

import base64
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mailsim.flow.spool import Submission
    from mailsim.world.topology import Topology


def request_for(
    *, token: str, sender: str, to: tuple[str, ...], at: str, content: bytes, name: str
) -> dict[str, Any]:
    """Return the request that hands a message in by a mailbox."""
    encoded = base64.b64encode(content).decode()
    return {"token": token, "from": sender, "to": list(to), "at": at, "name": name, "content": encoded}


def submission_from(request: dict[str, Any], name: str, world: Topology, now: datetime) -> Submission:
    """Read such a request.

    Raises:
        ValueError: when an address is none, no MTA has the name given, or no MTA or more than one has the sender's mailbox.
    """
    from mailsim.config.link_messages import entrance_of
    from mailsim.flow.spool import Submission
    from mailsim.mail.address import Mailbox
    from mailsim.mail.envelope import Envelope, Recipient
    from mailsim.mail.message import Message

    sender = Mailbox.parse(str(request["from"]))
    recipients = tuple(Recipient(Mailbox.parse(str(to))) for to in request["to"])
    at = str(request.get("at") or "")
    named = world.named(at) if at else None
    if at and named is None:
        raise ValueError(f"no MTA is called {at!r}; known are {', '.join(world.mtas)}")
    found = [named] if named else entrance_of(sender, world)
    if len(found) != 1:
        seen = "no MTA has" if not found else f"{len(found)} MTAs have"
        raise ValueError(f"{seen} a mailbox {sender}; name the MTA with --at, or a client host with --as")
    return Submission(
        name=name,
        mta_id=found[0].id,
        envelope=Envelope(reverse_path=sender, recipients=recipients),
        message=Message.from_bytes(base64.b64decode(str(request["content"]))),
        due=now,
    )
