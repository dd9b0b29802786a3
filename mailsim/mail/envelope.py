"""The envelope of a message: where reports go, and where copies go."""

from __future__ import annotations

from dataclasses import dataclass

from mailsim.mail.address import Mailbox, ReversePath
from mailsim.mail.xtext import typed_address


@dataclass(frozen=True, slots=True)
class Recipient:
    """One forward-path with its delivery-report parameters (RFC 3461).

    Args:
        path: the address as it stands now.
        orcpt: the original recipient as ``type;xtext``, empty when not given.
        notify: the NOTIFY words in upper case; empty when not given.
    """

    path: Mailbox
    orcpt: str = ""
    notify: frozenset[str] = frozenset()

    def wants(self, word: str) -> bool:
        """Tell whether it is reported about: by NOTIFY, or without it failures and delays (RFC 3461 section 4.1).

        Args:
            word: ``FAILURE``, ``DELAY`` or ``SUCCESS``.
        """
        return word in self.notify if self.notify else word != "SUCCESS"


def orcpt_of(recipient: Recipient, new: Mailbox) -> str:
    """Return the ORCPT a recipient travels on with after it became another address.

    The first change writes the address down as it was; later ones leave that alone (RFC 3461 section 5.2.3).
    """
    if recipient.orcpt or recipient.path == new:
        return recipient.orcpt
    return typed_address(str(recipient.path))


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """What MAIL and RCPT carry.

    Args:
        reverse_path: None is the null reverse-path.
        recipients: at least one once a message is accepted.
        smtputf8: whether MAIL carried SMTPUTF8.
        ret: ``FULL``, ``HDRS`` or empty.
        envid: the ENVID as xtext, empty when not given.
        body: the BODY parameter, empty when not given.
    """

    reverse_path: ReversePath
    recipients: tuple[Recipient, ...] = ()
    smtputf8: bool = False
    ret: str = ""
    envid: str = ""
    body: str = ""

    @property
    def paths(self) -> tuple[Mailbox, ...]:
        """Return the recipients' addresses."""
        return tuple(recipient.path for recipient in self.recipients)

    @property
    def needs_smtputf8(self) -> bool:
        """Whether only an SMTPUTF8 session can carry it: it came by one, or an address is beyond ASCII (RFC 6531)."""
        paths = (*self.paths, *((self.reverse_path,) if self.reverse_path else ()))
        return self.smtputf8 or any(path.needs_smtputf8 for path in paths)
