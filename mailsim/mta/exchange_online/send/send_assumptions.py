"""What no source settles about the sending side of Exchange Online, and how a scenario decides it.

Each is asked by ``at.assumed`` where it matters; the check that rests on it cites the choice.
"""

from __future__ import annotations

from mailsim.reason.assumption import Assumption

CONNECTOR_ORDER = Assumption(
    key="exo-connector-order",
    question="does an outbound connector for all accepted domains come before or after one for *.contoso.com?",
    choices={
        "most-specific": "exact domain, longest wildcard, all accepted domains, *: the page's worked example",
        "as-listed": "exact domain, all accepted domains, longest wildcard, *: the page's list",
    },
    evidence="the example on the page contradicts its list, and speaks of the most specific connector",
)
WILDCARD_APEX = Assumption(
    key="exo-wildcard-apex",
    question="does *.contoso.com in RecipientDomains cover contoso.com itself?",
    choices={
        "subdomains": "only what is below contoso.com",
        "apex-too": "contoso.com as well, as the page on SenderDomains has it",
    },
    evidence="the page speaks of all subdomains, and its example gives contoso.com to another connector",
)
CENTRALIZED_SCOPE = Assumption(
    key="exo-centralized-scope",
    question="do RecipientDomains limit which mail to the outside RouteAllMessagesViaOnPremises pulls on-premises?",
    choices={
        "everything": "no: all mail to the outside, also where another connector matches the domain",
        "recipient-domains": "yes: only recipients that the connector's own scope covers",
    },
    evidence="the property's name and practitioners say everything; the wizard writes * so that both agree",
)
DISABLED_BY_RULE = Assumption(
    key="exo-rule-disabled-connector",
    question="where does mail go when a transport rule names a disabled connector?",
    choices={
        "usual-route": "as if the rule had not named one",
        "waits": "nowhere, until it expires",
    },
    evidence="a disabled connector is never used; what becomes of the mail is not written down",
)
SENDER_AUTHENTICATED = Assumption(
    key="exo-foreign-sender-authenticated",
    question="did mail with a foreign sender that on-premises relays through a tenant pass SPF or DKIM when it came in?",
    choices={
        "passed": "yes: it leaves by the normal pool, and the sender is rewritten",
        "failed": "no: it leaves by the relay pool, and the sender stays",
    },
    evidence="mail from outside is examined; what the service makes of mail by an OnPremises connector is not modelled",
)
RETRY = Assumption(
    key="exo-retry",
    question="how often is a deferred message tried again?",
    choices={
        "growing": "after 5, 10, 15, 15, 30 and then every 60 minutes",
        "five-minutes": "about every five minutes",
    },
    evidence="one page says 15 minutes or less at first and 60 at most, another about every five minutes",
)
REMOTE_CODES = Assumption(
    key="exo-wrap-remote-refusals",
    question="which refusals of a remote host are reported as 5.1.351?",
    choices={
        "without-code": "a 550 that has no enhanced code",
        "every-550": "every 550",
    },
    evidence="published reports show the wrapping only where the remote gave no enhanced code",
)
DNS_MESSAGE = Assumption(
    key="exo-dns-failure-message",
    question="what does 4.4.312 give as its Message when the DNS does not answer?",
    choices={
        "ErrorRetry": "ErrorRetry",
        "InfoNoRecords": "InfoNoRecords, as where there is no record",
    },
    evidence="a published report of 2019 has ErrorRetry for an MX that could not be resolved; the page on NDRs gives no Message "
    "for SERVFAIL or a time-out",
)

BOGUS = Assumption(
    key="exo-bogus-dnssec",
    question="with which last error does mail wait for a domain whose DNSSEC signatures do not fit?",
    choices={
        "dnssec-invalid": "4.7.324 dnssec-invalid",
        "dns-query-failed": "4.4.312 DNS query failed, as for any look-up that fails",
    },
    evidence="the page on NDRs lists 4.7.324 for it; the page on DANE said in 2022 that the generic error came instead, "
    "for the time being",
)
NO_TLSA = Assumption(
    key="exo-mandatory-dane-error",
    question="with which last error does mail wait where SmtpDaneMode is Mandatory and the next hop has no DANE?",
    choices={
        "tlsa-invalid": "4.7.323 tlsa-invalid",
        "dnssec-invalid": "4.7.324 dnssec-invalid",
    },
    evidence="the mail is documented to wait and expire, the error is not; 4.7.323 covers any other failure of DANE",
)
TLSA_UNANSWERED = Assumption(
    key="exo-tlsa-lookup-failed",
    question="what becomes of a host whose TLSA records cannot be looked up?",
    choices={
        "not-used": "it is passed over, as RFC 7672 section 2.1.1 wants it",
        "without-dane": "it is used as if it had none",
    },
    evidence="the page on DANE blocks mail where records are inauthentic, and says nothing of time-outs",
)
STS_NO_TLS = Assumption(
    key="exo-mta-sts-without-starttls",
    question="with which last error does mail wait for a host without TLS whose policy is enforced?",
    choices={
        "starttls": "4.4.317 with 451 5.7.3 STARTTLS is required to send mail, as for a connector",
        "starttls-not-supported": "4.7.321 starttls-not-supported",
    },
    evidence="the page on NDRs has texts for hosts and certificates under MTA-STS, none for missing TLS",
)
BOTH = Assumption(
    key="exo-dane-and-mta-sts",
    question="does a host that DANE authenticates have to meet the MTA-STS policy too?",
    choices={
        "both": "yes: each must be met",
        "dane-alone": "no: the policy is not looked at",
    },
    evidence="RFC 8461 section 2 only forbids that a policy overrides DANE; no page tells the order",
)

SENDING = (
    CONNECTOR_ORDER,
    WILDCARD_APEX,
    CENTRALIZED_SCOPE,
    DISABLED_BY_RULE,
    SENDER_AUTHENTICATED,
    RETRY,
    REMOTE_CODES,
    DNS_MESSAGE,
    BOGUS,
    NO_TLSA,
    TLSA_UNANSWERED,
    STS_NO_TLS,
    BOTH,
)
