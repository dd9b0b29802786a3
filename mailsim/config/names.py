"""Names given and names used while a scenario is linked: every faulty one is reported where it stands."""

from __future__ import annotations

from collections.abc import Iterable

from mailsim.config.diagnostic import Diagnostics
from mailsim.config.document import Mark
from mailsim.mail.address import Mailbox
from mailsim.world.source import Origin


def mark_of(origin: Origin | None, name: str = "") -> Mark | None:
    """Return the place of a property, or of the object it belongs to."""
    if origin is None:
        return None
    line, column = origin.place(name) if name else (origin.line, origin.column)
    return Mark(origin.file, line, column)


def address(
    text: str, default_domain: str, diagnostics: Diagnostics, at: Mark | None, where: str
) -> Mailbox | None:
    """Read an address; a bare name gets the default domain."""
    text = text.partition(":")[2] if text[:5].lower() == "smtp:" else text
    full = text if "@" in text or not default_domain else f"{text}@{default_domain}"
    try:
        return Mailbox.parse(full)
    except ValueError as problem:
        diagnostics.error(at, f"{where}: {problem}")
        return None


def require_known(
    name: str, known: Iterable[str], diagnostics: Diagnostics, at: Mark | None, what: str
) -> bool:
    """Report a name that nothing bears; names are compared in any case. Tells whether it is borne."""
    names = list(known)
    if name.lower() in {each.lower() for each in names} or diagnostics.lost(name):
        return True
    wanted = f"one of {', '.join(names[:8])}" if names else "one that is defined"
    diagnostics.error(at, f"{what} {name!r} is not defined", wanted=wanted, did_you_mean=(name, names))
    return False


def require_unique(named: Iterable[tuple[str, Origin | None]], diagnostics: Diagnostics, what: str) -> None:
    """Report every name that is given twice, with the line of the first."""
    first: dict[str, Origin | None] = {}
    for name, origin in named:
        earlier = first.setdefault(name.lower(), origin)
        if earlier is not origin:
            diagnostics.error(mark_of(origin), f"{what} {name!r} is given twice, first at {earlier}")
