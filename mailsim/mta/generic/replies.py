"""What an internet MTA says, exactly."""

from __future__ import annotations

from mailsim.mail.address import Mailbox
from mailsim.mail.reply import Reply, reply
from mailsim.mta.kind import RouteProblem, Words

WORDS = Words(
    bad_sequence=reply(503, "5.5.1", "Error: send HELO/EHLO first"),
    need_mail=reply(503, "5.5.1", "Error: need MAIL command"),
    need_rcpt=reply(503, "5.5.1", "Error: need RCPT command"),
    malformed=reply(501, "5.5.4", "Syntax error in parameters or arguments"),
    bad_path=reply(501, "5.1.3", "Bad address syntax"),
    bad_helo=reply(501, "5.5.4", "Syntax: EHLO hostname"),
    unknown=reply(500, "5.5.2", "Error: command not recognized"),
    overlong=reply(500, "5.5.2", "Error: line too long"),
    parameter=reply(555, "5.5.4", "Unsupported option"),
    ready_for_tls=reply(220, "2.0.0", "Ready to start TLS"),
    start_content=reply(354, "", "End data with <CR><LF>.<CR><LF>"),
    chunk_taken=reply(250, "2.0.0", "Ok"),
    reset=reply(250, "2.0.0", "Ok"),
    noop=reply(250, "2.0.0", "Ok"),
    quit=reply(221, "2.0.0", "Bye"),
    vrfy=reply(252, "2.0.0", "Cannot VRFY user, but will accept message and attempt delivery"),
    help=reply(214, "2.0.0", "See RFC 5321"),
    sender_ok=reply(250, "2.1.0", "Ok"),
    recipient_ok=reply(250, "2.1.5", "Ok"),
    auth_unknown=reply(503, "5.5.1", "Error: authentication not enabled"),
    in_chunks=reply(503, "5.5.1", "Error: the message is being sent by BDAT"),
    too_many_errors=reply(421, "4.7.0", "Error: too many errors"),
    silent=reply(421, "4.4.2", "Error: timeout exceeded"),
    busy=reply(421, "4.3.2", "All server ports are busy"),
    http=reply(221, "2.7.0", "Error: I can break rules, too. Goodbye.", closes=True),
)

TOO_LARGE = reply(552, "5.3.4", "Message size exceeds fixed limit")
TOO_MANY_RECIPIENTS = reply(452, "4.5.3", "Error: too many recipients")
TOO_MANY_HOPS = reply(554, "5.4.6", "Error: too many hops")
EXPIRED = reply(550, "4.4.7", "Message expired")


def banner(fqdn: str) -> Reply:
    """Greet a client."""
    return reply(220, "", f"{fqdn} ESMTP")


def user_unknown(address: Mailbox) -> Reply:
    """Refuse a mailbox that does not exist."""
    return reply(550, "5.1.1", f"<{address}>: Recipient address rejected: User unknown")


def relay_denied(address: Mailbox) -> Reply:
    """Refuse to relay."""
    return reply(554, "5.7.1", f"<{address}>: Relay access denied")


def queued(name: str) -> Reply:
    """Take a message over."""
    return reply(250, "2.0.0", f"Ok: queued as {name}")


NO_ROUTE = {
    RouteProblem.NO_SUCH_DOMAIN: reply(550, "5.4.4", "Host or domain name not found"),
    RouteProblem.NO_ADDRESS: reply(550, "5.4.4", "No host with an address found"),
    RouteProblem.NULL_MX: reply(556, "5.1.10", "Recipient domain does not accept mail (null MX)"),
    RouteProblem.BACK_HERE: reply(550, "5.4.6", "Mail loops back to myself"),
    # as Postfix words it
    RouteProblem.DNS_FAILED: reply(451, "4.4.3", "Host or domain name not found, try again"),
}
