"""TLS over loopback: every certificate gets through and arrives as it was sent; ordinary peers notice nothing."""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from OpenSSL import SSL
from trustme import CA

from mailsim.live.tls import client_context, peer_chain, server_context, tls_version
from mailsim.pki.credentials import Credentials

SERVER = "mail.contoso.com"
MEBIBYTE = bytes(range(256)) * 4096


def issued(authority, *names):
    """Return ordinary credentials, with whatever intermediates lie between them and the root."""
    certificate = authority.issue_cert(*names)
    return Credentials(
        chain=tuple(x509.load_pem_x509_certificate(pem.bytes()) for pem in certificate.cert_chain_pems),
        key=load_pem_private_key(certificate.private_key_pem.bytes(), None),
    )


def built(*extensions, key=None, signed_by=None, issuer="client", days=365):
    """Return credentials of one certificate for "client", self-signed and good for `days` unless told."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    start = datetime(2020, 1, 1, tzinfo=UTC)
    builder = x509.CertificateBuilder(
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]),
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "client")]),
        key.public_key(),
        x509.random_serial_number(),
        start,
        start + timedelta(days=days),
    )
    for extension in extensions:
        builder = builder.add_extension(extension, critical=True)
    return Credentials(chain=(builder.sign(signed_by or key, hashes.SHA256()),), key=key)


def valid():
    """Return what any verifier would accept."""
    return issued(CA(), "client.fabrikam.com")


def unknown_authority():
    """Return a certificate below an issuer that is not sent and that nobody has."""
    return built(issuer="nobody", signed_by=ec.generate_private_key(ec.SECP256R1()), days=36500)


def no_client_auth():
    """Return a certificate for servers only, as public CAs issue."""
    return built(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), days=36500)


def no_digital_signature():
    """Return a certificate whose key may agree on keys but not sign."""
    usage = dict.fromkeys(
        (
            "digital_signature",
            "content_commitment",
            "key_encipherment",
            "data_encipherment",
            "key_cert_sign",
            "crl_sign",
            "encipher_only",
            "decipher_only",
        ),
        False,
    )
    return built(x509.KeyUsage(key_agreement=True, **usage), days=36500)


def weak_key():
    """Return a certificate of an RSA key of 1024 bits."""
    return built(key=rsa.generate_private_key(65537, 1024), days=36500)


def with_intermediate():
    """Return a leaf with its intermediate."""
    return issued(CA().create_child_ca(), "client.fabrikam.com")


def forged():
    """Return a leaf that names the intermediate sent with it, but was signed by another key."""
    intermediate = built(x509.BasicConstraints(ca=True, path_length=None), days=36500)
    leaf = built(signed_by=ec.generate_private_key(ec.SECP256R1()), days=36500)
    return Credentials(chain=leaf.chain + intermediate.chain, key=leaf.key)


def disordered():
    """Return a leaf sent twice, then a stranger."""
    leaf = valid()
    return Credentials(chain=leaf.chain * 2 + built().chain, key=leaf.key)


ANY_CERTIFICATE = pytest.mark.parametrize(
    "make",
    [
        valid,
        built,
        unknown_authority,
        no_client_auth,
        no_digital_signature,
        weak_key,
        with_intermediate,
        forged,
        disordered,
    ],
)


def der(credentials):
    """Return the chain as it goes over the wire."""
    return tuple(certificate.public_bytes(Encoding.DER) for certificate in credentials.chain)


def pem(credentials):
    """Return key and chain as ``load_cert_chain`` reads them."""
    key = credentials.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return key + b"".join(certificate.public_bytes(Encoding.PEM) for certificate in credentials.chain)


def stock_client(authority=None, show=None, directory=None):
    """Return an ordinary client context that trusts `authority` alone."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if authority:
        authority.configure_trust(context)
    if show:
        (directory / "client.pem").write_bytes(pem(show))
        context.load_cert_chain(directory / "client.pem")
    return context


@pytest.fixture(scope="module")
def authority():
    """Return the CA of the server."""
    return CA()


@pytest.fixture(scope="module")
def server(authority):
    """Return the server's credentials."""
    return issued(authority, SERVER, "127.0.0.1")


@pytest.fixture
def asking(server):
    """Return the context of a listener that asks for a client certificate."""
    return server_context(server, ask_client_certificate=True)


@pytest.fixture(autouse=True)
def _silence(caplog):
    """Hold that asyncio logs nothing: no unhandled exception, no warning."""
    yield
    assert [record.getMessage() for record in caplog.get_records("call") if record.name == "asyncio"] == []


async def nothing(reader, writer):
    """Read to the end of the connection."""
    return await reader.read()


async def chain(reader, writer):
    """Return what the peer sent as its chain, and wait for its end."""
    seen = peer_chain(writer.transport)
    await reader.read()
    return seen


async def leave(reader, writer):
    """Return what the peer sent as its chain, and close."""
    return peer_chain(writer.transport)


async def closing(writer):
    """Close a connection, whatever became of it."""
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()


async def starttls(server_tls, client_tls, *, at_server=nothing, at_client=leave, name=SERVER):
    """Upgrade one connection, run what each end does, and return what each returned or raised."""
    served = asyncio.get_running_loop().create_future()

    async def serve(reader, writer):
        try:
            assert await reader.readline() == b"STARTTLS\r\n"
            writer.write(b"220 go\r\n")
            await writer.start_tls(server_tls)
            writer.write(b"220 secured\r\n")
            served.set_result(await at_server(reader, writer))
        except OSError as error:
            served.set_result(error)
        finally:
            await closing(writer)

    async def connect(address):
        reader, writer = await asyncio.open_connection(*address)
        try:
            writer.write(b"STARTTLS\r\n")
            assert await reader.readline() == b"220 go\r\n"
            await writer.start_tls(client_tls, server_hostname=name)
            # Not before the server has swapped its transport: asyncio warns of an end that comes sooner.
            assert await reader.readline() == b"220 secured\r\n"
            return await at_client(reader, writer)
        except OSError as error:
            return error
        finally:
            await closing(writer)

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as listener:
        at_client_end = await connect(listener.sockets[0].getsockname())
        return await served, at_client_end


@ANY_CERTIFICATE
def test_server_sees_any_client_chain_as_sent(asking, make):
    """A client certificate of any profile passes the handshake, and arrives leaf first and complete."""
    shown = make()
    seen, _ = asyncio.run(starttls(asking, client_context(shown), at_server=chain))
    assert seen == der(shown)


@ANY_CERTIFICATE
def test_client_sees_any_server_chain_as_sent(make):
    """A server certificate of any profile, with any name, is taken and arrives leaf first and complete."""
    shown = make()
    listening = server_context(shown, ask_client_certificate=False)
    _, seen = asyncio.run(starttls(listening, client_context(None)))
    assert seen == der(shown)


def test_client_without_certificate(asking):
    """A client that is asked and shows nothing is let in, with an empty chain."""
    seen, _ = asyncio.run(starttls(asking, client_context(None), at_server=chain))
    assert seen == ()


def test_client_not_asked(server):
    """A listener that does not ask sees no certificate of a client that has one."""
    listening = server_context(server, ask_client_certificate=False)
    seen, _ = asyncio.run(starttls(listening, client_context(valid()), at_server=chain))
    assert seen == ()


def test_connection_in_clear_has_no_chain():
    """A connection without TLS has an empty chain."""

    class Clear(asyncio.BaseTransport):
        pass

    assert peer_chain(Clear()) == ()


@pytest.mark.parametrize(
    ("newest", "printed"), [(ssl.TLSVersion.TLSv1_2, "TLS1_2"), (ssl.TLSVersion.TLSv1_3, "TLS1_3")]
)
def test_stock_client_verifies_us(authority, asking, newest, printed, tmp_path):
    """An ordinary client verifies our server by the CA, and shows its chain in either version of TLS."""
    shown = with_intermediate()
    client = stock_client(authority, shown, tmp_path)
    client.maximum_version = newest

    async def look(reader, writer):
        return tls_version(writer.transport), await chain(reader, writer)

    async def verified(reader, writer):
        return writer.get_extra_info("peercert")["subjectAltName"]

    seen, subject = asyncio.run(starttls(asking, client, at_server=look, at_client=verified))
    assert seen == (printed, der(shown))
    assert subject == (("DNS", SERVER), ("IP Address", "127.0.0.1"))


@pytest.mark.parametrize("newest", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_stock_client_that_distrusts_us(asking, newest):
    """When an ordinary client refuses our certificate, our end raises an ordinary connection error."""
    client = stock_client()
    client.maximum_version = newest
    ours, theirs = asyncio.run(starttls(asking, client))
    assert isinstance(theirs, ssl.SSLCertVerificationError)
    # asyncio drops the connection before it has sent the alert.
    assert isinstance(ours, ConnectionResetError)


@pytest.mark.parametrize(
    ("name", "sent"), [(SERVER, SERVER), ("mail.contoso.com.", SERVER), ("127.0.0.1", None)]
)
def test_server_name_indication(server, tmp_path, name, sent):
    """The client names the host it wants, without a final dot, unless that is an IP address (RFC 6066 section 3)."""
    names = []
    (tmp_path / "server.pem").write_bytes(pem(server))
    stock = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    stock.load_cert_chain(tmp_path / "server.pem")
    stock.sni_callback = lambda _connection, name, _context: names.append(name)
    _, seen = asyncio.run(starttls(stock, client_context(None), name=name))
    assert names == [sent]
    assert seen == der(server)


def test_loop_start_tls_takes_the_client_context(asking):
    """``loop.start_tls`` upgrades a bare protocol, which then has our version of TLS and the server's chain."""
    shown = valid()

    class Client(asyncio.Protocol):
        def __init__(self):
            self.received = asyncio.Queue()

        def data_received(self, data):
            self.received.put_nowait(data)

    async def greet(reader, writer):
        await writer.start_tls(asking)
        writer.write(b"220 " + tls_version(writer.transport).encode())
        seen.append(await chain(reader, writer))
        await closing(writer)
        gone.set()

    async def main():
        loop = asyncio.get_running_loop()
        async with await asyncio.start_server(greet, "127.0.0.1", 0) as listener:
            clear, client = await loop.create_connection(Client, *listener.sockets[0].getsockname())
            secured = await loop.start_tls(
                clear, client, client_context(shown), server_side=False, server_hostname=SERVER
            )
            assert await client.received.get() == b"220 TLS1_3"
            assert len(peer_chain(secured)) == 1
            secured.close()
            await gone.wait()

    seen, gone = [], asyncio.Event()
    asyncio.run(main())
    assert seen == [der(shown)]


def test_implicit_tls(asking):
    """A listener and a connection that are TLS from the first octet use the same contexts."""
    shown = valid()

    async def serve(reader, writer):
        seen.append(await chain(reader, writer))
        await closing(writer)
        gone.set()

    async def main():
        async with await asyncio.start_server(serve, "127.0.0.1", 0, ssl=asking) as listener:
            address = listener.sockets[0].getsockname()
            _, writer = await asyncio.open_connection(*address, ssl=client_context(shown))
            await closing(writer)
            await gone.wait()

    seen, gone = [], asyncio.Event()
    asyncio.run(main())
    assert seen == [der(shown)]


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3, None])
def test_a_mebibyte_each_way(authority, asking, version):
    """A MiB comes back as it was sent, in either version of TLS, from a stock client and (None) from ours."""
    client = stock_client(authority) if version else client_context(None)
    client.maximum_version = version or ssl.TLSVersion.MAXIMUM_SUPPORTED

    async def echo(reader, writer):
        received = await reader.readexactly(len(MEBIBYTE))
        writer.write(received)
        await writer.drain()
        return received == MEBIBYTE

    async def send(reader, writer):
        writer.write(MEBIBYTE)
        await writer.drain()
        return await reader.readexactly(len(MEBIBYTE)) == MEBIBYTE

    assert asyncio.run(starttls(asking, client, at_server=echo, at_client=send)) == (True, True)


def test_small_pieces_keep_their_order(asking):
    """Many small writes arrive in order, also when both ends write at once."""
    lines = b"".join(b"%d\r\n" % number for number in range(2000))

    async def talk(reader, writer):
        for line in lines.splitlines(keepends=True):
            writer.write(line)
        return await reader.readexactly(len(lines))

    both = asyncio.run(starttls(asking, client_context(None), at_server=talk, at_client=talk))
    assert both == (lines, lines)


@pytest.mark.parametrize("closes", ["server", "client"])
def test_clean_close(asking, closes):
    """When either end closes, the other reads all that was written and then the end."""

    async def speak(reader, writer):
        writer.write(b"221 bye\r\n")
        writer.close()
        await writer.wait_closed()

    ends = {"at_server": nothing, "at_client": nothing, f"at_{closes}": speak}
    heard = asyncio.run(starttls(asking, client_context(None), **ends))
    assert sorted(heard, key=bool) == [None, b"221 bye\r\n"]


@pytest.mark.parametrize("resets", ["server", "client"])
def test_abrupt_close(asking, resets):
    """When either end resets the connection, the other sees ConnectionResetError, as in clear."""

    async def reset(reader, writer):
        await reader.readexactly(1)
        linger = struct.pack("ii", 1, 0)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        writer.transport.abort()

    async def wait(reader, writer):
        writer.write(b".")
        return await reader.read()

    ends = {"at_server": wait, "at_client": wait, f"at_{resets}": reset}
    outcome = asyncio.run(starttls(asking, client_context(None), **ends))
    assert {type(end) for end in outcome} == {type(None), ConnectionResetError}


def test_truncation_ends_the_stream(asking):
    """When the peer's TCP ends without close_notify, the reader gets what came before, then the end."""

    async def truncate(reader, writer):
        writer.write(b"250 ok\r\n")
        await writer.drain()
        writer.get_extra_info("socket").shutdown(socket.SHUT_WR)
        return await reader.read()

    _, heard = asyncio.run(starttls(asking, client_context(None), at_server=truncate, at_client=nothing))
    assert heard == b"250 ok\r\n"


def test_clear_text_instead_of_a_handshake(asking):
    """A peer that talks on in clear text after STARTTLS is an ordinary connection error."""

    async def serve(reader, writer):
        try:
            await writer.start_tls(asking)
        except OSError as error:
            seen.append(error)
        await closing(writer)

    async def main():
        async with await asyncio.start_server(serve, "127.0.0.1", 0) as listener:
            reader, writer = await asyncio.open_connection(*listener.sockets[0].getsockname())
            writer.write(b"EHLO client.fabrikam.com\r\n")
            with suppress(ConnectionResetError):
                await reader.read()
            await closing(writer)

    seen = []
    asyncio.run(main())
    assert [type(error) for error in seen] == [ssl.SSLError]
    assert "wrong version number" in str(seen[0]) or "packet length" in str(seen[0])


def pair(server_tls, client_tls, **options):
    """Return two ends joined in memory."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    near = server_tls.wrap_bio(to_server, to_client, server_side=True)
    return near, client_tls.wrap_bio(to_client, to_server, server_hostname=SERVER, **options), to_server


def shake(near, far, *_):
    """Bring the handshake of two ends joined in memory to its end."""
    for end in (far, near, far, near, far):
        with suppress(ssl.SSLWantReadError):
            end.do_handshake()
    return near, far


@pytest.mark.parametrize("newest", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_sessions_are_never_resumed(authority, asking, newest, tmp_path):
    """A client that offers its earlier session gets a full handshake, in which it shows its certificate again."""
    shown = valid()
    client = stock_client(authority, shown, tmp_path)
    client.maximum_version = newest
    near, first = shake(*pair(asking, client))
    near.write(b"220")
    assert first.read(3) == b"220"
    near, second = shake(*pair(asking, client, session=first.session))
    assert not second.session_reused
    assert near.peer_chain() == der(shown)


def test_connection_answers_like_the_one_of_ssl(asking, server):
    """What asyncio asks of a connection has the form that ``ssl`` gives it; a leaf not validated is {}."""
    near, far = shake(*pair(asking, client_context(None)))
    assert near.cipher() == far.cipher() == ("TLS_AES_256_GCM_SHA384", "TLSv1.3", 256)
    assert (near.compression(), near.selected_alpn_protocol(), near.version()) == (None, None, "TLSv1.3")
    assert (near.getpeercert(), near.getpeercert(binary_form=True)) == (None, None)
    assert (far.getpeercert(), far.getpeercert(binary_form=True)) == ({}, der(server)[0])
    assert (near.server_side, far.server_side, far.server_hostname) == (True, False, SERVER)
    assert near.context is asking


def test_read_into_a_buffer(asking):
    """`read` fills the buffer it is given and returns the count, 0 once the peer has closed."""
    near, far = shake(*pair(asking, client_context(None)))
    far.write(b"QUIT\r\n")
    buffer = memoryview(bytearray(8))
    assert (near.read(4, buffer), near.pending(), near.read(8, buffer[4:])) == (4, 2, 2)
    assert bytes(buffer[:6]) == b"QUIT\r\n"
    with pytest.raises(ssl.SSLWantReadError):
        near.read(8, buffer)
    with pytest.raises(ssl.SSLWantReadError):
        far.unwrap()
    assert near.read(8, buffer) == 0
    near.unwrap()
    far.unwrap()


def test_what_comes_after_the_end_is_an_error_of_ssl(asking):
    """The end of input without close_notify is SSLEOFError, a write after our close is SSLError."""
    near, far, to_server = pair(asking, client_context(None))
    shake(near, far)
    to_server.write_eof()
    with pytest.raises(ssl.SSLEOFError):
        near.read(1)
    with pytest.raises(ssl.SSLEOFError):
        near.unwrap()
    with pytest.raises(ssl.SSLError, match="shutdown"):
        near.write(b"NOOP\r\n")


def test_alert_of_a_client_that_distrusts_us(asking):
    """When an ordinary client refuses our certificate, our end raises SSLError with the words of its alert."""
    near, far, _ = pair(asking, stock_client())
    with suppress(ssl.SSLWantReadError):
        far.do_handshake()
    with suppress(ssl.SSLWantReadError):
        near.do_handshake()
    with pytest.raises(ssl.SSLCertVerificationError):
        far.do_handshake()
    with pytest.raises(ssl.SSLError, match="unknown ca"):
        near.do_handshake()


@pytest.mark.parametrize(
    "key", [ec.generate_private_key(ec.SECP256R1()), rsa.generate_private_key(65537, 2048)]
)
def test_key_of_another_certificate(server, key):
    """Credentials whose key is not that of the leaf make no context."""
    with pytest.raises(SSL.Error):
        server_context(Credentials(chain=server.chain, key=key), ask_client_certificate=False)


def test_weakest_version(asking):
    """A client that can do no better than TLS 1.1 is refused."""
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname = False
    old.verify_mode = ssl.CERT_NONE
    old.set_ciphers("DEFAULT:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
    near, far, _ = pair(asking, old)
    with pytest.raises(ssl.SSLWantReadError):
        far.do_handshake()
    with pytest.raises(ssl.SSLError, match="unsupported protocol"):
        near.do_handshake()
