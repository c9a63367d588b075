// The judge: what an independent JOSE library says of a JWS. Reads one JSON
// object from stdin, {jws, audience, typ, maxAge?, jwk?, certificate?}: with
// the key of a JWK, of a certificate in PEM, or (neither) of x5c in the
// header. Prints {header, payload}, or {error: code}.
import * as jose from "jose";
import { readFileSync } from "node:fs";

const asked = JSON.parse(readFileSync(0, "utf8"));

function pem(der) {
  return ["-----BEGIN CERTIFICATE-----", ...der.match(/.{1,64}/g),
    "-----END CERTIFICATE-----", ""].join("\n");
}

function key() {
  if (asked.jwk) return jose.importJWK(asked.jwk, "RS256");
  const header = jose.decodeProtectedHeader(asked.jws);
  return jose.importX509(asked.certificate ?? pem(header.x5c[0]), "RS256");
}

try {
  const { payload, protectedHeader } = await jose.jwtVerify(
    asked.jws, await key(), {
      algorithms: ["RS256"],
      audience: asked.audience,
      typ: asked.typ,
      maxTokenAge: asked.maxAge,
      requiredClaims: ["aud", "nonce", "iat"],
    });
  console.log(JSON.stringify({ header: protectedHeader, payload }));
} catch (e) {
  console.log(JSON.stringify({ error: e.code ?? e.message }));
}
