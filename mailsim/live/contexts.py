"""The TLS contexts of one run, made when first used.

Contexts cost more than certificates (a millisecond each), so each is made once.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable

from mailsim.live.tls import client_context, server_context
from mailsim.mta.kind import ServerTls
from mailsim.pki import Credentials
from mailsim.world.tls_version import TlsVersions


class Contexts:
    """TLS contexts by what they show.

    Args:
        credentials: returns the key and chain of a certificate by its name.
    """

    def __init__(self, credentials: Callable[[str], Credentials]) -> None:
        self._credentials = credentials
        self._servers: dict[ServerTls, ssl.SSLContext] = {}
        self._clients: dict[tuple[str | None, TlsVersions], ssl.SSLContext] = {}

    def server(self, tls: ServerTls) -> ssl.SSLContext:
        """Return the context of a server that enters TLS in this way."""
        if tls not in self._servers:
            shown = self._credentials(tls.certificate)
            self._servers[tls] = server_context(
                shown, ask_client_certificate=tls.ask_client, versions=tls.versions
            )
        return self._servers[tls]

    def client(self, certificate: str | None, versions: TlsVersions) -> ssl.SSLContext:
        """Return the context of a client that speaks these versions, and shows a certificate when asked; None shows none."""
        key = certificate, versions
        if key not in self._clients:
            shown = None if certificate is None else self._credentials(certificate)
            self._clients[key] = client_context(shown, versions=versions)
        return self._clients[key]
