"""Mail that the anti-phishing policy of a tenant puts into quarantine.

It ends there: nobody is told, and no scenario has an administrator who releases it. Source: Set-AntiPhishPolicy (DmarcRejectAction, DmarcQuarantineAction).
"""

from __future__ import annotations

from mailsim.mail.envelope import Recipient
from mailsim.mta.copies import single
from mailsim.mta.exchange_online.authentication.anti_phish_policy import Treatment
from mailsim.mta.exchange_online.receive.attribution import Owners
from mailsim.mta.kind import Copy, Drop, Item

QUARANTINE = Drop("it is in quarantine, from which an administrator may release it")


def quarantined(item: Item, recipient: Recipient) -> Copy | None:
    """Return the copy that ends in quarantine for one recipient; None where the message goes on."""
    owners: Owners = item.context
    judged = owners.judged
    if judged is None or judged.treatment is not Treatment.QUARANTINE:
        return None
    envelope = single(item.envelope, recipient, item.envelope.reverse_path)
    return Copy(envelope=envelope, message=item.message, fate=QUARANTINE, because=judged.because)
