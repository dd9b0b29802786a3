"""Content as it goes to a host that takes neither 8-bit nor binary octets: MIME in ASCII lines.

Called by ``flow.carriage``. Pure. A part with other octets is encoded by itself, text as quoted-printable and the rest as
base64, and every other octet stays (RFC 6152 section 3, RFC 2045 section 6). What has no such form is left to the caller:
8-bit octets in a header, in a part that is encoded already, between parts, and whatever is signed as it stands (RFC 1847).
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from email.message import Message as Mime

from mailsim.mail.line_ends import is_text, with_crlf
from mailsim.mail.message import HeaderField, Message, header_field

_ENCODING = "content-transfer-encoding"
_DEEPEST = 100  # parts within parts; postfix: mime_nesting_limit = 100


class _NoForm(ValueError):
    """The content has no form in ASCII lines."""


def to_seven_bit(content: bytes) -> bytes | None:
    """Return content whose octets are all ASCII in lines of at most 998; None where it has no such form."""
    try:
        return _entity(content, 0)
    except _NoForm:
        return None


def _entity(data: bytes, depth: int) -> bytes:
    if data.isascii() and is_text(data):
        return data
    entity = Message.from_bytes(data)
    if depth > _DEEPEST or not (entity.header_bytes.isascii() and is_text(entity.header_bytes)):
        raise _NoForm
    mime = Mime()
    mime["Content-Type"] = entity.value("Content-Type") or "text/plain"
    kind, encoding = mime.get_content_type(), entity.value(_ENCODING).lower() or "7bit"
    if kind == "multipart/signed" or encoding not in ("7bit", "8bit", "binary"):
        raise _NoForm
    if kind.startswith("multipart/"):
        return _labelled(entity, "7bit", b"".join(_parts(entity.body, mime.get_boundary(), depth)))
    if kind == "message/rfc822":
        return _labelled(entity, "7bit", _entity(entity.body, depth + 1))
    if kind.startswith("text/") and encoding != "binary":
        return _labelled(entity, "quoted-printable", _quoted(entity.body))
    return _labelled(entity, "base64", with_crlf(base64.encodebytes(entity.body)))


def _parts(body: bytes, boundary: str | None, depth: int) -> Iterator[bytes]:
    """Yield a multipart body in pieces: delimiters as they are, parts in ASCII lines."""
    if not boundary or not boundary.isascii():
        raise _NoForm
    delimiter = re.compile(rb"((?:^|\r?\n)--" + re.escape(boundary.encode()) + rb"(?:--)?[ \t]*(?:\r?\n|$))")
    before, *pieces = delimiter.split(body)
    after = pieces.pop() if pieces else b""
    if not (before.isascii() and after.isascii()):
        raise _NoForm
    yield before
    for number, piece in enumerate(pieces):
        yield with_crlf(piece) if number % 2 == 0 else _entity(piece, depth + 1)
    yield after


def _quoted(text: bytes) -> bytes:
    return with_crlf(binascii.b2a_qp(with_crlf(text), istext=True))


def _labelled(entity: Message, encoding: str, body: bytes) -> bytes:
    """Return an entity with another body, and the label of its encoding where the old one stood, or last."""
    label, fields = header_field("Content-Transfer-Encoding", encoding), list[HeaderField]()
    for field in entity.header:
        fields.append(label if field.name.lower() == _ENCODING else field)
    if label not in fields:
        fields.append(label)
    return Message(tuple(fields), entity.separator or b"\r\n", body).to_bytes()
