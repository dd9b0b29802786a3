"""What no source settles about how Exchange Online receives and lets users submit, and how a scenario decides it.

Each is asked by ``at.assumed`` where it matters; the check that rests on it cites the choice.
"""

from __future__ import annotations

from mailsim.reason.assumption import Assumption

CERTIFICATE_ISSUER = Assumption(
    key="exo-certificate-issuer",
    question="does TlsSenderCertificateName in its <I>issuer<S>subject form want the issuer too?",
    choices={
        "ignored": "the subject's CN alone is compared",
        "compared": "the issuer must be the same too, so that a renewal at another CA no longer matches",
    },
    evidence="the cmdlet page speaks of a domain only; the wizard's form is known from its log",
)
ASSOCIATED_DOMAINS = Assumption(
    key="exo-associated-accepted-domains",
    question="which address does AssociatedAcceptedDomains of an OnPremises connector restrict?",
    choices={
        "sender": "the MAIL FROM domain must be listed; the null reverse-path has none",
        "sender-or-recipient": "the domain of MAIL FROM or of the recipient must be listed",
    },
    evidence="one page restricts the source domains, another speaks of accepted and recipient domains",
)
RECIPIENT_DOMAINS = Assumption(
    key="exo-several-recipient-domains",
    question="is a transaction with several recipient domains refused when only the address of its connector matches?",
    choices={
        "refused": "each recipient of another domain than the first is denied",
        "accepted": "every recipient is attributed by its own domain",
    },
    evidence="a note of 2017 says refused; the pages since then are silent",
)
UNATTRIBUTED = Assumption(
    key="exo-unattributed-relay",
    question="how is a recipient of no tenant refused when no connector matches?",
    choices={
        "5.7.64": "550 5.7.64 TenantAttribution; Relay Access Denied",
        "4.4.62": "451 4.4.62 Mail sent to the wrong Office 365 region. ATTR35",
    },
    evidence="both are documented for the same diagnosis",
)
NOT_PERMITTED = Assumption(
    key="exo-relay-not-permitted",
    question="how is relay refused when a connector matches, but neither sender nor certificate domain is accepted?",
    choices={
        "ATTR36": "550 5.7.64 Relay Access Denied ATTR36",
        "TenantAttribution": "550 5.7.64 TenantAttribution; Relay Access Denied",
    },
    evidence="ATTR36 is documented for it; whether it is still sent is unknown",
)
PARTNER_ADDRESSES = Assumption(
    key="exo-partner-addresses-without-flag",
    question="what do SenderIPAddresses of a Partner connector mean without RestrictDomainsToIPAddresses?",
    choices={
        "scope": "only sessions from these addresses meet the connector",
        "ignored": "nothing: the connector is met by sender domain alone",
    },
    evidence="the partner article identifies a partner by them; the cmdlet page has them effective with the flag only",
)
SEVERAL_LOCKDOWNS = Assumption(
    key="exo-several-lockdowns",
    question="which of several restricting Partner connectors must a message satisfy?",
    choices={
        "any": "one of those whose SenderDomains cover the sender is enough",
        "most-specific": "one of those with the most specific SenderDomains",
    },
    evidence="the advice to make one connector for addresses and one for the certificate works only with any",
)
REQUIRE_TLS_REPLY = Assumption(
    key="exo-require-tls-reply",
    question="how does RequireTls of a Partner connector refuse a session in clear text?",
    choices={
        "permanent": "550 5.7.3, since the pages say rejected",
        "temporary": "451 5.7.3, as servers word the want of STARTTLS elsewhere",
    },
    evidence="the pages say that the message is rejected; the reply is not published",
)
BOTH_LISTS = Assumption(
    key="exo-address-on-both-lists",
    question="is an address on IPAllowList and IPBlockList refused?",
    choices={"allowed": "the allow list takes precedence", "blocked": "the block list takes precedence"},
    evidence="older pages are remembered to let the allow list win; no page at hand says so",
)
EDGE_DELAY = Assumption(
    key="exo-edge-directory-delay",
    question="how long after its creation does a recipient become known at the edge?",
    choices={
        "30m": "half an hour",
        "none": "at once",
        "2h": "two hours",
        "24h": "a day",
    },
    evidence="a delay is reported and nowhere measured; other settings are documented to spread within 30 minutes",
)
PROMOTION_SENDER = Assumption(
    key="exo-promotion-sender",
    question="whose domain must be accepted for cross-premises headers to be promoted?",
    choices={
        "envelope": "MAIL FROM's, or nobody's for the null reverse-path",
        "either": "MAIL FROM's or that of the From field",
        "nobody": "the sender is not looked at",
    },
    evidence="the conditions are assembled from several pages; none tells the two senders apart",
)
ENFORCED_MINUTES = Assumption(
    key="exo-enforced-minutes",
    question="in which minutes of an hour is an out-of-date Exchange server throttled or blocked?",
    choices={
        "first": "the first ones, blocked before throttled",
        "last": "the last ones, blocked after throttled",
    },
    evidence="the announcement gives minutes an hour, not which",
)

WRONG_PASSWORD = Assumption(
    key="exo-wrong-password",
    question="how is a wrong user name or password answered?",
    choices={
        "5.7.3": "535 5.7.3 Authentication unsuccessful",
        "5.7.139": "535 5.7.139 Authentication unsuccessful, the user credentials were incorrect.",
    },
    evidence="the page on printers has the first; later reports of clients have the second",
)
SMTP_AUTH_DISABLED = Assumption(
    key="exo-smtp-auth-disabled",
    question="how is a logon answered where SmtpClientAuthenticationDisabled is True?",
    choices={
        "5.7.139": "535 5.7.139 that names the tenant or the mailbox",
        "5.7.3": "535 5.7.3 Authentication unsuccessful, as the page on printers has it",
    },
    evidence="reports of clients since 2020 have the first; the page speaks of the second",
)
NOT_AUTHENTICATED = Assumption(
    key="exo-not-authenticated",
    question="how is MAIL answered before a logon at smtp.office365.com?",
    choices={
        "current": "530 5.7.57 Client not authenticated to send mail.",
        "older": "530 5.7.57 SMTP; Client was not authenticated to send anonymous mail during MAIL FROM",
    },
    evidence="both forms stand on the page on printers; reports of clients since 2022 have the first",
)
SEND_AS_DENIED = Assumption(
    key="exo-send-as-denied",
    question="how is a sender refused that is neither the login nor one it may send as?",
    choices={
        "5.2.252": "554 5.2.252 SendAsDenied; names both addresses",
        "5.2.0": "554 5.2.0 STOREDRV.Submission.Exception:SendAsDeniedException.MapiExceptionSendAsDenied",
        "5.7.60": "550 5.7.60 SMTP; Client does not have permissions to send as this sender",
    },
    evidence="reports of clients: the last one until 2018, the second until 2021, the first one since",
)
MESSAGE_RATE = Assumption(
    key="exo-message-rate",
    question="what happens to the 31st message of a mailbox in a minute?",
    choices={
        "432": "the end of the message is answered 432 4.3.2, so that the client delays it",
        "421": "MAIL is answered 421 4.4.2, so that the client delays it",
        "accepted": "it is accepted; the service delays it by itself, which is not shown",
    },
    evidence="the page says that the excess is delayed and gives 432 for too many connections; clients report 421 as well",
)

SUBMITTING = (WRONG_PASSWORD, SMTP_AUTH_DISABLED, NOT_AUTHENTICATED, SEND_AS_DENIED, MESSAGE_RATE)
RECEIVING = (
    CERTIFICATE_ISSUER,
    ASSOCIATED_DOMAINS,
    RECIPIENT_DOMAINS,
    UNATTRIBUTED,
    NOT_PERMITTED,
    PARTNER_ADDRESSES,
    SEVERAL_LOCKDOWNS,
    REQUIRE_TLS_REPLY,
    BOTH_LISTS,
    EDGE_DELAY,
    PROMOTION_SENDER,
    ENFORCED_MINUTES,
)
