"""How a message goes over to a next hop: by DATA or by BDAT, with which BODY, or not at all.

Called by ``flow.conversation`` for each letter. Pure. Rules: (1) nothing is sent that the next hop did not offer to take
(RFC 6152 section 3, RFC 3030 section 3, RFC 6531 section 3.2); (2) by DATA go lines that end with CRLF (RFC 5321 section
2.3.8): a product either puts line ends right or sends such content by BDAT; (3) what the next hop does not take is converted, and what has no other form is a permanent failure.
"""

from __future__ import annotations

from dataclasses import dataclass

from mailsim.mail.capability import Capabilities
from mailsim.mail.envelope import Envelope
from mailsim.mail.line_ends import has_bare_linefeed, is_text, with_crlf
from mailsim.mail.message import Message
from mailsim.mail.reply import Reply
from mailsim.mail.seven_bit import to_seven_bit
from mailsim.mta.kind import Words


@dataclass(frozen=True, slots=True)
class Carriage:
    """How a message goes over.

    Args:
        content: the octets, dot-stuffing not done.
        body: the value of BODY, empty for none.
        chunked: whether it goes by BDAT.
    """

    content: bytes
    body: str = ""
    chunked: bool = False


def choose_carriage(
    words: Words, offered: Capabilities, envelope: Envelope, message: Message
) -> Carriage | Reply:
    """Choose how a message goes over; a reply says why it cannot.

    Args:
        words: of the product that sends.
        offered: by the next hop.
        envelope: with the BODY that it came with.
        message: the content.
    """
    if envelope.needs_smtputf8 and not offered.offers("SMTPUTF8"):
        return words.no_smtputf8
    content = message.to_bytes()
    if envelope.body == "BINARYMIME" and not is_text(content):
        return _binary(words, offered, content)
    chunked = words.bare_linefeeds is not None and has_bare_linefeed(content)
    if words.bare_linefeeds is not None and chunked and not offered.offers("CHUNKING"):
        return words.bare_linefeeds
    content = content if chunked else with_crlf(content)
    if message.body.isascii():
        return Carriage(content, "", chunked)
    return (
        Carriage(content, "8BITMIME", chunked)
        if offered.offers("8BITMIME")
        else _plain(content, words.no_8bit)
    )


def _binary(words: Words, offered: Capabilities, content: bytes) -> Carriage | Reply:
    if offered.offers("BINARYMIME") and offered.offers("CHUNKING"):
        return Carriage(content, "BINARYMIME", chunked=True)
    return _plain(content, words.no_binary)


def _plain(content: bytes, otherwise: Reply) -> Carriage | Reply:
    """Convert what the next hop does not take, as products do; RFC 6152 section 3 lets it fail as well."""
    converted = to_seven_bit(content)
    return otherwise if converted is None else Carriage(converted)
