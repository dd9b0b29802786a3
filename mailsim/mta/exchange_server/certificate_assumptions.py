"""What no source settles about how Exchange Server judges the certificates and the TLS of its peers."""

from __future__ import annotations

from mailsim.reason.assumption import Assumption

SERVER_USAGE = Assumption(
    key="onprem-server-certificate-usage",
    question="does a Send connector that validates a certificate want server authentication among its usages?",
    choices={
        "wanted": "one that is not for server authentication is refused as NotValidForUsage",
        "ignored": "its usages are not looked at",
    },
    evidence="the page speaks of the chain, revocation and the name; Windows validates the certificates of servers so",
)
CLIENT_USAGE = Assumption(
    key="onprem-client-certificate-usage",
    question="does TlsDomainCapabilities want client authentication among the usages of the client's certificate?",
    choices={
        "ignored": "a certificate for server authentication alone is enough",
        "wanted": "one that is not for client authentication brings no capability",
    },
    evidence="no page asks for it, and public authorities leave client authentication out from 2026 on",
)
WEAK_KEY = Assumption(
    key="onprem-weak-key",
    question="is a certificate with an RSA key below 2048 bits trusted?",
    choices={
        "refused": "it is refused, whoever issued it",
        "accepted": "it is trusted like any other",
    },
    evidence="Windows blocks keys below 1024 bits, and newer versions those below 2048 of public authorities",
)
FAILED_HANDSHAKE = Assumption(
    key="onprem-failed-handshake",
    question="does a Send connector without RequireTLS send in clear text after a failed TLS handshake?",
    choices={
        "waits": "no: the message waits, and TLS is tried again",
        "clear-text": "yes: it connects once more and sends without TLS",
    },
    evidence="a queue that cannot agree on a version is documented to keep its mail; no page tells of a fallback",
)

EVERY = (SERVER_USAGE, CLIENT_USAGE, WEAK_KEY, FAILED_HANDSHAKE)
