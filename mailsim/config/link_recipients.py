"""From the recipients of a scenario to a directory: names get addresses, files are read, doubles are reported."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from mailsim.config.diagnostic import Diagnostics
from mailsim.config.document import Mark
from mailsim.config.files import beside, read_rows
from mailsim.config.format import GroupText, RecipientsText, RecipientText
from mailsim.config.names import address, mark_of
from mailsim.mail.address import Mailbox
from mailsim.mta.rules.rule import ATTRIBUTES
from mailsim.world.directory import (
    INBOX_RULES,
    Credentials,
    Directory,
    DirectoryRecipient,
    Forwarding,
    Group,
    RecipientType,
    Restrictions,
)
from mailsim.world.source import Origin

_ATTRIBUTES = {name: re.sub(r"(?<!^)(?=[A-Z])", "_", known).lower() for name, known in ATTRIBUTES.items()}
"""The attributes that rules ask for, and the fields they are written in."""


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
    recipients = list(_Linker(domain, diagnostics, where, text.origin).objects(text))
    _report_doubles(recipients, diagnostics, where)
    plain = _plain(text, domain, scenario, diagnostics)
    return Directory(recipients, plain)


@dataclass(frozen=True, slots=True)
class _Linker:
    """Makes the objects of one directory.

    Args:
        domain: the default accepted domain, which names without one get.
        diagnostics: gets every fault.
        where: whose recipients these are.
        section: where the recipients begin in the text.
    """

    domain: str
    diagnostics: Diagnostics
    where: str
    section: Origin | None

    def objects(self, text: RecipientsText) -> Iterator[DirectoryRecipient]:
        """Yield every object that is written out, the faulty ones left out."""
        boxes = ((RecipientType.MAILBOX, text.mailboxes), (RecipientType.PUBLIC_FOLDER, text.public_folders))
        for kind, written in boxes:
            for box in written if isinstance(written, tuple) else written.items():
                name, more = (box, None) if isinstance(box, str) else box
                yield from self._one(kind, name, more or RecipientText())
        pointing = (
            (RecipientType.REMOTE_MAILBOX, text.remote_mailboxes),
            (RecipientType.MAIL_USER, text.mail_users),
            (RecipientType.MAIL_CONTACT, text.mail_contacts),
        )
        for kind, table in pointing:
            for name, said in table.items():
                yield from self._one(kind, name, _pointing(kind, said))
        groups = ((RecipientType.GROUP, text.groups), (RecipientType.DYNAMIC_GROUP, text.dynamic_groups))
        for kind, members in groups:
            for name, listed in members.items():
                yield from self._one(
                    kind, name, listed if isinstance(listed, GroupText) else GroupText(members=listed)
                )

    def _one(self, kind: RecipientType, name: str, text: RecipientText) -> Iterator[DirectoryRecipient]:
        """Yield one object unless something about it is wrong."""
        origin = text.origin or self.section
        at = mark_of(origin)
        what = f"{self.where}: {kind.value} {name!r}"
        before = self.diagnostics.error_count
        primary = self._address(text.primary_smtp_address or name, at, what)
        proxies = self._addresses(text.email_addresses, at, what)
        target = _target(kind, text, self.diagnostics, at, what)
        made = DirectoryRecipient(
            kind=kind,
            primary=primary or _NOBODY,
            proxies=tuple(dict.fromkeys([primary or _NOBODY, *proxies])),
            target=target,
            forwarding=self._forwarding(text, at, what),
            redirects=tuple(self._redirects(text, what)),
            group=self._group(text, at, what),
            restrictions=self._restrictions(text, at, what),
            credentials=Credentials(
                password=text.password,
                send_as=self._addresses(text.send_as, at, f"{what}: SendAs"),
                smtp_disabled=text.smtp_client_authentication_disabled,
            ),
            server=text.server,
            attributes={shown: value for shown, own in _ATTRIBUTES.items() if (value := getattr(text, own))},
            created=text.created,
            origin=origin,
        )
        if self.diagnostics.error_count == before:
            yield made

    def _forwarding(self, text: RecipientText, at: Mark | None, what: str) -> Forwarding | None:
        """Return where a mailbox forwards to; ForwardingAddress wins (Set-Mailbox)."""
        setting = "ForwardingAddress" if text.forwarding_address else "ForwardingSmtpAddress"
        written = text.forwarding_address or text.forwarding_smtp_address
        to = self._address(written, at, f"{what}: {setting}") if written else None
        if to is None:
            return None
        return Forwarding(to=to, keeps_copy=text.deliver_to_mailbox_and_forward, setting=setting)

    def _redirects(self, text: RecipientText, what: str) -> Iterator[Forwarding]:
        """Yield where the enabled rules of a user redirect to."""
        for rule in text.inbox_rules:
            at = mark_of(rule.origin, "RedirectTo")
            for to in self._addresses(rule.redirect_to, at, f"{what}: InboxRules: RedirectTo"):
                if rule.enabled:
                    yield Forwarding(to=to, keeps_copy=True, setting=INBOX_RULES)

    def _group(self, text: RecipientText, at: Mark | None, what: str) -> Group | None:
        if not isinstance(text, GroupText):
            return None
        if text.report_to_manager_enabled and text.report_to_originator_enabled:
            problem = f"{what}: ReportToManagerEnabled and ReportToOriginatorEnabled are both True"
            self.diagnostics.error(at, problem, wanted="one of the two")
        return Group(
            members=self._addresses(text.members, at, f"{what}: Members"),
            managed_by=self._addresses(text.managed_by, at, f"{what}: ManagedBy"),
            report_to_manager=text.report_to_manager_enabled,
            report_to_originator=text.report_to_originator_enabled,
            expansion_server=text.expansion_server,
        )

    def _restrictions(self, text: RecipientText, at: Mark | None, what: str) -> Restrictions:
        """Read who may send and how much; the three properties of each list are views of one (Set-Mailbox)."""
        only = (
            *text.accept_messages_only_from_senders_or_members,
            *text.accept_messages_only_from,
            *text.accept_messages_only_from_dl_members,
        )
        never = (
            *text.reject_messages_from_senders_or_members,
            *text.reject_messages_from,
            *text.reject_messages_from_dl_members,
        )
        return Restrictions(
            require_sender_authentication=text.require_sender_authentication_enabled,
            accept_only_from=self._addresses(only, at, f"{what}: AcceptMessagesOnlyFromSendersOrMembers"),
            reject_from=self._addresses(never, at, f"{what}: RejectMessagesFromSendersOrMembers"),
            max_receive_size=_limit(text.max_receive_size),
            max_send_size=_limit(text.max_send_size),
            recipient_limits=_limit(text.recipient_limits),
        )

    def _address(self, text: str, at: Mark | None, what: str) -> Mailbox | None:
        return address(text, self.domain, self.diagnostics, at, what)

    def _addresses(self, texts: tuple[str, ...], at: Mark | None, what: str) -> tuple[Mailbox, ...]:
        read = (self._address(each, at, what) for each in texts)
        return tuple(each for each in read if each is not None)


_NOBODY = Mailbox("", "")
"""Stands for an address that could not be read, in an object that is not used."""


def _limit(written: int | Literal["Unlimited"] | None) -> int | None:
    """Return a limit as a number; None where there is none of the object's own."""
    return None if written == "Unlimited" else written


def _pointing(kind: RecipientType, said: str | RecipientText | None) -> RecipientText:
    """Return the long form of ``name: address``."""
    if isinstance(said, RecipientText):
        return said
    if kind is RecipientType.REMOTE_MAILBOX:
        return RecipientText(remote_routing_address=said or "")
    return RecipientText(external_email_address=said or "")


def _target(
    kind: RecipientType, text: RecipientText, diagnostics: Diagnostics, at: Mark | None, what: str
) -> Mailbox | None:
    """Return where an object points; only mail users, mail contacts and remote mailboxes do, unless it is $null."""
    if kind not in _POINTING:
        return None
    name = _POINTING[kind]
    remote = kind is RecipientType.REMOTE_MAILBOX
    target = text.remote_routing_address if remote else text.external_email_address
    if target is None:
        return None
    if not target:
        diagnostics.error(at, f"{what}: {name} is missing", wanted="an address")
        return None
    return address(target, "", diagnostics, at, f"{what}: {name}")


_POINTING = {
    RecipientType.REMOTE_MAILBOX: "RemoteRoutingAddress",
    RecipientType.MAIL_USER: "ExternalEmailAddress",
    RecipientType.MAIL_CONTACT: "ExternalEmailAddress",
}


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
    if text.csv:
        for name, _ in csv_mailboxes(text.csv, scenario, diagnostics, mark_of(text.origin, "csv")):
            yield name if "@" in name else f"{name}@{domain}"


def csv_mailboxes(
    csv: str, scenario: str, diagnostics: Diagnostics, at: Mark | None
) -> Iterator[tuple[str, Mark]]:
    """Yield the names in a CSV with one mailbox a row, as written, and where they stand.

    Args:
        csv: the file, beside the scenario.
        scenario: the scenario's file.
        diagnostics: gets every fault.
        at: the place that names the CSV.
    """
    header, rows = read_rows(beside(scenario, csv), diagnostics, named_at=at)
    if "address" not in header:
        diagnostics.error(at, f"{csv} has no column 'address'", wanted="a header with it")
        return
    column = header.index("address")
    for row in rows:
        mailbox = row.cells[column].strip()
        if mailbox.count("@") > 1 or not mailbox or " " in mailbox:
            diagnostics.error(row.mark, f"{mailbox!r} is not an address", wanted="local-part@domain")
        else:
            yield mailbox, row.mark
