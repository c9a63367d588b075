/*
 * What a runner says to the door: one function per message of wire.h. All
 * return 0 or a negative errno; a runner that cannot speak any more may as
 * well end.
 */
#ifndef REPORT_H
#define REPORT_H

#include "errand.h"

/* Encodes, sends, wipes. */
int report(int wire, const struct wire_message *message);

/* A state without a window. deadline_ms: from now. */
int report_state(int wire, enum read_state state, uint32_t deadline_ms);
int report_event(int wire, enum wire_event event);
int report_progress(int wire, size_t done, size_t total);
/* A file in pieces; nothing for an empty one. */
int report_blob(int wire, enum wire_blob which, const struct kenmen_blob *blob);
int report_failed(int wire, const struct wire_failed *failed);

/* Confines this process, and tells the door where a part of it is missing. 0
 * or KENMEN_ERR_ARGUMENT: it could not be, and nothing is to be read. */
int report_confined(const struct errand_env *env, enum confine_stage stage);

/* The API's word for a library's error; 0 or more: CODE_NONE. */
enum read_code code_of(int err);

#endif
