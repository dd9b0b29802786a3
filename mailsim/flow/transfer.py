"""The content of one message while it comes in, by DATA at once or by BDAT in chunks (RFC 3030).

Kept by ``flow.session`` for each transaction. Rules: (1) what is kept is never more than the limit of the product and one
octet, however much comes; (2) what is not kept is counted.
"""

from __future__ import annotations

from mailsim.mail.message import Message, header_size

# Of a header that is larger the fields are not taken apart, which costs a hundred octets and ten microseconds for each.
# Exchange's MaxHeaderSize is 256 KB unless set otherwise, and Postfix stops at message_size_limit only; real headers have
# some hundred lines.
LARGEST_HEADER = 1024 * 1024
MOST_HEADER_LINES = 10_000


class Transfer:
    """What has come of one message.

    Args:
        limit: the octets a message may have, None for any number.
    """

    def __init__(self, limit: int | None) -> None:
        self._limit = limit
        self._pieces: list[bytes] = []
        self.begun = False
        self.kept = 0
        self.size = 0

    @property
    def room(self) -> int | None:
        """How many more octets are worth keeping; None for all."""
        return None if self._limit is None else max(0, self._limit + 1 - self.kept)

    @property
    def too_large(self) -> bool:
        """Whether more has come than a message may have."""
        return self._limit is not None and self.size > self._limit

    def take(self, data: bytes, cut: int = 0) -> None:
        """Take a piece.

        Args:
            data: what was kept of it.
            cut: how many octets behind it were not.
        """
        room = self.room
        kept = data if room is None else data[:room]
        self._pieces.append(kept)
        self.begun = True
        self.kept += len(kept)
        self.size += len(data) + cut

    def message(self) -> Message | None:
        """Return the message as it stands; None where its header is larger than this machine takes apart."""
        data = b"".join(self._pieces)
        self._pieces = [data]
        header = header_size(data)
        if header > LARGEST_HEADER or data.count(b"\n", 0, header) > MOST_HEADER_LINES:
            return None
        return Message.from_bytes(data, self.size - len(data))
