/*
 * What the API answers: sessions, reads, readers and refusals as JSON trees,
 * and trees as replies.
 */
#ifndef API_ANSWER_H
#define API_ANSWER_H

#include "api-fault.h"
#include "reads.h"

struct cJSON;

/* ---- replies --------------------------------------------------------- */

/* Frees the tree. A tree that is not whole: 500; without memory: empty. */
void answer_fill(struct api_reply *ret, int status, struct cJSON *tree);
void answer_refusal(const struct refusal *why, struct api_reply *ret);

void call_json(struct api_call *call, int status, struct cJSON *tree);
void call_problem(struct api_call *call, enum api_code code);
void call_empty(struct api_call *call);
void call_accepted(struct api_call *call, const struct read *read);

/* ---- trees: not NULL unless there is no memory ----------------------- */

struct cJSON *answer_health(bool pcsc, bool prompt);

/* 201: the token and all that a page needs to know. */
struct cJSON *answer_session_new(const struct config *config,
    const struct session *session, unsigned expires_in);
struct cJSON *answer_session(const struct config *config,
    const struct session *session, unsigned expires_in);
struct cJSON *answer_expires_in(unsigned expires_in);

struct cJSON *answer_read(const struct read *read, uint64_t now);
/* What 202 and the events say of it. */
struct cJSON *answer_read_in_short(const struct read *read);
/* All of a session's, without results. */
struct cJSON *answer_reads(struct reads *reads, const struct session *session);

/* Readers get their ids here, and keep them. */
struct cJSON *answer_readers(
    struct reader_ids *ids, const struct wire_reader *readers, unsigned n);

/* Data of events. NULL where the reader has no id. */
struct cJSON *answer_snapshot(
    struct cJSON *readers, struct cJSON *reads, unsigned expires_in);
struct cJSON *answer_reader_event(
    struct reader_ids *ids, const char *name, bool present);
struct cJSON *answer_card_event(
    struct reader_ids *ids, const char *name, bool present);

#endif
