"""What was found, written into a header: Authentication-Results and Received-SPF in their generic form.

``authentication_results`` and ``received_spf`` write, ``read_results`` reads what another host wrote, such as a sealer of ARC.
Products have forms of their own; theirs stand with them.

Sources: rfc8601 section 2.2, rfc7208 section 9.1, rfc8617 section 4.4 (normative).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from mailsim.mail.message import HeaderField, header_field
from mailsim.sender_authentication.arc import ArcVerdict
from mailsim.sender_authentication.dkim import DkimVerdict
from mailsim.sender_authentication.dmarc import DmarcVerdict
from mailsim.sender_authentication.spf import SpfIdentity, SpfResult, SpfVerdict

_COMMENT = re.compile(r"\([^()]*\)")
_RESULT = re.compile(r"\s*([A-Za-z0-9-]+)(?:/\d+)?\s*=\s*([A-Za-z0-9-]+)")
_PROPERTY = re.compile(r"([A-Za-z0-9-]+\.[A-Za-z0-9-]+)\s*=\s*(\"[^\"]*\"|[^\s;]+)")

_SPF_COMMENTS = {
    SpfResult.PASS: "domain of {sender} designates {client} as permitted sender",
    SpfResult.FAIL: "domain of {sender} does not designate {client} as permitted sender",
    SpfResult.SOFTFAIL: "domain of {sender} probably does not designate {client} as permitted sender",
    SpfResult.NEUTRAL: "domain of {sender} says nothing about {client}",
    SpfResult.NONE: "domain of {sender} has no record",
}


@dataclass(frozen=True, slots=True)
class MethodResult:
    """One result in an Authentication-Results field.

    Args:
        method: such as ``spf``, lower case.
        result: the word, lower case.
        properties: such as ``smtp.mailfrom`` with their values.
    """

    method: str
    result: str
    properties: dict[str, str] = field(default_factory=dict)


def authentication_results(
    authserv_id: str,
    *,
    spf: SpfVerdict | None = None,
    dkim: Sequence[DkimVerdict] | None = None,
    dmarc: DmarcVerdict | None = None,
    arc: ArcVerdict | None = None,
) -> HeaderField:
    """Write the results of a host (rfc8601:2.2).

    Args:
        authserv_id: the name of the host or of its domain.
        spf: None where it was not evaluated, like the others.
        dkim: empty for a message without signatures.
        dmarc: of the author's domain.
        arc: of the chain.
    """
    parts = [
        *([_spf(spf)] if spf else []),
        *([_dkim(each) for each in dkim] or ["dkim=none"] if dkim is not None else []),
        *([_dmarc(dmarc)] if dmarc else []),
        *([_arc(arc)] if arc else []),
    ]
    return header_field("Authentication-Results", ";\r\n\t".join([authserv_id, *(parts or ["none"])]))


def _spf(verdict: SpfVerdict) -> str:
    if verdict.identity is SpfIdentity.HELO:
        return f"spf={verdict.result.value} smtp.helo={verdict.helo}"
    return f"spf={verdict.result.value} smtp.mailfrom={verdict.domain}"


def _dkim(verdict: DkimVerdict) -> str:
    reason = f' reason="{verdict.fault.value}"' if verdict.fault.value else ""
    properties = (("header.d", verdict.domain), ("header.s", verdict.selector))
    given = "".join(f" {name}={value}" for name, value in properties if value)
    return f"dkim={verdict.result.value}{reason}{given}"


def _dmarc(verdict: DmarcVerdict) -> str:
    policy = f" policy.published-domain-policy={verdict.published.value}" if verdict.published else ""
    author = f" header.from={verdict.author}" if verdict.author else ""
    return f"dmarc={verdict.result.value}{author}{policy}"


def _arc(verdict: ArcVerdict) -> str:
    since = f" header.oldest-pass={verdict.oldest_pass}" if verdict.sets else ""
    return f"arc={verdict.result.value}{since}"


def received_spf(verdict: SpfVerdict, receiver: str) -> HeaderField:
    """Write what SPF found (rfc7208:9.1).

    Args:
        verdict: of SPF.
        receiver: the host that checked.
    """
    comment = _SPF_COMMENTS.get(verdict.result, verdict.problem).format(
        sender=verdict.sender, client=verdict.client
    )
    pairs = {
        "client-ip": str(verdict.client),
        "envelope-from": f'"{verdict.sender}"',
        "helo": verdict.helo,
        "receiver": receiver,
        "identity": verdict.identity.value,
    }
    pairs |= {"mechanism": verdict.mechanism} if verdict.mechanism else {}
    pairs |= {"problem": f'"{verdict.problem}"'} if verdict.problem else {}
    listed = ";\r\n\t".join(f"{name}={value}" for name, value in pairs.items())
    return header_field("Received-SPF", f"{verdict.result.value} ({receiver}: {comment})\r\n\t{listed}")


def read_results(text: str) -> tuple[MethodResult, ...]:
    """Read the results in an Authentication-Results or ARC-Authentication-Results field, comments left out.

    Args:
        text: the field's body; what stands in it before the first result is passed over.
    """
    while (bare := _COMMENT.sub(" ", text)) != text:
        text = bare
    results = []
    for part in text.split(";"):
        said = _RESULT.match(part)
        if said and said[1].lower() not in ("i", "v"):
            properties = {name.lower(): value.strip('"') for name, value in _PROPERTY.findall(part)}
            results.append(MethodResult(said[1].lower(), said[2].lower(), properties))
    return tuple(results)
