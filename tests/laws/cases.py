"""What is sent in a drawn world, and until when: the other half of the generator.

``cases()`` draws a topology with one to four messages and an end. A message starts at a mailbox, at an MTA that takes it
from its own users, or at a client host, which may send anything: a forged sender, the null reverse-path.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import MISSING, dataclass, fields, is_dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from hypothesis import strategies as st
from topologies import DOMAINS, PEOPLE, START, mostly, worlds

from mailsim.flow.spool import Submission
from mailsim.mail.address import Mailbox, ReversePath
from mailsim.mail.envelope import Envelope, Recipient
from mailsim.mail.message import Message
from mailsim.mta.exchange_online.config import ExchangeOnlineConfig
from mailsim.mta.exchange_server.config import ExchangeServerConfig
from mailsim.world.directory import Directory
from mailsim.world.topology import Mta, Topology


@dataclass(frozen=True, slots=True)
class Case:
    """One run: a topology, what is sent in it, and when it ends; None ends it when nothing waits."""

    world: Topology
    submissions: tuple[Submission, ...]
    until: datetime | None

    def _repr_pretty_(self, printer: Any, _cycle: bool) -> None:
        """Show hypothesis what it is to print."""
        printer.text(f"Case(\n  {brief(self.world)},\n  {brief(self.submissions)},\n  {self.until!r},\n)")


def brief(value: Any) -> str:
    """Write a value down without the fields that have their defaults."""
    if isinstance(value, Directory):
        return f"Directory({brief(tuple(dict.fromkeys(value._by_address.values())))}, {sorted(value._plain)})"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key!r}: {brief(each)}" for key, each in value.items()) + "}"
    if isinstance(value, tuple):
        return "(" + "".join(f"{brief(each)}, " for each in value) + ")"
    if not is_dataclass(value):
        return repr(value)
    said = ((each.name, getattr(value, each.name)) for each in fields(value) if not _is_default(value, each))
    return f"{type(value).__name__}({', '.join(f'{name}={brief(each)}' for name, each in said)})"


def _is_default(value: Any, field: Any) -> bool:
    default = field.default_factory() if field.default_factory is not MISSING else field.default
    return bool(getattr(value, field.name) == default)


# --- where mail starts ---------------------------------------------------------------------------------------


def entrances(world: Topology) -> Iterator[tuple[str, ReversePath]]:
    """Yield every place where mail may start, with a sender that may start there."""
    for mta in world.mtas.values():
        for sender in _senders(mta):
            yield mta.id, sender


def _senders(mta: Mta) -> Iterator[ReversePath]:
    if mta.kind == "client":
        yield from (Mailbox("alice", "contoso.com"), None, Mailbox("bulk", "stranger.example"))
    elif isinstance(mta.config, ExchangeOnlineConfig):
        directories = [(tenant.default_domain, tenant.directory) for tenant in mta.config.tenants]
        people = [(Mailbox(person, domain), known) for domain, known in directories for person in PEOPLE]
        yield from (
            address for address, known in people if (found := known.find(address)) and not found.target
        )
    else:
        domain = mta.fqdn.partition(".")[2]
        yield from (Mailbox(person, domain) for person in PEOPLE[:2])


def directories(world: Topology) -> Iterator[Directory]:
    """Yield every directory of recipients."""
    for mta in world.mtas.values():
        if isinstance(mta.config, ExchangeOnlineConfig):
            yield from (tenant.directory for tenant in mta.config.tenants)
        elif isinstance(mta.config, ExchangeServerConfig):
            yield mta.config.organization.directory


# --- messages -----------------------------------------------------------------------------------------------

FAR = (
    Mailbox("alice", "contoso.com"),
    Mailbox("bob", "contoso.com"),
    Mailbox("team", "contoso.com"),
    Mailbox("alice", "fabrikam.com"),
)
UNUSUAL = (
    Mailbox("jörg", "fabrikam.com"),
    Mailbox("two words", "contoso.com"),
    Mailbox("postmaster", "northwind.com"),
    Mailbox("bob", "[192.0.2.20]"),
    Mailbox("bob", "[ipv6:2001:db8::1]"),
)
ADDRESSES_OF_PEOPLE = st.builds(
    Mailbox, st.sampled_from((*PEOPLE, *PEOPLE, "nobody")), st.sampled_from(DOMAINS)
)
NOTIFY = mostly(
    frozenset(),
    frozenset({"NEVER"}),
    frozenset({"SUCCESS"}),
    frozenset({"FAILURE", "DELAY"}),
    frozenset({"DELAY"}),
)
RECIPIENTS = st.builds(
    Recipient, st.sampled_from((*FAR, *FAR, *UNUSUAL)) | ADDRESSES_OF_PEOPLE, notify=NOTIFY
)
BODIES = mostly(
    b"hello\r\n",
    b"",
    b"no line end at the end",
    b".\r\n..\r\n.dots at the beginning\r\n",
    b"a bare LF\nand a bare CR\rand a dot\n.\nbetween\r\n",
    "Gr\u00fc\u00dfe\r\n".encode(),
    b"large " * 500 + b"\r\n",
)
LATER = mostly(timedelta(), timedelta(minutes=5), timedelta(hours=25))


@st.composite
def submissions(draw: st.DrawFn, name: str, starts: list[tuple[str, ReversePath]]) -> Submission:
    """Draw one message with one to three recipients."""
    mta_id, sender = draw(st.sampled_from(starts))
    recipients = draw(st.lists(RECIPIENTS, min_size=1, max_size=3, unique_by=lambda each: each.path.key))
    header = f"From: {sender or 'postmaster@localhost.invalid'}\r\nSubject: {name}\r\n"
    header += draw(mostly(f"Message-ID: <{name}@example>\r\n", ""))
    return Submission(
        name=name,
        mta_id=mta_id,
        envelope=Envelope(
            reverse_path=sender,
            recipients=tuple(recipients),
            smtputf8=any(recipient.path.needs_smtputf8 for recipient in recipients),
            ret=draw(mostly("", "HDRS", "FULL")),
            envid=draw(mostly("", "QQ+2B314159")),
        ),
        message=Message.from_bytes(f"{header}\r\n".encode() + draw(BODIES)),
        due=START + draw(LATER),
    )


ENDS = st.sampled_from([None, *(START + timedelta(hours=hours) for hours in (1, 30, 60))])


@st.composite
def cases(draw: st.DrawFn, ends: st.SearchStrategy[datetime | None] = ENDS) -> Case:
    """Draw a world, what is sent in it, and when it ends."""
    world = draw(worlds())
    starts = list(entrances(world))
    names = [f"m{n}" for n in range(1, draw(st.integers(1, 4)) + 1)]
    return Case(world, tuple(draw(submissions(name, starts)) for name in names), draw(ends))


def without_end(case: Case) -> Case:
    """Let a case go on until nothing waits."""
    return replace(case, until=None)
