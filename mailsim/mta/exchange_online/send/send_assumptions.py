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

SENDING = (
    CONNECTOR_ORDER,
    WILDCARD_APEX,
    CENTRALIZED_SCOPE,
    DISABLED_BY_RULE,
    SENDER_AUTHENTICATED,
    RETRY,
    REMOTE_CODES,
    DNS_MESSAGE,
)
