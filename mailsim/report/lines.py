"""One line for each thing worth seeing, as it happens: what ``mailsim up`` prints.

Called with every event; most say nothing by themselves. The whole journey with its reasons is ``report.text``'s matter.
"""

from __future__ import annotations

from collections.abc import Sequence

from mailsim.mail.address import Mailbox, show_path
from mailsim.report.style import PLAIN, Style
from mailsim.trace.events import (
    Attributed,
    Changed,
    Connected,
    Crashed,
    Deferred,
    Delivered,
    Dropped,
    Event,
    Exchanged,
    Failed,
    Hindered,
    NotConnected,
    Notified,
    NotSecured,
    Received,
    Resolved,
    Routed,
    RuleRan,
    Secured,
    Sent,
    Submitted,
    Withheld,
)


def line(event: Event, style: Style = PLAIN) -> str:
    """Return the line for an event, empty where it is not worth one."""
    tone, text = _say(event)
    if not text:
        return ""
    name = f"{event.message}: " if event.message else ""
    return f"{style.paint('dim', f'{event.at:%H:%M:%S}')}  {event.mta:<24}  {name}{style.paint(tone, text)}"


def _say(event: Event) -> tuple[str, str]:
    """Return the tone and the words for an event."""
    match event.what:
        case Submitted() as what:
            to = _list(what.envelope.paths)
            return "strong", f"handed in, {show_path(what.envelope.reverse_path)} to {to}, {what.size} octets"
        case Received() as what:
            return "", f"accepted for {_list(what.envelope.paths)}"
        case Routed() as what:
            return "", f"{_list(what.recipients)} by {what.via} to {what.next_hop}"
        case Sent() as what:
            return "", f"{_list(what.recipients)} handed to {what.to}"
        case Delivered() as what:
            return "good", f"delivered to {what.recipient}"
        case Deferred() as what:
            return "unsure", f"{_list(what.recipients)} waits until {what.until:%H:%M:%S}: {what.last_error}"
        case Failed() as what:
            by = f" by {what.remote}" if what.remote else ""
            return "bad", f"{_list(what.recipients)} {what.disposition}{by}: {what.reply}"
        case Notified() as what:
            return "bad", f"report {what.report} to {what.to}"
        case Withheld() as what:
            return "dim", f"no report to {show_path(what.to)} of {_list(what.about)}"
        case Dropped() as what:
            return "bad", f"{_list(what.recipients)} dropped: {what.reason}"
        case _:
            return _say_of_session(event)


def _say_of_session(event: Event) -> tuple[str, str]:
    """Return the tone and the words for an event inside a session, or on the way through an MTA."""
    match event.what:
        case Connected() as what:
            by = f" on {what.connector}" if what.connector else ""
            return "dim", f"connection from {what.client or 'a stranger'} [{what.peer_ip}]{by}"
        case NotConnected() as what:
            return "bad", f"no connection to {what.host} [{what.address}]:{what.port}: {what.cause}"
        case Secured(end="server") as what:
            return "dim", f"TLS, client certificate {what.peer.subject if what.peer else 'none'}"
        case NotSecured() as what:
            return "bad", f"no TLS with {what.host}: {what.cause}"
        case Attributed() as what:
            by = f" by {what.connector}" if what.connector else ""
            return "dim", f"{what.direction} mail of {what.owner}{by}"
        case Exchanged() as what if not what.reply.positive:
            return "bad", f"{what.command} refused: {what.reply}"
        case Resolved() as what if what.before != what.after:
            return "dim", f"{what.before} is {what.after} ({what.kind})"
        case RuleRan() as what:
            return "dim", f"rule {what.rule}: {what.action}"
        case Hindered() as what:
            return "bad", f"fault: {what.fault}"
        case Changed(text):
            return "strong", text
        case Crashed() as what:
            return "bad", f"mailsim failed: {what.text}"
        case _:
            return "", ""


def _list(paths: Sequence[Mailbox]) -> str:
    shown = ", ".join(map(str, paths[:3]))
    return shown if len(paths) <= 3 else f"{shown} and {len(paths) - 3} more"
