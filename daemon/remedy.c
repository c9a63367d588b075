#include "remedy.h"

#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "log.h"

/* A host in an origin: after "scheme://", up to a port or the end. */
static size_t
host_find(const char *origin, size_t len, const char **ret)
{
	const char *at = memmem(origin, len, "://", 3), *end = origin + len;
	size_t n = 0;

	if (!at)
		return 0;
	at += 3;
	while (at + n < end && !strchr(":/", at[n]))
		n++;
	*ret = at;
	return n;
}

/* The listed origin that was perhaps meant: another scheme, port or case. */
static const char *
origin_meant(const struct config *config, const struct rules_value *sent)
{
	const char *theirs, *ours;
	size_t len = host_find(sent->bytes, sent->len, &theirs);

	for (size_t i = 0; len > 0 && i < config->origins_n; i++) {
		const char *origin = config->origins[i].origin;

		if (host_find(origin, strlen(origin), &ours) == len &&
		    strncasecmp(ours, theirs, len) == 0)
			return origin;
	}
	return NULL;
}

static void
origin_log(const struct config *config, const struct rules_value *sent)
{
	const char *meant;

	if (sent->n == 0)
		log_warning("refused: a program without an Origin; if such may "
			    "ask, say allow = yes in [local-tools]");
	else if ((meant = origin_meant(config, sent)))
		log_warning("refused: a page of %.*s; listed is %s, which is "
			    "another site to browsers; if it may ask, give it "
			    "an [origin] section of its own and reload",
		    (int)(sent->len < ORIGIN_MAX ? sent->len : ORIGIN_MAX),
		    sent->bytes, meant);
	else
		log_warning("refused: a page of a site that is not listed; if "
			    "it may ask, give its origin, as the browser's "
			    "console shows it, an [origin] section and reload");
}

static void
user_log(const struct config *config, uid_t uid)
{
	if (config->mode == MODE_PINENTRY && uid != (uid_t)-1 &&
	    uid != geteuid())
		log_warning("refused: user %u; with [prompt] mode = pinentry "
			    "kenmend serves user %u alone; mode = agent serves "
			    "every user on their own desktop",
		    uid, geteuid());
	else
		log_warning("refused: a connection whose user the kernel does "
			    "not tell; is the browser in a network or user "
			    "namespace of its own?");
}

void
remedy_log(struct remedies *remedies, enum api_code code,
    const struct config *config, const struct rules_value *origin, uid_t uid,
    uint64_t now)
{
	if (code != API_ORIGIN_NOT_ALLOWED && code != API_WRONG_HOST &&
	    code != API_OTHER_USER)
		return;
	if (!ration_take(&remedies->said[code], 1, now))
		return;
	if (code == API_ORIGIN_NOT_ALLOWED)
		origin_log(config, origin);
	else if (code == API_OTHER_USER)
		user_log(config, uid);
	else
		log_warning(
		    "refused: another Host than 127.0.0.1, localhost or "
		    "[::1] with this port; a proxy in between, or a "
		    "page that calls kenmend by another name?");
}
