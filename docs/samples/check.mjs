#!/usr/bin/env node
/*
 * What a server does with the answers of kenmend, in Node, without packages.
 *
 *     check.mjs login ORIGIN CHALLENGE CAS < jws
 *     check.mjs sign DOCUMENT SIGNATURE CERTIFICATE CAS
 *
 * CHALLENGE, SIGNATURE and CERTIFICATE are base64, DOCUMENT a file that the
 * server itself holds, CAS a directory with the PEM certificates of the CAs of
 * JPKI for this purpose and no other: those that issue for logins (利用者証明用)
 * for `login`, those for signatures (署名用) for `sign`. Prints the
 * certificate's serial number, or why it is no; the exit status says the same.
 * Revocation is not checked: only those who are accredited by law may ask.
 */
import { X509Certificate, timingSafeEqual, verify } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

const MAX_AGE = 300; // seconds that a login may take to arrive
const AHEAD = 60; // and that its computer's clock may be ahead

function need(condition, otherwise) {
  if (!condition) throw new Error(otherwise);
}

/** The key of this certificate made the signature: RSA, PKCS#1 v1.5. */
function checkSignature(certificate, data, signature) {
  need(certificate.publicKey.asymmetricKeyType === "rsa", "not an RSA key");
  need(verify("sha256", data, certificate.publicKey, signature), "the signature does not fit");
}

/** It is one of the CAs', and valid now. */
function checkCertificate(certificate, directory) {
  const cas = readdirSync(directory).filter((name) => name.endsWith(".pem"))
    .map((name) => new X509Certificate(readFileSync(join(directory, name))));
  const ca = cas.find((ca) => certificate.checkIssued(ca) && certificate.verify(ca.publicKey));
  need(ca, "the certificate is from another CA");
  for (const one of [certificate, ca])
    need(Date.parse(one.validFrom) <= Date.now() && Date.now() <= Date.parse(one.validTo),
      "the certificate is not valid now");
}

/**
 * The certificate of who logs in. One person may have several in a row: keep
 * its key, or its issuer and serial number, as the account's own.
 */
function checkLogin(jws, origin, challenge, directory) {
  const [header64, payload64, signature64, more] = jws.split(".");
  need(signature64 && more === undefined, "not a JWS");
  const [header, payload] = [header64, payload64]
    .map((part) => JSON.parse(Buffer.from(part, "base64url")));
  need(header.alg === "RS256" && header.typ === "kenmen-login+jwt" && header.x5c?.length === 1,
    "not a login");
  // As it was asked for, by this site, just now.
  need(payload.aud === origin, "for another site");
  const nonce = Buffer.from(String(payload.nonce), "base64url");
  need(nonce.length === challenge.length && timingSafeEqual(nonce, challenge),
    "the answer to another challenge");
  const age = Date.now() / 1000 - payload.iat;
  need(-AHEAD <= age && age <= MAX_AGE, "too old, or from the future");
  const certificate = new X509Certificate(Buffer.from(header.x5c[0], "base64"));
  checkSignature(certificate, Buffer.from(`${header64}.${payload64}`),
    Buffer.from(signature64, "base64url"));
  checkCertificate(certificate, directory);
  return certificate;
}

/** The certificate of who signed the document that the server holds. */
function checkSign(document, signature, der, directory) {
  const certificate = new X509Certificate(der);
  checkSignature(certificate, document, signature);
  checkCertificate(certificate, directory);
  return certificate;
}

const [what, ...args] = process.argv.slice(2);
const bytes = (text) => Buffer.from(text, "base64");
try {
  const certificate = what === "login" ?
    checkLogin(readFileSync(0, "utf8").trim(), args[0], bytes(args[1]), args[2]) :
    checkSign(readFileSync(args[0]), bytes(args[1]), bytes(args[2]), args[3]);
  console.log("ok", certificate.serialNumber.toLowerCase().replace(/^0+/, ""));
} catch (error) {
  console.error("no:", error.message);
  process.exit(1);
}
