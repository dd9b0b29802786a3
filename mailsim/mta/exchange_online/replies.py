"""What Exchange Online says, exactly.

Sources: "NDRs in Exchange Online" and its pages for each code; texts marked observed are from published transcripts.
Times and ids that real replies carry in brackets are left out: only the server is named.
"""

from __future__ import annotations

from ipaddress import IPv4Address

from mailsim.mail.address import Mailbox
from mailsim.mail.reply import Reply, reply
from mailsim.mta.kind import RouteProblem, Words
from mailsim.mta.restrictions import Refusals
from mailsim.world.directory import DirectoryRecipient, RecipientType

WORDS = Words(
    bad_sequence=reply(503, "5.5.2", "Send hello first"),
    need_mail=reply(503, "5.5.2", "Need mail command"),
    need_rcpt=reply(503, "5.5.2", "Need rcpt command"),
    malformed=reply(501, "5.5.4", "Invalid arguments"),
    bad_path=reply(501, "5.1.7", "Invalid address"),
    bad_helo=reply(501, "5.5.4", "Invalid domain name"),
    unknown=reply(500, "5.3.3", "Unrecognized command"),
    overlong=reply(500, "5.5.2", "Line too long"),
    parameter=reply(501, "5.5.4", "Invalid arguments"),
    ready_for_tls=reply(220, "2.0.0", "SMTP server ready"),
    start_content=reply(354, "", "Start mail input; end with <CRLF>.<CRLF>"),
    chunk_taken=reply(250, "2.6.0", "Chunk received"),
    reset=reply(250, "2.0.0", "Resetting"),
    noop=reply(250, "2.0.0", "OK"),
    quit=reply(221, "2.0.0", "Service closing transmission channel"),
    vrfy=reply(252, "2.1.5", "Cannot VRFY user"),
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
    # observed, and explained in KB 2998901
    bare_linefeeds=reply(
        550,
        "5.6.11",
        "SMTPSEND.BareLinefeedsAreIllegal; message contains bare linefeeds, which cannot be sent via DATA and receiving "
        "system does not support BDAT",
    ),
)

TOO_LARGE = reply(552, "5.3.4", "Message size exceeds fixed maximum message size")
UNKNOWN_RECIPIENT = reply(
    550, "5.1.10", "RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup"
)
FORWARDING_LOOP = reply(
    550, "5.4.6", "RESOLVER.FWD.Loop; there is a forwarding loop configured in the directory"
)
NO_CONNECTOR = reply(
    450, "4.4.0", "The connector that a transport rule names is disabled"
)  # words of our own
RECIPIENT_LIMIT = reply(550, "5.5.3", "RESOLVER.ADR.RecipLimit; too many recipients")
DAILY_LIMIT = reply(
    550,
    "5.1.90",
    "Your message can't be sent because you've reached your daily limit for message recipients",
)
SENDER_SIZE = reply(550, "5.2.11", "RESOLVER.RST.SendSizeLimit.Sender; message too large for this sender")
RECIPIENT_SIZE = reply(550, "5.2.3", "RESOLVER.RST.RecipSizeLimit; message too large for this recipient")
FORWARDING_NOT_ALLOWED = reply(
    550,
    "5.7.520",
    "Access denied, Your organization does not allow external forwarding. Please contact your administrator for "
    "further assistance. AS(7555)",
)
# the names are documented, what follows them is not
NOT_IN_LIST_OF_GROUP = reply(550, "5.7.124", "RESOLVER.RST.RestrictedToGroupPermission; not authorized")
NOT_IN_LIST = reply(550, "5.7.129", "RESOLVER.RST.RestrictedToRecipientsPermission; not authorized")
NOT_AUTHORIZED = reply(550, "5.7.1", "RESOLVER.RST.NotAuthorized; not authorized")  # observed on-premises
STARTTLS_REQUIRED = "451 5.7.3 STARTTLS is required to send mail"
NO_COMMON_VERSION = {
    "socket-error": "421 4.4.2 Connection dropped due to SocketError",
    "starttls": STARTTLS_REQUIRED,
}
# what a session in clear text is told by RequireTls is not published: the words are those of other servers
TLS_WANTED_FOR_GOOD = reply(550, "5.7.3", "STARTTLS is required to send mail")
TLS_WANTED_FOR_NOW = reply(451, "5.7.3", "STARTTLS is required to send mail")
BAD_HELO = reply(550, "5.7.506", "Access Denied, Bad HELO")
TOO_MANY_RECIPIENTS = reply(452, "4.5.3", "Too many recipients")

# of smtp.office365.com and smtp-legacy.office365.com (ms:opt-in-legacy-tls and reports of clients)
OLD_TLS = reply(
    421,
    "4.7.66",
    "TLS 1.0 and 1.1 are not supported. Please upgrade/update your client to support TLS 1.2. Visit "
    "https://aka.ms/smtp_auth_tls.",
)
OLD_TLS_OF_TENANT = reply(535, "5.7.67", "TLS 1.0 and 1.1 are not supported by your organization")
# of smtp.office365.com; which of several forms is used is assumed
AUTHENTICATION_FAILED = reply(535, "5.7.3", "Authentication unsuccessful")
WRONG_CREDENTIALS = reply(535, "5.7.139", "Authentication unsuccessful, the user credentials were incorrect.")
NOT_AUTHENTICATED = reply(530, "5.7.57", "Client not authenticated to send mail.")
NOT_AUTHENTICATED_OLDER = reply(
    530, "5.7.57", "SMTP; Client was not authenticated to send anonymous mail during MAIL FROM"
)
SEND_AS_DENIED_OLDEST = reply(550, "5.7.60", "SMTP; Client does not have permissions to send as this sender")
# real replies go on with diagnostic numbers
_SUBMISSION = (
    "STOREDRV.Submission.Exception:SendAsDeniedException.MapiExceptionSendAsDenied; Failed to process message due to "
    "a permanent exception with message Cannot submit message."
)
SEND_AS_DENIED_OLDER = reply(554, "5.2.0", _SUBMISSION)
SENDER_LIMIT = reply(432, "4.3.2", "STOREDRV.ClientSubmit; sender thread limit exceeded")
RATE_EXCEEDED = reply(
    421, "4.4.2", "Message submission rate for this client has exceeded the configured limit"
)

NO_ROUTE = {
    RouteProblem.NO_ADDRESS: reply(450, "4.4.312", "DNS query failed [Message=InfoNoRecords]"),
    RouteProblem.NULL_MX: reply(556, "5.1.10", "Recipient domain does not accept mail (null MX)"),
    RouteProblem.BACK_HERE: reply(554, "5.4.14", "Hop count exceeded - possible mail loop ATTR34"),
}

# what a next hop does not meet that its domain publishes (ms:ndrs-exchange-online); the code 450 is by analogy
DANE_ERRORS = {
    "4.7.321": "starttls-not-supported: Destination mail server must support TLS to receive mail.",
    "4.7.322": "certificate-expired: Destination mail server's certificate is expired.",
    "4.7.323": "tlsa-invalid: The domain failed DANE validation.",
    "4.7.324": "dnssec-invalid: Destination domain returned invalid DNSSEC records",
    "4.7.325": "certificate-host-mismatch: Remote certificate MUST have a common name or subject alternative name matching "
    "the hostname (DANE)",
}
STS_ERRORS = ("4.4.8", "4.7.5")
PUBLISHED_ERRORS = frozenset((*DANE_ERRORS, *STS_ERRORS))

# how a last error is worded when the message expires; {} stands for what it says after Message=
EXPIRED = {
    "4.4.312": reply(550, "5.4.312", "Message expired, DNS query failed({})"),
    "4.4.316": reply(550, "5.4.316", "Message expired, connection refused(Socket error code 10061)"),
    "4.4.317": reply(550, "5.4.317", "Message expired, cannot connect to remote server({})"),
    "4.4.318": reply(550, "5.4.318", "Message expired, connection reset(SuspiciousRemoteServerError)"),
}


def dmarc_rejected(domain: str, server: str) -> Reply:
    """Refuse a message of a domain that asks for it (observed)."""
    return reply(
        550,
        "5.7.509",
        f"Access denied, sending domain {domain} does not pass DMARC verification"
        f" and has a DMARC policy of reject. [{server}]",
    )


def smtp_auth_disabled(of: str) -> Reply:
    """Refuse a logon where SMTP AUTH is switched off for the Tenant or the Mailbox (observed)."""
    return reply(
        535,
        "5.7.139",
        f"Authentication unsuccessful, SmtpClientAuthentication is disabled for the {of}. "
        "Visit https://aka.ms/smtp_auth_disabled for more information.",
    )


def send_as_denied(user: str, sender: str) -> Reply:
    """Refuse a sender that is not the user's own (observed)."""
    return reply(554, "5.2.252", f"SendAsDenied; {user} not allowed to send as {sender}; {_SUBMISSION}")


# codes are documented for all; the text for groups, the name for mailboxes, the rest by analogy
_WANT_PROOF = {
    RecipientType.MAILBOX: ("5.7.134", "Mailbox", "mailbox"),
    RecipientType.PUBLIC_FOLDER: ("5.7.135", "PublicFolder", "public folder"),
    RecipientType.GROUP: ("5.7.133", "Group", "group"),
    RecipientType.DYNAMIC_GROUP: ("5.7.133", "Group", "group"),
    RecipientType.MAIL_USER: ("5.7.136", "MailUser", "mail user"),
}


def not_authenticated(found: DirectoryRecipient) -> Reply:
    """Refuse a sender who is not proved to be one of the tenant."""
    if found.kind not in _WANT_PROOF:
        return reply(550, "5.7.12", "RESOLVER.RST.SenderNotAuthenticated; authentication required")
    code, name, noun = _WANT_PROOF[found.kind]
    return reply(
        550,
        code,
        f"RESOLVER.RST.SenderNotAuthenticatedFor{name}; authentication required; Delivery restriction check failed "
        f"because the sender was not authenticated when sending to this {noun}",
    )


REFUSALS = Refusals(
    too_large=RECIPIENT_SIZE,
    not_authenticated=not_authenticated,
    not_accepted=lambda found: NOT_IN_LIST_OF_GROUP if found.is_group else NOT_IN_LIST,
    rejected=NOT_AUTHORIZED,
)


def no_such_domain(domain: str) -> Reply:
    """Fail a domain that the DNS does not know."""
    return reply(550, "5.4.310", f"DNS domain {domain} does not exist")


def dns_failed(message: str, next_hop: str) -> Reply:
    """Word the last error of a look-up that got no answer (observed)."""
    return reply(450, "4.4.312", f"DNS query failed [Message={message}] [LastAttemptedServerName={next_hop}]")


def unknown_at_remote(answer: Reply) -> Reply:
    """Wrap a remote 550 that has no enhanced code, as reports show it (observed)."""
    text = f"Remote server returned unknown recipient or mailbox unavailable -> {answer}"
    return reply(550, "5.1.351", text)


def expired(last_error: Reply) -> Reply | None:
    """Word the expiry after a last error; None where it has no words of its own."""
    if last_error.enhanced in PUBLISHED_ERRORS:
        return reply(550, f"5{last_error.enhanced[1:]}", last_error.lines[0].partition(" [LastAttempted")[0])
    wording = EXPIRED.get(last_error.enhanced)
    if wording is None:
        return None
    _, _, reason = last_error.text.partition("[Message=")
    reason = reason.partition(" [LastAttempted")[0].removesuffix("]")
    return reply(wording.code, wording.enhanced, wording.lines[0].format(reason))


def banner(server: str, date: str) -> Reply:
    """Greet a client."""
    return reply(220, "", f"{server} Microsoft ESMTP MAIL Service ready at {date}")


def relay_denied(server: str) -> Reply:
    """Refuse mail that belongs to no tenant."""
    return reply(550, "5.7.64", f"TenantAttribution; Relay Access Denied [{server}]")


def relay_not_permitted() -> Reply:
    """Refuse relay by a connector where neither sender nor certificate domain is accepted (KB 3169958)."""
    return reply(
        550,
        "5.7.64",
        "Relay Access Denied ATTR36. For more details please refer to: https://support.microsoft.com/kb/3169958",
    )


def wrong_region(server: str) -> Reply:
    """Put mail off that belongs to no tenant: the other answer to the same diagnosis."""
    return reply(
        451,
        "4.4.62",
        "Mail sent to the wrong Office 365 region. ATTR35. For more information please go to "
        f"https://go.microsoft.com/fwlink/?linkid=865268 [{server}]",
    )


def locked_down(server: str) -> Reply:
    """Refuse mail that meets no restricting Partner connector of the tenant."""
    return reply(
        550,
        "5.7.51",
        "TenantInboundAttribution; There is a partner connector configured that matched the message's recipient domain. "
        f"The connector had either the RestrictDomainsToIPAddresses or RestrictDomainsToCertificate set [{server}]",
    )


def direct_send_rejected(server: str) -> Reply:
    """Refuse Direct Send (techcommunity 4408790)."""
    return reply(
        550,
        "5.7.68",
        "TenantInboundAttribution; Direct Send not allowed for this organization from unauthorized sources "
        f"[{server}]",
    )


def blocked_by_customer(address: IPv4Address, domain: str) -> Reply:
    """Refuse an address on the tenant's IP Block List."""
    return reply(
        550,
        "5.7.513",
        f"Service unavailable, Client host [{address}] blocked by {domain} using Customer Block list (AS16012607)",
    )


def recipient_rejected(address: Mailbox, server: str) -> Reply:
    """Refuse an unknown recipient at the edge (observed)."""
    return reply(550, "5.4.1", f"[{address}]: Recipient address rejected: Access denied [{server}]")


def too_many_hops(server: str) -> Reply:
    """End a loop."""
    return reply(554, "5.4.14", f"Hop count exceeded - possible mail loop ATTR34 [{server}]")


def queued(message_id: str, internal_id: int, server: str) -> Reply:
    """Take a message over, without the byte count that a real reply measures."""
    return reply(
        250, "2.6.0", f"{message_id} [InternalId={internal_id}, Hostname={server}] Queued mail for delivery"
    )


def refused(host: str, address: str) -> Reply:
    """Word the last error of a refused connection."""
    return reply(
        450,
        "4.4.316",
        f"Connection refused [Message=Socket error code 10061] {_attempted(host, address, -2)}",
    )


def closed(host: str, address: str) -> Reply:
    """Word the last error of a connection that broke."""
    return reply(
        450,
        "4.4.318",
        f"Connection was closed abruptly (SuspiciousRemoteServerError) {_attempted(host, address, -2)}",
    )


def cannot_connect(message: str, host: str, address: str) -> Reply:
    """Word the last error of a session without the TLS that the connector wants."""
    text = f"Cannot connect to remote server [Message={message}] {_attempted(host, address, -1)}"
    return reply(450, "4.4.317", text)


def dane_failed(code: str, host: str, address: str) -> Reply:
    """Word the last error of a session that DANE does not allow."""
    return reply(450, code, f"{DANE_ERRORS[code]} {_attempted(host, address, -1)}")


def dane_undecided(code: str, domain: str) -> Reply:
    """Word the last error of a domain of which no host may be used by DANE."""
    return reply(450, code, f"{DANE_ERRORS[code]} [LastAttemptedServerName={domain}]")


def sts_hosts(domain: str) -> Reply:
    """Word the last error of a domain whose MTA-STS policy names none of its hosts."""
    return reply(450, "4.4.8", f"MX hosts of {domain} failed MTA-STS validation")


def sts_certificate(reason: str, host: str, address: str) -> Reply:
    """Word the last error of a certificate that does not meet an MTA-STS policy."""
    text = f"Remote certificate failed MTA-STS validation. Reason: {reason}"
    return reply(450, "4.7.5", f"{text} {_attempted(host, address, -1)}")


def subject_mismatch(expected: str, presented: str) -> str:
    """Word a certificate with another name, without its thumbprint: answers do not depend on keys."""
    return f"SubjectMismatch Expected Subject: {expected}. Presented Subject: {presented}."


def _attempted(host: str, address: str, security: int) -> str:
    """Name the host tried last; SmtpSecurity is -1 once a session was there, -2 before (observed)."""
    return f"[LastAttemptedServerName={host}] [LastAttemptedIP={address}:25] [SmtpSecurity={security};{security}]"
