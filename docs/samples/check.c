/*
 * What a server does with the answers of kenmend, in C, with libkenmen.
 *
 *     cc check.c -o check $(pkg-config --cflags --libs kenmen libcrypto)
 *     check login ORIGIN CHALLENGE CAS < jws
 *     check sign DOCUMENT SIGNATURE CERTIFICATE CAS
 *
 * CHALLENGE, SIGNATURE and CERTIFICATE are base64, DOCUMENT a file that the
 * server itself holds, CAS a directory with the PEM certificates of the CAs of
 * JPKI; libkenmen tells those for logins and those for signatures apart. Prints
 * the certificate's serial number, or why it is no; the exit status says the
 * same. Revocation is not checked: only those who are accredited by law may
 * ask for that.
 */
#include <kenmen.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MAX_AGE 300 /* seconds that a login may take to arrive */

static int
no(const char *why)
{
	fprintf(stderr, "no: %s\n", why);
	return 1;
}

/* A certificate's part in it; -1: no CA of that kind is known. */
static int
say(const struct kenmen_certificate_facts *facts, int trusted)
{
	if (trusted != 1)
		return no(
		    "the certificate is from another CA, or not valid now");
	printf("ok %s\n", facts->serial);
	return 0;
}

static bool
unbase64(const char *text, struct kenmen_blob *ret)
{
	size_t len = strlen(text);
	int n;

	if (len == 0 || len % 4 != 0 || !(ret->bytes = malloc(len)))
		return false;
	n = EVP_DecodeBlock(ret->bytes, (const unsigned char *)text, (int)len);
	if (n < 0)
		return false;
	ret->len = (size_t)n - (text[len - 1] == '=') - (text[len - 2] == '=');
	return true;
}

static int
login(char **arg, const struct kenmen_trust *trust)
{
	struct kenmen_challenge challenge = { .now = time(NULL) };
	struct kenmen_blob bytes = { 0 };
	struct kenmen_login who;
	const char *why = "not a login";
	static char jws[65536];
	size_t len = fread(jws, 1, sizeof(jws), stdin);

	while (len > 0 && jws[len - 1] == '\n')
		len--;
	if (!unbase64(arg[1], &bytes) || bytes.len > sizeof(challenge.bytes) ||
	    strlen(arg[0]) > KENMEN_ORIGIN_MAX)
		return no("origin or challenge");
	strcpy(challenge.origin, arg[0]);
	memcpy(challenge.bytes, bytes.bytes, bytes.len);
	challenge.len = bytes.len;
	kenmen_blob_free(&bytes);
	if (kenmen_login_verify(
		jws, len, &challenge, MAX_AGE, trust, &who, &why) < 0)
		return no(why);
	return say(&who.certificate, who.trusted);
}

/* What it names (name, address, birth date, sex) is in who.certificate. */
static int
sign(char **arg, const struct kenmen_trust *trust)
{
	struct kenmen_blob signature = { 0 }, certificate = { 0 };
	struct kenmen_signer who;
	static unsigned char document[1 << 20];
	unsigned char digest[EVP_MAX_MD_SIZE];
	const char *why = NULL;
	FILE *file = fopen(arg[0], "rb");
	size_t len = file ? fread(document, 1, sizeof(document), file) : 0;
	bool good = file && feof(file) && unbase64(arg[1], &signature) &&
		    unbase64(arg[2], &certificate) &&
		    EVP_Digest(document, len, digest, NULL, EVP_sha256(), NULL);
	int r;

	if (file)
		fclose(file);
	r = good ? kenmen_signer_verify(&certificate, KENMEN_SHA256, digest,
		       &signature, trust, time(NULL), &who, &why)
		 : -1;
	kenmen_blob_free(&signature);
	kenmen_blob_free(&certificate);
	if (r < 0)
		return no(why ? why : "the signature does not fit");
	return say(&who.certificate, who.trusted);
}

int
main(int argc, char **argv)
{
	bool is_login = argc == 5 && strcmp(argv[1], "login") == 0;
	struct kenmen_trust *trust;
	unsigned bad;
	int r;

	if (!is_login && (argc != 6 || strcmp(argv[1], "sign") != 0))
		return no("login ORIGIN CHALLENGE CAS, or "
			  "sign DOCUMENT SIGNATURE CERTIFICATE CAS");
	if (kenmen_trust_new(argv[argc - 1], &bad, &trust) < 0)
		return no("the directory of CAs cannot be read");
	r = is_login ? login(argv + 2, trust) : sign(argv + 2, trust);
	kenmen_trust_free(&trust);
	return r;
}
