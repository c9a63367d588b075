/*
 * One errand from the command line: kenmen-read and kenmen-prompt do it as
 * they do for the daemon, so every rule about PINs is the same one.
 */
#ifndef ERRAND_RUN_H
#define ERRAND_RUN_H

#include "ctl.h"
#include "job.h"

/* Handed to show() once, when the errand is over; see struct job. */
typedef int errand_show(const struct ctl_options *options,
    const struct wire_request *request, const struct job *job);

/*
 * Runs request to its end, telling a person on stderr what is waited for;
 * then show() for one that is done. Returns the exit status. An interrupt
 * ends it and its window.
 */
int errand_do(const struct ctl_options *options,
    const struct wire_request *request, bool asks, errand_show *show);

/* A request with the options' reader, language and time-outs, and the user. */
void errand_request(const struct ctl_options *options, uint32_t kinds,
    struct wire_request *ret);

#endif
