"""Recipients in a hybrid: what the e-mail address policy adds, and what directory synchronisation writes on the other side.

The wizard adds ``alias@<tenant>.mail.onmicrosoft.com`` to the policy, so that every recipient whose primary address is in a
shared domain gets this address too; EmailAddressPolicyEnabled False keeps it off. An on-premises mailbox is a mail user in
the tenant, a cloud mailbox is a remote mailbox on-premises, on-premises mail users, contacts and groups are the same in the tenant, with what restricts their senders. Dynamic groups and
public folders stay on their side.
What the scenario writes stays: an address that an object of the other side has is not given to a second one. A recipient whose
domain the other side does not accept stays on its side. Sources: "Transport routing in Exchange hybrid deployments"; "Attributes
synchronized to Microsoft Entra ID"; logs of the wizard; that a cloud mailbox always has its remote mailbox is what an administrator provisions, not what
synchronisation does by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace

from mailsim.config.bind import bind_what_is_right
from mailsim.config.diagnostic import Diagnostics
from mailsim.config.document import (
    MappingNode,
    Mark,
    Node,
    ScalarNode,
    SequenceNode,
    elements,
    is_absent,
)
from mailsim.config.format import GroupText, RecipientText
from mailsim.config.generated import scalar, with_value
from mailsim.config.link_recipients import csv_mailboxes
from mailsim.mail.address import Mailbox

MAILBOXES, REMOTE_MAILBOXES, MAIL_USERS, MAIL_CONTACTS, GROUPS = SECTIONS = (
    "mailboxes",
    "remote_mailboxes",
    "mail_users",
    "mail_contacts",
    "groups",
)
TARGET = {
    REMOTE_MAILBOXES: "RemoteRoutingAddress",
    MAIL_USERS: "ExternalEmailAddress",
    MAIL_CONTACTS: "ExternalEmailAddress",
}
SYNCHRONIZED = frozenset(
    {
        "alias",
        "displayname",
        "name",
        "city",
        "company",
        "countryorregion",
        "department",
        "office",
        "stateorprovince",
        "title",
        *(f"customattribute{number}" for number in range(1, 16)),
        "requiresenderauthenticationenabled",
        "reporttomanagerenabled",
        "reporttooriginatorenabled",
    }
)
"""Properties that an object has on both sides, lower case."""

REFERRING = {
    "Members": "members",
    "ManagedBy": "managed_by",
    "AcceptMessagesOnlyFrom": "accept_messages_only_from",
    "AcceptMessagesOnlyFromDLMembers": "accept_messages_only_from_dl_members",
    "AcceptMessagesOnlyFromSendersOrMembers": "accept_messages_only_from_senders_or_members",
    "RejectMessagesFrom": "reject_messages_from",
    "RejectMessagesFromDLMembers": "reject_messages_from_dl_members",
    "RejectMessagesFromSendersOrMembers": "reject_messages_from_senders_or_members",
}
"""Properties that name other recipients; an object has them on both sides."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One recipient.

    Args:
        section: where it is listed.
        key: the name it is listed under.
        written: what the scenario has of it; None for what was added or changed here.
        node: what it is now.
        said: what is written, read.
        domain: the default accepted domain of the side where it is written.
        primary: its primary address.
        proxies: all its addresses, the primary one first.
    """

    section: str
    key: ScalarNode
    written: Node | None
    node: MappingNode
    said: RecipientText
    domain: str
    primary: Mailbox
    proxies: tuple[Mailbox, ...]

    @property
    def alias(self) -> str:
        """Return the local part that an address policy gives it."""
        return self.said.alias or self.key.text.partition("@")[0]

    @property
    def target(self) -> str:
        """Return the address it points to, empty for none."""
        return self.said.remote_routing_address or self.said.external_email_address or ""

    def in_domain(self, domain: str) -> Mailbox | None:
        """Return its first address in a domain, None when it has none."""
        return next((proxy for proxy in self.proxies if proxy.domain == domain), None)


@dataclass(slots=True, kw_only=True)
class Side:
    """The recipients of the organization or of the tenant.

    Args:
        domain: the default accepted domain.
        accepted: tells whether a domain is accepted here.
        entries: those that could be read, in the order written; a new one is added at the end.
        unread: nodes that could not be read, by section; they are reported when they are bound.
        unlisted: sections that are neither table nor list; they too are reported then.
        owners: who has which address.
    """

    domain: str
    accepted: Callable[[str], bool]
    entries: list[Entry] = field(default_factory=list)
    unread: dict[str, list[tuple[ScalarNode, Node]]] = field(default_factory=dict)
    unlisted: set[str] = field(default_factory=set)
    owners: dict[str, Entry] = field(default_factory=dict)

    def add(self, entry: Entry) -> None:
        """Take one more recipient in; an address stays with who had it first."""
        self.entries.append(entry)
        for proxy in entry.proxies:
            self.owners.setdefault(proxy.key, entry)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What holds for the recipients of one hybrid.

    Args:
        domains: the shared domains.
        coexistence_domain: where on-premises finds cloud mailboxes.
        not_synchronized: addresses of recipients that stay on their side, lower case.
        synchronize: whether counterparts are written.
        policy: the mark of what the address policy writes.
        synchronization: the mark of what synchronisation writes.
        groups: the mark of the groups that it writes.
    """

    domains: frozenset[str]
    coexistence_domain: str
    not_synchronized: frozenset[str]
    synchronize: bool
    policy: Mark
    synchronization: Mark
    groups: Mark


def match_recipients(here: Side, there: Side, rules: Rules) -> None:
    """Give recipients their addresses and counterparts.

    Args:
        here: on-premises.
        there: the tenant.
        rules: what holds.
    """
    for side, managed in ((here, (MAILBOXES, REMOTE_MAILBOXES)), (there, (MAILBOXES,))):
        side.entries = [
            _with_proxy(side, each, rules) if each.section in managed else each for each in side.entries
        ]
    here.entries = [_with_routing_address(each, rules) for each in here.entries]
    if rules.synchronize:
        for each in tuple(here.entries):
            _write_counterpart(each, there, _section_in_tenant(each), str(each.primary), rules)
        for each in tuple(there.entries):
            if each.section == MAILBOXES:
                _write_counterpart(each, here, REMOTE_MAILBOXES, _routing_address(each, rules), rules)
        _leave_out_members(there, rules)


def _with_proxy(side: Side, entry: Entry, rules: Rules) -> Entry:
    """Add the address that the policy gives, unless it is off or there is one in this domain."""
    managed = entry.said.email_address_policy_enabled and entry.primary.domain in rules.domains
    if not managed or entry.in_domain(rules.coexistence_domain) is not None:
        return entry
    proxy = Mailbox(entry.alias, rules.coexistence_domain)
    if side.owners.setdefault(proxy.key, entry) is not entry:
        return entry
    return _plus(entry, proxy, rules.policy)


def _plus(entry: Entry, proxy: Mailbox, mark: Mark) -> Entry:
    written = entry.node.get_any_case("EmailAddresses")
    place = written.mark if written is not None else mark
    # as read, since a list may be written as PowerShell prints it
    old = tuple(scalar(each, place) for each in entry.said.email_addresses)
    value = SequenceNode((*old, scalar(str(proxy), mark)), place)
    node = with_value(entry.node, "EmailAddresses", value, mark)
    return replace(entry, written=None, node=node, proxies=(*entry.proxies, proxy))


def _with_routing_address(entry: Entry, rules: Rules) -> Entry:
    """Point a remote mailbox that points nowhere at the tenant."""
    if entry.section != REMOTE_MAILBOXES or entry.target:
        return entry
    value = scalar(_routing_address(entry, rules), rules.policy)
    node = with_value(entry.node, TARGET[REMOTE_MAILBOXES], value, rules.policy)
    return replace(entry, written=None, node=node)


def _routing_address(entry: Entry, rules: Rules) -> str:
    return str(entry.in_domain(rules.coexistence_domain) or Mailbox(entry.alias, rules.coexistence_domain))


def _section_in_tenant(entry: Entry) -> str:
    """Return what an on-premises recipient is in the tenant; a remote mailbox is one there when it is written so."""
    return {MAILBOXES: MAIL_USERS, REMOTE_MAILBOXES: ""}.get(entry.section, entry.section)


def _write_counterpart(entry: Entry, other: Side, section: str, target: str, rules: Rules) -> None:
    """Write a recipient on the other side, unless it is there, is not to be or cannot be."""
    stays = entry.primary.key in rules.not_synchronized or not other.accepted(entry.primary.domain)
    if not section or stays or any(proxy.key in other.owners for proxy in entry.proxies):
        return
    mark = rules.groups if section == GROUPS else rules.synchronization
    proxies = [each for each in entry.proxies if other.accepted(each.domain)]
    kept = tuple(item for item in entry.node if item[0].text.lower() in SYNCHRONIZED)
    if section in TARGET:
        pointing = target if entry.section in (MAILBOXES, REMOTE_MAILBOXES) else entry.target
        kept = ((scalar(TARGET[section], mark), scalar(pointing, mark)), *kept)
    node = MappingNode((*kept, *_references(entry, mark)), mark)
    if proxies[1:]:
        addresses = SequenceNode(tuple(scalar(str(each), mark) for each in proxies[1:]), mark)
        node = with_value(node, "EmailAddresses", addresses, mark)
    other.add(
        replace(
            entry,
            section=section,
            key=scalar(str(entry.primary), mark),
            written=None,
            node=node,
            proxies=tuple(proxies),
        )
    )


def _references(entry: Entry, mark: Mark) -> Iterator[tuple[ScalarNode, Node]]:
    """Yield the properties of a recipient that name others, with whole addresses, since the other side has its own default."""
    for name, own in REFERRING.items():
        if texts := getattr(entry.said, own, ()):
            named = [_address(each, entry.domain) or each for each in texts]
            yield scalar(name, mark), SequenceNode(tuple(scalar(str(each), mark) for each in named), mark)


def _leave_out_members(side: Side, rules: Rules) -> None:
    """Keep in groups that were synchronized those members that the other side knows, or that are outside of it."""
    for place, entry in enumerate(side.entries):
        members = entry.node.get("Members") if entry.section == GROUPS else None
        if entry.written is None and isinstance(members, SequenceNode):
            left = tuple(each for each in members.items if _is_there(each, side))
            node = with_value(entry.node, "Members", replace(members, items=left), rules.groups)
            side.entries[place] = replace(entry, node=node)


def _is_there(member: Node, side: Side) -> bool:
    address = _address(member.text, "") if isinstance(member, ScalarNode) else None
    return address is None or address.key in side.owners or not side.accepted(address.domain)


# --- from nodes and back ----------------------------------------------------------------------------------


def read_side(
    recipients: Node | None,
    domain: str,
    accepted: Callable[[str], bool],
    file: str,
    diagnostics: Diagnostics,
) -> Side:
    """Read the recipients of one side; a CSV beside the scenario is read too.

    Args:
        recipients: the section ``recipients``, None when there is none.
        domain: the default accepted domain.
        accepted: tells whether a domain is accepted here.
        file: the scenario's file.
        diagnostics: gets what is wrong with a CSV; all else is found when it is bound.
    """
    side = Side(domain=domain, accepted=accepted)
    if not isinstance(recipients, MappingNode):
        return side
    for section in SECTIONS:
        listed = _listed(recipients.get(section))
        if listed is None:
            side.unlisted.add(section)
        for key, value in listed or ():
            entry = _entry(section, key, value, domain)
            if entry is None:
                side.unread.setdefault(section, []).append((key, value))
            else:
                side.add(entry)
    for name, mark in _in_csv(recipients, file, diagnostics):
        entry = _entry(MAILBOXES, scalar(name, mark), MappingNode((), mark), domain)
        if entry is not None and entry.primary.key not in side.owners:
            side.add(replace(entry, written=None))
    return side


def written_side(recipients: Node | None, side: Side, mark: Mark) -> MappingNode:
    """Return the section ``recipients`` with what a side has become."""
    place = Mark(mark.file, mark.line, mark.column)  # a section is no object that somebody made
    node = recipients if isinstance(recipients, MappingNode) else MappingNode((), place)
    node = node.without("csv")
    for section in SECTIONS:
        entries = [each for each in side.entries if each.section == section]
        unchanged = all(each.written is not None for each in entries)
        if section not in side.unlisted and not unchanged:
            old = node.get(section)
            items = [(each.key, each.written or _shortest(each.node)) for each in entries]
            items += side.unread.get(section, [])
            table = MappingNode(tuple(items), old.mark if old is not None else place)
            node = with_value(node, section, table, mark)
    return node


def _shortest(node: MappingNode) -> Node:
    return node if node.items else ScalarNode("", None, node.mark)


def _listed(node: Node | None) -> tuple[tuple[ScalarNode, Node], ...] | None:
    """Return the entries of a table, or of a list of names; None for anything else."""
    if node is None or isinstance(node, MappingNode):
        return node.items if node is not None else ()
    names = [item for item in elements(node) if isinstance(item, ScalarNode)]
    if len(names) != len(elements(node)):
        return None
    return tuple((name, ScalarNode("", None, name.mark)) for name in names)


def _entry(section: str, key: ScalarNode, value: Node, domain: str) -> Entry | None:
    """Read one recipient; None when it has faults that binding will report."""
    node = _as_mapping(section, value)
    said = _read(node, GroupText if section == GROUPS else RecipientText) if node is not None else None
    if node is None or said is None:
        return None
    addresses = [
        _address(each, domain) for each in (said.primary_smtp_address or key.text, *said.email_addresses)
    ]
    if addresses[0] is None:
        return None
    proxies = dict.fromkeys(each for each in addresses if each is not None)
    return Entry(
        section=section,
        key=key,
        written=value,
        node=node,
        said=said,
        domain=domain,
        primary=addresses[0],
        proxies=tuple(proxies),
    )


def _read(node: MappingNode, cls: type[RecipientText]) -> RecipientText | None:
    """Bind one recipient; faults are not reported here. Most have nothing to bind, and there may be many."""
    if not node.items:
        return cls()
    return bind_what_is_right(node, cls, Diagnostics(), where="")


def _as_mapping(section: str, value: Node) -> MappingNode | None:
    """Return what is written of a recipient as a mapping; a single address is where it points, and a list are members."""
    if isinstance(value, MappingNode):
        return value
    if is_absent(value):
        return MappingNode((), value.mark)
    if section == GROUPS:
        return MappingNode(((ScalarNode("Members", "Members", value.mark), value),), value.mark)
    if isinstance(value, ScalarNode) and section in TARGET:
        return MappingNode(((ScalarNode(TARGET[section], TARGET[section], value.mark), value),), value.mark)
    return None


def _address(text: str, domain: str) -> Mailbox | None:
    bare = text.partition(":")[2] if text[:5].lower() == "smtp:" else text
    with suppress(ValueError):
        return Mailbox.parse(bare if "@" in bare or not domain else f"{bare}@{domain}")
    return None


def _in_csv(recipients: MappingNode, file: str, diagnostics: Diagnostics) -> Iterable[tuple[str, Mark]]:
    named = recipients.text("csv")
    node = recipients.get("csv")
    return csv_mailboxes(named, file, diagnostics, node.mark) if named and node is not None else ()
