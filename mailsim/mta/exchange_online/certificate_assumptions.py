"""What no source settles about how Exchange Online judges the certificates and the TLS of its peers."""

from __future__ import annotations

from mailsim.reason.assumption import Assumption

SERVER_USAGE = Assumption(
    key="exo-server-certificate-usage",
    question="does a connector that validates a certificate want server authentication among its usages?",
    choices={
        "wanted": "one that is not for server authentication is refused as NotValidForUsage",
        "ignored": "its usages are not looked at",
    },
    evidence="the page speaks of the chain, revocation and the name; a certificate of a public CA for a server has it",
)
CLIENT_USAGE = Assumption(
    key="exo-client-certificate-usage",
    question="does an inbound connector want client authentication among the usages of the client's certificate?",
    choices={
        "ignored": "a certificate for server authentication alone is enough",
        "wanted": "one that is not for client authentication matches no connector",
    },
    evidence="no page asks for it, and public authorities leave client authentication out from 2026 on",
)
CLIENT_REVOCATION = Assumption(
    key="exo-client-certificate-revocation",
    question="does an inbound connector look at the revocation of the client's certificate?",
    choices={
        "checked": "a revoked certificate matches no connector",
        "ignored": "revocation is not looked at",
    },
    evidence="the pages on inbound connectors want a trusted CA; those on outbound ones check revocation lists",
)
WEAK_KEY = Assumption(
    key="exo-weak-key",
    question="is a certificate with an RSA key below 2048 bits trusted?",
    choices={
        "refused": "it is refused, whoever issued it",
        "accepted": "it is trusted like any other",
    },
    evidence="no public authority issues one, and Windows refuses those of public authorities in newer versions",
)
FAILED_HANDSHAKE = Assumption(
    key="exo-failed-handshake",
    question="is mail that may go in clear text sent so after a failed TLS handshake?",
    choices={
        "waits": "no: the message waits, and TLS is tried again",
        "clear-text": "yes: the service connects once more and sends without TLS",
    },
    evidence="mail between the service and servers with older versions is documented to fail; no page tells of a fallback",
)
NO_COMMON_VERSION = Assumption(
    key="exo-no-common-tls-version",
    question="with which last error does mail wait for a next hop that speaks no common version of TLS?",
    choices={
        "socket-error": "421 4.4.2 Connection dropped due to SocketError",
        "starttls": "451 5.7.3 STARTTLS is required to send mail",
    },
    evidence="the page on TLS 1.0 and 1.1 has the first for both directions, and shows it in the queue of a server",
)

EVERY = (SERVER_USAGE, CLIENT_USAGE, CLIENT_REVOCATION, WEAK_KEY, FAILED_HANDSHAKE, NO_COMMON_VERSION)
