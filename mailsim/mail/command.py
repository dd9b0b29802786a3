"""SMTP commands as typed values.

``read_command`` turns one line into a command. A line that names a known verb but breaks its grammar becomes
``Malformed``; an unknown verb becomes ``Unknown``. What is answered is not decided here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from mailsim.mail.address import Mailbox, ReversePath, read_path

_KEYWORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*")
_MECHANISM = re.compile(r"[A-Za-z0-9_-]{1,20}")  # rfc4422:3.1
_VALUE = re.compile(r"[!-<>-~]*")  # rfc5321:4.1.2 esmtp-value: no "=", no space, no control
# what may stand in a Received field; let through more than rfc5321:4.1.1.1 does, as servers do
_HOST = re.compile(r"[!-~\u00a1-\ud7ff\ue000-\U0010ffff]{1,255}")  # rfc5321:4.5.3.1.2
# postfix: smtpd_forbidden_commands = CONNECT GET POST; a browser can be made to send these to a port of its own machine
_HTTP = re.compile(r"(CONNECT|DELETE|GET|HEAD|OPTIONS|PATCH|POST|PUT|TRACE) ", re.IGNORECASE)
# rfc3461:4 xtext, of which only printable characters make sense in a report
_XTEXT = r"(?:[!-*,-<>-~]|\+[2-6][0-9A-F]|\+7[0-9A-E])"


@dataclass(frozen=True, slots=True)
class Ehlo:
    """EHLO or HELO with the name the client gives for itself."""

    domain: str
    extended: bool = True


@dataclass(frozen=True, slots=True)
class StartTls:
    """STARTTLS (RFC 3207)."""


@dataclass(frozen=True, slots=True)
class Auth:
    """AUTH with its mechanism in upper case and the initial response, empty when there is none (RFC 4954)."""

    mechanism: str
    initial: str = ""


@dataclass(frozen=True, slots=True)
class Mail:
    """MAIL FROM with its parameters, keywords in upper case."""

    path: ReversePath
    parameters: Mapping[str, str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Rcpt:
    """RCPT TO with its parameters, keywords in upper case."""

    path: Mailbox
    parameters: Mapping[str, str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Data:
    """DATA."""


@dataclass(frozen=True, slots=True)
class Bdat:
    """BDAT (RFC 3030): ``size`` octets follow."""

    size: int
    last: bool


@dataclass(frozen=True, slots=True)
class Rset:
    """RSET."""


@dataclass(frozen=True, slots=True)
class Noop:
    """NOOP."""


@dataclass(frozen=True, slots=True)
class Quit:
    """QUIT."""


@dataclass(frozen=True, slots=True)
class Vrfy:
    """VRFY or EXPN."""


@dataclass(frozen=True, slots=True)
class Help:
    """HELP."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """A verb that is not spoken here."""

    verb: str


@dataclass(frozen=True, slots=True)
class Http:
    """The first line of an HTTP request: what follows is not meant for a mail server."""


@dataclass(frozen=True, slots=True)
class Malformed:
    """A known verb with an argument outside its grammar; ``in_path`` tells an address from the rest."""

    verb: str
    problem: str
    in_path: bool = False


Command: TypeAlias = (
    Ehlo
    | StartTls
    | Auth
    | Mail
    | Rcpt
    | Data
    | Bdat
    | Rset
    | Noop
    | Quit
    | Vrfy
    | Help
    | Unknown
    | Http
    | Malformed
)


def read_command(line: str) -> Command:
    """Read one command line without its CRLF."""
    verb, _, argument = line.strip(" \t").partition(" ")
    reader = _READERS.get(verb.upper())
    if reader is None:
        return Http() if _HTTP.match(line) else Unknown(verb[:40])
    try:
        return reader(argument.strip(" \t"))
    except _BadPath as problem:
        return Malformed(verb.upper(), str(problem), in_path=True)
    except ValueError as problem:
        return Malformed(verb.upper(), str(problem))


class _BadPath(ValueError):
    """The path of MAIL or RCPT is outside the grammar."""


def _ehlo(argument: str) -> Command:
    return Ehlo(_host(argument))


def _helo(argument: str) -> Command:
    return Ehlo(_host(argument), extended=False)


def _host(argument: str) -> str:
    if not _HOST.fullmatch(argument):
        raise ValueError("wanted a domain")
    return argument


def _nothing(argument: str) -> None:
    if argument:
        raise ValueError("takes no argument")


def _starttls(argument: str) -> Command:
    _nothing(argument)
    return StartTls()


def _auth(argument: str) -> Command:
    mechanism, _, initial = argument.partition(" ")
    if not _MECHANISM.fullmatch(mechanism) or " " in initial:
        raise ValueError("wanted AUTH mechanism [initial-response]")
    return Auth(mechanism.upper(), initial)


def _mail(argument: str) -> Command:
    path, rest = _path(_after(argument, "FROM:"), postmaster=False)
    return Mail(path, _parameters(rest))


def _rcpt(argument: str) -> Command:
    path, rest = _path(_after(argument, "TO:"), postmaster=True)
    if path is None:
        raise _BadPath("the null path is no recipient")
    return Rcpt(path, _parameters(rest))


def _path(text: str, *, postmaster: bool) -> tuple[ReversePath, str]:
    try:
        return read_path(text, postmaster=postmaster)
    except ValueError as problem:
        raise _BadPath(str(problem)) from problem


def _after(argument: str, keyword: str) -> str:
    """Return what follows FROM: or TO:; a space after the colon is tolerated, as Microsoft's examples have it."""
    if argument[: len(keyword)].upper() != keyword:
        raise ValueError(f"wanted {keyword}<path>")
    return argument[len(keyword) :].lstrip(" ")


def _parameters(rest: str) -> dict[str, str]:
    if rest and not rest.startswith(" "):
        raise ValueError("a space stands between path and parameters")
    found: dict[str, str] = {}
    for word in filter(None, rest.split(" ")):
        keyword, equals, value = word.partition("=")
        if not (_KEYWORD.fullmatch(keyword) and _VALUE.fullmatch(value)) or (equals and not value):
            raise ValueError(f"{word[:40]!r} is not a parameter")
        if keyword.upper() in found:
            raise ValueError(f"parameter {keyword.upper()} twice")
        form = _FORMS.get(keyword.upper())
        if form and not form.fullmatch(value):
            raise ValueError(f"{word[:40]!r} has a value outside its grammar")
        found[keyword.upper()] = value
    return found


LONGEST_ENVID = 100

_FORMS: Mapping[str, re.Pattern[str]] = {
    "SIZE": re.compile(r"[0-9]{1,20}"),  # rfc1870:4
    "BODY": re.compile(r"7BIT|8BITMIME|BINARYMIME", re.IGNORECASE),  # rfc6152:2, rfc3030:3
    "RET": re.compile(r"FULL|HDRS", re.IGNORECASE),  # rfc3461:4.3
    "ENVID": re.compile(rf"(?=.{{1,{LONGEST_ENVID}}}$){_XTEXT}+"),  # rfc3461:4.4
    "SMTPUTF8": re.compile(r""),  # rfc6531:3.4
    "AUTH": re.compile(rf"<>|(?=.{{1,500}}$){_XTEXT}+"),  # rfc4954:5
    "NOTIFY": re.compile(r"NEVER|(SUCCESS|FAILURE|DELAY)(,(SUCCESS|FAILURE|DELAY))*", re.IGNORECASE),
    "ORCPT": re.compile(rf"(?=.{{1,500}}$)[A-Za-z0-9-]+;{_XTEXT}+"),  # rfc3461:4.2
}


def _data(argument: str) -> Command:
    _nothing(argument)
    return Data()


def _bdat(argument: str) -> Command:
    size, _, last = argument.partition(" ")
    if not (size.isascii() and size.isdigit() and len(size) < 12) or last.upper() not in ("", "LAST"):
        raise ValueError("wanted BDAT size [LAST]")
    return Bdat(int(size), bool(last))


def _rset(argument: str) -> Command:
    _nothing(argument)
    return Rset()


def _quit(argument: str) -> Command:
    _nothing(argument)
    return Quit()


_READERS: Mapping[str, Callable[[str], Command]] = {
    "EHLO": _ehlo,
    "HELO": _helo,
    "STARTTLS": _starttls,
    "AUTH": _auth,
    "MAIL": _mail,
    "RCPT": _rcpt,
    "DATA": _data,
    "BDAT": _bdat,
    "RSET": _rset,
    "NOOP": lambda _: Noop(),
    "QUIT": _quit,
    "VRFY": lambda _: Vrfy(),
    "EXPN": lambda _: Vrfy(),
    "HELP": lambda _: Help(),
}
