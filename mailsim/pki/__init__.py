"""Keys and certificates made from descriptions, and the judgement of certificate chains.

Called by both drivers, which are given one ``Pki`` a topology, and by ``mailsim certs``, which writes what
``Pki.export`` returns. No socket, no clock and no file is touched: the time is an argument, PEM files go in and
out as bytes. Only keys and serial numbers are random, and neither appears in any text.
"""

from __future__ import annotations

from mailsim.pki.credentials import Credentials
from mailsim.pki.pki import Pki
from mailsim.pki.presented import read_presented
from mailsim.pki.stored import StaleCertificate

__all__ = ["Credentials", "Pki", "StaleCertificate", "read_presented"]
