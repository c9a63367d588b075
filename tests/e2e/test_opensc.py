"""An independent judge: OpenSC's own tools list, read and sign with the
simulated card in a real pcscd, and the openssl tool checks what they bring.

kenmend takes no part. OpenSC exercises the JPKI application alone; the keys
in tests/sim/keys and the trust files say what must come out.
"""

import os
import subprocess

import pytest

import rig as rig_module

pytestmark = pytest.mark.rig(start=False)
SIM = rig_module.TOP / "tests/sim"
TOOLS = ("pkcs15-tool", "pkcs15-crypt", "pkcs11-tool", "openssl")
MESSAGE = "invented challenge".encode()


class Judge:
    """OpenSC's tools on reader 0 of a rig."""

    def __init__(self, rig):
        self.rig, self.dir = rig, rig.dir / "judge"
        self.dir.mkdir()
        self.env = {**rig.environment(),
                    "OPENSC_CONF": str(self.dir / "opensc.conf")}
        self.only_jpki()

    def only_jpki(self, only=True):
        """By default OpenSC tries some thirty kinds of card one by one."""
        (self.dir / "opensc.conf").write_text(
            "app default {\n\tdebug = 0;\n" +
            ("\tcard_drivers = jpki;\n" if only else "") + "}\n")

    def run(self, *command, check=True):
        done = subprocess.run([str(c) for c in command], env=self.env,
                              cwd=self.dir, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              timeout=rig_module.LIMIT)
        if check and done.returncode:
            raise rig_module.Trouble(f"{command}: {done.stdout.decode()}"
                                     f"{done.stderr.decode()}")
        return done

    def pkcs15(self, *options, **kw):
        return self.run("pkcs15-tool", "--reader", "0", *options, **kw)

    def pkcs11(self, *options, **kw):
        return self.run("pkcs11-tool", "--slot-index", "0", *options, **kw)

    def certificate(self, *options):
        """PEM, as openssl sees it."""
        pem = self.pkcs15("--read-certificate", *options).stdout
        path = self.dir / "certificate.pem"
        path.write_bytes(pem[pem.index(b"-----BEGIN"):])
        return self.run("openssl", "x509", "-in", path).stdout

    def sign(self, key, pin, hash_name="sha256", check=True):
        """pkcs15-crypt over a digest; the signature, or None."""
        digest, out = self.dir / "digest", self.dir / "signature"
        out.unlink(missing_ok=True)
        (self.dir / "message").write_bytes(MESSAGE)
        self.run("openssl", "dgst", f"-{hash_name}", "-binary", "-out",
                 digest, "message")
        done = self.run("pkcs15-crypt", "--reader", "0", "--sign", "--key",
                        key, "--pin", pin, "--pkcs1",
                        f"--{hash_name[:3]}-{hash_name[3:]}", "--raw",
                        "--input", digest, "--output", out, check=check)
        return done, out

    def verified(self, person, purpose, signature, hash_name="sha256"):
        """The openssl tool's word on a signature over the message."""
        public = self.dir / "public.pem"
        public.write_bytes(self.run(
            "openssl", "x509", "-noout", "-pubkey", "-in",
            SIM / f"keys/{person}-{purpose}.crt").stdout)
        done = self.run("openssl", "dgst", f"-{hash_name}", "-verify", public,
                        "-signature", signature, "message", check=False)
        return done.returncode == 0 and done.stdout == b"Verified OK\n"


@pytest.fixture
def judge(rig):
    return Judge(rig)


def pem(path):
    return subprocess.run(["openssl", "x509", "-in", path], check=True,
                          stdout=subprocess.PIPE).stdout


def test_tools_are_there():
    """No tool, no judge: that is a failure here, not a pass."""
    for tool in TOOLS:
        assert any(os.access(os.path.join(d, tool), os.X_OK)
                   for d in ("/usr/bin", "/bin")), tool


def test_lists(judge):
    listed = judge.pkcs15("--list-certificates").stdout.decode()
    for name in ("User Authentication Certificate",
                 "Digital Signature Certificate",
                 "User Authentication Certificate CA",
                 "Digital Signature Certificate CA"):
        assert f"[{name}]" in listed
    pins = judge.pkcs15("--list-pins").stdout.decode()
    assert "Tries left     : 3" in pins and "Tries left     : 5" in pins
    keys = judge.pkcs15("--list-keys").stdout.decode()
    assert keys.count("ModLength      : 2048") == 2
    assert "JPKI" in judge.pkcs11("--list-slots").stdout.decode()
    assert judge.rig.card[0].verifies() == []


def test_without_a_hint_what_card_it_is(judge):
    """Dozens of foreign applications are asked for before ours is found."""
    judge.only_jpki(False)
    judge.rig.card[0].clear_log()
    judge.pkcs15("--list-certificates")
    commands = judge.rig.card[0].exchanges()
    assert len(commands) > 20
    assert {e.sw for e in commands} >= {0x6A82, 0x9000}


@pytest.mark.rig(start=False, people=("taro", None))
def test_reads_certificates(judge):
    """Byte for byte; taro's are of the generation of 2019."""
    assert judge.certificate("1") == pem(SIM / "keys/taro-auth.crt")
    assert judge.certificate("3") == pem(SIM / "trust/auth-2019.pem")
    assert judge.certificate("4") == pem(SIM / "trust/sign-2019.pem")
    assert judge.certificate("2", "--auth-id", "2", "--verify-pin", "--pin",
                             "TARO00MIHON11") == \
        pem(SIM / "keys/taro-sign.crt")
    judge.run("openssl", "verify", "-CAfile", SIM / "trust/auth-2019.pem",
              SIM / "keys/taro-auth.crt")


def test_the_signing_certificate_is_locked(judge):
    done = judge.pkcs15("--read-certificate", "2", check=False)
    assert b"BEGIN" not in done.stdout
    assert 0x6982 in [e.sw for e in judge.rig.card[0].exchanges()]


@pytest.mark.parametrize("hash_name", ["sha256", "sha384", "sha512"])
def test_pkcs15_crypt_signs(judge, hash_name):
    for key, purpose, pin in ((1, "auth", "1234"), (2, "sign", "SAMPLE1234")):
        _, signature = judge.sign(key, pin, hash_name)
        assert judge.verified("hanako", purpose, signature, hash_name)
        other = {"auth": "sign", "sign": "auth"}[purpose]
        assert not judge.verified("hanako", other, signature, hash_name)
        assert not judge.verified("taro", purpose, signature, hash_name)


def test_pkcs11_tool_signs(judge):
    (judge.dir / "message").write_bytes(MESSAGE)
    judge.pkcs11("--login", "--pin", "1234", "--sign", "--id", "01",
                 "--mechanism", "SHA256-RSA-PKCS", "--input-file", "message",
                 "--output-file", "signature")
    assert judge.verified("hanako", "auth", judge.dir / "signature")


def test_a_wrong_pin_costs_one_try(judge):
    done, signature = judge.sign(1, "9999", check=False)
    assert done.returncode and not signature.exists()
    assert judge.rig.card[0].tries("auth") == 2
    assert "Tries left     : 2" in judge.pkcs15("--list-pins").stdout.decode()
    _, signature = judge.sign(1, "1234")
    assert judge.rig.card[0].tries("auth") == 3
    assert judge.verified("hanako", "auth", signature)


def test_the_wrong_keys_show(judge):
    """A card whose keys are not those of its certificates."""
    judge.rig.card[0].switch("forge", "jpki")
    _, signature = judge.sign(1, "1234")
    assert not judge.verified("hanako", "auth", signature)
    assert judge.verified("taro", "auth", signature)


def test_without_certificates(judge):
    judge.rig.card[0].remove()
    judge.rig.card[0].insert("child")
    done = judge.pkcs15("--read-certificate", "1", check=False)
    assert b"BEGIN" not in done.stdout
    done, signature = judge.sign(1, "1357", check=False)
    assert done.returncode and not signature.exists()
