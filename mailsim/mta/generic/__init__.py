"""An ordinary internet MTA, and a smart host: the smallest complete kind.

It accepts mail for its own domains and mailboxes, relays for the networks it is told to, and sends by MX or by
smart host. Its words are those of the RFCs, its texts follow Postfix where a text is needed.
"""

from __future__ import annotations

from mailsim.mta.generic.kind import GenericMta

KIND = GenericMta()
