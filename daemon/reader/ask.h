/*
 * Asks the person through the voice, and keeps an eye on the card meanwhile.
 */
#ifndef ASK_H
#define ASK_H

#include "errand.h"
#include "prompt-wire.h"

/*
 * Shows one window and waits for its answer: *ret_answer, and the PIN as
 * typed in pin when that is ANSWER_PIN. CODE_CARD_REMOVED: the card was taken
 * away meanwhile (nothing that was typed is kept); the caller then closes the
 * voice's socket by ending, and the window goes. The card's transaction must
 * have been ended: a person may think for minutes.
 */
enum read_code ask_person(const struct errand_env *env,
    const struct prompt_request *request, struct kenmen_card *card,
    enum prompt_answer *ret_answer, struct kenmen_secret *pin);

/* Shows a window that wants no answer; ask_close takes it away. 0 or -errno. */
int ask_show(
    const struct errand_env *env, const struct prompt_request *request);
void ask_close(const struct errand_env *env);

#endif
