#include "list.h"

#include <string.h>

#include "report.h"
#include "seek.h"

struct list {
	const struct errand_env *env;
	const struct wire_request *request;
	struct kenmen_pcsc *pcsc;
	/* The request's, and what is learnt. */
	unsigned known_n, known_next;
	struct wire_known known[KENMEN_READERS_MAX];
};

/* What is known of a reader: a line of its own, past the end the oldest's. */
static struct wire_known *
known_of(struct list *list, const char *reader)
{
	unsigned i = 0;

	while (i < list->known_n && strcmp(list->known[i].reader, reader) != 0)
		i++;
	if (i < list->known_n)
		return &list->known[i];
	if (i < KENMEN_READERS_MAX)
		list->known_n++;
	else
		i = list->known_next++ % KENMEN_READERS_MAX;
	list->known[i] = (struct wire_known){ .keypad = -1 };
	memcpy(list->known[i].reader, reader, sizeof(list->known[i].reader));
	return &list->known[i];
}

/* Asked once for each reader, and not while a program may have a transaction
 * on it: its answer would come when that ends. */
static bool
has_keypad(struct list *list, const struct kenmen_slot *slot)
{
	struct wire_known *known = known_of(list, slot->name);
	int r = KENMEN_ERR_READER_BUSY;

	if (known->keypad < 0 && !slot->in_use)
		r = kenmen_pcsc_keypad(list->pcsc, slot->name);
	if (r >= 0) {
		known->keypad = (int8_t)r;
		report(
		    list->env->wire, &(struct wire_message){
					 .type = WIRE_KNOWN, .known = *known });
	}
	return known->keypad > 0;
}

static int
say_readers(struct list *list)
{
	struct wire_message message = { .type = WIRE_READERS };
	struct kenmen_slot slots[KENMEN_READERS_MAX];
	int n = kenmen_pcsc_slots(list->pcsc, slots);

	if (n < 0)
		return n;
	for (int i = 0; i < n; i++) {
		struct wire_reader *reader =
		    &message.readers.reader[message.readers.n];

		if (!seek_accepts(list->request, slots[i].name))
			continue;
		memcpy(reader->name, slots[i].name, sizeof(reader->name));
		reader->present = slots[i].present;
		reader->pinpad = has_keypad(list, &slots[i]);
		message.readers.n++;
	}
	return report(list->env->wire, &message) < 0 ? KENMEN_ERR_ARGUMENT : 0;
}

int
list_run(const struct errand_env *env, const struct wire_request *request)
{
	struct list list = {
		.env = env, .request = request, .known_n = request->known_n
	};
	struct wire_failed failed = { .tries_left = -1, .pin = -1 };
	int r = kenmen_pcsc_new(&list.pcsc);

	memcpy(list.known, request->known, sizeof(list.known));
	if (r >= 0 && (r = report_confined(env, CONFINE_SEEKING)) >= 0 &&
	    (r = report_confined(env, CONFINE_READING)) >= 0)
		r = say_readers(&list);
	/* For as long as we are listened to. */
	while (r >= 0 && request->errand == ERRAND_WATCH) {
		r = kenmen_pcsc_wait(list.pcsc, -1);
		if (r >= 0)
			r = say_readers(&list);
	}
	kenmen_pcsc_free(&list.pcsc);
	if (r >= 0)
		return report(
		    env->wire, &(struct wire_message){ .type = WIRE_DONE });
	failed.code = code_of(r);
	return report_failed(env->wire, &failed);
}
