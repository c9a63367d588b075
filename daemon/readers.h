/*
 * What pages call readers: r1, r2 ... stand for pcscd's names, the same ones
 * while the daemon runs. Pages get the model, never a serial number.
 */
#ifndef READERS_H
#define READERS_H

#include "wire.h"

#define READER_ID_MAX 8 /* bytes without the NUL */
/* Names remembered; a machine that has seen more gets no further ids. */
#define READER_IDS_MAX 256

/* Zeroed: none seen yet. */
struct reader_ids {
	unsigned n;
	char *names[READER_IDS_MAX]; /* names[0] is r1 */
};

void reader_ids_finish(struct reader_ids *ids);
/*
 * The number of this name (1 for r1), given to it now if it is new; 0 when
 * there is no room for it.
 */
unsigned reader_number(struct reader_ids *ids, const char *name);
/* pcscd's name for an id, or NULL. */
const char *reader_name(const struct reader_ids *ids, const char *id);
void reader_id_write(unsigned number, char ret[READER_ID_MAX + 1]);
/*
 * pcscd's name without what it appends: a serial number in parentheses and
 * the two numbers at the end. Valid UTF-8 by dropping what is not ASCII.
 */
void reader_model(const char *name, char ret[KENMEN_READER_NAME_MAX + 1]);

#endif
