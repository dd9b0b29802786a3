"""From the recipients of a scenario to a directory: names get addresses, files are read, doubles are reported."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

from mailsim.config.diagnostic import Diagnostics
from mailsim.config.document import Mark
from mailsim.config.files import beside, read_rows
from mailsim.config.format import RecipientsText, RecipientText
from mailsim.config.names import address, mark_of
from mailsim.mail.address import Mailbox
from mailsim.world.directory import Directory, DirectoryRecipient, RecipientType
from mailsim.world.source import Origin

_ADDRESSES = frozenset(
    {"primary_smtp_address", "email_addresses", "external_email_address", "remote_routing_address"}
)
_NO_ATTRIBUTES = _ADDRESSES | {"created", "origin"}
# the names that rules use for directory attributes
_ATTRIBUTES = {
    each.name: "".join(part.capitalize() for part in each.name.split("_"))
    for each in fields(RecipientText)
    if each.name not in _NO_ATTRIBUTES
}


def link_directory(
    text: RecipientsText, domain: str, scenario: str, diagnostics: Diagnostics, where: str
) -> Directory:
    """Make the directory of an organization or tenant.

    Args:
        text: as written.
        domain: the default accepted domain.
        scenario: the scenario's file, beside which a CSV lies.
        diagnostics: gets every fault.
        where: whose recipients these are.
    """
    recipients = list(_objects(text, domain, diagnostics, where))
    _report_doubles(recipients, diagnostics, where)
    plain = _plain(text, domain, scenario, diagnostics)
    return Directory(recipients, plain)


def _objects(
    text: RecipientsText, domain: str, diagnostics: Diagnostics, where: str
) -> Iterator[DirectoryRecipient]:
    """Yield every object that is written out."""
    boxes = text.mailboxes if isinstance(text.mailboxes, tuple) else text.mailboxes.items()
    for box in boxes:
        name, more = (box, None) if isinstance(box, str) else box
        yield from _one(
            RecipientType.MAILBOX,
            name,
            more,
            section=text.origin,
            domain=domain,
            diagnostics=diagnostics,
            where=where,
        )
    pointing = (
        (RecipientType.REMOTE_MAILBOX, text.remote_mailboxes),
        (RecipientType.MAIL_USER, text.mail_users),
        (RecipientType.MAIL_CONTACT, text.mail_contacts),
    )
    for kind, table in pointing:
        for name, said in table.items():
            yield from _one(
                kind, name, said, section=text.origin, domain=domain, diagnostics=diagnostics, where=where
            )


def _one(
    kind: RecipientType,
    name: str,
    said: str | RecipientText | None,
    *,
    section: Origin | None,
    domain: str,
    diagnostics: Diagnostics,
    where: str,
) -> Iterator[DirectoryRecipient]:
    """Yield one object unless something about it is wrong."""
    more = said if isinstance(said, RecipientText) else RecipientText()
    origin = more.origin or section
    at = mark_of(origin)
    what = f"{where}: {kind.value} {name!r}"
    primary = address(more.primary_smtp_address or name, domain, diagnostics, at, what)
    proxies = [address(each, domain, diagnostics, at, what) for each in more.email_addresses]
    target = _target(kind, said, diagnostics, at, what)
    if primary is None or None in proxies or (target is None and kind is not RecipientType.MAILBOX):
        return
    known = dict.fromkeys([primary, *(proxy for proxy in proxies if proxy is not None)])
    attributes = {shown: value for own, shown in _ATTRIBUTES.items() if (value := getattr(more, own))}
    yield DirectoryRecipient(
        kind=kind,
        primary=primary,
        proxies=tuple(known),
        target=target,
        attributes=attributes,
        created=more.created,
        origin=origin,
    )


def _target(
    kind: RecipientType,
    said: str | RecipientText | None,
    diagnostics: Diagnostics,
    at: Mark | None,
    what: str,
) -> Mailbox | None:
    """Return where an object points; a mailbox points nowhere."""
    if kind is RecipientType.MAILBOX:
        return None
    remote = kind is RecipientType.REMOTE_MAILBOX
    wanted = "RemoteRoutingAddress" if remote else "ExternalEmailAddress"
    if isinstance(said, RecipientText):
        target = said.remote_routing_address if remote else said.external_email_address
    else:
        target = said or ""
    if not target:
        diagnostics.error(at, f"{what}: {wanted} is missing", wanted="an address")
        return None
    return address(target, "", diagnostics, at, f"{what}: {wanted}")


def _report_doubles(recipients: list[DirectoryRecipient], diagnostics: Diagnostics, where: str) -> None:
    """Report addresses that two objects claim, as Exchange would not let them."""
    owners: dict[str, DirectoryRecipient] = {}
    for recipient in recipients:
        for proxy in recipient.proxies:
            other = owners.setdefault(proxy.key, recipient)
            if other is not recipient:
                problem = f"{where}: {proxy} belongs to both {other.primary} and {recipient.primary}"
                diagnostics.error(mark_of(recipient.origin), problem, wanted="one owner for each address")


def _plain(text: RecipientsText, domain: str, scenario: str, diagnostics: Diagnostics) -> Iterator[str]:
    """Yield the addresses of a CSV with one mailbox a row."""
    if not text.csv:
        return
    header, rows = read_rows(beside(scenario, text.csv), diagnostics, named_at=mark_of(text.origin, "csv"))
    if "address" not in header:
        diagnostics.error(
            mark_of(text.origin, "csv"), f"{text.csv} has no column 'address'", wanted="a header with it"
        )
        return
    column = header.index("address")
    for row in rows:
        mailbox = row.cells[column].strip()
        if mailbox.count("@") > 1 or not mailbox or " " in mailbox:
            diagnostics.error(row.mark, f"{mailbox!r} is not an address", wanted="local-part@domain")
        else:
            yield mailbox if "@" in mailbox else f"{mailbox}@{domain}"
