#include "simkeys.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEYS_MAX 12
#define MODULUS_LEN 256

struct sim_keys {
	struct {
		char name[32];
		EVP_PKEY *key;
	} list[KEYS_MAX];
	size_t n;
};

struct sim_keys *
sim_keys_new(void)
{
	struct sim_keys *keys = calloc(1, sizeof(*keys));

	if (!keys)
		abort();
	return keys;
}

void
sim_keys_free(struct sim_keys **keys)
{
	if (!*keys)
		return;
	for (size_t i = 0; i < (*keys)->n; i++)
		EVP_PKEY_free((*keys)->list[i].key);
	free(*keys);
	*keys = NULL;
}

/* A file below tests/sim/; tests are no good without it. */
static FILE *
file_open(const char *path)
{
	char full[512];
	FILE *f;

	snprintf(full, sizeof(full), "%s/%s", SIM_DIRECTORY, path);
	if (!(f = fopen(full, "re"))) {
		perror(full);
		abort();
	}
	return f;
}

static EVP_PKEY *
key_read(const char *name)
{
	char path[64];
	EVP_PKEY *key;
	FILE *f;

	snprintf(path, sizeof(path), "keys/%s.key", name);
	f = file_open(path);
	key = PEM_read_PrivateKey(f, NULL, NULL, NULL);
	fclose(f);
	if (!key)
		abort();
	return key;
}

static EVP_PKEY *
key_get(struct sim_keys *keys, const char *name)
{
	for (size_t i = 0; i < keys->n; i++)
		if (!strcmp(keys->list[i].name, name))
			return keys->list[i].key;
	if (keys->n == KEYS_MAX || strlen(name) >= sizeof(keys->list[0].name))
		abort();
	strcpy(keys->list[keys->n].name, name);
	keys->list[keys->n].key = key_read(name);
	return keys->list[keys->n++].key;
}

size_t
sim_sign(struct sim_keys *keys, const char *name, const uint8_t *input,
    size_t len, uint8_t *ret)
{
	EVP_PKEY *key = key_get(keys, name);
	size_t n = SIM_SIGNATURE_LEN;
	EVP_PKEY_CTX *ctx;

	if (!EVP_PKEY_is_a(key, "RSA"))
		return 0;
	if (!(ctx = EVP_PKEY_CTX_new(key, NULL)) ||
	    EVP_PKEY_sign_init(ctx) <= 0 ||
	    EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) <= 0 ||
	    EVP_PKEY_sign(ctx, ret, &n, input, len) <= 0)
		abort();
	EVP_PKEY_CTX_free(ctx);
	return n;
}

void
sim_sha256(const uint8_t *b, size_t len, uint8_t *ret)
{
	SHA256(b, len, ret);
}

size_t
sim_digest_info(const uint8_t *value, size_t len, uint8_t *ret)
{
	static const uint8_t head[] = { 0x30, 0x31, 0x30, 0x0D, 0x06, 0x09,
		0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05,
		0x00, 0x04, 0x20 };

	memcpy(ret, head, sizeof(head));
	ret[1] = (uint8_t)(17 + len);
	ret[18] = (uint8_t)len;
	memcpy(ret + sizeof(head), value, len);
	return sizeof(head) + len;
}

size_t
sim_sign_message(struct sim_keys *keys, const char *name,
    const uint8_t *message, size_t len, uint8_t *ret)
{
	uint8_t digest[SIM_DIGEST_LEN], info[SIM_DIGEST_INFO_LEN];

	sim_sha256(message, len, digest);
	return sim_sign(keys, name, info,
	    sim_digest_info(digest, sizeof(digest), info), ret);
}

void
sim_public_key(struct sim_keys *keys, const char *name, uint8_t *ret)
{
	static const uint8_t head[] = { 0x90, 0x03, 0x01, 0x00, 0x01, 0x91,
		0x82, 0x01, 0x00 };
	BIGNUM *n = NULL;

	memcpy(ret, head, sizeof(head));
	if (!EVP_PKEY_get_bn_param(
		key_get(keys, name), OSSL_PKEY_PARAM_RSA_N, &n) ||
	    BN_bn2binpad(n, ret + sizeof(head), MODULUS_LEN) != MODULUS_LEN)
		abort();
	BN_free(n);
}

size_t
sim_certificate(const char *path, uint8_t *buf, size_t room)
{
	FILE *f = file_open(path);
	X509 *x = PEM_read_X509(f, NULL, NULL, NULL);
	uint8_t *end = buf;
	int n = i2d_X509(x, NULL);

	fclose(f);
	if (!x || n <= 0 || (size_t)n > room)
		abort();
	i2d_X509(x, &end);
	X509_free(x);
	return (size_t)n;
}

size_t
sim_file_bytes(const char *path, uint8_t *buf, size_t room)
{
	FILE *f = file_open(path);
	size_t n = fread(buf, 1, room, f);

	if (n == 0 || fgetc(f) != EOF)
		abort();
	fclose(f);
	return n;
}
