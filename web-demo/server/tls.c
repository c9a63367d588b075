#include "tls.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gnutls/gnutls.h>

#include "cert-make.h"
#include "log.h"
#include "wipe.h"

/* Whole or not at all: whoever waits for the file may read it at once. */
static bool
ca_write(const char *directory, const gnutls_datum_t *pem)
{
	char name[] = TLS_CA_FILE, fresh[] = TLS_CA_FILE ".new";
	int dir = -1, fd = -1;
	bool good = false;

	if (mkdir(directory, 0755) < 0 && errno != EEXIST)
		goto out;
	dir = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		goto out;
	unlinkat(dir, fresh, 0); /* of a run that was cut off */
	fd = openat(dir, fresh,
	    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
	good = fd >= 0 &&
	       write(fd, pem->data, pem->size) == (ssize_t)pem->size &&
	       fchmod(fd, 0644) == 0 && renameat(dir, fresh, dir, name) == 0;
out:
	if (!good)
		log_error("%s/%s: cannot be written: %m", directory, name);
	if (fd >= 0)
		close(fd);
	if (dir >= 0)
		close(dir);
	return good;
}

bool
tls_make(const char *directory, const char *host, time_t now, struct tls *ret)
{
	const struct cert_wish wish = { .ca_name = "kenmen demo site CA",
		.host = host,
		.years = 1,
		.now = now };
	gnutls_datum_t ca, leaf, key;
	int g = cert_make(&wish, &ca, &leaf, &key);
	struct tls tls;
	bool good;

	if (g < 0) {
		log_error(
		    "certificates cannot be made: %s", gnutls_strerror(g));
		return false;
	}
	tls =
	    (struct tls){ strdup((char *)leaf.data), strdup((char *)key.data) };
	good = tls.certificate && tls.key && ca_write(directory, &ca);
	wipe(key.data, key.size);
	gnutls_free(key.data);
	gnutls_free(leaf.data);
	gnutls_free(ca.data);
	if (good)
		*ret = tls;
	else
		tls_finish(&tls);
	return good;
}

void
tls_finish(struct tls *tls)
{
	wipe_free(tls->key, tls->key ? strlen(tls->key) : 0);
	free(tls->certificate);
	*tls = (struct tls){ 0 };
}
