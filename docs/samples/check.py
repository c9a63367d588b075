#!/usr/bin/python3
"""What a server does with the answers of kenmend, in Python (cryptography).

    check.py login ORIGIN CHALLENGE CAS < jws
    check.py sign DOCUMENT SIGNATURE CERTIFICATE CAS

CHALLENGE, SIGNATURE and CERTIFICATE are base64, DOCUMENT a file that the
server itself holds, CAS a directory with the PEM certificates of the CAs of
JPKI for this purpose and no other: those that issue for logins (利用者証明用)
for `login`, those for signatures (署名用) for `sign`. Prints the certificate's
serial number, or why it is no; the exit status says the same. Revocation is
not checked: only those who are accredited by law may ask for that.
"""

import base64
import datetime
import json
import pathlib
import sys
import time

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

MAX_AGE = 300   # seconds that a login may take to arrive
AHEAD = 60      # and that its computer's clock may be ahead


class Refused(Exception):
    pass


def unb64(text):
    return base64.b64decode(text, validate=True)


def unb64url(text):
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_",
                            validate=True)


def check_signature(key, signature, data, algorithm):
    if not isinstance(key, rsa.RSAPublicKey):
        raise Refused("not an RSA key")
    try:
        key.verify(signature, data, padding.PKCS1v15(), algorithm)
    except InvalidSignature:
        raise Refused("the signature does not fit") from None


def issued_by(certificate, ca):
    """ca's key made certificate's signature."""
    if certificate.issuer != ca.subject:
        return False
    try:
        check_signature(ca.public_key(), certificate.signature,
                        certificate.tbs_certificate_bytes,
                        certificate.signature_hash_algorithm)
    except Refused:
        return False
    return True


def check_certificate(certificate, directory):
    """It is one of the CAs', and valid now."""
    cas = [x509.load_pem_x509_certificate(path.read_bytes())
           for path in pathlib.Path(directory).glob("*.pem")]
    now = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
    good = [ca for ca in cas if issued_by(certificate, ca)]
    if not good:
        raise Refused("the certificate is from another CA")
    for one in (certificate, good[0]):
        if not one.not_valid_before <= now <= one.not_valid_after:
            raise Refused("the certificate is not valid now")


def check_login(jws, origin, challenge, directory):
    """The certificate of who logs in. One person may have several in a row:
    keep its key, or its issuer and serial number, as the account's own."""
    header64, payload64, signature64 = jws.split(".")
    header, payload = (json.loads(unb64url(part))
                       for part in (header64, payload64))
    if header["alg"] != "RS256" or header["typ"] != "kenmen-login+jwt":
        raise Refused("not a login")
    # As it was asked for, by this site, just now.
    if payload["aud"] != origin:
        raise Refused("for another site")
    if unb64url(payload["nonce"]) != challenge:
        raise Refused("the answer to another challenge")
    if not -AHEAD <= time.time() - payload["iat"] <= MAX_AGE:
        raise Refused("too old, or from the future")
    der, = header["x5c"]
    certificate = x509.load_der_x509_certificate(unb64(der))
    check_signature(certificate.public_key(), unb64url(signature64),
                    f"{header64}.{payload64}".encode(), hashes.SHA256())
    check_certificate(certificate, directory)
    return certificate


def check_sign(document, signature, der, directory):
    """The certificate of who signed the document that the server holds; its
    subjectAltName has name, address, birth date and sex."""
    certificate = x509.load_der_x509_certificate(der)
    check_signature(certificate.public_key(), signature, document,
                    hashes.SHA256())
    check_certificate(certificate, directory)
    return certificate


def main(what, *args):
    try:
        if what == "login":
            origin, challenge, directory = args
            certificate = check_login(sys.stdin.read().strip(), origin,
                                      unb64(challenge), directory)
        else:
            document, signature, der, directory = args
            certificate = check_sign(pathlib.Path(document).read_bytes(),
                                     unb64(signature), unb64(der), directory)
    except (Refused, ValueError, KeyError, TypeError) as why:
        sys.exit(f"no: {why}")
    print(f"ok {certificate.serial_number:x}")


if __name__ == "__main__":
    main(*sys.argv[1:])
