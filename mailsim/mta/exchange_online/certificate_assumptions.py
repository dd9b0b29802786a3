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

EVERY = (SERVER_USAGE, CLIENT_USAGE, CLIENT_REVOCATION, WEAK_KEY)
