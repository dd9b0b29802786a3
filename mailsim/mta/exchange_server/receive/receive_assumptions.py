"""The open points of Exchange Server: what no source settles or where two sources disagree."""

from __future__ import annotations

from mailsim.reason.assumption import Assumption

MAX_HOP_COUNT = Assumption(
    key="onprem-max-hop-count",
    question="how many hops a Receive connector allows where MaxHopCount is not written",
    choices={
        "60": "as a Get-ReceiveConnector of Exchange 2019 prints it",
        "30": "as Set-ReceiveConnector says",
    },
    evidence="the page says 30; a published dump of an untouched server prints 60",
)
MAX_LOCAL_HOP_COUNT = Assumption(
    key="onprem-max-local-hop-count",
    question="how many local hops a Receive connector allows where MaxLocalHopCount is not written",
    choices={
        "5": "as a Get-ReceiveConnector of Exchange 2019 prints it",
        "8": "as Set-ReceiveConnector says",
    },
    evidence="the page says 8; a published dump of an untouched server prints 5",
)
NEWEST_CERTIFICATE = Assumption(
    key="onprem-newest-certificate",
    question="which of several certificates with the wanted name a connector takes",
    choices={
        "valid-from": "the one with the most recent Valid from date",
        "valid-to": "the one that expires last",
    },
    evidence="Microsoft's page on inbound STARTTLS sorts by Valid from; engineers' posts say newest expiry",
)
OORG_PROMOTES = Assumption(
    key="onprem-oorg-promotes",
    question="whether AcceptOorgProtocol lets cross-premises headers in as AcceptCloudServicesMail does",
    choices={
        "yes": "AcceptOorgProtocol does too",
        "no": "only AcceptCloudServicesMail does",
    },
    evidence="no page says what it does; Microsoft's page on Edge servers in a hybrid has it set, and means that mail to pass",
)
CLOUD_SENDERS = Assumption(
    key="onprem-cloud-senders",
    question="which senders a session with AcceptCloudServicesMail may use",
    choices={
        "any": "any sender, own domains included",
        "anonymous": "those that ANONYMOUS LOGON may use",
    },
    evidence="mail of cloud users bears the organization's own domains; no page lists the rights of the capability",
)
ANY_SENDER = Assumption(
    key="onprem-frontend-any-sender",
    question="whether the Front End refuses senders when ANONYMOUS LOGON lacks ms-Exch-SMTP-Accept-Any-Sender",
    choices={
        "ignored": "the Front End takes any sender",
        "checked": "every sender is refused, as Exchange 2010 did",
    },
    evidence="Microsoft Q&A 308173: removing the right had no effect on a Front End connector of Exchange 2013",
)
LOGON_FAILURES = Assumption(
    key="onprem-logon-failures",
    question="which failed logon closes the connection, and with which reply",
    choices={
        "exceeded": "the first one beyond MaxLogonFailures, which is answered 421 4.7.0",
        "reached": "the one that reaches MaxLogonFailures, which is answered 421 4.7.0",
    },
    evidence="the page lets so many failures be retried before the connection is closed; no page gives the last reply",
)
SEND_AS_STAGE = Assumption(
    key="onprem-send-as-stage",
    question="when a user hears that a sender is not its own",
    choices={
        "message": "at the end of the message, also about MAIL FROM",
        "mail": "at MAIL FROM; about the From field at the end of the message",
    },
    evidence="client libraries report the refusal to the final dot; no page names the stage",
)
SEND_AS_FROM = Assumption(
    key="onprem-send-as-from",
    question="which sender of a user's message must be its own",
    choices={
        "both": "MAIL FROM and the From field",
        "envelope": "MAIL FROM alone",
    },
    evidence="a refusal to the final dot suggests that the header is looked at; the pages speak of the sender",
)
EVERY = (
    MAX_HOP_COUNT,
    MAX_LOCAL_HOP_COUNT,
    NEWEST_CERTIFICATE,
    OORG_PROMOTES,
    CLOUD_SENDERS,
    ANY_SENDER,
    LOGON_FAILURES,
    SEND_AS_STAGE,
    SEND_AS_FROM,
)
