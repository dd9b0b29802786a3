"""From the messages of a scenario to submissions: who hands in what, where and when."""

from __future__ import annotations

from mailsim.config.diagnostic import Diagnostics
from mailsim.config.document import Mark
from mailsim.config.files import beside, read_octets
from mailsim.config.format import MessageText
from mailsim.config.names import address, mark_of, require_known
from mailsim.errors import ScenarioError
from mailsim.flow.spool import Submission
from mailsim.mail.address import ReversePath
from mailsim.mail.command import LONGEST_ENVID
from mailsim.mail.date import mail_date
from mailsim.mail.envelope import Envelope, Recipient
from mailsim.mail.message import Message
from mailsim.mta.exchange_online.config import ExchangeOnlineConfig
from mailsim.mta.exchange_server.config import ExchangeServerConfig
from mailsim.mta.generic.config import GenericConfig
from mailsim.world.topology import Mta, Topology


def link_message(
    name: str, text: MessageText, world: Topology, file: str, diagnostics: Diagnostics
) -> Submission | None:
    """Make the submission of one message; None when something about it is wrong.

    Args:
        name: the message's stable name.
        text: as written.
        world: the topology.
        file: the scenario's name, for an ``.eml`` beside it.
        diagnostics: gets every fault.
    """
    where, at = f"message {name!r}", mark_of(text.origin)
    before = diagnostics.error_count
    null = text.sender.strip() == "<>"
    sender = None if null else address(text.sender, "", diagnostics, mark_of(text.origin, "from"), where)
    recipients = [address(to, "", diagnostics, mark_of(text.origin, "to"), where) for to in text.to]
    if len(text.envid) > LONGEST_ENVID:
        problem = f"{where}: envid has {len(text.envid)} characters"
        diagnostics.error(
            mark_of(text.origin, "envid"), problem, wanted=f"at most {LONGEST_ENVID} (RFC 3461)"
        )
    if not text.to:
        diagnostics.error(at, f"{where} has no recipient", wanted="to: an address, or a list")
    mta = _entrance(text, sender, world, diagnostics, at=at, where=where)
    content = _content(name, text, world, file, diagnostics)
    if diagnostics.error_count > before or mta is None or content is None:
        return None
    paths = tuple(
        Recipient(path, "", frozenset(word.upper() for word in text.notify)) for path in recipients if path
    )
    utf8 = any(path.needs_smtputf8 for path in (sender, *recipients) if path)
    envelope = Envelope(
        reverse_path=sender, recipients=paths, smtputf8=utf8, ret=text.ret.upper(), envid=text.envid
    )
    return Submission(
        name=name, mta_id=mta.id, envelope=envelope, message=content, due=world.start + text.when
    )


def entrance_of(sender: ReversePath, world: Topology) -> list[Mta]:
    """Return the MTAs that have the sender's mailbox."""
    return [mta for mta in world.mtas.values() if sender is not None and _has_mailbox(mta, sender)]


def _entrance(
    text: MessageText,
    sender: ReversePath,
    world: Topology,
    diagnostics: Diagnostics,
    *,
    at: Mark | None,
    where: str,
) -> Mta | None:
    """Find the MTA or client host that a message starts at."""
    named = text.client or text.at
    if named:
        mta = world.named(named)
        known = [each.id for each in world.mtas.values() if (each.kind == "client") == bool(text.client)]
        if mta is None or mta.id not in known:
            require_known(named, known, diagnostics, at, f"{where}: {'client' if text.client else 'MTA'}")
            return None
        if isinstance(mta.config, ExchangeOnlineConfig) and not _has_mailbox(mta, sender):
            diagnostics.error(
                at, f"{where}: {sender} is no mailbox of a tenant", wanted="a mailbox in Exchange Online"
            )
            return None
        return mta
    found = entrance_of(sender, world)
    if len(found) == 1:
        return found[0]
    if text.sender.strip() != "<>" and sender is None:
        return None
    if diagnostics.error_count and not found:
        return None  # the mailbox may be among what was given up
    seen = f"{len(found)} MTAs have" if found else "no MTA has"
    diagnostics.error(
        at, f"{where}: {seen} a mailbox {text.sender}", wanted="at: the MTA, or client: the host"
    )
    return None


def _has_mailbox(mta: Mta, sender: ReversePath) -> bool:
    """Tell whether an address is a mailbox of an MTA."""
    if sender is None:
        return False
    config = mta.config
    if isinstance(config, GenericConfig):
        return config.has(sender)
    if isinstance(config, ExchangeServerConfig):
        return config.has_mailbox(sender)
    if isinstance(config, ExchangeOnlineConfig):
        tenant = config.owner_of(sender.domain)
        found = tenant.directory.find(sender) if tenant else None
        return found is not None and found.is_mailbox
    return False


def _content(
    name: str, text: MessageText, world: Topology, file: str, diagnostics: Diagnostics
) -> Message | None:
    """Write the message, or read it from its file; pad it where a size is given."""
    if text.eml:
        try:
            return Message.from_bytes(
                read_octets(beside(file, text.eml), named_at=mark_of(text.origin, "eml"))
            )
        except ScenarioError as error:
            for diagnostic in error.diagnostics:
                diagnostics.error(None, str(diagnostic))
            return None
    return write_message(
        sender=text.sender,
        to=text.to,
        subject=text.subject or name,
        date=mail_date(world.start + text.when),
        message_id=f"<{name}@{_right_side(text.sender)}>",
        header=dict(text.header),
        body=text.body,
        size=text.size,
    )


def _right_side(sender: str) -> str:
    return sender.rpartition("@")[2] or "localhost.invalid"


def write_message(
    *,
    sender: str,
    to: tuple[str, ...],
    subject: str,
    date: str,
    message_id: str,
    header: dict[str, str],
    body: str,
    size: int | None = None,
) -> Message:
    """Write a plain-text message.

    Args:
        sender: for the From field; ``<>`` becomes a postmaster.
        to: for the To field.
        subject: for the Subject field.
        date: for the Date field.
        message_id: with angle brackets.
        header: further fields; they replace those of the same name.
        body: text; its line ends become CRLF.
        size: the message is padded to so many octets, header included.
    """
    shown = "Mail Delivery System <postmaster@localhost.invalid>" if sender.strip() == "<>" else sender
    fields = {"From": shown, "To": ", ".join(to), "Subject": subject, "Date": date, "Message-ID": message_id}
    kept = {
        name: value for name, value in fields.items() if name.lower() not in {each.lower() for each in header}
    }
    lines = [f"{name}: {value}" for name, value in (kept | header).items()]
    if not (body.isascii() and subject.isascii()):
        lines += [
            "MIME-Version: 1.0",
            "Content-Type: text/plain; charset=utf-8",
            "Content-Transfer-Encoding: 8bit",
        ]
    text = body.replace("\r\n", "\n").replace("\n", "\r\n")
    data = ("\r\n".join(lines) + "\r\n\r\n" + text).encode()
    return Message.from_bytes(data + _padding((size or 0) - len(data)))


def _padding(missing: int) -> bytes:
    """Return so many octets of text in lines; none for a number below 1."""
    lines, rest = divmod(max(missing, 0), 78)
    last = b"x" * (rest - 2) + b"\r\n" if rest > 2 else b"\n" * rest
    return (b"x" * 76 + b"\r\n") * lines + last
