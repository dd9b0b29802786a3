"""Authentication-Results and Received-SPF in the form of Exchange Online, from what was found to the header's text.

The service names no host in front, calls a key or signature that does not verify ``fail`` with a text in brackets, and shows
DMARC's action and the composite result. Lines are folded at 78 columns at a blank, as published headers are.

Sources: "Anti-spam message headers in Microsoft 365"; headers in public archives of mailing lists.
"""

from __future__ import annotations

from collections.abc import Sequence

from mailsim.mail.message import HeaderField, header_field
from mailsim.mta.exchange_online.authentication.authentication_assumptions import SEVERAL_SIGNATURES
from mailsim.mta.exchange_online.authentication.composite_authentication import Composite
from mailsim.mta.kind import PointOfView
from mailsim.reason.check import check
from mailsim.reason.cite import observed
from mailsim.reason.decision import Decision
from mailsim.sender_authentication.dkim import DkimFault, DkimResult, DkimVerdict
from mailsim.sender_authentication.dmarc import DmarcResult, DmarcVerdict
from mailsim.sender_authentication.spf import SpfIdentity, SpfResult, SpfVerdict

FORM = observed("observed:authentication-results", "form of the fields")

NAME = "Authentication-Results"
RECEIVER = "protection.outlook.com"
WIDTH = 78

_DKIM = {
    DkimFault.NONE: "pass (signature was verified)",
    DkimFault.KEY_UNAVAILABLE: "timeout (key query timeout)",
}
_SPF = {
    SpfResult.PASS: "Pass ({by}: domain of {domain} designates {client} as permitted sender)",
    SpfResult.FAIL: "Fail ({by}: domain of {domain} does not designate {client} as permitted sender)",
    SpfResult.SOFTFAIL: "SoftFail ({by}: domain of transitioning {domain} discourages use of {client} as permitted sender)",
    SpfResult.NEUTRAL: "Neutral ({by}: {client} is neither permitted nor denied by domain of {domain})",
    SpfResult.NONE: "None ({by}: {domain} does not designate permitted sender hosts)",
    SpfResult.TEMPERROR: "TempError ({by}: error in processing during lookup of {domain}: DNS Timeout)",
    SpfResult.PERMERROR: "PermError ({by}: domain of {domain} used an invalid SPF mechanism)",
}


def choose_signatures(
    at: PointOfView, dkim: Sequence[DkimVerdict], dmarc: DmarcVerdict
) -> Decision[tuple[DkimVerdict, ...]]:
    """Choose the signatures that the header shows.

    Args:
        at: the point of view.
        dkim: of every signature, topmost first.
        dmarc: of the author's domain.
    """
    choice = at.assumed(SEVERAL_SIGNATURES)
    aligned = {each.domain for each in dmarc.aligned if each.method == "dkim"}
    passed = [each for each in dkim if each.result is DkimResult.PASS]
    ordered = [*(each for each in passed if each.domain in aligned), *passed, *dkim]
    shown = tuple(dkim) if choice == "all" else tuple(ordered[:1])
    several = len(dkim) > 1
    saw = f"{len(dkim)} signatures" if several else "at most one signature"
    made = check(True, "signatures shown", saw=saw, cite=SEVERAL_SIGNATURES.cite(choice) if several else FORM)
    return Decision("DKIM in the header", shown, (made,), ", ".join(each.domain for each in shown) or "none")


def authentication_results(
    spf: SpfVerdict, dkim: Sequence[DkimVerdict], dmarc: DmarcVerdict, action: str, composite: Composite
) -> HeaderField:
    """Write the field.

    Args:
        spf: of the address judged.
        dkim: the signatures shown.
        dmarc: of the author's domain.
        action: what DMARC led to, as ``dmarc_handling.handle`` says.
        composite: what everything together led to.
    """
    signed = ";".join(_signature(each) for each in dkim) or "dkim=none (message not signed) header.d=none"
    judged = f"dmarc={_dmarc_word(dmarc)} action={action} header.from={dmarc.author or 'none'}"
    return _folded(NAME, f"{_sender(spf)}; {signed};{judged};{composite}")


def received_spf(spf: SpfVerdict) -> HeaderField:
    """Write what SPF found; who it was asked for is told for pass and fail only."""
    text = _SPF[spf.result].format(by=RECEIVER, domain=spf.domain, client=spf.client)
    if spf.result in (SpfResult.PASS, SpfResult.FAIL):
        text += f" receiver={RECEIVER}; client-ip={spf.client}; helo={spf.helo};"
    return _folded("Received-SPF", f"{text} pr=C" if spf.result is SpfResult.PASS else text)


def _sender(spf: SpfVerdict) -> str:
    name = "smtp.helo" if spf.identity is SpfIdentity.HELO else "smtp.mailfrom"
    return f"spf={spf.result.value} (sender IP is {spf.client}) {name}={spf.domain}"


def _signature(verdict: DkimVerdict) -> str:
    word = _DKIM.get(verdict.fault, f"fail ({verdict.fault.value})")
    return f"dkim={word} header.d={verdict.domain or 'none'}"


def _dmarc_word(verdict: DmarcVerdict) -> str:
    """Return the word: what would pass if there were a record is a guess that says so."""
    if verdict.result is DmarcResult.NONE and verdict.aligned and not verdict.record:
        return "bestguesspass"
    return verdict.result.value


def _folded(name: str, value: str) -> HeaderField:
    """Fold at blanks so that lines have at most 78 columns where they can."""
    lines, current = [], f"{name}:"
    for word in value.split(" "):
        if len(current) + 1 + len(word) > WIDTH and current != f"{name}:":
            lines.append(current)
            current = ""
        current += f" {word}"
    return header_field(name, "\r\n".join([*lines, current]).removeprefix(f"{name}: "))
