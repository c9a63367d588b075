/*
 * What an errand brought: to a person in lines, or, with --json, as the API's
 * results. Each is an errand_show.
 */
#ifndef SHOW_H
#define SHOW_H

#include "errand-run.h"

errand_show show_readers;
errand_show show_results;

/* A name of the API's in the person's language; one that has no other word is
 * given back. */
const char *show_label(const struct ctl_options *options, const char *name);

#endif
