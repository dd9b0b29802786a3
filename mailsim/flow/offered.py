"""Which parameters of MAIL and RCPT a session may carry: those of the extensions that its answer to EHLO offered.

Called by ``flow.session``. Pure. A parameter of an extension that was not offered, or of another command, is refused as an
unknown one (RFC 5321 section 4.1.1.11).
"""

from __future__ import annotations

from collections.abc import Mapping

from mailsim.mail.capability import Capabilities

# rfc1870:3, rfc3461:4, rfc6531:3.4, rfc4954:5
_MAIL = {"SIZE": "SIZE", "RET": "DSN", "ENVID": "DSN", "SMTPUTF8": "SMTPUTF8", "AUTH": "AUTH"}
_RCPT = {"NOTIFY": "DSN", "ORCPT": "DSN"}
# rfc6152:2, rfc3030:3
_BODY = {
    "7BIT": ("8BITMIME", "BINARYMIME"),
    "8BITMIME": ("8BITMIME", "BINARYMIME"),
    "BINARYMIME": ("BINARYMIME",),
}


def takes_mail(offered: Capabilities, parameters: Mapping[str, str], *, signed_in: bool) -> bool:
    """Tell whether every parameter of MAIL belongs to what was offered.

    Args:
        offered: the answer to EHLO; what HELO offers is nothing.
        parameters: by their keywords in upper case.
        signed_in: whether a user did; AUTH is offered no more then, and its parameter still may come.
    """
    names = set(parameters) - {"BODY"} - ({"AUTH"} if signed_in else set())
    body = _BODY.get(parameters["BODY"].upper(), ()) if "BODY" in parameters else None
    return _known(offered, names, _MAIL) and (body is None or any(map(offered.offers, body)))


def takes_rcpt(offered: Capabilities, parameters: Mapping[str, str]) -> bool:
    """Tell whether every parameter of RCPT belongs to what was offered."""
    return _known(offered, set(parameters), _RCPT)


def _known(offered: Capabilities, names: set[str], extensions: Mapping[str, str]) -> bool:
    return all(name in extensions and offered.offers(extensions[name]) for name in names)
