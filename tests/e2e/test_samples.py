"""docs/samples: what a server does with a login and with signatures, in C,
Python, Node and Java, run on answers of the simulated card, good and bad."""

import functools
import hashlib
import json
import os
import re
import shutil
import subprocess
import time

import pytest

from rig import BUILD, DRONE, TOP, TWO
from whole import (ALL_KINDS, CODES, SIM, b64, certificate_file, openssl, result,
                   unb64, unb64url)
from test_login import b64url

pytestmark = pytest.mark.rig(config=ALL_KINDS)
SAMPLES = TOP / "docs/samples"
CHALLENGE = bytes(range(200, 240))


@functools.cache
def java():
    """Compiled once, in a directory of this process."""
    classes = BUILD / f"test-samples-{os.getpid()}"
    subprocess.run(["javac", "-d", classes, SAMPLES / "Check.java"],
                   check=True)
    return ["java", "-XX:TieredStopAtLevel=1", "-cp", str(classes), "Check"]


# How each is run. A JDK is no small thing: where there is none, Check.java is
# not among them.
LANGUAGES = {
    "c": lambda: [BUILD / "tests/e2e/check-sample"],
    "python": lambda: ["/usr/bin/python3", SAMPLES / "check.py"],
    "node": lambda: ["node", SAMPLES / "check.mjs"],
    **({"java": java} if shutil.which("javac") else {}),
}


@pytest.fixture(params=LANGUAGES)
def sample(request):
    """Runs it: the serial number, or None for a no."""
    command = LANGUAGES[request.param]()

    def run(*args, jws=""):
        done = subprocess.run([*map(str, [*command, *args])], input=jws,
                              text=True, capture_output=True, timeout=60)
        if done.returncode == 0:
            word, serial = done.stdout.split()
            assert word == "ok" and done.stderr == ""
            return serial
        assert done.returncode == 1
        assert done.stdout == "" and done.stderr.startswith("no: "), done
        return None

    return run


@pytest.fixture
def cas(tmp_path):
    """Directories of CAs by purpose; "none" has the other one's."""
    for purpose in ("auth", "sign"):
        (tmp_path / purpose).mkdir()
        for pem in (SIM / "trust").glob(f"{purpose}-*.pem"):
            shutil.copy(pem, tmp_path / purpose)
    return tmp_path


def serial_of(name):
    text = openssl("x509", "-in", SIM / f"keys/{name}.crt", "-noout",
                   "-serial").decode()
    return text.strip().partition("=")[2].lower().lstrip("0")


def forged(key="hanako-auth", certificate="hanako-auth", header=None, **over):
    """A login as whoever has such a key could write it."""
    header = {"alg": "RS256", "typ": "kenmen-login+jwt",
              "x5c": [b64(certificate_file(certificate))], **(header or {})}
    payload = {"aud": DRONE, "nonce": b64url(CHALLENGE),
               "iat": int(time.time()), **over}
    message = ".".join(b64url(json.dumps(part, separators=(",", ":")).encode())
                       for part in (header, payload))
    signature = openssl("dgst", "-sha256", "-sign", SIM / f"keys/{key}.key",
                        data=message.encode())
    return f"{message}.{b64url(signature)}"


def test_a_login(rig, sample, cas):
    jws = result(rig, "authenticate", challenge=b64(CHALLENGE))["jws"]
    nonce, auth = b64(CHALLENGE), cas / "auth"
    assert sample("login", DRONE, nonce, auth, jws=jws) == \
        serial_of("hanako-auth")
    assert sample("login", DRONE, nonce, auth, jws=jws + "\n")

    other = b64(CHALLENGE[:-1] + b"\0")
    assert sample("login", DRONE, other, auth, jws=jws) is None
    assert sample("login", DRONE, b64(CHALLENGE[:32]), auth, jws=jws) is None
    assert sample("login", TWO, nonce, auth, jws=jws) is None
    assert sample("login", DRONE + "/", nonce, auth, jws=jws) is None
    assert sample("login", DRONE, nonce, cas / "sign", jws=jws) is None

    header, payload, signature = jws.split(".")
    flipped = bytearray(unb64url(signature))
    flipped[100] ^= 1
    for bad in (f"{header}.{payload}.{b64url(flipped)}",
                f"{header}.{payload}.", f"{header}.{payload}",
                f"{jws}.{signature}", f"{payload}.{header}.{signature}", "",
                "{}", jws.replace(".", "..")):
        assert sample("login", DRONE, nonce, auth, jws=bad) is None, bad


def test_a_login_that_somebody_wrote(sample, cas):
    """With the key of the card itself, so that nothing but the claim is
    wrong; and with keys of others."""
    def login(**how):
        return sample("login", DRONE, b64(CHALLENGE), cas / "auth",
                      jws=forged(**how))

    now = int(time.time())
    assert login() == serial_of("hanako-auth")
    assert login(iat=now - 200)
    for bad in ({"iat": now - 400}, {"iat": now + 400}, {"iat": "now"},
                {"aud": TWO}, {"aud": [DRONE, TWO]},
                {"nonce": b64url(CHALLENGE) + "A"},
                {"header": {"alg": "none"}}, {"header": {"alg": "HS256"}},
                {"header": {"typ": "kenmen-evidence+jwt"}},
                {"header": {"typ": "JWT"}}, {"header": {"x5c": []}},
                {"key": "taro-auth"},                   # not the certificate's
                # of another purpose, another CA, past its time
                {"key": "hanako-sign", "certificate": "hanako-sign"},
                {"key": "many-auth", "certificate": "other-ca-auth"},
                {"key": "many-auth", "certificate": "expired-auth"}):
        assert login(**bad) is None, bad


@pytest.mark.parametrize("person, good", [
    ("taro", True), ("expired", False), ("other-ca", False)])
def test_a_login_with_another_card(make_rig, sample, cas, person, good):
    """Cards whose certificate has run out, or is from nobody known."""
    rig = make_rig(config=ALL_KINDS, people=(person, None))
    jws = result(rig, "authenticate", person=person,
                 challenge=b64(CHALLENGE))["jws"]
    assert sample("login", DRONE, b64(CHALLENGE), cas / "auth", jws=jws) == (
        serial_of(f"{person}-auth") if good else None)


def test_a_signature(rig, sample, cas, tmp_path):
    document = tmp_path / "document"
    document.write_bytes("申請書\n".encode() * 100)
    digest = hashlib.sha256(document.read_bytes()).digest()
    got = result(rig, "sign", digests=[b64(digest)])
    signature, certificate = got["signatures"][0], got["certificate"]
    assert unb64(certificate) == certificate_file("hanako-sign")
    good = ["sign", document, signature, certificate, cas / "sign"]
    assert sample(*good) == serial_of("hanako-sign")

    changed = tmp_path / "changed"
    changed.write_bytes(document.read_bytes() + b"\n")
    flipped = bytearray(unb64(signature))
    flipped[7] ^= 0x80
    for at, bad in ((1, changed), (2, b64(flipped)), (2, b64(b"")),
                    (2, b64(bytes(256))),
                    (3, b64(certificate_file("taro-sign"))),
                    (3, b64(certificate_file("hanako-auth"))),
                    (3, b64(b"not a certificate")), (4, cas / "auth")):
        assert sample(*good[:at], bad, *good[at + 1:]) is None, bad


@pytest.mark.parametrize("person", ["expired", "other-ca"])
def test_a_signature_of_another_card(make_rig, sample, cas, tmp_path, person):
    document = tmp_path / "document"
    document.write_bytes(b"one")
    rig = make_rig(config=ALL_KINDS, people=(person, None))
    got = result(rig, "sign", person=person)
    assert sample("sign", document, got["signatures"][0], got["certificate"],
                  cas / "sign") is None


def test_the_people_of_the_documentation():
    """docs/developers.md names them with their PINs."""
    rows = re.findall(r"^\| `([a-z-]+)` \| (\w+), (\w+), (\w+) \|",
                      (TOP / "docs/developers.md").read_text(), re.M)
    assert len(rows) >= 5
    for name, *pins in rows:
        assert pins == [CODES[name][p] for p in ("auth", "attributes", "sign")]
