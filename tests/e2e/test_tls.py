"""TLS as the daemon speaks it, and the certificate that browsers are asked to
trust: what it is good for, and that nobody can make another."""

import contextlib
import os
import re
import socket
import ssl
import subprocess

import pytest

from attacker import (GOOD, HEALTH, client_hello, exchange, judge, parse,
                      request)
from rig import DRONE, LIMIT

pytestmark = pytest.mark.rig(pcscd=False, people=())


def resumable(rig, version=ssl.TLSVersion.TLSv1_3):
    """(context, session) of a connection that got a ticket."""
    context = ssl.create_default_context(
        cafile=str(rig.dir / "state/ca.pem"))
    context.minimum_version = context.maximum_version = version
    plain = socket.create_connection(("127.0.0.1", rig.port), LIMIT)
    with context.wrap_socket(plain, server_hostname="127.0.0.1") as tls:
        assert not tls.session_reused
        assert exchange(tls, request(rig, HEALTH, *GOOD)).startswith(
            b"HTTP/1.1 200")
        return context, tls.session


def resume(rig, ticket):
    """Was it good? The request must be answered in any case."""
    context, session = ticket
    plain = socket.create_connection(("127.0.0.1", rig.port), LIMIT)
    with context.wrap_socket(plain, server_hostname="127.0.0.1",
                             session=session) as tls:
        one, = parse(exchange(tls, request(rig, HEALTH, *GOOD)))
        judge(one.expect(200), DRONE)
        return tls.session_reused


@pytest.mark.parametrize("version", ["TLSv1_2", "TLSv1_3"])
def test_resumption(rig, version):
    """Saves a handshake, several times; a ticket that was tampered with does
    not."""
    ticket = resumable(rig, ssl.TLSVersion[version])
    assert all(resume(rig, ticket) for _ in range(3))


@pytest.mark.shows("http:session_unknown")
def test_after_a_restart(rig):
    """The certificate stays, everything else is new: tokens, reads, tickets."""
    page = rig.session()
    ticket = resumable(rig)
    read = page.post("/v1/reads", {"kinds": ["card_info"], "reader": "r9"})
    state = {p.name: p.read_bytes() for p in (rig.dir / "state").iterdir()}
    assert rig.stop_kenmend() == 0
    rig.start_kenmend()
    assert state == {p.name: p.read_bytes()
                     for p in (rig.dir / "state").iterdir()}
    page.get("/v1/session").expect(401, "session_unknown")
    page.get(read.headers["Location"]).expect(401, "session_unknown")
    assert not resume(rig, ticket)
    rig.session()


def s_client(rig, *args, stdin=b""):
    """openssl s_client, which says what it sees, as text."""
    done = subprocess.run(
        ["openssl", "s_client", "-connect", f"127.0.0.1:{rig.port}",
         "-CAfile", str(rig.dir / "state/ca.pem"), *args], input=stdin,
        capture_output=True, timeout=LIMIT)
    return (done.stdout + done.stderr).decode(errors="replace")


def refused_handshake(text):
    """The client asked, and the daemon closed."""
    assert "Cipher is (NONE)" in text, text
    assert re.search("has read 0 bytes and written [1-9]", text), text


def test_tls_versions(rig):
    """1.2 and 1.3; older ones are refused by the daemon, not by the client
    that asks for them here."""
    for version in ("-tls1_2", "-tls1_3"):
        text = s_client(rig, version, "-verify_return_error")
        assert "Verify return code: 0 (ok)" in text
        assert "Server Temp Key" in text        # forward secrecy
    for version in ("-tls1", "-tls1_1"):
        refused_handshake(s_client(
            rig, version, "-cipher", "ALL:@SECLEVEL=0"))
    assert rig.client().health()


@pytest.mark.parametrize("cipher", [
    "AES128-GCM-SHA256",                # without forward secrecy
    "ECDHE-ECDSA-AES128-SHA",           # CBC
    "ECDHE-ECDSA-AES256-SHA384", "DHE-RSA-AES256-GCM-SHA384",
    "ADH-AES256-GCM-SHA384", "NULL-SHA256", "ECDHE-ECDSA-NULL-SHA",
    "PSK-AES128-GCM-SHA256"])
def test_weak_ciphers(rig, cipher):
    text = s_client(rig, "-tls1_2", "-cipher", cipher + ":@SECLEVEL=0",
                    *(["-psk", "00"] if "PSK" in cipher else []))
    refused_handshake(text)


def test_renegotiation(rig):
    """A client cannot have it; who tries is cut off."""
    with subprocess.Popen(
            ["openssl", "s_client", "-connect", f"127.0.0.1:{rig.port}",
             "-tls1_2", "-msg"], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as client:
        client.stdin.write(b"R\n")
        client.stdin.flush()        # and stays open
        text = client.stdout.read().decode()
    asked, _, after = text.partition("RENEGOTIATING\n")
    assert "Verification" in asked or "Verify return code" in asked
    assert "ClientHello" in after and "ServerHello" not in after
    assert "close_notify" in after or "no_renegotiation" in after
    assert rig.client().health()


def test_early_data(rig):
    """Is not taken: it could be played again."""
    saved, early = rig.dir / "saved", rig.dir / "early"
    early.write_bytes(request(rig, "POST /v1/sessions HTTP/1.1", *GOOD))
    s_client(rig, "-tls1_3", "-sess_out", str(saved), "-ign_eof",
             stdin=request(rig, HEALTH, *GOOD))
    text = s_client(rig, "-tls1_3", "-sess_in", str(saved), "-early_data",
                    str(early), "-ign_eof",
                    stdin=request(rig, HEALTH, *GOOD))
    assert "Reused, TLSv1.3" in text
    assert "Early data was not sent" in text or \
        "Early data was rejected" in text
    rig.client().post("/v1/sessions").expect(201)


def test_certificate_is_for_loopback_only(rig):
    """A browser that follows another name to us is stopped by TLS."""
    for name in ("127.0.0.1", "localhost", "::1"):
        plain = socket.create_connection(("127.0.0.1", rig.port), LIMIT)
        rig.trust.wrap_socket(plain, server_hostname=name).close()
    for name in ("rebind.example", "drone.example", "127.0.0.2", "0.0.0.0",
                 "localhost.evil.example", "::ffff:127.0.0.1", "10.1.2.3"):
        plain = socket.create_connection(("127.0.0.1", rig.port), LIMIT)
        with pytest.raises(ssl.SSLCertVerificationError, match="mismatch"):
            rig.trust.wrap_socket(plain, server_hostname=name)
        plain.close()
    assert rig.client().health()


def openssl(*args, stdin=None):
    done = subprocess.run(["openssl", *map(str, args)], input=stdin,
                          capture_output=True, timeout=LIMIT)
    return done.returncode, (done.stdout + done.stderr).decode()


def test_nobody_can_use_the_ca_again(rig):
    """Its key is nowhere; and even who had it could sign for loopback only:
    shown with a CA that has the same extensions and another key."""
    state, site = rig.dir / "state", rig.dir / "site"
    site.mkdir()
    assert sorted(p.name for p in state.iterdir()) == [
        "ca.pem", "server.key", "server.pem"]
    assert [oct(p.stat().st_mode & 0o777) for p in sorted(state.iterdir())] \
        == ["0o644", "0o600", "0o600"]
    keys = [openssl("x509", "-in", state / f, "-noout", "-pubkey")[1]
            for f in ("ca.pem", "server.pem")]
    held = [p for p in rig.dir.rglob("*") if p.is_file()
            and b"PRIVATE KEY" in p.read_bytes()]
    assert held == [state / "server.key"]
    assert openssl("pkey", "-in", held[0], "-pubout")[1] == keys[1] != keys[0]
    text = openssl("x509", "-in", state / "ca.pem", "-noout", "-text")[1]
    assert re.search(
        r"Name Constraints: critical\s+Permitted:\s+DNS:localhost\s+"
        r"IP:127\.0\.0\.1/255\.255\.255\.255\s+"
        r"IP:(0:){7}1/(FFFF:){7}FFFF\s", text), text
    assert "CA:TRUE, pathlen:0" in text

    def sign(ca, key, san, extra=()):
        """A leaf of that name under the CA: what openssl verify says."""
        openssl("req", "-new", "-newkey", "ec", "-pkeyopt",
                "ec_paramgen_curve:P-256", "-nodes", "-keyout", site / "key",
                "-subj", "/CN=x", "-addext", f"subjectAltName={san}",
                *extra, "-out", site / "csr")
        status, said = openssl("x509", "-req", "-in", site / "csr", "-CA", ca,
                               "-CAkey", key, "-copy_extensions", "copy",
                               "-out", site / "leaf")
        if status:
            return said
        return openssl("verify", "-x509_strict", "-CAfile", site / "ca.pem",
                       *(["-untrusted", ca] if ca != site / "ca.pem" else []),
                       site / "leaf")[1]

    # With the key that is there: it is not the CA's, and its certificate is
    # no CA's.
    assert "OK" not in sign(state / "ca.pem", state / "server.key",
                            "DNS:localhost")
    (site / "ca.pem").write_bytes((state / "ca.pem").read_bytes())
    assert "OK" not in sign(state / "server.pem", state / "server.key",
                            "DNS:localhost")
    # With a key of its own.
    openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out",
            site / "ca.key")
    assert openssl("x509", "-in", state / "ca.pem", "-key", site / "ca.key",
                   "-days", "10", "-out", site / "ca.pem")[0] == 0
    for san in ("DNS:localhost", "IP:127.0.0.1", "IP:::1"):
        assert "leaf: OK" in sign(site / "ca.pem", site / "ca.key", san), san
    for san in ("DNS:drone.example", "DNS:localhost.evil.example.",
                "IP:10.1.2.3", "IP:127.0.0.2", "IP:::2",
                "DNS:localhost, DNS:drone.example"):
        assert "permitted subtree violation" in sign(
            site / "ca.pem", site / "ca.key", san), san


@pytest.mark.parametrize("what", ["noise", "hello", "torn", "huge"])
def test_nonsense_for_a_handshake(rig, what):
    """Is ended, and costs nobody else anything."""
    hello = client_hello()
    data = {"noise": [os.urandom(300), b"\x16\x03\x01\xff\xff" + bytes(500)],
            "hello": [hello * 20, hello + b"\x15\x03\x03\x00\x02\x02\x28"],
            "torn": [hello[:9] + bytes([b ^ 255 for b in hello[9:]]),
                     hello[:5] + bytes(len(hello) - 5)],
            "huge": [b"\x16\x03\x03\x40\x00" + b"\x01\xff\xff\xff" +
                     bytes(16380)] * 2}[what]
    for piece in data:
        with socket.create_connection(("127.0.0.1", rig.port), LIMIT) as plain:
            with contextlib.suppress(OSError):
                plain.sendall(piece)
                plain.shutdown(socket.SHUT_WR)
            exchange(plain)
        assert rig.client().health()
