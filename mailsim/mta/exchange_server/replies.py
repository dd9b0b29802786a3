"""What Exchange Server says, exactly.

Sources: "Test SMTP with telnet", "DSNs and NDRs in Exchange Server", "Recipient resolution"; texts marked observed are
from published captures, and inferred ones have the code of a page and words of our own.
"""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address

from mailsim.mail.reply import Reply, reply
from mailsim.mta.kind import RouteProblem, Words
from mailsim.mta.restrictions import Refusals
from mailsim.world.directory import DirectoryRecipient, RecipientType

WORDS = Words(
    bad_sequence=reply(503, "5.5.2", "Send hello first"),
    need_mail=reply(503, "5.5.2", "Need mail command"),  # observed
    need_rcpt=reply(503, "5.5.2", "Need rcpt command"),  # observed
    malformed=reply(501, "5.5.4", "Invalid arguments"),
    bad_path=reply(501, "5.1.7", "Invalid address"),  # observed; the page says 550
    bad_helo=reply(501, "5.5.4", "Invalid domain name"),
    unknown=reply(500, "5.3.3", "Unrecognized command"),
    overlong=reply(500, "5.5.2", "Line too long"),  # inferred
    parameter=reply(501, "5.5.4", "Invalid arguments"),
    ready_for_tls=reply(220, "2.0.0", "SMTP server ready"),  # observed
    start_content=reply(354, "", "Start mail input; end with <CRLF>.<CRLF>"),
    chunk_taken=reply(250, "2.6.0", "Chunk received"),  # inferred
    reset=reply(250, "2.0.0", "Resetting"),  # inferred
    noop=reply(250, "2.0.0", "OK"),
    quit=reply(221, "2.0.0", "Service closing transmission channel"),
    vrfy=reply(252, "2.1.5", "Cannot VRFY user"),  # inferred
    help=reply(
        214,
        "",
        "This server supports the following commands: HELO EHLO STARTTLS RCPT DATA RSET MAIL QUIT HELP",
    ),
    sender_ok=reply(250, "2.1.0", "Sender OK"),
    recipient_ok=reply(250, "2.1.5", "Recipient OK"),
    in_chunks=reply(503, "5.5.2", "Bad sequence of commands"),  # words of our own
    binary=reply(503, "5.5.2", "Bad sequence of commands"),  # words of our own
    busy=reply(421, "4.3.2", "Service not available"),
    silent=reply(451, "4.7.0", "Timeout waiting for client input", closes=True),  # observed
    header_too_large=reply(552, "5.3.4", "Message size exceeds fixed maximum message size", closes=True),
    # of Exchange Online; that Exchange Server says the same is inferred
    bare_linefeeds=reply(
        550,
        "5.6.11",
        "SMTPSEND.BareLinefeedsAreIllegal; message contains bare linefeeds, which cannot be sent via DATA and receiving "
        "system does not support BDAT",
    ),
)

NO_SUBMIT_RIGHT = reply(
    530, "5.7.57", "SMTP; Client was not authenticated to send anonymous mail during MAIL FROM"
)
AUTHENTICATION_FAILED = reply(535, "5.7.3", "Authentication unsuccessful")  # observed
# that the connection is closed is documented, the reply is not
TOO_MANY_LOGON_FAILURES = reply(
    421, "4.7.0", "Too many errors on this connection, closing transmission channel"
)
RATE_EXCEEDED = reply(
    421, "4.4.2", "Message submission rate for this client has exceeded the configured limit"
)  # observed
# a queue's last error where the two sides have no common version of TLS (ms:send-receive-emails-socketerror)
CONNECTION_DROPPED = reply(421, "4.4.2", "Connection dropped due to SocketError")
TLS_REQUIRED = reply(451, "5.7.3", "STARTTLS is required to send mail")
TOO_LARGE = reply(552, "5.3.4", "Message size exceeds fixed maximum message size")
TOO_MANY_RECIPIENTS = reply(452, "4.5.3", "Too many recipients")
# the page on sender permissions gives the text for users; that an anonymous session hears it too is assumed
SEND_AS_DENIED = reply(550, "5.7.60", "SMTP; Client does not have permissions to send as this sender")
# documented texts of the table of NDR codes; that their class is 550 is inferred
RESERVED_TOP_LEVEL = reply(550, "5.1.4", "Recipient address reserved by RFC 2606")
RESERVED_SECOND_LEVEL = reply(550, "5.1.5", "Recipient address reserved by RFC 2606")
SINGLE_LABEL = reply(550, "5.1.6", "Recipient addresses in single label domains not accepted")
# that the connection is closed is documented, the replies are not: those to an oversized message and to no domain are assumed
HEADER_TOO_LARGE = WORDS.header_too_large
NO_EHLO_DOMAIN = replace(WORDS.bad_helo, closes=True)
# that the message is rejected is documented, the reply is not
BARE_LINEFEED = reply(550, "5.6.11", "Message contains bare linefeeds")
UNABLE_TO_RELAY = reply(550, "5.7.54", "SMTP; Unable to relay recipient in non-accepted domain")
TOO_MANY_HOPS = reply(554, "5.4.6", "Hop count exceeded - possible mail loop")
NO_CONNECTOR = reply(421, "4.3.2", "Service not available")
NOT_ACTIVE = reply(421, "4.3.2", "Service not active")
UNKNOWN_RECIPIENT = reply(
    550, "5.1.10", "RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup"
)
# inferred
FORWARDING_LOOP = reply(
    550, "5.4.6", "RESOLVER.FWD.Loop; there is a forwarding loop configured in the directory"
)
RECIPIENT_LIMIT = reply(550, "5.5.3", "RESOLVER.ADR.RecipLimit; too many recipients")
# inferred
SENDER_SIZE = reply(550, "5.2.11", "RESOLVER.RST.SendSizeLimit.Sender; message too large for this sender")
RECIPIENT_SIZE = reply(550, "5.2.3", "RESOLVER.RST.RecipSizeLimit; message too large for this recipient")
# by the choice of the assumption onprem-organization-size-reply
ORGANIZATION_SIZE = {
    "5.3.4": reply(550, "5.3.4", "Message size exceeds fixed maximum message size"),
    "5.2.12": reply(
        550, "5.2.12", "RESOLVER.RST.SendSizeLimit.Org; message too large for this organization"
    ),  # observed
}
NOT_AUTHORIZED = reply(550, "5.7.1", "RESOLVER.RST.NotAuthorized; not authorized")  # observed
UNREACHABLE = reply(451, "4.4.0", "A matching connector cannot be found to route the external recipient")
NO_ROUTE_TO_MAILBOX = reply(451, "4.4.0", "There is currently no route to the mailbox database")
OWN_CERTIFICATE_MISSING = reply(
    454,
    "4.7.5",
    "The certificate specified in TlsCertificateName of the SendConnector could not be found.",  # observed
)
# inferred
SIZE_EXCLUDES_ALL = reply(
    550, "5.3.4", "ROUTING.SizeLimit; message size exceeds fixed maximum size for route"
)

# by the choice of the assumption onprem-dns-failure-text; KB 3007623 shows the first without the 451
DNS_FAILED = {
    "with-error": reply(
        451, "4.4.0", "DNS query failed. The error was: DNS query failed with error ErrorRetry"
    ),
    "bare": reply(451, "4.4.0", "DNS query failed"),
}

NO_ROUTE = {
    RouteProblem.NO_SUCH_DOMAIN: reply(554, "5.4.4", "SMTPSEND.DNS.NonExistentDomain; nonexistent domain"),
    RouteProblem.NO_ADDRESS: reply(451, "4.4.0", "DNS query failed"),  # inferred
    RouteProblem.NULL_MX: reply(556, "5.1.10", "Recipient domain does not accept mail (null MX)"),  # inferred
    RouteProblem.BACK_HERE: reply(
        554, "5.4.4", "SMTPSEND.DNS.MxLoopback; DNS records for this domain are configured in a loop"
    ),
}


# documented for groups; for others the codes of Exchange Online, inferred
_WANT_PROOF = {
    RecipientType.MAILBOX: ("5.7.134", "Mailbox", "mailbox"),
    RecipientType.PUBLIC_FOLDER: ("5.7.135", "PublicFolder", "public folder"),
    RecipientType.GROUP: ("5.7.133", "Group", "group"),
    RecipientType.DYNAMIC_GROUP: ("5.7.133", "Group", "group"),
}


def not_authenticated(found: DirectoryRecipient) -> Reply:
    """Refuse a sender who is not proved to be one of the organization."""
    code, name, noun = _WANT_PROOF.get(found.kind, ("5.7.136", "MailUser", "mail user"))
    return reply(
        550,
        code,
        f"RESOLVER.RST.SenderNotAuthenticatedFor{name}; authentication required; Delivery restriction check failed "
        f"because the sender was not authenticated when sending to this {noun}",
    )


REFUSALS = Refusals(
    too_large=RECIPIENT_SIZE,
    not_authenticated=not_authenticated,
    not_accepted=lambda _found: NOT_AUTHORIZED,
    rejected=NOT_AUTHORIZED,
)


def banner(fqdn: str, date: str, custom: str = "") -> Reply:
    """Greet a client, in the connector's own words where it has a Banner."""
    text = custom.removeprefix("220").strip() if custom else ""
    return reply(220, "", text or f"{fqdn} Microsoft ESMTP MAIL Service ready at {date}")


def queued(message_id: str, internal_id: int, fqdn: str) -> Reply:
    """Take a message over, in the documented form without the byte count."""
    return reply(
        250, "2.6.0", f"{message_id} [InternalId={internal_id}, Hostname={fqdn}] Queued mail for delivery"
    )


_WINSOCK = {"connection refused": 10061, "connection timed out": 10060}
"""Error codes of Windows Sockets: WSAECONNREFUSED and WSAETIMEDOUT; any other end is WSAECONNRESET."""


def connection_failed(address: IPv4Address, cause: str) -> Reply:
    """Word the last error of a connection that could not be made (observed)."""
    winsock = _WINSOCK.get(cause, 10054)
    problem = f"Failed to connect. Winsock error code: {winsock}, Win32 error code: {winsock}."
    text = f'Error encountered while communicating with primary target IP address: "{problem}" '
    return reply(441, "4.4.1", text + _no_alternate(address))


def primary_target_responded(address: IPv4Address, cause: str) -> Reply:
    """Word the same as Microsoft's article on queues in Retry does (outbound-email-messages-are-not-sent)."""
    answer = "421 4.4.1 Connection timed out." if cause in _WINSOCK else "421 4.4.2 Connection dropped."
    return reply(
        451, "4.4.0", f'Primary target IP address responded with: "{answer}" {_no_alternate(address)}'
    )


def _no_alternate(address: IPv4Address | None) -> str:
    return (
        "Attempted failover to alternate host, but that did not succeed. Either there are no alternate hosts, or "
        f"delivery failed to all alternate hosts. The last endpoint attempted was {address}:25"
    )


def certificate_refused(reason: str) -> Reply:
    """Word the last error of a certificate that TlsAuthLevel does not accept (observed)."""
    return reply(454, "4.7.5", f"Certificate validation failure, Reason:{reason}")
