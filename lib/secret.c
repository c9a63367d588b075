#include "secret.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct kenmen_secret {
	size_t len;
	uint8_t bytes[KENMEN_SECRET_MAX];
};

static size_t
page_round(size_t size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	return (size + page - 1) / page * page;
}

void *
secret_page_new(size_t size)
{
	size_t len = page_round(size);
	void *page = mmap(NULL, len, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED)
		return NULL;
	if (mlock(page, len) < 0 || madvise(page, len, MADV_DONTDUMP) < 0 ||
	    madvise(page, len, MADV_WIPEONFORK) < 0) {
		munmap(page, len);
		return NULL;
	}
	return page;
}

void
secret_page_free(void *page, size_t size)
{
	if (page == NULL)
		return;
	kenmen_wipe(page, size);
	munmap(page, page_round(size)); /* unlocks as well */
}

const uint8_t *
secret_peek(const struct kenmen_secret *secret)
{
	return secret->bytes;
}

int
kenmen_secret_new(struct kenmen_secret **ret)
{
	struct kenmen_secret *secret;

	if (ret == NULL)
		return KENMEN_ERR_ARGUMENT;
	if ((secret = secret_page_new(sizeof(*secret))) == NULL)
		return KENMEN_ERR_NO_MEMORY;
	*ret = secret;
	return 0;
}

void
kenmen_secret_free(struct kenmen_secret **secret)
{
	if (secret == NULL)
		return;
	secret_page_free(*secret, sizeof(**secret));
	*secret = NULL;
}

uint8_t *
kenmen_secret_bytes(struct kenmen_secret *secret)
{
	return secret->bytes;
}

size_t
kenmen_secret_len(const struct kenmen_secret *secret)
{
	return secret->len;
}

int
kenmen_secret_set_len(struct kenmen_secret *secret, size_t len)
{
	if (secret == NULL || len > KENMEN_SECRET_MAX)
		return KENMEN_ERR_ARGUMENT;
	kenmen_wipe(secret->bytes + len, KENMEN_SECRET_MAX - len);
	secret->len = len;
	return 0;
}

void
kenmen_wipe(void *mem, size_t len)
{
	if (mem != NULL && len > 0)
		explicit_bzero(mem, len);
}
