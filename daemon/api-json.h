/*
 * JSON trees for the API's files: built in memory that is wiped when freed,
 * printed once. A tree that could not be built whole is never printed: look
 * for NULL there, not at each step.
 *
 * Those who only hand trees on need not know cJSON.
 */
#ifndef API_JSON_H
#define API_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cJSON;

/* Once before anything else; more often does no harm. */
void json_start(void);
/*
 * The tree of a text (free it with cJSON_Delete): -EINVAL where json_check
 * does not pass it or a key is repeated, -ENOMEM.
 */
int json_read(const char *text, size_t len, struct cJSON **ret);
/* Is this content type application/json, alone or with charset=utf-8? NULL is
 * not. */
bool json_is_type(const char *type);
/* The tree's text (free it with json_free), or NULL; frees the tree. */
char *json_text(struct cJSON *tree);
/* Wipes and frees; mem may be NULL. */
void json_free(void *mem);

/* Members of an object. text NULL: null. */
void json_add_text(struct cJSON *object, const char *name, const char *text);
void json_add_number(struct cJSON *object, const char *name, uint64_t number);
void json_add_bool(struct cJSON *object, const char *name, bool value);
/* 0: false, more: true, less: null. */
void json_add_maybe(struct cJSON *object, const char *name, int value);
/* seconds since 1970 as RFC 3339, in UTC. */
void json_add_time(struct cJSON *object, const char *name, int64_t seconds);
void json_add_null(struct cJSON *object, const char *name);
/* As base64 with padding. */
void json_add_bytes(
    struct cJSON *object, const char *name, const uint8_t *bytes, size_t len);
struct cJSON *json_bytes(const uint8_t *bytes, size_t len);
/* Bytes that are text already. */
struct cJSON *json_words(const uint8_t *bytes, size_t len);
/* Takes the item over. */
void json_add(struct cJSON *object, const char *name, struct cJSON *item);
/* At the end of an array; takes the item over. */
void json_append(struct cJSON *array, struct cJSON *item);

/* NULL for "": where a text that is not there is null. */
const char *json_text_or_null(const char *text);

#endif
