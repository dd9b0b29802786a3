"""Which certificate a Send connector presents when the next hop asks for one.

TlsCertificateName where it is written, and then no other counts; else one enabled for SMTP that bears the connector's Fqdn;
what follows when there is none is an open point. Sources: Set-SendConnector (TlsCertificateName, Fqdn), KB 2989382.
"""

from __future__ import annotations

from mailsim.mta.exchange_server.certificate_choice import choose_certificate
from mailsim.mta.exchange_server.send.send_assumptions import CLIENT_CERTIFICATE
from mailsim.mta.exchange_server.send.send_connector import SendConnector
from mailsim.mta.kind import PointOfView
from mailsim.reason.check import check
from mailsim.reason.decision import Decision


def client_certificate(at: PointOfView, connector: SendConnector) -> Decision[str | None]:
    """Choose the certificate that a connector presents; None presents none."""
    named = connector.tls_certificate_name is not None
    setting = "TlsCertificateName" if named else "Fqdn"
    found = choose_certificate(
        at,
        connector.tls_certificate_name,
        connector.fqdn or at.mta.fqdn,
        setting=f"{setting} of {connector.name!r}",
        source=connector.source(setting),
    )
    if named or found.value is not None or at.certificate is None:
        return found
    choice = at.assumed(CLIENT_CERTIFICATE)
    taken = at.certificate if choice == "newest" else None
    why = check(
        True,
        "no certificate bears the Fqdn",
        saw=f"{taken or 'none'} is presented",
        cite=CLIENT_CERTIFICATE.cite(choice),
    )
    return Decision(found.question, taken, (*found.because, why), taken or "none")
