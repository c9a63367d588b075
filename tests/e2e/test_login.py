"""What a server gets that trusts nobody's computer: the login and the evidence
of a face, judged by an independent JOSE library (npm's jose, run by node), by
the openssl tool, and by what stands here. kenmen's own code judges nothing."""

import base64
import hashlib
import json
import os
import subprocess
import time

import pytest

import rig as rig_module
from whole import (ALL_KINDS, CHALLENGE, CODES, SIM, ask, b64,
                   certificate_file, openssl, public_key, result, signed,
                   story, unb64, unb64url)

pytestmark = pytest.mark.rig(config=ALL_KINDS)


def b64url(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def jose(jws, audience=rig_module.DRONE, typ="kenmen-login+jwt", **more):
    """The library's word: {"header", "payload"}, or {"error"}."""
    directory = os.environ.get("KENMEN_JUDGES")
    assert directory, "npm's jose could not be installed: see tests/lib.sh"
    done = subprocess.run(
        ["node", f"{directory}/check.mjs"], check=True,
        input=json.dumps({"jws": jws, "audience": audience, "typ": typ,
                          **more}).encode(),
        stdout=subprocess.PIPE, timeout=rig_module.LIMIT)
    return json.loads(done.stdout)


def split(jws):
    """Header and payload as JSON, what is signed, the signature."""
    header, payload, signature = jws.split(".")
    return (json.loads(unb64url(header)), json.loads(unb64url(payload)),
            f"{header}.{payload}".encode(), unb64url(signature))


def openssl_signed(rig, der, message, signature):
    return signed(rig.dir, der, "sha256", hashlib.sha256(message).digest(),
                  signature)


# ---- the login ----------------------------------------------------------

@pytest.mark.parametrize("size", [32, 33, 34, 64])
def test_login(rig, size):
    """To the letter, and taken by both judges."""
    challenge = os.urandom(size)
    before = int(time.time())
    got = result(rig, "authenticate", challenge=b64(challenge))
    assert set(got) == {"jws"}
    header, payload, message, signature = split(got["jws"])
    der = certificate_file("hanako-auth")
    assert header == {"alg": "RS256", "typ": "kenmen-login+jwt",
                      "x5c": [b64(der)]}
    assert set(payload) == {"aud", "nonce", "iat"}
    assert payload["aud"] == rig_module.DRONE
    assert payload["nonce"] == b64url(challenge)
    assert before <= payload["iat"] <= time.time()
    assert openssl_signed(rig, der, message, signature)
    assert jose(got["jws"], maxAge=60) == {
        "header": header, "payload": payload}


def test_the_judges_can_say_no(rig):
    """Else their yes is worth nothing."""
    jws = result(rig, "authenticate")["jws"]
    header, payload, message, signature = split(jws)
    assert "payload" in jose(jws)
    assert jose(jws, audience="https://two.example")["error"] == \
        "ERR_JWT_CLAIM_VALIDATION_FAILED"
    assert jose(jws, typ="kenmen-evidence+jwt")["error"] == \
        "ERR_JWT_CLAIM_VALIDATION_FAILED"
    changed = {**payload, "nonce": b64url(bytes(32))}
    parts = jws.split(".")
    parts[1] = b64url(json.dumps(changed).encode())
    assert jose(".".join(parts))["error"] == \
        "ERR_JWS_SIGNATURE_VERIFICATION_FAILED"
    taro = openssl("x509", "-in", SIM / "keys/taro-auth.crt").decode()
    assert jose(jws, certificate=taro)["error"] == \
        "ERR_JWS_SIGNATURE_VERIFICATION_FAILED"
    assert not openssl_signed(rig, certificate_file("taro-auth"), message,
                              signature)


def test_the_login_key_signs_what_we_wrote(rig):
    """By the card's log: a DigestInfo over the JWS, never over what a page
    handed over, be it shaped like one."""
    info = bytes.fromhex("3031300d060960864801650304020105000420")
    for challenge in (info + bytes(32), hashlib.sha256(b"a contract").digest(),
                      b"{" + b" " * 40 + b"}"):
        rig.card[0].clear_log()
        jws = result(rig, "authenticate", challenge=b64(challenge))["jws"]
        message = split(jws)[2]
        step, = [s for s in story(rig.card[0]) if s.verb == "SIGN"]
        assert step.where == "jpki/17"
        assert step.data == info + hashlib.sha256(message).digest()
        assert challenge not in step.data


@pytest.mark.rig(config={**ALL_KINDS, f'origin "{rig_module.TWO}"': {
    "kinds": "authenticate"}})
def test_a_login_is_for_one_site(rig):
    """The same challenge, which one site got from another: no use to it."""
    two = result(rig, "authenticate", page=rig.session(rig_module.TWO))["jws"]
    assert split(two)[1]["aud"] == rig_module.TWO
    assert jose(two)["error"] == "ERR_JWT_CLAIM_VALIDATION_FAILED"
    assert "payload" in jose(two, audience=rig_module.TWO)


@pytest.mark.rig(config=ALL_KINDS, people=("taro", None))
def test_two_at_once_with_one_challenge(rig):
    """Login and face evidence in one read: two keys, two types, one nonce."""
    read = ask(rig, ["authenticate", "face"], person="taro").to_end("done")
    login = read.results["authenticate"]["jws"]
    evidence = read.results["face"]["evidence"]["jws"]
    assert split(login)[1]["nonce"] == split(evidence)[1]["nonce"] == \
        b64url(CHALLENGE)
    assert jose(login)["payload"]["aud"] == rig_module.DRONE
    assert "error" in jose(login, typ="kenmen-evidence+jwt")


@pytest.mark.rig(config=ALL_KINDS, people=("phone", None))
def test_a_login_whose_certificate_wants_the_pin(rig):
    """One PIN opens both."""
    jws = result(rig, "authenticate", person="phone")["jws"]
    assert jose(jws)["header"]["x5c"] == [b64(certificate_file("phone-auth"))]
    assert len(rig.windows.shown()) == 1


@pytest.mark.rig(config=ALL_KINDS, people=("expired", None))
def test_a_login_that_has_run_out(rig):
    """Handed out: whether it counts is the server's to say, and the dates
    stand in its certificate."""
    jws = result(rig, "authenticate", person="expired")["jws"]
    der = unb64(jose(jws)["header"]["x5c"][0])
    done = openssl("x509", "-inform", "DER", "-noout", "-checkend", "0",
                   data=der, check=False)
    assert done.returncode == 1


def test_a_server_checks_the_chain(rig, tmp_path):
    """openssl verify against the CA of the same name with the right key."""
    jws = result(rig, "authenticate")["jws"]
    leaf = tmp_path / "leaf.pem"
    leaf.write_bytes(openssl("x509", "-inform", "DER", data=unb64(
        split(jws)[0]["x5c"][0])))
    for generation, good in (("2023", True), ("2019", False)):
        done = openssl("verify", "-CAfile",
                       SIM / f"trust/auth-{generation}.pem", leaf,
                       check=False)
        assert (done.returncode == 0) is good


# ---- the evidence of a face ---------------------------------------------

def objects(data):
    """{tag: (bytes as they stand, value)} of BER objects in a row."""
    found, at = {}, 0
    while at < len(data):
        start, tag = at, data[at]
        at += 1
        if tag & 0x1F == 0x1F:
            tag = tag << 8 | data[at]
            at += 1
        size = data[at]
        at += 1
        if size & 0x80:
            n = size & 0x7F
            size = int.from_bytes(data[at:at + n], "big")
            at += n
        assert tag not in found and at + size <= len(data)
        found[tag] = data[start:at + size], data[at:at + size]
        at += size
    return found


def rsa_key(directory, body, name):
    """90 exponent, 91 modulus, as a PEM public key and as a JWK."""
    parts = objects(body)
    e, n = parts[0x90][1], parts[0x91][1]
    text = (f"asn1=SEQUENCE:k\n[k]\na=SEQUENCE:alg\nb=BITWRAP,SEQUENCE:rsa\n"
            f"[alg]\na=OID:rsaEncryption\nb=NULL\n[rsa]\n"
            f"n=INTEGER:0x{n.hex()}\ne=INTEGER:0x{e.hex()}\n")
    conf, der = directory / f"{name}.cnf", directory / f"{name}.der"
    conf.write_text(text)
    openssl("asn1parse", "-genconf", conf, "-noout", "-out", der)
    pem = directory / f"{name}.pem"
    pem.write_bytes(openssl("pkey", "-pubin", "-inform", "DER", "-in", der))
    return pem, {"kty": "RSA", "n": b64url(n), "e": b64url(e)}


def signed_by(key, message, signature, directory):
    (directory / "m").write_bytes(message)
    (directory / "s").write_bytes(signature)
    done = openssl("dgst", "-sha256", "-verify", key, "-signature",
                   directory / "s", directory / "m", check=False)
    return done.returncode == 0


# DigestInfo for three SHA-256 in a row.
FACE_INFO = bytes.fromhex("3071300d060960864801650304020105000460")


def recovered(key, signature, directory):
    """What a signature says, by the openssl tool: the padding taken off."""
    (directory / "s").write_bytes(signature)
    return openssl("pkeyutl", "-verifyrecover", "-pubin", "-inkey", key,
                   "-in", directory / "s", "-pkeyopt",
                   "rsa_padding_mode:pkcs1")


def judge_evidence(evidence, root, directory, audience=rig_module.DRONE):
    """The steps of a server, by other people's tools: root -> issuer -> record
    -> chip -> this challenge. The record's objects and the payload."""
    assert set(evidence) == {"record", "issuer_certificate", "jws"}
    record = unb64(evidence["record"])
    certificate = objects(unb64(evidence["issuer_certificate"]))
    inner = objects(certificate[0x7F21][1])
    body, root_signature = inner[0x5F4E][1], inner[0x5F37][1]
    assert root.name == body[:16].hex() + ".cvroot"
    assert signed_by(root, body, root_signature, directory)
    issuer, _ = rsa_key(directory, body[32:], "issuer")
    parts = objects(record)
    assert list(parts) == [0xDF22, 0xDF23, 0xDF24, 0xDF25, 0xDF26, 0xDF27,
                           0xDF28]
    whole = {tag: text for tag, (text, _) in parts.items()}
    want = b"".join(hashlib.sha256(b"".join(whole[t] for t in tags)).digest()
                    for tags in ((0xDF22, 0xDF23, 0xDF24), (0xDF25, 0xDF26),
                                 (0xDF27,)))
    assert recovered(issuer, parts[0xDF28][1], directory) == FACE_INFO + want
    _, jwk = rsa_key(directory, parts[0xDF24][1], "chip")
    said = jose(evidence["jws"], audience=audience,
                typ="kenmen-evidence+jwt", jwk=jwk, maxAge=60)
    assert said["header"] == {"alg": "RS256", "typ": "kenmen-evidence+jwt"}
    assert said["payload"]["record_sha256"] == \
        b64url(hashlib.sha256(record).digest())
    return parts, said["payload"]


ROOT = SIM / "trust/36303030303233080530303000000001.cvroot"


@pytest.mark.parametrize("person", ["hanako", "taro"])
def test_evidence(make_rig, tmp_path, person):
    """A server that knows only the root's public key believes face, birth
    date and challenge; no reader, no kenmen, no trust in the page."""
    rig = make_rig(config=ALL_KINDS, people=(person, None))
    challenge = os.urandom(48)
    got = result(rig, "face", person=person, challenge=b64(challenge))
    parts, payload = judge_evidence(got["evidence"], ROOT, tmp_path)
    assert set(payload) == {"aud", "nonce", "iat", "record_sha256"}
    assert payload["nonce"] == b64url(challenge)
    assert abs(payload["iat"] - time.time()) < 60
    assert parts[0xDF22][1].decode() == got["birth_date_raw"]
    assert parts[0xDF27][1] == unb64(got["images"]["photo"]["jp2"])
    assert parts[0xDF25][1] == unb64(got["images"]["name"])
    # by openssl too
    header, _, message, signature = split(got["evidence"]["jws"])
    assert signed_by(tmp_path / "chip.pem", message, signature, tmp_path)
    assert "x5c" not in header


def test_no_challenge_no_evidence(rig):
    assert "evidence" not in result(rig, "face")


@pytest.mark.parametrize("missing", ["visual/04", "visual/1A"])
def test_half_an_evidence_is_none(rig, missing):
    rig.card[0].switch("missing", missing)
    got = result(rig, "face", challenge=b64(CHALLENGE))
    assert "evidence" not in got
    assert got["authenticity"]["verdict"] == "unchecked"


def test_evidence_costs_nothing_more(rig):
    """The answer to the challenge is the chip's proof as well."""
    ask(rig, "face").to_end("done")
    plain = len(rig.card[0].exchanges())
    rig.card[0].clear_log()
    ask(rig, "face", challenge=b64(CHALLENGE)).to_end("done")
    assert len(rig.card[0].exchanges()) == plain
    step, = [s for s in story(rig.card[0]) if s.verb == "SIGN"]
    assert step.where == "visual/00"
    assert typed_codes(rig) == [CODES["hanako"]["face_b"]]


def typed_codes(rig):
    return [s.data.decode() for s in story(rig.card[0]) if s.verb == "VERIFY"]
