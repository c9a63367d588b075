#include "request-log.h"

#include <string.h>

#include "log.h"
#include "origin.h"

/* A method is the page's word, too. */
static const char *
method_name(const char *method)
{
	static const char *const known[] = { "GET", "POST", "DELETE", "OPTIONS",
		"HEAD", "PUT", "PATCH" };

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (strcmp(method, known[i]) == 0)
			return known[i];
	return "?";
}

static const char *
origin_name(const struct config *config, const struct rules_value *value)
{
	const struct config_origin *origin;

	if (value->n == 0)
		return "none";
	origin = origin_find(config, value->bytes, value->len);
	return origin ? origin->origin : "unlisted";
}

void
request_log(const struct config *config, const char *method, const char *target,
    const struct rules_value *origin, const struct api_reply *reply)
{
	char path[API_PATH_NAME_MAX + 1];

	api_path_name(target, path);
	log_info("request: %s %s %d %s %s", method_name(method), path,
	    reply->status, reply->code ? reply->code : "-",
	    origin_name(config, origin));
}
