/*
 * The conversation with the person about one PIN or one yes, by the rules of
 * the API: which window, what its end means for the read.
 */
#ifndef WINDOWS_H
#define WINDOWS_H

#include "ask.h"

/* What a window is about. */
struct topic {
	enum kenmen_pin pin;
	uint32_t kinds; /* what it is asked for */
	int tries;      /* left on pin */
	enum kenmen_token token;
	unsigned step, steps;
};

struct windows {
	const struct errand_env *env;
	const struct wire_request *request;
	struct kenmen_card *card;
	unsigned malformed; /* inputs that were no PIN, in this read */
	bool asked;         /* there was a window */
};

/* Blocked: the person is told; however the window is closed, the answer is
 * CODE_PIN_BLOCKED (or that the card went). */
enum read_code windows_blocked(
    struct windows *windows, const struct topic *topic);
/* One try left: CODE_NONE after an explicit yes. */
enum read_code windows_last_try(
    struct windows *windows, const struct topic *topic);
/* Shall the login certificate be handed over? CODE_NONE: yes. */
enum read_code windows_consent(
    struct windows *windows, const struct topic *topic);
/* One more input was no PIN: may it be asked again? The third time not. */
bool windows_again(struct windows *windows);
/* A well-formed PIN, folded, in pin. note: what went wrong just before. */
enum read_code windows_pin(struct windows *windows, const struct topic *topic,
    enum prompt_note note, struct kenmen_secret *pin);
/*
 * "Type it on the reader": shown until windows_pinpad_done. Cancel on it ends
 * this process with CODE_PIN_CANCELLED, since the reader cannot be called
 * back (pcscd then resets the card).
 */
enum read_code windows_pinpad(
    struct windows *windows, const struct topic *topic, enum prompt_note note);
void windows_pinpad_done(struct windows *windows);
/* After all of them: the voice is told how the read ended, and has noted it. */
void windows_ended(const struct windows *windows, enum read_code code);

#endif
