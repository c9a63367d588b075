/*
 * Test keys and certificates of the simulated cards (keys/, trust/), and what
 * is done with them. Uses OpenSSL, and nothing of lib/.
 */
#ifndef SIM_KEYS_H
#define SIM_KEYS_H

#include <stddef.h>
#include <stdint.h>

#define SIM_SIGNATURE_LEN 256   /* RSA-2048 */
#define SIM_PUBLIC_KEY_LEN 265  /* 90 03 .. 91 82 01 00 .. */
#define SIM_SIGN_INPUT_MAX 245  /* 256 - 11: PKCS#1 v1.5 type 1 */
#define SIM_DIGEST_LEN 32       /* SHA-256 */
#define SIM_DIGEST_INFO_LEN 51  /* of SHA-256 */
#define SIM_FACE_DIGESTS_LEN 96 /* three digests in one DigestInfo */
#define SIM_FACE_INFO_LEN (19 + SIM_FACE_DIGESTS_LEN)

/* Keys as they are needed, read from keys/ once. */
struct sim_keys;

struct sim_keys *sim_keys_new(void);
void sim_keys_free(struct sim_keys **keys);

/*
 * All abort when the file is not there: "hanako-auth" is keys/hanako-auth.key.
 * A raw PKCS#1 v1.5 signature over at most SIM_SIGN_INPUT_MAX bytes; ret has
 * room for SIM_SIGNATURE_LEN. Its length; 0: not an RSA key.
 */
size_t sim_sign(struct sim_keys *keys, const char *name, const uint8_t *input,
    size_t len, uint8_t *ret);
/* The same over SHA-256 of a message, with its DigestInfo. */
size_t sim_sign_message(struct sim_keys *keys, const char *name,
    const uint8_t *message, size_t len, uint8_t *ret);
/* Exponent and modulus as the card writes them, SIM_PUBLIC_KEY_LEN. */
void sim_public_key(struct sim_keys *keys, const char *name, uint8_t *ret);

void sim_sha256(const uint8_t *b, size_t len, uint8_t *ret);
/* DigestInfo (SHA-256's OID) around a value of 32 or 96 bytes. Its length. */
size_t sim_digest_info(const uint8_t *value, size_t len, uint8_t *ret);

/* A PEM certificate below tests/sim/ as DER, or a file as it is; into buf,
 * which has room. The length. */
size_t sim_certificate(const char *path, uint8_t *buf, size_t room);
size_t sim_file_bytes(const char *path, uint8_t *buf, size_t room);

#endif
