"""TLS on asyncio in which no certificate ever fails the handshake.

Called by the listeners and by the sending driver. Python's ``ssl`` can only reject a certificate that it was
asked to look at; here every certificate gets in, is handed over as it was sent, and is judged by the core.
Both ends are an ``ssl.SSLContext`` whose connections are pyOpenSSL's, so ``StreamWriter.start_tls`` and
``loop.start_tls`` take them like any other. Each end is held to the versions of TLS that its host speaks, of which 1.0 and
1.1 need an OpenSSL that still has them; sessions are never resumed, because a resumed session shows no certificate.
Sources: CPython ``Lib/asyncio/sslproto.py`` and ``Modules/_ssl.c`` (what asyncio expects of a connection), OpenSSL
manual ``SSL_get_peer_cert_chain(3)``, ``SSL_CTX_set_verify(3)``, ``SSL_CTX_set_security_level(3)``.
"""

from __future__ import annotations

import asyncio
import ipaddress
import ssl
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from typing import Any, Self, TypeVar, cast

from OpenSSL import SSL, crypto

from mailsim.pki.credentials import Credentials
from mailsim.world.tls_version import TlsVersion, TlsVersions

_Result = TypeVar("_Result")

_RECORD = 16 * 1024  # octets, the most that one TLS record carries (rfc8446:5.1)
_PUMPED = 64 * 1024  # octets moved at a time: some records, yet below the size at which malloc turns to mmap


_NUMBERS = {
    TlsVersion.TLS1_0: SSL.TLS1_VERSION,
    TlsVersion.TLS1_1: SSL.TLS1_1_VERSION,
    TlsVersion.TLS1_2: SSL.TLS1_2_VERSION,
    TlsVersion.TLS1_3: SSL.TLS1_3_VERSION,
}
_NAMES = {"TLSv1": "TLS1_0", "TLSv1.1": "TLS1_1", "TLSv1.2": "TLS1_2", "TLSv1.3": "TLS1_3"}
_USUAL = TlsVersions()


@cache
def is_spoken(version: TlsVersion) -> bool:
    """Tell whether this machine's OpenSSL speaks a version, by a handshake in memory without certificates."""
    if not version.deprecated:
        return True
    try:
        return _shakes_hands(_NUMBERS[version])
    except SSL.Error:
        return False


def _shakes_hands(version: int) -> bool:
    near, far = (SSL.Connection(_anonymous(version), None) for _ in range(2))
    near.set_accept_state()
    far.set_connect_state()
    for end, other in ((far, near), (near, far), (far, near), (near, far)):
        with suppress(SSL.WantReadError):
            end.do_handshake()
        with suppress(SSL.WantReadError):
            other.bio_write(end.bio_read(_PUMPED))
    far.do_handshake()
    return True


def _anonymous(version: int) -> SSL.Context:
    context = SSL.Context(SSL.TLS_METHOD)
    context.set_min_proto_version(version)
    context.set_max_proto_version(version)
    context.set_cipher_list(b"aNULL:@SECLEVEL=0")
    return context


def server_context(
    credentials: Credentials, *, ask_client_certificate: bool, versions: TlsVersions = _USUAL
) -> ssl.SSLContext:
    """Build the context of a listener.

    Args:
        credentials: what the listener shows.
        ask_client_certificate: whether the client is asked for a certificate; it may still send none, and any
            that it sends is taken.
        versions: what it speaks.

    Raises:
        OpenSSL.SSL.Error: the key does not belong to the leaf.
    """
    context = _context(versions)
    _show(context, credentials)
    if ask_client_certificate:
        context.set_verify(SSL.VERIFY_PEER, _accept)
    return _AsyncioContext(context)


def client_context(credentials: Credentials | None, *, versions: TlsVersions = _USUAL) -> ssl.SSLContext:
    """Build the context of a sender; it never rejects the server's certificate.

    Args:
        credentials: what the sender shows when asked, or None to show nothing.
        versions: what it speaks.

    Raises:
        OpenSSL.SSL.Error: the key does not belong to the leaf.
    """
    context = _context(versions)
    if credentials is not None:
        _show(context, credentials)
    # The default, SSL_VERIFY_NONE, still receives the server's chain: SSL_CTX_set_verify(3).
    return _AsyncioContext(context)


def peer_chain(transport: asyncio.BaseTransport) -> tuple[bytes, ...]:
    """Return the certificates (DER) that the peer sent, leaf first, in the order sent.

    Returns:
        () when the peer sent none, was not asked, or the connection is in clear.
    """
    connection = transport.get_extra_info("ssl_object")
    return () if connection is None else cast("_Connection", connection).peer_chain()


def tls_version(transport: asyncio.BaseTransport) -> str:
    """Return the version of TLS as Exchange prints it in Received lines, such as TLS1_2.

    Args:
        transport: of a connection after its handshake.
    """
    connection = cast("_Connection", transport.get_extra_info("ssl_object"))
    return _NAMES[connection.version()]


def _context(versions: TlsVersions) -> SSL.Context:
    context = SSL.Context(SSL.TLS_METHOD)
    context.set_min_proto_version(_NUMBERS[next(filter(is_spoken, versions.spoken), versions.lowest)])
    context.set_max_proto_version(_NUMBERS[versions.highest])
    # Before any certificate is loaded: OpenSSL would not even show a weak one of our own.
    context.set_cipher_list(b"DEFAULT:@SECLEVEL=0")
    context.set_options(SSL.OP_NO_TICKET | SSL.OP_NO_COMPRESSION | SSL.OP_NO_RENEGOTIATION)
    context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
    context.set_mode(SSL.MODE_RELEASE_BUFFERS)  # some 34 KiB less for each idle connection
    return context


def _show(context: SSL.Context, credentials: Credentials) -> None:
    leaf, *issuers = credentials.chain
    context.use_certificate(leaf)
    for issuer in issuers:
        context.add_extra_chain_cert(issuer)
    context.use_privatekey(cast("Any", credentials.key))
    context.check_privatekey()


def _accept(
    _connection: SSL.Connection, _certificate: crypto.X509, _error: int, _depth: int, _ok: int
) -> bool:
    """Accept whatever OpenSSL finds wrong with a certificate."""
    return True


class _AsyncioContext(ssl.SSLContext):
    """What asyncio takes for its own kind of context; only ``wrap_bio`` is ever used of it."""

    _context: SSL.Context

    def __new__(cls, context: SSL.Context) -> Self:
        # The protocol is of no effect, but this one rejects nothing, and so passes for what it is.
        made = super().__new__(cls, ssl.PROTOCOL_TLS_SERVER)
        made._context = context
        return made

    def wrap_bio(
        self,
        incoming: ssl.MemoryBIO,
        outgoing: ssl.MemoryBIO,
        server_side: bool = False,
        server_hostname: str | bytes | None = None,
        session: ssl.SSLSession | None = None,  # noqa: ARG002  sessions are never resumed
    ) -> ssl.SSLObject:
        end = SSL.Connection(self._context, None)
        if server_side:
            end.set_accept_state()
        else:
            end.set_connect_state()
        name = server_hostname.decode() if isinstance(server_hostname, bytes) else server_hostname
        if name and not _is_address(name):
            end.set_tlsext_host_name(name.rstrip(".").encode("idna"))  # rfc6066:3
        # ssl.SSLObject has no public constructor; this has what asyncio uses of it.
        connection = _Connection(
            end, incoming, outgoing, context=self, server_side=server_side, server_hostname=name
        )
        return cast("ssl.SSLObject", connection)


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


class _Connection:
    """One end of a TLS connection: a pyOpenSSL connection that behaves like ``ssl.SSLObject``.

    asyncio puts what it receives into `incoming` and sends what it finds in `outgoing`; each step here moves
    the octets from the one and to the other, and turns pyOpenSSL's exceptions into those of ``ssl``.
    """

    __slots__ = ("_end", "_incoming", "_outgoing", "context", "server_hostname", "server_side")

    def __init__(
        self,
        end: SSL.Connection,
        incoming: ssl.MemoryBIO,
        outgoing: ssl.MemoryBIO,
        *,
        context: ssl.SSLContext,
        server_side: bool,
        server_hostname: str | None,
    ) -> None:
        self.context = context
        self.server_side = server_side
        self.server_hostname = server_hostname
        self._end = end
        self._incoming = incoming
        self._outgoing = outgoing

    def do_handshake(self) -> None:
        self._drive(self._end.do_handshake)

    def read(self, size: int = _RECORD, buffer: Any = None) -> bytes | int:
        """Return up to `size` octets, or the count of those put into `buffer`; empty or 0 after close_notify."""
        size = min(size, _RECORD)  # pyOpenSSL allocates all of what it is asked for
        try:
            if buffer is None:
                return self._drive(self._end.recv, size)
            return self._drive(self._end.recv_into, buffer, size)
        except ssl.SSLZeroReturnError:
            return b"" if buffer is None else 0

    def write(self, data: bytes | bytearray | memoryview) -> int:
        """Encrypt all of `data`; piecewise, as OpenSSL keeps a buffer as large as the largest piece."""
        view = memoryview(data)
        for start in range(0, len(view), _PUMPED):
            self._drive(self._end.sendall, view[start : start + _PUMPED])
        return len(view)

    def unwrap(self) -> None:
        self._drive(self._close)

    def _close(self) -> None:
        # The first call sends our close_notify, the second looks for the peer's: SSL_shutdown(3).
        if not (self._end.shutdown() or self._end.shutdown()):
            raise SSL.WantReadError

    def pending(self) -> int:
        return self._end.pending()

    def getpeercert(self, binary_form: bool = False) -> dict[str, Any] | bytes | None:
        """Return the leaf in DER if `binary_form`, else what ``ssl`` returns for one not validated: {}."""
        leaf = self._end.get_peer_certificate()
        if leaf is None:
            return None
        return _der(leaf) if binary_form else {}

    def peer_chain(self) -> tuple[bytes, ...]:
        leaf = self._end.get_peer_certificate()
        sent = self._end.get_peer_cert_chain() or []
        # The server's view of the chain lacks the leaf, the client's has it: SSL_get_peer_cert_chain(3).
        if self.server_side and leaf is not None:
            sent = [leaf, *sent]
        return tuple(_der(certificate) for certificate in sent)

    def cipher(self) -> tuple[str, str, int] | None:
        name, version, bits = (
            self._end.get_cipher_name(),
            self._end.get_cipher_version(),
            self._end.get_cipher_bits(),
        )
        if name is None or version is None or bits is None:
            return None
        return name, version, bits

    def compression(self) -> None:
        return None

    def selected_alpn_protocol(self) -> None:
        return None

    def version(self) -> str:
        return self._end.get_protocol_version_name()

    def _drive(self, step: Callable[..., _Result], *arguments: Any) -> _Result:
        if self._incoming.pending:
            self._end.bio_write(self._incoming.read())
        try:
            return step(*arguments)
        except SSL.WantReadError:
            if self._incoming.eof:
                raise ssl.SSLEOFError(ssl.SSL_ERROR_EOF, "the peer closed without close_notify") from None
            raise ssl.SSLWantReadError(ssl.SSL_ERROR_WANT_READ, "more is needed from the peer") from None
        except SSL.ZeroReturnError:
            raise ssl.SSLZeroReturnError(ssl.SSL_ERROR_ZERO_RETURN, "the peer closed TLS") from None
        except SSL.SysCallError as error:
            # Never SSLSyscallError: asyncio takes that for "try again", and waits for ever.
            raise ssl.SSLEOFError(ssl.SSL_ERROR_EOF, str(error)) from error
        except SSL.Error as error:
            raise ssl.SSLError(ssl.SSL_ERROR_SSL, _text(error)) from error
        finally:
            self._flush()

    def _flush(self) -> None:
        moved = _PUMPED
        while moved == _PUMPED:
            try:
                moved = self._outgoing.write(self._end.bio_read(_PUMPED))
            except SSL.WantReadError:
                return


def _der(certificate: crypto.X509) -> bytes:
    # Not by way of cryptography, which refuses to parse some certificates that exist.
    return crypto.dump_certificate(crypto.FILETYPE_ASN1, certificate)


def _text(error: SSL.Error) -> str:
    """Return OpenSSL's reasons for `error`, such as "tlsv1 alert unknown ca"."""
    reasons = [reason for _library, _function, reason in error.args[0]] if error.args else []
    return "; ".join(reasons) or "TLS failed"
