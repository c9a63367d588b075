/*
 * One line of the log for each request, where [server] log_requests asks for
 * it: for an administrator who wants to know what a page does and what it is
 * answered. Nothing in it is the page's or the person's: no id, query, header,
 * body or token, and of a site that is not listed not even its name.
 */
#ifndef REQUEST_LOG_H
#define REQUEST_LOG_H

#include "api.h"
#include "rules.h"

/* method and target as sent, origin as sent or not. */
void request_log(const struct config *config, const char *method,
    const char *target, const struct rules_value *origin,
    const struct api_reply *reply);

#endif
