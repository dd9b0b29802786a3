"""The open points of how Exchange Server sends: what no source settles or where two sources disagree."""

from __future__ import annotations

from mailsim.reason.assumption import Assumption

SEND_MAX_MESSAGE_SIZE = Assumption(
    key="onprem-send-max-message-size",
    question="the size that a Send connector allows where MaxMessageSize is not written",
    choices={
        "35 MB": "as a Get-SendConnector of Exchange 2019 prints it",
        "25 MB": "as Set-SendConnector says",
        "10 MB": "as the page on message size limits says of connectors",
    },
    evidence="three sources, three values; the printed one is what setup leaves behind",
)
SMART_HOST_ORDER = Assumption(
    key="onprem-smart-host-order",
    question="in which order a Send connector tries several smart hosts",
    choices={
        "listed": "as they are listed",
        "reversed": "the last one first, to see whether an outcome depends on the order",
    },
    evidence="no page gives an order; field reports see a rotation with failover",
)
MESSAGE_RETRY_INTERVAL = Assumption(
    key="onprem-message-retry-interval",
    question="when a message that the next hop refused for now is tried again, where MessageRetryInterval is not written",
    choices={
        "15 minutes": "as the page on retry intervals says",
        "5 minutes": "as Set-TransportService says",
    },
    evidence="two pages of Microsoft disagree",
)
CONNECTION_ERROR = Assumption(
    key="onprem-connection-error",
    question="how the last error of a connection that could not be made is worded",
    choices={
        "441": "441 4.4.1 Error encountered while communicating with primary target IP address",
        "451": "451 4.4.0 Primary target IP address responded with",
    },
    evidence="both are published; which build writes which is not documented",
)
OWN_SERVERS = Assumption(
    key="onprem-own-servers",
    question="whether a session from the address of another server of the organization is authenticated as Exchange server",
    choices={
        "authenticated": "X-ANONYMOUSTLS and X-EXPS, which are not on the wire here, succeed",
        "anonymous": "they fail, as behind a device that masks the keywords",
    },
    evidence="servers of one organization authenticate each other by Kerberos or, with Edge, by the subscription's keys",
)
SERVER_OF_GROUP = Assumption(
    key="onprem-server-of-group",
    question="which of several servers that are equally near takes a message",
    choices={
        "by name": "the first by name, the others when it cannot be reached",
        "by name, reversed": "the last by name, to see whether an outcome depends on it",
    },
    evidence="Exchange balances them, and no page says how",
)
CLIENT_CERTIFICATE = Assumption(
    key="onprem-client-certificate",
    question="what a Send connector presents where no certificate for SMTP bears its Fqdn and none is named",
    choices={
        "newest": "the certificate that was installed last",
        "none": "no certificate",
    },
    evidence="pages tell how one is found by TlsCertificateName or by Fqdn, and not what follows when none is found so",
)
DNS_FAILURE_TEXT = Assumption(
    key="onprem-dns-failure-text",
    question="what is the last error of a queue when the DNS does not answer?",
    choices={
        "with-error": "451 4.4.0 DNS query failed. The error was: DNS query failed with error ErrorRetry",
        "bare": "451 4.4.0 DNS query failed",
    },
    evidence="KB 3007623 has the first, the page on this error the second; which of SERVFAIL and time-outs has which is not said",
)
EVERY = (
    DNS_FAILURE_TEXT,
    CLIENT_CERTIFICATE,
    SEND_MAX_MESSAGE_SIZE,
    SMART_HOST_ORDER,
    MESSAGE_RETRY_INTERVAL,
    CONNECTION_ERROR,
    OWN_SERVERS,
    SERVER_OF_GROUP,
)
