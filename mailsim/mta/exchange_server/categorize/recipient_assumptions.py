"""The open points of how Exchange Server resolves recipients and limits senders: where sources disagree or are silent."""

from __future__ import annotations

from mailsim.reason.assumption import Assumption

ORGANIZATION_SIZE = Assumption(
    key="onprem-organization-size",
    question="which of the organization's MaxSendSize and MaxReceiveSize holds for mail that crosses its border?",
    choices={
        "crossed": "the one that stands for the outsider: mail from outside is held against MaxSendSize, mail to the outside "
        "against MaxReceiveSize",
        "straight": "mail from outside is held against MaxReceiveSize, mail to the outside against MaxSendSize",
    },
    evidence="the article on size limits pairs the organization's MaxSendSize with the recipient's MaxReceiveSize, and the "
    "other way round; the cmdlet page speaks of what recipients and senders of the organization receive and send",
)
ORGANIZATION_SIZE_REPLY = Assumption(
    key="onprem-organization-size-reply",
    question="how is a message refused that is too large for the organization?",
    choices={
        "5.3.4": "with the code and text of the table of status codes",
        "5.2.12": "with RESOLVER.RST.SendSizeLimit.Org, as published reports say",
    },
    evidence="the table of status codes has 5.3.4 for size limits of any kind; reports that administrators publish have "
    "5.2.3 or 5.2.12 with SendSizeLimit.Org",
)
ADMIN_FORWARDS = Assumption(
    key="onprem-remote-domain-admin-forwards",
    question="does AutoForwardEnabled of a remote domain stop forwards that an administrator set on a mailbox?",
    choices={
        "no": "only what users forward by rules is stopped",
        "yes": "ForwardingAddress and ForwardingSmtpAddress are stopped too",
    },
    evidence="the article for Exchange Online exempts what administrators set; the cmdlet page speaks of messages forwarded "
    "by client programs",
)

RESOLVING = (ORGANIZATION_SIZE, ORGANIZATION_SIZE_REPLY, ADMIN_FORWARDS)
