/*
 * kenmenctl sessions, the door's side: a person sees and ends their own
 * sessions, root everybody's. Who it is the kernel says.
 */
#ifndef CONTROL_H
#define CONTROL_H

#include "api.h"

struct control;

/*
 * Listens beside agents, the path of the agents' socket; that it cannot is
 * logged and no error. api must outlive it. 0 or -errno.
 */
int control_new(
    sd_event *loop, struct api *api, const char *agents, struct control **ret);
/* Removes the file; accepts a pointer to NULL. */
void control_free(struct control **control);

#endif
